/* Values: predicted against true ones, and what is left between them, in the units of the target. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "draw/chart.h"
#include "report/judged.h"
#include "report/section.h"

#define VALUES_OUTPUTS 8 /* with more, all outputs of a target are in one figure */
#define VALUES_BINS 30
#define VALUES_WIDTH 430.0
#define VALUES_HEIGHT 340.0
#define VALUES_COLUMNS 24
#define VALUES_NAME 128

/* The values of one output in the sample, or of all outputs. */
typedef struct values_output {
    char name[VALUES_NAME], unit[VALUES_NAME]; /* unit: "" or " (degC)" */
    size_t count;
    double *truth, *predicted, *residual, *sorted; /* sorted: residuals; parts of one block, owned by truth */
} values_output;

/* ---- results of the whole part ---- */

static void values_table_row(const nn_evaluation_target *target, size_t o, nn_config_node *output,
                             const nn_html_column *columns, const bool *baseline, size_t count, nn_html *page)
{
    const char *unit = nn_config_text(nn_config_get(output, "unit"));
    nn_config_node *constant = nn_config_get(output, "baseline");
    nn_html_row_begin(page, false);
    nn_html_row_name(page, nn_judged_name(target, (int64_t)o));
    nn_html_cell(page, "%s", unit ? unit : "");
    for (size_t k = 2; k < count; k++)
        nn_html_cell_number(page, baseline[k]
                                      ? nn_judged_number(constant, columns[k].name + strlen("baseline "))
                                      : nn_judged_number(output, columns[k].name));
    nn_html_row_end(page);
}

/* The keys of the objects of results.json are the columns. */
static void values_table(const nn_evaluation_target *target, nn_config_node *outputs, nn_html *page)
{
    char names[VALUES_COLUMNS][VALUES_NAME];
    nn_html_column columns[VALUES_COLUMNS] = {{"output", false}, {"unit", false}};
    bool baseline[VALUES_COLUMNS] = {false};
    nn_config_node *first = nn_config_item(outputs, 0), *constant = nn_config_get(first, "baseline");
    size_t count = 2;
    for (size_t k = 0; k < nn_config_count(first) && count < VALUES_COLUMNS; k++) {
        const char *key = nn_config_key(first, k);
        if (strcmp(key, "name") == 0 || strcmp(key, "unit") == 0 || strcmp(key, "baseline") == 0) continue;
        columns[count++] = (nn_html_column){key, true};
    }
    for (size_t k = 0; k < nn_config_count(constant) && count < VALUES_COLUMNS; k++) {
        snprintf(names[count], VALUES_NAME, "baseline %.100s", nn_config_key(constant, k));
        baseline[count] = true;
        columns[count] = (nn_html_column){names[count], true};
        count++;
    }
    if (count == 2) return;
    nn_html_table_begin(page, "Results by output, of the whole part", true, count, columns);
    for (size_t o = 0; o < nn_config_count(outputs); o++)
        values_table_row(target, o, nn_config_item(outputs, o), columns, baseline, count, page);
    nn_html_table_end(page);
}

/* ---- collecting ---- */

static int values_compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* output -1: all of them. */
static nn_status values_collect(const nn_stored_evaluation *evaluation, int t, int64_t output,
                                values_output *of)
{
    const nn_evaluation_target *target = &evaluation->targets[t];
    int64_t width = evaluation->sample.targets[t].predicted_count, all = evaluation->sample.count * width;
    const double *truth = evaluation->sample.targets[t].truth,
                 *predicted = evaluation->sample.targets[t].predicted;
    const char *unit = target->units && target->count > 0 ? target->units[output < 0 ? 0 : output] : "";
    for (int64_t o = 0; target->units && output < 0 && o < target->count; o++)
        if (strcmp(target->units[o], unit) != 0) unit = "";
    *of = (values_output){.count = 0};
    snprintf(of->name, sizeof of->name, "%.120s", output < 0 ? target->name : nn_judged_name(target, output));
    if (unit[0]) snprintf(of->unit, sizeof of->unit, " (%.100s)", unit);
    if (evaluation->sample.targets[t].truth_count != width) return NN_OK;
    NN_TRY(NN_ALLOCATE(&of->truth, 4 * all, "the values of a report"));
    of->predicted = of->truth + all;
    of->residual = of->predicted + all;
    of->sorted = of->residual + all;
    for (int64_t i = 0; i < all; i++) {
        if (output >= 0 && i % width % target->count != output) continue;
        if (!isfinite(truth[i]) || !isfinite(predicted[i])) continue;
        of->truth[of->count] = truth[i];
        of->predicted[of->count] = predicted[i];
        of->residual[of->count] = of->sorted[of->count] = predicted[i] - truth[i];
        of->count++;
    }
    qsort(of->sorted, of->count, sizeof *of->sorted, values_compare);
    return NN_OK;
}

