/* Files that number their classes and categories, or order their columns, differently are mapped by name, in
 * memory and in a stream. Each test fails when numbers of one file are read as those of another. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "opened.h"

enum { ROWS = 24, NAMES_MOST = 400 };

static void add_names(hid_t file, const char *name, hsize_t count, const char *const *names)
{
    static char texts[NAMES_MOST][16];
    hid_t type = H5Tcopy(H5T_C_S1), links = H5Pcreate(H5P_LINK_CREATE);
    hid_t space = H5Screate_simple(1, &count, NULL);
    for (hsize_t i = 0; i < count; i++) snprintf(texts[i], sizeof texts[i], "%s", names[i]);
    H5Tset_size(type, sizeof texts[0]);
    H5Pset_create_intermediate_group(links, 1);
    hid_t dataset = H5Dcreate2(file, name, type, space, links, H5P_DEFAULT, H5P_DEFAULT);
    if (dataset < 0 || H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, texts) < 0) abort();
    H5Dclose(dataset);
    H5Sclose(space);
    H5Pclose(links);
    H5Tclose(type);
}

/* ---- a table: weight, colour, size; and a fruit ---- */

/* How a file stores the table: columns[c] is the position of column c; colours and fruits are the numbers. */
typedef struct spelling {
    int columns[3], colours[3], fruits[4];
} spelling;

static const spelling plain = {{0, 1, 2}, {0, 1, 2}, {0, 1, 2, 3}};
static const spelling other = {{2, 0, 1}, {1, 2, 0}, {3, 0, 2, 1}};

static const char *const column_names[] = {"weight", "colour", "size"};
static const char *const colour_names[] = {"blue", "green", "red"};
static const char *const fruit_names[] = {"apple", "cherry", "lemon", "plum"};

static int fruit_of(int row)
{
    return row * 7 % 4;
}

static void add_in_order(hid_t file, const char *name, int count, const char *const *names, const int *places)
{
    const char *ordered[8];
    for (int i = 0; i < count; i++) ordered[places[i]] = names[i];
    add_names(file, name, (hsize_t)count, ordered);
}

static void write_table(const char *name, const spelling *as, bool one_hot)
{
    double x[ROWS][3], y[ROWS], hot[ROWS][4] = {{0}};
    for (int i = 0; i < ROWS; i++) {
        x[i][as->columns[0]] = files_number((uint64_t)i);
        x[i][as->columns[1]] = as->colours[i * 5 % 3];
        x[i][as->columns[2]] = i;
        y[i] = as->fruits[fruit_of(i)];
        hot[i][as->fruits[fruit_of(i)]] = 1;
    }
    hid_t file = files_create(name);
    files_add_rows(file, "x", H5T_NATIVE_FLOAT, ROWS, 3, &x[0][0]);
    if (one_hot)
        files_add_rows(file, "y", H5T_STD_U8LE, ROWS, 4, &hot[0][0]);
    else
        files_add_column(file, "y", H5T_STD_U8LE, ROWS, y);
    add_in_order(file, "x_columns", 3, column_names, as->columns);
    add_in_order(file, "x_categories/colour", 3, colour_names, as->colours);
    add_in_order(file, "y_classes", 4, fruit_names, as->fruits);
    H5Fclose(file);
}

/* The first `rows` samples of two parts, or of one part from `second` on, are equal. */
static void expect_equal(const nn_data_options *options, nn_part part, int64_t second)
{
    nn_real x[2][ROWS * 3];
    int64_t labels[2][ROWS];
    nn_dataset *dataset = open_ok(options, true);
    gather_ok(dataset, NN_TRAIN, 0, ROWS, x[0], NULL, labels[0]);
    gather_ok(dataset, part, second, ROWS, x[1], NULL, labels[1]);
    assert_memory_equal(x[0], x[1], sizeof x[0]);
    assert_memory_equal(labels[0], labels[1], sizeof labels[0]);
    for (int i = 0; i < ROWS; i++) assert_int_equal(labels[0][i], fruit_of(i));
    assert_string_equal(nn_dataset_target(dataset, 0)->class_names, "apple\ncherry\nlemon\nplum");
    const nn_names *names = &nn_dataset_names(dataset)->items[0];
    assert_string_equal(names->columns.items[1], "colour");
    assert_string_equal(nn_names_categories(names, 1)->items[2], "red");
    nn_dataset_close(dataset);
}

