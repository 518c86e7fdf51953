/* Samples that are windows over a series: the rows that they see, those that they predict, and that no window
 * sees what it must not. */
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "opened.h"

enum { COLUMNS = 3, FILES = 2, ALL_ROWS = 47 };

static const int64_t file_rows[FILES] = {30, 17};

/* The value of column `column` at row `row`, counted over all files. */
static double series_value(int64_t row, int64_t column)
{
    return (double)(row * 10 + column) + 100 * files_number((uint64_t)(row * COLUMNS + column));
}

static int64_t series_label(int64_t row)
{
    return row * 7 % 4;
}

static void add_names(hid_t file, const char *dataset, size_t size, hsize_t count, const void *names)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, size);
    files_add(file, dataset, type, type, 1, &count, 0, names);
    H5Tclose(type);
}

/* Series "s", stored by row or by column, with column names, and labels "l". */
static void write_series(const char *name, int64_t first, int64_t rows, bool by_column)
{
    static const char names[COLUMNS][6] = {"open", "high", "close"};
    double s[ALL_ROWS * COLUMNS], l[ALL_ROWS];
    for (int64_t i = 0; i < rows; i++)
        for (int64_t c = 0; c < COLUMNS; c++)
            s[by_column ? c * rows + i : i * COLUMNS + c] = series_value(first + i, c);
    for (int64_t i = 0; i < rows; i++) l[i] = (double)series_label(first + i);
    hid_t file = files_create(name);
    hsize_t r = (hsize_t)rows;
    files_add_rows(file, "s", H5T_IEEE_F64LE, by_column ? COLUMNS : r, by_column ? r : COLUMNS, s);
    files_add_column(file, "l", H5T_STD_U8LE, r, l);
    add_names(file, "s_columns", sizeof *names, COLUMNS, names);
    H5Fclose(file);
}

static void write_files(bool by_column)
{
    write_series("s-0.h5", 0, file_rows[0], by_column);
    write_series("s-1.h5", file_rows[0], file_rows[1], by_column);
}

static int file_of(int64_t row)
{
    return row >= file_rows[0];
}

/* Windows over both files, not normalised. */
static nn_data_options window_options(int64_t length, int64_t horizon, int64_t stride)
{
    nn_data_options options = files_options();
    options.file = files_text("s-*.h5");
    options.parts[NN_TRAIN] = (nn_part_options){.x = files_name("x", "s")};
    options.window = (nn_data_window_options){.length = length, .horizon = horizon, .stride = stride};
    options.split.order = NN_SPLIT_AUTO;
    files_field(&options, "x")->normalize = NN_NORMALIZE_NONE;
    files_field(&options, "y")->normalize = NN_NORMALIZE_NONE;
    return options;
}

/* Expected properties of the targets. */
typedef struct expected {
    int64_t picked, columns[COLUMNS];
    bool every_step;
    int transform;
} expected;

static double expected_target(const nn_data_window_options *window, const expected *is, int64_t row,
                              int64_t i)
{
    int64_t column = is->columns[i % is->picked], step = is->every_step ? i / is->picked : window->length - 1;
    double value = series_value(row + step + window->horizon, column);
    if (is->transform == NN_TRANSFORM_LOG) return log(value);
    if (is->transform == NN_TRANSFORM_DIFFERENCE) return value - series_value(row + step, column);
    return value;
}

static void check_window(nn_dataset *dataset, const nn_data_window_options *window, const expected *is,
                         nn_part part, int64_t sample)
{
    nn_real inputs[ALL_ROWS * COLUMNS], targets[ALL_ROWS * COLUMNS];
    int64_t row = nn_dataset_row(dataset, part, sample), last = row + window->length - 1 + window->horizon;
    int64_t steps = is->every_step ? window->length : 1;
    gather_ok(dataset, part, sample, 1, inputs, targets, NULL);
    assert_true(row >= 0 && last < ALL_ROWS);
    assert_int_equal(file_of(row), file_of(last));
    for (int64_t i = 0; i < window->length * COLUMNS; i++)
        assert_true(inputs[i] == (nn_real)series_value(row + i / COLUMNS, i % COLUMNS));
    for (int64_t i = 0; i < steps * is->picked; i++) {
        double found = (double)targets[i], wanted = (double)(nn_real)expected_target(window, is, row, i);
        if (fabs(found - wanted) > 1e-5 * fabs(wanted))
            fail_msg("sample %lld, target %lld: %g, not %g", (long long)sample, (long long)i, found, wanted);
        const int64_t *seen = nn_dataset_target(dataset, 0)->seen;
        assert_int_equal(seen != NULL, is->transform == NN_TRANSFORM_DIFFERENCE);
        int64_t place =
            (is->every_step ? i / is->picked : window->length - 1) * COLUMNS + is->columns[i % is->picked];
        if (seen) assert_int_equal(seen[i], place);
    }
}

