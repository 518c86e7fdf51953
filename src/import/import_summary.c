/* What an import reports at its end: its datasets, and how a configuration refers to them. */
#include <string.h>

#include "import/import_internal.h"

#define SUMMARY_NAMES_MAX 12

static void summary_append_names(nn_text *text, const char *one, const char *several,
                                 const nn_text_list *names)
{
    if (names->count == 0) return;
    nn_text_append(text, "; %zu %s: ", names->count, names->count == 1 ? one : several);
    for (size_t i = 0; i < names->count && i < SUMMARY_NAMES_MAX; i++) {
        nn_text_append(text, i > 0 ? ", " : "");
        nn_text_append_json(text, names->items[i]);
    }
    if (names->count > SUMMARY_NAMES_MAX) nn_text_append(text, ", ...");
}

static void summary_append_dataset(nn_text *text, const nn_import_stream *stream,
                                   const nn_import_column *column, int part)
{
    char shape[NN_SHAPE_TEXT];
    nn_shape extents = column->field->shape;
    nn_text_append(text, "  %-16s %lld", column->names[part], (long long)stream->written[part]);
    if (extents.dimensions > 0) nn_text_append(text, " x %s", nn_shape_text(shape, extents));
    nn_text_append(text, "  %s%s",
                   column->field->characters ? "characters"
                                             : nn_import_type_name(column->cast.to, column->cast.half),
                   column->field->label ? ", class labels" : "");
    if (column->field->sparse)
        nn_text_append(text, ", sparse (CSR): %.3g %% of the values are stored",
                       100.0 * (double)column->stored[part] /
                           ((double)stream->written[part] * (double)extents.extents[0]));
    summary_append_names(text, "class", "classes", &column->field->classes);
    summary_append_names(text, "column", "columns", &column->field->columns);
    nn_text_append(text, "\n");
}

static const nn_import_column *summary_find(const nn_import_stream *stream, const char *name)
{
    for (int f = 0; f < stream->table->field_count; f++)
        if (strcmp(stream->table->fields[f].name, name) == 0) return &stream->columns[f];
    return NULL;
}

/* The parts of a configuration: those of the split, or the table's own. */
static void summary_append_parts(nn_text *text, const nn_import_stream *stream, bool *given)
{
    const nn_import_column *x = summary_find(stream, "x"), *y = summary_find(stream, "y");
    bool series = stream->table->ordered && stream->table->field_count == 1;
    if (series) x = &stream->columns[0];
    for (int part = 0; x && (y || series) && part < NN_IMPORT_PARTS; part++) {
        if (!x->names[part]) continue;
        const char *name = stream->table->part && stream->split.way == NN_IMPORT_WHOLE
                               ? stream->table->part
                               : nn_import_part_names[part];
        nn_text_append(text, "  %s: {x: %s%s%s}\n", name, x->names[part], y ? ", y: " : "",
                       y ? y->names[part] : "");
        for (int i = 0; i < NN_IMPORT_PARTS; i++) given[i] |= strcmp(name, nn_import_part_names[i]) == 0;
    }
}

/* Ordered rows are seen through windows: of numbers, to predict what follows the window; of symbols, to
 * predict what follows each of them. Windows of symbols do not overlap, so that each symbol is predicted once
 * per epoch. */
static void summary_append_window(nn_text *text, const nn_import_table *rows)
{
    if (!rows->ordered) return;
    if (!rows->fields[0].label) {
        nn_text_append(text, "  window: {length: 32}\n");
        return;
    }
    nn_text_append(text,
                   "  window: {length: 64, stride: 64, target: every_step}\n"
                   "  fields: {x: {kind: index}}   # numbers of symbols: for embedding: {symbols: classes, "
                   "units: 64}\n");
}

/* Numbers that mean no class. */
static void summary_append_ignored(nn_text *text, const nn_import_table *rows)
{
    for (int f = 0; f < rows->field_count; f++)
        if (rows->fields[f].ignored > 0)
            nn_text_append(text, "  fields: {%s: {ignored_label: %lld}}\n", rows->fields[f].name,
                           (long long)rows->fields[f].ignored);
}

static void summary_append_config(nn_text *text, const nn_import_job *job)
{
    bool given[NN_IMPORT_PARTS] = {false};
    nn_text parts = {0};
    const char *slash = strrchr(job->settings->output, '/');
    for (int t = 0; t < job->import->table_count; t++) summary_append_parts(&parts, &job->streams[t], given);
    if (given[NN_IMPORT_TRAIN]) {
        nn_text_append(text, "\nin a configuration in the same folder:\n\ndata:\n  file: ");
        nn_text_append_json(text, slash ? slash + 1 : job->settings->output);
        nn_text_append(text, "\n%s%s", parts.bytes,
                       given[NN_IMPORT_VALIDATION] ? "" : "  split: {validation: 0.1}\n");
        summary_append_window(text, &job->import->tables[0]);
        summary_append_ignored(text, &job->import->tables[0]);
    } else if (job->import->tables[0].fields[0].axes.count > 0) {
        nn_text_append(text, "\na section of a configuration that reads it: nntrain info ");
        nn_text_append_shell(text, job->settings->output);
        nn_text_append(text, "\n");
    } else {
        nn_text_append(text, "\nthere are no x and y for training: let a configuration name two others,"
                             " data.train: {x: INPUTS, y: TARGETS}, or use this file for another part\n");
    }
    text->failed |= parts.failed;
    nn_text_free(&parts);
}

void nn_import_append_summary(const nn_import_job *job, nn_text *text)
{
    if (job->import->report.length > 0) nn_text_append(text, "%s\n", job->import->report.bytes);
    text->failed |= job->import->report.failed;
    nn_text_append(text, "%s:\n", job->settings->output);
    for (int t = 0; t < job->import->table_count; t++)
        for (int f = 0; f < job->import->tables[t].field_count; f++)
            for (int part = 0; part < NN_IMPORT_PARTS; part++)
                if (job->streams[t].columns[f].names[part])
                    summary_append_dataset(text, &job->streams[t], &job->streams[t].columns[f], part);
    summary_append_config(text, job);
}
