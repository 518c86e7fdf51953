/* From sums to results, and results as text and JSON. */
#include "step/results.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

/* ---- sums ---- */

void nn_results_join(const void *context, double *sums, const double *later)
{
    const nn_results_sums *of = context;
    const nn_model *model = of->model;
    int heads = model->head_count * NN_HEAD_RESULTS;
    for (int i = 0; i < heads; i++) sums[i] += later[i];
    sums += heads;
    later += heads;
    for (int m = 0; m < model->metric_count; m++) {
        const nn_model_metric *metric = &model->metrics[m];
        if (!nn_results_is_summed(model, m, of->training)) continue;
        int64_t width = nn_results_metric_width(model, m);
        nn_metric_join(metric->type, width, model->heads[metric->head].outputs, sums, later);
        sums += width;
        later += width;
    }
}

void nn_results_sum(const nn_model *model, bool training, int64_t microbatches, double *values, double *sum)
{
    size_t width = (size_t)nn_results_width(model, training);
    const nn_results_sums of = {model, training};
    memset(sum, 0, width * sizeof *sum);
    if (microbatches == 0) return;
    nn_tree_fold(microbatches, NULL, width, values, nn_results_join, &of);
    memmove(sum, values, width * sizeof *sum);
}

/* ---- results ---- */

/* The mean of a head's loss. */
static double results_term(const double *sums)
{
    double loss = sums[NN_RESULT_LOSS] / sums[NN_RESULT_DENOMINATOR];
    return isfinite(loss) ? loss : (double)NAN;
}

double nn_results_loss(const nn_model *model, const double *sums)
{
    if (model->head_count == 1) return results_term(sums);
    double loss = 0;
    bool counts = false;
    for (int h = 0; h < model->head_count; h++, sums += NN_HEAD_RESULTS) {
        if (sums[NN_RESULT_DENOMINATOR] == 0) continue;
        loss += model->heads[h].weight * results_term(sums);
        counts = true;
    }
    return counts && isfinite(loss) ? loss : (double)NAN;
}

static nn_status results_finish_metric(const nn_model *model, int m, bool training, const double *sums,
                                       nn_results *results)
{
    const nn_model_metric *metric = &model->metrics[m];
    int64_t outputs = model->heads[metric->head].outputs;
    bool several = !training && metric->type->by_output && outputs > 1;
    if (several) NN_TRY(NN_ALLOCATE(&results->outputs[m], outputs, "the results by output"));
    nn_metric_result result = nn_metric_finish(
        metric->type, metric->options, nn_results_metric_width(model, m), outputs, sums, results->outputs[m]);
    results->metrics[m] = result.figure;
    results->choices[m] = result.choice;
    results->known[m] = true;
    return NN_OK;
}

nn_status nn_results_finish(const nn_model *model, bool training, const double *sums, nn_results *results)
{
    *results = (nn_results){.loss = nn_results_loss(model, sums), .nonfinite = {.position = -1}};
    for (int h = 0; h < model->head_count; h++, sums += NN_HEAD_RESULTS)
        results->losses[h] = results_term(sums);
    for (int m = 0; m < model->metric_count; m++) {
        results->metrics[m] = results->choices[m] = NAN;
        if (!nn_results_is_summed(model, m, training)) continue;
        NN_TRY(results_finish_metric(model, m, training, sums, results));
        sums += nn_results_metric_width(model, m);
    }
    return NN_OK;
}

/* ---- text ---- */

void nn_results_number(double number, int digits, nn_text *text)
{
    if (isfinite(number))
        nn_text_append(text, "%.*g", digits, number);
    else
        nn_text_append(text, "undefined");
}

/* The unit of a loss, where it needs one. */
static const char *results_unit(const nn_head *head)
{
    if (!nn_head_is_values(head)) return "";
    if (head->scaling.columns > 0) return " (normalised)";
    return head->target.transform == NN_TRANSFORM_LOG ? " (of logarithms)" : " (in the target's units)";
}

static void results_text_loss(const nn_model *model, const nn_results *results, int head, nn_text *text)
{
    nn_results_number(results->losses[head], 5, text);
    nn_text_append(text, "%s", results_unit(&model->heads[head]));
}

