/* Every metric of the list: documentation, sums that can be split anywhere, rows that do not count; and
 * results computed by hand. */
#include "../nn/build.h"

#include <math.h>

#include "../fixtures/fixture.h"
#include "base/tree.h"
#include "loss/metric.h"

#define ROWS 9
#define COLUMNS 4
#define STATE 64

static const nn_field class_target = {.name = "y", .is_class = true, .classes = COLUMNS};
static const nn_field value_target = {.name = "y", .shape = {1, {COLUMNS}}};
static const nn_shape shape = {1, {COLUMNS}};

typedef struct example {
    nn_real output[ROWS * COLUMNS], targets[ROWS * COLUMNS];
    double predicted[ROWS * COLUMNS], observed[ROWS * COLUMNS];
    int64_t labels[ROWS];
} example;

/* The metric's options as given by a user: "top_k: {k: 2}". */
static void *read_metric(const char *yaml, const nn_metric_type **type)
{
    char text[256];
    void *options = NULL;
    nn_config *config;
    nn_config_node *node = NULL;
    snprintf(text, sizeof text, "metrics:\n  - %s\n", yaml);
    expect_ok(nn_config_parse(text, "test.yaml", NULL, 0, &config));
    nn_config_node *list = nn_config_get(nn_config_root(config), "metrics");
    const char *name = nn_config_read_choice(config, nn_config_item(list, 0), &node);
    assert_non_null(name);
    *type = nn_metric_find(NN_SCALAR_REAL, name);
    assert_non_null(*type);
    if ((*type)->options_size) expect_ok(nn_allocate(&options, (*type)->options_size, 1, "options"));
    nn_config_read(config, node, "metrics", (*type)->options, NULL, NULL, options);
    expect_ok(nn_config_finish(config));
    nn_config_destroy(config);
    return options;
}

static void release(const nn_metric_type *type, void *options)
{
    if (options) nn_options_release(type->options, options);
    nn_free(options);
}

static bool takes_classes(const nn_metric_type *type, const void *options)
{
    return type->check(options, &(nn_judged){shape, &class_target, false}) == NN_OK;
}

static nn_loss_call make_example(example *at, bool classes)
{
    fill_random(1, ROWS * COLUMNS, at->output);
    fill_random(2, ROWS * COLUMNS, at->targets);
    for (int i = 0; i < ROWS; i++) at->labels[i] = (3 * i + 1) % COLUMNS;
    at->labels[4] = -1;
    for (int i = 0; i < COLUMNS; i++) at->targets[4 * COLUMNS + i] = (nn_real)NAN;
    for (int i = 0; i < ROWS * COLUMNS; i++) {
        at->predicted[i] = (double)at->output[i];
        at->observed[i] = (double)at->targets[i];
    }
    return (nn_loss_call){.rows = ROWS,
                          .columns = COLUMNS,
                          .output = at->output,
                          .labels = classes ? at->labels : NULL,
                          .targets = classes ? NULL : at->targets,
                          .predicted = at->predicted,
                          .observed = at->observed,
                          .outputs = COLUMNS};
}

/* Rows [begin, end). */
static nn_loss_call cut(const nn_loss_call *call, int64_t begin, int64_t end)
{
    nn_loss_call rows = *call;
    rows.rows = end - begin;
    rows.output += begin * call->columns;
    if (rows.targets) rows.targets += begin * call->columns;
    if (rows.labels) rows.labels += begin;
    if (rows.predicted) rows.predicted += begin * call->columns;
    if (rows.observed) rows.observed += begin * call->columns;
    return rows;
}

/* The result of a complete call, for any kind of state. */
static double figure(const nn_metric_type *type, const void *options, const nn_loss_call *call)
{
    int64_t width = nn_metric_state_width(type, options, call->columns, call->outputs);
    if (type->state != NN_METRIC_COLLECTED) {
        double state[STATE] = {0};
        type->accumulate(options, call, state);
        return type->finish ? nn_metric_finish(type, options, width, call->outputs, state, NULL).figure : 0;
    }
    nn_real *values;
    double result = 0;
    expect_ok(NN_ALLOCATE(&values, call->rows * width, "values"));
    type->collect(options, call, values);
    expect_ok(type->finish_collected(options, call->rows, width, values, &result, NULL));
    nn_free(values);
    return isfinite(result) ? result : (double)NAN;
}

static double named(const char *yaml, const nn_loss_call *call)
{
    const nn_metric_type *type;
    void *options = read_metric(yaml, &type);
    double result = figure(type, options, call);
    release(type, options);
    return result;
}

