/* The identity of the data, so that a run is not resumed with different data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "opened.h"

enum { ROWS = 60, STEPS = 3, PARTS = 3 };

/* Every dataset of a part; one value of one of them may differ. */
typedef struct written {
    const char *changed; /* the dataset; NULL: none */
    int64_t row;
    hid_t type; /* type of the inputs */
    hsize_t chunk;
    double more; /* added to that value */
} written;

static void write_one(hid_t file, const char *name, hid_t type, hsize_t columns, hsize_t chunk,
                      double value(int64_t), const written *how)
{
    double values[ROWS * STEPS];
    const hsize_t extents[2] = {ROWS, columns};
    for (int64_t i = 0; i < ROWS * (int64_t)columns; i++) values[i] = value(i);
    if (how->changed && strcmp(how->changed, name) == 0) values[how->row * (int64_t)columns] += how->more;
    files_add(file, name, type, H5T_NATIVE_DOUBLE, 2, extents, chunk, values);
}

static double value_of_input(int64_t i)
{
    return (double)(i % 7);
}

static double value_of_label(int64_t i)
{
    return (double)(i % 2);
}

static double value_of_length(int64_t i)
{
    return (double)(1 + i % 2);
}

static void write_parts(const char *path, const written *how)
{
    static const char *const parts[PARTS] = {"", "_validation", "_test"};
    hid_t file = files_create(path);
    for (int p = 0; p < PARTS; p++) {
        char name[32];
        snprintf(name, sizeof name, "x%s", parts[p]);
        write_one(file, name, how->type, STEPS, how->chunk, value_of_input, how);
        snprintf(name, sizeof name, "y%s", parts[p]);
        write_one(file, name, H5T_STD_U8LE, 1, 0, value_of_label, how);
        snprintf(name, sizeof name, "l%s", parts[p]);
        write_one(file, name, H5T_STD_U8LE, 1, 0, value_of_length, how);
        snprintf(name, sizeof name, "w%s", parts[p]);
        write_one(file, name, H5T_IEEE_F32LE, 1, 0, value_of_length, how);
    }
    write_one(file, "g", H5T_STD_I32LE, 1, 0, value_of_input, how);
    H5Fclose(file);
}

static nn_data_options parts_options(void)
{
    nn_data_options options = files_options();
    options.parts[NN_VALIDATION] = files_part("x_validation", "y_validation");
    options.parts[NN_TEST] = files_part("x_test", "y_test");
    static const char *const lengths[PARTS] = {"l", "l_validation", "l_test"}, *const weights[PARTS] = {
                                                                                   "w", "w_validation",
                                                                                   "w_test"};
    for (int p = 0; p < PARTS; p++) {
        options.parts[p].lengths = (char *)lengths[p];
        options.parts[p].weights = (char *)weights[p];
    }
    return options;
}

/* The identity lines of a data set, and its number. */
static char *lines_of(const nn_data_options *options, uint64_t *number)
{
    nn_dataset *dataset = open_ok(options, true);
    char *lines = strdup(nn_dataset_identity_lines(dataset));
    *number = nn_dataset_identity(dataset);
    nn_dataset_close(dataset);
    return lines;
}

/* What has changed since `was`: owned by the caller. */
static nn_text changes_since(const char *was, const nn_data_options *options, uint64_t *number)
{
    nn_text changes = {0};
    char *is = lines_of(options, number);
    nn_data_identity_compare(was, is, &changes);
    free(is);
    return changes;
}

static void expect_changed(const char *was, uint64_t before, const nn_data_options *options, const char *part)
{
    uint64_t number;
    nn_text changes = changes_since(was, options, &number);
    if (!changes.bytes || !strstr(changes.bytes, part))
        fail_msg("not noticed: %s, but \"%s\"", part, changes.bytes ? changes.bytes : "");
    if (strchr(changes.bytes + 1, '\n')) fail_msg("more than one change: %s", changes.bytes);
    assert_true(number != before);
    nn_text_free(&changes);
}

