/* Every loss of the list: documentation, gradients, sums that can be split anywhere, rows that do not count.
 */
#include "../nn/build.h"

#include <math.h>

#include "../fixtures/fixture.h"
#include "loss/loss.h"

#define SAMPLES 7
#define COLUMNS 5

static const nn_shape shape = {1, {COLUMNS}};
static const nn_field class_target = {.name = "y", .is_class = true, .classes = COLUMNS};
static const nn_field value_target = {.name = "y", .shape = {1, {COLUMNS}}};
/* One per class, or two per column. */
static const double class_weights[2 * COLUMNS] = {0.5, 2, 1, 0, 3, 1, 0.25, 4, 2, 0.75};

/* Optional inputs next to output and target. */
enum { WEIGHTS = 1, MASKED = 2, CLASS_WEIGHTS = 4, VARIANTS = 8 };

typedef struct example {
    nn_real output[SAMPLES * COLUMNS], targets[SAMPLES * COLUMNS], gradient[SAMPLES * COLUMNS];
    nn_real weights[SAMPLES];
    int64_t labels[SAMPLES];
} example;

static bool uses_labels(const nn_loss_type *type)
{
    return type->takes_classes && !type->yes_no;
}

/* Row 2 does not count where rows are masked; of values, three more. */
static void mask(example *at)
{
    at->labels[2] = -1;
    for (int i = 0; i < COLUMNS; i++) at->targets[2 * COLUMNS + i] = (nn_real)NAN;
    at->targets[0] = at->targets[7] = at->targets[SAMPLES * COLUMNS - 1] = (nn_real)NAN;
}

static nn_loss_call make_example(const nn_loss_type *type, int variant, example *at, double denominator)
{
    fill_random(1, SAMPLES * COLUMNS, at->output);
    fill_random(2, SAMPLES * COLUMNS, at->targets);
    fill_random(3, SAMPLES, at->weights);
    for (int i = 0; i < SAMPLES * COLUMNS; i++) at->targets[i] = (1 + at->targets[i]) / 2;
    for (int i = 0; i < SAMPLES; i++) at->labels[i] = (3 * i + 1) % COLUMNS;
    for (int i = 0; i < SAMPLES; i++) at->weights[i] += 1;
    if (variant & MASKED) mask(at);
    return (nn_loss_call){.rows = SAMPLES,
                          .columns = COLUMNS,
                          .output = at->output,
                          .labels = uses_labels(type) ? at->labels : NULL,
                          .targets = uses_labels(type) ? NULL : at->targets,
                          .weights = variant & WEIGHTS ? at->weights : NULL,
                          .class_weights = variant & CLASS_WEIGHTS ? class_weights : NULL,
                          .denominator = denominator,
                          .gradient = at->gradient};
}

/* Rows [begin, end) of an example. */
static nn_loss_call cut(const nn_loss_call *call, int64_t begin, int64_t end)
{
    nn_loss_call rows = *call;
    rows.rows = end - begin;
    rows.output += begin * COLUMNS;
    if (rows.targets) rows.targets += begin * COLUMNS;
    if (rows.labels) rows.labels += begin;
    if (rows.weights) rows.weights += begin;
    if (rows.gradient) rows.gradient += begin * COLUMNS;
    return rows;
}

/* The options of a loss as given by a user: "huber: {delta: 2}". */
static void *read_loss(const char *yaml, const nn_loss_type **type)
{
    char text[256];
    void *options = NULL;
    nn_config *config;
    nn_config_node *node = NULL;
    snprintf(text, sizeof text, "loss:\n  %s\n", yaml);
    expect_ok(nn_config_parse(text, "test.yaml", NULL, 0, &config));
    const char *name = nn_config_read_choice(config, nn_config_get(nn_config_root(config), "loss"), &node);
    assert_non_null(name);
    *type = nn_loss_find(NN_SCALAR_REAL, name);
    assert_non_null(*type);
    if ((*type)->options_size) expect_ok(nn_allocate(&options, (*type)->options_size, 1, "options"));
    nn_config_read(config, node, "loss", (*type)->options, NULL, NULL, options);
    expect_ok(nn_config_finish(config));
    nn_config_destroy(config);
    return options;
}

