/* An import under way, shared by the files of the common part. Private to import. */
#ifndef NN_IMPORT_JOB_H
#define NN_IMPORT_JOB_H

#include "import/cast.h"
#include "import/like.h"
#include "import/run.h"
#include "import/split.h"
#include "store/writer.h"

/* A field of a table on its way to its datasets. */
typedef struct nn_import_column {
    const nn_import_field *field; /* borrowed */
    nn_import_cast cast;
    size_t from_bytes, to_bytes; /* of a row */
    size_t offset;               /* in a block, where its values are read to */
    char *names[NN_IMPORT_PARTS];
    nn_store_output *outputs[NN_IMPORT_PARTS]; /* rank 0 only */
} nn_import_column;

typedef struct nn_import_stream {
    const nn_import_table *table; /* borrowed */
    nn_import_split split;
    int label;                        /* the field that is stratified by; -1: none */
    int64_t written[NN_IMPORT_PARTS]; /* rows */
    int64_t block_rows;
    size_t block_bytes;
    nn_import_column columns[NN_IMPORT_FIELDS];
} nn_import_stream;

typedef struct nn_import_job {
    const nn_importer *importer;
    nn_import *import;
    const nn_import_settings *settings;
    const nn_import_team *team; /* never NULL */
    nn_import_stream streams[NN_IMPORT_TABLES];
    nn_import_like *like;              /* an earlier import, or NULL */
    nn_store_writer *writer;           /* rank 0 only */
    const volatile sig_atomic_t *stop; /* NULL: none */
    char *block, *blocks; /* read by this rank; of all ranks (rank 0; `block` itself in a single process) */
    char *converted, *picked;
    int *parts; /* of the rows of a block */
    int64_t rows, rows_done;
    double shown;
    bool progress;
} nn_import_job;

/* ---- plan.c: what can be seen before a row is read ---- */

/* Checks the settings alone: shares, output. */
nn_status nn_import_check_settings(const nn_import *import, const nn_import_settings *settings);

/* Settles the streams once the importer has opened its sources. */
nn_status nn_import_plan(nn_import_job *job);

/* Whether the split gives rows to a part of the stream. */
bool nn_import_has_part(const nn_import_stream *stream, int part);

/* ---- datasets.c: the output ---- */

nn_status nn_import_begin_file(nn_import_job *job);
nn_status nn_import_end_file(nn_import_job *job);

/* ---- facts.c, summary.c: what is said about it ---- */

/* The command's facts as JSON, for an attribute of the file. */
void nn_import_append_facts(const nn_import_job *job, nn_text *text);

void nn_import_append_summary(const nn_import_job *job, nn_text *text);

/* ---- progress.c ---- */

void nn_import_show_progress(nn_import_job *job);
void nn_import_end_progress(const nn_import_job *job);

#endif
