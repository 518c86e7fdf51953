/* Convolutions and an LSTM in mixed precision, against tests/fixtures/make_mixed.py. */
#include "build.h"

#include "../fixtures/fixture.h"
#include "tensor/tile.h"

#ifdef NN_REAL_FLOAT

#define FILE_NAME "mixed.txt"

/* The numbers from which the fixtures were computed. */
static void fill_numbers(int64_t seed, int64_t count, nn_real *values)
{
    for (int64_t i = 0; i < count; i++)
        values[i] = (nn_real)((i * 7919 + seed * 104729) % 10007 - 5003) / (nn_real)5003;
}

/* ---- a layer on inputs that are set by hand ---- */

static nn_shape fold_shape;

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

static const nn_layer_type fold_type = {
    .name = "fold", .build = fold_build, .forward = fold_nothing, .backward = fold_nothing};

enum { FOLD = 2, TESTED = 3 };

/* Parameter p is filled from seed 2 + p. */
static run run_layer(const char *yaml, nn_shape shape, int64_t samples, int64_t gradient_seed)
{
    nn_network_spec spec = make_spec((nn_shape){1, {1}}, samples);
    fold_shape = shape;
    spec.engine = NN_ENGINE_MIXED;
    add_layer(&spec, "dense: {units: 1}", NULL, NULL);
    add_type(&spec, &fold_type, NULL, "fold", NULL);
    add_layer(&spec, yaml, "tested", NULL);
    run r = run_create(&spec, samples);
    const nn_layer *layer = &r.network->layers[TESTED];
    fill_numbers(1, samples * nn_shape_count(shape), r.microbatch->outputs[FOLD]);
    for (int p = 0; p < layer->parameter_count; p++)
        fill_numbers(2 + p, layer->parameters[p].count,
                     r.weights + layer->offset + layer->parameters[p].offset);
    nn_network_forward(r.network, TESTED, r.weights, r.microbatch, r.scratch);
    fill_numbers(gradient_seed, samples * run_outputs(&r), r.microbatch->gradients[TESTED]);
    nn_network_backward(r.network, TESTED, r.weights, r.microbatch, r.scratch);
    run_parts(&r, TESTED, false, r.gradient);
    return r;
}

static nn_real *gradient_of(const run *r, int p)
{
    const nn_layer *layer = &r->network->layers[TESTED];
    return r->gradient + layer->offset + layer->parameters[p].offset;
}

/* tolerance 0: to the bit. */
static void compare(const char *name, const char *array, double tolerance, int64_t count,
                    const nn_real *values)
{
    char what[96];
    nn_real *expected;
    snprintf(what, sizeof what, "%s.%s", name, array);
    expect_ok(NN_ALLOCATE(&expected, count, "expected values"));
    fixture_read(FILE_NAME, what, count, expected);
    fixture_compare(what, count, values, expected, tolerance);
    nn_free(expected);
}

/* ---- the layers ---- */

/* With every kernel set that this CPU has. */
static void for_all_kernels(void (*check)(void))
{
    for (int index = 0; nn_tile_mixed_at(index); index++) {
        nn_tile_mixed_prefer(nn_tile_mixed_at(index));
        check();
    }
    nn_tile_mixed_prefer(NULL);
}

static void check_convolution(const char *name, const char *yaml, nn_shape shape, int64_t samples)
{
    run r = run_layer(yaml, shape, samples, 4);
    compare(name, "output", 0, samples * run_outputs(&r), r.microbatch->outputs[TESTED]);
    compare(name, "input", 0, samples * nn_shape_count(shape), r.microbatch->gradients[FOLD]);
    compare(name, "weight", 0, r.network->layers[TESTED].parameters[0].count, gradient_of(&r, 0));
    run_destroy(&r);
}

static void check_convolutions(void)
{
    check_convolution("long", "conv2d: {filters: 2, kernel: 3, padding: 1}", (nn_shape){3, {4, 5, 61}}, 2);
    check_convolution("many", "conv2d: {filters: 3, kernel: 3, padding: 1}", (nn_shape){3, {24, 23, 2}}, 1);
}

/* Fails when an operand is not rounded, when the terms of a sum are taken in another order, or when the cuts
 * between chains are elsewhere: sums of 549 terms, and of 552 positions. */
static void test_convolutions(void **state)
{
    (void)state;
    for_all_kernels(check_convolutions);
}

static void check_lstm(void)
{
    enum { SAMPLES = 3, STEPS = 4, FEATURES = 7, UNITS = 5 };
    run r = run_layer("lstm: {units: 5, output: sequence}", (nn_shape){2, {STEPS, FEATURES}}, SAMPLES, 5);
    compare("lstm", "output", 1e-6, SAMPLES * STEPS * UNITS, r.microbatch->outputs[TESTED]);
    compare("lstm", "inputs", 1e-5, SAMPLES * STEPS * FEATURES, r.microbatch->gradients[FOLD]);
    compare("lstm", "input_weight", 1e-5, FEATURES * 4 * UNITS, gradient_of(&r, 0));
    compare("lstm", "recurrent_weight", 1e-5, UNITS * 4 * UNITS, gradient_of(&r, 1));
    run_destroy(&r);
}

/* Fails when an operand of a product is not rounded, or anything else is: far below the precision of
 * bfloat16.
 */
static void test_lstm(void **state)
{
    (void)state;
    for_all_kernels(check_lstm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_convolutions), cmocka_unit_test(test_lstm)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
    return 77; /* float64 has no mixed precision */
}

#endif
