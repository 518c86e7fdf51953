/* Folds for cross-validation: which samples are for validation in which fold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "opened.h"

enum { FOLDS_ROWS = 5000 };

/* A file of `rows` rows: x is the row plus `first`, y a label, g a group of 1 to 40 rows. */
static void write_rows(const char *name, int64_t rows, int64_t first)
{
    static double x[FOLDS_ROWS], y[FOLDS_ROWS], g[FOLDS_ROWS];
    for (int64_t i = 0, group = 0; i < rows; i++) {
        x[i] = (double)(first + i);
        y[i] = (double)split_label(i % SPLIT_ROWS);
        g[i] = (double)group;
        group += files_number((uint64_t)i) < 0.08;
    }
    hid_t file = files_create(name);
    files_add_column(file, "x", H5T_STD_U32LE, (hsize_t)rows, x);
    files_add_column(file, "y", H5T_STD_U8LE, (hsize_t)rows, y);
    files_add_column(file, "g", H5T_STD_I16LE, (hsize_t)rows, g);
    H5Fclose(file);
}

static int64_t group_of(int64_t row)
{
    int64_t group = 0;
    for (int64_t i = 0; i < row; i++) group += files_number((uint64_t)i) < 0.08;
    return group;
}

/* Which fold each row is in (-1: the test part), of all folds in turn. Every row is in one, the test part is
 * always the same, and each fold trains on all rows that it does not hold out. sizes: of the folds. */
static void take_folds(nn_data_options options, int64_t rows, int *fold_of, int64_t *sizes)
{
    static bool tested[FOLDS_ROWS];
    memset(tested, 0, sizeof tested);
    for (int64_t i = 0; i < rows; i++) fold_of[i] = -1;
    for (int64_t f = 1; f <= options.split.folds; f++) {
        static bool held_out[FOLDS_ROWS];
        memset(held_out, 0, sizeof held_out);
        options.split.fold = f;
        nn_dataset *dataset = open_ok(&options, true);
        int64_t count = nn_dataset_count(dataset, NN_VALIDATION), all = count;
        sizes[f - 1] = count;
        for (int64_t s = 0; s < count; s++) {
            int64_t row = nn_dataset_row(dataset, NN_VALIDATION, s);
            assert_int_equal(fold_of[row], -1);
            fold_of[row] = (int)f;
            held_out[row] = true;
        }
        for (int64_t s = 0; s < nn_dataset_count(dataset, NN_TEST); s++, all++) {
            int64_t row = nn_dataset_row(dataset, NN_TEST, s);
            assert_false(held_out[row]);
            assert_true(f == 1 || tested[row]);
            held_out[row] = tested[row] = true;
        }
        for (int64_t s = 0; s < nn_dataset_count(dataset, NN_TRAIN); s++, all++) {
            int64_t row = nn_dataset_row(dataset, NN_TRAIN, s);
            assert_false(held_out[row]);
            held_out[row] = true;
        }
        assert_int_equal(all, rows);
        nn_dataset_close(dataset);
    }
    for (int64_t i = 0; i < rows; i++) assert_true(tested[i] == (fold_of[i] < 0));
}

/* If it fails: a row is validated in two folds or in none, or the test part leaks into training. */
static void every_row_is_in_one_fold(void **state)
{
    (void)state;
    static const struct {
        int64_t rows, folds;
        double test;
    } cases[] = {{7, 7, 0},     {10, 3, 0.2},   {64, 2, 0},     {1023, 5, 0.25},
                 {1025, 10, 0}, {5000, 4, 0.9}, {200, 100, 0.5}};
    static int fold_of[FOLDS_ROWS];
    int64_t sizes[100];
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        write_rows("d.h5", cases[n].rows, 0);
        nn_data_options options = files_options();
        options.split = (nn_split_options){.folds = cases[n].folds, .test = cases[n].test, .seed = 3};
        take_folds(options, cases[n].rows, fold_of, sizes);
        int64_t rest = cases[n].rows - (int64_t)(cases[n].test * (double)cases[n].rows + 0.5);
        for (int64_t f = 0; f < cases[n].folds; f++)
            assert_true(sizes[f] == rest / cases[n].folds || sizes[f] == rest / cases[n].folds + 1);
    }
}