/* Fails when an entry is undocumented, does not fit any kind of target, or lacks what its kind of state
 * needs. */
static void test_documented(void **state)
{
    (void)state;
    for (const nn_metric_type *const *type = nn_metric_types(NN_SCALAR_REAL); *type; type++) {
        const nn_metric_type *found;
        void *options = read_metric((*type)->example, &found);
        assert_ptr_equal(found, *type);
        assert_true((*type)->summary[0]);
        assert_true((*type)->definition && (*type)->definition[0]);
        assert_true((*type)->reference && strchr((*type)->reference, '(') && strchr((*type)->reference, ':'));
        for (const nn_option *option = (*type)->options; option->name; option++)
            assert_true(option->help && option->help[0]);
        assert_true(takes_classes(*type, options) ||
                    (*type)->check(options, &(nn_judged){shape, &value_target, false}) == NN_OK);
        bool collects = (*type)->state == NN_METRIC_COLLECTED;
        assert_true(collects == ((*type)->collect && (*type)->finish_collected && (*type)->memory));
        assert_true(collects != ((*type)->accumulate && ((*type)->finish || (*type)->matrix)));
        int64_t width = nn_metric_state_width(*type, options, COLUMNS, COLUMNS);
        assert_in_range(width, 1, (*type)->state == NN_METRIC_SUMS ? NN_METRIC_SUMS_MAX : STATE);
        assert_true((*type)->undefined && (*type)->undefined[0]);
        release(*type, options);
    }
    assert_null(nn_metric_find(NN_SCALAR_REAL, "no such metric"));
}

/* Fails when sums or counts depend on how the rows are split, or are overwritten instead of added to. */
static void test_halves(void **state)
{
    (void)state;
    for (const nn_metric_type *const *type = nn_metric_types(NN_SCALAR_REAL); *type; type++) {
        const nn_metric_type *found;
        void *options = read_metric((*type)->example, &found);
        example at;
        nn_loss_call whole = make_example(&at, takes_classes(*type, options));
        double once[STATE] = {0}, twice[STATE] = {0};
        for (int64_t begin = 0; (*type)->accumulate && begin <= ROWS; begin++) {
            nn_loss_call low = cut(&whole, 0, begin), high = cut(&whole, begin, ROWS);
            memset(once, 0, sizeof once);
            memset(twice, 0, sizeof twice);
            (*type)->accumulate(options, &whole, once);
            (*type)->accumulate(options, &low, twice);
            (*type)->accumulate(options, &high, twice);
            for (int i = 0; i < STATE; i++) assert_true(fabs(once[i] - twice[i]) <= 1e-13 * fabs(once[i]));
        }
        release(*type, options);
    }
}

/* Fails when a row without a target, or a weight, changes a result. */
static void test_masked(void **state)
{
    (void)state;
    for (const nn_metric_type *const *type = nn_metric_types(NN_SCALAR_REAL); *type; type++) {
        const nn_metric_type *found;
        void *options = read_metric((*type)->example, &found);
        example at;
        nn_real weights[ROWS] = {3, 1, 4, 1, 5, 9, 2, 6, 5};
        nn_loss_call call = make_example(&at, takes_classes(*type, options));
        double before = figure(*type, options, &call);
        for (int i = 0; i < COLUMNS; i++) at.output[4 * COLUMNS + i] = (nn_real)(100 * i);
        for (int i = 0; i < COLUMNS; i++) at.predicted[4 * COLUMNS + i] = 100 * i;
        call.weights = weights;
        assert_true(isfinite(before));
        assert_true(before == figure(*type, options, &call));
        release(*type, options);
    }
}

/* ---- by hand ---- */