static void in_both(nn_data_options options, nn_part part, int64_t second)
{
    for (int cache = NN_CACHE_MEMORY; cache <= NN_CACHE_STREAM; cache++) {
        options.cache = cache;
        expect_equal(&options, part, second);
    }
}

static void parts_of_two_files_mean_the_same(void **state)
{
    (void)state;
    nn_data_options options = files_options();
    write_table("d.h5", &plain, false);
    write_table("e.h5", &other, false);
    options.parts[NN_TEST] = files_part("x", "y");
    options.parts[NN_TEST].file = files_text("e.h5");
    in_both(options, NN_TEST, 0);
    expect_same_from_stream(options, true);
    write_table("e.h5", &other, true);
    in_both(options, NN_TEST, 0);
}

static void files_of_one_part_mean_the_same(void **state)
{
    (void)state;
    char *items[] = {(char *)"d.h5", (char *)"e.h5"};
    nn_data_options options = files_options();
    write_table("d.h5", &plain, false);
    write_table("e.h5", &other, false);
    options.file = files_list(items, 2);
    in_both(options, NN_TRAIN, ROWS);
    expect_same_from_stream(options, true);
}

/* Files of the first part extend the list; further parts must not. */
static void classes_of_files_are_joined(void **state)
{
    (void)state;
    const double x[4] = {1, 2, 3, 4}, y[4] = {0, 1, 0, 1};
    const char *const first[] = {"cat", "dog"}, *const second[] = {"owl", "cat"},
                      *const third[] = {"dog", "bee"};
    char *items[] = {(char *)"d.h5", (char *)"e.h5"};
    const char *const *lists[] = {first, second, third};
    static const char *const files[] = {"d.h5", "e.h5", "f.h5"};
    nn_data_options options = files_options();
    int64_t labels[8];
    for (int i = 0; i < 3; i++) {
        hid_t file = files_create(files[i]);
        files_add_column(file, "x", H5T_NATIVE_FLOAT, 4, x);
        files_add_column(file, "y", H5T_STD_U8LE, 4, y);
        add_names(file, "y_classes", 2, lists[i]);
        H5Fclose(file);
    }
    options.file = files_list(items, 2);
    nn_dataset *dataset = open_ok(&options, true);
    assert_string_equal(nn_dataset_target(dataset, 0)->class_names, "cat\ndog\nowl");
    assert_int_equal(nn_dataset_target(dataset, 0)->classes, 3);
    gather_ok(dataset, NN_TRAIN, 0, 8, NULL, NULL, labels);
    const int64_t expected[8] = {0, 1, 0, 1, 2, 0, 2, 0};
    assert_memory_equal(labels, expected, sizeof labels);
    nn_dataset_close(dataset);
    options.parts[NN_VALIDATION] = files_part("x", "y");
    options.parts[NN_VALIDATION].file = files_text("f.h5");
    expect_refused(&options, true, "has the class 'bee', which is not known to");
    expect_message("the names there: cat, dog, owl; the names here: dog, bee");
    expect_message("f.h5");
}

/* ---- unknown names ---- */

static void write_validation(const char *const *columns, const char *const *colours, int width)
{
    double x[2][4] = {{0}}, rows[8];
    const double y[2] = {0, 1};
    for (int i = 0; i < 2 * width; i++) rows[i] = x[i / width][i % width];
    hid_t file = files_create("e.h5");
    files_add_rows(file, "x", H5T_NATIVE_FLOAT, 2, (hsize_t)width, rows);
    files_add_column(file, "y", H5T_STD_U8LE, 2, y);
    add_names(file, "x_columns", (hsize_t)width, columns);
    add_names(file, "x_categories/colour", 2, colours);
    add_names(file, "y_classes", 4, fruit_names);
    H5Fclose(file);
}

