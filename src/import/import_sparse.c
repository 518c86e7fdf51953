#include "import/import_internal.h"

#include <string.h>

#include "base/memory.h"

static nn_status sparse_add(nn_import_job *job, const char *group, const char *member,
                            const nn_store_layout *layout, nn_store_output **output)
{
    nn_text name = {0};
    nn_text_append(&name, "%s/%s", group, member);
    nn_status status = name.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for a name")
                                   : nn_store_writer_add(job->writer, name.bytes, layout, output);
    nn_text_free(&name);
    return status;
}

nn_status nn_import_sparse_add(nn_import_job *job, nn_import_stream *stream, nn_import_column *column,
                               int part)
{
    const int64_t none = 0;
    const char *group = column->names[part];
    int64_t rows = nn_import_split_rows(&stream->split, part), compression = job->settings->compression;
    const nn_store_layout data = {
        .type = column->cast.to, .half = column->cast.half, .rows = -1, .compression = compression};
    const nn_store_layout indices = {.type = NN_STORE_I32, .rows = -1, .compression = compression};
    const nn_store_layout pointers = {
        .type = NN_STORE_I64, .rows = rows < 0 ? -1 : rows + 1, .compression = compression};
    NN_TRY(sparse_add(job, group, "data", &data, &column->outputs[part]));
    NN_TRY(sparse_add(job, group, "indices", &indices, &column->indices[part]));
    NN_TRY(sparse_add(job, group, "indptr", &pointers, &column->pointers[part]));
    NN_TRY(nn_store_writer_put_attribute(job->writer, group, "encoding-type", "csr_matrix"));
    NN_TRY(nn_store_writer_put_attribute(job->writer, group, "encoding-version", "0.1.0"));
    return nn_store_output_append(column->pointers[part], 1, NN_STORE_I64, &none);
}

/* ---- rows ---- */

static nn_status sparse_make_room(nn_import_gathered *gathered, size_t values, size_t rows)
{
    if (values > gathered->capacity) {
        size_t old = gathered->capacity;
        NN_TRY(nn_reallocate((void **)&gathered->indices, old, values, sizeof *gathered->indices,
                             "sparse rows"));
        NN_TRY(
            nn_reallocate((void **)&gathered->values, old, values, sizeof *gathered->values, "sparse rows"));
        NN_TRY(nn_reallocate((void **)&gathered->converted, old, values, sizeof(double), "sparse rows"));
        gathered->capacity = values;
    }
    if (rows <= gathered->row_capacity) return NN_OK;
    NN_TRY(nn_reallocate((void **)&gathered->pointers, gathered->row_capacity, rows,
                         sizeof *gathered->pointers, "sparse rows"));
    NN_TRY(nn_reallocate((void **)&gathered->rows, gathered->row_capacity, rows, sizeof *gathered->rows,
                         "sparse rows"));
    gathered->row_capacity = rows;
    return NN_OK;
}

/* Puts the rows of a part one after another. */
static nn_status sparse_gather(nn_import_job *job, nn_import_column *column, int part, bool whole,
                               const nn_import_sparse_row *rows, int64_t first, int64_t count)
{
    nn_import_gathered *gathered = &job->gathered;
    size_t values = 0;
    for (int64_t i = 0; i < count; i++)
        if (whole || job->parts[i] == part) values += (size_t)rows[i].count;
    NN_TRY(sparse_make_room(gathered, values + 1, (size_t)count));
    gathered->value_count = gathered->row_count = 0;
    for (int64_t i = 0; i < count; i++) {
        size_t length = (size_t)rows[i].count;
        if (!whole && job->parts[i] != part) continue;
        if (length > 0) {
            memcpy(gathered->indices + gathered->value_count, rows[i].indices, length * sizeof(int32_t));
            memcpy(gathered->values + gathered->value_count, rows[i].values, length * sizeof(double));
        }
        gathered->value_count += length;
        column->stored[part] += (int64_t)length;
        gathered->rows[gathered->row_count] = first + i;
        gathered->pointers[gathered->row_count++] = column->stored[part];
    }
    return NN_OK;
}

static nn_status sparse_convert(const nn_import_job *job, const nn_import_column *column, int part)
{
    char shown[NN_IMPORT_VALUE_TEXT];
    const nn_import_gathered *gathered = &job->gathered;
    int64_t wrong = nn_import_cast_values(column->cast, (int64_t)gathered->value_count, gathered->values,
                                          gathered->converted);
    if (wrong < 0) return NN_OK;
    size_t row = 0;
    int64_t before = column->stored[part] - (int64_t)gathered->value_count;
    while (gathered->pointers[row] - before <= wrong) row++;
    NN_FAIL(NN_ERROR_DATA,
            "%s: row %lld (from 0), column %d (from 0) has the value %s, which %s cannot represent: choose "
            "another "
            "--dtype",
            column->field->name, (long long)gathered->rows[row], (int)gathered->indices[wrong],
            nn_import_value_text(shown, column->cast.from, gathered->values, wrong),
            nn_import_type_name(column->cast.to, column->cast.half));
}

nn_status nn_import_sparse_append(nn_import_job *job, nn_import_column *column, int part, bool whole,
                                  const nn_import_sparse_row *rows, int64_t first, int64_t count)
{
    const nn_import_gathered *gathered = &job->gathered;
    NN_TRY(sparse_gather(job, column, part, whole, rows, first, count));
    NN_TRY(sparse_convert(job, column, part));
    int64_t values = (int64_t)gathered->value_count, lines = (int64_t)gathered->row_count;
    if (values > 0) {
        NN_TRY(nn_store_output_append(column->outputs[part], values, column->cast.to, gathered->converted));
        NN_TRY(nn_store_output_append(column->indices[part], values, NN_STORE_I32, gathered->indices));
    }
    if (lines == 0) return NN_OK;
    return nn_store_output_append(column->pointers[part], lines, NN_STORE_I64, gathered->pointers);
}

/* ---- the end ---- */

nn_status nn_import_sparse_end(nn_import_job *job)
{
    for (int t = 0; t < job->import->table_count; t++)
        for (int f = 0; f < job->import->tables[t].field_count; f++)
            for (int part = 0; part < NN_IMPORT_PARTS; part++) {
                const nn_import_stream *stream = &job->streams[t];
                const nn_import_column *column = &stream->columns[f];
                if (!column->field->sparse || !column->outputs[part]) continue;
                const int64_t shape[] = {stream->written[part], column->field->shape.extents[0]};
                if (column->stored[part] == 0)
                    NN_FAIL(NN_ERROR_DATA, "%s: all values are 0: there is nothing to learn from",
                            column->names[part]);
                NN_TRY(nn_store_writer_put_numbers(job->writer, column->names[part], "shape", NN_STORE_I64, 2,
                                                   shape));
            }
    return NN_OK;
}

void nn_import_sparse_release(nn_import_job *job)
{
    nn_free(job->gathered.indices);
    nn_free(job->gathered.values);
    nn_free(job->gathered.converted);
    nn_free(job->gathered.pointers);
    nn_free(job->gathered.rows);
    job->gathered = (nn_import_gathered){0};
}