/* As the plug-in's example says. */
static void *make_options(const nn_loss_type *type)
{
    const nn_loss_type *found;
    void *options = read_loss(type->example, &found);
    assert_ptr_equal(found, type);
    return options;
}

static void release_options(const nn_loss_type *type, void *options)
{
    if (options) nn_options_release(type->options, options);
    nn_free(options);
}

/* Fails when an entry is undocumented or does not fit any kind of target. */
static void test_documented(void **state)
{
    (void)state;
    for (const nn_loss_type *const *type = nn_loss_types(NN_SCALAR_REAL); *type; type++) {
        assert_ptr_equal(nn_loss_find(NN_SCALAR_REAL, (*type)->name), *type);
        assert_true((*type)->summary[0] && (*type)->example[0]);
        for (const nn_option *option = (*type)->options; option->name; option++)
            assert_true(option->help && option->help[0]);
        void *options = make_options(*type);
        assert_true((*type)->check(options, shape, &class_target) == NN_OK ||
                    (*type)->check(options, shape, &value_target) == NN_OK);
        release_options(*type, options);
    }
    assert_null(nn_loss_find(NN_SCALAR_REAL, "no such loss"));
}

/* soft != NULL: rows with shares of two classes. */
static void check_gradient(const nn_loss_type *type, const void *options, int variant, const nn_real *soft)
{
    example at;
    nn_loss_call call = make_example(type, variant, &at, 3.5);
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
        if (!(fabs(difference - (double)at.gradient[i]) < 1e-8))
            fail_msg("%s, variant %d: the derivative of output %d is %g, not %g", type->name, variant, i,
                     difference, (double)at.gradient[i]);
    }
}

static const char *const others[] = {"cross_entropy: {label_smoothing: 0.1}", "huber: {delta: 0.3}",
                                     "quantile: {q: 0.2}", NULL};

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
    for (int i = 0; nn_loss_types(NN_SCALAR_REAL)[i]; i++) {
        const nn_loss_type *type = nn_loss_types(NN_SCALAR_REAL)[i];
        void *options = make_options(type);
        for (int variant = 0; variant < VARIANTS; variant++) {
            check_gradient(type, options, variant, NULL);
            if (type->takes_soft) check_gradient(type, options, variant, soft);
        }
        release_options(type, options);
    }
    for (const char *const *yaml = others; *yaml; yaml++) {
        const nn_loss_type *type;
        void *options = read_loss(*yaml, &type);
        for (int variant = 0; variant < VARIANTS; variant++) check_gradient(type, options, variant, NULL);
        release_options(type, options);
    }
}

/* Fails when a row that does not count, or has no weight, changes sum, denominator or another gradient. */
static void test_masked(void **state)
{
    (void)state;
    for (const nn_loss_type *const *type = nn_loss_types(NN_SCALAR_REAL); *type; type++) {
        void *options = make_options(*type);
        example at, other;
        nn_loss_call call = make_example(*type, MASKED | WEIGHTS, &at, 3), same;
        same = make_example(*type, MASKED | WEIGHTS, &other, 3);
        other.weights[5] = at.weights[5] = 0;
        for (int i = 0; i < COLUMNS; i++) other.output[2 * COLUMNS + i] = 7;
        other.output[5 * COLUMNS + 1] = -9;
        assert_true((*type)->evaluate(options, &call) == (*type)->evaluate(options, &same));
        assert_true((*type)->denominator(options, &call) == (*type)->denominator(options, &same));
        for (int i = 0; i < COLUMNS; i++)
            assert_true(at.gradient[2 * COLUMNS + i] == 0 && at.gradient[5 * COLUMNS + i] == 0);
        assert_memory_equal(at.gradient, other.gradient, 2 * COLUMNS * sizeof(nn_real));
        release_options(*type, options);
    }
}