static void unknown_names_are_reported(void **state)
{
    (void)state;
    const char *const known[] = {"red", "blue"}, *const unknown[] = {"red", "pink"};
    const char *const renamed[] = {"weight", "colour", "length"};
    const char *const more[] = {"size", "colour", "weight", "price"};
    nn_data_options options = files_options();
    write_table("d.h5", &plain, false);
    options.parts[NN_VALIDATION] = files_part("x", "y");
    options.parts[NN_VALIDATION].file = files_text("e.h5");
    write_validation(column_names, unknown, 3);
    expect_refused(&options, true, "has the category 'pink' of column 'colour', which is not known to");
    expect_message("the names there: blue, green, red; the names here: red, pink");
    write_validation(renamed, known, 3);
    expect_refused(&options, true, "lacks the column 'size'");
    expect_message("the names there: weight, colour, size; the names here: weight, colour, length");
    write_validation(more, known, 4);
    expect_refused(&options, true, "has the column 'price'");
    /* Columns that are used must be there; others are ignored. */
    char *picks[] = {(char *)"weight", (char *)"colour"};
    files_field(&options, "x")->columns = files_list(picks, 2);
    nn_dataset_close(open_ok(&options, true));
    write_validation(renamed, known, 3);
    nn_dataset_close(open_ok(&options, true));
}

/* A number beyond the end of its list is reported when it is read. */
static void numbers_without_a_name_are_reported(void **state)
{
    (void)state;
    const double x[2][3] = {{1, 2, 3}, {1, 7, 3}}, y[2] = {0, 1};
    nn_data_options options = files_options();
    write_table("d.h5", &plain, false);
    hid_t file = files_create("e.h5");
    files_add_rows(file, "x", H5T_NATIVE_FLOAT, 2, 3, &x[0][0]);
    files_add_column(file, "y", H5T_STD_U8LE, 2, y);
    add_names(file, "x_columns", 3, column_names);
    add_in_order(file, "x_categories/colour", 3, colour_names, other.colours);
    H5Fclose(file);
    options.parts[NN_VALIDATION] = files_part("x", "y");
    options.parts[NN_VALIDATION].file = files_text("e.h5");
    expect_refused(&options, true, "column 'colour': the number 7 has no name");
}

/* ---- symbols ---- */

/* An index of bytes whose numbers in the data set are too large for a byte. */
static void symbols_are_mapped(void **state)
{
    (void)state;
    static char texts[NAMES_MOST][16];
    const char *names[NAMES_MOST], *const few[] = {"s300", "s2", "s299"};
    double x[NAMES_MOST];
    const double own[3] = {0, 1, 2}, y[NAMES_MOST] = {0, 1};
    nn_data_options options = files_options();
    for (int i = 0; i < NAMES_MOST; i++) {
        snprintf(texts[i], sizeof texts[i], "s%d", i);
        names[i] = texts[i];
        x[i] = i;
    }
    hid_t file = files_create("d.h5");
    files_add_column(file, "x", H5T_STD_U16LE, NAMES_MOST, x);
    files_add_column(file, "y", H5T_STD_U8LE, NAMES_MOST, y);
    add_names(file, "x_classes", NAMES_MOST, names);
    H5Fclose(file);
    file = files_create("e.h5");
    files_add_column(file, "x", H5T_STD_U8LE, 3, own);
    files_add_column(file, "y", H5T_STD_U8LE, 3, y);
    add_names(file, "x_classes", 3, few);
    H5Fclose(file);
    files_field(&options, "x")->kind = NN_KIND_INDEX;
    options.parts[NN_TEST] = files_part("x", "y");
    options.parts[NN_TEST].file = files_text("e.h5");
    for (int cache = NN_CACHE_MEMORY; cache <= NN_CACHE_STREAM; cache++) {
        nn_real found[3];
        options.cache = cache;
        nn_dataset *dataset = open_ok(&options, true);
        assert_int_equal(nn_dataset_input(dataset)->classes, NAMES_MOST);
        gather_ok(dataset, NN_TEST, 0, 3, found, NULL, NULL);
        assert_true(found[0] == 300 && found[1] == 2 && found[2] == 299);
        nn_dataset_close(dataset);
    }
}

