/* The output of an import: its datasets, their lists of names, and the file's description. */
#include <string.h>

#include "base/memory.h"
#include "import/import_internal.h"

static nn_store_layout datasets_layout(const nn_import_job *job, const nn_import_stream *stream,
                                       const nn_import_column *column, int part)
{
    nn_shape shape = column->field->shape;
    nn_store_layout layout = {.type = column->cast.to,
                              .half = column->cast.half,
                              .dimensions = shape.dimensions,
                              .rows = nn_import_split_rows(&stream->split, part),
                              .chunk_rows = job->settings->chunk,
                              .compression = job->settings->compression};
    for (int i = 0; i < shape.dimensions; i++) layout.extents[i] = shape.extents[i];
    layout.characters = column->field->characters;
    if (column->field->filled) layout.fill = column->field->fill;
    if (layout.rows > 0 && layout.chunk_rows > layout.rows) layout.chunk_rows = layout.rows;
    return layout;
}

static nn_status datasets_put_names(nn_import_job *job, const nn_import_field *field, const char *kind,
                                    const nn_text_list *names)
{
    if (names->count == 0) return NN_OK;
    nn_text dataset = {0};
    nn_text_append(&dataset, "%s_%s", field->name, kind);
    nn_status status =
        dataset.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the names of %s", field->name)
                       : nn_store_writer_put_names(job->writer, dataset.bytes, names->count, names->items);
    nn_text_free(&dataset);
    return status;
}

/* Whether an earlier table has already brought the field's names: x of train and of test share theirs. */
static bool datasets_named(const nn_import_job *job, int table, const char *name)
{
    for (int t = 0; t < table; t++)
        for (int f = 0; f < job->import->tables[t].field_count; f++)
            if (strcmp(job->import->tables[t].fields[f].name, name) == 0) return true;
    return false;
}

static nn_status datasets_add(nn_import_job *job, int table)
{
    nn_import_stream *stream = &job->streams[table];
    for (int f = 0; f < stream->table->field_count; f++) {
        nn_import_column *column = &stream->columns[f];
        for (int part = 0; part < NN_IMPORT_PARTS; part++) {
            if (!column->names[part]) continue;
            if (column->field->sparse) {
                NN_TRY(nn_import_sparse_add(job, stream, column, part));
                continue;
            }
            nn_store_layout layout = datasets_layout(job, stream, column, part);
            NN_TRY(nn_store_writer_add(job->writer, column->names[part], &layout, &column->outputs[part]));
            NN_TRY(nn_import_put_attributes(job, column->names[part], &column->field->attributes));
        }
        if (datasets_named(job, table, column->field->name)) continue;
        NN_TRY(datasets_put_names(job, column->field, "classes", &column->field->classes));
        NN_TRY(datasets_put_names(job, column->field, "columns", &column->field->columns));
    }
    return NN_OK;
}

nn_status nn_import_begin_file(nn_import_job *job)
{
    nn_text facts = {0};
    NN_TRY(nn_store_writer_create(job->settings->output, &job->writer));
    for (int t = 0; t < job->import->table_count; t++) NN_TRY(datasets_add(job, t));
    for (size_t i = 0; i < job->import->names_count; i++)
        NN_TRY(nn_store_writer_put_names(job->writer, job->import->names[i].dataset,
                                         job->import->names[i].names.count,
                                         job->import->names[i].names.items));
    NN_TRY(nn_import_put_extras(job));
    nn_import_append_facts(job, &facts);
    nn_status status = facts.failed
                           ? nn_fail(NN_ERROR_MEMORY, "out of memory for describing the import")
                           : nn_store_writer_put_attribute(job->writer, NULL, "nntrain_import", facts.bytes);
    nn_text_free(&facts);
    return status;
}

/* Stratified: only now is it known whether a fraction was too small for all classes. */
static nn_status datasets_check(const nn_import_job *job)
{
    for (int t = 0; t < job->import->table_count; t++)
        for (int part = 0; part < NN_IMPORT_PARTS; part++)
            if (nn_import_has_part(&job->streams[t], part) && job->streams[t].written[part] == 0)
                NN_FAIL(NN_ERROR_USAGE, "no class has enough rows for the %s part: increase its fraction",
                        nn_import_part_names[part]);
    return NN_OK;
}

nn_status nn_import_end_file(nn_import_job *job)
{
    NN_TRY(datasets_check(job));
    NN_TRY(nn_import_sparse_end(job));
    return nn_store_writer_commit(job->writer);
}
