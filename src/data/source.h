/* The parts as they are in the files: the rows of several files concatenated. Private to data. */
#ifndef NN_DATA_SOURCE_H
#define NN_DATA_SOURCE_H

#include "comm/comm.h"
#include "data/dataset_options.h"
#include "data/dataset_setup.h"
#include "data/open_files.h"
#include "data/problems.h"
#include "data/source_array.h"
#include "store/gaps.h"

extern const char *const nn_part_names[NN_PARTS];

/* Numbers of arrays: the fields, inputs first; then the groups of a split, sequence lengths and sample
 * weights. */
#define NN_DATA_GROUP NN_DATA_FIELDS
#define NN_DATA_LENGTH (NN_DATA_FIELDS + 1)
#define NN_DATA_WEIGHT (NN_DATA_FIELDS + 2)
#define NN_DATA_ARRAYS (NN_DATA_FIELDS + 3)

/* A file, opened when its rows are needed. */
typedef struct nn_piece {
    char *path;
    char *staged;                   /* the copy on this node; NULL: none */
    int64_t first, rows;            /* its range of the source's rows; -1: not yet known */
    nn_store_file *file;            /* NULL: closed */
    char *own_path[NN_DATA_ARRAYS]; /* of an array in a separate file; NULL: it is in `path` */
    nn_store_file *own_file[NN_DATA_ARRAYS];
    nn_store_array *stored[NN_DATA_ARRAYS];
    nn_names *names[NN_DATA_FIELDS];     /* those of this file; owned; NULL: those of the first file */
    nn_value_map *maps[NN_DATA_FIELDS];  /* to the names of the data set; owned; NULL: no mapping needed */
    nn_store_type types[NN_DATA_ARRAYS]; /* as stored in the file */
    nn_store_packing *packings[NN_DATA_ARRAYS]; /* owned; NULL: values are not packed */
    nn_store_gaps *gaps[NN_DATA_ARRAYS];        /* owned; NULL: everything was written */
    nn_store_facts facts[NN_DATA_ARRAYS];       /* owned; see nn_store_array_facts */
    uint64_t seen[NN_DATA_ARRAYS]; /* nn_store_info_hash of what was described; 0: not yet described */
    bool checked[NN_DATA_ARRAYS];  /* this rank has seen the same in the file */
    int64_t used;                  /* clock at the last use: the least recently used is closed */
} nn_piece;

/* How separate files of an array are paired with those of the part. */
enum { NN_PAIRED_ALONE, NN_PAIRED_IN_ORDER, NN_PAIRED_BY_NAME };

typedef struct nn_source {
    nn_open_files *open_files; /* those of the data set; borrowed */
    bool given, listed;        /* listed: files and arrays are known by name */
    int inputs, fields;        /* arrays [0, inputs) are inputs, [inputs, fields) targets */
    nn_array arrays[NN_DATA_ARRAYS];
    int64_t rows;
    int64_t chunk_rows; /* rows best read together: those of the widest array */
    int64_t values;     /* per row, over all fields: unlike bytes, independent of how they are stored */
    int64_t block;      /* samples per block, as configured; 0: by the default rule */
    int piece_count;
    nn_piece *pieces;
    int open_pieces;
    int paired[NN_DATA_ARRAYS]; /* how files of an array were found for those of the part: nn_paired */
    int64_t clock;
    bool silent;         /* how arrays are stored is not logged */
    bool skips;          /* unreadable rows are noted instead of failing */
    bool stages;         /* files are copied to a folder of each node */
    bool lenient;        /* the same for targets; and windows may end at the end of a file */
    int64_t bad_count;   /* number of rows to leave out */
    int64_t *bad;        /* those rows, ascending; owned; NULL: not yet known */
    bool bad_windows;    /* `bad` are rows at which no window may start; no row is left out */
    int64_t break_count; /* of `breaks`: rows, ascending, at which a series begins, without those of files */
    int64_t *breaks;     /* owned; see data/stretches.h */
    int64_t noted_count, noted_room;
    int64_t *noted; /* rows that this rank found to be bad; owned */
} nn_source;

/* Lists the files of all given parts and names their arrays, targets in the order of `wanted`; collects
 * problems. */
void nn_sources_list(const nn_data_options *options, const char *directory, const nn_target_wanted *wanted,
                     int wanted_count, nn_source *sources, nn_problems *problems);

/* Lists the files of a part; the separate files of some of its arrays, once these are named; logs how several
 * of them are paired. */
nn_status nn_source_list_files(const nn_data_options *options, const char *directory, int part,
                               nn_source *source);
nn_status nn_source_list_own(const nn_data_options *options, const char *directory, int part,
                             nn_source *source);
void nn_source_tell_pairs(const nn_source *source);

/* The second half of that, for one part: names its arrays. */
nn_status nn_source_name_arrays(const nn_data_options *options, int part, const nn_target_wanted *wanted,
                                int wanted_count, nn_source *source);

/* Whether the sequences of the first input are cut into windows, which are then the samples. */
bool nn_source_cuts_windows(const nn_data_options *options, const nn_source *source);

