/* Results as JSON. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "judge/judgement.h"

/* Begins a member of an object, of which others may have been written. */
static void json_key(nn_text *text, const char *key)
{
    bool first = text->length > 0 && text->bytes[text->length - 1] == '{';
    nn_text_append(text, first ? "" : ",");
    nn_text_append_json(text, key);
    nn_text_append(text, ":");
}

static void json_number(nn_text *text, const char *key, double value)
{
    json_key(text, key);
    nn_results_json_number(value, text);
}

/* As metrics.jsonl has them, and those that were added. */
static void json_results(const nn_judgement *of, const nn_results *results, nn_text *text)
{
    const nn_model *model = of->model;
    nn_text_append(text, "{");
    json_number(text, "loss", results->loss);
    for (int h = 0; model->head_count > 1 && h < model->head_count; h++) {
        nn_text name = {0};
        nn_text_append(&name, "%s.loss", model->heads[h].name);
        json_number(text, name.bytes ? name.bytes : "", results->losses[h]);
        nn_text_free(&name);
    }
    for (int m = 0; m < model->metric_count; m++)
        if (results->known[m] && !model->metrics[m].type->matrix)
            json_number(text, model->metrics[m].name, results->metrics[m]);
    nn_text_append(text, "}");
}

/* What people read in parentheses after the names of metrics. */
static void json_qualifiers(const nn_judgement *of, nn_text *text)
{
    char qualifier[NN_METRIC_QUALIFIER];
    nn_text_append(text, "{");
    for (int m = 0; m < of->model->metric_count; m++) {
        nn_results_qualifier(of->model, &of->model->metrics[m], qualifier);
        if (!qualifier[0]) continue;
        json_key(text, of->model->metrics[m].name);
        nn_text_append_json(text, qualifier);
    }
    nn_text_append(text, "}");
}

/* ---- targets ---- */

static void json_output_results(const nn_judgement *of, const nn_results *results, int head, int64_t output,
                                nn_text *text)
{
    for (int m = 0; m < of->model->metric_count; m++) {
        const nn_model_metric *metric = &of->model->metrics[m];
        if (metric->head == head && metric->type->by_output && results->known[m])
            json_number(text, metric->type->name, nn_judgement_by_output(results, m, output));
    }
}

static void json_output(const nn_judgement *of, int head, int64_t output, nn_text *text)
{
    nn_text name = {0};
    const char *unit = nn_judge_unit(of->model, head, output);
    nn_judge_append_output(of->model, head, output, &name);
    nn_text_append(text, output > 0 ? ",{" : "{");
    json_key(text, "name");
    nn_text_append_json(text, name.bytes ? name.bytes : "");
    nn_text_free(&name);
    json_key(text, "unit");
    if (unit)
        nn_text_append_json(text, unit);
    else
        nn_text_append(text, "null");
    json_output_results(of, of->results, head, output, text);
    if (nn_judgement_has_baseline(of, head)) {
        json_key(text, "baseline");
        nn_text_append(text, "{");
        json_output_results(of, of->baseline, head, output, text);
        nn_text_append(text, "}");
    }
    nn_text_append(text, "}");
}

/* precision, recall, f1 and support, whatever was requested; then other results by class. */
static void json_class(const nn_judgement *of, int head, int64_t class_number, const nn_judge_column *columns,
                       int column_count, nn_text *text)
{
    const double *counts = of->results->counts[columns[0].metric];
    nn_text name = {0};
    nn_judge_append_class(of->model, head, class_number, &name);
    nn_text_append(text, class_number > 0 ? ",{" : "{");
    json_key(text, "name");
    nn_text_append_json(text, name.bytes ? name.bytes : "");
    nn_text_free(&name);
    for (int c = 0; c < column_count; c++) {
        json_number(text, columns[c].type->name, nn_judgement_by_class(of, &columns[c], class_number));
        if (c == NN_JUDGE_COUNTED - 1)
            json_number(text, "support", counts[NN_METRIC_CLASS_COUNTS * class_number + NN_METRIC_RIGHT]);
    }
    nn_text_append(text, "}");
}

/* Of results by class and of the confusion matrix, where there are thresholds. */
static void json_thresholds(const nn_judgement *of, const nn_judge_column *columns, int column_count,
                            int confusion, nn_text *text)
{
    bool any = confusion >= 0 && isfinite(nn_judgement_threshold(of, confusion));
    for (int c = 0; c < column_count; c++) any |= isfinite(columns[c].threshold);
    if (!any) return;
    json_key(text, "thresholds");
    nn_text_append(text, "{");
    for (int c = 0; c < column_count; c++)
        if (isfinite(columns[c].threshold)) json_number(text, columns[c].type->name, columns[c].threshold);
    if (confusion >= 0) json_number(text, "confusion", nn_judgement_threshold(of, confusion));
    nn_text_append(text, "}");
}

static void json_classes(const nn_judgement *of, int head, nn_text *text)
{
    nn_judge_column columns[NN_JUDGE_COLUMNS];
    int count = nn_judgement_columns(of, head, columns), confusion = nn_judgement_confusion(of, head);
    int64_t classes = nn_metric_classes(of->model->heads[head].columns);
    json_thresholds(of, columns, count, confusion, text);
    if (count > 0) {
        json_key(text, "classes");
        nn_text_append(text, "[");
        for (int64_t c = 0; c < classes; c++) json_class(of, head, c, columns, count, text);
        nn_text_append(text, "]");
    }
    if (confusion >= 0) {
        json_key(text, "confusion");
        nn_results_json_matrix(classes * classes, of->results->matrices[confusion], text);
    }
}

static void json_target(const nn_judgement *of, int head, nn_text *text)
{
    const nn_head *self = &of->model->heads[head];
    bool values = nn_head_is_values(self);
    char words[NN_JUDGE_WORDS];
    nn_text_append(text, head > 0 ? ",{" : "{");
    json_key(text, "name");
    nn_text_append_json(text, self->name);
    json_key(text, "kind");
    nn_text_append_json(text, values ? "values" : "classes");
    json_number(text, "loss", of->results->losses[head]);
    if (nn_judgement_has_baseline(of, head)) {
        nn_judgement_baseline(of, head, words);
        json_key(text, "baseline");
        nn_text_append_json(text, words);
        json_number(text, "baseline_loss", of->baseline->losses[head]);
    }
    if (values) {
        json_key(text, "outputs");
        nn_text_append(text, "[");
        for (int64_t o = 0; o < self->outputs; o++) json_output(of, head, o, text);
        nn_text_append(text, "]");
    } else {
        json_classes(of, head, text);
    }
    nn_text_append(text, "}");
}

void nn_judge_append_json(const nn_judgement *judgement, nn_text *text)
{
    bool baseline = judgement->baseline != NULL;
    for (int h = 0; h < judgement->model->head_count; h++)
        baseline &= nn_judgement_has_baseline(judgement, h);
    nn_text_append(text, "{\"samples\":%" PRId64 ",\"metrics\":", judgement->samples);
    json_results(judgement, judgement->results, text);
    nn_text_append(text, ",\"qualifiers\":");
    json_qualifiers(judgement, text);
    nn_text_append(text, ",\"baseline\":");
    if (baseline)
        json_results(judgement, judgement->baseline, text);
    else
        nn_text_append(text, "null");
    nn_text_append(text, ",\"targets\":[");
    for (int h = 0; h < judgement->model->head_count; h++) json_target(judgement, h, text);
    nn_text_append(text, "]}");
}
