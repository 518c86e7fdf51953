/* What is printed and written about the derivatives of one output. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/least.h"
#include "base/log.h"
#include "base/memory.h"
#include "predict/explain_gradient.h"
#include "predict/prediction_names.h"
#include "store/output.h"
#include "store/store.h"

/* Say whose file it is. */
#define REPORT_SOURCE "nntrain explain"
#define REPORT_HEADER "input,value,derivative,effect,units\n"

/* Inputs that are shown. */
#define REPORT_ROWS 20

void nn_explained_append_output(const nn_model *model, const nn_explained *explained, nn_text *text)
{
    const nn_head *head = &model->heads[explained->head];
    nn_text_append(text, "%s", head->name);
    if (!head->target.is_class) {
        nn_prediction_append_value(model, explained->head, explained->output, text);
        return;
    }
    if (head->rows > 1) nn_text_append(text, "_%lld", (long long)(explained->output / head->columns));
    nn_text_append(text, "_probability");
    if (head->columns == 1) return;
    nn_text_append(text, "_");
    nn_prediction_append_class(&head->target, explained->output % head->columns, text);
}

/* ---- inputs ---- */

int nn_explained_input(const nn_model *model, int64_t i)
{
    int p = nn_explain_inputs(model) - 1;
    while (p > 0 && model->input.parts[p].begin > i) p--;
    return p;
}

void nn_explained_append_input(const nn_model *model, int64_t i, nn_text *text)
{
    int p = nn_explained_input(model, i);
    const nn_field *field = nn_explain_input(model, p);
    int64_t at = i - (p > 0 ? field->begin : 0), columns = nn_explain_columns(field);
    nn_explain_append_column(model, p, at % columns, text);
    int64_t place = at / columns, size = nn_shape_count(field->shape) / columns;
    for (int d = 0; d + 1 < field->shape.dimensions; d++) {
        size /= field->shape.extents[d];
        nn_text_append(text, "%s%lld", d == 0 ? "[" : ",", (long long)(place / size));
        place %= size;
    }
    if (field->shape.dimensions > 1) nn_text_append(text, "]");
}

/* The units of value `i` of a joined sample; NULL: unknown. */
static const char *report_units(const nn_model *model, int64_t i)
{
    int p = nn_explained_input(model, i);
    const nn_field *field = nn_explain_input(model, p);
    return nn_explain_units(model, p, (i - (p > 0 ? field->begin : 0)) % nn_explain_columns(field));
}

/* ---- the table ---- */

typedef struct report_row {
    int64_t input;
    double size;
} report_row;

static int report_compare(const void *a, const void *b)
{
    const report_row *first = a, *second = b;
    if (first->size != second->size) return first->size > second->size ? -1 : 1;
    return first->input < second->input ? -1 : first->input > second->input;
}

/* *count becomes the number of inputs without the padding. */
static nn_status report_sort(const nn_explained *explained, report_row **rows, int64_t *count, double *all)
{
    NN_TRY(NN_ALLOCATE(rows, explained->count, "the inputs of an explanation"));
    *all = 0;
    *count = 0;
    for (int64_t i = 0; i < explained->count; i++) {
        if (explained->padding[i]) continue;
        (*rows)[*count] = (report_row){i, fabs(explained->effects[i])};
        *all += (*rows)[(*count)++].size;
    }
    qsort(*rows, (size_t)*count, sizeof **rows, report_compare);
    return NN_OK;
}

static void report_heading(const nn_explain *explain, const nn_explained *explained)
{
    const nn_trained *trained = &explain->trained;
    const char *path;
    int64_t row;
    nn_text output = {0}, source = {0};
    nn_dataset_locate(trained->data, trained->part, explain->request->sample, &path, &row);
    nn_explained_append_output(trained->model, explained, &output);
    nn_trained_describe(trained, explain->request->files, &source);
    const char *units = nn_prediction_units(trained->model, explained->head, explained->output);
    nn_log_line("%s: sample %lld of %s (row %lld of %s): %s is %.6g%s%s", trained->path,
                (long long)explain->request->sample, source.bytes ? source.bytes : "", (long long)row, path,
                output.bytes ? output.bytes : "", explained->predicted, units ? " " : "", units ? units : "");
    nn_text_free(&output);
    nn_text_free(&source);
}

