/* Probabilities of classes: ROC curves, and whether they are as often right as they say. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "draw/chart.h"
#include "report/judged.h"
#include "report/section.h"

#define PROBABILITIES_CURVES 10
#define PROBABILITIES_SIDE 460.0
#define PROBABILITIES_COUNTS 150.0 /* height of the chart of rows by bin */

/* ---- ROC ---- */

/* F1 orders the classes, no more: results by class are those of results.json. */
static double probabilities_order(const nn_evaluation_target *target, int64_t c)
{
    const double *counts = target->counts ? target->counts + 3 * c : NULL;
    return counts && counts[1] + counts[2] > 0 ? 2 * counts[0] / (counts[1] + counts[2]) : 2;
}

/* Both rates are known where there are rows of the class and others. */
static bool probabilities_has_curve(const nn_evaluation_target *target, int64_t c)
{
    const double *last = target->roc + (c * target->roc_count + target->roc_count - 1) * 2;
    return isfinite(last[0]) && isfinite(last[1]);
}

/* The classes whose curves are shown: of two the second, of many those with the lowest F1. */
static int probabilities_choose(const nn_evaluation_target *target, int64_t chosen[PROBABILITIES_CURVES])
{
    int count = 0;
    for (int64_t c = target->count == 2 ? 1 : 0; c < target->count; c++) {
        if (!probabilities_has_curve(target, c)) continue;
        int at = count < PROBABILITIES_CURVES ? count++ : PROBABILITIES_CURVES;
        bool all = target->count <= PROBABILITIES_CURVES;
        for (; at > 0 && !all && probabilities_order(target, chosen[at - 1]) > probabilities_order(target, c);
             at--)
            if (at < PROBABILITIES_CURVES) chosen[at] = chosen[at - 1];
        if (at < PROBABILITIES_CURVES) chosen[at] = c;
    }
    return count;
}

static double probabilities_auc(const nn_report_run *run, const nn_evaluation_target *target, int64_t c)
{
    nn_config_node *classes = nn_config_get(nn_judged_target(run, target), "classes");
    double own = nn_judged_number(nn_config_item(classes, (size_t)c), "auc");
    return isnan(own) && target->count == 2 ? nn_judged_metric(run, target, "auc") : own;
}

/* The largest true positive rate at a false positive rate of at most this. */
static double probabilities_at(const nn_evaluation_target *target, int64_t c, double rate)
{
    double best = 0;
    for (int64_t b = 0; b < target->roc_count; b++) {
        const double *point = target->roc + (c * target->roc_count + b) * 2;
        if (point[0] <= rate) best = fmax(best, point[1]);
    }
    return best;
}

static void probabilities_roc_table(const nn_report_run *run, const nn_evaluation_target *target, int count,
                                    const int64_t *chosen, nn_html *page)
{
    static const nn_html_column columns[] = {{"class", false},
                                             {"auc", true},
                                             {"true positives at 1 % false", true},
                                             {"at 5 %", true},
                                             {"at 10 %", true}};
    static const double rates[] = {0.01, 0.05, 0.1};
    nn_html_table_begin(page,
                        "Each class against the rest: area under the exact curve, and the fraction found",
                        true, 5, columns);
    for (int i = 0; i < count; i++) {
        double auc = probabilities_auc(run, target, chosen[i]);
        nn_html_row_begin(page, false);
        nn_html_row_name(page, nn_judged_name(target, chosen[i]));
        if (isnan(auc))
            nn_html_cell(page, "not measured");
        else
            nn_html_cell_number(page, auc);
        for (int r = 0; r < 3; r++) nn_html_cell_number(page, probabilities_at(target, chosen[i], rates[r]));
        nn_html_row_end(page);
    }
    nn_html_table_end(page);
}

/* x and y of one curve. */
static void probabilities_points(const nn_evaluation_target *target, int64_t c, double *values,
                                 nn_curve *curve)
{
    for (int64_t b = 0; b < target->roc_count; b++) {
        const double *point = target->roc + (c * target->roc_count + b) * 2;
        values[b] = point[0];
        values[target->roc_count + b] = point[1];
    }
    curve->points = (nn_points){values, values + target->roc_count, (size_t)target->roc_count};
}

