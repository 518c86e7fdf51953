/* Convolutions, pooling and upsampling: against PyTorch (tests/fixtures/make_convolutions.py), sequences of
 * different length, and messages about shapes that do not fit. */
#include "build.h"

#include "../fixtures/fixture.h"
#include "tensor/tile.h"

#define TOLERANCE (IS_DOUBLE ? 1e-12 : 1e-5)
#define FILE_NAME "convolutions.txt"

/* The numbers from which the fixtures were computed. */
static void fill_numbers(int64_t seed, int64_t count, nn_real *values)
{
    for (int64_t i = 0; i < count; i++) values[i] = (nn_real)((i * 7919 + seed * 104729) % 65 - 32) / 32;
}

/* ---- layers on inputs of any shape ---- */

static nn_shape fold_shape; /* of the next layer */

static nn_status fold_build(nn_layer *layer)
{
    layer->output_shape = fold_shape;
    return NN_OK;
}

static void fold_nothing(const nn_layer *layer, const nn_layer_call *call)
{
    (void)layer;
    (void)call;
}

/* Its output is set by hand, and the gradient that reaches it is checked. */
static const nn_layer_type fold_type = {
    .name = "fold", .build = fold_build, .forward = fold_nothing, .backward = fold_nothing};

enum { FOLD = 2, TESTED = 3 };

/* Of the next layer. */
static nn_engine engine;

/* The kernel sets that differ in how convolutions feed them. The fixtures hold for all, as their numbers are
 * exact in bfloat16. */
static void for_all_engines(void (*check)(void))
{
    engine = NN_ENGINE_BLAS;
    check();
    engine = NN_ENGINE_MIXED;
    for (int index = 0; nn_tile_mixed_at(index); index++) {
        nn_tile_mixed_prefer(nn_tile_mixed_at(index));
        check();
    }
    nn_tile_mixed_prefer(NULL);
    engine = NN_ENGINE_BLAS;
}

static run run_layer(const char *yaml, nn_shape shape, int64_t samples, int64_t microbatch_size)
{
    nn_network_spec spec = make_spec((nn_shape){1, {1}}, microbatch_size);
    fold_shape = shape;
    spec.engine = engine;
    add_layer(&spec, "dense: {units: 1}", NULL, NULL);
    add_type(&spec, &fold_type, NULL, "fold", NULL);
    add_layer(&spec, yaml, "tested", NULL);
    return run_create(&spec, samples);
}

/* Forward, backward and gradient of the tested layer, from the output of the one below. */
static void run_tested(run *r)
{
    nn_network_forward(r->network, TESTED, r->weights, r->microbatch, r->scratch);
    memcpy(r->microbatch->gradients[TESTED], r->coefficients,
           (size_t)(r->microbatch->samples * run_outputs(r)) * sizeof(nn_real));
    nn_network_backward(r->network, TESTED, r->weights, r->microbatch, r->scratch);
    run_parts(r, TESTED, false, r->gradient);
}

/* ---- PyTorch ---- */

typedef struct fixture_case {
    const char *name, *yaml;
    int64_t samples;
    nn_shape shape;
} fixture_case;