static int64_t windows_of(int64_t rows, const nn_data_window_options *window)
{
    int64_t reach = window->length + window->horizon;
    return rows < reach ? 0 : (rows - reach) / window->stride + 1;
}

static void check_windows(nn_data_options options, const expected *is)
{
    const nn_data_window_options *window = &options.window;
    const nn_shape input = {2, {window->length, COLUMNS}};
    for (options.cache = NN_CACHE_MEMORY; options.cache <= NN_CACHE_STREAM; options.cache++) {
        nn_dataset *dataset = open_ok(&options, false);
        int64_t count = windows_of(file_rows[0], window) + windows_of(file_rows[1], window);
        assert_int_equal(nn_dataset_count(dataset, NN_TRAIN), count);
        if (window->length > 1) assert_true(nn_shape_equal(nn_dataset_input(dataset)->shape, input));
        assert_int_equal(nn_shape_count(nn_dataset_target(dataset, 0)->shape),
                         (is->every_step ? window->length : 1) * is->picked);
        for (int64_t s = 0; s < count; s++) check_window(dataset, window, is, NN_TRAIN, s);
        nn_dataset_close(dataset);
    }
    expect_same_from_stream(options, false);
}

/* If it fails: a window sees or predicts the wrong rows, or reaches into another file. */
static void windows_see_their_rows(void **state)
{
    (void)state;
    static const int64_t cases[][3] = {{7, 1, 1},  {1, 1, 1}, {5, 3, 2}, {16, 1, 1},
                                       {20, 5, 3}, {4, 0, 4}, {29, 1, 1}};
    write_files(false);
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++)
        for (int every = 0; every < 2; every++) {
            nn_data_options options = window_options(cases[n][0], cases[n][1], cases[n][2]);
            expected is = {.picked = COLUMNS, .columns = {0, 1, 2}, .every_step = every};
            options.window.target = every ? NN_DATA_WINDOW_EVERY_STEP : NN_DATA_WINDOW_LAST;
            check_windows(options, &is);
        }
}

/* If it fails: the wrong column is predicted. */
static void targets_are_columns_by_name_or_number(void **state)
{
    (void)state;
    static char *names[] = {"close", "0"};
    write_files(false);
    for (int every = 0; every < 2; every++) {
        nn_data_options options = window_options(6, 2, 1);
        expected is = {.picked = 2, .columns = {2, 0}, .every_step = every};
        options.window.target = every ? NN_DATA_WINDOW_EVERY_STEP : NN_DATA_WINDOW_LAST;
        options.window.targets = files_list(names, 2);
        check_windows(options, &is);
        is.picked = 1;
        options.window.targets = files_list(names, 1);
        check_windows(options, &is);
    }
    nn_data_options options = window_options(6, 2, 1);
    options.window.targets = files_text("clos");
    expect_refused(&options, false, "data.window.targets: data.train.y: ");
    expect_message("there is no column 'clos'; did you mean 'close'?");
    options.window.targets = files_text("3");
    expect_refused(&options, false, "there is no column 3: there are 3");
}

