/* Which rows are set apart: exact fractions, chosen by the seed, knowing only the number of the row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "import/split.h"

/* Counts of rows per part; labels: row % classes. */
static void count_rows(nn_import_split *split, int64_t classes, int64_t *counts)
{
    memset(counts, 0, NN_IMPORT_PARTS * sizeof *counts);
    for (int64_t row = 0; row < split->rows; row++) {
        int part;
        assert_int_equal(nn_import_split_part(split, row, row % classes, &part), NN_OK);
        counts[part]++;
    }
}

/* Would be wrong: fractions that are not exact, or row counts other than those announced to the file. */
static void test_random_is_exact(void **state)
{
    (void)state;
    static const int64_t sizes[] = {10, 1023, 1024, 1025, 1797, 70000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        nn_import_split split = {.way = NN_IMPORT_RANDOM, .validation = 0.1, .test = 0.2, .rows = sizes[i]};
        int64_t counts[NN_IMPORT_PARTS];
        count_rows(&split, 1, counts);
        for (int part = 0; part < NN_IMPORT_PARTS; part++)
            assert_int_equal(counts[part], nn_import_split_rows(&split, part));
        assert_int_equal(counts[NN_IMPORT_VALIDATION], (int64_t)(0.1 * (double)sizes[i] + 0.5));
        assert_int_equal(counts[NN_IMPORT_TEST], (int64_t)(0.2 * (double)sizes[i] + 0.5));
        nn_import_split_release(&split);
    }
}

/* Would be wrong: large fractions that set apart more rows than there are. */
static void test_large_shares(void **state)
{
    (void)state;
    for (int64_t rows = 1; rows < 40; rows++) {
        nn_import_split split = {.way = NN_IMPORT_RANDOM, .validation = 0.45, .test = 0.5, .rows = rows};
        int64_t counts[NN_IMPORT_PARTS];
        count_rows(&split, 1, counts);
        for (int part = 0; part < NN_IMPORT_PARTS; part++)
            assert_int_equal(counts[part], nn_import_split_rows(&split, part));
    }
    /* Rounding would give the only row of the last group to both. */
    nn_import_split split = {
        .way = NN_IMPORT_RANDOM, .validation = 300.4 / 1024, .test = 400.3 / 1024, .rows = 1025};
    int64_t counts[NN_IMPORT_PARTS];
    count_rows(&split, 1, counts);
    assert_int_equal(counts[NN_IMPORT_VALIDATION], 301);
    for (int part = 0; part < NN_IMPORT_PARTS; part++)
        assert_int_equal(counts[part], nn_import_split_rows(&split, part));
}

/* Would be wrong: the same rows for every seed, or a choice that amounts to every tenth row. */
static void test_random_is_random(void **state)
{
    (void)state;
    nn_import_split a = {.way = NN_IMPORT_RANDOM, .test = 0.1, .seed = 1, .rows = 5000}, b = a;
    int64_t both = 0, late = 0, gaps[3] = {0}, last = 0;
    b.seed = 2;
    for (int64_t row = 0; row < a.rows; row++) {
        int one, other;
        assert_int_equal(nn_import_split_part(&a, row, 0, &one), NN_OK);
        assert_int_equal(nn_import_split_part(&b, row, 0, &other), NN_OK);
        both += one == NN_IMPORT_TEST && other == NN_IMPORT_TEST;
        late += one == NN_IMPORT_TEST && row % 1024 >= 512;
        if (one != NN_IMPORT_TEST) continue;
        gaps[row - last < 5 ? 0 : row - last < 15 ? 1 : 2]++;
        last = row;
    }
    assert_in_range(both, 20, 90);   /* of 500; a tenth by chance */
    assert_in_range(late, 180, 300); /* 238 by chance */
    for (int i = 0; i < 3; i++) assert_in_range(gaps[i], 50, 450);
}

/* Would be wrong: a class without its exact fraction, or classes chosen in step. */
static void test_stratified(void **state)
{
    (void)state;
    nn_import_split split = {.way = NN_IMPORT_STRATIFIED, .validation = 0.2, .test = 0.1, .rows = 3000};
    int64_t counts[3][NN_IMPORT_PARTS] = {{0}}, whole = 0;
    int parts[3];
    assert_int_equal(nn_import_split_rows(&split, NN_IMPORT_TEST), -1);
    for (int64_t row = 0; row < split.rows; row++) {
        int64_t label = row % 3;
        assert_int_equal(nn_import_split_part(&split, row, label, &parts[label]), NN_OK);
        counts[label][parts[label]]++;
        whole +=
            label == 2 && parts[0] == NN_IMPORT_VALIDATION && parts[1] == parts[0] && parts[2] == parts[0];
    }
    for (int label = 0; label < 3; label++) {
        assert_in_range(counts[label][NN_IMPORT_VALIDATION], 197, 203);
        assert_in_range(counts[label][NN_IMPORT_TEST], 97, 103);
    }
    assert_in_range(whole, 0, 40); /* 8 by chance, 200 if in step */
    nn_import_split_release(&split);
}

/* Would be wrong: small classes whose fractions are left to chance. */
static void test_small_classes(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        nn_import_split split = {.way = NN_IMPORT_STRATIFIED, .test = 0.2, .seed = seed, .rows = 50};
        int64_t counts[NN_IMPORT_PARTS];
        count_rows(&split, 1, counts);
        assert_in_range(counts[NN_IMPORT_TEST], 9, 12); /* 10; a free choice among 1024 gives 5 to 15 */
        nn_import_split_release(&split);
    }
}

/* Would be wrong: training on rows of the future. */
static void test_chronological(void **state)
{
    (void)state;
    nn_import_split split = {.way = NN_IMPORT_CHRONOLOGICAL, .validation = 0.1, .test = 0.2, .rows = 101};
    int last = NN_IMPORT_TRAIN;
    int64_t counts[NN_IMPORT_PARTS] = {0};
    for (int64_t row = 0; row < split.rows; row++) {
        int part;
        assert_int_equal(nn_import_split_part(&split, row, 0, &part), NN_OK);
        assert_true(part >= last);
        last = part;
        counts[part]++;
    }
    assert_int_equal(counts[NN_IMPORT_TRAIN], 71);
    assert_int_equal(counts[NN_IMPORT_VALIDATION], 10);
    assert_int_equal(counts[NN_IMPORT_TEST], 20);
    for (int part = 0; part < NN_IMPORT_PARTS; part++)
        assert_int_equal(counts[part], nn_import_split_rows(&split, part));
}

static void test_no_label(void **state)
{
    (void)state;
    int part;
    nn_import_split split = {.way = NN_IMPORT_STRATIFIED, .test = 0.1, .rows = 10};
    assert_int_equal(nn_import_split_part(&split, 7, -1, &part), NN_ERROR_DATA);
    assert_non_null(strstr(nn_error_text(), "row 7"));
    nn_memory_fail_at(1);
    assert_int_equal(nn_import_split_part(&split, 7, 3, &part), NN_ERROR_MEMORY);
    nn_memory_fail_at(0);
    nn_import_split_release(&split);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_is_exact),  cmocka_unit_test(test_large_shares),
        cmocka_unit_test(test_random_is_random), cmocka_unit_test(test_stratified),
        cmocka_unit_test(test_chronological),    cmocka_unit_test(test_no_label),
        cmocka_unit_test(test_small_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