static const fixture_case cases[] = {
    {"stride", "conv2d: {filters: 3, kernel: 3, stride: 2, padding: 1}", 2, {3, {7, 5, 2}}},
    {"uneven", "conv2d: {filters: 2, kernel: [2, 4], stride: [3, 2], padding: [1, 2]}", 2, {3, {8, 9, 3}}},
    {"groups", "conv2d: {filters: 6, kernel: 3, groups: 2, padding: 1}", 2, {3, {5, 5, 4}}},
    {"depthwise",
     "conv2d: {filters: 4, kernel: 3, groups: depthwise, stride: 2, padding: 1}",
     2,
     {3, {5, 6, 4}}},
    {"multiplied", "conv2d: {filters: 6, kernel: 2, groups: depthwise}", 1, {3, {5, 4, 3}}},
    {"dilation", "conv2d: {filters: 3, kernel: 3, dilation: 2, padding: 2}", 1, {3, {7, 7, 2}}},
    {"dilated_stride",
     "conv2d: {filters: 2, kernel: [3, 2], dilation: [2, 3], stride: [2, 3], padding: 1}",
     1,
     {3, {9, 8, 2}}},
    {"large", "conv2d: {filters: 2, kernel: 5, padding: 2}", 2, {3, {3, 3, 2}}},
    {"pointwise", "conv2d: {filters: 5, kernel: 1}", 1, {3, {4, 4, 3}}},
    {"pointwise_stride", "conv2d: {filters: 4, kernel: 1, stride: 2}", 2, {3, {5, 5, 3}}},
    {"wide", "conv2d: {filters: 40, kernel: 3}", 1, {3, {4, 4, 2}}},
    {"same", "conv2d: {filters: 2, kernel: [3, 5], padding: same}", 1, {3, {5, 5, 2}}},
    {"sequence", "conv1d: {filters: 4, kernel: 3, stride: 2, padding: 1}", 2, {2, {9, 3}}},
    {"sequence_dilation", "conv1d: {filters: 3, kernel: 2, dilation: 3}", 2, {2, {9, 2}}},
    {"volume", "conv3d: {filters: 2, kernel: 3, stride: 2, padding: 1}", 2, {4, {5, 4, 3, 2}}},
    {"volume_uneven",
     "conv3d: {filters: 2, kernel: [1, 2, 3], stride: [2, 1, 2], padding: [0, 1, 1]}",
     1,
     {4, {3, 4, 5, 2}}},
    {"transposed",
     "conv2d_transpose: {filters: 3, kernel: 3, stride: 2, padding: 1, output_padding: 1}",
     2,
     {3, {3, 4, 2}}},
    {"transposed_even", "conv2d_transpose: {filters: 2, kernel: 4, stride: 2}", 1, {3, {3, 3, 2}}},
    {"transposed_uneven",
     "conv2d_transpose: {filters: 2, kernel: [2, 3], stride: [3, 1], dilation: [2, 1], padding: valid}",
     1,
     {3, {3, 4, 3}}},
    {"max", "max_pool: {kernel: 3, stride: 2, padding: 1}", 2, {3, {7, 6, 2}}},
    {"max_uneven", "max_pool: {kernel: [2, 3], stride: [3, 1]}", 1, {3, {7, 6, 3}}},
    {"max_sequence", "max_pool: 2", 2, {2, {7, 3}}},
    {"max_volume", "max_pool: {kernel: 2, padding: 1}", 1, {4, {4, 5, 3, 2}}},
    {"average", "average_pool: {kernel: 3, stride: 2, padding: 1}", 2, {3, {7, 6, 2}}},
    {"average_sequence", "average_pool: {kernel: 3, stride: 1, padding: same}", 2, {2, {7, 3}}},
    {"average_volume", "average_pool: {kernel: 2, stride: 1}", 1, {4, {3, 3, 4, 2}}},
    {"global_max", "global_max_pool", 2, {3, {4, 3, 3}}},
    {"global_average", "global_average_pool", 2, {3, {4, 3, 3}}},
    {"upsample", "upsample: {factor: [2, 3]}", 2, {3, {3, 2, 2}}},
    {"upsample_sequence", "upsample: 2", 2, {2, {4, 2}}},
};

static void compare(const fixture_case *what, const char *array, int64_t count, const nn_real *values)
{
    char name[96];
    nn_real *expected;
    snprintf(name, sizeof name, "%s.%s", what->name, array);
    expect_ok(NN_ALLOCATE(&expected, count, "expected values"));
    fixture_read(FILE_NAME, name, count, expected);
    fixture_compare(name, count, values, expected, TOLERANCE);
    nn_free(expected);
}

