/* Every loss and metric of the lists: documented, gradients right, sums that can be cut anywhere. */
#include "build.h"

#include <math.h>

#include "nn/loss.h"

#define SAMPLES 7
#define COLUMNS 5

static const nn_shape shape = {1, {COLUMNS}};
static const nn_field class_target = {.name = "y", .is_class = true, .classes = COLUMNS};
static const nn_field value_target = {.name = "y", .shape = {1, {COLUMNS}}};

typedef struct example {
    nn_real output[SAMPLES * COLUMNS], targets[SAMPLES * COLUMNS], gradient[SAMPLES * COLUMNS];
    int64_t labels[SAMPLES];
} example;

static nn_loss_call make_example(example *at, double denominator)
{
    fill_random(1, SAMPLES * COLUMNS, at->output);
    fill_random(2, SAMPLES * COLUMNS, at->targets);
    for (int i = 0; i < SAMPLES; i++) at->labels[i] = (3 * i + 1) % COLUMNS;
    return (nn_loss_call){.rows = SAMPLES,
                          .columns = COLUMNS,
                          .output = at->output,
                          .labels = at->labels,
                          .targets = at->targets,
                          .denominator = denominator,
                          .gradient = at->gradient};
}

/* Rows [begin, end) of an example. */
static nn_loss_call cut(const nn_loss_call *call, int64_t begin, int64_t end)
{
    nn_loss_call rows = *call;
    rows.rows = end - begin;
    rows.output += begin * COLUMNS;
    rows.targets += begin * COLUMNS;
    rows.labels += begin;
    if (rows.gradient) rows.gradient += begin * COLUMNS;
    return rows;
}

static void *make_options(const nn_loss_type *type)
{
    void *options = NULL;
    if (!type->options_size) return NULL;
    expect_ok(nn_allocate(&options, type->options_size, 1, "options"));
    nn_config *config;
    expect_ok(nn_config_parse("loss: default\n", "test.yaml", NULL, 0, &config));
    nn_config_read(config, NULL, "loss", type->options, NULL, NULL, options);
    nn_config_destroy(config);
    return options;
}

static void release_options(const nn_loss_type *type, void *options)
{
    if (options) nn_options_release(type->options, options);
    nn_free(options);
}

/* Fails when an entry is undocumented, or fits no kind of target. */
static void test_documented(void **state)
{
    (void)state;
    for (const nn_loss_type *const *type = nn_loss_types(); *type; type++) {
        assert_ptr_equal(nn_loss_find((*type)->name), *type);
        assert_true((*type)->summary[0] && (*type)->example[0]);
        for (const nn_option *option = (*type)->options; option->name; option++)
            assert_true(option->help && option->help[0]);
        void *options = make_options(*type);
        assert_true((*type)->check(options, shape, &class_target) == NN_OK ||
                    (*type)->check(options, shape, &value_target) == NN_OK);
        release_options(*type, options);
    }
    for (const nn_metric_type *const *type = nn_metric_types(); *type; type++) {
        assert_ptr_equal(nn_metric_find((*type)->name), *type);
        assert_true((*type)->summary[0] && (*type)->example[0]);
        assert_in_range((*type)->sums, 1, NN_METRIC_SUMS);
        assert_true((*type)->check(shape, &class_target) == NN_OK ||
                    (*type)->check(shape, &value_target) == NN_OK);
    }
    assert_null(nn_loss_find("no such loss"));
    assert_null(nn_metric_find("no such metric"));
}

/* soft != NULL: rows with shares of two classes. */
static void check_gradient(const nn_loss_type *type, const void *options, const nn_real *soft)
{
    example at;
    nn_loss_call call = make_example(&at, 3.5);
    call.soft = soft;
    type->evaluate(options, &call);
    call.gradient = NULL;
    for (int i = 0; i < SAMPLES * COLUMNS; i++) {
        const double step = 1e-5;
        nn_real kept = at.output[i];
        at.output[i] = (nn_real)((double)kept + step);
        double above = type->evaluate(options, &call);
        at.output[i] = (nn_real)((double)kept - step);
        double below = type->evaluate(options, &call);
        at.output[i] = kept;
        double difference = (above - below) / (2 * step * call.denominator);
        assert_true(fabs(difference - (double)at.gradient[i]) < 1e-8);
    }
}

/* Fails when a loss's gradient is not the derivative of its sum over the denominator. */
static void test_gradients(void **state)
{
    (void)state;
    if (!IS_DOUBLE) skip();
    nn_real soft[SAMPLES * COLUMNS] = {0};
    for (int s = 0; s < SAMPLES; s++) {
        soft[s * COLUMNS + s % COLUMNS] = (nn_real)(0.1 * s);
        soft[s * COLUMNS + (s + 2) % COLUMNS] = (nn_real)(1 - 0.1 * s);
    }
    for (const nn_loss_type *const *type = nn_loss_types(); *type; type++) {
        void *options = make_options(*type);
        check_gradient(*type, options, NULL);
        if ((*type)->takes_soft) check_gradient(*type, options, soft);
        release_options(*type, options);
    }
}