/* Fails when a tie does not go to the first class, or an error is averaged over the wrong count. */
static void test_classes(void **state)
{
    (void)state;
    /* Right classes 1, 2, 0, 2; predicted 1 (a tie), 0, 0, 1. */
    const nn_real output[12] = {1, 2, 2, 3, 1, 2, 5, 1, 1, 0, 4, 3};
    const int64_t labels[4] = {1, 2, 0, 2};
    nn_loss_call call = {.rows = 4, .columns = 3, .output = output, .labels = labels};
    assert_true(named("accuracy", &call) == 0.5);
    assert_true(named("top_k: {k: 2}", &call) == 1);
    assert_true(named("top_k: 1", &call) == 0.5);
    /* By class: precision 1/2, 1/2, 0; recall 1, 1, 0; f1 2/3, 2/3, 0. */
    assert_true(fabs(named("precision", &call) - 1 / 3.) < 1e-15);
    assert_true(fabs(named("recall", &call) - 2 / 3.) < 1e-15);
    assert_true(fabs(named("f1", &call) - 4 / 9.) < 1e-15);
    const nn_metric_type *confusion = nn_metric_find(NN_SCALAR_REAL, "confusion");
    double counts[9] = {0};
    const double expected[9] = {1, 0, 0, 0, 1, 0, 1, 1, 0};
    confusion->accumulate(NULL, &call, counts);
    for (int i = 0; i < 9; i++) assert_true(counts[i] == expected[i]);
    const nn_real equal[8] = {0};
    call = (nn_loss_call){.rows = 2, .columns = 4, .output = equal, .labels = labels};
    assert_true(fabs(named("perplexity", &call) - 4) < (IS_DOUBLE ? 1e-14 : 1e-6));
}

/* Fails when ties do not count half, or a row without a label counts. */
static void test_auc(void **state)
{
    (void)state;
    const nn_real output[6] = {1, 3, 2, 2, 0, 9};
    const int64_t labels[6] = {0, 1, 1, 0, 0, -1};
    nn_loss_call call = {.rows = 6, .columns = 1, .output = output, .labels = labels};
    /* Of 6 pairs 5 are right and one is a tie. */
    assert_true(named("auc", &call) == 5.5 / 6);
    const nn_real both[12] = {0, 1, 0, 3, 0, 2, 5, 7, 1, 1, 0, 9};
    call = (nn_loss_call){.rows = 6, .columns = 2, .output = both, .labels = labels};
    assert_true(named("auc", &call) == 5.5 / 6);
    call.labels = NULL;
    const nn_real answers[12] = {0, 0, 1, 1, 1, 1, 0, 0, 0, 0, (nn_real)NAN, (nn_real)NAN};
    call.targets = answers;
    call.output = both;
    /* Of the first question 3.5 of 6 pairs are not: yes scores 0, 0 and no 0, 5, 1; of the second 5 of 6. */
    assert_true(fabs(named("auc", &call) - (1 / 6. + 4 / 6.) / 2) < 1e-15);
}

/* Fails when the outputs are pooled, or an error is averaged over the wrong count. */
static void test_values(void **state)
{
    (void)state;
    const double predicted[6] = {1, 2, 2, 3, 1, 3}, observed[6] = {1, 2, 5, 3, 1, -1};
    nn_loss_call call = {.rows = 2, .columns = 3, .predicted = predicted, .observed = observed, .outputs = 3};
    assert_true(fabs(named("mae", &call) - 7 / 6.) < 1e-15);
    /* Errors of 0, 0, and 3 and 4. */
    assert_true(fabs(named("rmse", &call) - sqrt(25 / 2.) / 3) < 1e-15);
    /* Squares about the means: 2, 1/2, 18. */
    assert_true(fabs(named("r2", &call) - (1 + 1 + (1 - 25 / 18.)) / 3) < 1e-14);
    call.outputs = 1;
    assert_true(fabs(named("rmse", &call) - sqrt(25 / 6.)) < 1e-15);
    /* The mean is 11/6, the squares around it sum to 41 - 121/6. */
    assert_true(fabs(named("r2", &call) - (1 - 25 / (41 - 121 / 6.))) < 1e-14);
}

/* ---- scikit-learn ---- */

#define FIXTURE_ROWS 40

static void read_doubles(const char *name, int64_t count, double *values)
{
    FILE *stream = fixture_open("metrics.txt");
    fixture_seek(stream, name, count);
    for (int64_t i = 0; i < count; i++) assert_int_equal(fscanf(stream, "%lf", &values[i]), 1);
    fclose(stream);
}

static void expect_near(const char *what, double found, double expected, double tolerance)
{
    if (!(fabs(found - expected) <= tolerance * fabs(expected)))
        fail_msg("%s is %.17g, not %.17g", what, found, expected);
}

typedef struct joined {
    const nn_metric_type *type;
    int64_t width, outputs;
} joined;

static void join(const void *context, double *left, const double *right)
{
    const joined *of = context;
    nn_metric_join(of->type, of->width, of->outputs, left, right);
}

