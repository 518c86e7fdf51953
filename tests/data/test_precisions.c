/* One program opens data sets of both precisions, and both hold the same data. */
#include "transforms.h"

#include "opened.h"

enum { ROWS = 30, SIDE = 4, VALUES = SIDE * SIDE, BATCH = 8 };

static void write_images(double largest_target)
{
    static const hsize_t extents[] = {ROWS, SIDE, SIDE, 1};
    double x[ROWS * VALUES], y[ROWS], w[ROWS];
    for (int i = 0; i < ROWS * VALUES; i++) x[i] = 100 * files_number((uint64_t)i);
    for (int i = 0; i < ROWS; i++) {
        y[i] = files_number((uint64_t)(10000 + i));
        w[i] = files_number((uint64_t)(20000 + i));
    }
    y[3] = largest_target;
    hid_t file = files_create("d.h5");
    files_add(file, "x", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 4, extents, 0, x);
    files_add_column(file, "y", H5T_IEEE_F64LE, ROWS, y);
    files_add_column(file, "w", H5T_IEEE_F64LE, ROWS, w);
    H5Fclose(file);
}

static nn_status open_as(nn_scalar scalar, const nn_data_options *options, bool described,
                         nn_dataset **dataset)
{
    static const nn_domain any;
    const nn_target_wanted wanted = {.loss = "mse", .domain = &any};
    const nn_dataset_setup setup = {
        .scalar = scalar, .directory = files_directory, .seed = 7, .wanted = &wanted, .wanted_count = 1};
    if (described) return nn_dataset_describe(comm, options, &setup, dataset);
    return nn_dataset_open(comm, options, &setup, dataset);
}

/* Inputs, targets, weights, and a value after each. */
typedef struct numbers {
    double inputs[BATCH * VALUES + 1], targets[BATCH + 1], weights[BATCH + 1];
} numbers;

#define UNTOUCHED 12345

/* Gathers values of `scalar` into buffers where values of double would fit, and reads them as double. */
static numbers gather_as(nn_scalar scalar, const nn_data_options *options, bool described, bool training)
{
    static double buffers[3][BATCH * VALUES + 1], scratch[BATCH * (VALUES + 1)];
    nn_real *inputs = (void *)buffers[0], *targets = (void *)buffers[1], *weights = (void *)buffers[2];
    int64_t samples[BATCH];
    nn_dataset *dataset = NULL;
    numbers read;
    expect_ok(open_as(scalar, options, described, &dataset));
    assert_true(nn_dataset_scratch(dataset) <= VALUES + 1);
    nn_scalar_put(scalar, inputs, BATCH * VALUES, UNTOUCHED);
    nn_scalar_put(scalar, targets, BATCH, UNTOUCHED);
    nn_scalar_put(scalar, weights, BATCH, UNTOUCHED);
    const nn_gathered gathered = {.inputs = inputs,
                                  .targets = targets,
                                  .weights = nn_dataset_has_weights(dataset, NN_TRAIN) ? weights : NULL,
                                  .samples = samples,
                                  .scratch = (void *)scratch};
    nn_dataset_gather(dataset, NN_TRAIN, (nn_data_span){2, 5, BATCH}, training, &gathered);
    for (size_t i = 0; i <= BATCH * VALUES; i++) read.inputs[i] = nn_scalar_get(scalar, inputs, i);
    for (size_t i = 0; i <= BATCH; i++) read.targets[i] = nn_scalar_get(scalar, targets, i);
    for (size_t i = 0; i <= BATCH; i++) read.weights[i] = nn_scalar_get(scalar, weights, i);
    assert_true(read.inputs[BATCH * VALUES] == UNTOUCHED && read.targets[BATCH] == UNTOUCHED &&
                read.weights[BATCH] == UNTOUCHED);
    nn_dataset_close(dataset);
    return read;
}

/* tolerance 0: the values of float32 are those of float64, rounded. */
static void expect_alike(const double *single, const double *full, int count, double tolerance)
{
    int rounded = 0;
    for (int i = 0; i < count; i++) {
        double expected = tolerance == 0 ? (double)(float)full[i] : full[i];
        if (!(fabs(single[i] - expected) <= tolerance))
            fail_msg("value %d: %.17g in float32, but %.17g in float64", i, single[i], full[i]);
        rounded += single[i] != full[i];
    }
    assert_true(rounded > 0); /* else both are of one precision */
}

/* If it fails: a data set computes with the functions of another precision than its own. */
static void both_precisions_hold_the_same_data(void **state)
{
    (void)state;
    write_images(0.5);
    nn_data_options options = files_options();
    options.shuffle = NN_SHUFFLE_FULL;
    options.parts[NN_TRAIN].weights = (char *)"w";
    for (int described = 0; described <= 1; described++) {
        numbers single = gather_as(NN_SCALAR_F32, &options, described, false);
        numbers full = gather_as(NN_SCALAR_F64, &options, described, false);
        expect_alike(single.inputs, full.inputs, BATCH * VALUES, 0);
        expect_alike(single.targets, full.targets, BATCH, 0);
        if (!described) expect_alike(single.weights, full.weights, BATCH, 0);
    }
}

/* If it fails: a transform is that of another precision, or another one of the list. */
static void both_precisions_are_augmented(void **state)
{
    (void)state;
    write_images(0.5);
    nn_data_options options = files_options();
    nn_data_field_options *x = files_field(&options, "x");
    x->augment = read_list("[flip, shift: 1, noise: 0.1, mixup: 0.5]");
    numbers plain = gather_as(NN_SCALAR_F64, &options, false, false);
    numbers single = gather_as(NN_SCALAR_F32, &options, false, true);
    numbers full = gather_as(NN_SCALAR_F64, &options, false, true);
    int changed = 0;
    for (int i = 0; i < BATCH * VALUES; i++) changed += fabs(plain.inputs[i] - full.inputs[i]) > 1e-3;
    assert_true(changed > BATCH * VALUES / 2);
    expect_alike(single.inputs, full.inputs, BATCH * VALUES, 1e-5);
    expect_alike(single.targets, full.targets, BATCH, 1e-5);
    nn_augment_release(&x->augment);
}

/* If it fails: targets overflow in float32, or are refused in float64. */
static void the_range_of_a_precision_is_its_own(void **state)
{
    (void)state;
    nn_dataset *dataset = NULL;
    nn_data_options options = files_options();
    write_images(1e300);
    files_field(&options, "y")->normalize = NN_NORMALIZE_NONE;
    expect_ok(open_as(NN_SCALAR_F64, &options, false, &dataset));
    nn_dataset_close(dataset);
    assert_int_equal(open_as(NN_SCALAR_F32, &options, false, &dataset), NN_ERROR_DATA);
    assert_null(dataset);
    expect_message("sample 3, column 0 is 1");
    expect_message("beyond the range of float32");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_precisions_hold_the_same_data),
        cmocka_unit_test(both_precisions_are_augmented),
        cmocka_unit_test(the_range_of_a_precision_is_its_own),
    };
    int failures;
    RUN_TESTS(argc, argv, tests, failures);
    return failures;
}
