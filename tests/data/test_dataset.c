/* Data sets on one rank: reading, splitting, order, normalisation and gathering. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "opened.h"

/* ---- reading and gathering ---- */

/* If it fails: values of some stored type, or labels, are changed. */
static void every_type_is_read_exactly(void **state)
{
    (void)state;
    const hid_t types[] = {H5T_STD_U8LE,  H5T_STD_I8LE,  H5T_STD_U16BE, H5T_STD_I16LE,  H5T_STD_U32LE,
                           H5T_STD_I32BE, H5T_STD_U64LE, H5T_STD_I64LE, H5T_IEEE_F32BE, H5T_IEEE_F64LE};
    enum { ROWS = 6, COLUMNS = 3 };
    double x[ROWS * COLUMNS], y[ROWS];
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        bool is_signed = H5Tget_class(types[t]) == H5T_FLOAT || H5Tget_sign(types[t]) == H5T_SGN_2;
        for (int i = 0; i < ROWS * COLUMNS; i++) x[i] = is_signed ? 50 - 9 * i : 12 * i;
        for (int i = 0; i < ROWS; i++) y[i] = i % 4;
        hid_t file = files_create("d.h5");
        files_add_rows(file, "x", types[t], ROWS, COLUMNS, x);
        files_add_column(file, "y", types[t], ROWS, y);
        H5Fclose(file);
        nn_data_options options = files_options();
        files_field(&options, "x")->normalize = NN_NORMALIZE_NONE;
        nn_dataset *dataset = open_ok(&options, true);
        assert_int_equal(nn_dataset_input_scaling(dataset)->columns, 0);
        assert_true(nn_dataset_target(dataset, 0)->is_class);
        assert_int_equal(nn_dataset_target(dataset, 0)->classes, 4);
        nn_real inputs[3 * COLUMNS];
        int64_t labels[3];
        gather_ok(dataset, NN_TRAIN, 2, 3, inputs, NULL, labels);
        for (int i = 0; i < 3; i++) {
            assert_int_equal(labels[i], (int64_t)y[i + 2]);
            for (int c = 0; c < COLUMNS; c++)
                assert_true((double)inputs[i * COLUMNS + c] == x[(i + 2) * COLUMNS + c]);
        }
        nn_dataset_close(dataset);
    }
}

/* Checks scaling and gathered values against a plain two-pass computation. */
static void check_standardized(nn_dataset *dataset, int64_t rows, int64_t values, int64_t columns,
                               const double *x)
{
    const nn_scaling *scaling = nn_dataset_input_scaling(dataset);
    nn_real *inputs = malloc((size_t)values * sizeof *inputs);
    assert_int_equal(scaling->columns, columns);
    int64_t samples = rows * values / columns; /* per column */
    for (int64_t c = 0; c < columns; c++) {
        double sum = 0, squares = 0, count = (double)samples;
        for (int64_t i = c; i < rows * values; i += columns) sum += x[i];
        for (int64_t i = c; i < rows * values; i += columns)
            squares += (x[i] - sum / count) * (x[i] - sum / count);
        double deviation = sqrt(squares / count);
        assert_true(fabs(scaling->scale[c] * deviation - 1) < 1e-10);
        assert_true(fabs(scaling->offset[c] + sum / count / deviation) <
                    1e-10 * (1 + fabs(scaling->offset[c])));
    }
    for (int64_t row = 0; row < rows; row += 11) {
        gather_ok(dataset, NN_TRAIN, row, 1, inputs, NULL, NULL);
        for (int64_t i = 0; i < values; i++) {
            int64_t c = i % columns;
            assert_true(inputs[i] == (nn_real)(x[row * values + i] * scaling->scale[c] + scaling->offset[c]));
        }
    }
    free(inputs);
}

/* If it fails: columns are mixed up for some shape, or mean and deviation are wrong. */
static void normalization_follows_the_shape(void **state)
{
    (void)state;
    static const struct {
        int dimensions;
        hsize_t extents[4];
        int64_t columns;
        nn_shape shape;
    } cases[] = {
        {1, {2500}, 1, {1, {1}}},
        {2, {2500, 1}, 1, {1, {1}}},
        {2, {2500, 5}, 5, {1, {5}}},
        {2, {60, 1500}, 1500, {1, {1500}}},
        {3, {300, 30, 30}, 1, {2, {30, 30}}},
        {4, {150, 20, 20, 3}, 3, {3, {20, 20, 3}}},
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        int64_t rows = (int64_t)cases[n].extents[0], values = nn_shape_count(cases[n].shape);
        double *x = malloc((size_t)(rows * values) * sizeof *x), *y = calloc((size_t)rows, sizeof *y);
        for (int64_t i = 0; i < rows * values; i++)
            x[i] = (1e5 + files_number((uint64_t)i)) * (double)(1 + i % cases[n].columns);
        hid_t file = files_create("d.h5");
        files_add(file, "x", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, cases[n].dimensions, cases[n].extents, 7, x);
        files_add_column(file, "y", H5T_STD_U8LE, (hsize_t)rows, y);
        H5Fclose(file);
        nn_data_options options = files_options();
        nn_dataset *dataset = open_ok(&options, true);
        assert_true(nn_shape_equal(nn_dataset_input(dataset)->shape, cases[n].shape));
        check_standardized(dataset, rows, values, cases[n].columns, x);
        nn_dataset_close(dataset);
        free(x);
        free(y);
    }
}