/* Fails when targets that are wholly of one class are not as good as labels: the same bits. */
static void test_soft_is_label(void **state)
{
    (void)state;
    for (const nn_loss_type *const *type = nn_loss_types(); *type; type++) {
        if (!(*type)->takes_soft) continue;
        void *options = make_options(*type);
        example hard, softened;
        nn_real soft[SAMPLES * COLUMNS] = {0};
        nn_loss_call call = make_example(&hard, 3), soft_call = make_example(&softened, 3);
        for (int s = 0; s < SAMPLES; s++) soft[s * COLUMNS + hard.labels[s]] = 1;
        soft_call.soft = soft;
        soft_call.labels = NULL;
        assert_true((*type)->evaluate(options, &call) == (*type)->evaluate(options, &soft_call));
        assert_memory_equal(hard.gradient, softened.gradient, sizeof hard.gradient);
        assert_true((*type)->denominator(options, &call) == (*type)->denominator(options, &soft_call));
        release_options(*type, options);
    }
}

/* Fails when a loss depends on more than its own samples, or on whether a gradient is wanted. */
static void test_halves(void **state)
{
    (void)state;
    for (const nn_loss_type *const *type = nn_loss_types(); *type; type++) {
        void *options = make_options(*type);
        example at, halves;
        nn_loss_call whole = make_example(&at, 7), again = make_example(&halves, 7);
        double sum = (*type)->evaluate(options, &whole), denominator = (*type)->denominator(options, &whole);
        for (int64_t begin = 1; begin < SAMPLES; begin++) {
            nn_loss_call low = cut(&again, 0, begin), high = cut(&again, begin, SAMPLES);
            double parts = (*type)->evaluate(options, &low) + (*type)->evaluate(options, &high);
            assert_true(fabs(parts - sum) < 1e-13 * fabs(sum));
            low.output = high.output = NULL;
            assert_true((*type)->denominator(options, &low) + (*type)->denominator(options, &high) ==
                        denominator);
            assert_memory_equal(at.gradient, halves.gradient, sizeof at.gradient);
        }
        whole.gradient = NULL;
        assert_true((*type)->evaluate(options, &whole) == sum);
        release_options(*type, options);
    }
}

/* The same for the metrics' sums. */
static void test_metric_halves(void **state)
{
    (void)state;
    example at;
    nn_loss_call whole = make_example(&at, 0);
    nn_loss_call low = cut(&whole, 0, 3), high = cut(&whole, 3, SAMPLES);
    for (const nn_metric_type *const *type = nn_metric_types(); *type; type++) {
        double sums[3][NN_METRIC_SUMS];
        (*type)->accumulate(&whole, sums[0]);
        (*type)->accumulate(&low, sums[1]);
        (*type)->accumulate(&high, sums[2]);
        for (int i = 0; i < (*type)->sums; i++)
            assert_true(fabs(sums[0][i] - sums[1][i] - sums[2][i]) <= 1e-13 * fabs(sums[0][i]));
    }
}

/* ---- closed forms
 * ------------------------------------------------------------------------------------------- */

/* Fails when cross-entropy is not log(classes) for equal outputs, or overflows for large ones. */
static void test_cross_entropy(void **state)
{
    (void)state;
    const nn_loss_type *type = nn_loss_find("cross_entropy");
    nn_real output[6] = {4, 4, 4, 1000, -1000, 0}, gradient[6];
    const int64_t labels[2] = {2, 0};
    nn_loss_call call = {
        .rows = 2, .columns = 3, .output = output, .labels = labels, .denominator = 2, .gradient = gradient};
    double tolerance = IS_DOUBLE ? 1e-15 : 1e-7;
    assert_true(fabs(type->evaluate(NULL, &call) - log(3)) < tolerance);
    const double expected[6] = {1 / 6., 1 / 6., -1 / 3., 0, 0, 0};
    for (int i = 0; i < 6; i++) assert_true(fabs((double)gradient[i] - expected[i]) < tolerance);
    call = (nn_loss_call){.rows = 1, .columns = 3, .output = output + 3, .labels = labels, .denominator = 1};
    assert_true(type->evaluate(NULL, &call) == 1000);
    assert_true(type->denominator(NULL, &call) == 1);
    type->predict(NULL, 2, 3, output);
    for (int i = 0; i < 3; i++) assert_true(fabs((double)output[i] - 1 / 3.) < tolerance);
    assert_true(output[3] == 1 && output[4] == 0 && output[5] == 0);
}

