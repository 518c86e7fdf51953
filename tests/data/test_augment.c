/* Lists of transforms: order, random numbers, mixing of microbatches, soft targets. */
#include "transforms.h"

#include <stdlib.h>

#define SAMPLES 6
#define INPUTS 4
#define CLASSES 3

/* A microbatch whose values and soft targets identify their sample. */
typedef struct microbatch {
    nn_real inputs[SAMPLES * INPUTS], targets[SAMPLES * CLASSES], scratch[SAMPLES * (INPUTS + CLASSES)];
    int64_t labels[SAMPLES], numbers[SAMPLES];
} microbatch;

static nn_transform_batch make_batch(microbatch *at, int64_t first)
{
    for (int s = 0; s < SAMPLES; s++) {
        at->numbers[s] = first + 10 * s;
        at->labels[s] = s % CLASSES;
        for (int i = 0; i < INPUTS; i++) at->inputs[s * INPUTS + i] = i == 0 ? (nn_real)(1 << s) : (nn_real)s;
    }
    nn_augment_soften(SAMPLES, CLASSES, at->labels, at->targets);
    return (nn_transform_batch){.samples = SAMPLES,
                                .input_values = INPUTS,
                                .target_values = CLASSES,
                                .inputs = at->inputs,
                                .targets = at->targets,
                                .scratch = at->scratch,
                                .numbers = at->numbers};
}

static void mix(const nn_augment *augment, int64_t epoch, int64_t first, microbatch *at)
{
    nn_transform_batch batch = make_batch(at, first);
    nn_augment_mix(augment, SEED, epoch, &batch);
}

/* ---- lists ---- */

/* Fails when transforms are not applied in list order: cutout leaves zeros only if it comes last. */
static void test_order(void **state)
{
    (void)state;
    const nn_shape shape = {2, {8, 8}};
    nn_augment last = read_list("[brightness_contrast, cutout: 4]");
    nn_augment first = read_list("[cutout: 4, brightness_contrast]");
    nn_real values[64];
    int zeros[2] = {0};
    for (int sample = 0; sample < 10; sample++) {
        run_list(&last, shape, 0, sample, values);
        for (int i = 0; i < 64; i++) zeros[0] += values[i] == 0;
        run_list(&first, shape, 0, sample, values);
        for (int i = 0; i < 64; i++) zeros[1] += values[i] == 0;
    }
    assert_true(zeros[0] >= 40 && zeros[1] == 0);
    nn_augment_release(&last);
    nn_augment_release(&first);
}

/* Fails when a transform listed twice, or the transforms of two inputs, draw the same numbers. */
static void test_own_numbers(void **state)
{
    (void)state;
    enum { COUNT = 100 };
    const nn_shape shape = {1, {COUNT}};
    nn_augment once = read_list("[noise: 1]"), twice = read_list("[noise: 1, noise: 1]");
    nn_real one[COUNT], two[COUNT], other[COUNT];
    run_list(&once, shape, 0, 0, one);
    run_list(&twice, shape, 0, 0, two);
    once.field = 1;
    run_list(&once, shape, 0, 0, other);
    for (int i = 0; i < COUNT; i++) {
        double noise = (double)one[i] - (i + 1);
        assert_true(fabs((double)two[i] - (i + 1) - 2 * noise) > TOLERANCE);
        assert_true(fabs((double)other[i] - (i + 1) - noise) > TOLERANCE);
    }
    nn_augment_release(&once);
    nn_augment_release(&twice);
}

/* Fails when an empty list changes anything. */
static void test_empty(void **state)
{
    (void)state;
    nn_augment augment = read_list("[]");
    nn_real values[3];
    run_list(&augment, (nn_shape){1, {3}}, 0, 0, values);
    for (int i = 0; i < 3; i++) assert_true(values[i] == (nn_real)(i + 1));
    assert_false(nn_augment_mixes(&augment));
    expect_ok(nn_augment_check(&augment, (nn_shape){0}, false));
    nn_augment_release(&augment);
}