/* If it fails: a transformed target is not what its name says, or cannot be undone. */
static void targets_are_transformed(void **state)
{
    (void)state;
    static char *names[] = {"high", "close"};
    write_files(false);
    for (int transform = NN_TRANSFORM_LOG; transform <= NN_TRANSFORM_DIFFERENCE; transform++)
        for (int every = 0; every < 2; every++)
            for (int64_t horizon = 1; horizon <= 3; horizon += 2) {
                nn_data_options options = window_options(5, horizon, 1);
                expected is = {.picked = 2, .columns = {1, 2}, .every_step = every, .transform = transform};
                options.window.target = every ? NN_DATA_WINDOW_EVERY_STEP : NN_DATA_WINDOW_LAST;
                options.window.targets = files_list(names, 2);
                files_field(&options, "y")->transform = transform;
                check_windows(options, &is);
            }
    nn_data_options options = window_options(5, 0, 1);
    files_field(&options, "y")->transform = NN_TRANSFORM_DIFFERENCE;
    expect_refused(&options, false, "needs data.window with a horizon of 1 or more");
    options = window_options(5, 1, 1);
    files_field(&options, "x")->transform = NN_TRANSFORM_LOG;
    expect_refused(&options, false, "data.fields.x.transform: only targets");
}

/* If it fails: a difference is normalised like a value, or its normalised mean is not 0. */
static void differences_are_normalised_as_differences(void **state)
{
    (void)state;
    write_files(false);
    nn_data_options options = window_options(5, 2, 1);
    files_field(&options, "y")->normalize = NN_NORMALIZE_STANDARDIZE;
    files_field(&options, "y")->transform = NN_TRANSFORM_DIFFERENCE;
    nn_dataset *dataset = open_ok(&options, false);
    int64_t count = nn_dataset_count(dataset, NN_TRAIN);
    double sums[COLUMNS] = {0}, squares[COLUMNS] = {0}, prior[COLUMNS];
    assert_int_equal(nn_dataset_target_scaling(dataset, 0)->columns, COLUMNS);
    for (int64_t s = 0; s < count; s++) {
        nn_real targets[COLUMNS];
        gather_ok(dataset, NN_TRAIN, s, 1, NULL, targets, NULL);
        for (int c = 0; c < COLUMNS; c++) sums[c] += (double)targets[c];
        for (int c = 0; c < COLUMNS; c++) squares[c] += (double)targets[c] * (double)targets[c];
    }
    nn_dataset_prior(dataset, 0, prior);
    for (int c = 0; c < COLUMNS; c++)
        assert_true(fabs(sums[c]) < 1e-4 && fabs(squares[c] / (double)count - 1) < 1e-5 &&
                    fabs(prior[c]) < 1e-10);
    nn_dataset_close(dataset);
}

/* If it fails: a training window reaches into the rows to be predicted later. */
static void windows_do_not_cross_boundaries(void **state)
{
    (void)state;
    write_files(false);
    for (int64_t stride = 1; stride <= 2; stride++) {
        nn_data_options options = window_options(3, 1, stride);
        options.split.validation = 0.3;
        options.split.test = 0.3;
        nn_dataset *dataset = open_ok(&options, false);
        for (int p = 0; p < NN_PARTS; p++) {
            int64_t files[FILES] = {0};
            for (int64_t s = 0; s < nn_dataset_count(dataset, (nn_part)p); s++) {
                int64_t first = nn_dataset_row(dataset, (nn_part)p, s), last = first + 3;
                int file = file_of(first);
                int64_t begin = file ? file_rows[0] : 0, rows = file_rows[file];
                const int64_t edges[] = {begin, begin + (int64_t)(0.4 * (double)rows + 0.5),
                                         begin + (int64_t)(0.7 * (double)rows + 0.5), begin + rows};
                int side = p == NN_TRAIN ? 0 : p == NN_VALIDATION ? 1 : 2;
                assert_true(first >= edges[side] && last < edges[side + 1]);
                files[file]++;
            }
            assert_true(files[0] > 0 && files[1] > 0);
        }
        nn_dataset_close(dataset);
        expect_same_from_stream(options, false);
    }
}

/* What is printed to standard error while the data is opened. */
static void expect_warning(const nn_data_options *options, bool warns, const char *part)
{
    char text[4096];
    int standard_error = dup(2), file = open(files_path("warnings.txt"), O_RDWR | O_CREAT | O_TRUNC, 0600);
    fflush(stderr);
    dup2(file, 2);
    nn_dataset *dataset = open_ok(options, false);
    fflush(stderr);
    dup2(standard_error, 2);
    close(standard_error);
    ssize_t length = pread(file, text, sizeof text - 1, 0);
    close(file);
    nn_dataset_close(dataset);
    assert_true(length >= 0);
    text[length] = '\0';
    if ((strstr(text, part) != NULL) != warns) fail_msg("%s: %s", part, text);
}