/* If it fails: folds follow the order of the file, so that data in a pattern gives odd folds. */
static void folds_are_random(void **state)
{
    (void)state;
    static int fold_of[FOLDS_ROWS];
    int64_t sizes[2], same = 0, even = 0;
    write_rows("d.h5", FOLDS_ROWS, 0);
    nn_data_options options = files_options();
    options.split = (nn_split_options){.folds = 2, .seed = 3};
    take_folds(options, FOLDS_ROWS, fold_of, sizes);
    for (int64_t i = 1; i < FOLDS_ROWS; i++) same += fold_of[i] == fold_of[i - 1];
    for (int64_t i = 0; i < FOLDS_ROWS; i += 2) even += fold_of[i] == 1;
    assert_true(same > FOLDS_ROWS / 2 - 250 && same < FOLDS_ROWS / 2 + 250);
    assert_true(even > FOLDS_ROWS / 4 - 200 && even < FOLDS_ROWS / 4 + 200);
}

/* If it fails: the folds do not have the same classes. */
static void strata_differ_by_one(void **state)
{
    (void)state;
    enum { FOLDS = 6 };
    static int fold_of[FOLDS_ROWS];
    int64_t sizes[FOLDS], counts[FOLDS][4];
    for (int test = 0; test < 2; test++) {
        memset(counts, 0, sizeof counts);
        write_rows("d.h5", SPLIT_ROWS, 0);
        nn_data_options options = files_options();
        options.split =
            (nn_split_options){.folds = FOLDS, .test = test ? 0.13 : 0, .stratified = true, .seed = 5};
        take_folds(options, SPLIT_ROWS, fold_of, sizes);
        for (int64_t i = 0; i < SPLIT_ROWS; i++)
            if (fold_of[i] > 0) counts[fold_of[i] - 1][split_label(i)]++;
        for (int f = 0; f < FOLDS; f++)
            for (int other = 0; other < f; other++) {
                assert_true(llabs(sizes[f] - sizes[other]) <= 1);
                for (int c = 0; c < 4; c++) assert_true(llabs(counts[f][c] - counts[other][c]) <= 1);
            }
    }
}

/* If it fails: samples of one group are in training and in validation, or the folds are very uneven. */
static void groups_are_never_divided(void **state)
{
    (void)state;
    enum { FOLDS = 5 };
    static int fold_of[FOLDS_ROWS], of_group[FOLDS_ROWS];
    int64_t sizes[FOLDS];
    write_rows("d.h5", SPLIT_ROWS, 0);
    nn_data_options options = files_options();
    options.split = (nn_split_options){
        .folds = FOLDS, .test = 0.2, .by = NN_SPLIT_BY_GROUP, .group = (char *)"g", .seed = 5};
    take_folds(options, SPLIT_ROWS, fold_of, sizes);
    for (int64_t i = 0; i < SPLIT_ROWS; i++) of_group[group_of(i)] = fold_of[i];
    for (int64_t i = 0; i < SPLIT_ROWS; i++) assert_int_equal(of_group[group_of(i)], fold_of[i]);
    for (int f = 0; f < FOLDS; f++) assert_true(sizes[f] > 150 && sizes[f] < 170);
    options.split.folds = options.split.fold = 200;
    expect_refused(&options, true, "groups cannot make 200 folds");
}

/* If it fails: one file is in training and in validation. */
static void files_are_never_divided(void **state)
{
    (void)state;
    static int fold_of[FOLDS_ROWS];
    int64_t sizes[3];
    for (int i = 0; i < 7; i++) {
        char name[32];
        snprintf(name, sizeof name, "fold-%d.h5", i);
        write_rows(name, 60, 60 * i);
    }
    nn_data_options options = files_options();
    options.file = files_text("fold-*.h5");
    options.split = (nn_split_options){.folds = 3, .by = NN_SPLIT_BY_FILE, .seed = 5};
    take_folds(options, 420, fold_of, sizes);
    for (int64_t i = 0; i < 420; i++) assert_int_equal(fold_of[i], fold_of[i / 60 * 60]);
    for (int f = 0; f < 3; f++) assert_true(sizes[f] == 120 || sizes[f] == 180);
    options.split.folds = options.split.fold = 8;
    expect_refused(&options, true, "7 files cannot make 8 folds");
}

