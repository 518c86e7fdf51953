/* The sections of the configuration that describe the data. */
#ifndef NN_DATA_DATASET_OPTIONS_H
#define NN_DATA_DATASET_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/options.h"
#include "base/text.h"
#include "data/augment.h"

typedef enum nn_part { NN_TRAIN, NN_VALIDATION, NN_TEST, NN_PARTS } nn_part;

/* The most inputs and targets together. */
#define NN_DATA_FIELDS 8

/* data.PART.x or .y: one dataset, or several by name. */
typedef struct nn_data_names {
    int count;
    char *names[NN_DATA_FIELDS];    /* owned: "x", or the user's names */
    char *datasets[NN_DATA_FIELDS]; /* owned: paths within the file */
    char *files[NN_DATA_FIELDS];    /* owned: a separate file or pattern; NULL: the files of the part */
} nn_data_names;

typedef struct nn_part_options { /* data.train, data.validation, data.test */
    nn_text_list file;           /* empty: as data.file */
    nn_data_names x, y;          /* both empty: no such part */
    char *lengths;               /* dataset of sequence lengths in steps, or NULL */
    char *weights;               /* dataset of sample weights in the loss, or NULL */
} nn_part_options;

enum { NN_SPLIT_RANDOM, NN_SPLIT_CHRONOLOGICAL, NN_SPLIT_AUTO };
enum { NN_SPLIT_BY_SAMPLE, NN_SPLIT_BY_FILE, NN_SPLIT_BY_GROUP };

typedef struct nn_split_options { /* data.split */
    double validation, test;      /* fractions of the train part; 0: none */
    bool stratified;              /* keep the class proportions */
    int order, by;
    char *group; /* dataset of group numbers, for by: group */
    int64_t seed;
} nn_split_options;

enum { NN_DATA_WINDOW_LAST, NN_DATA_WINDOW_EVERY_STEP };

typedef struct nn_data_window_options { /* data.window */
    int64_t length;                     /* rows per window; 0: samples are rows */
    int64_t horizon;                    /* rows from the last row seen to the target */
    int64_t stride;                     /* rows between the starts of windows */
    nn_text_list targets;               /* names or numbers of the columns to predict; empty: all */
    int target;                         /* one row, or one per step */
} nn_data_window_options;

typedef enum nn_normalize {
    NN_NORMALIZE_AUTO,
    NN_NORMALIZE_NONE,
    NN_NORMALIZE_UNIT_RANGE,
    NN_NORMALIZE_STANDARDIZE
} nn_normalize;

enum { NN_KIND_AUTO, NN_KIND_CLASS, NN_KIND_VALUE, NN_KIND_INDEX };
enum { NN_MISSING_ERROR, NN_MISSING_MEAN, NN_MISSING_MASK, NN_MISSING_DROP };
enum { NN_ATTRIBUTES_READ, NN_ATTRIBUTES_IGNORE };
enum { NN_UNWRITTEN_MISSING, NN_UNWRITTEN_FILL };

typedef struct nn_data_field_options { /* data.fields.NAME */
    int normalize;        /* nn_normalize. auto: standardize for inputs and for regression targets */
    int kind;             /* target: auto, class, value; input: auto, index */
    char *layout;         /* such as "NCHW"; NULL: samples first, the rest as stored */
    int64_t first_label;  /* label of the first class */
    nn_text_list labels;  /* class labels in the file, in order; empty: integers from first_label */
    int64_t classes;      /* classes or indices; 0: from the largest label */
    char *ignored_label;  /* an integer that means no class; NULL: none */
    int missing;          /* what to do with NaN, fill values and unwritten values */
    int attributes;       /* whether attributes of the NetCDF conventions are read */
    int unwritten;        /* whether unwritten values are missing */
    char *class_names;    /* dataset of class names; NULL: DATASET_classes, if present */
    double scale, offset; /* value x scale + offset, with normalize: none */
    int transform;        /* nn_target_transform */
    nn_text_list columns; /* of the last dimension, by name or number; empty: all */
    nn_augment augment;   /* of an input, in training only */
} nn_data_field_options;

/* Options by field. A field that is not listed has the options of x or y. */
typedef struct nn_data_fields_options {
    int count;
    char *names[NN_DATA_FIELDS]; /* owned */
    nn_data_field_options fields[NN_DATA_FIELDS];
} nn_data_fields_options;

enum { NN_CACHE_AUTO, NN_CACHE_MEMORY, NN_CACHE_STREAM };
enum { NN_SHUFFLE_AUTO, NN_SHUFFLE_FULL, NN_SHUFFLE_BLOCK, NN_SHUFFLE_NONE, NN_SHUFFLE_STATEFUL };
enum { NN_CHECK_ALL, NN_CHECK_NONE };
enum { NN_BAD_STOP, NN_BAD_SKIP };

typedef struct nn_data_options {
    nn_text_list file; /* one data set, its rows concatenated */
    int cache;
    double memory; /* MiB per rank for a stream */
    int shuffle;
    double shuffle_window; /* MiB of samples that are mixed together, at 4 bytes per value */
    int64_t shuffle_block; /* samples per block when blocks are shuffled; 0: about 1 MiB of them */
    bool balanced;
    bool bucket_by_length; /* batches of similar sequence lengths */
    int check;
    int on_bad_sample;
    char *stage; /* folder on a node-local disk, or NULL */
    /* Sections, with option tables of their own: */
    nn_part_options parts[NN_PARTS];
    nn_split_options split;
    nn_data_window_options window;
    nn_data_fields_options fields;
} nn_data_options;

extern const nn_option nn_data_options_table[];
extern const nn_option nn_part_options_table[];
extern const nn_option nn_split_options_table[];
extern const nn_option nn_data_window_options_table[];
extern const nn_option nn_data_field_options_table[];

void nn_data_options_release(nn_data_options *options); /* frees everything, sections included */
void nn_part_options_release(nn_part_options *part);    /* frees it; there is then no such part */

/* Makes every part read these files or patterns (copied), whatever files were named before. */
nn_status nn_data_options_set_files(nn_data_options *options, const nn_text_list *files);

/* Lists the files of all parts, patterns expanded, each once; parts whose files cannot be listed are skipped.
 * Returns owned: nn_list_release. */
nn_status nn_data_files(const nn_data_options *options, const char *directory, nn_text_list *files);

#endif