nn_status nn_explained_show(const nn_explain *explain, const nn_explained *explained)
{
    const nn_model *model = explain->trained.model;
    report_row *rows;
    int64_t count;
    double all;
    NN_TRY(report_sort(explained, &rows, &count, &all));
    report_heading(explain, explained);
    nn_log_line("  %-24s %12s %12s %12s %7s", "input", "value", "derivative", "effect", "share");
    int64_t shown = nn_smaller(count, REPORT_ROWS);
    for (int64_t r = 0; r < shown; r++) {
        int64_t i = rows[r].input;
        nn_text name = {0};
        nn_explained_append_input(model, i, &name);
        if (report_units(model, i)) nn_text_append(&name, " (%s)", report_units(model, i));
        nn_log_line("  %-24s %12.6g %12.4g %12.4g %5.1f %%", name.bytes ? name.bytes : "",
                    explained->values[i], explained->derivatives[i], explained->effects[i],
                    all > 0 ? 100 * rows[r].size / all : 0);
        nn_text_free(&name);
    }
    if (count > shown) nn_log_line("  and %lld more: -o writes all", (long long)(count - shown));
    nn_free(rows);
    return NN_OK;
}

/* ---- files ---- */

static const char *report_ending(const char *path)
{
    const char *dot = path ? strrchr(path, '.') : NULL;
    return dot ? dot : "";
}

nn_status nn_explained_check_path(const char *path)
{
    static const char *const endings[] = {".csv", ".h5", ".json"};
    for (size_t i = 0; path && i < sizeof endings / sizeof *endings; i++)
        if (strcmp(report_ending(path), endings[i]) == 0) return NN_OK;
    if (!path) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE, "explain: -o %s: the name must end with .csv, .h5 or .json", path);
}

/* Files of both methods, of any output. */
static bool report_is(const void *context, const char *path, const char *begin, size_t length)
{
    (void)context;
    if (nn_output_begins(begin, length, "\x89HDF"))
        return nn_output_has_attribute(path, "source", REPORT_SOURCE);
    if (nn_output_begins(begin, length, "{\"sample\": ")) return true;
    const char *worse = strstr(begin, "_worse_by,deviation\n");
    bool permuted = nn_output_begins(begin, length, "column,") && worse && strchr(begin, '\n') > worse;
    return permuted || nn_output_begins(begin, length, REPORT_HEADER);
}

nn_status nn_explain_check_output(const nn_explain *explain)
{
    static const nn_output_kind kind = {.what = "a file of explanations", .is = report_is};
    const char *path = explain->request->path;
    if (!path) return NN_OK;
    NN_TRY(nn_trained_check_output(&explain->trained, "explain", path));
    return nn_output_check("explain", path, &kind);
}

static void report_append_word(const char *word, nn_text *text)
{
    if (!word[strcspn(word, ",\"\n\r")]) {
        nn_text_append(text, "%s", word);
        return;
    }
    nn_text_append(text, "\"");
    for (; *word; word++) nn_text_append(text, *word == '"' ? "\"\"" : "%c", *word);
    nn_text_append(text, "\"");
}

/* JSON has no NaN. */
static void report_append_member(const char *name, double value, nn_text *text)
{
    nn_text_append(text, ", \"%s\": ", name);
    if (isfinite(value))
        nn_text_append(text, "%.17g", value);
    else
        nn_text_append(text, "null");
}

