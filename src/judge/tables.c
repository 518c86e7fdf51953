/* Results as tables for people. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "judge/judgement.h"

#define NAME_WIDTH 20    /* of an output or a class */
#define UNIT_WIDTH 8     /* of an output */
#define CELL_WIDTH 12    /* of a result */
#define TABLE_OUTPUTS 32 /* that fit a screen */
#define TABLE_CLASSES 20
#define TABLE_PAIRS 10

/* ---- cells ---- */

/* Appends UTF-8 in a column of `width` characters, cut to it; on its right side if width is negative. */
static void tables_word(nn_text *line, int width, const char *word)
{
    int characters = 0, bytes = 0, most = abs(width);
    for (; word[bytes]; bytes++) {
        bool begins = ((unsigned char)word[bytes] & 0xC0) != 0x80;
        if (begins && characters == most) break;
        characters += begins;
    }
    nn_text_append(line, "%*s%.*s%*s", width < 0 ? most - characters : 0, "", bytes, word,
                   width > 0 ? most - characters : 0, "");
}

/* Appends and frees a name. */
static void tables_name(nn_text *line, int width, nn_text *name)
{
    nn_text_append(line, width > 0 ? "  " : " ");
    tables_word(line, width, name->bytes ? name->bytes : "");
    nn_text_free(name);
}

static void tables_cell(nn_text *line, bool percent, double value)
{
    nn_text cell = {0};
    if (isfinite(value) && percent)
        nn_text_append(&cell, "%.2f %%", 100 * value);
    else if (isfinite(value))
        nn_text_append(&cell, "%.6g", value);
    else
        nn_text_append(&cell, "undefined");
    nn_text_append(line, " %*s", CELL_WIDTH, cell.bytes ? cell.bytes : "");
    nn_text_free(&cell);
}

static void tables_end(nn_text *line)
{
    nn_log_line("%s", line->bytes ? line->bytes : "");
    nn_text_free(line);
}

/* ---- by output ---- */

static bool tables_is_by_output(const nn_judgement *of, int head, int m)
{
    const nn_model_metric *metric = &of->model->metrics[m];
    return metric->head == head && metric->type->by_output && of->results->known[m];
}

static void tables_output_cells(const nn_judgement *of, const nn_results *results, int head, int64_t output,
                                nn_text *line)
{
    for (int m = 0; m < of->model->metric_count; m++)
        if (tables_is_by_output(of, head, m))
            tables_cell(line, of->model->metrics[m].type->percent,
                        nn_judgement_by_output(results, m, output));
}

static void tables_output(const nn_judgement *of, int head, int64_t output)
{
    nn_text line = {0}, name = {0};
    const char *unit = nn_judge_unit(of->model, head, output);
    nn_judge_append_output(of->model, head, output, &name);
    tables_name(&line, NAME_WIDTH, &name);
    nn_text_append(&line, " ");
    tables_word(&line, UNIT_WIDTH, unit ? unit : "");
    tables_output_cells(of, of->results, head, output, &line);
    tables_end(&line);
    if (!nn_judgement_has_baseline(of, head)) return;
    nn_text_append(&line, "  %-*s %-*s", NAME_WIDTH, "  baseline", UNIT_WIDTH, "");
    tables_output_cells(of, of->baseline, head, output, &line);
    tables_end(&line);
}

static void tables_outputs(const nn_judgement *of, int head, const char *whose)
{
    nn_text line = {0};
    int64_t outputs = of->model->heads[head].outputs;
    for (int m = 0; m < of->model->metric_count; m++)
        if (tables_is_by_output(of, head, m))
            nn_text_append(&line, " %*s", CELL_WIDTH, of->model->metrics[m].type->name);
    if (line.length == 0) return;
    nn_log_line("%s, the outputs of %s:\n  %-*s %-*s%s", whose, of->model->heads[head].name, NAME_WIDTH,
                "output", UNIT_WIDTH, "unit", line.bytes);
    nn_text_free(&line);
    for (int64_t o = 0; o < outputs && o < TABLE_OUTPUTS; o++) tables_output(of, head, o);
    if (outputs > TABLE_OUTPUTS)
        nn_log_line("  (the first %d of %lld outputs; all are in the JSON of the results)", TABLE_OUTPUTS,
                    (long long)outputs);
}

/* ---- by class ---- */

/* The table of the classes of one head. */
typedef struct tables_by_class {
    const nn_judgement *of;
    int head, count;
    nn_judge_column columns[NN_JUDGE_COLUMNS]; /* the support is next to the counted ones */
} tables_by_class;

