/* The graph: names and connections, several consumers of one layer, the layout of the flat vector. */
#include "build.h"

#include <math.h>

#define SAMPLES 4

/* ---- a layer with several inputs: the first + 2 x the second + 3 x the third ...
 * ---------------------------------------------------------------------------- */

static nn_status sum_build(nn_layer *layer)
{
    layer->output_shape = layer->input_shapes[0];
    layer->scratch_per_sample = 1;
    layer->in_place = true;
    return NN_OK;
}

static void sum_forward(const nn_layer *layer, const nn_layer_call *call)
{
    for (int64_t i = 0; i < call->samples * nn_shape_count(layer->output_shape); i++) {
        nn_real sum = 0;
        for (int input = 0; input < layer->input_count; input++)
            sum += (nn_real)(input + 1) * call->inputs[input][i];
        call->output[i] = sum;
    }
}

/* Overwrites its own scratch, so that a gradient kept there by mistake is detected. */
static void sum_backward(const nn_layer *layer, const nn_layer_call *call)
{
    for (int input = 0; input < layer->input_count; input++)
        for (int64_t i = 0; i < call->samples * nn_shape_count(layer->output_shape); i++)
            if (call->input_gradients[input])
                call->input_gradients[input][i] = (nn_real)(input + 1) * call->output_gradient[i];
    for (int64_t i = 0; i < call->samples; i++) call->scratch[i] = 99;
}

static const nn_layer_type sum_type = {
    .name = "sum", .build = sum_build, .forward = sum_forward, .backward = sum_backward};

/* Small integers for every value: the network is linear in each weight, so that differences with a step of 1
 * are exactly its gradient, in float too. */
static void make_whole(run *r)
{
    nn_random stream = {1, 1, 0};
    uint32_t words[4];
    for (int64_t i = 0; i < r->network->value_count; i++) {
        nn_random_words(stream, (uint64_t)i, words);
        r->weights[i] = (nn_real)(words[0] % 3) - 1;
    }
    for (int64_t i = 0; i < SAMPLES * 3; i++) r->microbatch->outputs[0][i] = (nn_real)(i % 4) - 1;
    for (int64_t i = 0; i < SAMPLES * run_outputs(r); i++) r->coefficients[i] = (nn_real)(i % 3) + 1;
}

static void check_exact_gradient(run *r)
{
    make_whole(r);
    run_backward(r);
    for (int l = 1; l < r->network->layer_count; l++) {
        const nn_layer *layer = &r->network->layers[l];
        for (int p = 0; p < layer->parameter_count; p++)
            for (int64_t i = 0; i < layer->parameters[p].count; i++) {
                int64_t weight = layer->offset + layer->parameters[p].offset + i;
                assert_true(run_difference(r, weight, 1) == (double)r->gradient[weight]);
            }
    }
}

/* Fails when the gradients of several consumers are not added. */
static void test_several_consumers(void **state)
{
    (void)state;
    nn_network_spec spec = make_spec((nn_shape){1, {3}}, SAMPLES);
    add_layer(&spec, "dense: {units: 4}", "trunk", NULL);
    add_layer(&spec, "dense: {units: 4}", "left", "trunk");
    add_layer(&spec, "dense: {units: 4}", "right", "trunk");
    add_layer(&spec, "dense: {units: 4}", "side", "input");
    add_type(&spec, &sum_type, NULL, NULL, "left right trunk side");
    add_layer(&spec, "flatten", NULL, NULL);
    add_layer(&spec, "dense: {units: 2}", NULL, NULL);
    run r = run_create(&spec, SAMPLES);
    check_exact_gradient(&r);
    run_destroy(&r);
}

/* Fails when a layer that reads another twice, or works in place below a fork, goes wrong. */
static void test_same_input_twice(void **state)
{
    (void)state;
    nn_network_spec spec = make_spec((nn_shape){1, {3}}, SAMPLES);
    add_layer(&spec, "dense: {units: 4}", "trunk", NULL);
    add_layer(&spec, "flatten", "fork", NULL);
    add_layer(&spec, "flatten", "copy", NULL);
    add_type(&spec, &sum_type, NULL, NULL, "copy fork copy");
    add_layer(&spec, "dense: {units: 2}", NULL, NULL);
    run r = run_create(&spec, SAMPLES);
    check_exact_gradient(&r);
    assert_ptr_equal(r.microbatch->outputs[2], r.microbatch->outputs[1]);
    assert_ptr_not_equal(r.microbatch->outputs[3], r.microbatch->outputs[2]);
    run_destroy(&r);
}