/* If it fails: a metric on rows seen in training silently passes for one on new rows. */
static void a_random_split_of_windows_gives_a_warning(void **state)
{
    (void)state;
    static const char says[] = "a random split lets training see rows of the test windows";
    write_files(false);
    nn_data_options options = window_options(4, 1, 4);
    options.split.validation = 0.25;
    expect_warning(&options, false, says);
    options.split.order = NN_SPLIT_RANDOM;
    expect_warning(&options, true, says); /* the target of a window lies in the next window */
    options.window.stride = 5;
    expect_warning(&options, false, says);
    options.window.stride = 1;
    expect_warning(&options, true, says);
}

static void check_going_on(const nn_dataset *dataset, int64_t batch, int64_t length)
{
    int64_t count = nn_dataset_count(dataset, NN_TRAIN), batches = count / batch, edges = 0;
    for (int64_t p = 0; p < count; p++) {
        int64_t row = nn_dataset_row(dataset, NN_TRAIN, nn_dataset_order(dataset, NN_TRAIN, 1, p));
        if (p < batch || p >= batches * batch) {
            assert_false(nn_dataset_continues(dataset, 1, p));
            continue;
        }
        int64_t last = nn_dataset_row(dataset, NN_TRAIN, nn_dataset_order(dataset, NN_TRAIN, 1, p - batch));
        if (file_of(row) == file_of(last)) assert_int_equal(row, last + length);
        edges += file_of(row) != file_of(last);
        assert_int_equal(nn_dataset_continues(dataset, 1, p), file_of(row) == file_of(last));
    }
    assert_true(edges == 1 || (edges == 0 && batch > 2));
}

/* If it fails: recurrent state is carried over from another series, or lost within a series. */
static void stateful_windows_continue(void **state)
{
    (void)state;
    enum { LENGTH = 3 };
    write_files(false);
    for (int64_t horizon = 0; horizon <= 1; horizon++) {
        nn_data_options options = window_options(LENGTH, horizon, LENGTH);
        options.shuffle = NN_SHUFFLE_STATEFUL;
        nn_dataset *dataset = open_ok(&options, false);
        for (int64_t batch = 2; batch <= 5 - horizon; batch += 3 - horizon) {
            assert_int_equal(nn_dataset_arrange(dataset, batch, 2), NN_OK);
            check_going_on(dataset, batch, LENGTH);
        }
        nn_dataset_close(dataset);
    }
    nn_data_options options = window_options(LENGTH, 1, LENGTH);
    nn_dataset *dataset = open_ok(&options, false);
    assert_false(nn_dataset_continues(dataset, 1, 1));
    nn_dataset_close(dataset);
}

/* If it fails: stateful training is accepted for samples that are not consecutive. */
static void stateful_needs_consecutive_samples(void **state)
{
    (void)state;
    write_files(false);
    nn_data_options options = window_options(3, 1, 1);
    options.shuffle = NN_SHUFFLE_STATEFUL;
    expect_refused(&options, false,
                   "data.shuffle: stateful: each window must start where the one before it ends");
    options.window.stride = 3;
    options.split.validation = 0.3;
    nn_dataset_close(open_ok(&options, false));
    options.split.order = NN_SPLIT_RANDOM;
    expect_refused(&options, false, "data.shuffle: stateful: after a random split");
    options.split.order = NN_SPLIT_AUTO;
    options.balanced = true;
    expect_refused(&options, false, "data.shuffle: stateful: samples chosen by class or length");
}