static void tables_class(const tables_by_class *table, int64_t class_number)
{
    const nn_judgement *of = table->of;
    const double *counts = of->results->counts[table->columns[0].metric];
    nn_text line = {0}, name = {0};
    nn_judge_append_class(of->model, table->head, class_number, &name);
    tables_name(&line, NAME_WIDTH, &name);
    for (int c = 0; c < table->count; c++) {
        const nn_judge_column *column = &table->columns[c];
        tables_cell(&line, column->type->percent, nn_judgement_by_class(of, column, class_number));
        if (c == NN_JUDGE_COUNTED - 1)
            nn_text_append(&line, " %*.0f", CELL_WIDTH,
                           counts[NN_METRIC_CLASS_COUNTS * class_number + NN_METRIC_RIGHT]);
    }
    tables_end(&line);
}

/* Whether all columns that have a threshold have the same, which is then written; NaN: none has one. */
static bool tables_share_threshold(const tables_by_class *table, double *threshold)
{
    *threshold = NAN;
    for (int c = 0; c < table->count; c++) {
        double own = table->columns[c].threshold;
        if (isnan(own)) continue;
        if (!isnan(*threshold) && own != *threshold) return false;
        *threshold = own;
    }
    return true;
}

/* A threshold that all columns share is in the title, different ones are below the names of the columns. */
static void tables_class_title(const tables_by_class *table, const char *whose)
{
    nn_text line = {0};
    double threshold;
    bool shared = tables_share_threshold(table, &threshold);
    nn_text_append(&line, "%s, the classes of %s", whose, table->of->model->heads[table->head].name);
    if (shared && !isnan(threshold) && threshold != 0.5)
        nn_text_append(&line, " (threshold %.6g)", threshold);
    nn_text_append(&line, ":\n  %-*s", NAME_WIDTH, "class");
    for (int c = 0; c < table->count; c++) {
        nn_text_append(&line, " %*s", CELL_WIDTH, table->columns[c].type->name);
        if (c == NN_JUDGE_COUNTED - 1) nn_text_append(&line, " %*s", CELL_WIDTH, "support");
    }
    if (!shared) nn_text_append(&line, "\n  %-*s", NAME_WIDTH, "  at threshold");
    for (int c = 0; !shared && c < table->count; c++) {
        if (isnan(table->columns[c].threshold))
            nn_text_append(&line, " %*s", CELL_WIDTH, "");
        else
            nn_text_append(&line, " %*.6g", CELL_WIDTH, table->columns[c].threshold);
        if (c == NN_JUDGE_COUNTED - 1) nn_text_append(&line, " %*s", CELL_WIDTH, "");
    }
    while (line.length > 0 && line.bytes[line.length - 1] == ' ') line.bytes[--line.length] = '\0';
    tables_end(&line);
}

/* Of many classes those with the lowest f1, the lowest first; what is undefined is left out. */
static int tables_worst(const tables_by_class *table, int64_t classes, int64_t worst[TABLE_PAIRS])
{
    int count = 0;
    const nn_judge_column *f1 = &table->columns[NN_JUDGE_COUNTED - 1];
    for (int64_t c = 0; c < classes; c++) {
        double value = nn_judgement_by_class(table->of, f1, c);
        if (isnan(value)) continue;
        int at = count < TABLE_PAIRS ? count++ : TABLE_PAIRS;
        for (; at > 0 && nn_judgement_by_class(table->of, f1, worst[at - 1]) > value; at--)
            if (at < TABLE_PAIRS) worst[at] = worst[at - 1];
        if (at < TABLE_PAIRS) worst[at] = c;
    }
    return count;
}

static void tables_classes(const nn_judgement *of, int head, const char *whose)
{
    tables_by_class table = {.of = of, .head = head};
    int64_t classes = nn_metric_classes(of->model->heads[head].columns), worst[TABLE_PAIRS];
    table.count = nn_judgement_columns(of, head, table.columns);
    if (table.count == 0) return;
    tables_class_title(&table, whose);
    if (classes <= TABLE_CLASSES) {
        for (int64_t c = 0; c < classes; c++) tables_class(&table, c);
        return;
    }
    int count = tables_worst(&table, classes, worst);
    for (int i = 0; i < count; i++) tables_class(&table, worst[i]);
    nn_log_line("  (the %d of %lld classes with the lowest f1; all are in the JSON of the results)", count,
                (long long)classes);
}

/* ---- confusion ---- */