/* Fails when gradients are computed, or counted, below the lowest parameters. */
static void test_gradients_where_needed(void **state)
{
    (void)state;
    nn_network_spec spec = make_spec((nn_shape){2, {2, 4}}, SAMPLES);
    add_layer(&spec, "dropout: 0.5", NULL, NULL);
    add_layer(&spec, "flatten", NULL, NULL);
    add_layer(&spec, "dense: {units: 4, activation: relu}", NULL, NULL);
    add_layer(&spec, "dense: {units: 2}", NULL, NULL);
    run r = run_create(&spec, SAMPLES);
    static const bool needed[] = {false, false, false, false, true};
    for (int l = 0; l < 5; l++) {
        assert_int_equal(r.network->layers[l].needs_input_gradient, needed[l]);
        assert_int_equal(r.microbatch->gradients[l] != NULL, l >= 3);
    }
    assert_true(r.network->flops_forward == 2 * (8 * 4 + 4 * 2));
    assert_true(r.network->flops_training == 4 * 8 * 4 + 6 * 4 * 2);
    run_backward(&r);
    run_destroy(&r);
}

/* ---- messages
 * ----------------------------------------------------------------------------------------------- */

static void expect_failure(nn_network_spec *spec, const char *text)
{
    nn_network *network = NULL;
    assert_int_equal(nn_network_create(spec, &network), NN_ERROR_USAGE);
    assert_null(network);
    assert_string_equal(nn_error_text(), text);
    assert_int_equal(spec->count, 0);
}

/* Fails when a mistake in a graph is not detected, or its message does not say where and what to do. */
static void test_messages(void **state)
{
    (void)state;
    const nn_shape eight = {1, {8}};
    nn_network_spec spec = make_spec(eight, SAMPLES);
    expect_failure(&spec,
                   "network: there is no layer; list at least one, such as `- dense: {units: classes}`");
    spec = make_spec(eight, SAMPLES);
    add_layer(&spec, "dense: {units: 4}", NULL, NULL);
    add_layer(&spec, "dropout: 0.5", NULL, "hidden");
    expect_failure(&spec,
                   "layer dropout1: its input 'hidden' is not a layer before it (known: input, dense1)");
    spec = make_spec(eight, SAMPLES);
    add_layer(&spec, "dense: {units: 4}", "hidden", NULL);
    add_layer(&spec, "dropout: 0.5", NULL, "hiden");
    expect_failure(&spec, "layer dropout1: its input 'hiden' is not a layer before it; did you mean "
                          "'hidden'? (known: input, hidden)");
    spec = make_spec(eight, SAMPLES);
    add_layer(&spec, "dense: {units: 4}", NULL, "late");
    add_layer(&spec, "flatten", "late", NULL);
    expect_failure(
        &spec,
        "layer dense1: its input 'late' comes after it; list layers in the order in which they are computed");
    spec = make_spec(eight, SAMPLES);
    add_layer(&spec, "flatten", "same", NULL);
    add_layer(&spec, "flatten", "same", NULL);
    expect_failure(&spec, "layer same: another layer has the same name; choose another `name`");
    spec = make_spec(eight, SAMPLES);
    add_layer(&spec, "flatten", "input", NULL);
    expect_failure(&spec,
                   "layer input: this name is reserved for the network's input; choose another `name`");
    spec = make_spec(eight, SAMPLES);
    add_layer(&spec, "flatten", "a/b", NULL);
    expect_failure(&spec, "layer 'a/b': a name may contain only letters, digits, _ and -");
    spec = make_spec(eight, SAMPLES);
    add_layer(&spec, "dense: {units: 4}", "lost", NULL);
    add_layer(&spec, "dense: {units: 4}", NULL, "input");
    expect_failure(&spec,
                   "layer lost: no layer reads it; add it to the `inputs` of a later one, or remove it");
    spec = make_spec(eight, SAMPLES);
    add_layer(&spec, "dense: {units: 4}", "both", "input input");
    expect_failure(&spec, "layer both: it has 2 inputs, but dense takes 1; change `inputs`");
    spec = make_spec(eight, SAMPLES);
    add_layer(&spec, "dropout: 1", NULL, NULL);
    expect_failure(&spec, "layer dropout1: rate 1 would drop everything; choose one below 1, such as 0.5");
    spec = make_spec((nn_shape){2, {0, 4}}, SAMPLES);
    add_layer(&spec, "flatten", NULL, NULL);
    expect_failure(&spec, "layer input: samples of shape 0 x 4 are empty; check the data set");
    spec = make_spec((nn_shape){2, {1000000000, 1000000000}}, SAMPLES);
    add_layer(&spec, "dense: {units: 4}", NULL, NULL);
    expect_failure(&spec, "layer input: its output of 1000000000 x 1000000000 values per sample is more than "
                          "any memory holds; make it smaller");
}

