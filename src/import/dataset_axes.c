/* What an import writes besides rows: attributes, coordinates, and the dimensions that they belong to. */
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "import/import_internal.h"

/* HDF5 has no room for longer attributes. */
#define AXES_ATTRIBUTE_BYTES 60000

/* All uses of dimension scales. */
typedef struct axes_uses {
    nn_store_scale_use *items; /* owned; borrows names */
    size_t count;
} axes_uses;

nn_status nn_import_put_attributes(nn_import_job *job, const char *dataset,
                                   const nn_import_attributes *attributes)
{
    for (size_t i = 0; i < attributes->count; i++) {
        const nn_import_attribute *item = &attributes->items[i];
        bool text = item->type == NN_STORE_TEXT;
        size_t bytes = text ? strlen(item->values) : (size_t)item->count * nn_store_type_size(item->type);
        if (bytes > AXES_ATTRIBUTE_BYTES) {
            nn_log_warning("attribute %s of %s has %zu bytes, more than HDF5 can hold: left out", item->name,
                           dataset ? dataset : "the file", bytes);
            continue;
        }
        if (text)
            NN_TRY(nn_store_writer_put_attribute(job->writer, dataset, item->name, item->values));
        else
            NN_TRY(nn_store_writer_put_numbers(job->writer, dataset, item->name, item->type, item->count,
                                               item->values));
    }
    return NN_OK;
}

static nn_status axes_put_extra(nn_import_job *job, const nn_import_extra *extra)
{
    const nn_import_field *field = &extra->field;
    nn_store_output *output;
    nn_store_layout layout = {.type = field->type,
                              .characters = field->characters,
                              .fill = field->filled ? field->fill : NULL,
                              .rows = field->shape.extents[0],
                              .dimensions = field->shape.dimensions - 1,
                              .compression = extra->bare ? 1 : 0};
    for (int d = 0; d < layout.dimensions; d++) layout.extents[d] = field->shape.extents[d + 1];
    NN_TRY(nn_store_writer_add(job->writer, field->name, &layout, &output));
    NN_TRY(nn_store_output_append(output, layout.rows, field->type, extra->values));
    return nn_import_put_attributes(job, field->name, &field->attributes);
}

/* ---- scales ---- */

static nn_status axes_use(axes_uses *uses, const char *dataset, int dimension, const char *scale, bool bare)
{
    if (strcmp(dataset, scale) == 0) return NN_OK; /* a scale has none itself */
    NN_TRY(nn_reallocate((void **)&uses->items, uses->count, uses->count + 1, sizeof *uses->items,
                         "dimension scales"));
    uses->items[uses->count++] = (nn_store_scale_use){dataset, dimension, scale, bare};
    return NN_OK;
}

/* An extra of one dimension is the scale of what names it. */
static const nn_import_extra *axes_find(const nn_import *import, const char *name)
{
    for (size_t i = 0; i < import->extra_count; i++)
        if (strcmp(import->extras[i].field.name, name) == 0 && import->extras[i].field.shape.dimensions == 1)
            return &import->extras[i];
    return NULL;
}

/* first: the dimension to begin with. */
static nn_status axes_use_extras(const nn_import *import, const nn_import_field *field, const char *dataset,
                                 size_t first, axes_uses *uses)
{
    for (size_t d = first; d < field->axes.count; d++) {
        const nn_import_extra *scale = axes_find(import, field->axes.items[d]);
        if (scale) NN_TRY(axes_use(uses, dataset, (int)d, scale->field.name, scale->bare));
    }
    return NN_OK;
}

/* The rows of a part have coordinates of the same part. */
static nn_status axes_use_rows(const nn_import_stream *stream, const nn_import_column *column, int part,
                               axes_uses *uses)
{
    const nn_import_table *table = stream->table;
    if (column->field->axes.count == 0) return NN_OK;
    for (int f = 0; f < table->field_count; f++)
        if (strcmp(table->fields[f].name, column->field->axes.items[0]) == 0 &&
            table->fields[f].shape.dimensions == 0)
            return axes_use(uses, column->names[part], 0, stream->columns[f].names[part], false);
    return NN_OK;
}

static nn_status axes_find_uses(const nn_import_job *job, axes_uses *uses)
{
    const nn_import *import = job->import;
    for (int t = 0; t < import->table_count; t++)
        for (int f = 0; f < import->tables[t].field_count; f++) {
            const nn_import_column *column = &job->streams[t].columns[f];
            for (int part = 0; part < NN_IMPORT_PARTS; part++) {
                if (!column->names[part]) continue;
                NN_TRY(axes_use_rows(&job->streams[t], column, part, uses));
                size_t first =
                    job->streams[t].split.way == NN_IMPORT_WHOLE ? 0 : 1; /* rows of a part are fewer */
                NN_TRY(axes_use_extras(import, column->field, column->names[part], first, uses));
            }
        }
    for (size_t i = 0; i < import->extra_count; i++)
        NN_TRY(axes_use_extras(import, &import->extras[i].field, import->extras[i].field.name, 0, uses));
    return NN_OK;
}

static bool axes_is_used(const axes_uses *uses, const nn_import_extra *extra)
{
    for (size_t i = 0; i < uses->count; i++)
        if (strcmp(uses->items[i].scale, extra->field.name) == 0) return true;
    return false;
}

static nn_status axes_put_all(nn_import_job *job, axes_uses *uses)
{
    NN_TRY(axes_find_uses(job, uses));
    for (size_t i = 0; i < job->import->extra_count; i++) {
        const nn_import_extra *extra = &job->import->extras[i];
        if (!extra->bare || axes_is_used(uses, extra)) NN_TRY(axes_put_extra(job, extra));
    }
    return uses->count > 0 ? nn_store_writer_put_scales(job->writer, uses->count, uses->items) : NN_OK;
}

nn_status nn_import_put_extras(nn_import_job *job)
{
    axes_uses uses = {0};
    NN_TRY(nn_import_put_attributes(job, NULL, &job->import->attributes));
    nn_status status = axes_put_all(job, &uses);
    nn_free(uses.items);
    return status;
}
