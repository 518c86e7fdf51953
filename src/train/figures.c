/* From sums to what a person, and a program, sees. */
#include "train/figures.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"

#define CLASS_NAME 20    /* bytes of a class's name in a table */
#define TABLE_CLASSES 20 /* that fit a screen */

/* The mean of a head's loss; NaN where nothing counts. */
static double figures_term(const double *sums, int which)
{
    return sums[which] / sums[NN_FIGURE_DENOMINATOR];
}

double nn_figures_loss(const nn_model *model, const double *sums)
{
    if (model->head_count == 1) return figures_term(sums, NN_FIGURE_UNITS);
    double loss = 0;
    for (int h = 0; h < model->head_count; h++, sums += NN_HEAD_FIGURES)
        if (sums[NN_FIGURE_DENOMINATOR] > 0)
            loss += model->heads[h].weight * figures_term(sums, NN_FIGURE_LOSS);
    return loss;
}

void nn_figures_finish(const nn_model *model, const double *sums, nn_figures *figures)
{
    *figures = (nn_figures){.loss = nn_figures_loss(model, sums)};
    for (int h = 0; h < model->head_count; h++, sums += NN_HEAD_FIGURES) {
        figures->losses[h] = figures_term(sums, NN_FIGURE_UNITS);
        figures->rmse[h] = sqrt(sums[NN_FIGURE_SQUARES] / sums[NN_FIGURE_VALUES]);
    }
    for (int m = 0; m < model->metric_count; m++) {
        const nn_metric *metric = &model->metrics[m];
        figures->metrics[m] = NAN;
        if (metric->type->state != NN_METRIC_SUMS) continue;
        int64_t width = nn_metric_width(model, m);
        figures->metrics[m] = metric->type->finish(metric->options, width, sums);
        figures->known[m] = true;
        sums += width;
    }
}

/* ---- text ---- */

static void figures_text_metric(const nn_model *model, const nn_figures *figures, int m, nn_text *text)
{
    const nn_metric *metric = &model->metrics[m];
    if (!figures->known[m] || metric->type->matrix) return;
    if (metric->type->percent)
        nn_text_append(text, ", %s %.2f %%", metric->name, 100 * figures->metrics[m]);
    else
        nn_text_append(text, ", %s %.6g", metric->name, figures->metrics[m]);
}

void nn_figures_text(const nn_model *model, const nn_figures *figures, nn_text *text)
{
    nn_text_append(text, "loss %.5g", figures->loss);
    for (int h = 0; model->head_count > 1 && h < model->head_count; h++)
        nn_text_append(text, ", %s.loss %.5g", model->heads[h].name, figures->losses[h]);
    for (int m = 0; m < model->metric_count; m++) figures_text_metric(model, figures, m, text);
}

void nn_figures_head_text(const nn_model *model, const nn_figures *figures, int head, nn_text *text)
{
    bool has_rmse = false;
    nn_text_append(text, "loss %.5g", figures->losses[head]);
    for (int m = 0; m < model->metric_count; m++) {
        if (model->metrics[m].head != head) continue;
        figures_text_metric(model, figures, m, text);
        has_rmse |= model->metrics[m].type == nn_metric_find("rmse");
    }
    bool values = !model->heads[head].target.is_class && !model->heads[head].loss->yes_no;
    if (values && !has_rmse) nn_text_append(text, ", rmse %.6g", figures->rmse[head]);
}

/* ---- JSON ---- */

static void figures_json_number(double number, nn_text *text)
{
    if (isfinite(number))
        nn_text_append(text, "%.17g", number);
    else
        nn_text_append(text, "null");
}

static void figures_json_matrix(int64_t width, const double *counts, nn_text *text)
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

void nn_figures_json(const nn_model *model, const nn_figures *figures, nn_text *text)
{
    nn_text_append(text, "{\"loss\":");
    figures_json_number(figures->loss, text);
    for (int h = 0; model->head_count > 1 && h < model->head_count; h++) {
        nn_text_append(text, ",\"%s.loss\":", model->heads[h].name);
        figures_json_number(figures->losses[h], text);
    }
    for (int m = 0; m < model->metric_count; m++) {
        if (!figures->known[m]) continue;
        nn_text_append(text, ",\"%s\":", model->metrics[m].name);
        if (model->metrics[m].type->matrix)
            figures_json_matrix(nn_metric_width(model, m), figures->matrices[m], text);
        else
            figures_json_number(figures->metrics[m], text);
    }
    nn_text_append(text, "}");
}

/* ---- matrices ---- */

/* The name of a class, as far as a column goes: the line that the names have for it, or its number. */
static void figures_class_name(const char *names, int64_t class, char name[CLASS_NAME])
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

static void figures_show_table(const nn_metric *metric, const nn_head *head, int64_t classes,
                               const double *counts)
{
    char name[CLASS_NAME];
    nn_text line = {0};
    nn_text_append(&line, "%-*s", CLASS_NAME, "right \\ predicted");
    for (int64_t c = 0; c < classes; c++) {
        figures_class_name(head->target.class_names, c, name);
        nn_text_append(&line, " %8.8s", name);
    }
    nn_log_line("%s:\n  %s", metric->name, line.bytes ? line.bytes : "");
    nn_text_free(&line);
    for (int64_t r = 0; r < classes; r++) {
        figures_class_name(head->target.class_names, r, name);
        nn_text_append(&line, "  %-*s", CLASS_NAME, name);
        for (int64_t c = 0; c < classes; c++) nn_text_append(&line, " %8.0f", counts[r * classes + c]);
        nn_log_line("%s", line.bytes ? line.bytes : "");
        nn_text_free(&line);
    }
}

void nn_figures_show_matrices(const nn_model *model, const nn_figures *figures)
{
    for (int m = 0; m < model->metric_count; m++) {
        const nn_metric *metric = &model->metrics[m];
        if (!metric->type->matrix || !figures->known[m]) continue;
        int64_t width = nn_metric_width(model, m), classes = llround(sqrt((double)width));
        if (classes <= TABLE_CLASSES)
            figures_show_table(metric, &model->heads[metric->head], classes, figures->matrices[m]);
        nn_text json = {0};
        figures_json_matrix(width, figures->matrices[m], &json);
        nn_log_line("%s: %s", metric->name, json.bytes ? json.bytes : "");
        nn_text_free(&json);
    }
}

void nn_figures_release(nn_figures *figures)
{
    for (int m = 0; m < NN_MODEL_METRICS; m++) nn_free(figures->matrices[m]);
    *figures = (nn_figures){0};
}
