/* Fields: several inputs and targets joined, columns, fixed and known normalisation, and hard statistics. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "opened.h"

enum { ROWS = 40, A = 2, B = 3, INPUTS = A + B };

static double a_value(int64_t row, int64_t column)
{
    return (double)((row * 13 + column * 7) % 50);
}

static double b_value(int64_t row, int64_t column)
{
    return files_number((uint64_t)(row * B + column)) * pow(10, (double)column);
}

/* "a" (bytes, 2 columns), "b" (float64, 3 columns with names), targets "p" (1 value) and "q" (2 columns). */
static void write_fields(void)
{
    static const char names[B][8] = {"mass", "charge", "spin"};
    const hsize_t count = B;
    double a[ROWS * A], b[ROWS * B], p[ROWS], q[ROWS * 2];
    for (int64_t i = 0; i < ROWS; i++) {
        for (int64_t c = 0; c < A; c++) a[i * A + c] = a_value(i, c);
        for (int64_t c = 0; c < B; c++) b[i * B + c] = b_value(i, c);
        p[i] = (double)(i % 7);
        q[2 * i] = (double)(i * i);
        q[2 * i + 1] = (double)-i;
    }
    hid_t type = H5Tcopy(H5T_C_S1), file = files_create("d.h5");
    H5Tset_size(type, sizeof *names);
    files_add_rows(file, "a", H5T_STD_U8LE, ROWS, A, a);
    files_add_rows(file, "b", H5T_IEEE_F64BE, ROWS, B, b);
    files_add(file, "b_columns", type, type, 1, &count, 0, names);
    files_add_column(file, "p", H5T_IEEE_F32LE, ROWS, p);
    files_add_rows(file, "q", H5T_STD_I32LE, ROWS, 2, q);
    H5Fclose(file);
    H5Tclose(type);
}

static nn_data_options field_options(void)
{
    nn_data_options options = files_options();
    options.parts[NN_TRAIN] = (nn_part_options){.x = files_name("rho", "a")};
    files_add_name(&options.parts[NN_TRAIN].x, "par", "b");
    files_add_name(&options.parts[NN_TRAIN].y, "y", "p");
    return options;
}

/* If it fails: an input ends up in the place of another, or is normalised with another's statistics. */
static void several_inputs_are_joined(void **state)
{
    (void)state;
    write_fields();
    nn_data_options options = field_options();
    files_field(&options, "rho")->normalize = NN_NORMALIZE_NONE;
    files_field(&options, "rho")->scale = 0.5;
    files_field(&options, "rho")->offset = -1;
    for (options.cache = NN_CACHE_MEMORY; options.cache <= NN_CACHE_STREAM; options.cache++) {
        nn_dataset *dataset = open_ok(&options, false);
        const nn_scaling *scaling = nn_dataset_input_scaling(dataset);
        nn_real inputs[INPUTS];
        assert_int_equal(nn_shape_count(nn_dataset_input(dataset)->shape), INPUTS);
        assert_int_equal(scaling->columns, INPUTS);
        assert_true(scaling->scale[0] == 0.5 && scaling->offset[1] == -1);
        for (int64_t i = 0; i < ROWS; i++) {
            gather_ok(dataset, NN_TRAIN, i, 1, inputs, NULL, NULL);
            for (int c = 0; c < A; c++) assert_true(inputs[c] == (nn_real)(a_value(i, c) * 0.5 - 1));
            for (int c = 0; c < B; c++)
                assert_true(inputs[A + c] ==
                            (nn_real)(b_value(i, c) * scaling->scale[A + c] + scaling->offset[A + c]));
        }
        nn_dataset_close(dataset);
    }
    expect_same_from_stream(options, false);
}

/* If it fails: targets are mixed up, or a metric of one is shown in the units of another. */
static void several_targets_are_joined(void **state)
{
    (void)state;
    write_fields();
    nn_data_options options = field_options();
    options.parts[NN_TRAIN].y = files_name("energy", "p");
    files_add_name(&options.parts[NN_TRAIN].y, "force", "q");
    files_field(&options, "force")->normalize = NN_NORMALIZE_NONE;
    nn_dataset *dataset = open_ok(&options, false);
    const nn_scaling *scaling = nn_dataset_target_scaling(dataset, 0);
    nn_real targets[3];
    double prior[3];
    assert_int_equal(scaling->columns, 3);
    assert_true(scaling->scale[1] == 1 && scaling->offset[2] == 0);
    gather_ok(dataset, NN_TRAIN, 9, 1, NULL, targets, NULL);
    assert_true(targets[0] == (nn_real)(2 * scaling->scale[0] + scaling->offset[0]));
    assert_true(targets[1] == 81 && targets[2] == -9);
    nn_dataset_prior(dataset, 0, prior);
    assert_true(fabs(prior[0]) < 1e-12 && fabs(prior[1] - 513.5) < 1e-9 && fabs(prior[2] + 19.5) < 1e-9);
    nn_dataset_close(dataset);
    expect_same_from_stream(options, false);
    expect_refused(&options, true, "a class label must be the only target");
}

