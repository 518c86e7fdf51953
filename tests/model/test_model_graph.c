/* The graph of a checkpoint: every layer's tensors have axes, and fusion does not show. */
#include "check.h"

#include "config/config.h"
#include "model/model.h"

static nn_model model_of(const char *text, nn_shape shape)
{
    return (nn_model){.network = check_build(text, shape), .input = {.name = "x", .shape = shape}};
}

/* Whether the graph is JSON, read as YAML, of which JSON is a part. */
static void expect_json(const char *text)
{
    nn_config *config;
    if (nn_config_parse(text, "graph.json", NULL, 0, &config) != NN_OK)
        fail_msg("%s: %s", nn_error_text(), text);
    nn_config_destroy(config);
}

static int count_axes(const nn_layer_type *type, const nn_parameter *parameter)
{
    for (const nn_tensor_axes *axes = type->axes; axes && axes->name; axes++) {
        size_t length = strlen(axes->name);
        if (strncmp(axes->name, parameter->name, length) != 0) continue;
        if (parameter->name[length] && strcmp(parameter->name + length, "_reverse") != 0) continue;
        int count = 1;
        for (const char *comma = strchr(axes->axes, ','); comma; comma = strchr(comma + 1, ',')) count++;
        return count;
    }
    return 0;
}

/* Fails when a layer adds a tensor without an axis for each of its dimensions, or gives a graph that is no
 * JSON. */
static void test_layers(void **state)
{
    (void)state;
    for (const nn_layer_type *const *entry = nn_layer_types(NN_SCALAR_REAL); *entry; entry++) {
        const nn_layer_type *type = *entry;
        char yaml[512];
        if (!type->forward) continue;
        size_t length = (size_t)snprintf(yaml, sizeof yaml, "network:\n  - %s", type->example);
        if (type->example_inputs > 0) length += (size_t)sprintf(yaml + length, ": {inputs: [input");
        for (int i = 1; i < type->example_inputs; i++) length += (size_t)sprintf(yaml + length, ", input");
        (void)sprintf(yaml + length, type->example_inputs > 0 ? "]}\n" : "\n");
        nn_model model =
            model_of(yaml, type->example_shape.dimensions > 0 ? type->example_shape : (nn_shape){2, {2, 4}});
        const nn_layer *layer = &model.network->layers[model.network->layer_count - 1];
        for (int p = 0; p < layer->parameter_count; p++)
            if (count_axes(layer->type, &layer->parameters[p]) != layer->parameters[p].shape.dimensions)
                fail_msg("%s: axes of %s", type->name, layer->parameters[p].name);
        nn_text text = {0};
        nn_model_graph(&model, &text);
        expect_json(text.bytes);
        if (!strstr(text.bytes, type->name)) fail_msg("no %s in %s", type->name, text.bytes);
        nn_text_free(&text);
        nn_network_destroy(model.network);
    }
}

static void expect_in(const char *text, const char *part)
{
    if (!strstr(text, part)) fail_msg("no '%s' in %s", part, text);
}

/* Fails when a sum or an activation that another layer computes is lost, when an option or a window has no
 * value, or when the tensors of a shared layer are not found. */
static void test_fusion(void **state)
{
    (void)state;
    nn_model model =
        model_of("network:\n"
                 "  - conv2d: {filters: 2, kernel: [3, 2], padding: same, stride: 2, name: first}\n"
                 "  - conv2d: {filters: 2, kernel: 1, name: second}\n"
                 "  - batch_norm: {name: norm}\n"
                 "  - add: {inputs: [first, norm], name: sum}\n"
                 "  - activation: {function: relu, name: act}\n"
                 "  - conv2d: {filters: 2, kernel: 1, share: second, name: third}\n"
                 "  - reshape: {shape: [6, 2], name: steps}\n"
                 "  - lstm: {units: 4, bidirectional: true, name: memory}\n",
                 (nn_shape){3, {5, 4, 2}});
    nn_text text = {0};
    nn_model_graph(&model, &text);
    expect_json(text.bytes);
    assert_true(model.network->layers[4].is_alias); /* otherwise this tests nothing */
    expect_in(text.bytes, "\"name\":\"norm\",\"type\":\"batch_norm\",\"inputs\":[\"second\"]");
    expect_in(text.bytes, "\"name\":\"sum\",\"type\":\"add\",\"inputs\":[\"norm\",\"first\"]");
    expect_in(text.bytes, "\"name\":\"act\",\"type\":\"activation\",\"inputs\":[\"sum\"],\"shape\":[3,2,2],"
                          "\"options\":{\"function\":\"relu\"");
    expect_in(text.bytes,
              "\"windows\":{\"kernel\":[3,2],\"stride\":[2,2],\"dilation\":[1,1],\"before\":[1,0],"
              "\"after\":[1,0]}");
    expect_in(text.bytes,
              "\"shares\":\"second\",\"tensors\":[{\"name\":\"weight\",\"dataset\":\"second/weight\","
              "\"shape\":[1,1,2,2],\"axes\":[\"kernel_height\",\"kernel_width\",\"inputs per group\","
              "\"filters\"]");
    expect_in(text.bytes, "\"gates\":[\"i\",\"f\",\"g\",\"o\"]");
    expect_in(text.bytes,
              "{\"name\":\"recurrent_weight_reverse\",\"dataset\":\"memory/recurrent_weight_reverse\","
              "\"shape\":[4,16],\"axes\":[\"units\",\"gates x units\"],\"trained\":true}");
    expect_in(text.bytes, "\"name\":\"running_mean\",\"dataset\":\"norm/running_mean\",\"shape\":[2],"
                          "\"axes\":[\"channels\"],\"trained\":false}");
    nn_text_free(&text);
    nn_network_destroy(model.network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_layers), cmocka_unit_test(test_fusion)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