/* Fails when soft targets of a single class do not give the same bits as labels. */
static void test_soft_is_label(void **state)
{
    (void)state;
    for (const nn_loss_type *const *type = nn_loss_types(NN_SCALAR_REAL); *type; type++) {
        if (!(*type)->takes_soft) continue;
        void *options = make_options(*type);
        example hard, softened;
        nn_real soft[SAMPLES * COLUMNS] = {0};
        nn_loss_call call = make_example(*type, CLASS_WEIGHTS | WEIGHTS, &hard, 3);
        nn_loss_call soft_call = make_example(*type, CLASS_WEIGHTS | WEIGHTS, &softened, 3);
        for (int s = 0; s < SAMPLES; s++) soft[s * COLUMNS + hard.labels[s]] = 1;
        soft_call.soft = soft;
        soft_call.labels = NULL;
        assert_true((*type)->evaluate(options, &call) == (*type)->evaluate(options, &soft_call));
        assert_memory_equal(hard.gradient, softened.gradient, sizeof hard.gradient);
        assert_true((*type)->denominator(options, &call) == (*type)->denominator(options, &soft_call));
        release_options(*type, options);
    }
}

/* Fails when a loss depends on other samples, or on whether a gradient is requested. */
static void test_halves(void **state)
{
    (void)state;
    for (const nn_loss_type *const *type = nn_loss_types(NN_SCALAR_REAL); *type; type++) {
        void *options = make_options(*type);
        example at, halves;
        nn_loss_call whole = make_example(*type, VARIANTS - 1, &at, 7);
        nn_loss_call again = make_example(*type, VARIANTS - 1, &halves, 7);
        double sum = (*type)->evaluate(options, &whole), denominator = (*type)->denominator(options, &whole);
        for (int64_t begin = 1; begin < SAMPLES; begin++) {
            nn_loss_call low = cut(&again, 0, begin), high = cut(&again, begin, SAMPLES);
            double parts = (*type)->evaluate(options, &low) + (*type)->evaluate(options, &high);
            assert_true(fabs(parts - sum) < 1e-13 * fabs(sum));
            low.output = high.output = NULL;
            double terms = (*type)->denominator(options, &low) + (*type)->denominator(options, &high);
            assert_true(fabs(terms - denominator) < 1e-13 * denominator);
            assert_memory_equal(at.gradient, halves.gradient, sizeof at.gradient);
        }
        whole.gradient = NULL;
        assert_true((*type)->evaluate(options, &whole) == sum);
        release_options(*type, options);
    }
}

/* ---- closed forms
 * ------------------------------------------------------------------------------------------- */

/* Fails when cross-entropy is not log(classes) for equal outputs, or overflows for large ones. */
static void test_cross_entropy(void **state)
{
    (void)state;
    const nn_loss_type *type;
    void *options = read_loss("cross_entropy", &type);
    nn_real output[6] = {4, 4, 4, 1000, -1000, 0}, gradient[6];
    const int64_t labels[2] = {2, 0};
    nn_loss_call call = {
        .rows = 2, .columns = 3, .output = output, .labels = labels, .denominator = 2, .gradient = gradient};
    double tolerance = IS_DOUBLE ? 1e-15 : 1e-7;
    assert_true(fabs(type->evaluate(options, &call) - log(3)) < tolerance);
    const double expected[6] = {1 / 6., 1 / 6., -1 / 3., 0, 0, 0};
    for (int i = 0; i < 6; i++) assert_true(fabs((double)gradient[i] - expected[i]) < tolerance);
    call = (nn_loss_call){.rows = 1, .columns = 3, .output = output + 3, .labels = labels, .denominator = 1};
    assert_true(type->evaluate(options, &call) == 1000);
    assert_true(type->denominator(options, &call) == 1);
    type->predict(options, 2, 3, output);
    for (int i = 0; i < 3; i++) assert_true(fabs((double)output[i] - 1 / 3.) < tolerance);
    assert_true(output[3] == 1 && output[4] == 0 && output[5] == 0);
    release_options(type, options);
}

