/* Which results of two networks are defined in the same way. */
#include <string.h>

#include "judge/judgement.h"
#include "train/comparable.h"

static bool results_same_options(const nn_option *table, const void *one, const void *other)
{
    nn_text left = {0}, right = {0};
    if (one && other) {
        nn_options_append_json(table, one, &left);
        nn_options_append_json(table, other, &right);
    }
    bool same = left.bytes && right.bytes ? strcmp(left.bytes, right.bytes) == 0 : one == other;
    nn_text_free(&left);
    nn_text_free(&right);
    return same;
}

static bool results_same_values(const double *one, const double *other, int64_t count)
{
    if (!one || !other) return one == other;
    return memcmp(one, other, (size_t)count * sizeof *one) == 0;
}

/* Whether the classes have the same numbers. */
static bool results_same_order(const nn_model *a, const nn_model *b, int of_a, int of_b)
{
    bool same = true;
    for (int64_t c = 0; c < nn_field_classes(&a->heads[of_a].target); c++) {
        nn_text left = {0}, right = {0};
        nn_judge_append_class(a, of_a, c, &left);
        nn_judge_append_class(b, of_b, c, &right);
        same &= left.bytes && right.bytes && strcmp(left.bytes, right.bytes) == 0;
        nn_text_free(&left);
        nn_text_free(&right);
    }
    return same;
}

/* Losses of other kinds, or of values that are normalised in other ways, are not the same quantity. */
static bool results_same_loss(const nn_model *a, const nn_model *b, int of_a, int of_b)
{
    const nn_head *one = &a->heads[of_a], *other = &b->heads[of_b];
    if (strcmp(one->loss->name, other->loss->name) != 0 || one->weight != other->weight) return false;
    if (!results_same_options(one->loss->options, one->loss_options, other->loss_options)) return false;
    if (one->target.transform != other->target.transform) return false;
    int64_t columns = one->scaling.columns;
    if (columns != other->scaling.columns) return false;
    if (columns > 0 && (!results_same_values(one->scaling.scale, other->scaling.scale, columns) ||
                        !results_same_values(one->scaling.offset, other->scaling.offset, columns)))
        return false;
    if (!one->class_weights && !other->class_weights) return true;
    return results_same_order(a, b, of_a, of_b) &&
           results_same_values(one->class_weights, other->class_weights,
                               nn_head_class_weights(one->loss, &one->target));
}

static int results_head(const nn_model *model, const char *name)
{
    int h = 0;
    while (h < model->head_count && strcmp(model->heads[h].name, name) != 0) h++;
    return h;
}

static void results_add(nn_comparison *comparison, nn_compared result)
{
    comparison->results[comparison->count++] = result;
}

static void results_leave_out(nn_text *left_out, const char *name, const char *reason)
{
    nn_text_append(left_out, "%s%s: %s", left_out->length > 0 ? "\n" : "", name, reason);
}

static void results_losses(const nn_model *a, const nn_model *b, const nn_results *of_a,
                           const nn_results *of_b, nn_comparison *comparison, nn_text *left_out)
{
    bool same = true;
    for (int h = 0; h < a->head_count; h++)
        same &= results_same_loss(a, b, h, results_head(b, a->heads[h].name));
    if (same)
        results_add(comparison,
                    (nn_compared){.name = "loss", .values = {of_a->loss, of_b->loss}, .at = {0, 0}});
    else
        results_leave_out(left_out, "loss",
                          "the runs minimise different losses, or normalise targets differently");
}

/* The metric of B that is the same; -1: none. */
static int results_find(const nn_model *b, const nn_model_metric *metric)
{
    for (int m = 0; m < b->metric_count; m++)
        if (strcmp(b->metrics[m].name, metric->name) == 0 &&
            results_same_options(metric->type->options, metric->options, b->metrics[m].options))
            return m;
    return -1;
}

/* Whether the second of two classes is treated in another way than the first. */
static bool results_has_sides(const nn_model *model, const nn_model_metric *metric)
{
    char qualifier[NN_METRIC_QUALIFIER];
    nn_results_qualifier(model, metric, qualifier);
    return strstr(qualifier, "positive") || strstr(qualifier, "threshold") ||
           strcmp(metric->type->name, "average_precision") == 0 ||
           strcmp(metric->type->name, "sensitivity") == 0;
}

static bool results_is_listed(const nn_model_metric *metric, bool asked)
{
    return !metric->type->matrix && metric->extra != NN_METRIC_TABLED && (!asked || !metric->extra);
}

static void results_metric(const nn_model *a, const nn_model *b, const nn_results *of_a,
                           const nn_results *of_b, int m, nn_comparison *comparison, nn_text *left_out)
{
    const nn_model_metric *metric = &a->metrics[m];
    int other = results_find(b, metric);
    if (other < 0) {
        results_leave_out(left_out, metric->name,
                          "not a metric of B, or with other options; --metrics names metrics for both");
        return;
    }
    bool two = nn_field_classes(&a->heads[metric->head].target) == 2;
    if (two && results_has_sides(a, metric) &&
        !results_same_order(a, b, metric->head, b->metrics[other].head)) {
        results_leave_out(left_out, metric->name,
                          "the runs number the two classes differently, and it is of the "
                          "second one");
        return;
    }
    results_add(comparison, (nn_compared){.name = metric->name,
                                          .at = {1 + NN_MODEL_HEADS + m, 1 + NN_MODEL_HEADS + other},
                                          .higher_is_better = metric->type->higher_is_better,
                                          .percent = metric->type->percent,
                                          .values = {of_a->metrics[m], of_b->metrics[other]}});
}

void nn_comparable_results(const nn_model *a, const nn_model *b, const nn_results *of_a,
                           const nn_results *of_b, bool asked, nn_comparison *comparison, nn_text *left_out)
{
    results_losses(a, b, of_a, of_b, comparison, left_out);
    for (int m = 0; m < a->metric_count; m++)
        if (results_is_listed(&a->metrics[m], asked))
            results_metric(a, b, of_a, of_b, m, comparison, left_out);
    for (int m = 0; m < b->metric_count; m++)
        if (results_is_listed(&b->metrics[m], asked) && results_find(a, &b->metrics[m]) < 0)
            results_leave_out(left_out, b->metrics[m].name,
                              "not a metric of A, or with other options; --metrics names metrics for both");
}
