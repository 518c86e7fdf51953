/* Every layer of the list, on a microbatch and on two pieces of it: samples do not affect each other, so that
 * a batch can be split between ranks, threads and microbatches anywhere. Layers with running statistics are
 * exempt in training. */
#include "examples.h"

#include <math.h>

static bool has_statistics(const run *r)
{
    for (int64_t value = 0; value < r->network->value_count; value++)
        if (is_statistic(r, value)) return true;
    return false;
}

/* ---- gradients ---- */

/* Copies samples [begin, end) of the microbatch into that of the piece. */
static void take_samples(const run *whole, int64_t begin, int64_t end, run *piece)
{
    int64_t inputs = nn_shape_count(whole->network->layers[0].output_shape), outputs = run_outputs(whole);
    size_t samples = (size_t)(end - begin);
    memcpy(piece->microbatch->outputs[0], whole->microbatch->outputs[0] + begin * inputs,
           samples * (size_t)inputs * sizeof(nn_real));
    memcpy(piece->coefficients, whole->coefficients + begin * outputs,
           samples * (size_t)outputs * sizeof(nn_real));
    piece->microbatch->samples = end - begin;
    piece->microbatch->first_sample = begin;
    piece->microbatch->batch_samples = SAMPLES;
}

static void add_gradient_of(const run *whole, int64_t begin, int64_t end, run *piece, double *sum)
{
    take_samples(whole, begin, end, piece);
    run_backward(piece);
    for (int64_t i = 0; i < piece->network->value_count; i++) sum[i] += (double)piece->gradient[i];
}

static void compare_cut(run *whole, run *piece, int64_t middle, const char *yaml)
{
    const double tolerance = IS_DOUBLE ? 1e-13 : 1e-4;
    double *sum;
    int64_t values = whole->network->value_count;
    expect_ok(NN_ALLOCATE(&sum, values, "a sum"));
    add_gradient_of(whole, 0, middle, piece, sum);
    add_gradient_of(whole, middle, SAMPLES, piece, sum);
    for (int64_t i = 0; i < values; i++) {
        double gradient = (double)whole->gradient[i];
        if (!(fabs(gradient - sum[i]) <= tolerance * (1 + fabs(gradient))))
            fail_msg("%s: value %lld of the gradient is %.17g, and %.17g of %lld and %lld samples", yaml,
                     (long long)i, gradient, sum[i], (long long)middle, (long long)(SAMPLES - middle));
    }
    nn_free(sum);
}

static void check_cuts_of(run (*create)(const char *yaml), const char *yaml)
{
    run whole = create(yaml), piece = create(yaml);
    if (!has_statistics(&whole)) {
        run_backward(&whole);
        compare_cut(&whole, &piece, SAMPLES / 2, yaml);
        compare_cut(&whole, &piece, 1, yaml);
    }
    run_destroy(&whole);
    run_destroy(&piece);
}

static void check_cuts(const char *yaml)
{
    check_cuts_of(run_tested, yaml);
    check_cuts_of(run_on_input, yaml);
}

/* Fails when the gradient of a batch is not the sum of those of its pieces: a sample counts twice or not at
 * all, depends on others, or draws other random numbers at another place in a microbatch. */
static void test_gradient_of_halves(void **state)
{
    (void)state;
    for_all_layers(check_cuts);
}

/* ---- outputs ---- */

/* Other values, or indices, for all samples but one. */
static void change_others(run *r, const char *yaml, int64_t sample)
{
    int64_t inputs = nn_shape_count(r->network->layers[0].output_shape),
            indices = type_of(yaml)->example_indices;
    for (int64_t s = 0; s < SAMPLES; s++) {
        nn_real *values = r->microbatch->outputs[0] + s * inputs;
        if (s == sample) continue;
        for (int64_t i = 0; i < inputs; i++)
            values[i] = indices > 0 ? (nn_real)(((int64_t)values[i] + 1 + i) % indices) : 3 * values[i] - 1;
    }
}

static void check_output_of(const char *yaml, bool training)
{
    run before = run_tested(yaml), after = run_tested(yaml);
    int64_t outputs = run_outputs(&before);
    before.microbatch->training = after.microbatch->training = training;
    const nn_real *expected = run_forward(&before);
    for (int64_t s = 0; s < SAMPLES && !(training && has_statistics(&before)); s++) {
        memcpy(after.microbatch->outputs[0], before.microbatch->outputs[0],
               (size_t)(SAMPLES * nn_shape_count(before.network->layers[0].output_shape)) * sizeof(nn_real));
        change_others(&after, yaml, s);
        const nn_real *found = run_forward(&after);
        if (memcmp(found + s * outputs, expected + s * outputs, (size_t)outputs * sizeof(nn_real)) != 0)
            fail_msg("%s: the output of sample %lld depends on the others", yaml, (long long)s);
    }
    run_destroy(&before);
    run_destroy(&after);
}

static void check_output(const char *yaml)
{
    check_output_of(yaml, true);
    check_output_of(yaml, false);
}

/* Fails when the output for a sample depends, by a single bit, on the samples computed with it; in prediction
 * this holds for layers with statistics too. */
static void test_output_of_one(void **state)
{
    (void)state;
    for_all_layers(check_output);
}

static int with_statistics, without_statistics;

static void count_exempt(const char *yaml)
{
    run r = run_tested(yaml);
    *(has_statistics(&r) ? &with_statistics : &without_statistics) += 1;
    run_destroy(&r);
}

/* Fails when statistics no longer exempt a layer: all layers would be exempt, or none. */
static void test_exempt(void **state)
{
    (void)state;
    for_all_layers(count_exempt);
    assert_true(with_statistics > 0 && without_statistics > 10 * with_statistics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradient_of_halves),
        cmocka_unit_test(test_output_of_one),
        cmocka_unit_test(test_exempt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
