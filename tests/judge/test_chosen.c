/* The samples that an evaluation keeps: chosen without repetition, and the largest losses whoever has met
 * them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/memory.h"
#include "judge/chosen.h"

#define SAMPLES 500
#define MOST 9

static void expect_ok(nn_status status)
{
    if (status != NN_OK) fail_msg("status %d: %s", (int)status, nn_error_text());
}

/* Fails when a sample is chosen twice or not at all, or when another seed makes the same choice. */
static void test_random(void **state)
{
    (void)state;
    nn_chosen_samples few, other, all;
    expect_ok(nn_chosen_random(SAMPLES, 40, 1, 3, &few));
    expect_ok(nn_chosen_random(SAMPLES, 40, 2, 3, &other));
    expect_ok(nn_chosen_random(SAMPLES, 10 * SAMPLES, 1, 3, &all));
    assert_int_equal(few.count, 40);
    assert_int_equal(all.count, SAMPLES);
    for (int64_t i = 0; i < SAMPLES; i++) assert_int_equal(all.positions[i], i);
    int same = 0;
    for (int64_t i = 0; i < few.count; i++) {
        assert_true(i == 0 || few.positions[i] > few.positions[i - 1]);
        assert_ptr_equal(nn_chosen_record(&few, few.positions[i]), few.records + 3 * i);
        same += few.positions[i] == other.positions[i];
    }
    assert_true(same < 20);
    assert_null(nn_chosen_record(&few, SAMPLES));
    nn_chosen_release(&few);
    nn_chosen_release(&other);
    nn_chosen_release(&all);
}

/* Loss of a sample, with many ties. */
static double loss_of(int64_t position)
{
    return (double)((position * 7919) % 40);
}

static void keep(nn_worst *worst, int64_t position)
{
    const double record[] = {(double)position, loss_of(position)};
    if (nn_worst_wants(worst, record[NN_RECORD_LOSS], position)) nn_worst_keep(worst, record);
}

/* Fails when the order in which samples are met, or the list that met them, decides which are the worst. */
static void test_worst(void **state)
{
    (void)state;
    nn_worst forward, backward, lists[3];
    expect_ok(nn_worst_create(MOST, 2, &forward));
    expect_ok(nn_worst_create(MOST, 2, &backward));
    for (int l = 0; l < 3; l++) expect_ok(nn_worst_create(MOST, 2, &lists[l]));
    for (int64_t i = 0; i < SAMPLES; i++) {
        keep(&forward, i);
        keep(&backward, SAMPLES - 1 - i);
        keep(&lists[i % 3], i);
    }
    for (int l = 1; l < 3; l++)
        for (int64_t i = 0; i < lists[l].count; i++) keep(&lists[0], (int64_t)lists[l].records[2 * i]);
    assert_int_equal(forward.count, MOST);
    assert_memory_equal(forward.records, backward.records, MOST * 2 * sizeof(double));
    assert_memory_equal(forward.records, lists[0].records, MOST * 2 * sizeof(double));
    for (int64_t i = 0; i < MOST; i++) {
        int64_t before = 0, position = (int64_t)forward.records[2 * i];
        for (int64_t other = 0; other < SAMPLES; other++)
            before += loss_of(other) > loss_of(position) ||
                      (loss_of(other) == loss_of(position) && other < position);
        assert_int_equal(before, i);
    }
    nn_worst_release(&forward);
    nn_worst_release(&backward);
    for (int l = 0; l < 3; l++) nn_worst_release(&lists[l]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random), cmocka_unit_test(test_worst)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