/* Whether the target named `key` holds class labels: as data.fields says, otherwise as the loss wants. */
bool nn_source_is_label(const nn_data_options *options, const char *key, bool wanted);

/* The array of a source that holds class labels; -1 if there is none or more than one. */
int nn_source_class_array(const nn_source *source);

/* Copies the files to a folder on every node, once per node, unless a copy is there: its name contains a hash
 * of path, size and modification time. Copies stay for the next run. Collective. */
nn_status nn_sources_stage(nn_comm *comm, const char *folder, nn_source *sources);

/* Marks a target's array as present in no file; shape: of a sample. */
void nn_source_describe_absent(nn_source *source, int array, const nn_shape *shape);

/* For patterns over groups, and files with one sample each: decides whether a member is a sample or several;
 * collects problems. To be called between listing and describing. */
void nn_sources_find_members(const nn_data_options *options, nn_source *sources, nn_problems *problems);

/* For arrays that hold sequences with lengths of their own: chooses the steps to which all parts pad them,
 * and makes their lengths those of the samples; collects problems. known_steps: those of a trained network;
 * 0: not known. To be called between listing and describing. */
void nn_sources_pad(const nn_data_options *options, int64_t known_steps, nn_source *sources,
                    nn_problems *problems);

/* Logs how the arrays of a part are stored, unless they are datasets of numbers. For the rank that has
 * described them. */
void nn_source_tell_layouts(const nn_source *source);

/* Warns where files name the dimension of the samples, and arrays differ in it. Likewise. */
void nn_source_warn_axes(const nn_source *source);

/* Opens and describes what is listed; collects problems. `sound` says which arrays can be read. */
void nn_sources_look(const nn_data_options *options, nn_source *sources, nn_problems *problems);

/* Checks that all parts have the same fields and shapes, once names are known; collects problems. */
void nn_sources_compare(nn_source *sources, nn_problems *problems);
void nn_sources_destroy(nn_source *sources); /* frees what the NN_PARTS sources own, and closes their files */

/* Closes the files; they are opened again when needed. */
void nn_source_rest(nn_source *source);

/* The path of the file that holds an array of a piece. Borrowed. */
const char *nn_source_path(const nn_piece *piece, int array);

/* The open file that holds an array of a piece; NULL: closed. */
nn_store_file *nn_source_file(const nn_piece *piece, int array);

/* The open array of a piece; opens file and array if needed, and fails where they are not what was described,
 * as on a node that has another file under the path. Borrowed. */
nn_status nn_source_array(nn_source *source, nn_piece *piece, int array, nn_store_array **stored);

void nn_source_close_array(nn_piece *piece, int array);

/* The options of a field: those under its own name, otherwise those of x or y. Borrowed. */
const nn_data_field_options *nn_source_field_options(const nn_data_options *options, const nn_source *source,
                                                     int array);
const nn_data_field_options *nn_source_field_of(const nn_data_options *options, const char *key, bool input);

/* Reads rows [first, first + rows) of an array, as raw values. Threads take turns. */
nn_status nn_source_read(nn_source *source, int array, int64_t first, int64_t rows, void *raw);

/* The file that holds a row. */
nn_piece *nn_source_find_piece(nn_source *source, int64_t row);

/* ---- values that are missing ---- */

/* Reads the attributes of an array in one file, and its unwritten values; nn_piece_forget frees both. */
nn_status nn_piece_inspect(nn_source *source, nn_piece *piece, int array,
                           const nn_data_field_options *options);
void nn_piece_forget(nn_piece *piece);

/* Keeps what opening an array found out, for when it is opened again, also by other ranks. */
nn_status nn_piece_keep_facts(nn_piece *piece, int array, const nn_store_array *stored);

/* Decides how the values of each array are kept, once all files are inspected. If its files are packed alike
 * and fully written, values stay as stored and are unpacked on conversion; otherwise they are unpacked on
 * reading. */
void nn_source_settle(nn_source *source);

/* Reads rows of a file as the array's stored type; see nn_array.cleans. */
nn_status nn_source_read_clean(nn_source *source, nn_piece *piece, int array, int64_t first, int64_t rows,
                               unsigned char *stored);

/* Appends why value `at` of a row is missing: "NaN", "-9999, which means no value", "missing: ...". */
nn_status nn_source_explain_missing(nn_source *source, int array, int64_t row, int64_t at, nn_text *text);

/* Logs what the attributes say about the arrays of a part. */
void nn_source_tell_packing(const nn_source *source);

/* Notes a row to be left out. */
nn_status nn_source_note(nn_source *source, int64_t row);

/* Whether any of the rows [first, first + rows) is noted. */
bool nn_source_is_noted(nn_source *source, int64_t first, int64_t rows);

/* One past the last row of the file that holds `row`. */
int64_t nn_source_file_end(nn_source *source, int64_t row);

/* Reads a value of a row as stored, for a message. */
nn_status nn_source_explain(nn_source *source, int array, int64_t row, int64_t at, double *value);

/* Finds a column by its name or number; fails if there is none. */
nn_status nn_source_column(const nn_source *source, int array, const char *name, int64_t columns,
                           int64_t *column);

#endif