/* The categories of one column, looked up by an embedding. */
static void categories_are_indices(void **state)
{
    (void)state;
    char *colour[] = {(char *)"colour"};
    nn_data_options options = files_options();
    write_table("d.h5", &plain, false);
    files_field(&options, "x")->kind = NN_KIND_INDEX;
    files_field(&options, "x")->columns = files_list(colour, 1);
    nn_dataset *dataset = open_ok(&options, true);
    assert_int_equal(nn_dataset_input(dataset)->classes, 3);
    assert_string_equal(nn_dataset_input(dataset)->class_names, "blue\ngreen\nred");
    nn_dataset_close(dataset);
}

/* ---- names of an earlier run ---- */

static nn_dataset *open_known(const nn_data_options *options, nn_data_known known, nn_names_set *set)
{
    static const nn_scaling none = {0};
    const nn_known_target target = {.classes = 4};
    nn_dataset *dataset = NULL;
    if (known.use != NN_DATA_NAMES_BEGIN) {
        known.input = &none;
        known.targets = &target;
    }
    known.names = set;
    known.names_from = "run/best.h5";
    if (files_open(comm, options, 7, &(nn_target_wanted){.classes = true}, 1, &known, &dataset) != NN_OK)
        return NULL;
    return dataset;
}

static void names_of_a_run_are_kept(void **state)
{
    (void)state;
    nn_names_set set = {0};
    nn_data_options options = files_options();
    nn_real x[ROWS * 3];
    int64_t labels[ROWS];
    write_table("d.h5", &plain, false);
    nn_dataset *dataset = open_ok(&options, true);
    assert_int_equal(nn_names_set_copy(nn_dataset_names(dataset), &set), NN_OK);
    nn_dataset_close(dataset);
    write_table("d.h5", &other, false);
    for (int use = NN_DATA_NAMES_FIXED; use <= NN_DATA_NAMES_BEGIN; use++) {
        dataset = open_known(&options, (nn_data_known){.use = (nn_data_names_use)use}, &set);
        assert_non_null(dataset);
        gather_ok(dataset, NN_TRAIN, 0, ROWS, x, NULL, labels);
        for (int i = 0; i < ROWS; i++) assert_int_equal(labels[i], fruit_of(i));
        for (int i = 0; i < ROWS && use != NN_DATA_NAMES_BEGIN; i++) assert_true(x[i * 3 + 1] == i * 5 % 3);
        assert_true(nn_names_equal(&nn_dataset_names(dataset)->items[0], &set.items[0]));
        nn_dataset_close(dataset);
    }
    nn_names_set_release(&set);
}

/* A class that a run lacks: an error when scored, but shown by name otherwise; a new run makes its own
 * list. */
static void new_classes_of_a_run(void **state)
{
    (void)state;
    const double x[4] = {1, 2, 3, 4}, y[4] = {0, 1, 0, 1};
    const char *const old[] = {"cat", "dog"}, *const new[] = {"bee", "cat"};
    nn_names_set set = {0};
    nn_data_options options = files_options();
    int64_t labels[4];
    for (int i = 0; i < 2; i++) {
        hid_t file = files_create("d.h5");
        files_add_column(file, "x", H5T_NATIVE_FLOAT, 4, x);
        files_add_column(file, "y", H5T_STD_U8LE, 4, y);
        add_names(file, "y_classes", 2, i == 0 ? old : new);
        H5Fclose(file);
        if (i > 0) break;
        nn_dataset *dataset = open_ok(&options, true);
        assert_int_equal(nn_names_set_copy(nn_dataset_names(dataset), &set), NN_OK);
        nn_dataset_close(dataset);
    }
    assert_null(open_known(&options, (nn_data_known){.use = NN_DATA_NAMES_FIXED}, &set));
    expect_message("has the class 'bee', which is not known to run/best.h5");
    nn_dataset *dataset = open_known(&options, (nn_data_known){.use = NN_DATA_NAMES_OPEN}, &set);
    assert_non_null(dataset);
    gather_ok(dataset, NN_TRAIN, 0, 4, NULL, NULL, labels);
    assert_true(labels[0] == 2 && labels[1] == 0);
    assert_string_equal(nn_dataset_target(dataset, 0)->class_names, "cat\ndog\nbee");
    nn_dataset_close(dataset);
    dataset = open_known(&options, (nn_data_known){.use = NN_DATA_NAMES_BEGIN}, &set);
    assert_non_null(dataset);
    assert_string_equal(nn_dataset_target(dataset, 0)->class_names, "bee\ncat");
    nn_dataset_close(dataset);
    nn_names_set_release(&set);
}