/* Fails when the loss of a soft target is not the mean over its classes, or labels are read as well. */
static void test_cross_entropy_soft(void **state)
{
    (void)state;
    const nn_loss_type *type;
    void *options = read_loss("cross_entropy", &type);
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
    assert_true(fabs(type->evaluate(options, &call) - (log(sum) - 0.25 * 1 - 0.75 * 2)) < tolerance);
    for (int c = 0; c < 3; c++) {
        double expected = (exp((double)output[c]) / sum - (double)soft[c]) / 2;
        assert_true(fabs((double)gradient[c] - expected) < tolerance);
    }
    release_options(type, options);
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
    const nn_loss_type *type;
    void *options = read_loss("cross_entropy", &type);
    assert_true(fabs(type->evaluate(options, &call) - log(1000)) < 1e-12);
    for (int i = 0; i < 999; i++) assert_true(fabs((double)gradient[i] - 1e-3) < 1e-9);
    assert_true(fabs((double)gradient[999] + 0.999) < 1e-7);
    release_options(type, options);
}

static void test_mse(void **state)
{
    (void)state;
    const nn_loss_type *type = nn_loss_find(NN_SCALAR_REAL, "mse");
    void *options = NULL;
    const nn_real output[4] = {1, 2, 3, 4}, targets[4] = {1, 0, 3, 7};
    nn_real gradient[4];
    nn_loss_call call = {.rows = 2,
                         .columns = 2,
                         .output = output,
                         .targets = targets,
                         .denominator = 4,
                         .gradient = gradient};
    assert_true(type->evaluate(options, &call) == 13);
    assert_true(type->denominator(options, &call) == 4);
    assert_true(gradient[0] == 0 && gradient[1] == 1 && gradient[2] == 0 && gradient[3] == (nn_real)-1.5);
}

/* ---- PyTorch ---- */

/* A case of tests/fixtures/losses.txt: 12 rows of 5 columns, or of one where `single`. */
typedef struct fixture_case {
    const char *name, *yaml;
    bool labels, single, class_weights, weights, ignored;
} fixture_case;

static const fixture_case fixture_cases[] = {
    {"cross_entropy", "cross_entropy", true, false, false, false, false},
    {"cross_entropy_weighted", "cross_entropy", true, false, true, false, false},
    {"cross_entropy_ignored", "cross_entropy", true, false, true, false, true},
    {"cross_entropy_smoothed", "cross_entropy: {label_smoothing: 0.2}", true, false, true, false, true},
    {"binary", "binary_cross_entropy", false, false, false, false, false},
    {"binary_weighted", "binary_cross_entropy", false, false, false, true, false},
    {"binary_labels", "binary_cross_entropy", true, true, false, false, false},
    {"mse", "mse", false, false, false, false, false},
    {"mse_weighted", "mse", false, false, false, true, true},
    {"mae", "mae", false, false, false, false, false},
    {"mae_weighted", "mae", false, false, false, true, true},
    {"huber", "huber: {delta: 0.7}", false, false, false, false, true},
    {"quantile", "quantile: {q: 0.9}", false, false, false, true, true},
};

#define ROWS 12