/* The samples of the case in a microbatch with room for `more` others. */
static void check_case(const fixture_case *what, int64_t more)
{
    run r = run_layer(what->yaml, what->shape, what->samples, what->samples + more);
    const nn_layer *layer = &r.network->layers[TESTED];
    int64_t inputs = what->samples * nn_shape_count(what->shape), outputs = what->samples * run_outputs(&r);
    fill_numbers(1, inputs, r.microbatch->outputs[FOLD]);
    fill_numbers(4, outputs, r.coefficients);
    for (int p = 0; p < layer->parameter_count; p++)
        fill_numbers(2 + p, layer->parameters[p].count,
                     r.weights + layer->offset + layer->parameters[p].offset);
    run_tested(&r);
    compare(what, "output", outputs, r.microbatch->outputs[TESTED]);
    compare(what, "input", inputs, r.microbatch->gradients[FOLD]);
    for (int p = 0; p < layer->parameter_count; p++)
        compare(what, layer->parameters[p].name, layer->parameters[p].count,
                r.gradient + layer->offset + layer->parameters[p].offset);
    run_destroy(&r);
}

static void check_cases(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_case(&cases[i], 0);
        check_case(&cases[i], 3);
    }
}

/* Fails when a layer is not the function that PyTorch has by that name, or its gradients are not. */
static void test_pytorch(void **state)
{
    (void)state;
    for_all_engines(check_cases);
}

/* ---- independence of the microbatch ---- */

static void check_samples_alone(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        run all = run_layer(cases[i].yaml, cases[i].shape, 5, 5);
        run one = run_layer(cases[i].yaml, cases[i].shape, 1, 5);
        int64_t inputs = nn_shape_count(cases[i].shape), outputs = run_outputs(&all);
        fill_random(8, 5 * inputs, all.microbatch->outputs[FOLD]);
        run_tested(&all);
        memcpy(one.microbatch->outputs[FOLD], all.microbatch->outputs[FOLD] + 3 * inputs,
               (size_t)inputs * sizeof(nn_real));
        run_tested(&one);
        assert_memory_equal(one.microbatch->outputs[TESTED], all.microbatch->outputs[TESTED] + 3 * outputs,
                            (size_t)outputs * sizeof(nn_real));
        run_destroy(&all);
        run_destroy(&one);
    }
}

/* Fails when a sample's output depends on the others in its microbatch, or on how many there are. */
static void test_samples_alone(void **state)
{
    (void)state;
    for_all_engines(check_samples_alone);
}

static void check_large_image(void)
{
    enum { EXTENT = 150, CHANNELS = 5, FILTERS = 3, PART = 20 };
    run whole = run_layer("conv2d: {filters: 3, kernel: 3, padding: 1}",
                          (nn_shape){3, {EXTENT, EXTENT, CHANNELS}}, 1, 1);
    run part =
        run_layer("conv2d: {filters: 3, kernel: 3}", (nn_shape){3, {PART + 2, PART + 2, CHANNELS}}, 1, 1);
    nn_real *image = whole.microbatch->outputs[FOLD], *cut = part.microbatch->outputs[FOLD];
    fill_random(5, EXTENT * EXTENT * CHANNELS, image);
    for (int64_t row = 0; row < PART + 2; row++)
        memcpy(cut + row * (PART + 2) * CHANNELS, image + ((row + 100) * EXTENT + 120) * CHANNELS,
               (PART + 2) * CHANNELS * sizeof *cut);
    run_tested(&whole);
    run_tested(&part);
    for (int64_t row = 0; row < PART; row++)
        assert_memory_equal(part.microbatch->outputs[TESTED] + row * PART * FILTERS,
                            whole.microbatch->outputs[TESTED] + ((row + 101) * EXTENT + 121) * FILTERS,
                            PART * FILTERS * sizeof(nn_real));
    run_destroy(&whole);
    run_destroy(&part);
}

/* Fails when tiles change the result: an image of several tiles must equal its parts. */
static void test_large_image(void **state)
{
    (void)state;
    for_all_engines(check_large_image);
}

