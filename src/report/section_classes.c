/* Classes: how often each is taken for which, and precision, recall, F1 and support. */
#include <math.h>
#include <string.h>

#include "draw/chart.h"
#include "draw/heat_map.h"
#include "report/judged.h"
#include "report/section.h"

#define CLASSES_MATRIX 20 /* with more the worst pairs are listed */
#define CLASSES_PAIRS 10
#define CLASSES_COLUMNS 24

/* ---- by class ---- */

/* Keys of the objects of results.json are the columns, in the order of the file. */
static void classes_table(const nn_evaluation_target *target, nn_config_node *classes, nn_html *page)
{
    nn_html_column columns[CLASSES_COLUMNS] = {{"class", false}};
    nn_config_node *first = nn_config_item(classes, 0);
    size_t count = 1;
    for (size_t k = 0; k < nn_config_count(first) && count < CLASSES_COLUMNS; k++)
        if (strcmp(nn_config_key(first, k), "name") != 0)
            columns[count++] = (nn_html_column){nn_config_key(first, k), true};
    nn_html_table_begin(page, "Results by class", true, count, columns);
    for (size_t c = 0; c < nn_config_count(classes); c++) {
        nn_config_node *own = nn_config_item(classes, c);
        nn_html_row_begin(page, false);
        nn_html_row_name(page, nn_judged_name(target, (int64_t)c));
        for (size_t k = 1; k < count; k++) nn_html_cell_number(page, nn_judged_number(own, columns[k].name));
        nn_html_row_end(page);
    }
    nn_html_table_end(page);
}

static void classes_thresholds(nn_config_node *thresholds, nn_html *page)
{
    nn_text text = {0};
    for (size_t k = 0; k < nn_config_count(thresholds); k++)
        nn_text_append(&text, "%s %s %.6g", k > 0 ? "," : "", nn_config_key(thresholds, k),
                       nn_judged_number(thresholds, nn_config_key(thresholds, k)));
    if (text.length > 0) nn_html_paragraph(page, "Thresholds of the probability of yes:%s.", text.bytes);
    nn_text_free(&text);
}

/* ---- confusion ---- */

/* Each cell: the class in words, for programs that read the table aloud. */
static void classes_matrix_table(const nn_evaluation_target *target, nn_html *page)
{
    nn_html_column columns[CLASSES_MATRIX + 1] = {{"class \\ predicted as", false}};
    for (int64_t c = 0; c < target->count; c++)
        columns[c + 1] = (nn_html_column){nn_judged_name(target, c), true};
    nn_html_table_begin(page, "Rows of each class by the class that they are predicted as", false,
                        (size_t)target->count + 1, columns);
    for (int64_t r = 0; r < target->count; r++) {
        nn_html_row_begin(page, false);
        nn_html_row_name(page, nn_judged_name(target, r));
        for (int64_t c = 0; c < target->count; c++)
            nn_html_cell_number(page, target->matrix[r * target->count + c]);
        nn_html_row_end(page);
    }
    nn_html_table_end(page);
}

static nn_status classes_matrix(const nn_report_run *run, const nn_evaluation_target *target, nn_html *page)
{
    const char *names[CLASSES_MATRIX];
    double width, height, right = 0, all = 0;
    nn_text words = {0};
    for (int64_t c = 0; c < target->count; c++) names[c] = nn_judged_name(target, c);
    for (int64_t i = 0; i < target->count * target->count; i++) {
        all += target->matrix[i];
        right += i / target->count == i % target->count ? target->matrix[i] : 0;
    }
    const nn_heat_map map = {
        (size_t)target->count, (size_t)target->count, target->matrix, names, names, "class", "predicted as"};
    nn_heat_map_size(&map, &width, &height);
    nn_text_append(&words, "Confusion matrix, ");
    nn_judged_append_origin(run, &words);
    nn_html_figure_begin(page, words.bytes ? words.bytes : "Confusion matrix");
    nn_text_append(&words, ": %.15g of %.15g rows are predicted as their class", right, all);
    nn_html_append(page, "<div class=\"natural\">");
    nn_chart_begin(&page->text, width, height, "Confusion matrix", words.bytes ? words.bytes : "");
    nn_heat_map_append(&page->text, &map);
    nn_chart_end(&page->text);
    nn_html_append(page, "</div>");
    nn_html_figure_details(page, "Values as a table");
    classes_matrix_table(target, page);
    nn_html_figure_end(page, true);
    nn_text_free(&words);
    return NN_OK;
}

static void classes_pairs(const nn_evaluation_target *target, nn_html *page)
{
    static const nn_html_column columns[] = {
        {"class", false}, {"predicted as", false}, {"rows", true}, {"share of the class", true}};
    nn_confused pairs[CLASSES_PAIRS];
    int64_t kinds;
    int count = nn_judge_most_confused(target->count, target->matrix, CLASSES_PAIRS, pairs, &kinds);
    if (count == 0) {
        nn_html_paragraph(page, "Every row is predicted as its class.");
        return;
    }
    nn_html_paragraph(page, "Of %lld classes the pairs that are confused most often, %d of %lld that occur.",
                      (long long)target->count, count, (long long)kinds);
    nn_html_table_begin(page, "Most frequent confusions", true, 4, columns);
    for (int i = 0; i < count; i++) {
        double all = 0;
        for (int64_t c = 0; c < target->count; c++) all += target->matrix[pairs[i].right * target->count + c];
        nn_html_row_begin(page, false);
        nn_html_row_name(page, nn_judged_name(target, pairs[i].right));
        nn_html_append(page, "<td>");
        nn_html_append_name(page, nn_judged_name(target, pairs[i].predicted));
        nn_html_append(page, "</td>");
        nn_html_cell_number(page, pairs[i].count);
        nn_html_cell_number(page, pairs[i].count / all);
        nn_html_row_end(page);
    }
    nn_html_table_end(page);
}

/* ---- the section ---- */

static nn_status classes_of_target(const nn_report_run *run, const nn_evaluation_target *target,
                                   nn_html *page)
{
    nn_config_node *results = nn_judged_target(run, target), *classes = nn_config_get(results, "classes");
    nn_judged_heading(run, target, page);
    if (target->matrix && target->count <= CLASSES_MATRIX)
        NN_TRY(classes_matrix(run, target, page));
    else if (target->matrix)
        classes_pairs(target, page);
    else
        nn_html_paragraph(
            page, "A confusion matrix does not exist: each of the %lld columns is a question of its own.",
            (long long)target->count);
    if (nn_config_count(classes) > 0 && (int64_t)nn_config_count(classes) == target->count) {
        classes_table(target, classes, page);
        classes_thresholds(nn_config_get(results, "thresholds"), page);
    }
    return NN_OK;
}

static bool classes_apply(const nn_report *report)
{
    const nn_stored_evaluation *evaluation = &report->runs[0].evaluation;
    for (int t = 0; t < evaluation->target_count; t++)
        if (!evaluation->targets[t].values) return true;
    return false;
}

static nn_status classes_append(const nn_report *report, nn_html *page)
{
    const nn_report_run *run = &report->runs[0];
    for (int t = 0; t < run->evaluation.target_count; t++)
        if (!run->evaluation.targets[t].values)
            NN_TRY(classes_of_target(run, &run->evaluation.targets[t], page));
    return NN_OK;
}

const nn_section nn_section_classes = {.id = "classes",
                                       .title = "Classes",
                                       .scope = NN_SECTION_ONE,
                                       .applies = classes_apply,
                                       .append = classes_append};