/* Fails when the mean or its gradient differs from PyTorch's. */
static void check_case(const fixture_case *of)
{
    nn_real output[ROWS * COLUMNS], targets[ROWS * COLUMNS], weights[ROWS], numbers[ROWS];
    nn_real gradient[ROWS * COLUMNS], expected[ROWS * COLUMNS], mean;
    int64_t labels[ROWS], columns = of->single ? 1 : COLUMNS;
    char name[128];
    const char *kind = IS_DOUBLE ? "float64" : "float32", *file = "losses.txt";
    const char *given = of->single ? "single" : "output";
    const nn_loss_type *type;
    void *options = read_loss(of->yaml, &type);
    fixture_read(file, given, ROWS * columns, output);
    fixture_read(file, type->yes_no ? "answers" : "targets", ROWS * COLUMNS, targets);
    fixture_read(file, "weights", ROWS, weights);
    fixture_read(file, of->single ? "yes" : "labels", ROWS, numbers);
    for (int i = 0; i < ROWS; i++) labels[i] = of->ignored && i % 5 == 3 ? -1 : (int64_t)numbers[i];
    for (int i = 0; of->ignored && i < ROWS * COLUMNS; i += 7) targets[i] = (nn_real)NAN;
    nn_loss_call call = {.rows = ROWS,
                         .columns = columns,
                         .output = output,
                         .labels = of->labels ? labels : NULL,
                         .targets = of->labels ? NULL : targets,
                         .weights = of->weights ? weights : NULL,
                         .class_weights = of->class_weights ? class_weights : NULL,
                         .gradient = gradient};
    call.denominator = type->denominator(options, &call);
    nn_real ours = (nn_real)(type->evaluate(options, &call) / call.denominator);
    snprintf(name, sizeof name, "%s.loss.%s", of->name, kind);
    fixture_read(file, name, 1, &mean);
    fixture_compare(name, 1, &ours, &mean, IS_DOUBLE ? 1e-12 : 1e-5);
    snprintf(name, sizeof name, "%s.gradient.%s", of->name, kind);
    fixture_read(file, name, ROWS * columns, expected);
    fixture_compare(name, ROWS * columns, gradient, expected, IS_DOUBLE ? 1e-12 : 1e-5);
    release_options(type, options);
}

/* A case of tests/fixtures/soft_losses.txt. */
static void check_soft_case(const char *of, const char *yaml, bool weighted)
{
    nn_real output[ROWS * COLUMNS], soft[ROWS * COLUMNS], weights[ROWS];
    nn_real gradient[ROWS * COLUMNS], expected[ROWS * COLUMNS], mean;
    char name[128];
    const char *kind = IS_DOUBLE ? "float64" : "float32", *file = "soft_losses.txt";
    const nn_loss_type *type;
    void *options = read_loss(yaml, &type);
    fixture_read(file, "output", ROWS * COLUMNS, output);
    fixture_read(file, "soft", ROWS * COLUMNS, soft);
    fixture_read(file, "weights", ROWS, weights);
    nn_loss_call call = {.rows = ROWS,
                         .columns = COLUMNS,
                         .output = output,
                         .soft = soft,
                         .weights = weighted ? weights : NULL,
                         .gradient = gradient};
    call.denominator = type->denominator(options, &call);
    nn_real ours = (nn_real)(type->evaluate(options, &call) / call.denominator);
    snprintf(name, sizeof name, "%s.loss.%s", of, kind);
    fixture_read(file, name, 1, &mean);
    fixture_compare(name, 1, &ours, &mean, IS_DOUBLE ? 1e-12 : 1e-5);
    snprintf(name, sizeof name, "%s.gradient.%s", of, kind);
    fixture_read(file, name, ROWS * COLUMNS, expected);
    fixture_compare(name, ROWS * COLUMNS, gradient, expected, IS_DOUBLE ? 1e-12 : 1e-5);
    release_options(type, options);
}

/* Fails when class probabilities as targets, the mean or its gradient differs from PyTorch's. */
static void test_pytorch_soft(void **state)
{
    (void)state;
    check_soft_case("plain", "cross_entropy", false);
    check_soft_case("smoothed", "cross_entropy: {label_smoothing: 0.2}", false);
    check_soft_case("weighted", "cross_entropy", true);
}

static void test_pytorch(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof fixture_cases / sizeof *fixture_cases; i++) check_case(&fixture_cases[i]);
}

/* ---- messages ---- */

