/* The data: its parts, its fields, its classes by part, and the ranges of its values. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "model/description.h"
#include "report/judged.h"
#include "report/section.h"

#define DATA_COLUMNS 100 /* of a field that are listed */

/* ---- parts ---- */

static void data_parts(const nn_stored_evaluation *evaluation, nn_html *page)
{
    static const nn_html_column columns[] = {{"part", false}, {"samples", true}};
    nn_html_table_begin(page, "Parts of the data", false, 2, columns);
    for (size_t p = 0; p < evaluation->part_count; p++) {
        nn_html_row_begin(page, false);
        nn_html_row_name(page, evaluation->parts[p]);
        nn_html_cell_integer(page, evaluation->part_samples[p]);
        nn_html_row_end(page);
    }
    nn_html_table_end(page);
}

static void data_classes(const nn_stored_evaluation *evaluation, const nn_evaluation_target *target,
                         nn_html *page)
{
    nn_html_column columns[NN_PARTS + 1] = {{"class", false}};
    nn_text caption = {0};
    for (int p = 0; p < NN_PARTS; p++) columns[p + 1] = (nn_html_column){evaluation->parts[p], true};
    nn_text_append(&caption, "Labels of each class by part%s%s", evaluation->target_count > 1 ? ": " : "",
                   evaluation->target_count > 1 ? target->name : "");
    nn_html_table_begin(page, caption.bytes ? caption.bytes : "Labels", true, NN_PARTS + 1, columns);
    for (int64_t c = 0; c < target->count; c++) {
        nn_html_row_begin(page, false);
        nn_html_row_name(page, nn_judged_name(target, c));
        for (int p = 0; p < NN_PARTS; p++) {
            int64_t labels = target->labels[p * target->count + c];
            if (labels >= 0)
                nn_html_cell_integer(page, labels);
            else
                nn_html_cell(page, "%s", evaluation->part_samples[p] == 0 ? "" : "not counted");
        }
        nn_html_row_end(page);
    }
    nn_html_table_end(page);
    nn_text_free(&caption);
}

/* ---- ranges ---- */

static void data_range_caption(const nn_stored_evaluation *evaluation, const nn_evaluation_range *range,
                               nn_text *caption)
{
    bool all = true;
    nn_text_append(caption, "Ranges of %s, before normalisation", range->name);
    for (int p = 0; p < NN_PARTS; p++) all &= range->samples[p] == evaluation->part_samples[p];
    if (all) return;
    nn_text_append(caption, ", from samples spread over the parts:");
    for (int p = 0; p < NN_PARTS; p++)
        if (range->samples[p] > 0)
            nn_text_append(caption, " %lld of %s", (long long)range->samples[p], evaluation->parts[p]);
}

static void data_range_row(const nn_evaluation_range *range, int64_t c, nn_html *page)
{
    int64_t values = 0, missing = 0;
    nn_text name = {0};
    if (range->names)
        nn_text_append(&name, "%s", range->names[c]);
    else if (range->columns == 1)
        nn_text_append(&name, "all values");
    else
        nn_text_append(&name, "%lld", (long long)c);
    nn_html_row_begin(page, false);
    nn_html_row_name(page, name.bytes ? name.bytes : "");
    for (int p = 0; p < NN_PARTS; p++) {
        int64_t at = p * range->columns + c;
        values += range->values[at];
        missing += range->missing[at];
        if (range->samples[p] == 0) continue;
        nn_html_cell_number(page, range->least[at]);
        nn_html_cell_number(page, range->most[at]);
    }
    nn_html_cell_integer(page, missing);
    nn_html_cell_integer(page, values);
    nn_html_row_end(page);
    nn_text_free(&name);
}