/* ---- sequences of different length ---- */

enum { STEPS = 9, FEATURES = 2, SEQUENCES = 3 };

/* A microbatch of sequences padded to STEPS through one layer, against each sequence alone without padding.
 */
static void check_lengths(const char *yaml)
{
    static const int64_t lengths[SEQUENCES] = {STEPS, 6, 3};
    nn_network_spec spec = make_spec((nn_shape){2, {STEPS, FEATURES}}, SEQUENCES);
    spec.has_lengths = true;
    add_layer(&spec, yaml, "tested", NULL);
    run r = run_create(&spec, SEQUENCES);
    int64_t outputs = run_outputs(&r), output_steps = r.network->layers[1].output_shape.extents[0];
    memcpy(r.microbatch->lengths[0], lengths, sizeof lengths);
    for (int64_t i = 0; i < SEQUENCES; i++)
        memset(r.microbatch->outputs[0] + (i * STEPS + lengths[i]) * FEATURES, 0,
               (size_t)((STEPS - lengths[i]) * FEATURES) * sizeof(nn_real));
    run_forward(&r);
    for (int64_t i = 0; i < SEQUENCES; i++) {
        nn_network_spec alone = make_spec((nn_shape){2, {lengths[i], FEATURES}}, 1);
        add_layer(&alone, yaml, "tested", NULL);
        run one = run_create(&alone, 1);
        memcpy(one.weights, r.weights, (size_t)r.network->value_count * sizeof(nn_real));
        memcpy(one.microbatch->outputs[0], r.microbatch->outputs[0] + i * STEPS * FEATURES,
               (size_t)(lengths[i] * FEATURES) * sizeof(nn_real));
        const nn_real *expected = run_forward(&one), *found = r.microbatch->outputs[1] + i * outputs;
        assert_memory_equal(found, expected, (size_t)run_outputs(&one) * sizeof(nn_real));
        for (int64_t v = run_outputs(&one); v < outputs; v++) assert_true(found[v] == 0);
        if (r.microbatch->lengths[1])
            assert_int_equal(r.microbatch->lengths[1][i] * (outputs / output_steps), run_outputs(&one));
        run_destroy(&one);
    }
    run_destroy(&r);
}

/* Fails when values past the end of a sequence change its result, or the length of the result is not that of
 * the sequence alone. */
static void test_lengths(void **state)
{
    (void)state;
    check_lengths("conv1d: {filters: 3, kernel: 3, padding: same, activation: tanh}");
    check_lengths("conv1d: {filters: 3, kernel: 3}");
    check_lengths("conv1d: {filters: 3, kernel: 2, stride: 2, padding: 1}");
    check_lengths("conv1d: {filters: 3, kernel: 2, dilation: 2}");
    check_lengths("max_pool: {kernel: 3, stride: 2, padding: 1}");
    check_lengths("max_pool: 2");
    check_lengths("average_pool: {kernel: 3, stride: 1, padding: same}");
    check_lengths("average_pool: 3");
    check_lengths("global_max_pool");
    check_lengths("global_average_pool");
}

/* ---- shapes ---- */

static void check_shape(const char *yaml, nn_shape input, const char *expected)
{
    char text[NN_SHAPE_TEXT];
    run r = run_layer(yaml, input, 1, 1);
    assert_string_equal(nn_shape_text(text, r.network->layers[TESTED].output_shape), expected);
    run_destroy(&r);
}

