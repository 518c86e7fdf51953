/* The sections of the configuration that describe the data. */
#ifndef NN_DATA_DATASET_OPTIONS_H
#define NN_DATA_DATASET_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/options.h"
#include "base/shape.h"
#include "base/text.h"
#include "data/augment.h"

typedef enum nn_part { NN_TRAIN, NN_VALIDATION, NN_TEST, NN_PARTS } nn_part;

/* The most inputs and targets together. */
#define NN_DATA_FIELDS 8

/* data.PART.x or .y: one dataset, or several by name. */
typedef struct nn_data_names {
    int count;
    char *names[NN_DATA_FIELDS];        /* owned: "x", or the user's names */
    char *datasets[NN_DATA_FIELDS];     /* owned: paths within the file */
    nn_text_list files[NN_DATA_FIELDS]; /* separate files or a pattern; empty: the files of the part */
} nn_data_names;

typedef struct nn_part_options {               /* data.train, data.validation, data.test */
    nn_text_list file;                         /* empty: as data.file */
    nn_data_names x, y;                        /* both empty: no such part */
    char *lengths;                             /* dataset of sequence lengths in steps, or NULL; owned */
    char *weights;                             /* dataset of sample weights in the loss, or NULL; owned */
    nn_text_list lengths_files, weights_files; /* as nn_data_names.files */
} nn_part_options;

enum { NN_SPLIT_RANDOM, NN_SPLIT_CHRONOLOGICAL, NN_SPLIT_AUTO };
#define NN_SPLIT_FOLDS 1000 /* at most */
enum { NN_SPLIT_BY_SAMPLE, NN_SPLIT_BY_FILE, NN_SPLIT_BY_GROUP };

typedef struct nn_split_options { /* data.split */
    double validation, test;      /* fractions of the train part; 0: none */
    int64_t folds, fold;          /* validation is this fold, from 1, of the folds; 0: no folds */
    bool stratified;              /* keep the class proportions */
    int order, by;
    char *group;              /* dataset of group numbers, for by: group; owned */
    nn_text_list group_files; /* as nn_data_names.files */
    int64_t seed;
} nn_split_options;

enum { NN_DATA_WINDOW_LAST, NN_DATA_WINDOW_EVERY_STEP };

typedef struct nn_data_window_options { /* data.window */
    int64_t length;                     /* rows per window; 0: samples are rows */
    int64_t horizon;                    /* rows from the last row seen to the target */
    int64_t stride;                     /* rows between the starts of windows */
    nn_text_list targets;               /* names or numbers of the columns to predict; empty: all */
    int target;                         /* one row, or one per step */
    char *by;                           /* dataset of one number per row: no window has two; or NULL */
    char *starts;                       /* dataset of the rows at which series begin; or NULL */
    char *by_time;                      /* dataset of one time per row; or NULL */
    double gap; /* with by_time: the longest time from a row of a window to the next */
} nn_data_window_options;

typedef enum nn_normalize {
    NN_NORMALIZE_AUTO,
    NN_NORMALIZE_NONE,
    NN_NORMALIZE_UNIT_RANGE,
    NN_NORMALIZE_STANDARDIZE
} nn_normalize;

enum { NN_KIND_AUTO, NN_KIND_CLASS, NN_KIND_VALUE, NN_KIND_INDEX, NN_KIND_ONE_HOT, NN_KIND_TEXT };
enum { NN_VOCABULARY_CHARACTERS, NN_VOCABULARY_BYTES };
enum { NN_MISSING_ERROR, NN_MISSING_MEAN, NN_MISSING_MASK, NN_MISSING_DROP, NN_MISSING_IMPUTE };
enum { NN_CATEGORICAL_AUTO, NN_CATEGORICAL_ONE_HOT, NN_CATEGORICAL_EMBEDDING, NN_CATEGORICAL_CODE };
enum { NN_ATTRIBUTES_READ, NN_ATTRIBUTES_IGNORE };
enum { NN_UNWRITTEN_MISSING, NN_UNWRITTEN_FILL };