/* Fails when a message does not say what does not fit and what to do. */
static void test_messages(void **state)
{
    (void)state;
    const nn_shape twelve = {1, {12}}, image = {2, {3, 4}};
    assert_int_equal(nn_loss_find(NN_SCALAR_REAL, "cross_entropy")->check(NULL, twelve, &class_target),
                     NN_ERROR_USAGE);
    assert_string_equal(nn_error_text(), "the output has 12 values per sample, but the target 'y' has 5 "
                                         "classes; end the network with `dense: {units: classes}`");
    assert_int_equal(nn_loss_find(NN_SCALAR_REAL, "mse")->check(NULL, image, &value_target), NN_ERROR_USAGE);
    assert_string_equal(nn_error_text(), "the output has 3 x 4 values per sample, but the target 'y' has 5; "
                                         "end the network with `dense: {units: 5}`");
    assert_int_equal(nn_loss_find(NN_SCALAR_REAL, "mae")->check(NULL, shape, &class_target), NN_ERROR_USAGE);
    assert_string_equal(nn_error_text(), "values are needed, but the target 'y' holds class labels; use a "
                                         "loss or metric for classes, such as cross_entropy or accuracy");
    const nn_field steps = {.name = "y", .is_class = true, .classes = 5, .shape = {1, {7}}};
    assert_int_equal(nn_loss_find(NN_SCALAR_REAL, "cross_entropy")->check(NULL, shape, &steps),
                     NN_ERROR_USAGE);
    assert_string_equal(nn_error_text(),
                        "the target 'y' has a class at every step (7), but the output has shape 5 and should "
                        "have 7 x 5; keep the steps up to the end of the network, with `dense: {units: "
                        "classes, per_step: true}` as its last layer, or use data.window.target: last");
    expect_ok(nn_loss_find(NN_SCALAR_REAL, "cross_entropy")->check(NULL, (nn_shape){2, {7, 5}}, &steps));
    assert_int_equal(nn_loss_find(NN_SCALAR_REAL, "binary_cross_entropy")->check(NULL, shape, &class_target),
                     NN_ERROR_USAGE);
    assert_string_equal(nn_error_text(),
                        "yes or no is needed, but the target 'y' has 5 classes; use cross_entropy or, if "
                        "only two labels occur, list them: data.fields.y.labels: [0, 255]");
}

/* The gradient summed over rows, at an output that is the same for all: 0 if no other constant is better.
 */
static void expect_best(const nn_loss_type *type, const void *options, nn_loss_call *call, const double *mean)
{
    double constant[COLUMNS];
    nn_real output[SAMPLES * COLUMNS], gradient[SAMPLES * COLUMNS];
    type->best_constant(options, call->columns, call->class_weights, call->labels != NULL, mean, constant);
    for (int64_t i = 0; i < call->rows * call->columns; i++) output[i] = (nn_real)constant[i % call->columns];
    call->output = output;
    call->gradient = gradient;
    call->denominator = 1;
    type->evaluate(options, call);
    for (int64_t c = 0; c < call->columns; c++) {
        double sum = 0;
        for (int64_t r = 0; r < call->rows; r++) sum += (double)gradient[r * call->columns + c];
        if (fabs(sum) > 2e-5)
            fail_msg("%s: column %d of the best constant: a slope of %g", type->name, (int)c, sum);
    }
}

/* Fails when the constant guess that results are compared with is not the best one under the weights of
 * classes. */
static void test_best_constant(void **state)
{
    (void)state;
    static const int64_t labels[SAMPLES] = {0, 0, 0, 1, 2, 2, 4}, yes[SAMPLES] = {0, 1, 0, 0, 0, 1, 0};
    const double shares[COLUMNS] = {3 / 7., 1 / 7., 2 / 7., 0, 1 / 7.}, two[2] = {5 / 7., 2 / 7.};
    static const double weights[2 * COLUMNS] = {0.5, 2, 1, 1, 3, 1, 0.25, 4, 2, 0.75};
    nn_real targets[SAMPLES * COLUMNS];
    double mean[COLUMNS] = {0};
    for (int i = 0; i < SAMPLES * COLUMNS; i++) targets[i] = (nn_real)(i * i % 3 > 0);
    for (int i = 0; i < SAMPLES * COLUMNS; i++) mean[i % COLUMNS] += (double)targets[i] / SAMPLES;
    for (int weighted = 0; weighted < 2; weighted++) {
        const double *of_classes = weighted ? weights : NULL;
        nn_loss_call classes = {
            .rows = SAMPLES, .columns = COLUMNS, .labels = labels, .class_weights = of_classes};
        nn_loss_call single = {.rows = SAMPLES, .columns = 1, .labels = yes, .class_weights = of_classes};
        nn_loss_call many = {
            .rows = SAMPLES, .columns = COLUMNS, .targets = targets, .class_weights = of_classes};
        const nn_loss_type *type;
        void *options = read_loss("cross_entropy", &type);
        expect_best(type, options, &classes, shares);
        release_options(type, options);
        options = read_loss("binary_cross_entropy", &type);
        expect_best(type, options, &single, two);
        expect_best(type, options, &many, mean);
        release_options(type, options);
    }
}

