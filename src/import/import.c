/* From open() to the committed file. */
#include "import/import.h"

#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "import/import_internal.h"

/* ---- a single process is a team of one ---- */

static nn_status import_gather_own(void *context, const void *own, size_t bytes, void *all)
{
    (void)context;
    if (all != own) memcpy(all, own, bytes);
    return NN_OK;
}

static nn_status import_agree_alone(void *context, nn_status status)
{
    (void)context;
    return status;
}

static const nn_import_team import_alone = {
    .rank = 0, .size = 1, .gather = import_gather_own, .agree = import_agree_alone};

static nn_status import_agree(const nn_import_job *job, nn_status status)
{
    return job->team->agree(job->team->context, status);
}

/* ---- memory ---- */

static nn_status import_allocate(nn_import_job *job)
{
    size_t block = 0, wide = 0, rows = 0;
    for (int t = 0; t < job->import->table_count; t++) {
        const nn_import_stream *stream = &job->streams[t];
        if (stream->block_bytes > block) block = stream->block_bytes;
        if ((size_t)stream->block_rows > rows) rows = (size_t)stream->block_rows;
        for (int f = 0; f < stream->table->field_count; f++) {
            size_t bytes = (size_t)stream->block_rows * stream->columns[f].to_bytes;
            if (bytes > wide) wide = bytes;
        }
    }
    NN_TRY(NN_ALLOCATE(&job->block, block, "a block of rows"));
    if (job->team->rank > 0) return NN_OK;
    job->blocks = job->block;
    if (job->team->size > 1)
        NN_TRY(NN_ALLOCATE(&job->blocks, block * (size_t)job->team->size, "the blocks of all ranks"));
    NN_TRY(NN_ALLOCATE(&job->converted, wide, "a block of converted rows"));
    NN_TRY(NN_ALLOCATE(&job->picked, wide, "the rows of a part"));
    return NN_ALLOCATE(&job->parts, rows, "the parts of a block's rows");
}

static void import_release(nn_import_job *job)
{
    nn_store_writer_destroy(job->writer);
    nn_import_like_close(job->like);
    job->import->like = NULL;
    if (job->blocks != job->block) nn_free(job->blocks);
    nn_free(job->block);
    nn_free(job->converted);
    nn_free(job->picked);
    nn_free(job->parts);
    nn_import_sparse_release(job);
    for (int t = 0; t < NN_IMPORT_TABLES; t++) {
        nn_import_split_release(&job->streams[t].split);
        for (int f = 0; f < NN_IMPORT_FIELDS; f++)
            for (int part = 0; part < NN_IMPORT_PARTS; part++)
                nn_free(job->streams[t].columns[f].names[part]);
    }
}

/* ---- reading ---- */

static nn_status import_read(nn_import_job *job, int table, int64_t first, int64_t rows)
{
    const nn_import_stream *stream = &job->streams[table];
    void *values[NN_IMPORT_FIELDS] = {NULL};
    if (job->stop && *job->stop)
        NN_FAIL(NN_STOPPED, "interrupted: %s was not written", job->settings->output);
    if (rows <= 0) return NN_OK;
    for (int f = 0; f < stream->table->field_count; f++) values[f] = job->block + stream->columns[f].offset;
    return job->importer->read(job->import, table, first, rows, values);
}

/* ---- writing ---- */

static nn_status import_find_parts(nn_import_job *job, nn_import_stream *stream, const char *block,
                                   int64_t first, int64_t rows)
{
    const nn_import_column *label = stream->label < 0 ? NULL : &stream->columns[stream->label];
    for (int64_t i = 0; i < rows; i++) {
        int64_t class = label ? nn_import_value_label(label->cast.from, block + label->offset, i) : 0;
        NN_TRY(nn_import_split_part(&stream->split, first + i, class, &job->parts[i]));
        stream->written[job->parts[i]]++;
    }
    return NN_OK;
}

static nn_status import_convert(const nn_import_job *job, const nn_import_column *column, const char *values,
                                int64_t first, int64_t rows)
{
    char shown[NN_IMPORT_VALUE_TEXT];
    int64_t count = nn_shape_count(column->field->shape);
    int64_t wrong = nn_import_cast_values(column->cast, rows * count, values, job->converted);
    if (wrong < 0) return NN_OK;
    NN_FAIL(NN_ERROR_DATA,
            "%s: row %lld (from 0) has the value %s, which %s cannot represent: choose another --dtype",
            column->field->name, (long long)(first + wrong / count),
            nn_import_value_text(shown, column->cast.from, values, wrong),
            nn_import_type_name(column->cast.to, column->cast.half));
}

/* Appends the converted rows that go to this part. */
static nn_status import_append_part(const nn_import_job *job, const nn_import_column *column, int64_t rows,
                                    int part)
{
    int64_t picked = 0;
    for (int64_t i = 0; i < rows; i++) {
        if (job->parts[i] != part) continue;
        memcpy(job->picked + (size_t)picked * column->to_bytes, job->converted + (size_t)i * column->to_bytes,
               column->to_bytes);
        picked++;
    }
    if (picked == 0) return NN_OK;
    return nn_store_output_append(column->outputs[part], picked, column->cast.to, job->picked);
}