/* The state of a metric over leaves of three rows, joined in the canonical tree. */
static void state_of_leaves(const nn_metric_type *type, const nn_loss_call *call, double *state)
{
    double leaves[(FIXTURE_ROWS + 2) / 3][STATE] = {{0}}, rows[(FIXTURE_ROWS + 2) / 3 * STATE];
    joined of = {type, nn_metric_state_width(type, NULL, call->columns, call->outputs), call->outputs};
    int64_t count = 0;
    for (int64_t begin = 0; begin < call->rows; begin += 3, count++) {
        nn_loss_call leaf = cut(call, begin, begin + 3 < call->rows ? begin + 3 : call->rows);
        type->accumulate(NULL, &leaf, leaves[count]);
        memcpy(rows + count * of.width, leaves[count], (size_t)of.width * sizeof *rows);
    }
    nn_tree_fold(count, NULL, (size_t)of.width, rows, join, &of);
    memcpy(state, rows, (size_t)of.width * sizeof *rows);
}

/* Fails when targets far from 0 cost digits, or when several outputs are not the mean of each. */
static void test_far_from_zero(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int columns;
        double tolerance; /* the targets have only this many digits of their spread */
    } cases[] = {{"seconds", 1, 1e-12}, {"dalton", 1, 1e-12}, {"several", 4, 1e-12}};
    static const char *const names[] = {"r2", "rmse", "mae", "mape", "explained_variance"};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        double predicted[FIXTURE_ROWS * 4], observed[FIXTURE_ROWS * 4], expected, outputs[4], found[4];
        int64_t columns = cases[c].columns, count = FIXTURE_ROWS * columns;
        char name[64];
        snprintf(name, sizeof name, "%s_predicted", cases[c].name);
        read_doubles(name, count, predicted);
        snprintf(name, sizeof name, "%s_observed", cases[c].name);
        read_doubles(name, count, observed);
        nn_loss_call call = {.rows = FIXTURE_ROWS,
                             .columns = columns,
                             .predicted = predicted,
                             .observed = observed,
                             .outputs = columns};
        for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
            const nn_metric_type *type = nn_metric_find(NN_SCALAR_REAL, names[n]);
            double sums[STATE];
            snprintf(name, sizeof name, "%s_%s", cases[c].name, names[n]);
            read_doubles(name, 1, &expected);
            state_of_leaves(type, &call, sums);
            int64_t width = nn_metric_state_width(type, NULL, columns, columns);
            expect_near(name, nn_metric_finish(type, NULL, width, columns, sums, found).figure, expected,
                        cases[c].tolerance);
            expect_near(name, named(names[n], &call), expected, cases[c].tolerance);
            if (n > 0) continue;
            snprintf(name, sizeof name, "%s_r2_outputs", cases[c].name);
            read_doubles(name, columns, outputs);
            for (int o = 0; o < columns; o++) expect_near(name, found[o], outputs[o], cases[c].tolerance);
        }
    }
}

/* A number of the fixture, and the metric that must be equal to it. */
typedef struct named_case {
    const char *fixture, *metric;
} named_case;

static void expect_case(const named_case *of, const nn_loss_call *call, double tolerance)
{
    double expected;
    read_doubles(of->fixture, 1, &expected);
    expect_near(of->metric, named(of->metric, call), expected, tolerance);
}

/* Fails when a class that is never predicted, or never occurs, counts otherwise than in scikit-learn. */
static void test_rare_classes(void **state)
{
    (void)state;
    double of_file[FIXTURE_ROWS * 5], expected;
    nn_real output[FIXTURE_ROWS * 5], scores[FIXTURE_ROWS];
    int64_t labels[FIXTURE_ROWS];
    read_doubles("output", FIXTURE_ROWS * 5, of_file);
    for (int i = 0; i < FIXTURE_ROWS * 5; i++) output[i] = (nn_real)of_file[i];
    for (int i = 0; i < FIXTURE_ROWS; i++) scores[i] = output[5 * i + 2];
    read_doubles("labels", FIXTURE_ROWS, of_file);
    for (int i = 0; i < FIXTURE_ROWS; i++) labels[i] = (int64_t)of_file[i];
    nn_loss_call call = {
        .rows = FIXTURE_ROWS, .columns = 5, .output = output, .labels = labels, .outputs = 1};
    static const named_case cases[] = {{"accuracy", "accuracy"},
                                       {"precision", "precision"},
                                       {"recall", "recall"},
                                       {"f1", "f1"},
                                       {"f1_weighted", "f1: {average: weighted}"},
                                       {"iou", "iou"},
                                       {"iou_weighted", "iou: {average: weighted}"},
                                       {"f1", "dice: {average: positive}"},
                                       {"balanced_accuracy", "balanced_accuracy"},
                                       {"mcc", "mcc"}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) expect_case(&cases[c], &call, 1e-14);
    static const named_case of_scores[] = {{"log_loss", "log_loss"},
                                           {"average_precision", "average_precision"},
                                           {"auc_classes", "auc"},
                                           {"calibration_error", "calibration_error: {bins: 10}"}};
    for (size_t c = 0; c < sizeof of_scores / sizeof *of_scores; c++)
        expect_case(&of_scores[c], &call, IS_DOUBLE ? 1e-13 : 1e-6);
    read_doubles("top_k", 1, &expected);
    expect_near("top_k", named("top_k: {k: 2}", &call), expected, 1e-14);
    read_doubles("yes", FIXTURE_ROWS, of_file);
    for (int i = 0; i < FIXTURE_ROWS; i++) labels[i] = (int64_t)of_file[i];
    call.columns = 1;
    call.output = scores;
    read_doubles("auc", 1, &expected);
    expect_near("auc", named("auc", &call), expected, 1e-14);
}