/* If it fails: a fold trains on the future. */
static void folds_in_time_train_on_the_past(void **state)
{
    (void)state;
    write_rows("d.h5", SPLIT_ROWS, 0);
    nn_data_options options = files_options();
    options.split = (nn_split_options){.folds = 4, .test = 0.1, .order = NN_SPLIT_CHRONOLOGICAL};
    files_field(&options, "y")->classes = 4;
    for (options.split.fold = 1; options.split.fold <= 4; options.split.fold++) {
        nn_dataset *dataset = open_ok(&options, true);
        int64_t begin = 180 * options.split.fold;
        assert_int_equal(nn_dataset_count(dataset, NN_TRAIN), begin);
        assert_int_equal(nn_dataset_row(dataset, NN_TRAIN, begin - 1), begin - 1);
        assert_int_equal(nn_dataset_count(dataset, NN_VALIDATION), 180);
        assert_int_equal(nn_dataset_row(dataset, NN_VALIDATION, 0), begin);
        assert_int_equal(nn_dataset_row(dataset, NN_VALIDATION, 179), begin + 179);
        assert_int_equal(nn_dataset_count(dataset, NN_TEST), 100);
        assert_int_equal(nn_dataset_row(dataset, NN_TEST, 0), 900);
        nn_dataset_close(dataset);
    }
}

/* If it fails: windows of training reach into the rows that are validated on. */
static void windows_in_time_do_not_overlap(void **state)
{
    (void)state;
    write_rows("d.h5", SPLIT_ROWS, 0);
    nn_data_options options = files_options();
    options.split = (nn_split_options){.folds = 4, .test = 0.1, .order = NN_SPLIT_AUTO};
    options.window.length = 10;
    options.parts[NN_TRAIN].y = files_name("y", "x");
    for (options.split.fold = 1; options.split.fold <= 4; options.split.fold++) {
        nn_dataset *dataset = open_ok(&options, false);
        int64_t begin = 180 * options.split.fold;
        assert_int_equal(nn_dataset_count(dataset, NN_TRAIN), begin - 10);
        assert_int_equal(nn_dataset_row(dataset, NN_TRAIN, begin - 11) + 10, begin - 1);
        assert_int_equal(nn_dataset_count(dataset, NN_VALIDATION), 170);
        assert_int_equal(nn_dataset_row(dataset, NN_VALIDATION, 0), begin);
        nn_dataset_close(dataset);
    }
}

/* If it fails: a stream gives other folds than memory. */
static void streams_have_the_same_folds(void **state)
{
    (void)state;
    write_rows("d.h5", 1009, 0);
    for (int kind = 0; kind < 2; kind++) {
        nn_data_options options = files_options();
        options.split =
            (nn_split_options){.folds = 3, .fold = 2, .test = 0.2, .stratified = kind == 1, .seed = 3};
        options.shuffle_window = 0.001;
        options.shuffle_block = 16;
        expect_same_from_stream(options, true);
    }
}

/* If it fails: what cannot be meant is taken for something else. */
static void folds_that_cannot_be_are_refused(void **state)
{
    (void)state;
    write_rows("d.h5", 100, 0);
    nn_data_options options = files_options();
    options.split = (nn_split_options){.folds = 101, .fold = 1};
    expect_refused(&options, true, "100 samples cannot make 101 folds");
    options.split.folds = 5;
    options.parts[NN_VALIDATION] = files_part("x", "y");
    expect_refused(&options, true, "data.split.folds and data.validation cannot both be given");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_in_one_fold),
        cmocka_unit_test(folds_are_random),
        cmocka_unit_test(strata_differ_by_one),
        cmocka_unit_test(groups_are_never_divided),
        cmocka_unit_test(files_are_never_divided),
        cmocka_unit_test(folds_in_time_train_on_the_past),
        cmocka_unit_test(windows_in_time_do_not_overlap),
        cmocka_unit_test(streams_have_the_same_folds),
        cmocka_unit_test(folds_that_cannot_be_are_refused),
    };
    int failures;
    RUN_TESTS(argc, argv, tests, failures);
    return failures;
}