static nn_status import_append_sparse(nn_import_job *job, nn_import_stream *stream, int field,
                                      const char *block, int64_t first, int64_t rows)
{
    nn_import_column *column = &stream->columns[field];
    const void *values = block + column->offset; /* aligned by the plan */
    bool whole = stream->split.way == NN_IMPORT_WHOLE;
    for (int part = 0; part < NN_IMPORT_PARTS; part++)
        if (column->outputs[part])
            NN_TRY(nn_import_sparse_append(job, column, part, whole, values, first, rows));
    return NN_OK;
}

static nn_status import_append(nn_import_job *job, int table, const char *block, int64_t first, int64_t rows)
{
    nn_import_stream *stream = &job->streams[table];
    NN_TRY(import_find_parts(job, stream, block, first, rows));
    for (int f = 0; f < stream->table->field_count; f++) {
        const nn_import_column *column = &stream->columns[f];
        if (column->field->sparse) {
            NN_TRY(import_append_sparse(job, stream, f, block, first, rows));
            continue;
        }
        NN_TRY(import_convert(job, column, block + column->offset, first, rows));
        if (stream->split.way == NN_IMPORT_WHOLE) {
            NN_TRY(nn_store_output_append(column->outputs[0], rows, column->cast.to, job->converted));
            continue;
        }
        for (int part = 0; part < NN_IMPORT_PARTS; part++)
            if (column->outputs[part]) NN_TRY(import_append_part(job, column, rows, part));
    }
    job->rows_done += rows;
    nn_import_show_progress(job);
    return NN_OK;
}

/* ---- block by block ---- */

static int64_t import_block_rows(const nn_import_stream *stream, int64_t block)
{
    int64_t left = stream->table->rows - block * stream->block_rows;
    return left < stream->block_rows ? left : stream->block_rows;
}

/* Rank 0: appends what all ranks have read, in row order. */
static nn_status import_append_round(nn_import_job *job, int table, int64_t block)
{
    const nn_import_stream *stream = &job->streams[table];
    for (int rank = 0; rank < job->team->size; rank++, block++) {
        int64_t rows = import_block_rows(stream, block);
        if (rows <= 0) break;
        NN_TRY(import_append(job, table, job->blocks + (size_t)rank * stream->block_bytes,
                             block * stream->block_rows, rows));
    }
    return NN_OK;
}

/* In each round, every rank reads one block. A failed write is agreed on with the reads of the next round. */
static nn_status import_table(nn_import_job *job, int table)
{
    const nn_import_stream *stream = &job->streams[table];
    const nn_import_team *team = job->team;
    nn_status status = NN_OK;
    for (int64_t block = 0; import_block_rows(stream, block) > 0; block += team->size) {
        int64_t own = block + team->rank;
        if (status == NN_OK)
            status = import_read(job, table, own * stream->block_rows, import_block_rows(stream, own));
        NN_TRY(import_agree(job, status));
        NN_TRY(team->gather(team->context, job->block, stream->block_bytes, job->blocks));
        if (team->rank == 0) status = import_append_round(job, table, block);
    }
    return import_agree(job, status);
}

static nn_status import_write(nn_import_job *job)
{
    nn_status status = NN_OK;
    if (job->settings->watch_signals) job->stop = job->settings->watch_signals();
    if (job->team->rank == 0) status = nn_import_begin_file(job);
    NN_TRY(import_agree(job, status));
    for (int t = 0; t < job->import->table_count; t++) NN_TRY(import_table(job, t));
    if (job->team->rank == 0) status = nn_import_end_file(job);
    return import_agree(job, status);
}

static nn_status import_prepare(nn_import_job *job)
{
    NN_TRY(nn_import_check_settings(job->import, job->settings));
    if (job->settings->like) NN_TRY(nn_import_like_open(job->settings->like, &job->like));
    job->import->like = job->like;
    NN_TRY(job->importer->open(job->import));
    NN_TRY(nn_import_like_check(job->import));
    NN_TRY(nn_import_plan(job));
    return import_allocate(job);
}

nn_status nn_import_run(const nn_importer *importer, nn_import *import, const nn_import_settings *settings,
                        const nn_import_team *team, bool progress, nn_text *summary)
{
    nn_import_job job = {
        .importer = importer, .import = import, .settings = settings, .team = team ? team : &import_alone};
    if (job.team->size > 1 && !importer->parallel)
        NN_FAIL(NN_ERROR_USAGE, "%s is imported by a single process: start nntrain import without mpirun",
                importer->name);
    if (progress && job.team->rank == 0) nn_log_progress_begin(STDERR_FILENO);
    nn_status status = import_agree(&job, import_prepare(&job));
    if (status == NN_OK) status = import_write(&job);
    nn_log_progress_end();
    if (status == NN_OK && job.team->rank == 0) nn_import_append_summary(&job, summary);
    import_release(&job);
    return status;
}