static void expect_same(const char *was, uint64_t before, const nn_data_options *options)
{
    uint64_t number;
    nn_text changes = changes_since(was, options, &number);
    if (changes.bytes) fail_msg("reported as changed: %s", changes.bytes);
    assert_true(number == before);
    nn_text_free(&changes);
}

/* If it fails: a run is resumed with different data that affects it: for example, the best weights on one
 * validation part are kept for another. */
static void every_dataset_counts(void **state)
{
    (void)state;
    static const char *const datasets[] = {"x", "y", "l", "w"};
    static const char *const names[] = {"x", "y", "lengths", "weights"};
    static const char *const parts[] = {"", "_validation", "_test"};
    written how = {.type = H5T_STD_U8LE, .more = 1};
    uint64_t number;
    write_parts("d.h5", &how);
    nn_data_options options = parts_options();
    char *lines = lines_of(&options, &number);
    for (int p = 0; p < PARTS; p++)
        for (int d = 0; d < 4; d++)
            for (int64_t row = 0; row < ROWS; row += 59) {
                char dataset[32], expected[96];
                snprintf(dataset, sizeof dataset, "%s%s", datasets[d], parts[p]);
                snprintf(expected, sizeof expected, "data.%s.%s, dataset \"%s\" of ",
                         p == 0 ? "train" : parts[p] + 1, names[d], dataset);
                how.changed = dataset;
                how.row = row;
                how.more = d == 1 && row == 59 ? -1 : 1;
                write_parts("d.h5", &how);
                options.cache = row == 0 ? NN_CACHE_MEMORY : NN_CACHE_STREAM;
                expect_changed(lines, number, &options, expected);
            }
    free(lines);
}

/* If it fails: a resumed run trains on samples that it validated on before. */
static void groups_of_a_split_count(void **state)
{
    (void)state;
    written how = {.type = H5T_STD_U8LE, .more = 1};
    uint64_t number;
    write_parts("d.h5", &how);
    nn_data_options options = files_options();
    options.split = (nn_split_options){.validation = 0.3, .by = NN_SPLIT_BY_GROUP, .group = (char *)"g"};
    char *lines = lines_of(&options, &number);
    how.changed = "g";
    how.row = 10;
    write_parts("d.h5", &how);
    expect_changed(lines, number, &options, "data.split.group, dataset \"g\" of ");
    free(lines);
}

/* If it fails: a moved or repacked file is refused. */
static void storage_does_not_count(void **state)
{
    (void)state;
    written how = {.type = H5T_STD_U8LE};
    uint64_t number;
    write_parts("d.h5", &how);
    nn_data_options options = parts_options();
    char *lines = lines_of(&options, &number);
    options.file = files_text("moved.h5");
    for (int cache = NN_CACHE_MEMORY; cache <= NN_CACHE_STREAM; cache++)
        for (hsize_t chunk = 0; chunk < 20; chunk += 7) {
            options.cache = cache;
            how.chunk = chunk;
            how.type = chunk == 7 ? H5T_IEEE_F64BE : H5T_IEEE_F32LE;
            write_parts("moved.h5", &how);
            expect_same(lines, number, &options);
        }
    free(lines);
}

/* Rows [first, first + rows) of a series. */
static void write_series(const char *name, int64_t first, int64_t rows)
{
    double values[100];
    for (int64_t i = 0; i < rows; i++) values[i] = (double)((first + i) * (first + i) % 17);
    hid_t file = files_create(name);
    files_add_rows(file, "x", H5T_STD_U8LE, (hsize_t)rows, 1, values);
    for (int64_t i = 0; i < rows; i++) values[i] = (double)((first + i) % 2);
    files_add_column(file, "y", H5T_STD_U8LE, (hsize_t)rows, values);
    H5Fclose(file);
}

static void write_two_files(int64_t cut)
{
    write_series("series-1.h5", 0, cut);
    write_series("series-2.h5", cut, 90 - cut);
}

/* If it fails: windows, which do not cross files, silently change on a resume; or independent rows are
 * refused because they are in different files. */