/* If it fails: a target of a window is read as another, or from its columns. */
static void windows_have_several_targets(void **state)
{
    (void)state;
    static const nn_target_wanted wanted[] = {
        {.name = "kind", .classes = true}, {.name = "level"}, {.name = "move"}};
    write_files(false);
    nn_data_options options = window_options(6, 2, 1);
    nn_data_names *y = &options.parts[NN_TRAIN].y;
    *y = files_name("level", "s");
    files_add_name(y, "kind", "l");
    files_add_name(y, "move", "s");
    options.window.targets = files_text("close");
    files_field(&options, "level")->normalize = files_field(&options, "move")->normalize = NN_NORMALIZE_NONE;
    files_field(&options, "move")->transform = NN_TRANSFORM_DIFFERENCE;
    files_field(&options, "move")->columns = files_text("high");
    nn_dataset *dataset = open_targets(&options, wanted, 3);
    assert_int_equal(nn_dataset_target(dataset, 2)->begin, 1);
    assert_null(nn_dataset_target(dataset, 1)->seen);
    assert_int_equal(nn_dataset_target(dataset, 2)->seen[0], 5 * COLUMNS + 1);
    assert_int_equal(nn_dataset_target(dataset, 2)->transform, NN_TRANSFORM_DIFFERENCE);
    for (int64_t s = 0; s < nn_dataset_count(dataset, NN_TRAIN); s++) {
        int64_t label, row = nn_dataset_row(dataset, NN_TRAIN, s);
        nn_real targets[2];
        gather_ok(dataset, NN_TRAIN, s, 1, NULL, targets, &label);
        assert_int_equal(label, series_label(row + 7));
        assert_true(targets[0] == (nn_real)series_value(row + 7, 2));
        assert_true(targets[1] == (nn_real)(series_value(row + 7, 1) - series_value(row + 5, 1)));
    }
    nn_dataset_close(dataset);
    expect_targets_from_stream(options, wanted, 3);
}

/* If it fails: a random split loses windows or has some twice. */
static void random_splits_of_windows_are_complete(void **state)
{
    (void)state;
    bool seen[ALL_ROWS] = {false};
    int64_t count = 0;
    write_files(false);
    nn_data_options options = window_options(4, 1, 1);
    options.split.validation = 0.25;
    options.split.order = NN_SPLIT_RANDOM;
    nn_dataset *dataset = open_ok(&options, false);
    for (int p = 0; p < NN_PARTS; p++)
        for (int64_t s = 0; s < nn_dataset_count(dataset, (nn_part)p); s++, count++) {
            int64_t row = nn_dataset_row(dataset, (nn_part)p, s);
            assert_false(seen[row]);
            seen[row] = true;
            assert_int_equal(file_of(row), file_of(row + 4));
        }
    assert_int_equal(count, 26 + 13);
    assert_int_equal(nn_dataset_count(dataset, NN_VALIDATION), 10);
    nn_dataset_close(dataset);
    expect_same_from_stream(options, false);
}

/* If it fails: a class is learned from the wrong rows. */
static void windows_have_labels(void **state)
{
    (void)state;
    write_files(false);
    for (int every = 0; every < 2; every++) {
        nn_data_options options = window_options(6, every ? 0 : 2, 1);
        options.parts[NN_TRAIN].y = files_name("y", "l");
        options.window.target = every ? NN_DATA_WINDOW_EVERY_STEP : NN_DATA_WINDOW_LAST;
        nn_dataset *dataset = open_ok(&options, true);
        assert_int_equal(nn_dataset_target(dataset, 0)->classes, 4);
        assert_int_equal(nn_shape_count(nn_dataset_target(dataset, 0)->shape), every ? 6 : 1);
        for (int64_t s = 0; s < nn_dataset_count(dataset, NN_TRAIN); s++) {
            int64_t labels[6], row = nn_dataset_row(dataset, NN_TRAIN, s);
            gather_ok(dataset, NN_TRAIN, s, 1, NULL, NULL, labels);
            for (int64_t i = 0; i < (every ? 6 : 1); i++)
                assert_int_equal(labels[i], series_label(row + (every ? i : 7)));
        }
        nn_dataset_close(dataset);
        expect_same_from_stream(options, true);
    }
}

enum { SYMBOLS = 30, TEXT = 1000, SEEN = 64 };

static int64_t symbol_at(int64_t row)
{
    return (int64_t)(files_number((uint64_t)row + 5) * (SYMBOLS - 4));
}

/* A text as written by an import: numbers of symbols, four of which do not occur. */
static void write_text(void)
{
    char names[SYMBOLS][2] = {{0}};
    double text[TEXT];
    for (int64_t i = 0; i < TEXT; i++) text[i] = (double)symbol_at(i);
    for (int c = 0; c < SYMBOLS; c++) names[c][0] = (char)('A' + c);
    hid_t file = files_create("d.h5");
    files_add_column(file, "text", H5T_STD_U8LE, TEXT, text);
    add_names(file, "text_classes", sizeof *names, SYMBOLS, names);
    H5Fclose(file);
}

