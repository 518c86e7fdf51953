/* The parts as they stand in files: the rows of several files behind each other. Private to data. */
#ifndef NN_DATA_SOURCE_H
#define NN_DATA_SOURCE_H

#include "comm/comm.h"
#include "data/dataset.h"
#include "data/problems.h"
#include "data/source_array.h"
#include "store/gaps.h"

extern const char *const nn_part_names[NN_PARTS];

/* The fields, inputs first; behind them the groups of a split, the lengths of sequences, and the weights of
 * samples. */
#define NN_DATA_GROUP NN_DATA_FIELDS
#define NN_DATA_LENGTH (NN_DATA_FIELDS + 1)
#define NN_DATA_WEIGHT (NN_DATA_FIELDS + 2)
#define NN_DATA_ARRAYS (NN_DATA_FIELDS + 3)

/* A file; opened when rows of it are wanted. */
typedef struct nn_piece {
    char *path;
    char *staged;                   /* the copy on this node; NULL: none */
    int64_t first, rows;            /* of the source's rows; -1: not looked at yet */
    nn_store_file *file;            /* NULL: closed */
    char *own_path[NN_DATA_ARRAYS]; /* of an array in a file of its own; NULL: it is in `path` */
    nn_store_file *own_file[NN_DATA_ARRAYS];
    nn_store_array *stored[NN_DATA_ARRAYS];
    nn_names *names[NN_DATA_FIELDS];     /* as the file has them; owned; NULL: those of the first file */
    nn_value_map *maps[NN_DATA_FIELDS];  /* to those of the data set; owned; NULL: nothing is to be done */
    nn_store_type types[NN_DATA_ARRAYS]; /* of the file's own values */
    nn_store_packing *packings[NN_DATA_ARRAYS]; /* owned; NULL: values are as they stand */
    nn_store_gaps *gaps[NN_DATA_ARRAYS];        /* owned; NULL: all was written */
    int64_t used;                               /* when, for closing the one that was not used for longest */
} nn_piece;

typedef struct nn_source {
    bool given, listed; /* listed: files and arrays are known by name */
    int inputs, fields; /* arrays [0, inputs) are inputs, [inputs, fields) targets */
    nn_array arrays[NN_DATA_ARRAYS];
    int64_t rows;
    int64_t chunk_rows; /* rows that are best read together: those of the widest array */
    int64_t values;     /* of a row, in all fields: unlike its bytes, the same however it is stored */
    int64_t block;      /* samples of a block, as configured; 0: as many as a rule gives */
    int piece_count;
    nn_piece *pieces;
    int open_pieces;
    int64_t clock;
    bool skips;        /* rows that cannot be read are noted, not failures */
    bool lenient;      /* nor are those of targets; and windows may end where a file does */
    int64_t bad_count; /* rows to leave out, ... */
    int64_t *bad;      /* ... ascending; owned; NULL: not yet known */
    bool bad_windows;  /* these are rows where no window may begin, and no row is left out */
    int64_t noted_count, noted_room;
    int64_t *noted; /* rows that this rank has found to be bad; owned */
} nn_source;

/* Lists the files of all given parts and names their arrays, the targets in the order in which they are
 * wanted; what is wrong is collected. */
void nn_sources_list(const nn_data_options *options, const char *directory, const nn_target_wanted *wanted,
                     int wanted_count, nn_source *sources, nn_problems *problems);

/* Whether the target that is called so holds class labels: as data.fields says, else as the loss wants. */
bool nn_source_is_label(const nn_data_options *options, const char *key, bool wanted);

/* The only array of a source that holds the labels of a target; -1 where there is none, or several. */
int nn_source_class_array(const nn_source *source);

/* Copies the files to a folder of every node, once a node, unless a copy is there: named after path, size and
 * time of change. They are left there for the next run. Collective. */
nn_status nn_sources_stage(nn_comm *comm, const char *folder, nn_source *sources);

/* Makes an array one that no file has; shape: of a sample of the target. */
void nn_source_describe_absent(nn_source *source, int array, const nn_shape *shape);

/* Opens and describes what is listed. What is wrong is collected; `sound` says which arrays can be read. */
void nn_sources_look(const nn_data_options *options, nn_source *sources, nn_problems *problems);

/* That all parts have the same fields and shapes, once names are known; collects what is wrong. */
void nn_sources_compare(nn_source *sources, nn_problems *problems);
void nn_sources_destroy(nn_source *sources);

/* Closes the files for now. */
void nn_source_rest(nn_source *source);

/* The path of the file of a piece that an array is in. */
const char *nn_source_path(const nn_piece *piece, int array);

/* The open file of a piece that an array is in; NULL: closed. */
nn_store_file *nn_source_file(const nn_piece *piece, int array);

/* The open array of a piece; the file and the array are opened when they are not yet. */
nn_status nn_source_array(nn_source *source, nn_piece *piece, int array, nn_store_array **stored);

/* What the configuration says of a field: under its own name, else under x or y. */
const nn_field_options *nn_source_field_options(const nn_data_options *options, const nn_source *source,
                                                int array);
const nn_field_options *nn_source_field_of(const nn_data_options *options, const char *key, bool input);

/* Rows [first, first + rows) of an array, as raw values. Threads take turns. */
nn_status nn_source_read(nn_source *source, int array, int64_t first, int64_t rows, void *raw);

/* The file that holds a row. */
nn_piece *nn_source_find_piece(nn_source *source, int64_t row);

/* ---- values that are missing ---- */

/* What the attributes of an array say in one file, and what was never written of it. */
nn_status nn_piece_inspect(nn_source *source, nn_piece *piece, int array, const nn_field_options *options);
void nn_piece_forget(nn_piece *piece);

/* Once all files are looked at: how the values of each array are kept. Those whose files are packed alike and
 * whole stay as they are stored, and are unpacked when they are converted; others are when they are read. */
void nn_source_settle(nn_source *source);

/* Reads rows of a file into the array's stored type; see nn_array.cleans. */
nn_status nn_source_read_clean(nn_source *source, nn_piece *piece, int array, int64_t first, int64_t rows,
                               unsigned char *stored);

/* Appends why value `at` of a row is missing: "NaN", "-9999, which stands for no value", "missing: ...". */
nn_status nn_source_explain_missing(nn_source *source, int array, int64_t row, int64_t at, nn_text *text);

/* Logs what attributes say of the arrays of a part. */
void nn_source_tell_packing(const nn_source *source);

/* Whether two rows stand in one file. */
bool nn_source_same_file(nn_source *source, int64_t row, int64_t other);

/* Notes a row that is to be left out. */
nn_status nn_source_note(nn_source *source, int64_t row);

/* Whether one of the rows [first, first + rows) is noted. */
bool nn_source_is_noted(nn_source *source, int64_t first, int64_t rows);

/* The row behind the last one of the file that has `row`. */
int64_t nn_source_file_end(nn_source *source, int64_t row);

/* A value of a row as it is stored, for a message. */
nn_status nn_source_explain(nn_source *source, int array, int64_t row, int64_t at, double *value);

/* The number of a column that is called so, or is that number. */
nn_status nn_source_column(const nn_source *source, int array, const char *name, int64_t columns,
                           int64_t *column);

#endif