static nn_status probabilities_roc(const nn_report_run *run, const nn_evaluation_target *target,
                                   nn_html *page)
{
    static const double ends[] = {0, 1};
    int64_t chosen[PROBABILITIES_CURVES];
    char names[PROBABILITIES_CURVES][NN_JUDGED_SHORT + 32];
    nn_curve curves[PROBABILITIES_CURVES + 1] = {
        {.name = "chance", .colour = 6, .dash = 1, .points = {ends, ends, 2}}};
    double *values = NULL;
    nn_text title = {0};
    int count = probabilities_choose(target, chosen);
    if (count == 0) {
        nn_html_paragraph(page,
                          "A ROC curve needs rows of a class and other rows: the part does not have both.");
        return NN_OK;
    }
    NN_TRY(NN_ALLOCATE(&values, 2 * count * target->roc_count, "the curves of a report"));
    for (int i = 0; i < count; i++) {
        double auc = probabilities_auc(run, target, chosen[i]);
        char name[NN_JUDGED_SHORT];
        nn_judged_short(nn_judged_name(target, chosen[i]), 24, name);
        snprintf(names[i], sizeof names[i], "%s", name);
        if (isfinite(auc)) snprintf(names[i], sizeof names[i], "%s, AUC %.6g", name, auc);
        curves[1 + i] = (nn_curve){.name = names[i], .colour = i % 6, .dash = i < 6 ? 0 : 2};
        probabilities_points(target, chosen[i], values + 2 * i * target->roc_count, &curves[1 + i]);
    }
    const nn_chart chart = {.x_name = "false positive rate",
                            .y_name = "true positive rate",
                            .x_range = ends,
                            .y_range = ends,
                            .curves = curves,
                            .count = (size_t)count + 1};
    double height = PROBABILITIES_SIDE + nn_chart_head(&chart, PROBABILITIES_SIDE);
    nn_text_append(&title, "ROC, ");
    nn_judged_append_origin(run, &title);
    nn_html_figure_begin(page, title.bytes ? title.bytes : "ROC");
    nn_chart_begin(
        &page->text, PROBABILITIES_SIDE, height, "ROC curves",
        "True against false positive rate of each class against the rest; the table has the areas");
    nn_status status = nn_chart_append(&page->text, &chart, 0, 0, PROBABILITIES_SIDE, height);
    nn_chart_end(&page->text);
    nn_html_figure_details(page, "Values as a table");
    probabilities_roc_table(run, target, count, chosen, page);
    nn_html_figure_end(page, true);
    nn_text_free(&title);
    nn_free(values);
    return status;
}

/* ---- calibration ---- */

static void probabilities_bins_table(const nn_evaluation_target *target, nn_html *page)
{
    static const nn_html_column columns[] = {
        {"probability", false}, {"rows", true}, {"mean probability", true}, {"fraction correct", true}};
    char name[64];
    nn_html_table_begin(page, "Rows by the probability of the class that is predicted", false, 4, columns);
    for (int64_t b = 0; b < target->bin_count; b++) {
        const double *bin = target->bins + 3 * b;
        if (bin[0] == 0) continue;
        snprintf(name, sizeof name, "%.3g to %.3g", (double)b / (double)target->bin_count,
                 (double)(b + 1) / (double)target->bin_count);
        nn_html_row_begin(page, false);
        nn_html_row_name(page, name);
        nn_html_cell_number(page, bin[0]);
        nn_html_cell_number(page, bin[2]);
        nn_html_cell_number(page, bin[1]);
        nn_html_row_end(page);
    }
    nn_html_table_end(page);
}

static nn_status probabilities_draw_bins(const nn_evaluation_target *target, double *values, nn_text *svg)
{
    static const double ends[] = {0, 1};
    double *middle = values, *rows = values + target->bin_count, *mean = rows + target->bin_count,
           *correct = mean + target->bin_count, width = 1 / (double)target->bin_count;
    size_t count = 0;
    for (int64_t b = 0; b < target->bin_count; b++) {
        const double *bin = target->bins + 3 * b;
        middle[b] = ((double)b + 0.5) * width;
        rows[b] = bin[0];
        if (bin[0] == 0) continue;
        mean[count] = bin[2];
        correct[count++] = bin[1];
    }
    const nn_curve curves[] = {
        {.name = "as it should be", .colour = 6, .dash = 1, .points = {ends, ends, 2}},
        {.colour = 0, .points = {mean, correct, count}},
        {.name = "fraction correct", .colour = 0, .kind = NN_CURVE_DOTS, .points = {mean, correct, count}}};
    const nn_curve bars = {.colour = 0,
                           .kind = NN_CURVE_BARS,
                           .width = width,
                           .points = {middle, rows, (size_t)target->bin_count}};
    const nn_chart above = {.x_name = "probability of the predicted class",
                            .y_name = "fraction correct",
                            .x_range = ends,
                            .y_range = ends,
                            .curves = curves,
                            .count = 3};
    const nn_chart below = {.x_name = "probability of the predicted class",
                            .y_name = "rows",
                            .x_range = ends,
                            .curves = &bars,
                            .count = 1};
    double head = nn_chart_head(&above, PROBABILITIES_SIDE), height = PROBABILITIES_SIDE + head;
    nn_chart_begin(svg, PROBABILITIES_SIDE, height + PROBABILITIES_COUNTS, "Reliability diagram",
                   "Fraction of rows predicted correctly by the probability of the predicted class, and the "
                   "number of these rows; the table has both");
    NN_TRY(nn_chart_append(svg, &above, 0, 0, PROBABILITIES_SIDE, height));
    NN_TRY(nn_chart_append(svg, &below, 0, height, PROBABILITIES_SIDE, PROBABILITIES_COUNTS));
    nn_chart_end(svg);
    return NN_OK;
}

