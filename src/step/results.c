/* From sums to results, and results as text and JSON. */
#include "step/results.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"

#define CLASS_NAME 20    /* bytes of a class's name in a table */
#define TABLE_CLASSES 20 /* that fit a screen */
#define TABLE_OUTPUTS 32

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

static void results_text_metric(const nn_model *model, const nn_results *results, int m, nn_text *text)
{
    const nn_model_metric *metric = &model->metrics[m];
    if (!results->known[m] || metric->type->matrix) return;
    nn_text_append(text, ", %s ", metric->name);
    if (metric->type->percent && isfinite(results->metrics[m]))
        nn_text_append(text, "%.2f %%", 100 * results->metrics[m]);
    else
        nn_results_number(results->metrics[m], 6, text);
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

static void results_json_number(double number, nn_text *text)
{
    if (isfinite(number))
        nn_text_append(text, "%.17g", number);
    else
        nn_text_append(text, "null");
}

static void results_json_matrix(int64_t width, const double *counts, nn_text *text)
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
    results_json_number(results->loss, text);
    for (int h = 0; model->head_count > 1 && h < model->head_count; h++) {
        nn_text_append(text, ",\"%s.loss\":", model->heads[h].name);
        results_json_number(results->losses[h], text);
    }
    for (int m = 0; m < model->metric_count; m++) {
        if (!results->known[m] || model->metrics[m].extra) continue;
        nn_text_append(text, ",\"%s\":", model->metrics[m].name);
        if (model->metrics[m].type->matrix)
            results_json_matrix(nn_results_metric_width(model, m), results->matrices[m], text);
        else
            results_json_number(results->metrics[m], text);
    }
    nn_text_append(text, "}");
}

/* ---- matrices ---- */

/* The name of a class, cut to the width of a column; its number where it has no name. */
static void results_class_name(const char *names, int64_t class, char name[CLASS_NAME])
{
    for (int64_t i = 0; names && i < class; i++) {
        names = strchr(names, '\n');
        if (names) names++;
    }
    if (names && *names)
        snprintf(name, CLASS_NAME, "%.*s", (int)strcspn(names, "\n"), names);
    else
        snprintf(name, CLASS_NAME, "%lld", (long long)class);
}

static void results_show_table(const nn_model_metric *metric, const nn_head *head, int64_t classes,
                               const double *counts)
{
    char name[CLASS_NAME];
    nn_text line = {0};
    nn_text_append(&line, "%-*s", CLASS_NAME, "right \\ predicted");
    for (int64_t c = 0; c < classes; c++) {
        results_class_name(head->target.class_names, c, name);
        nn_text_append(&line, " %8.8s", name);
    }
    nn_log_line("%s:\n  %s", metric->name, line.bytes ? line.bytes : "");
    nn_text_free(&line);
    for (int64_t r = 0; r < classes; r++) {
        results_class_name(head->target.class_names, r, name);
        nn_text_append(&line, "  %-*s", CLASS_NAME, name);
        for (int64_t c = 0; c < classes; c++) nn_text_append(&line, " %8.0f", counts[r * classes + c]);
        nn_log_line("%s", line.bytes ? line.bytes : "");
        nn_text_free(&line);
    }
}

void nn_results_show_matrices(const nn_model *model, const nn_results *results)
{
    for (int m = 0; m < model->metric_count; m++) {
        const nn_model_metric *metric = &model->metrics[m];
        if (!metric->type->matrix || !results->known[m]) continue;
        int64_t width = nn_results_metric_width(model, m), classes = llround(sqrt((double)width));
        if (classes <= TABLE_CLASSES)
            results_show_table(metric, &model->heads[metric->head], classes, results->matrices[m]);
        nn_text json = {0};
        results_json_matrix(width, results->matrices[m], &json);
        nn_log_line("%s: %s", metric->name, json.bytes ? json.bytes : "");
        nn_text_free(&json);
    }
}

/* ---- outputs ---- */

/* The results of a metric by output, as a list. */
static void results_show_list(const nn_model *model, const nn_results *results, int m, const char *whose)
{
    nn_text line = {0};
    int64_t outputs = model->heads[model->metrics[m].head].outputs;
    nn_text_append(&line, "%s, %s by output: [", whose, model->metrics[m].name);
    for (int64_t o = 0; o < outputs; o++) {
        nn_text_append(&line, o > 0 ? ", " : "");
        results_json_number(results->outputs[m][o], &line);
    }
    nn_log_line("%s]", line.bytes ? line.bytes : "");
    nn_text_free(&line);
}

/* The name of an output: a column of the head's dataset, or one of the datasets that are joined; else its
 * number. */
static void results_output_name(const nn_model *model, const nn_head *head, int64_t output,
                                char name[CLASS_NAME])
{
    const nn_names *names = nn_names_set_find(&model->names, head->given ? head->given : head->name);
    int inputs = model->input.part_count > 0 ? model->input.part_count : 1;
    const char *found = NULL;
    if (names && names->columns.count == (size_t)head->outputs)
        found = names->columns.items[output];
    else if (!head->given && model->names.count - inputs == head->outputs)
        found = model->names.items[inputs + output].key;
    if (found)
        snprintf(name, CLASS_NAME, "%.*s", CLASS_NAME - 1, found);
    else
        snprintf(name, CLASS_NAME, "%d", (int)output);
}

static void results_show_row(const nn_model *model, const nn_results *results, int head, int64_t output)
{
    nn_text line = {0};
    char name[CLASS_NAME];
    results_output_name(model, &model->heads[head], output, name);
    nn_text_append(&line, "  %-*s", CLASS_NAME, name);
    for (int m = 0; m < model->metric_count; m++) {
        if (model->metrics[m].head != head || !results->outputs[m]) continue;
        nn_text cell = {0};
        nn_results_number(results->outputs[m][output], 6, &cell);
        nn_text_append(&line, " %12s", cell.bytes ? cell.bytes : "");
        nn_text_free(&cell);
    }
    nn_log_line("%s", line.bytes ? line.bytes : "");
    nn_text_free(&line);
}

static void results_show_head_outputs(const nn_model *model, const nn_results *results, int head,
                                      const char *whose)
{
    nn_text line = {0};
    int64_t outputs = model->heads[head].outputs;
    bool table = outputs <= TABLE_OUTPUTS;
    for (int m = 0; m < model->metric_count; m++) {
        if (model->metrics[m].head != head || !results->outputs[m]) continue;
        if (table)
            nn_text_append(&line, " %12s", model->metrics[m].type->name);
        else
            results_show_list(model, results, m, whose);
    }
    if (line.length == 0) return;
    nn_log_line("%s, the outputs of %s:\n  %-*s%s", whose, model->heads[head].name, CLASS_NAME, "output",
                line.bytes);
    nn_text_free(&line);
    for (int64_t o = 0; o < outputs; o++) results_show_row(model, results, head, o);
}

void nn_results_show_outputs(const nn_model *model, const nn_results *results, const char *whose)
{
    for (int h = 0; h < model->head_count; h++) results_show_head_outputs(model, results, h, whose);
}

void nn_results_release(nn_results *results)
{
    for (int m = 0; m < NN_MODEL_METRICS; m++) {
        nn_free(results->matrices[m]);
        nn_free(results->outputs[m]);
    }
    *results = (nn_results){0};
}