/* The results of the five classes of the fixture, two of which are rare; the other rows have no label. */
static void classes_of(const char *yaml, const nn_loss_call *call, double *by_class)
{
    const nn_metric_type *type;
    void *options = read_metric(yaml, &type);
    int64_t width = nn_metric_state_width(type, options, call->columns, 1);
    if (type->of_class) {
        double counts[STATE] = {0};
        type->accumulate(options, call, counts);
        for (int64_t c = 0; c < 5; c++) by_class[c] = nn_metric_of_class(type, counts, c);
    } else {
        nn_real *values;
        double mean;
        expect_ok(NN_ALLOCATE(&values, call->rows * width, "values"));
        type->collect(options, call, values);
        expect_ok(type->finish_collected(options, call->rows, width, values, &mean, by_class));
        nn_free(values);
    }
    release(type, options);
}

/* Fails when a result by class is not that of scikit-learn, or when rows without a label count in it. */
static void test_by_class(void **state)
{
    (void)state;
    static const named_case cases[] = {{"classes_precision", "precision"},
                                       {"classes_recall", "recall"},
                                       {"classes_f1", "f1"},
                                       {"classes_iou", "iou"},
                                       {"classes_f1", "dice"},
                                       {"classes_average_precision", "average_precision"},
                                       {"classes_auc", "auc"}};
    double of_file[FIXTURE_ROWS * 5], expected[5], found[5];
    nn_real output[(FIXTURE_ROWS + 1) * 5] = {9};
    int64_t labels[FIXTURE_ROWS + 1] = {-1};
    read_doubles("output", FIXTURE_ROWS * 5, of_file);
    for (int i = 0; i < FIXTURE_ROWS * 5; i++) output[5 + i] = (nn_real)of_file[i];
    read_doubles("labels", FIXTURE_ROWS, of_file);
    for (int i = 0; i < FIXTURE_ROWS; i++) labels[1 + i] = (int64_t)of_file[i];
    const nn_loss_call call = {
        .rows = FIXTURE_ROWS + 1, .columns = 5, .output = output, .labels = labels, .outputs = 1};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        read_doubles(cases[i].fixture, 5, expected);
        classes_of(cases[i].metric, &call, found);
        for (int c = 0; c < 5; c++)
            if (isnan(expected[c]))
                assert_true(isnan(found[c]));
            else
                expect_near(cases[i].metric, found[c], expected[c], IS_DOUBLE ? 1e-13 : 1e-6);
    }
    double counts[STATE] = {0};
    read_doubles("classes_support", 5, expected);
    nn_metric_find(NN_SCALAR_REAL, "f1")->accumulate(NULL, &call, counts);
    for (int c = 0; c < 5; c++)
        assert_true(counts[NN_METRIC_CLASS_COUNTS * c + NN_METRIC_RIGHT] == expected[c]);
}

/* Fails when one output, two outputs and values of yes or no are not the same question, when the threshold is
 * not applied, or when the wrong class is the positive one. */