/* Fails when an unsuitable list is accepted, or the message lacks a reason or a remedy. */
static void test_check(void **state)
{
    (void)state;
    const nn_shape row = {1, {784}}, small = {2, {28, 8}}, huge = {3, {2048, 2048, 3}};
    nn_augment augment = read_list("[flip, shift: 2, mixup]");
    assert_int_equal(nn_augment_check(&augment, row, false), NN_ERROR_USAGE);
    assert_string_equal(nn_error_text(),
                        "augment: flip works on images, height x width or height x width x channels, but "
                        "samples are 784; remove it, or reshape the samples to images\n"
                        "augment: shift works on images, height x width or height x width x channels, but "
                        "samples are 784; remove it, or reshape the samples to images\n"
                        "augment: mixup mixes the classes of samples, which this loss does not accept; use "
                        "cross_entropy or remove it");
    expect_ok(nn_augment_check(&augment, small, true));
    nn_augment_release(&augment);
    augment =
        read_list("[shift: 8, cutout: 9, brightness_contrast: {brightness: 0, contrast: 0}, jitter: 28, "
                  "jitter: 0]");
    assert_int_equal(nn_augment_check(&augment, small, true), NN_ERROR_USAGE);
    assert_string_equal(
        nn_error_text(),
        "augment: shift pixels 8 may leave nothing of a sample of 28 x 8; choose at most 7\n"
        "augment: cutout size 9 may leave nothing of a sample of 28 x 8; choose at most 8\n"
        "augment: brightness_contrast does nothing with brightness 0 and contrast 0; set one of them, or "
        "remove it\n"
        "augment: jitter steps 28 may leave only one of the 28 time steps of a sample; choose at most "
        "27\n"
        "augment: jitter does nothing with steps 0 and scale 0; set one of them, or remove it");
    nn_augment_release(&augment);
    augment = read_list("[noise: 1]");
    assert_int_equal(nn_augment_check(&augment, huge, true), NN_ERROR_USAGE);
    nn_augment_release(&augment);
}

/* ---- mixing ---- */

/* Fails when a sample is mixed with itself, with more than one other, or not in proportion to its targets,
 * or a partner is left out. */
static void test_mixup(void **state)
{
    (void)state;
    nn_augment augment = read_list("[mixup: {alpha: 1}]");
    assert_true(nn_augment_mixes(&augment));
    for (int round = 0; round < 50; round++) {
        microbatch at;
        int partners = 0;
        mix(&augment, 0, 1000 * round, &at);
        for (int s = 0; s < SAMPLES; s++) {
            const nn_real *row = at.inputs + s * INPUTS, *target = at.targets + s * CLASSES;
            double second = (double)row[1];
            int found = -1;
            for (int p = 0; p < SAMPLES; p++) {
                double rest = p == s ? 0 : (second - s) / (p - s);
                double first = (1 - rest) * (1 << s) + rest * (1 << p);
                if (p == s || rest < 0 || rest > 1 || fabs((double)row[0] - first) > 100 * TOLERANCE)
                    continue;
                found = p;
                double own = s % CLASSES == p % CLASSES ? 1 : 1 - rest;
                assert_true(fabs((double)target[s % CLASSES] - own) < TOLERANCE);
            }
            assert_true(found >= 0);
            partners |= 1 << found;
            assert_true(row[2] == row[1] && row[3] == row[1]);
            assert_true(fabs((double)target[0] + (double)target[1] + (double)target[2] - 1) < TOLERANCE);
        }
        assert_int_equal(partners, (1 << SAMPLES) - 1);
    }
    nn_augment_release(&augment);
}

/* Fails when mixing depends on anything but the epoch and the sample numbers, or not on both of them. */
static void test_mixup_is_a_function(void **state)
{
    (void)state;
    nn_augment augment = read_list("[mixup: {alpha: 1}]");
    microbatch first, again, epoch, other;
    mix(&augment, 2, 5, &first);
    mix(&augment, 3, 5, &epoch);
    mix(&augment, 2, 6, &other);
    mix(&augment, 2, 5, &again);
    assert_memory_equal(first.inputs, again.inputs, sizeof first.inputs);
    assert_memory_equal(first.targets, again.targets, sizeof first.targets);
    assert_memory_not_equal(first.inputs, epoch.inputs, sizeof first.inputs);
    assert_memory_not_equal(first.inputs, other.inputs, sizeof first.inputs);
    nn_augment_release(&augment);
}