/* A row per column of the field: its range in each part that has samples, and missing values. */
static void data_range(const nn_stored_evaluation *evaluation, const nn_evaluation_range *range,
                       nn_html *page)
{
    nn_html_column columns[2 * NN_PARTS + 3] = {{"column", false}};
    nn_text caption = {0}, least[NN_PARTS] = {0}, most[NN_PARTS] = {0};
    int count = 1;
    for (int p = 0; p < NN_PARTS; p++) {
        if (range->samples[p] == 0) continue;
        nn_text_append(&least[p], "%s: least", evaluation->parts[p]);
        nn_text_append(&most[p], "most");
        columns[count++] = (nn_html_column){least[p].bytes ? least[p].bytes : "", true};
        columns[count++] = (nn_html_column){most[p].bytes ? most[p].bytes : "", true};
    }
    columns[count++] = (nn_html_column){"missing", true};
    columns[count++] = (nn_html_column){"of", true};
    data_range_caption(evaluation, range, &caption);
    nn_html_table_begin(page, caption.bytes ? caption.bytes : "Ranges", true, (size_t)count, columns);
    for (int64_t c = 0; c < range->columns; c++) data_range_row(range, c, page);
    nn_html_table_end(page);
    for (int p = 0; p < NN_PARTS; p++) {
        nn_text_free(&least[p]);
        nn_text_free(&most[p]);
    }
    nn_text_free(&caption);
}

/* ---- datasets, as the identity of the data names them ---- */

/* The next of the words between tabs of a line; *at moves beyond it. */
static int data_word(const char **at, const char **word)
{
    int length = (int)strcspn(*at, "\t\n");
    *word = *at;
    *at += length + ((*at)[length] == '\t');
    return length;
}

/* Lines "data.train.x TAB samples TAB values per sample TAB hashes TAB dataset ...". */
static void data_datasets(const char *lines, nn_html *page)
{
    static const nn_html_column columns[] = {
        {"key", false}, {"rows", true}, {"values per row", true}, {"dataset", false}};
    nn_html_table_begin(page, "Datasets", false, 4, columns);
    for (const char *line = lines; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        const char *at = line, *words[6];
        int lengths[6];
        if (strncmp(line, "data.", 5) != 0) continue;
        for (int w = 0; w < 6; w++) lengths[w] = data_word(&at, &words[w]);
        nn_html_row_begin(page, false);
        nn_html_append(page, "<th scope=\"row\">");
        nn_html_append_text(page, "%.*s", lengths[0], words[0]);
        nn_html_append(page, "</th>");
        for (int w = 1; w < 3; w++) {
            nn_html_append(page, "<td class=\"number\">");
            nn_html_append_text(page, "%.*s", lengths[w], words[w]);
            nn_html_append(page, "</td>");
        }
        nn_html_cell(page, "%.*s", lengths[5], words[5]);
        nn_html_row_end(page);
    }
    nn_html_table_end(page);
}

/* ---- fields ---- */

static void data_append_shape(const nn_shape *shape, nn_html *page)
{
    nn_html_append(page, "<td>");
    if (shape->dimensions == 0) nn_html_append(page, "1 value");
    for (int d = 0; d < shape->dimensions; d++)
        nn_html_append(page, "%s%lld", d > 0 ? " x " : "", (long long)shape->extents[d]);
    nn_html_append(page, "</td>");
}

static void data_field(const nn_described_field *field, const char *role, nn_html *page)
{
    nn_html_row_begin(page, false);
    nn_html_row_name(page, field->name);
    nn_html_cell(page, "%s", role);
    data_append_shape(&field->shape, page);
    if (field->classes > 0)
        nn_html_cell(page, "%lld %s", (long long)field->classes, role[0] == 'i' ? "symbols" : "classes");
    else
        nn_html_cell(page, "%s", field->is_index ? "indices" : "values");
    nn_html_row_end(page);
}

static void data_fields(const nn_description *description, nn_html *page)
{
    static const nn_html_column columns[] = {
        {"field", false}, {"role", false}, {"shape of a sample", false}, {"kind", false}};
    nn_html_table_begin(page, "Fields of a sample", false, 4, columns);
    if (description->part_count == 0) data_field(&description->input, "input", page);
    for (int p = 0; p < description->part_count; p++) data_field(&description->parts[p], "input", page);
    for (int o = 0; o < description->output_count; o++)
        data_field(&description->outputs[o].field, "target", page);
    nn_html_table_end(page);
}