/* If it fails: columns other than the configured ones are used. */
static void columns_are_chosen_by_name_or_number(void **state)
{
    (void)state;
    static char *names[] = {"spin", "0"};
    write_fields();
    nn_data_options options = field_options();
    options.parts[NN_TRAIN].x = files_name("x", "b");
    files_field(&options, "x")->columns = files_list(names, 2);
    files_field(&options, "x")->normalize = NN_NORMALIZE_NONE;
    nn_dataset *dataset = open_ok(&options, false);
    nn_real inputs[2];
    assert_int_equal(nn_shape_count(nn_dataset_input(dataset)->shape), 2);
    for (int64_t i = 0; i < ROWS; i++) {
        gather_ok(dataset, NN_TRAIN, i, 1, inputs, NULL, NULL);
        assert_true(inputs[0] == (nn_real)b_value(i, 2) && inputs[1] == (nn_real)b_value(i, 0));
    }
    nn_dataset_close(dataset);
    expect_same_from_stream(options, false);
    files_field(&options, "x")->columns = files_text("spim");
    expect_refused(&options, false, "there is no column 'spim'; did you mean 'spin'?");
    files_field(&options, "x")->columns = files_text("7");
    expect_refused(&options, false, "there is no column 7: there are 3, numbered from 0");
    options.parts[NN_TRAIN].x = files_name("x", "a");
    files_field(&options, "x")->columns = files_text("mass");
    expect_refused(&options, false, "columns have no names here: give them in a dataset \"a_columns\"");
}

/* If it fails: a resumed run, or an evaluation, measures its own normalisation. */
static void known_scalings_are_used_for_joined_inputs(void **state)
{
    (void)state;
    double scale[INPUTS], offset[INPUTS], target_scale = 3, target_offset = 4;
    for (int i = 0; i < INPUTS; i++) scale[i] = 1 + i;
    for (int i = 0; i < INPUTS; i++) offset[i] = 10 * i;
    const nn_scaling input = {.columns = INPUTS, .scale = scale, .offset = offset};
    const nn_scaling target = {.columns = 1, .scale = &target_scale, .offset = &target_offset};
    const nn_known_target known_target = {.scaling = &target};
    const nn_data_known known = {.input = &input, .targets = &known_target};
    write_fields();
    nn_data_options options = field_options();
    nn_dataset *dataset = NULL;
    assert_int_equal(
        files_open(comm, &options, 7, &(nn_target_wanted){.classes = false}, 1, &known, &dataset), NN_OK);
    assert_memory_equal(nn_dataset_input_scaling(dataset)->scale, scale, sizeof scale);
    assert_memory_equal(nn_dataset_input_scaling(dataset)->offset, offset, sizeof offset);
    nn_real inputs[INPUTS], value;
    gather_ok(dataset, NN_TRAIN, 5, 1, inputs, &value, NULL);
    for (int c = 0; c < INPUTS; c++) {
        double raw = c < A ? a_value(5, c) : b_value(5, c - A);
        assert_true(inputs[c] == (nn_real)(raw * scale[c] + offset[c]));
    }
    assert_true(value == 5 * 3 + 4);
    nn_dataset_close(dataset);
}

/* ---- statistics ---- */

/* If it fails: small noise on a large value is not normalised to deviation 1, or the result depends on how
 * samples are cut into chunks. */
static void large_offsets_lose_nothing(void **state)
{
    (void)state;
    enum { MANY = 5000, COLUMNS = 4 };
    static double x[MANY * COLUMNS], y[MANY];
    for (int64_t i = 0; i < MANY; i++) {
        double noise = files_number((uint64_t)i) - 0.5;
        x[i * COLUMNS] = 1e9 + noise;
        x[i * COLUMNS + 1] = -1e9;
        x[i * COLUMNS + 2] = i % 1024 == 0 ? -1e6 : noise; /* outliers at the starts of chunks */
        x[i * COLUMNS + 3] = 1e-9 * noise;
        y[i] = (double)(i % 2);
    }
    hid_t file = files_create("d.h5");
    files_add_rows(file, "x", H5T_IEEE_F64LE, MANY, COLUMNS, x);
    files_add_column(file, "y", H5T_STD_U8LE, MANY, y);
    H5Fclose(file);
    nn_data_options options = files_options();
    nn_dataset *dataset = open_ok(&options, true);
    const nn_scaling *scaling = nn_dataset_input_scaling(dataset);
    for (int c = 0; c < COLUMNS; c++) {
        long double sum = 0, squares = 0;
        for (int64_t i = 0; i < MANY; i++) sum += (long double)x[i * COLUMNS + c];
        for (int64_t i = 0; i < MANY; i++) {
            long double difference = (long double)x[i * COLUMNS + c] - sum / MANY;
            squares += difference * difference;
        }
        double scale = c == 1 ? 1 : (double)(1 / sqrtl(squares / MANY)),
               offset = -(double)(sum / MANY) * scale;
        assert_true(fabs(scaling->scale[c] / scale - 1) < 1e-10);
        assert_true(fabs(scaling->offset[c] - offset) < 1e-10 * (1 + fabs(offset)));
    }
    assert_true(scaling->scale[1] == 1 && scaling->offset[1] == 1e9);
    nn_dataset_close(dataset);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_inputs_are_joined),
        cmocka_unit_test(several_targets_are_joined),
        cmocka_unit_test(columns_are_chosen_by_name_or_number),
        cmocka_unit_test(known_scalings_are_used_for_joined_inputs),
        cmocka_unit_test(large_offsets_lose_nothing),
    };
    int failures;
    RUN_TESTS(argc, argv, tests, failures);
    return failures;
}