/* Characters of a column: those of the largest count or the longest name, at most 8. */
static int tables_confusion_width(const nn_judgement *of, int head, int64_t classes, const double *matrix)
{
    double largest = 0;
    int width = 1;
    for (int64_t i = 0; i < classes * classes; i++) largest = matrix[i] > largest ? matrix[i] : largest;
    for (double rest = largest; rest >= 10; rest /= 10) width++;
    for (int64_t c = 0; c < classes; c++) {
        nn_text name = {0};
        nn_judge_append_class(of->model, head, c, &name);
        int characters = 0;
        for (const char *at = name.bytes; at && *at; at++) characters += ((unsigned char)*at & 0xC0) != 0x80;
        if (characters > width && width < 8) width = characters < 8 ? characters : 8;
        nn_text_free(&name);
    }
    return width;
}

static void tables_confusion_row(const nn_judgement *of, int head, int64_t classes, const double *row,
                                 int64_t class_number, int width)
{
    nn_text line = {0}, name = {0};
    nn_judge_append_class(of->model, head, class_number, &name);
    tables_name(&line, NAME_WIDTH, &name);
    for (int64_t c = 0; c < classes; c++) nn_text_append(&line, " %*.0f", width, row[c]);
    tables_end(&line);
}

static void tables_confusion_matrix(const nn_judgement *of, int m, int64_t classes)
{
    const nn_model_metric *metric = &of->model->metrics[m];
    int width = tables_confusion_width(of, metric->head, classes, of->results->matrices[m]);
    double threshold = nn_judgement_threshold(of, m);
    nn_text line = {0};
    nn_text_append(&line, "%s", metric->name);
    if (!isnan(threshold) && threshold != 0.5) nn_text_append(&line, " (threshold %.6g)", threshold);
    nn_text_append(&line, ", correct classes in rows, predicted ones in columns:\n  %-*s", NAME_WIDTH, "");
    for (int64_t c = 0; c < classes; c++) {
        nn_text name = {0};
        nn_judge_append_class(of->model, metric->head, c, &name);
        tables_name(&line, -width, &name);
    }
    tables_end(&line);
    for (int64_t r = 0; r < classes; r++)
        tables_confusion_row(of, metric->head, classes, of->results->matrices[m] + r * classes, r, width);
}

static void tables_confused(const nn_judgement *of, int m, int64_t classes)
{
    const nn_model_metric *metric = &of->model->metrics[m];
    const double *matrix = of->results->matrices[m];
    nn_confused pairs[TABLE_PAIRS];
    int64_t kinds;
    int count = nn_judge_most_confused(classes, matrix, TABLE_PAIRS, pairs, &kinds);
    if (count == 0) {
        nn_log_line("%s: every row is predicted as its class", metric->name);
        return;
    }
    nn_log_line(
        "%s, the %d most frequent of %lld kinds of errors; all are in the JSON of the results:\n  %-*s "
        " %-*s %*s %*s",
        metric->name, count, (long long)kinds, NAME_WIDTH, "class", NAME_WIDTH, "predicted as", CELL_WIDTH,
        "rows", CELL_WIDTH, "of the class");
    for (int i = 0; i < count; i++) {
        nn_text line = {0}, right = {0}, predicted = {0};
        double all = 0;
        for (int64_t c = 0; c < classes; c++) all += matrix[pairs[i].right * classes + c];
        nn_judge_append_class(of->model, metric->head, pairs[i].right, &right);
        nn_judge_append_class(of->model, metric->head, pairs[i].predicted, &predicted);
        tables_name(&line, NAME_WIDTH, &right);
        tables_name(&line, NAME_WIDTH, &predicted);
        nn_text_append(&line, " %*.0f", CELL_WIDTH, pairs[i].count);
        tables_cell(&line, true, pairs[i].count / all);
        tables_end(&line);
    }
}

static void tables_confusion(const nn_judgement *of, int head)
{
    int m = nn_judgement_confusion(of, head);
    if (m < 0) return;
    int64_t classes = nn_metric_classes(of->model->heads[head].columns);
    if (classes <= TABLE_CLASSES)
        tables_confusion_matrix(of, m, classes);
    else
        tables_confused(of, m, classes);
}

void nn_judge_show(const nn_judgement *judgement, const char *whose)
{
    for (int h = 0; h < judgement->model->head_count; h++) {
        tables_outputs(judgement, h, whose);
        tables_classes(judgement, h, whose);
        tables_confusion(judgement, h);
    }
}