/* Fails when a soft target is not the mean of the losses of its classes, or labels are read beside it. */
static void test_cross_entropy_soft(void **state)
{
    (void)state;
    const nn_loss_type *type = nn_loss_find("cross_entropy");
    const nn_real output[3] = {1, 3, 2}, soft[3] = {(nn_real)0.25, 0, (nn_real)0.75};
    const int64_t label = 1;
    nn_real gradient[3];
    nn_loss_call call = {.rows = 1,
                         .columns = 3,
                         .output = output,
                         .labels = &label,
                         .soft = soft,
                         .denominator = 2,
                         .gradient = gradient};
    double sum = exp(1) + exp(2) + exp(3), tolerance = IS_DOUBLE ? 1e-14 : 1e-6;
    assert_true(fabs(type->evaluate(NULL, &call) - (log(sum) - 0.25 * 1 - 0.75 * 2)) < tolerance);
    for (int c = 0; c < 3; c++) {
        double expected = (exp((double)output[c]) / sum - (double)soft[c]) / 2;
        assert_true(fabs((double)gradient[c] - expected) < tolerance);
    }
}

/* Fails when classes beyond one chunk of exponentials are forgotten. */
static void test_cross_entropy_many_classes(void **state)
{
    (void)state;
    static nn_real output[1000], gradient[1000];
    const int64_t label = 999;
    nn_loss_call call = {.rows = 1,
                         .columns = 1000,
                         .output = output,
                         .labels = &label,
                         .denominator = 1,
                         .gradient = gradient};
    assert_true(fabs(nn_loss_find("cross_entropy")->evaluate(NULL, &call) - log(1000)) < 1e-12);
    for (int i = 0; i < 999; i++) assert_true(fabs((double)gradient[i] - 1e-3) < 1e-9);
    assert_true(fabs((double)gradient[999] + 0.999) < 1e-7);
}

static void test_mse(void **state)
{
    (void)state;
    const nn_loss_type *type = nn_loss_find("mse");
    const nn_real output[4] = {1, 2, 3, 4}, targets[4] = {1, 0, 3, 7};
    nn_real gradient[4];
    nn_loss_call call = {.rows = 2,
                         .columns = 2,
                         .output = output,
                         .targets = targets,
                         .denominator = 4,
                         .gradient = gradient};
    assert_true(type->evaluate(NULL, &call) == 13);
    assert_true(type->denominator(NULL, &call) == 4);
    assert_true(gradient[0] == 0 && gradient[1] == 1 && gradient[2] == 0 && gradient[3] == (nn_real)-1.5);
}

static double metric(const char *name, const nn_loss_call *call)
{
    double sums[NN_METRIC_SUMS];
    const nn_metric_type *type = nn_metric_find(name);
    type->accumulate(call, sums);
    return type->finish(sums);
}

/* Fails when a tie does not go to the first class, or an error is averaged over the wrong count. */
static void test_metrics(void **state)
{
    (void)state;
    const nn_real output[6] = {1, 2, 2, 3, 1, 3}, targets[6] = {1, 2, 5, 3, 1, -1};
    const int64_t labels[2] = {1, 2};
    nn_loss_call call = {
        .rows = 2, .columns = 3, .output = output, .labels = labels, .targets = targets, .denominator = 0};
    assert_true(metric("accuracy", &call) == 0.5);
    assert_true(fabs(metric("mae", &call) - 7 / 6.) < 1e-15);
    assert_true(fabs(metric("rmse", &call) - sqrt(25 / 6.)) < 1e-15);
}

/* Fails when a message does not say what does not fit and what to do. */
static void test_messages(void **state)
{
    (void)state;
    const nn_shape twelve = {1, {12}}, image = {2, {3, 4}};
    assert_int_equal(nn_loss_find("cross_entropy")->check(NULL, twelve, &class_target), NN_ERROR_USAGE);
    assert_string_equal(
        nn_error_text(),
        "the output has 12 values a sample, but the target 'y' has 5 classes; end the network "
        "with `dense: {units: classes}`");
    assert_int_equal(nn_metric_find("accuracy")->check(shape, &value_target), NN_ERROR_USAGE);
    assert_string_equal(nn_error_text(),
                        "class labels are needed, but the target 'y' is read as values; use one for values, "
                        "such as mse, or give the target as integers");
    assert_int_equal(nn_loss_find("mse")->check(NULL, image, &value_target), NN_ERROR_USAGE);
    assert_string_equal(nn_error_text(),
                        "the output has 3 x 4 values a sample, but the target 'y' has 5; end "
                        "the network with `dense: {units: 5}`");
    assert_int_equal(nn_metric_find("mae")->check(shape, &class_target), NN_ERROR_USAGE);
    assert_string_equal(nn_error_text(),
                        "values are needed, but the target 'y' holds class labels; use one for classes, such "
                        "as cross_entropy or accuracy");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documented),    cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_soft_is_label), cmocka_unit_test(test_cross_entropy_soft),
        cmocka_unit_test(test_halves),        cmocka_unit_test(test_metric_halves),
        cmocka_unit_test(test_cross_entropy), cmocka_unit_test(test_cross_entropy_many_classes),
        cmocka_unit_test(test_mse),           cmocka_unit_test(test_metrics),
        cmocka_unit_test(test_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