/* ---- figures ---- */

static void values_range(const values_output *of, double range[2])
{
    range[0] = INFINITY;
    range[1] = -INFINITY;
    for (size_t i = 0; i < of->count; i++) {
        range[0] = fmin(range[0], fmin(of->truth[i], of->predicted[i]));
        range[1] = fmax(range[1], fmax(of->truth[i], of->predicted[i]));
    }
}

static nn_status values_append_chart(const nn_chart *chart, const char *title, const char *description,
                                     nn_html *page)
{
    double height = VALUES_HEIGHT + nn_chart_head(chart, VALUES_WIDTH);
    nn_chart_begin(&page->text, VALUES_WIDTH, height, title, description);
    NN_TRY(nn_chart_append(&page->text, chart, 0, 0, VALUES_WIDTH, height));
    nn_chart_end(&page->text);
    return NN_OK;
}

/* "temperature: predicted against true, from 300 of 1200 samples". */
static void values_begin(const nn_stored_evaluation *evaluation, const values_output *of, const char *what,
                         nn_html *page)
{
    nn_text title = {0};
    nn_text_append(&title, "%s: %s, from %lld of %lld samples", of->name, what,
                   (long long)evaluation->sample.count, (long long)evaluation->samples);
    nn_html_figure_begin(page, title.bytes ? title.bytes : what);
    nn_text_free(&title);
}

static nn_status values_scatter(const nn_stored_evaluation *evaluation, const values_output *of,
                                nn_html *page)
{
    char x_name[2 * VALUES_NAME], y_name[2 * VALUES_NAME];
    double range[2];
    values_range(of, range);
    const nn_curve curves[] = {
        {.name = "sample",
         .colour = 0,
         .kind = NN_CURVE_DOTS,
         .points = {of->truth, of->predicted, of->count}},
        {.name = "predicted = true", .colour = 6, .dash = 1, .points = {range, range, 2}}};
    const nn_chart chart = {.x_name = x_name, .y_name = y_name, .curves = curves, .count = 2};
    snprintf(x_name, sizeof x_name, "true%s", of->unit);
    snprintf(y_name, sizeof y_name, "predicted%s", of->unit);
    values_begin(evaluation, of, "predicted against true", page);
    NN_TRY(values_append_chart(&chart, "Predicted against true values", "One dot for each sample", page));
    nn_html_figure_end(page, false);
    return NN_OK;
}

static nn_status values_residuals(const nn_stored_evaluation *evaluation, const values_output *of,
                                  nn_html *page)
{
    char x_name[2 * VALUES_NAME], y_name[2 * VALUES_NAME];
    double ends[2] = {INFINITY, -INFINITY};
    static const double zero[] = {0, 0};
    for (size_t i = 0; i < of->count; i++) {
        ends[0] = fmin(ends[0], of->predicted[i]);
        ends[1] = fmax(ends[1], of->predicted[i]);
    }
    const nn_curve curves[] = {
        {.colour = 0, .kind = NN_CURVE_DOTS, .points = {of->predicted, of->residual, of->count}},
        {.colour = 6, .dash = 1, .points = {ends, zero, 2}}};
    const nn_chart chart = {.x_name = x_name, .y_name = y_name, .curves = curves, .count = 2};
    snprintf(x_name, sizeof x_name, "predicted%s", of->unit);
    snprintf(y_name, sizeof y_name, "predicted - true%s", of->unit);
    values_begin(evaluation, of, "residuals against predicted", page);
    NN_TRY(
        values_append_chart(&chart, "Residuals against predicted values", "One dot for each sample", page));
    nn_html_figure_end(page, false);
    return NN_OK;
}

