/* Layers that join others or rearrange values: results, shared memory, and messages about shapes that do not
 * fit. */
#include "build.h"

#include <math.h>

#define SAMPLES 3

/* One layer "tested" that reads the input `reads` times. */
static nn_network_spec spec_on_input(nn_shape shape, const char *yaml, int reads)
{
    nn_network_spec spec = make_spec(shape, SAMPLES);
    char names[64] = "input";
    for (int i = 1; i < reads; i++) strcat(names, " input");
    add_layer(&spec, yaml, "tested", names);
    return spec;
}

/* The input's values are 0, 1, 2 ... in the first sample, start at 100 in the next, and so on. */
static void check_values(nn_shape shape, const char *yaml, int reads, nn_shape expected_shape,
                         const int *expected)
{
    nn_network_spec spec = spec_on_input(shape, yaml, reads);
    run r = run_create(&spec, SAMPLES);
    int64_t inputs = nn_shape_count(shape), outputs = nn_shape_count(expected_shape);
    if (!nn_shape_equal(r.network->layers[1].output_shape, expected_shape)) fail_msg("%s: shape", yaml);
    for (int64_t i = 0; i < SAMPLES * inputs; i++)
        r.microbatch->outputs[0][i] = (nn_real)(i / inputs * 100 + i % inputs);
    const nn_real *output = run_forward(&r);
    for (int64_t i = 0; i < SAMPLES * outputs; i++)
        if ((int)output[i] != expected[i % outputs] + (int)(i / outputs) * 100)
            fail_msg("%s: value %d is %d", yaml, (int)i, (int)output[i]);
    run_destroy(&r);
}