static void test_two_classes(void **state)
{
    (void)state;
    static const named_case cases[] = {
        {"two_f1_binary_0.5", "f1"},
        {"two_f1_macro_0.5", "f1: {average: macro}"},
        {"two_f1_binary_0.3", "f1: {threshold: 0.3}"},
        {"two_f1_macro_0.3", "dice: {threshold: 0.3, average: macro}"},
        {"two_precision_binary_0.5", "precision: {average: positive}"},
        {"two_precision_macro_0.5", "precision: {average: macro}"},
        {"two_precision_binary_0.3", "precision: {threshold: 0.3}"},
        {"two_precision_macro_0.3", "precision: {threshold: 0.3, average: macro}"},
        {"two_recall_binary_0.5", "recall"},
        {"two_recall_macro_0.5", "recall: {average: macro}"},
        {"two_recall_binary_0.3", "recall: {threshold: 0.3}"},
        {"two_recall_macro_0.3", "recall: {threshold: 0.3, average: macro}"},
        {"two_iou_binary_0.5", "iou"},
        {"two_iou_macro_0.5", "iou: {average: macro}"},
        {"two_iou_binary_0.3", "iou: {threshold: 0.3}"},
        {"two_iou_macro_0.3", "iou: {threshold: 0.3, average: macro}"},
        {"two_accuracy_0.5", "accuracy"},
        {"two_accuracy_0.3", "accuracy: {threshold: 0.3}"},
        {"two_balanced_accuracy_0.5", "balanced_accuracy"},
        {"two_balanced_accuracy_0.3", "balanced_accuracy: {threshold: 0.3}"},
        {"two_mcc_0.5", "mcc"},
        {"two_mcc_0.3", "mcc: {threshold: 0.3}"},
        {"two_log_loss", "log_loss"},
        {"two_average_precision", "average_precision"},
        {"two_auc", "auc"},
        {"two_calibration_error", "calibration_error: {bins: 10}"},
        {"two_sensitivity_0.5", "sensitivity: {specificity: 0.5}"},
        {"two_sensitivity_0.9", "sensitivity: {specificity: 0.9}"},
        {"two_sensitivity_1", "sensitivity: {specificity: 1}"}};
    double logits[FIXTURE_ROWS], yes[FIXTURE_ROWS];
    nn_real one[FIXTURE_ROWS], two[2 * FIXTURE_ROWS], targets[FIXTURE_ROWS];
    int64_t labels[FIXTURE_ROWS];
    read_doubles("two_logits", FIXTURE_ROWS, logits);
    read_doubles("two_labels", FIXTURE_ROWS, yes);
    for (int i = 0; i < FIXTURE_ROWS; i++) {
        one[i] = (nn_real)logits[i];
        two[2 * i] = -one[i] / 2;
        two[2 * i + 1] = one[i] / 2;
        targets[i] = (nn_real)yes[i];
        labels[i] = (int64_t)yes[i];
    }
    nn_loss_call call = {.rows = FIXTURE_ROWS, .columns = 1, .output = one, .labels = labels, .outputs = 1};
    nn_loss_call of_values = call, of_two = call;
    of_values.labels = NULL;
    of_values.targets = targets;
    of_two.columns = 2;
    of_two.output = two;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        double tolerance = IS_DOUBLE ? 1e-13 : 1e-6; /* of the logarithms; counts are exact */
        expect_case(&cases[c], &call, tolerance);
        expect_case(&cases[c], &of_values, tolerance);
        expect_case(&cases[c], &of_two, tolerance);
    }
}

/* Fails when two separate questions of yes or no are taken for two classes. */
static void test_two_questions(void **state)
{
    (void)state;
    const nn_real output[8] = {1, -1, 1, 1, -1, 1, -1, -1}, targets[8] = {1, 1, 0, 1, 1, 1, 0, 0};
    nn_loss_call call = {.rows = 4, .columns = 2, .output = output, .targets = targets, .outputs = 2};
    /* Hits, rows, predictions: 1, 2, 2 of the first question; 2, 3, 2 of the second. */
    expect_near("f1", named("f1", &call), (0.5 + 0.8) / 2, 1e-15);
    expect_near("iou", named("iou", &call), (1 / 3. + 2 / 3.) / 2, 1e-15);
    expect_near("precision", named("precision", &call), 0.75, 1e-15);
    expect_near("recall", named("recall: {average: weighted}", &call), 3 / 5., 1e-15);
}

/* Fails when the text of what an option makes of a metric is missing, or that of another average. */
static void test_qualified(void **state)
{
    (void)state;
    static const nn_field two = {.name = "y", .is_class = true, .classes = 2};
    static const nn_field questions = {.name = "y", .shape = {1, {2}}};
    static const struct {
        const char *metric, *text;
        const nn_field *target;
    } cases[] = {{"f1", "macro", &class_target},
                 {"f1", "positive", &two},
                 {"f1", "macro", &questions},
                 {"iou: {average: positive}", "positive", &two},
                 {"f1: {average: weighted, threshold: 0.25}", "weighted, threshold 0.25", &two},
                 {"accuracy", "", &two},
                 {"accuracy: {threshold: 0.1}", "threshold 0.1", &two},
                 {"top_k: 3", "k 3", &class_target},
                 {"sensitivity: {specificity: 0.95}", "specificity 0.95", &two},
                 {"calibration_error", "15 bins", &two}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const nn_metric_type *type;
        char text[NN_METRIC_QUALIFIER] = "";
        void *options = read_metric(cases[c].metric, &type);
        nn_judged judged = {{1, {2}}, cases[c].target, cases[c].target == &questions};
        type->qualify(options, &judged, text);
        assert_string_equal(text, cases[c].text);
        release(type, options);
    }
}