/* Normalised values are (value - center) / unit, measured on the training part. */
static void data_scaling(const nn_described_field *field, nn_html *page)
{
    static const nn_html_column columns[] = {{"column", false}, {"subtracted", true}, {"divided by", true}};
    const nn_scaling *scaling = &field->scaling;
    nn_text caption = {0};
    if (scaling->columns == 0) return;
    bool named = (int64_t)nn_config_count(field->columns) == scaling->columns;
    nn_text_append(&caption, "Normalisation of %s, measured on the training part", field->name);
    if (scaling->columns > DATA_COLUMNS)
        nn_text_append(&caption, ": the first %d of %lld columns", DATA_COLUMNS, (long long)scaling->columns);
    nn_html_table_begin(page, caption.bytes ? caption.bytes : "Normalisation", true, 3, columns);
    for (int64_t c = 0; c < scaling->columns && c < DATA_COLUMNS; c++) {
        nn_text name = {0};
        const char *own = named ? nn_config_text(nn_config_item(field->columns, (size_t)c)) : NULL;
        if (own)
            nn_text_append(&name, "%s", own);
        else if (scaling->columns == 1)
            nn_text_append(&name, "all values");
        else
            nn_text_append(&name, "%lld", (long long)c);
        nn_html_row_begin(page, false);
        nn_html_row_name(page, name.bytes ? name.bytes : "");
        nn_html_cell_number(page, -scaling->offset[c] / scaling->scale[c]);
        nn_html_cell_number(page, 1 / scaling->scale[c]);
        nn_html_row_end(page);
        nn_text_free(&name);
    }
    nn_html_table_end(page);
    nn_text_free(&caption);
}

/* ---- the section ---- */

/* What a failed call makes of the section. */
static nn_status data_missing(nn_status status, nn_html *page)
{
    if (status == NN_OK || status == NN_ERROR_MEMORY) return status;
    nn_html_missing(page, "The fields are not shown: %s", nn_error_text());
    nn_error_clear();
    return NN_OK;
}

static nn_status data_of_checkpoint(const nn_report_run *run, nn_html *page)
{
    nn_description *description = NULL;
    char *lines = NULL;
    nn_status status;
    NN_TRY_TO(done, status, nn_store_read_text(run->newest.file, "state/data", &lines));
    NN_TRY_TO(done, status, nn_description_create(run->newest.file, &description));
    data_datasets(lines, page);
    data_fields(description, page);
    data_scaling(&description->input, page);
    for (int o = 0; o < description->output_count; o++) data_scaling(&description->outputs[o].field, page);
done:
    nn_description_destroy(description);
    nn_free(lines);
    return data_missing(status, page);
}

static nn_status data_append(const nn_report *report, nn_html *page)
{
    const nn_report_run *run = &report->runs[0];
    const nn_stored_evaluation *evaluation = &run->evaluation;
    if (evaluation->parts)
        data_parts(evaluation, page);
    else if (!run->newest.file)
        nn_html_missing(page, "The sizes of the parts and their classes are in evaluation.h5, which the end "
                              "of the run writes.");
    else
        nn_html_missing(page,
                        "The sizes of the parts and their classes are in evaluation.h5, which does not have "
                        "them: nntrain eval %s --store writes it.",
                        run->word);
    for (int t = 0; evaluation->parts && t < evaluation->target_count; t++)
        if (evaluation->targets[t].labels) data_classes(evaluation, &evaluation->targets[t], page);
    for (int r = 0; evaluation->parts && r < evaluation->range_count; r++)
        data_range(evaluation, &evaluation->ranges[r], page);
    if (run->newest.file) return data_of_checkpoint(run, page);
    nn_section_no_checkpoint(run, "The fields are", page);
    return NN_OK;
}

const nn_section nn_section_data = {
    .id = "data", .title = "Data", .scope = NN_SECTION_ONE, .append = data_append};