/* Numeric names mean these numbers, next to files without names. */
static void numbers_next_to_names(void **state)
{
    (void)state;
    const double x[4] = {1, 2, 3, 4}, all[4] = {0, 1, 2, 1}, some[4] = {0, 1, 1, 0};
    const char *const names[] = {"1", "2"};
    char *items[] = {(char *)"d.h5", (char *)"e.h5"};
    nn_data_options options = files_options();
    int64_t labels[4];
    for (int i = 0; i < 2; i++) {
        hid_t file = files_create(i == 0 ? "d.h5" : "e.h5");
        files_add_column(file, "x", H5T_NATIVE_FLOAT, 4, x);
        files_add_column(file, "y", H5T_STD_U8LE, 4, i == 0 ? all : some);
        if (i == 1) add_names(file, "y_classes", 2, names);
        H5Fclose(file);
    }
    options.parts[NN_VALIDATION] = files_part("x", "y");
    options.parts[NN_VALIDATION].file = files_text("e.h5");
    for (int shards = 0; shards < 2; shards++) {
        const int64_t expected[4] = {1, 2, 2, 1};
        if (shards) {
            options.parts[NN_VALIDATION] = (nn_part_options){0};
            options.file = files_list(items, 2);
        }
        nn_dataset *dataset = open_ok(&options, true);
        assert_int_equal(nn_dataset_target(dataset, 0)->classes, 3);
        gather_ok(dataset, shards ? NN_TRAIN : NN_VALIDATION, shards ? 4 : 0, 4, NULL, NULL, labels);
        assert_memory_equal(labels, expected, sizeof labels);
        nn_dataset_close(dataset);
    }
}

/* Numeric names match a run whose classes have no names. */
static void numbers_as_names(void **state)
{
    (void)state;
    const double x[4] = {1, 2, 3, 4}, y[4] = {0, 1, 0, 1};
    const char *const names[] = {"1", "3"};
    nn_names_set set = {.count = 2};
    nn_data_options options = files_options();
    int64_t labels[4];
    hid_t file = files_create("d.h5");
    files_add_column(file, "x", H5T_NATIVE_FLOAT, 4, x);
    files_add_column(file, "y", H5T_STD_U8LE, 4, y);
    add_names(file, "y_classes", 2, names);
    H5Fclose(file);
    set.items[0].key = (char *)"x";
    set.items[1].key = (char *)"y";
    nn_dataset *dataset = open_known(&options, (nn_data_known){.use = NN_DATA_NAMES_FIXED}, &set);
    assert_non_null(dataset);
    gather_ok(dataset, NN_TRAIN, 0, 4, NULL, NULL, labels);
    assert_true(labels[0] == 1 && labels[1] == 3 && labels[2] == 1);
    nn_dataset_close(dataset);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_of_two_files_mean_the_same),
        cmocka_unit_test(files_of_one_part_mean_the_same),
        cmocka_unit_test(classes_of_files_are_joined),
        cmocka_unit_test(unknown_names_are_reported),
        cmocka_unit_test(numbers_without_a_name_are_reported),
        cmocka_unit_test(symbols_are_mapped),
        cmocka_unit_test(categories_are_indices),
        cmocka_unit_test(names_of_a_run_are_kept),
        cmocka_unit_test(new_classes_of_a_run),
        cmocka_unit_test(numbers_as_names),
        cmocka_unit_test(numbers_next_to_names),
    };
    int failures;
    RUN_TESTS(argc, argv, tests, failures);
    return failures;
}