/* Fails when a single sample is changed, or inputs without targets cannot be mixed. */
static void test_mixup_of_few(void **state)
{
    (void)state;
    nn_augment augment = read_list("[mixup]");
    microbatch at, with, without;
    nn_transform_batch batch = make_batch(&at, 3);
    batch.samples = 1;
    nn_augment_mix(&augment, SEED, 0, &batch);
    assert_true(at.inputs[0] == 1 && at.targets[0] == 1);
    mix(&augment, 0, 3, &with);
    batch = make_batch(&without, 3);
    batch.targets = NULL;
    batch.target_values = 0;
    nn_augment_mix(&augment, SEED, 0, &batch);
    assert_memory_equal(with.inputs, without.inputs, sizeof with.inputs);
    nn_augment_release(&augment);
}

/* lambda of sample 0 of a microbatch of two: its value is 1, and its partner's 0. */
static double draw_lambda(const nn_augment *augment, int64_t round)
{
    nn_real inputs[2] = {1, 0}, scratch[2];
    const int64_t numbers[2] = {2 * round, 2 * round + 1};
    nn_transform_batch batch = {
        .samples = 2, .input_values = 1, .inputs = inputs, .scratch = scratch, .numbers = numbers};
    nn_augment_mix(augment, SEED, 0, &batch);
    assert_true(inputs[0] >= 0 && inputs[0] <= 1);
    return (double)inputs[0];
}

static void draw_lambdas(double alpha, int64_t count, double *lambdas)
{
    char yaml[64];
    snprintf(yaml, sizeof yaml, "[mixup: {alpha: %g}]", alpha);
    nn_augment augment = read_list(yaml);
    for (int64_t round = 0; round < count; round++) lambdas[round] = draw_lambda(&augment, round);
    nn_augment_release(&augment);
}

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

enum { ROUNDS = 40000 };

/* Fails when lambda is not distributed as Beta(alpha, alpha), whose mean and variance are known, and whose
 * distribution function is linear, an arcsine or a polynomial for three values of alpha. */
static void test_beta(void **state)
{
    (void)state;
    static double lambdas[ROUNDS];
    const double alphas[] = {0.001, 0.2, 0.5, 1, 2, 50};
    for (size_t a = 0; a < sizeof alphas / sizeof *alphas; a++) {
        double alpha = alphas[a], sum = 0, squares = 0, farthest = 0;
        draw_lambdas(alpha, ROUNDS, lambdas);
        qsort(lambdas, ROUNDS, sizeof *lambdas, compare);
        for (int i = 0; i < ROUNDS; i++) {
            double x = lambdas[i], half = x - 0.5, share = (i + 0.5) / ROUNDS;
            sum += half;
            squares += half * half;
            double expected = alpha == 0.5 ? asin(sqrt(x)) * 2 / 3.14159265358979323846
                              : alpha == 1 ? x
                              : alpha == 2 ? x * x * (3 - 2 * x)
                                           : share;
            farthest = fmax(farthest, fabs(expected - share));
        }
        double variance = 1 / (4 * (2 * alpha + 1));
        assert_true(fabs(sum / ROUNDS) < 4 * sqrt(variance / ROUNDS));
        assert_true(fabs(squares / ROUNDS - variance) < 4 * sqrt(2.0 / ROUNDS) * variance);
        assert_true(farthest < 1.95 / sqrt(ROUNDS)); /* Kolmogorov's limit, exceeded once in 1,000 times */
    }
}

/* Fails when metrics do not compare with the class of the largest share. */
static void test_dominant(void **state)
{
    (void)state;
    const nn_real targets[9] = {0, (nn_real)0.25, (nn_real)0.75, (nn_real)0.5, (nn_real)0.5, 0, 1, 0, 0};
    int64_t labels[3] = {2, 0, 1};
    nn_real rows[9];
    nn_augment_dominant(3, 3, targets, labels);
    assert_true(labels[0] == 2 && labels[1] == 0 && labels[2] == 0);
    nn_augment_soften(3, 3, labels, rows);
    for (int i = 0; i < 9; i++) assert_true(rows[i] == (i % 3 == labels[i / 3] ? 1 : 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),        cmocka_unit_test(test_own_numbers),
        cmocka_unit_test(test_empty),        cmocka_unit_test(test_check),
        cmocka_unit_test(test_mixup),        cmocka_unit_test(test_mixup_is_a_function),
        cmocka_unit_test(test_mixup_of_few), cmocka_unit_test(test_beta),
        cmocka_unit_test(test_dominant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