static void report_append_line(const nn_model *model, const nn_explained *explained, int64_t i, bool json,
                               nn_text *text)
{
    nn_text name = {0};
    nn_explained_append_input(model, i, &name);
    const char *word = name.bytes ? name.bytes : "", *units = report_units(model, i);
    if (json) {
        nn_text_append(text, "%s\n    {\"input\": ", text->bytes[text->length - 1] == '[' ? "" : ",");
        nn_text_append_json(text, word);
        if (units) nn_text_append(text, ", \"units\": ");
        if (units) nn_text_append_json(text, units);
        report_append_member("value", explained->values[i], text);
        report_append_member("derivative", explained->derivatives[i], text);
        report_append_member("effect", explained->effects[i], text);
        nn_text_append(text, "}");
    } else {
        report_append_word(word, text);
        nn_text_append(text, ",%.17g,%.17g,%.17g,", explained->values[i], explained->derivatives[i],
                       explained->effects[i]);
        report_append_word(units ? units : "", text);
        nn_text_append(text, "\n");
    }
    nn_text_free(&name);
}

static void report_append_all(const nn_explain *explain, const nn_explained *explained, bool json,
                              nn_text *text)
{
    const nn_model *model = explain->trained.model;
    const char *units = nn_prediction_units(model, explained->head, explained->output);
    nn_text output = {0};
    nn_explained_append_output(model, explained, &output);
    if (json) {
        nn_text_append(text, "{\"sample\": %lld, \"output\": ", (long long)explain->request->sample);
        nn_text_append_json(text, output.bytes ? output.bytes : "");
        report_append_member("predicted", explained->predicted, text);
        if (units) nn_text_append(text, ", \"units\": ");
        if (units) nn_text_append_json(text, units);
        nn_text_append(text, ", \"inputs\": [");
    } else {
        nn_text_append(text, REPORT_HEADER);
    }
    for (int64_t i = 0; i < explained->count && !text->failed; i++)
        if (!explained->padding[i]) report_append_line(model, explained, i, json, text);
    if (json) nn_text_append(text, "\n]}\n");
    nn_text_free(&output);
}

/* INPUT/value, INPUT/derivative and INPUT/effect, of the shape of a sample; NaN in its padding. */
static nn_status report_put_inputs(const nn_model *model, const nn_explained *explained,
                                   nn_store_image *image)
{
    const double *const arrays[] = {explained->values, explained->derivatives, explained->effects};
    static const char *const names[] = {"value", "derivative", "effect"};
    for (int p = 0; p < nn_explain_inputs(model); p++)
        for (int a = 0; a < 3; a++) {
            const nn_field *field = nn_explain_input(model, p);
            char path[512];
            snprintf(path, sizeof path, "%s/%s", field->name, names[a]);
            NN_TRY(nn_store_image_put(image, path, NN_STORE_F64, field->shape.dimensions,
                                      field->shape.extents, arrays[a] + (p > 0 ? field->begin : 0)));
        }
    return NN_OK;
}

static nn_status report_make_image(const nn_model *model, const nn_explained *explained, void **bytes,
                                   size_t *size)
{
    nn_store_image *image;
    nn_text output = {0};
    NN_TRY(nn_store_image_create(&image));
    nn_explained_append_output(model, explained, &output);
    nn_status status = report_put_inputs(model, explained, image);
    if (status == NN_OK)
        status = nn_store_image_put_attribute(image, "output", output.bytes ? output.bytes : "");
    if (status == NN_OK) status = nn_store_image_put_attribute(image, "source", REPORT_SOURCE);
    if (status == NN_OK) status = nn_store_image_seal(image, bytes, size);
    nn_store_image_destroy(image);
    nn_text_free(&output);
    return status;
}

nn_status nn_explained_write(const nn_explain *explain, const nn_explained *explained)
{
    const char *path = explain->request->path;
    void *bytes = NULL;
    size_t size = 0;
    nn_text text = {0};
    nn_status status = NN_OK;
    if (!path) return NN_OK;
    if (strcmp(report_ending(path), ".h5") == 0) {
        status = report_make_image(explain->trained.model, explained, &bytes, &size);
        if (status == NN_OK) status = nn_store_commit(path, bytes, size);
    } else {
        report_append_all(explain, explained, strcmp(report_ending(path), ".json") == 0, &text);
        status = text.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the text of %s", path)
                             : nn_store_commit(path, text.bytes, text.length);
    }
    if (status == NN_OK) nn_log_line("wrote %s", path);
    nn_text_free(&text);
    nn_free(bytes);
    return status;
}