static void ends_of_files_count_where_samples_do_not_cross_them(void **state)
{
    (void)state;
    uint64_t number;
    nn_data_options options = files_options();
    options.file = files_text("series-?.h5");
    for (int how = 0; how < 4; how++) {
        options.window.length = how == 1 ? 5 : 0;
        options.shuffle = how == 2 ? NN_SHUFFLE_STATEFUL : NN_SHUFFLE_NONE;
        options.split = (nn_split_options){.validation = how == 3 ? 0.4 : 0, .by = NN_SPLIT_BY_FILE};
        if (how != 3) options.split.by = NN_SPLIT_BY_SAMPLE;
        write_two_files(30);
        char *lines = lines_of(&options, &number);
        write_two_files(40);
        if (how == 0)
            expect_same(lines, number, &options);
        else
            expect_changed(lines, number, &options,
                           "data.train.file: rows are divided into files differently");
        free(lines);
    }
}

/* A wide file of bytes, too many to be read for the identity alone. */
static void write_large(int64_t rows, int64_t columns, int64_t changed)
{
    const hsize_t extents[2] = {(hsize_t)rows, (hsize_t)columns};
    unsigned char *x = calloc((size_t)rows, (size_t)columns);
    double *y = calloc((size_t)rows, sizeof *y);
    for (int64_t i = 0; i < rows * columns; i++) x[i] = (unsigned char)(i % 251);
    for (int64_t i = 0; i < rows; i++) y[i] = (double)(i % 2);
    if (changed >= 0) x[changed]++;
    hid_t file = files_create("large.h5");
    files_add(file, "x", H5T_STD_U8LE, H5T_NATIVE_UINT8, 2, extents, 0, x);
    files_add_column(file, "y", H5T_STD_U8LE, (hsize_t)rows, y);
    H5Fclose(file);
    free(x);
    free(y);
}

/* If it fails: a changed value of a large, fully scanned data set is not detected; or values that were not
 * scanned are reported as compared. */
static void a_large_dataset_is_compared_as_far_as_it_was_read(void **state)
{
    (void)state;
    enum { LARGE = 4200, WIDE = 4000 };
    uint64_t number, now;
    write_large(LARGE, WIDE, -1);
    nn_data_options options = files_options();
    options.file = files_text("large.h5");
    options.split = (nn_split_options){.validation = 0.1, .seed = 3};
    char *lines = lines_of(&options, &number);
    options.cache = NN_CACHE_STREAM;
    options.memory = 2;
    expect_same(lines, number, &options);
    write_large(LARGE, WIDE, 2030 * WIDE + 1);
    for (int check = NN_CHECK_ALL; check <= NN_CHECK_NONE; check++) {
        nn_text names = {0};
        options.check = check;
        files_field(&options, "x")->normalize =
            check == NN_CHECK_NONE ? NN_NORMALIZE_NONE : NN_NORMALIZE_AUTO;
        files_field(&options, "y")->classes = 2;
        nn_text changes = changes_since(lines, &options, &now);
        char *is = lines_of(&options, &now);
        nn_data_identity_unseen(is, &names);
        assert_true(now == number); /* the same number for both ways of reading */
        assert_true((changes.bytes != NULL) == (check == NN_CHECK_ALL));
        if (check == NN_CHECK_NONE) assert_string_equal(names.bytes, "data.train.x");
        if (check == NN_CHECK_ALL) assert_null(names.bytes);
        free(is);
        nn_text_free(&changes);
        nn_text_free(&names);
    }
    free(lines);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_dataset_counts),
        cmocka_unit_test(groups_of_a_split_count),
        cmocka_unit_test(storage_does_not_count),
        cmocka_unit_test(ends_of_files_count_where_samples_do_not_cross_them),
        cmocka_unit_test(a_large_dataset_is_compared_as_far_as_it_was_read),
    };
    int failures;
    RUN_TESTS(argc, argv, tests, failures);
    return failures;
}
