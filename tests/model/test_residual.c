/* Residual networks: ResNet-20 of He et al. (2016) for images of 32 x 32, in a few lines of YAML. */
#include "check.h"

static const char with_blocks[] = "network:\n"
                                  "  - conv2d: {filters: 16, kernel: 3, padding: same, bias: false}\n"
                                  "  - batch_norm: {activation: relu}\n"
                                  "  - repeat:\n"
                                  "      with: {f: [16, 32, 64], s: [1, 2, 2]}\n"
                                  "      layers:\n"
                                  "        - residual_block: {filters: $f, stride: $s}\n"
                                  "        - repeat: {times: 2, layers: [residual_block: {filters: $f}]}\n"
                                  "  - global_average_pool\n"
                                  "  - dense: {units: classes}\n";

static const char by_hand[] =
    "network:\n"
    "  - conv2d: {filters: 16, kernel: 3, padding: same, bias: false}\n"
    "  - batch_norm: {activation: relu}\n"
    "  - repeat:\n"
    "      with: {f: [16, 32, 64], s: [1, 2, 2]}\n"
    "      layers:\n"
    "        - conv2d: {filters: $f, kernel: 3, stride: $s, padding: same, bias: false}\n"
    "        - batch_norm: {activation: relu}\n"
    "        - conv2d: {filters: $f, kernel: 3, padding: same, bias: false}\n"
    "        - batch_norm: {name: branch}\n"
    "        - conv2d: {filters: $f, kernel: 1, stride: $s, padding: same, bias: false, inputs: "
    "block_input}\n"
    "        - batch_norm\n"
    "        - add: {inputs: [previous, branch]}\n"
    "        - activation: relu\n"
    "        - repeat:\n"
    "            times: 2\n"
    "            layers:\n"
    "              - conv2d: {filters: $f, kernel: 3, padding: same, bias: false}\n"
    "              - batch_norm: {activation: relu}\n"
    "              - conv2d: {filters: $f, kernel: 3, padding: same, bias: false}\n"
    "              - batch_norm\n"
    "              - add: {inputs: [previous, block_input]}\n"
    "              - activation: relu\n"
    "  - global_average_pool\n"
    "  - dense: {units: classes}\n";

static int count_layers(const nn_network *network, const char *type, int64_t filters)
{
    int count = 0;
    for (int l = 0; l < network->layer_count; l++) {
        nn_shape shape = network->layers[l].output_shape;
        int64_t channels = shape.extents[shape.dimensions - 1];
        if (strcmp(network->layers[l].type->name, type) == 0 && (filters == 0 || channels == filters))
            count++;
    }
    return count;
}

static int count_lines(const char *text)
{
    int lines = 0;
    for (; *text; text++) lines += *text == '\n';
    return lines;
}

static nn_shape shape_of(const nn_network *network, const char *name)
{
    for (int l = 0; l < network->layer_count; l++)
        if (strcmp(network->layers[l].name, name) == 0) return network->layers[l].output_shape;
    fail_msg("no layer %s", name);
    return (nn_shape){0};
}

/* Fails when the network is not the one of the paper (with 1 x 1 convolutions where the shape changes: option
 * B), or takes too many lines. */
static void test_resnet_20(void **state)
{
    (void)state;
    nn_network *network = check_build(with_blocks, (nn_shape){3, {32, 32, 3}});
    assert_int_equal(network->trainable_count, 272474);
    assert_int_equal(count_layers(network, "conv2d", 0), 19 + 2);
    assert_int_equal(count_layers(network, "add", 16), 3);
    assert_int_equal(count_layers(network, "add", 64), 3);
    assert_true(nn_shape_equal(shape_of(network, "residual_block3"), (nn_shape){3, {32, 32, 16}}));
    assert_true(nn_shape_equal(shape_of(network, "residual_block4-shortcut"), (nn_shape){3, {16, 16, 32}}));
    assert_true(nn_shape_equal(shape_of(network, "residual_block9"), (nn_shape){3, {8, 8, 64}}));
    nn_network_destroy(network);
    network = check_build(by_hand, (nn_shape){3, {32, 32, 3}});
    assert_int_equal(network->trainable_count, 272474 + 16 * 16 + 2 * 16);
    assert_int_equal(count_layers(network, "add", 0), 9);
    assert_true(nn_shape_equal(shape_of(network, "branch-2"), (nn_shape){3, {16, 16, 32}}));
    nn_network_destroy(network);
    assert_true(count_lines(with_blocks) <= 10 && count_lines(by_hand) <= 25);
}

/* Fails when the shortcut is not what the option says, or reads the wrong layer. */
static void test_shortcuts(void **state)
{
    (void)state;
    check_layers(
        "network: [residual_block: 8]", NULL,
        "residual_block1-conv1, residual_block1-norm1, residual_block1-conv2, residual_block1-norm2, "
        "residual_block1-sum <- residual_block1-norm2 input, residual_block1");
    check_layers(
        "network: [flatten, residual_block: {filters: 8, stride: 2, name: b}]", NULL,
        "flatten1, b-conv1, b-norm1, b-conv2, b-norm2, b-shortcut <- flatten1, b-shortcut_norm, b-sum <- "
        "b-norm2 b-shortcut_norm, b");
    check_layers("network: [residual_block: {filters: 8, shortcut: conv, name: b}]", NULL,
                 "b-conv1, b-norm1, b-conv2, b-norm2, b-shortcut <- input, b-shortcut_norm, b-sum <- b-norm2 "
                 "b-shortcut_norm, b");
    check_layers("network: [residual_block: {filters: 8, stride: 2, shortcut: identity, name: b}]", NULL,
                 "b-conv1, b-norm1, b-conv2, b-norm2, b-sum <- b-norm2 input, b");
}

/* Fails when a shortcut of another shape is not refused. */
static void test_other_channels(void **state)
{
    (void)state;
    nn_config *config;
    nn_network_spec spec;
    nn_network *network = NULL;
    assert_int_equal(check_read("network: [residual_block: 8]", NULL, &config, &spec), NN_OK);
    spec.input = (nn_field){.name = "x", .shape = {3, {4, 4, 2}}};
    spec.microbatch_size = 4;
    assert_int_equal(nn_network_create(&spec, &network), NN_ERROR_USAGE);
    assert_string_equal(nn_error_text(),
                        "layer residual_block1-sum: its inputs have shapes 4 x 4 x 8 and 4 x 4 x 2; add "
                        "needs equal shapes: give the shortcut a conv2d with kernel: 1 and the same stride");
    nn_config_destroy(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resnet_20),
        cmocka_unit_test(test_shortcuts),
        cmocka_unit_test(test_other_channels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