/* If it fails: a column without variance becomes NaN, or unit_range does not end at 0 and 1. */
static void constant_columns_and_ranges(void **state)
{
    (void)state;
    enum { ROWS = 3000 };
    static double x[ROWS * 2], y[ROWS * 2];
    for (int i = 0; i < ROWS; i++) {
        x[2 * i] = 0.1;
        x[2 * i + 1] = y[2 * i] = -3 + 8 * files_number((uint64_t)i);
        y[2 * i + 1] = 5;
    }
    hid_t file = files_create("d.h5");
    files_add_rows(file, "x", H5T_IEEE_F64LE, ROWS, 2, x);
    files_add_rows(file, "y", H5T_IEEE_F64LE, ROWS, 2, y);
    H5Fclose(file);
    nn_data_options options = files_options();
    files_field(&options, "y")->normalize = NN_NORMALIZE_UNIT_RANGE;
    nn_dataset *dataset = open_ok(&options, false);
    assert_true(nn_dataset_input_scaling(dataset)->scale[0] == 1);
    assert_true(nn_dataset_input_scaling(dataset)->offset[0] == -0.1);
    double least = 2, most = -1, prior[2];
    for (int64_t row = 0; row < ROWS; row++) {
        nn_real inputs[2], targets[2];
        gather_ok(dataset, NN_TRAIN, row, 1, inputs, targets, NULL);
        assert_true(inputs[0] == 0 && targets[1] == 0);
        least = targets[0] < least ? (double)targets[0] : least;
        most = targets[0] > most ? (double)targets[0] : most;
    }
    assert_true(fabs(least) < 1e-6 && fabs(most - 1) < 1e-6);
    nn_dataset_prior(dataset, 0, prior);
    assert_true(fabs(prior[0] - 0.5) < 0.05 && prior[1] == 0);
    nn_dataset_close(dataset);
}

/* If it fails: regression on integers becomes classification, or integral floats are not labels. */
static void the_loss_decides_what_targets_are(void **state)
{
    (void)state;
    const double x[4] = {1, 2, 3, 4}, y[4] = {0, 2, 2, 1};
    const hid_t types[2] = {H5T_STD_I16LE, H5T_IEEE_F32LE};
    for (int t = 0; t < 2; t++) {
        hid_t file = files_create("d.h5");
        files_add_column(file, "x", H5T_IEEE_F32LE, 4, x);
        files_add_rows(file, "y", types[t], 4, 1, y);
        H5Fclose(file);
        nn_data_options options = files_options();
        nn_dataset *dataset = open_ok(&options, true);
        double prior[3];
        nn_dataset_prior(dataset, 0, prior);
        assert_int_equal(nn_dataset_target(dataset, 0)->classes, 3);
        assert_int_equal(nn_dataset_target(dataset, 0)->shape.dimensions, 0);
        assert_int_equal(nn_dataset_target_scaling(dataset, 0)->columns, 0);
        assert_true(prior[0] == 0.25 && prior[1] == 0.25 && prior[2] == 0.5);
        nn_dataset_close(dataset);
        dataset = open_ok(&options, false);
        assert_false(nn_dataset_target(dataset, 0)->is_class);
        assert_int_equal(nn_dataset_target_scaling(dataset, 0)->columns, 1);
        nn_dataset_prior(dataset, 0, prior);
        assert_true(fabs(prior[0]) < 1e-12);
        nn_dataset_close(dataset);
    }
}

/* ---- measured and known normalisation ---- */

/* If it fails: statistics leak from validation and test samples into training. */
static void statistics_use_train_samples_only(void **state)
{
    (void)state;
    write_split_file();
    nn_data_options options = files_options();
    options.split.validation = 0.4;
    nn_dataset *dataset = open_ok(&options, true);
    const nn_scaling *scaling = nn_dataset_input_scaling(dataset);
    double sum = 0, squares = 0, prior[4], shares[4] = {0};
    int64_t count = nn_dataset_count(dataset, NN_TRAIN);
    for (int64_t s = 0; s < count; s++) {
        nn_real x;
        int64_t label;
        gather_ok(dataset, NN_TRAIN, s, 1, &x, NULL, &label);
        sum += (double)x;
        squares += (double)x * (double)x;
        shares[label] += 1 / (double)count;
    }
    assert_int_equal(scaling->columns, 1);
    assert_true(fabs(sum / (double)count) < 1e-6);
    assert_true(fabs(squares / (double)count - 1) < 1e-5);
    nn_dataset_prior(dataset, 0, prior);
    for (int c = 0; c < 4; c++) assert_true(fabs(prior[c] - shares[c]) < 1e-9);
    nn_dataset_close(dataset);
}