/* Fails when a threshold, or the average of the positive class, is accepted where no class is the positive
 * one, or one question is expected and there are several. */
static void test_refused(void **state)
{
    (void)state;
    static const nn_field questions = {.name = "y", .shape = {1, {COLUMNS}}};
    static const struct {
        const char *metric, *message;
        nn_judged judged;
    } cases[] = {{"f1: {threshold: 0.3}", "remove `threshold`", {{1, {COLUMNS}}, &class_target, false}},
                 {"f1: {average: positive}", "or two classes, but", {{1, {COLUMNS}}, &class_target, false}},
                 {"iou: {average: positive}", "or two classes, but", {{1, {COLUMNS}}, &class_target, false}},
                 {"dice: {average: positive}", "separate questions", {{1, {COLUMNS}}, &questions, true}},
                 {"recall: {average: positive}", "separate questions", {{1, {COLUMNS}}, &questions, true}},
                 {"precision: {average: positive}", "separate questions", {{1, {COLUMNS}}, &questions, true}},
                 {"mcc", "separate questions", {{1, {COLUMNS}}, &questions, true}},
                 {"balanced_accuracy", "separate questions", {{1, {COLUMNS}}, &questions, true}}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const nn_metric_type *type;
        void *options = read_metric(cases[c].metric, &type);
        assert_int_equal(type->check(options, &cases[c].judged), NN_ERROR_USAGE);
        assert_non_null(strstr(nn_error_text(), cases[c].message));
        release(type, options);
    }
}

/* ---- what is undefined ---- */

enum { NO_ROWS, MASKED, ONE_ROW, ONE_CLASS, CONSTANT, WEIGHTLESS, ENORMOUS, DEGENERATE };

/* An example with one degeneracy. */
static nn_loss_call degenerate(example *at, bool classes, int way)
{
    static const nn_real zeros[ROWS];
    nn_loss_call call = make_example(at, classes);
    if (way == NO_ROWS) call.rows = 0;
    if (way == ONE_ROW) call.rows = 1;
    if (way == WEIGHTLESS) call.weights = zeros;
    for (int i = 0; i < ROWS; i++) {
        if (way == MASKED) at->labels[i] = -1;
        if (way == ONE_CLASS) at->labels[i] = 2;
    }
    for (int i = 0; i < ROWS * COLUMNS; i++) {
        if (way == MASKED) at->observed[i] = (double)NAN;
        if (way == CONSTANT) at->observed[i] = 0.1 + i % COLUMNS; /* no sum of these is exact */
        if (way == ENORMOUS) at->predicted[i] = 1e200, at->output[i] = (nn_real)(i % 3 * 1e30);
    }
    return call;
}

/* Fails when a metric is infinite, or NaN although it has a value, or has a value although documented as
 * undefined. A metric without a row here is undefined where no row counts, and only there. */
static void test_undefined(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned undefined; /* in these ways */
    } expected[] = {
        {"confusion", 0},
        {"auc", 1u << NO_ROWS | 1u << MASKED | 1u << ONE_ROW | 1u << ONE_CLASS},
        {"sensitivity", 1u << NO_ROWS | 1u << MASKED | 1u << ONE_ROW | 1u << ONE_CLASS},
        {"perplexity", 1u << NO_ROWS | 1u << MASKED | 1u << ENORMOUS},
        {"rmse", 1u << NO_ROWS | 1u << MASKED | 1u << ENORMOUS},
        {"explained_variance", 1u << NO_ROWS | 1u << MASKED | 1u << ONE_ROW | 1u << CONSTANT},
        {"r2", 1u << NO_ROWS | 1u << MASKED | 1u << ONE_ROW | 1u << CONSTANT | 1u << ENORMOUS},
    };
    for (const nn_metric_type *const *type = nn_metric_types(NN_SCALAR_REAL); *type; type++) {
        const nn_metric_type *found;
        void *options = read_metric((*type)->example, &found);
        size_t e = 0;
        while (e < sizeof expected / sizeof *expected && strcmp(expected[e].name, (*type)->name) != 0) e++;
        unsigned undefined = 1u << NO_ROWS | 1u << MASKED;
        if (e < sizeof expected / sizeof *expected) undefined = expected[e].undefined;
        for (int way = 0; way < DEGENERATE; way++) {
            example at;
            nn_loss_call call = degenerate(&at, takes_classes(*type, options), way);
            double result = figure(*type, options, &call);
            if (isinf(result) || isnan(result) != (undefined >> way & 1))
                fail_msg("%s, way %d: %g", (*type)->name, way, result);
        }
        release(*type, options);
    }
}

