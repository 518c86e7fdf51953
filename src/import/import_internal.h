/* An import in progress, shared by the files of the common part. Private to import. */
#ifndef NN_IMPORT_IMPORT_INTERNAL_H
#define NN_IMPORT_IMPORT_INTERNAL_H

#include "import/cast.h"
#include "import/import.h"
#include "import/like.h"
#include "import/split.h"
#include "store/writer.h"

/* A field of a table with the datasets it is written to. */
typedef struct nn_import_column {
    const nn_import_field *field; /* borrowed */
    nn_import_cast cast;
    size_t from_bytes, to_bytes; /* per row */
    size_t offset;               /* in a block, where its values are read to */
    char *names[NN_IMPORT_PARTS];
    nn_store_output *outputs[NN_IMPORT_PARTS]; /* rank 0 only */
    /* Of a sparse field, whose values go to `outputs`. */
    nn_store_output *indices[NN_IMPORT_PARTS], *pointers[NN_IMPORT_PARTS];
    int64_t stored[NN_IMPORT_PARTS]; /* values */
} nn_import_column;

typedef struct nn_import_stream {
    const nn_import_table *table; /* borrowed */
    nn_import_split split;
    int label;                        /* the field to stratify by; -1: none */
    int64_t written[NN_IMPORT_PARTS]; /* rows */
    int64_t block_rows;
    size_t block_bytes;
    nn_import_column columns[NN_IMPORT_FIELDS];
} nn_import_stream;

/* Rows of a sparse field, one after another (import_sparse.c). */
typedef struct nn_import_gathered {
    int32_t *indices;
    double *values;
    double *converted; /* values of the type of the file */
    int64_t *pointers; /* end of each row in the dataset */
    int64_t *rows;     /* their numbers in the table */
    size_t value_count, capacity, row_count, row_capacity;
} nn_import_gathered;

typedef struct nn_import_job {
    const nn_importer *importer;
    nn_import *import;
    const nn_import_settings *settings;
    const nn_import_team *team; /* never NULL */
    nn_import_stream streams[NN_IMPORT_TABLES];
    nn_import_like *like;              /* an earlier import, or NULL */
    nn_store_writer *writer;           /* rank 0 only */
    const volatile sig_atomic_t *stop; /* NULL: none */
    char *block;                       /* of this rank */
    char *blocks;                      /* of all ranks (rank 0; the same as `block` in a single process) */
    char *converted, *picked;
    int *parts; /* the part of each row of a block */
    nn_import_gathered gathered;
    int64_t rows, rows_done;
    double shown;
} nn_import_job;

/* ---- import_plan.c: everything known before the first row is read ---- */

/* Checks the settings on their own: fractions, output. */
nn_status nn_import_check_settings(const nn_import *import, const nn_import_settings *settings);

/* Plans the streams once the importer has opened its sources. */
nn_status nn_import_plan(nn_import_job *job);

/* Whether the split gives rows to a part of the stream. */
bool nn_import_has_part(const nn_import_stream *stream, int part);

/* ---- datasets.c: the output ---- */

/* Creates the file and its datasets; writes the lists of names and the import's description. Rank 0 only. */
nn_status nn_import_begin_file(nn_import_job *job);
/* ---- dataset_axes.c: attributes, coordinates, and which dimensions they are of ---- */

/* Writes the attributes of a dataset; NULL: of the file. */
nn_status nn_import_put_attributes(nn_import_job *job, const char *dataset,
                                   const nn_import_attributes *attributes);
/* Writes the extras and the attributes of the file, and ties all datasets to their scales. */
nn_status nn_import_put_extras(nn_import_job *job);

/* Commits the file. Rank 0 only. */
nn_status nn_import_end_file(nn_import_job *job);

/* ---- import_sparse.c: fields of sparse rows, written as CSR: a group with data, indices and indptr, as
 * scipy and anndata name them ---- */

/* Adds the datasets of one part. Rank 0 only. */
nn_status nn_import_sparse_add(nn_import_job *job, nn_import_stream *stream, nn_import_column *column,
                               int part);

/* Appends those of `count` rows that go to the part. `first`: number of the first one, for messages. */
nn_status nn_import_sparse_append(nn_import_job *job, nn_import_column *column, int part, bool whole,
                                  const nn_import_sparse_row *rows, int64_t first, int64_t count);

/* Writes what is known at the end: the shapes. */
nn_status nn_import_sparse_end(nn_import_job *job);

void nn_import_sparse_release(nn_import_job *job);

/* ---- facts.c, import_summary.c: descriptions ---- */

/* What the command was, as JSON for an attribute of the file. */
void nn_import_append_facts(const nn_import_job *job, nn_text *text);

/* What was written, for the user. */
void nn_import_append_summary(const nn_import_job *job, nn_text *text);

/* ---- progress.c ---- */

/* Does nothing unless there is a progress line (base/log.h). */
void nn_import_show_progress(nn_import_job *job);

#endif