static nn_status probabilities_calibration(const nn_report_run *run, const nn_evaluation_target *target,
                                           nn_html *page)
{
    double *values = NULL, error = nn_judged_metric(run, target, "calibration_error");
    nn_text title = {0};
    NN_TRY(NN_ALLOCATE(&values, 4 * target->bin_count, "the curves of a report"));
    nn_text_append(&title, "Reliability, ");
    nn_judged_append_origin(run, &title);
    if (isfinite(error)) nn_text_append(&title, ": calibration error %.6g", error);
    nn_html_figure_begin(page, title.bytes ? title.bytes : "Reliability");
    nn_status status = probabilities_draw_bins(target, values, &page->text);
    nn_html_figure_details(page, "Values as a table");
    probabilities_bins_table(target, page);
    nn_html_figure_end(page, true);
    nn_text_free(&title);
    nn_free(values);
    return status;
}

/* ---- the section ---- */

/* auc, error: whether they were requested. With several targets each metric has the name of its own. */
static void probabilities_missing(const nn_report_run *run, const nn_evaluation_target *target, bool auc,
                                  bool error, nn_html *page)
{
    nn_text metrics = {0};
    const char *of = run->evaluation.target_count > 1 ? target->name : "", *dot = of[0] ? "." : "";
    if (!auc) nn_text_append(&metrics, "%s%sauc%s", of, dot, error ? "" : ",");
    if (!error) nn_text_append(&metrics, "%s%scalibration_error", of, dot);
    nn_html_paragraph(
        page,
        "Not measured: %s. A run has exact numbers with metrics: [%s]; nntrain eval %s --metrics %s "
        "prints them for this one.",
        auc     ? "the calibration error"
        : error ? "AUC"
                : "AUC and the calibration error",
        metrics.bytes, run->word, metrics.bytes);
    nn_text_free(&metrics);
}

static nn_status probabilities_of_target(const nn_report_run *run, const nn_evaluation_target *target,
                                         nn_html *page)
{
    bool auc = isfinite(nn_judged_metric(run, target, "auc")),
         error = isfinite(nn_judged_metric(run, target, "calibration_error"));
    nn_judged_heading(run, target, page);
    if (target->roc && target->count > PROBABILITIES_CURVES)
        nn_html_paragraph(page, "ROC curves: the %d of %lld classes with the lowest F1.",
                          PROBABILITIES_CURVES, (long long)target->count);
    if (!target->roc)
        nn_html_paragraph(page, "No ROC curves are kept of more than %d classes.", NN_GATHERING_CLASSES);
    nn_html_figures_begin(page);
    if (target->roc) NN_TRY(probabilities_roc(run, target, page));
    if (target->bins) NN_TRY(probabilities_calibration(run, target, page));
    nn_html_figures_end(page);
    if (!auc || !error) probabilities_missing(run, target, auc, error, page);
    return NN_OK;
}

static bool probabilities_apply(const nn_report *report)
{
    const nn_stored_evaluation *evaluation = &report->runs[0].evaluation;
    for (int t = 0; t < evaluation->target_count; t++)
        if (!evaluation->targets[t].values) return true;
    return false;
}

static nn_status probabilities_append(const nn_report *report, nn_html *page)
{
    const nn_report_run *run = &report->runs[0];
    nn_html_paragraph(page,
                      "Curves and bins are of all %lld samples of the part, the curves at %d thresholds.",
                      (long long)run->evaluation.samples, NN_GATHERING_SCORES);
    for (int t = 0; t < run->evaluation.target_count; t++)
        if (!run->evaluation.targets[t].values)
            NN_TRY(probabilities_of_target(run, &run->evaluation.targets[t], page));
    return NN_OK;
}

const nn_section nn_section_probabilities = {.id = "probabilities",
                                             .title = "Probabilities",
                                             .scope = NN_SECTION_ONE,
                                             .applies = probabilities_apply,
                                             .append = probabilities_append};