typedef struct nn_data_field_options { /* data.fields.NAME */
    int normalize;           /* nn_normalize. auto: standardize for inputs and for regression targets */
    int kind;                /* target: auto, class, value, one_hot; input: auto, index; both: text */
    int vocabulary;          /* with kind: text, what is numbered */
    char *layout;            /* such as "NCHW"; NULL: samples first, the rest as stored */
    int64_t first_label;     /* label of the first class */
    nn_text_list labels;     /* class labels in the file, in order; empty: integers from first_label */
    int64_t classes;         /* classes or indices; 0: from the largest label */
    char *ignored_label;     /* an integer that means no class; NULL: none */
    int missing;             /* what to do with NaN, fill values and unwritten values */
    double impute;           /* with missing: impute, what they become, in the data's own units */
    bool missing_indicator;  /* of an input: where values were missing is an input, too */
    int categorical;         /* how an input reads columns of numbered categories */
    int64_t embedding_units; /* of an embedding of categories; 0: by their number */
    int attributes;          /* whether attributes of the NetCDF conventions are read */
    int unwritten;           /* whether unwritten values are missing */
    char *class_names;       /* dataset of class names; NULL: DATASET_classes, if present */
    double scale, offset;    /* value x scale + offset, with normalize: none */
    int members;             /* whether a member of a pattern is a sample, or its rows are */
    int64_t steps;           /* of a sample whose sequences have different lengths; 0: the longest */
    int longer;              /* nn_store_longer: what to do with a longer sequence */
    int transform;           /* nn_target_transform */
    nn_text_list columns;    /* of the last dimension, by name or number; empty: all */
    nn_augment augment;      /* of an input, in training only */
} nn_data_field_options;

/* Whether an input holds numbers of symbols that an embedding looks up. */
static inline bool nn_data_is_index(const nn_data_field_options *field)
{
    return field->kind == NN_KIND_INDEX || field->kind == NN_KIND_TEXT;
}

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

/* data.in_place: samples come from the program that trains, not from files. The names of its fields are those
 * of the train part. */
typedef struct nn_in_place_options {
    bool given;
    int64_t from_first;                            /* samples that the normalisation is measured on */
    int64_t steps;                                 /* of the run; 0: not known */
    bool weights;                                  /* samples have weights */
    bool local;                                    /* they stay on the rank that brings them */
    nn_shape x[NN_DATA_FIELDS], y[NN_DATA_FIELDS]; /* of a sample */
} nn_in_place_options;

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
    bool codes;  /* not an option: categories are numbers as others, in a run of before there was a choice */
    char *stage; /* folder on a node-local disk, or NULL */
    /* Sections, with option tables of their own: */
    nn_part_options parts[NN_PARTS];
    nn_split_options split;
    nn_data_window_options window;
    nn_data_fields_options fields;
    nn_in_place_options in_place;
} nn_data_options;

extern const nn_option nn_data_options_table[];
extern const nn_option nn_part_options_table[];
extern const nn_option nn_split_options_table[];
extern const nn_option nn_data_window_options_table[];
extern const nn_option nn_data_field_options_table[];
extern const nn_option nn_in_place_options_table[];

void nn_data_options_release(nn_data_options *options); /* frees everything, sections included */
void nn_part_options_release(nn_part_options *part);    /* frees it; there is then no such part */

/* Makes every part read these files or patterns (copied), whatever files were named before. */
nn_status nn_data_options_set_files(nn_data_options *options, const nn_text_list *files);

/* Lists the files of all parts, patterns expanded, each once; parts whose files cannot be listed are skipped.
 * Returns owned: nn_list_release. */
nn_status nn_data_files(const nn_data_options *options, const char *directory, nn_text_list *files);

#endif