static uint64_t identity_of(const char *name, double changed, hid_t type)
{
    static char file_name[32];
    double x[300], y[100];
    for (int i = 0; i < 300; i++) x[i] = i;
    for (int i = 0; i < 100; i++) y[i] = i % 2;
    x[157] = changed;
    hid_t file = files_create(name);
    files_add_rows(file, "x", type, 100, 3, x);
    files_add_column(file, "y", H5T_STD_U8LE, 100, y);
    H5Fclose(file);
    snprintf(file_name, sizeof file_name, "%s", name);
    nn_data_options options = files_options();
    options.file = files_text(file_name);
    nn_dataset *dataset = open_ok(&options, true);
    uint64_t identity = nn_dataset_identity(dataset);
    assert_true(nn_dataset_memory(dataset) >= 100 * 3 * H5Tget_size(type) + 100);
    nn_dataset_close(dataset);
    return identity;
}

/* If it fails: a resume continues with different data, or refuses the same data at another path. */
static void identity_depends_on_content_not_path(void **state)
{
    (void)state;
    uint64_t identity = identity_of("d.h5", 157, H5T_STD_I16LE);
    assert_true(identity == identity_of("moved.h5", 157, H5T_STD_I16LE));
    assert_true(identity != identity_of("d.h5", 158, H5T_STD_I16LE));
    assert_true(identity == identity_of("d.h5", 157, H5T_STD_I32LE));
    assert_true(identity == identity_of("d.h5", 157, H5T_IEEE_F64BE));
}

/* If it fails: an evaluation measures the normalisation of test data, or accepts labels unknown to the
 * network. */
static void known_normalisation_is_not_measured(void **state)
{
    (void)state;
    double scale = 2, offset = 1;
    const nn_scaling known_input = {.columns = 1, .scale = &scale, .offset = &offset}, none = {0};
    nn_known_target known_target = {.scaling = &none, .classes = 10};
    nn_data_known known = {.input = &known_input, .targets = &known_target};
    write_split_file();
    nn_data_options options = files_options();
    options.parts[NN_TEST] = options.parts[NN_TRAIN];
    options.parts[NN_TRAIN] = (nn_part_options){0};
    nn_dataset *dataset = NULL;
    assert_int_equal(files_open(comm, &options, 7, &(nn_target_wanted){.classes = true}, 1, &known, &dataset),
                     NN_OK);
    assert_int_equal(nn_dataset_target(dataset, 0)->classes, 10);
    assert_int_equal(nn_dataset_count(dataset, NN_TRAIN), 0);
    assert_int_equal(nn_dataset_count(dataset, NN_TEST), SPLIT_ROWS);
    nn_real x;
    gather_ok(dataset, NN_TEST, 10, 1, &x, NULL, NULL);
    assert_true(x == 21);
    nn_dataset_close(dataset);
    known_target.classes = 3;
    assert_int_equal(files_open(comm, &options, 7, &(nn_target_wanted){.classes = true}, 1, &known, &dataset),
                     NN_ERROR_DATA);
    expect_message("contains the label 3, but there are only 3 classes, 0 to 2");
}

/* If it fails: a choice in the configuration selects another one in the program. */
static void choices_match_their_values(void **state)
{
    (void)state;
    const char *const *choices = nn_data_field_options_table[0].choices;
    assert_string_equal(choices[NN_NORMALIZE_AUTO], "auto");
    assert_string_equal(choices[NN_NORMALIZE_NONE], "none");
    assert_string_equal(choices[NN_NORMALIZE_UNIT_RANGE], "unit_range");
    assert_string_equal(choices[NN_NORMALIZE_STANDARDIZE], "standardize");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_read_exactly),
        cmocka_unit_test(normalization_follows_the_shape),
        cmocka_unit_test(constant_columns_and_ranges),
        cmocka_unit_test(the_loss_decides_what_targets_are),
        cmocka_unit_test(statistics_use_train_samples_only),
        cmocka_unit_test(identity_depends_on_content_not_path),
        cmocka_unit_test(known_normalisation_is_not_measured),
        cmocka_unit_test(choices_match_their_values),
    };
    int failures;
    RUN_TESTS(argc, argv, tests, failures);
    return failures;
}