void nn_results_qualifier(const nn_model *model, const nn_model_metric *metric,
                          char qualifier[NN_METRIC_QUALIFIER])
{
    const nn_head *head = &model->heads[metric->head];
    const nn_judged judged = {model->network->layers[head->layer].output_shape, &head->target,
                              head->loss->yes_no};
    qualifier[0] = '\0';
    if (metric->type->qualify) metric->type->qualify(metric->options, &judged, qualifier);
}

/* The name, and what its options make of it: "f1 (macro)". */
static void results_text_name(const nn_model *model, const nn_model_metric *metric, nn_text *text)
{
    char qualifier[NN_METRIC_QUALIFIER];
    nn_results_qualifier(model, metric, qualifier);
    nn_text_append(text, qualifier[0] ? "%s (%s)" : "%s", metric->name, qualifier);
}

void nn_results_metric_text(const nn_model *model, const nn_results *results, int m, nn_text *text)
{
    const nn_model_metric *metric = &model->metrics[m];
    results_text_name(model, metric, text);
    nn_text_append(text, " ");
    if (metric->type->percent && isfinite(results->metrics[m]))
        nn_text_append(text, "%.2f %%", 100 * results->metrics[m]);
    else
        nn_results_number(results->metrics[m], 6, text);
}

static void results_text_metric(const nn_model *model, const nn_results *results, int m, nn_text *text)
{
    const nn_model_metric *metric = &model->metrics[m];
    if (!results->known[m] || metric->type->matrix || metric->extra == NN_METRIC_TABLED) return;
    nn_text_append(text, ", ");
    nn_results_metric_text(model, results, m, text);
}

void nn_results_text(const nn_model *model, const nn_results *results, bool extra, nn_text *text)
{
    bool several = model->head_count > 1;
    nn_text_append(text, "loss ");
    if (several)
        nn_results_number(results->loss, 5, text);
    else
        results_text_loss(model, results, 0, text);
    for (int h = 0; several && h < model->head_count; h++) {
        nn_text_append(text, ", %s.loss ", model->heads[h].name);
        results_text_loss(model, results, h, text);
    }
    for (int m = 0; m < model->metric_count; m++)
        if (extra || !model->metrics[m].extra) results_text_metric(model, results, m, text);
}

void nn_results_head_text(const nn_model *model, const nn_results *results, int head, nn_text *text)
{
    nn_text_append(text, "loss ");
    results_text_loss(model, results, head, text);
    for (int m = 0; m < model->metric_count; m++)
        if (model->metrics[m].head == head) results_text_metric(model, results, m, text);
}

/* ---- JSON ---- */

void nn_results_json_number(double number, nn_text *text)
{
    if (isfinite(number))
        nn_text_append(text, "%.17g", number);
    else
        nn_text_append(text, "null");
}

void nn_results_json_matrix(int64_t width, const double *counts, nn_text *text)
{
    int64_t classes = llround(sqrt((double)width));
    for (int64_t r = 0; r < classes; r++) {
        nn_text_append(text, r == 0 ? "[[" : ",[");
        for (int64_t c = 0; c < classes; c++)
            nn_text_append(text, "%s%.0f", c == 0 ? "" : ",", counts[r * classes + c]);
        nn_text_append(text, "]");
    }
    nn_text_append(text, "]");
}

void nn_results_json(const nn_model *model, const nn_results *results, nn_text *text)
{
    nn_text_append(text, "{\"loss\":");
    nn_results_json_number(results->loss, text);
    for (int h = 0; model->head_count > 1 && h < model->head_count; h++) {
        nn_text_append(text, ",\"%s.loss\":", model->heads[h].name);
        nn_results_json_number(results->losses[h], text);
    }
    for (int m = 0; m < model->metric_count; m++) {
        if (!results->known[m] || model->metrics[m].extra) continue;
        nn_text_append(text, ",\"%s\":", model->metrics[m].name);
        if (model->metrics[m].type->matrix)
            nn_results_json_matrix(nn_results_metric_width(model, m), results->matrices[m], text);
        else
            nn_results_json_number(results->metrics[m], text);
    }
    nn_text_append(text, "}");
}

void nn_results_release(nn_results *results)
{
    for (int m = 0; m < NN_MODEL_METRICS; m++) {
        nn_free(results->matrices[m]);
        nn_free(results->outputs[m]);
        nn_free(results->classes[m]);
        nn_free(results->counts[m]);
    }
    *results = (nn_results){0};
}