/* Fails when values are not where numpy's transpose, concatenate and indexing put them. */
static void test_places(void **state)
{
    (void)state;
    const nn_shape s23 = {2, {2, 3}}, s223 = {3, {2, 2, 3}}, s6 = {1, {6}};
    check_values(s23, "concat", 2, (nn_shape){2, {2, 6}}, (const int[]){0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5});
    check_values(s23, "concat: {axis: 0}", 2, (nn_shape){2, {4, 3}},
                 (const int[]){0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5});
    check_values(s223, "concat: {axis: -2}", 2, (nn_shape){3, {2, 4, 3}},
                 (const int[]){0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 6, 7, 8, 9, 10, 11});
    check_values(s23, "permute: {axes: [1, 0]}", 1, (nn_shape){2, {3, 2}}, (const int[]){0, 3, 1, 4, 2, 5});
    check_values(s223, "permute: {axes: [2, 0, 1]}", 1, (nn_shape){3, {3, 2, 2}},
                 (const int[]){0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11});
    check_values(s223, "permute: {axes: [1, 0, 2]}", 1, s223,
                 (const int[]){0, 1, 2, 6, 7, 8, 3, 4, 5, 9, 10, 11});
    check_values(s223, "reshape: {shape: [-1, 4]}", 1, (nn_shape){2, {3, 4}},
                 (const int[]){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
    check_values(s6, "slice: {begin: 1, end: -2}", 1, (nn_shape){1, {3}}, (const int[]){1, 2, 3});
    check_values(s6, "slice: {begin: -2}", 1, (nn_shape){1, {2}}, (const int[]){4, 5});
    check_values(s6, "slice: {places: [0, 5, 4, 4]}", 1, (nn_shape){1, {4}}, (const int[]){0, 5, 4, 4});
    check_values(s23, "slice: {axis: 0, places: -1}", 1, (nn_shape){2, {1, 3}}, (const int[]){3, 4, 5});
    check_values(s23, "slice: {axis: 1, begin: 1}", 1, (nn_shape){2, {2, 2}}, (const int[]){1, 2, 4, 5});
}

/* Fails when the first input is not joined with every other, in order. */
static void test_sums_and_products(void **state)
{
    (void)state;
    const char *const types[] = {"add", "multiply"};
    for (int t = 0; t < 2; t++) {
        nn_network_spec spec = spec_on_input((nn_shape){1, {5}}, types[t], 3);
        run r = run_create(&spec, SAMPLES);
        const nn_real *x = r.microbatch->outputs[0], *y = run_forward(&r);
        for (int i = 0; i < SAMPLES * 5; i++)
            assert_true(y[i] == (t == 0 ? x[i] + x[i] + x[i] : x[i] * x[i] * x[i]));
        run_destroy(&r);
    }
}

/* ---- memory ---- */

/* Residual blocks whose sums and reshapes can all work in place, on both sides of the shortcut. */
static run run_residual(void)
{
    nn_network_spec spec = make_spec((nn_shape){1, {8}}, SAMPLES);
    add_layer(&spec, "dense: {units: 8, activation: tanh}", "stem", NULL);
    add_layer(&spec, "dense: {units: 8}", "branch", NULL);
    add_layer(&spec, "add", "sum", "branch stem");
    add_layer(&spec, "reshape: {shape: [2, 4]}", "square", NULL);
    add_layer(&spec, "reshape: {shape: 8}", "row", NULL);
    add_layer(&spec, "dense: {units: 8, activation: relu}", "second", NULL);
    add_layer(&spec, "add", "twice", "row second second");
    add_layer(&spec, "dense: {units: 8, activation: gelu}", "third", NULL);
    add_layer(&spec, "multiply", "gated", "third twice");
    add_layer(&spec, "dense: {units: 2}", NULL, NULL);
    return run_create(&spec, SAMPLES);
}

/* Fails when a sum in place overwrites values that another layer still reads. */
static void test_in_place(void **state)
{
    (void)state;
    run shared = run_residual(), apart = run_residual();
    run_release_values(&apart);
    for (int l = 0; l < apart.network->layer_count; l++) apart.network->layers[l].in_place = false;
    run_allocate(&apart, SAMPLES, SAMPLES);
    assert_ptr_equal(shared.microbatch->outputs[3], shared.microbatch->outputs[2]);
    assert_ptr_equal(shared.microbatch->outputs[4], shared.microbatch->outputs[3]);
    run_backward(&shared);
    run_backward(&apart);
    size_t bytes = (size_t)shared.network->value_count * sizeof(nn_real);
    assert_memory_equal(shared.gradient, apart.gradient, bytes);
    for (int64_t w = 0; IS_DOUBLE && w < shared.network->value_count; w++)
        assert_true(fabs(run_difference(&shared, w, 1e-5) - (double)shared.gradient[w]) < 1e-7);
    run_destroy(&shared);
    run_destroy(&apart);
}

/* ---- messages ---- */

static void expect_failure(nn_shape shape, const char *yaml, int reads, const char *text)
{
    nn_network_spec spec = spec_on_input(shape, yaml, reads);
    nn_network *network = NULL;
    assert_int_equal(nn_network_create(&spec, &network), NN_ERROR_USAGE);
    assert_string_equal(nn_error_text(), text);
}

static void expect_different(const char *yaml, const char *other, const char *text)
{
    nn_network_spec spec = make_spec((nn_shape){3, {4, 4, 2}}, SAMPLES);
    nn_network *network = NULL;
    add_layer(&spec, other, "other", NULL);
    add_layer(&spec, yaml, "tested", "input other");
    assert_int_equal(nn_network_create(&spec, &network), NN_ERROR_USAGE);
    assert_string_equal(nn_error_text(), text);
}

/* Fails when shapes that do not fit are accepted, or the message does not say what to do. */
static void test_messages_of_joins(void **state)
{
    (void)state;
    const nn_shape s8 = {1, {8}};
    expect_failure(s8, "add", 1,
                   "layer tested: it has one input, but add takes two or more; list them, such as `add: "
                   "{inputs: [previous, shortcut]}`");
    expect_different("add", "reshape: {shape: [2, 2, 8]}",
                     "layer tested: its inputs have shapes 4 x 4 x 2 and 2 x 2 x 8; add needs equal shapes: "
                     "give the shortcut a conv2d with kernel: 1 and the same stride");
    expect_different("multiply", "flatten",
                     "layer tested: its inputs have shapes 4 x 4 x 2 and 32; multiply needs equal shapes: "
                     "give the shortcut a layer that brings it to the same shape");
    expect_different("concat", "flatten",
                     "layer tested: its inputs have shapes 4 x 4 x 2 and 32; concat along axis 2 needs equal "
                     "extents on all other axes");
    expect_different("concat", "reshape: {shape: [2, 8, 2]}",
                     "layer tested: its inputs have shapes 4 x 4 x 2 and 2 x 8 x 2; concat along axis 2 "
                     "needs equal extents on all other axes");
    expect_failure(
        s8, "concat: {axis: 1}", 2,
        "layer tested: axis: 1 is not an axis of an input of shape 8; choose 0 to 0, or -1 for the last");
}

static void test_messages_of_shapes(void **state)
{
    (void)state;
    const nn_shape s8 = {1, {8}}, s24 = {2, {2, 4}};
    expect_failure(s24, "reshape: {shape: [3, -1]}", 1,
                   "layer tested: shape: the 8 values of its input (2 x 4) do not fit shape 3 x -1");
    expect_failure(s24, "reshape: {shape: [3, 3]}", 1,
                   "layer tested: shape: the 8 values of its input (2 x 4) do not fit shape 3 x 3");
    expect_failure(
        s24, "reshape: {shape: [-1, -1]}", 1,
        "layer tested: shape: -1 is not a valid extent; extents are at least 1, and one of them may be -1");
    expect_failure(
        s24, "reshape: {shape: [0, 8]}", 1,
        "layer tested: shape: 0 is not a valid extent; extents are at least 1, and one of them may be -1");
    expect_failure(s24, "permute: {axes: [0, 0]}", 1,
                   "layer tested: axes: its input of shape 2 x 4 has 2 axes; list each of 0 to 1 once");
    expect_failure(s24, "permute: {axes: [0, 1, 2]}", 1,
                   "layer tested: axes: its input of shape 2 x 4 has 2 axes; list each of 0 to 1 once");
    expect_failure(
        s8, "slice: {begin: 5, end: 5}", 1,
        "layer tested: begin: 5 and end: 5 do not select a range of the axis; choose 0 <= begin < end <= 8");
    expect_failure(
        s8, "slice: {end: 9}", 1,
        "layer tested: begin: 0 and end: 9 do not select a range of the axis; choose 0 <= begin < end <= 8");
    expect_failure(s8, "slice: {places: [0, 8]}", 1,
                   "layer tested: places: 8 is not a place on the axis; choose -8 to 7 (negative ones count "
                   "from the end)");
    expect_failure(s8, "slice: {places: [0, two]}", 1,
                   "layer tested: places: two is not a place on the axis; choose -8 to 7 (negative ones "
                   "count from the end)");
    expect_failure(s8, "slice: {begin: 1, places: [0]}", 1,
                   "layer tested: places cannot be combined with begin and end; remove one or the other");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_sums_and_products),
        cmocka_unit_test(test_in_place),
        cmocka_unit_test(test_messages_of_joins),
        cmocka_unit_test(test_messages_of_shapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
