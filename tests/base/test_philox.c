/* Random numbers are the published ones, and the permutation is an unbiased bijection. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/philox.h"

typedef struct known_answer {
    uint32_t counter[4], key[2], words[4];
} known_answer;

/* From kat_vectors of the authors' Random123 library. */
static const known_answer known_answers[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

/* Fails when the block function is not Philox4x32-10. */
static void test_known_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(known_answers) / sizeof(known_answers[0]); i++) {
        uint32_t words[4];
        nn_philox(known_answers[i].counter, known_answers[i].key, words);
        assert_memory_equal(words, known_answers[i].words, sizeof(words));
    }
}

/* Fails when part of (seed, purpose, step, index) is not used, or is used in another place: another version
 * could then not repeat a run. */
static void test_stream_is_the_documented_counter(void **state)
{
    (void)state;
    const nn_random stream = {UINT64_C(0x299f31d0a4093822), 0x03707344, 0x13198a2e};
    uint32_t words[4];
    nn_random_words(stream, UINT64_C(0x85a308d3243f6a88), words);
    assert_memory_equal(words, known_answers[2].words, sizeof(words));
}

/* Fails when a uniform number leaves its interval, or the mean, variance or deciles are wrong. */
static void test_uniform(void **state)
{
    (void)state;
    enum { COUNT = 100000, TENTHS = 10 };
    const nn_random stream = {1, 2, 3};
    double sum = 0.0, squares = 0.0;
    int tenths[TENTHS] = {0}, tenths24[TENTHS] = {0};
    for (uint64_t i = 0; i < COUNT; i++) {
        double x = nn_random_uniform(stream, i);
        float y = nn_random_uniform24(stream, i);
        assert_true(x > 0.0 && x < 1.0);
        assert_true(fmod(x * 0x1p53, 2.0) == 1.0); /* odd, so never 0 */
        assert_true(y >= 0.0f && y < 1.0f);
        assert_true((double)y * 0x1p24 == floor((double)y * 0x1p24));
        sum += x;
        squares += x * x;
        tenths[(int)(x * TENTHS)]++;
        tenths24[(int)((double)y * TENTHS)]++;
    }
    assert_true(fabs(sum / COUNT - 0.5) < 0.005);
    assert_true(fabs(squares / COUNT - 1.0 / 3.0) < 0.005);
    for (int i = 0; i < TENTHS; i++) {
        assert_in_range(tenths[i], COUNT / TENTHS - 500, COUNT / TENTHS + 500);
        assert_in_range(tenths24[i], COUNT / TENTHS - 500, COUNT / TENTHS + 500);
    }
}

/* Fails when a normal number is not the quantile of its uniform number: in the centre, the shoulder or the
 * tail. */
static void test_normal_inverts_the_distribution(void **state)
{
    (void)state;
    enum { COUNT = 200000 };
    const nn_random stream = {7, NN_RANDOM_INITIAL, 0};
    double largest = 0.0;
    for (uint64_t i = 0; i < COUNT; i++) {
        double uniform = nn_random_uniform(stream, i);
        double normal = nn_random_normal(stream, i);
        double tail = uniform < 0.5 ? uniform : 1.0 - uniform;
        double found = 0.5 * erfc(fabs(normal) / sqrt(2.0));
        assert_true((normal < 0.0) == (uniform < 0.5));
        assert_true(fabs(found - tail) <= 1e-13 * tail);
        largest = fmax(largest, fabs(normal));
    }
    assert_true(largest > 4.0); /* the shoulder was reached */
}

/* Fails when the first four moments differ from those of the standard normal distribution. */
static void test_normal_moments(void **state)
{
    (void)state;
    enum { COUNT = 200000 };
    const nn_random stream = {8, NN_RANDOM_LAYER, 5};
    double powers[4] = {0};
    for (uint64_t i = 0; i < COUNT; i++) {
        double x = nn_random_normal(stream, i), power = 1.0;
        for (int k = 0; k < 4; k++) powers[k] += power *= x;
    }
    assert_true(fabs(powers[0] / COUNT) < 0.01);
    assert_true(fabs(powers[1] / COUNT - 1.0) < 0.015);
    assert_true(fabs(powers[2] / COUNT) < 0.04);
    assert_true(fabs(powers[3] / COUNT - 3.0) < 0.1);
}

/* Fails when a block of normal numbers is not the quantiles of its words, or depends on the number
 * requested. */