/* Fails when one output dominates others because of its unit. */
static void test_choice(void **state)
{
    (void)state;
    const double observed[8] = {1000, 1, 3000, 2, 2000, 3, 4000, 4};
    const double first[8] = {1010, 2, 3010, 3, 2010, 4, 4010, 5},
                 second[8] = {1020, 1, 3020, 2, 2020, 3, 4020, 4};
    const nn_metric_type *type = nn_metric_find(NN_SCALAR_REAL, "rmse");
    double choices[2], figures[2];
    for (int i = 0; i < 2; i++) {
        nn_loss_call call = {
            .rows = 4, .columns = 2, .predicted = i ? second : first, .observed = observed, .outputs = 2};
        double sums[STATE] = {0};
        type->accumulate(NULL, &call, sums);
        nn_metric_result result =
            nn_metric_finish(type, NULL, nn_metric_state_width(type, NULL, 2, 2), 2, sums, NULL);
        choices[i] = result.choice;
        figures[i] = result.figure;
    }
    assert_true(figures[0] < figures[1] && choices[0] > choices[1]);
}

/* Fails when one output for yes and no is not read by its sign. */
static void test_yes_no(void **state)
{
    (void)state;
    const nn_real output[4] = {-1, 2, 0, 3};
    const int64_t labels[4] = {0, 1, 1, 0};
    nn_loss_call call = {.rows = 4, .columns = 1, .output = output, .labels = labels};
    assert_true(named("accuracy", &call) == 0.5);
    assert_true(named("f1", &call) == 0.5);
    const nn_real answers[4] = {0, 1, 1, 0};
    call.labels = NULL;
    call.targets = answers;
    assert_true(named("accuracy", &call) == 0.5);
    assert_true(named("f1", &call) == 0.5);
}

/* Fails when a message does not say what does not fit and what to do. */
static void test_messages(void **state)
{
    (void)state;
    const nn_metric_type *type;
    const nn_field many = {.name = "y", .is_class = true, .classes = 1000};
    assert_int_equal(
        nn_metric_find(NN_SCALAR_REAL, "accuracy")->check(NULL, &(nn_judged){shape, &value_target, false}),
        NN_ERROR_USAGE);
    assert_string_equal(nn_error_text(),
                        "class labels are needed, but the target 'y' is read as values; use a loss or metric "
                        "for values, such as mse, or give the target as integers");
    assert_int_equal(
        nn_metric_find(NN_SCALAR_REAL, "mae")->check(NULL, &(nn_judged){shape, &class_target, false}),
        NN_ERROR_USAGE);
    assert_string_equal(nn_error_text(), "values are needed, but the target 'y' holds class labels; use a "
                                         "loss or metric for classes, such as cross_entropy or accuracy");
    void *options = read_metric("top_k: 4", &type);
    assert_int_equal(type->check(options, &(nn_judged){shape, &class_target, false}), NN_ERROR_USAGE);
    assert_string_equal(nn_error_text(),
                        "k: 4 of 4 classes always contain the correct one; choose a smaller k");
    release(type, options);
    assert_int_equal(nn_metric_find(NN_SCALAR_REAL, "confusion")
                         ->check(NULL, &(nn_judged){(nn_shape){1, {1000}}, &many, false}),
                     NN_ERROR_USAGE);
    assert_non_null(strstr(nn_error_text(), "use f1, precision or recall"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documented),    cmocka_unit_test(test_halves),
        cmocka_unit_test(test_masked),        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_auc),           cmocka_unit_test(test_values),
        cmocka_unit_test(test_yes_no),        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_far_from_zero), cmocka_unit_test(test_rare_classes),
        cmocka_unit_test(test_two_classes),   cmocka_unit_test(test_two_questions),
        cmocka_unit_test(test_qualified),     cmocka_unit_test(test_refused),
        cmocka_unit_test(test_undefined),     cmocka_unit_test(test_choice),
        cmocka_unit_test(test_by_class),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