static void check_text_part(nn_dataset *dataset, nn_part part, int64_t begin, int64_t end)
{
    assert_int_equal(nn_dataset_count(dataset, part), (end - begin - SEEN - 1) / SEEN + 1);
    for (int64_t s = 0; s < nn_dataset_count(dataset, part); s++) {
        int64_t labels[SEEN], row = nn_dataset_row(dataset, part, s);
        nn_real inputs[SEEN];
        assert_int_equal(row, begin + s * SEEN);
        assert_true(row + SEEN < end);
        gather_ok(dataset, part, s, 1, inputs, NULL, labels);
        for (int64_t i = 0; i < SEEN; i++) {
            assert_true(inputs[i] == (nn_real)symbol_at(row + i));
            assert_int_equal(labels[i], symbol_at(row + i + 1));
        }
    }
}

/* If it fails: a text model does not learn the next symbol, or is tested on text that it has seen. */
static void symbols_predict_the_next_one(void **state)
{
    (void)state;
    write_text();
    nn_data_options options = files_options();
    options.parts[NN_TRAIN] = (nn_part_options){.x = files_name("x", "text")};
    options.window = (nn_data_window_options){
        .length = SEEN, .horizon = 1, .stride = SEEN, .target = NN_DATA_WINDOW_EVERY_STEP};
    options.split.validation = 0.1;
    files_field(&options, "x")->kind = NN_KIND_INDEX;
    for (options.cache = NN_CACHE_MEMORY; options.cache <= NN_CACHE_STREAM; options.cache++) {
        nn_dataset *dataset = open_ok(&options, true);
        const nn_field *input = nn_dataset_input(dataset), *target = nn_dataset_target(dataset, 0);
        assert_true(nn_shape_equal(input->shape, (nn_shape){1, {SEEN}}));
        assert_true(nn_shape_equal(target->shape, (nn_shape){1, {SEEN}}));
        assert_true(target->is_class && target->classes == SYMBOLS && input->classes == SYMBOLS);
        assert_string_equal(target->class_names, input->class_names);
        assert_memory_equal(target->class_names, "A\nB\nC", 5);
        check_text_part(dataset, NN_TRAIN, 0, 900);
        check_text_part(dataset, NN_VALIDATION, 900, TEXT);
        nn_dataset_close(dataset);
    }
    expect_same_from_stream(options, true);
}

/* If it fails: a series stored by column cannot be used, or is read as rows. */
static void series_by_column(void **state)
{
    (void)state;
    write_files(true);
    nn_data_options options = window_options(7, 1, 1);
    expected is = {.picked = COLUMNS, .columns = {0, 1, 2}};
    files_field(&options, "x")->layout = files_field(&options, "y")->layout = (char *)"FT";
    check_windows(options, &is);
}

/* If it fails: a run starts without a single window. */
static void windows_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    write_files(false);
    nn_data_options options = window_options(30, 1, 1);
    expect_refused(&options, false,
                   "data.train: no file has enough rows for one sample, a window with its target");
    options = window_options(5, 1, 1);
    options.on_bad_sample = NN_BAD_SKIP;
    expect_refused(&options, false, "rows of a series cannot be skipped");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_see_their_rows),
        cmocka_unit_test(targets_are_columns_by_name_or_number),
        cmocka_unit_test(targets_are_transformed),
        cmocka_unit_test(differences_are_normalised_as_differences),
        cmocka_unit_test(windows_do_not_cross_boundaries),
        cmocka_unit_test(a_random_split_of_windows_gives_a_warning),
        cmocka_unit_test(stateful_windows_continue),
        cmocka_unit_test(stateful_needs_consecutive_samples),
        cmocka_unit_test(windows_have_several_targets),
        cmocka_unit_test(random_splits_of_windows_are_complete),
        cmocka_unit_test(windows_have_labels),
        cmocka_unit_test(symbols_predict_the_next_one),
        cmocka_unit_test(series_by_column),
        cmocka_unit_test(windows_that_do_not_fit_are_refused),
    };
    int failures;
    RUN_TESTS(argc, argv, tests, failures);
    return failures;
}