static void test_normals(void **state)
{
    (void)state;
    enum { COUNT = 100001 };
    static double normals[COUNT], part[COUNT];
    const nn_random stream = {7, NN_RANDOM_TRANSFORM, 2};
    double sum = 0.0, squares = 0.0, largest = 0.0;
    nn_random_normals(stream, 5, COUNT, normals);
    for (uint64_t i = 0; i < COUNT; i++) {
        uint32_t words[4];
        nn_random_words(stream, 5 + i / 4, words);
        double uniform = ((double)words[i % 4] + 0.5) * 0x1p-32, tail = fmin(uniform, 1.0 - uniform);
        double found = 0.5 * erfc(fabs(normals[i]) / sqrt(2.0));
        assert_true((normals[i] < 0.0) == (uniform < 0.5));
        assert_true(fabs(found - tail) <= 1e-13 * tail);
        sum += normals[i];
        squares += normals[i] * normals[i];
        largest = fmax(largest, fabs(normals[i]));
    }
    assert_true(fabs(sum / COUNT) < 0.013 && fabs(squares / COUNT - 1.0) < 0.018);
    assert_true(largest > 4.0);
    for (int64_t count = 0; count < 200; count++) {
        nn_random_normals(stream, 5, count, part);
        assert_memory_equal(part, normals, (size_t)count * sizeof *part);
    }
    nn_random_normals(stream, 5 + 64, 300, part);
    assert_memory_equal(part, normals + 256, 300 * sizeof *part);
}

/* Fails when a sample would be seen twice, or not at all, in an epoch. */
static void test_permutation_is_a_bijection(void **state)
{
    (void)state;
    const nn_random stream = {3, NN_RANDOM_ORDER, 1};
    for (uint64_t count = 1; count <= 1100; count = count < 70 ? count + 1 : count * 2 - 41) {
        unsigned char *seen;
        assert_int_equal(NN_ALLOCATE(&seen, count, "marks"), NN_OK);
        for (uint64_t position = 0; position < count; position++) {
            uint64_t value = nn_random_permute(stream, count, position);
            assert_true(value < count);
            assert_false(seen[value]);
            seen[value] = 1;
        }
        nn_free(seen);
    }
}

/* Fails when counts above 2^32, up to the largest, do not stay within their range. */
static void test_permutation_of_large_counts(void **state)
{
    (void)state;
    const uint64_t counts[] = {UINT64_C(10000000000), UINT64_C(1) << 62, (UINT64_C(1) << 62) + 1, UINT64_MAX};
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        double sum = 0.0;
        for (uint64_t j = 0; j < 1000; j++) {
            uint64_t position = j % 2 ? counts[i] - 1 - j : j;
            uint64_t value = nn_random_permute((nn_random){9, NN_RANDOM_ORDER, 0}, counts[i], position);
            assert_true(value < counts[i]);
            sum += (double)value / (double)counts[i];
        }
        assert_true(fabs(sum / 1000.0 - 0.5) < 0.05);
    }
}

/* Fails when some orders of five samples occur more often than others, over seeds or over epochs. */
static void test_orders_are_equally_likely(void **state)
{
    (void)state;
    enum { RUNS = 24000, ORDERS = 3125 };
    for (int by_epoch = 0; by_epoch < 2; by_epoch++) {
        int found[ORDERS] = {0}, different = 0;
        for (uint32_t run = 0; run < RUNS; run++) {
            nn_random stream = {by_epoch ? 1 : run, NN_RANDOM_ORDER, by_epoch ? run : 0};
            uint64_t order = 0;
            for (uint64_t i = 0; i < 5; i++) order = order * 5 + nn_random_permute(stream, 5, i);
            found[order]++;
        }
        double chi_square = 0.0;
        for (int i = 0; i < ORDERS; i++) {
            if (found[i] == 0) continue;
            different++;
            chi_square += (found[i] - RUNS / 120.0) * (found[i] - RUNS / 120.0) / (RUNS / 120.0);
        }
        assert_int_equal(different, 120);
        assert_true(chi_square < 180.0); /* 119 degrees of freedom: exceeded once in 3,500 trials */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_stream_is_the_documented_counter),
        cmocka_unit_test(test_uniform),
        cmocka_unit_test(test_normal_inverts_the_distribution),
        cmocka_unit_test(test_normal_moments),
        cmocka_unit_test(test_normals),
        cmocka_unit_test(test_permutation_is_a_bijection),
        cmocka_unit_test(test_permutation_of_large_counts),
        cmocka_unit_test(test_orders_are_equally_likely),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