/* Fails when a shape is not the documented one. */
static void test_shapes(void **state)
{
    (void)state;
    check_shape("conv2d: {filters: 8, kernel: 3, padding: same}", (nn_shape){3, {28, 27, 1}}, "28 x 27 x 8");
    check_shape("conv2d: {filters: 8, kernel: 4, padding: same, stride: 2}", (nn_shape){3, {7, 6, 1}},
                "4 x 3 x 8");
    check_shape("conv2d: {filters: 8, kernel: 5}", (nn_shape){3, {5, 6, 2}}, "1 x 2 x 8");
    check_shape("max_pool: 2", (nn_shape){3, {7, 7, 4}}, "3 x 3 x 4");
    check_shape("max_pool: {kernel: 2, padding: same}", (nn_shape){3, {7, 7, 4}}, "4 x 4 x 4");
    check_shape("conv2d_transpose: {filters: 4, kernel: 5, stride: 2}", (nn_shape){3, {7, 4, 1}},
                "14 x 8 x 4");
    check_shape("conv2d_transpose: {filters: 4, kernel: 1, stride: 3}", (nn_shape){3, {2, 1, 1}},
                "6 x 3 x 4");
    check_shape("upsample: 3", (nn_shape){4, {1, 2, 3, 5}}, "3 x 6 x 9 x 5");
    check_shape("global_max_pool", (nn_shape){4, {1, 2, 3, 5}}, "5");
}

static void check_refused(const char *yaml, nn_shape input, const char *expected)
{
    nn_network_spec spec = make_spec(input, 1);
    nn_network *network;
    add_layer(&spec, yaml, "tested", NULL);
    assert_int_equal(nn_network_create(&spec, &network), NN_ERROR_USAGE);
    assert_string_equal(nn_error_text(), expected);
    nn_error_clear();
}

/* Fails when an invalid shape is accepted, or when the message does not say what to do. */
static void test_refused(void **state)
{
    (void)state;
    check_refused("conv2d: {filters: 2, kernel: 5}", (nn_shape){3, {3, 3, 8}},
                  "layer tested: its kernel of 5 x 5 does not fit into its input of 3 x 3 x 8; use `padding: "
                  "same`, a smaller kernel or fewer pooling layers before it");
    check_refused("conv1d: {filters: 2, kernel: 3, dilation: 4, padding: 2}", (nn_shape){2, {4, 8}},
                  "layer tested: its kernel of 9 (with dilation) does not fit into its input of 4 x 8 and "
                  "its padding; use `padding: same`, a smaller kernel or fewer pooling layers before it");
    check_refused("conv2d: {filters: 2}", (nn_shape){1, {784}},
                  "layer tested: it takes inputs of height x width x channels, but its input has shape 784; "
                  "set the `layout` of the data, or reshape the input");
    check_refused("max_pool: 2", (nn_shape){1, {10}},
                  "layer tested: it takes inputs of 1 to 3 spatial dimensions and channels, but its input "
                  "has shape 10; set the `layout` of the data, or reshape the input");
    check_refused(
        "conv2d: {filters: 2, kernel: [1, 2, 3]}", (nn_shape){3, {3, 3, 1}},
        "layer tested: its kernel has 3 numbers, but its input has 2 spatial dimensions; give one or 2");
    check_refused("conv2d: {filters: 6, kernel: 1, groups: 4}", (nn_shape){3, {3, 3, 8}},
                  "layer tested: groups: 4 does not divide the 8 channels of its input and its 6 filters; "
                  "choose a number that divides both");
    check_refused("average_pool: {kernel: 2, padding: 2}", (nn_shape){3, {3, 3, 8}},
                  "layer tested: with padding 2 and kernel 2, some windows lie entirely in the padding; "
                  "choose a padding below the kernel");
    check_refused(
        "conv2d_transpose: {filters: 1, kernel: 3, output_padding: 2}", (nn_shape){3, {3, 3, 1}},
        "layer tested: its output_padding of 2 must be less than its stride of 2; use a smaller one");
    check_refused("conv2d_transpose: {filters: 1, kernel: 3, padding: 2}", (nn_shape){3, {1, 1, 1}},
                  "layer tested: its padding of 2 removes all of an output of 3; use a smaller padding");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pytorch),     cmocka_unit_test(test_samples_alone),
        cmocka_unit_test(test_large_image), cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_shapes),      cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