/* Fails when a loss that has a domain is not the smallest, 0 or more and finite for the targets in it. */
static void test_domains(void **state)
{
    (void)state;
    for (const nn_loss_type *const *type = nn_loss_types(NN_SCALAR_REAL); *type; type++) {
        void *options = make_options(*type);
        const nn_domain *domain = &(*type)->domain;
        assert_true(domain->bounded ? domain->least < domain->most : !domain->shares);
        assert_true(domain->bounded ==
                    ((*type)->predict != NULL)); /* outputs that are not values of the target */
        for (int k = 0; k <= 4 && domain->bounded && !domain->shares; k++) {
            nn_real target = (nn_real)(domain->least + k * (domain->most - domain->least) / 4);
            for (int x = -30; x <= 30; x += 15) {
                nn_real output = (nn_real)x;
                nn_loss_call call = {
                    .rows = 1, .columns = 1, .output = &output, .targets = &target, .denominator = 1};
                double loss = (*type)->evaluate(options, &call);
                assert_true(loss >= 0 && isfinite(loss));
            }
        }
        release_options(*type, options);
    }
}

/* Fails when numbers, `balanced` or mistakes in class_weights come out wrong. */
static void test_class_weights(void **state)
{
    (void)state;
    char one[] = "1", half[] = "0.5", balanced[] = "balanced", wrong[] = "-2", *items[] = {one, half};
    char *word[] = {balanced}, *negative[] = {one, wrong};
    const double shares[4] = {0.5, 0.25, 0.25, 0};
    double weights[4];
    bool made;
    expect_ok(nn_class_weights_make(&(nn_text_list){items, 2}, 2, NULL, weights, &made));
    assert_true(made && weights[0] == 1 && weights[1] == 0.5);
    expect_ok(nn_class_weights_make(&(nn_text_list){word, 1}, 4, shares, weights, &made));
    assert_true(made && weights[0] == 0.5 && weights[1] == 1 && weights[2] == 1 && weights[3] == 0);
    expect_ok(nn_class_weights_make(&(nn_text_list){0}, 4, shares, weights, &made));
    assert_false(made);
    assert_int_equal(nn_class_weights_make(&(nn_text_list){items, 2}, 3, shares, weights, &made),
                     NN_ERROR_USAGE);
    assert_int_equal(nn_class_weights_make(&(nn_text_list){negative, 2}, 2, shares, weights, &made),
                     NN_ERROR_USAGE);
    assert_string_equal(
        nn_error_text(),
        "class_weights: '-2' is not a number >= 0; give a list such as [1, 2.5], or `balanced`");
    assert_int_equal(nn_class_weights_make(&(nn_text_list){word, 1}, 4, NULL, weights, &made),
                     NN_ERROR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documented),    cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_soft_is_label), cmocka_unit_test(test_cross_entropy_soft),
        cmocka_unit_test(test_halves),        cmocka_unit_test(test_masked),
        cmocka_unit_test(test_cross_entropy), cmocka_unit_test(test_cross_entropy_many_classes),
        cmocka_unit_test(test_mse),           cmocka_unit_test(test_class_weights),
        cmocka_unit_test(test_best_constant), cmocka_unit_test(test_domains),
        cmocka_unit_test(test_messages),      cmocka_unit_test(test_pytorch_soft),
        cmocka_unit_test(test_pytorch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