/* Fails when a failed allocation leaks memory, or is taken for a success. */
static void test_no_memory(void **state)
{
    (void)state;
    nn_status status = NN_ERROR_MEMORY;
    size_t before = 0;
    for (int n = 0; status != NN_OK; n++) {
        if (n == 1) before = nn_memory_in_use();
        nn_network_spec spec = make_spec((nn_shape){1, {8}}, SAMPLES);
        add_layer(&spec, "dense: {units: 4, activation: relu}", NULL, NULL);
        add_layer(&spec, "dense: {units: 2}", "last", "dense1");
        nn_network *network = NULL;
        nn_microbatch *microbatch = NULL;
        nn_memory_fail_at(n == 0 ? 0 : n);
        status = nn_network_create(&spec, &network);
        if (status == NN_OK) status = nn_microbatch_create(network, SAMPLES, true, &microbatch);
        nn_memory_fail_at(0);
        assert_true(status == NN_OK || status == NN_ERROR_MEMORY);
        nn_microbatch_destroy(microbatch);
        nn_network_destroy(network);
        if (n > 0) assert_int_equal(nn_memory_in_use(), before);
        if (n == 0) status = NN_ERROR_MEMORY; /* the first round only caches results about BLAS */
    }
}

/* ---- the flat vector
 * ---------------------------------------------------------------------------------------- */

static run run_large(void)
{
    nn_network_spec spec = make_spec((nn_shape){1, {100}}, SAMPLES);
    add_layer(&spec, "dense: {units: 123, activation: relu}", NULL, NULL);
    add_layer(&spec, "dropout: 0.1", NULL, NULL);
    add_layer(&spec, "dense: {units: 3}", NULL, NULL);
    return run_create(&spec, SAMPLES);
}

/* Fails when blocks omit values, overlap, or do not start at each tensor. */
static void test_blocks(void **state)
{
    (void)state;
    run r = run_large();
    const nn_network *network = r.network;
    static const int64_t expected[] = {0, 4096, 8192, 12288, 12304, 12432, 12816, 12832};
    assert_int_equal(network->block_count, 7);
    assert_memory_equal(network->block_begin, expected, sizeof expected);
    assert_int_equal(network->value_count, 12832);
    assert_int_equal(network->trainable_count, 100 * 123 + 123 + 123 * 3 + 3);
    assert_int_equal(network->layers[3].offset, 12432);
    run_destroy(&r);
}

/* Fails when a changed bit of a weight goes unnoticed, or padding is taken for a weight. */
static void test_fingerprint(void **state)
{
    (void)state;
    run r = run_large();
    uint64_t whole = nn_network_fingerprint(r.network, r.weights);
    static const int64_t weights[] = {0, 4095, 4096, 12299, 12304, 12426, 12432, 12816, 12818};
    for (size_t i = 0; i < sizeof weights / sizeof *weights; i++)
        for (size_t bit = 0; bit < 8 * sizeof(nn_real); bit++) {
            unsigned char *byte = (unsigned char *)&r.weights[weights[i]] + bit / 8;
            *byte ^= (unsigned char)(1u << bit % 8);
            assert_true(nn_network_fingerprint(r.network, r.weights) != whole);
            *byte ^= (unsigned char)(1u << bit % 8);
        }
    static const int64_t gaps[] = {12300, 12303, 12427, 12431, 12801, 12819, 12831};
    for (size_t i = 0; i < sizeof gaps / sizeof *gaps; i++) r.weights[gaps[i]] = 5;
    assert_true(nn_network_fingerprint(r.network, r.weights) == whole);
    nn_real first = r.weights[0];
    r.weights[0] = r.weights[1];
    r.weights[1] = first;
    assert_true(nn_network_fingerprint(r.network, r.weights) != whole);
    run_destroy(&r);
}

/* Fails when initial values depend on the order of calls, two tensors get the same ones, or padding is
 * written. */
static void test_initialize(void **state)
{
    (void)state;
    run r = run_large();
    size_t bytes = (size_t)r.network->value_count * sizeof(nn_real);
    memset(r.weights, 0, bytes);
    memset(r.gradient, 0, bytes);
    for (int l = 1; l < 4; l++)
        for (int p = 0; p < r.network->layers[l].parameter_count; p++)
            expect_ok(nn_network_initialize(r.network, 1, l, p, r.weights));
    for (int l = 3; l > 0; l--)
        for (int p = r.network->layers[l].parameter_count - 1; p >= 0; p--)
            expect_ok(nn_network_initialize(r.network, 1, l, p, r.gradient));
    assert_memory_equal(r.weights, r.gradient, bytes);
    assert_true(r.weights[12300] == 0 && r.weights[12304] == 0 && r.weights[12816] == 0);
    double ratio = r.network->layers[1].parameters[0].gain / 10;
    assert_true(fabs((double)r.weights[0] / ratio - (double)r.weights[12432] / sqrt(2. / 126)) > 1e-3);
    expect_ok(nn_network_initialize(r.network, 2, 1, 0, r.gradient));
    assert_memory_not_equal(r.weights, r.gradient, bytes);
    run_destroy(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_several_consumers),
        cmocka_unit_test(test_same_input_twice),
        cmocka_unit_test(test_gradients_where_needed),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_fingerprint),
        cmocka_unit_test(test_initialize),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