static void values_quantiles(const values_output *of, nn_html *page)
{
    static const nn_html_column columns[] = {{"quantile of the residuals", false}, {"value", true}};
    static const double shares[] = {0, 0.05, 0.25, 0.5, 0.75, 0.95, 1};
    static const char *const names[] = {"smallest", "5 %", "25 %", "median", "75 %", "95 %", "largest"};
    nn_html_table_begin(page, "Quantiles of predicted - true", false, 2, columns);
    for (int q = 0; q < 7; q++) {
        nn_html_row_begin(page, false);
        nn_html_row_name(page, names[q]);
        nn_html_cell_number(page, of->sorted[(size_t)llround(shares[q] * (double)(of->count - 1))]);
        nn_html_row_end(page);
    }
    nn_html_table_end(page);
}

static nn_status values_histogram(const nn_stored_evaluation *evaluation, const values_output *of,
                                  nn_html *page)
{
    char x_name[2 * VALUES_NAME];
    double middle[VALUES_BINS], rows[VALUES_BINS] = {0}, least = of->sorted[0],
                                width = (of->sorted[of->count - 1] - least) / VALUES_BINS;
    if (!(width > 0)) width = 1;
    for (int b = 0; b < VALUES_BINS; b++) middle[b] = least + width * (b + 0.5);
    for (size_t i = 0; i < of->count; i++)
        rows[(int)fmin((of->residual[i] - least) / width, VALUES_BINS - 1)]++;
    const nn_curve bars = {
        .colour = 0, .kind = NN_CURVE_BARS, .width = width, .points = {middle, rows, VALUES_BINS}};
    const nn_chart chart = {.x_name = x_name, .y_name = "values", .curves = &bars, .count = 1};
    snprintf(x_name, sizeof x_name, "predicted - true%s", of->unit);
    values_begin(evaluation, of, "residuals", page);
    NN_TRY(values_append_chart(&chart, "Histogram of the residuals", "The table has quantiles", page));
    nn_html_figure_details(page, "Quantiles as a table");
    values_quantiles(of, page);
    nn_html_figure_end(page, true);
    return NN_OK;
}

/* ---- the section ---- */

static nn_status values_of_output(const nn_stored_evaluation *evaluation, int t, int64_t output,
                                  nn_html *page)
{
    values_output of;
    nn_status status = values_collect(evaluation, t, output, &of);
    if (status == NN_OK && of.count > 0) {
        nn_html_append(page, "<div class=\"figures three\">\n");
        NN_TRY_TO(done, status, values_scatter(evaluation, &of, page));
        NN_TRY_TO(done, status, values_histogram(evaluation, &of, page));
        NN_TRY_TO(done, status, values_residuals(evaluation, &of, page));
        nn_html_figures_end(page);
    } else if (status == NN_OK) {
        nn_html_paragraph(page, "%s: evaluation.h5 has no sample whose values are known.", of.name);
    }
done:
    nn_free(of.truth);
    return status;
}

static bool values_apply(const nn_report *report)
{
    const nn_stored_evaluation *evaluation = &report->runs[0].evaluation;
    for (int t = 0; t < evaluation->target_count; t++)
        if (evaluation->targets[t].values) return true;
    return false;
}

static nn_status values_append(const nn_report *report, nn_html *page)
{
    const nn_report_run *run = &report->runs[0];
    const nn_stored_evaluation *evaluation = &run->evaluation;
    for (int t = 0; t < evaluation->target_count; t++) {
        const nn_evaluation_target *target = &evaluation->targets[t];
        nn_config_node *outputs = nn_config_get(nn_judged_target(run, target), "outputs");
        bool each = target->count <= VALUES_OUTPUTS;
        if (!target->values) continue;
        nn_judged_heading(run, target, page);
        if (nn_judged_is_change(run, target))
            nn_html_paragraph(
                page, "The values, and the results, are those of the change from the last value that "
                      "is seen (transform: difference); nntrain predict writes the values themselves.");
        if ((int64_t)nn_config_count(outputs) == target->count) values_table(target, outputs, page);
        if (evaluation->sample.count == 0)
            nn_html_missing(page,
                            "evaluation.h5 does not have samples: a run with evaluation: {sample: 1000} "
                            "keeps some.");
        for (int64_t o = 0; evaluation->sample.count > 0 && o < (each ? target->count : 1); o++)
            NN_TRY(values_of_output(evaluation, t, each ? o : -1, page));
    }
    return NN_OK;
}

const nn_section nn_section_values = {.id = "values",
                                      .title = "Predicted and true values",
                                      .scope = NN_SECTION_ONE,
                                      .applies = values_apply,
                                      .append = values_append};
