/*
 * The data of a run: parts (train, validation, test) of HDF5 files, their order, their normalisation. Raw
 * values are kept in their own type, one copy a node in memory or a few blocks a rank in a stream, and turned
 * into numbers for the network when a microbatch is gathered. Where they are kept never changes a bit.
 */
#ifndef NN_DATA_DATASET_H
#define NN_DATA_DATASET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/names.h"
#include "base/options.h"
#include "base/real.h"
#include "base/shape.h"
#include "base/text.h"
#include "comm/comm.h"
#include "data/augment.h"

typedef enum nn_part { NN_TRAIN, NN_VALIDATION, NN_TEST, NN_PARTS } nn_part;

/* ---- options: sections of the configuration ---- */

/* Inputs and targets together. */
#define NN_DATA_FIELDS 8

/* data.PART.x or .y: one dataset, or several by name. */
typedef struct nn_data_names {
    int count;
    char *names[NN_DATA_FIELDS];    /* owned: "x", or as the user calls them */
    char *datasets[NN_DATA_FIELDS]; /* owned: paths in the file */
    char *files[NN_DATA_FIELDS];    /* owned: a file or pattern of its own; NULL: those of the part */
} nn_data_names;

typedef struct nn_part_options { /* data.train, data.validation, data.test */
    nn_text_list file;           /* empty: data.file */
    nn_data_names x, y;          /* both empty: the part is not given */
    char *lengths;               /* dataset of the steps of each sequence, or NULL */
    char *weights;               /* dataset of what each sample counts in the loss, or NULL */
} nn_part_options;

enum { NN_SPLIT_RANDOM, NN_SPLIT_CHRONOLOGICAL, NN_SPLIT_AUTO };
enum { NN_SPLIT_BY_SAMPLE, NN_SPLIT_BY_FILE, NN_SPLIT_BY_GROUP };

typedef struct nn_split_options { /* data.split */
    double validation, test;      /* fractions of the train part; 0: none */
    bool stratified;              /* keep the shares of the classes */
    int order, by;
    char *group; /* dataset of group numbers, for by: group */
    int64_t seed;
} nn_split_options;

enum { NN_DATA_WINDOW_LAST, NN_DATA_WINDOW_EVERY_STEP };

typedef struct nn_data_window_options { /* data.window */
    int64_t length;                     /* rows of a window; 0: samples are rows */
    int64_t horizon;                    /* rows between the last row seen and the target */
    int64_t stride;                     /* rows between the beginnings of windows */
    nn_text_list targets;               /* names or numbers of the columns to predict; empty: all */
    int target;                         /* one row, or one at every step */
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

typedef struct nn_field_options { /* data.fields.NAME */
    int normalize;                /* nn_normalize. auto: standardize for inputs and for regression targets */
    int kind;                     /* of a target: auto, class, value; of an input: auto, index */
    char *layout;                 /* "NCHW"; NULL: samples first, the rest as it stands */
    int64_t first_label;          /* number of the first class */
    nn_text_list labels;  /* the labels of the classes in the file, in order; empty: whole numbers from
                             first_label */
    int64_t classes;      /* or indices; 0: as many as the labels show */
    char *ignored_label;  /* a whole number that stands for no class; NULL: none does */
    int missing;          /* what becomes of NaN, fill values and what was never written */
    int attributes;       /* whether those of the NetCDF conventions are read */
    int unwritten;        /* whether what was never written is missing */
    char *class_names;    /* dataset of their names; NULL: DATASET_classes, where there is one */
    double scale, offset; /* value x scale + offset, where nothing is measured */
    int transform;        /* nn_target_transform */
    nn_text_list columns; /* of the last extent, by name or number; empty: all */
    nn_augment augment;   /* of inputs, in training */
} nn_field_options;

/* Options by field; those of a name that no row has are those of x or y. */
typedef struct nn_fields_options {
    int count;
    char *names[NN_DATA_FIELDS]; /* owned */
    nn_field_options fields[NN_DATA_FIELDS];
} nn_fields_options;

enum { NN_CACHE_AUTO, NN_CACHE_MEMORY, NN_CACHE_STREAM };
enum { NN_SHUFFLE_AUTO, NN_SHUFFLE_FULL, NN_SHUFFLE_BLOCK, NN_SHUFFLE_NONE, NN_SHUFFLE_STATEFUL };
enum { NN_CHECK_ALL, NN_CHECK_NONE };
enum { NN_BAD_STOP, NN_BAD_SKIP };

typedef struct nn_data_options {
    nn_text_list file; /* one data set, whose rows follow each other */
    int cache;
    double memory; /* MiB a rank for a stream */
    int shuffle;
    double shuffle_window; /* MiB of samples that are mixed together, at 4 bytes a value */
    int64_t shuffle_block; /* samples that stay together when blocks are shuffled; 0: 1 MiB of them */
    bool balanced;
    bool bucket_by_length; /* batches of similar lengths */
    int check;
    int on_bad_sample;
    char *stage; /* folder on a disk of the node, or NULL */
    /* What follows are sections: not rows of the data table. */
    nn_part_options parts[NN_PARTS];
    nn_split_options split;
    nn_data_window_options window;
    nn_fields_options fields;
} nn_data_options;

extern const nn_option nn_data_options_table[];
extern const nn_option nn_part_options_table[];
extern const nn_option nn_split_options_table[];
extern const nn_option nn_data_window_options_table[];
extern const nn_option nn_field_options_table[];

void nn_data_options_release(nn_data_options *options); /* all of it, sections included */
void nn_part_options_release(nn_part_options *part);    /* afterwards the part is not given */

/* Every part is then read from these files or patterns. */
nn_status nn_data_options_set_files(nn_data_options *options, const nn_text_list *files);

/* The files of all parts, patterns resolved, each once; parts whose files cannot be listed are left out. The
 * list is the caller's: nn_list_release. */
nn_status nn_data_files(const nn_data_options *options, const char *directory, nn_text_list *files);

/* ---- the data ---- */

typedef struct nn_dataset nn_dataset;

/* A target that a loss looks at. */
typedef struct nn_target_wanted {
    const char *name; /* of the field; NULL: all targets joined, as one that is called y */
    bool classes;     /* the loss is one on class labels (kind auto) */
    bool counts;      /* the loss needs the shares of the classes */
    const char *loss; /* what it is called; may be NULL where there is no domain */
    /* What values the loss takes; NULL: any. Bounded ones are not normalised, and labels are taken for values
     * where only values make sense: shares of classes, probabilities, answers to several questions. */
    const nn_domain *domain;
} nn_target_wanted;

/* What a resumed run or an evaluation already knows: used instead of being measured. */
typedef struct nn_known_target {
    const nn_scaling *scaling; /* NULL: measured on the train part */
    int64_t classes;           /* 0: the largest label + 1, over all parts */
    const nn_shape
        *absent; /* of a sample of a target that no file has: all of it is missing; NULL: it is there */
} nn_known_target;

/* What known names are good for. */
typedef enum nn_data_names_use {
    NN_DATA_NAMES_FIXED, /* a name that is not known is a problem */
    NN_DATA_NAMES_OPEN,  /* but for classes, which are shown and not judged */
    NN_DATA_NAMES_BEGIN  /* a new run takes their order as far as its own names allow */
} nn_data_names_use;

/* The normalisation of a field in an earlier run, which is kept where the field has the same shape, columns
 * of the same names, and is normalised at all. */
typedef struct nn_known_field {
    const char *key;
    bool input;
    nn_shape shape; /* of a sample */
    nn_scaling scaling;
} nn_known_field;

typedef struct nn_data_known {
    const nn_known_field *fields; /* each by itself; field_count 0: none */
    int field_count;
    bool silent;                    /* it is not said which of them are kept */
    const nn_scaling *input;        /* NULL: measured on the train part */
    const nn_known_target *targets; /* one for each; NULL: nothing is known of them */
    const int64_t *indices;         /* of each input that holds indices, how many; NULL: not known */
    const nn_names_set *names;      /* of columns, classes and categories; NULL: not known */
    const char *names_from;         /* where they are from, for messages */
    nn_data_names_use use;
    bool narrow; /* NN_DATA_NAMES_BEGIN: classes are kept only where all of them are the same */
    /* Every row is a sample, whatever it holds: nothing is looked at before it is gathered, a row that cannot
     * be read is 0 (nn_dataset_is_unreadable), and a window may end where the series does
     * (nn_dataset_is_beyond). The data is streamed. Inputs may hold anything then. */
    bool lenient;
} nn_data_known;

/*
 * Opens all given parts, splits, checks (lengths, types, shapes, missing values and Inf with the first
 * sample, labels that are negative or not integers, values that the loss does not take, empty parts: all
 * problems in one message), and measures the normalisation: per column for one-dimensional samples and
 * windows, per feature for sequences (those that have lengths, or T in their layout), per last extent
 * (channel) where samples have 3 dimensions, else one for all; variance 0 divides by 1. Reads all of it once:
 * into memory, or, for a stream, block by block. Several inputs are joined, one behind the other. Where files
 * have names of columns, classes or categories (base/names.h), they are mapped by name: to the known ones,
 * else to those of the first part's files. `wanted` (1 to NN_DATA_FIELDS of them, borrowed) says which
 * targets there are, and in which order: one without a name joins all datasets of data.train.y; else each is
 * the one dataset that data.train.y calls so, and every dataset there must be wanted. Windows without
 * data.train.y predict their inputs, as a target that is called y or has no name. known may be NULL. Relative
 * file names are taken from `directory`. The options are borrowed until the data set is closed. Collective;
 * all ranks get the same status.
 */
nn_status nn_dataset_open(nn_comm *comm, const nn_data_options *options, const char *directory, uint64_t seed,
                          const nn_target_wanted *wanted, int wanted_count, const nn_data_known *known,
                          nn_dataset **dataset);

/*
 * As nn_dataset_open, for a look at what a run would do: inputs are not read, only what the files say of
 * them, the labels (and indices) where the number of classes follows from them, and what a split by class or
 * group, lengths and weights need. Nothing is normalised, and a gathered sample is made up. Problems fail in
 * one message as there, but *dataset may be made all the same: where they leave enough to describe a network
 * for.
 */
nn_status nn_dataset_describe(nn_comm *comm, const nn_data_options *options, const char *directory,
                              uint64_t seed, const nn_target_wanted *wanted, int wanted_count,
                              const nn_data_known *known, nn_dataset **dataset);
void nn_dataset_close(nn_dataset *dataset); /* collective over a node; accepts NULL */

const nn_field *nn_dataset_input(const nn_dataset *dataset);
const nn_scaling *nn_dataset_input_scaling(const nn_dataset *dataset);
int nn_dataset_target_count(const nn_dataset *dataset);
const nn_field *nn_dataset_target(const nn_dataset *dataset, int target);
const nn_scaling *nn_dataset_target_scaling(const nn_dataset *dataset,
                                            int target); /* 0 columns for classes */

int64_t nn_dataset_count(const nn_dataset *dataset, nn_part part); /* samples; 0: no such part */

/* The names of all inputs, then of all targets, that the numbers of every file are mapped to. */
const nn_names_set *nn_dataset_names(const nn_dataset *dataset);

/* ---- the order ---- */

/* Tells how the train part is cut into batches. To be called before anything below: the order of blocks
 * gives each stretch of a batch (there are `lanes` of them, at most) blocks of its own to read, so that a
 * rank, whose share of every batch is the same, reads few blocks that others read as well. */
nn_status nn_dataset_arrange(nn_dataset *dataset, int64_t batch_size, int64_t lanes);

/* The sample at `position` of epoch `epoch`: shuffled for the train part, a function of (seed, epoch,
 * position) and of the options alone, without a table; in order for the others, and for NN_DATA_IN_ORDER. */
#define NN_DATA_IN_ORDER (-1)
int64_t nn_dataset_order(const nn_dataset *dataset, nn_part part, int64_t epoch, int64_t position);

/*
 * Where data.shuffle is stateful: whether the sample at `position` of the train part goes on where the one at
 * the same place of the batch before ended, that is, whether recurrent state goes over from there. Sample i
 * of a batch is one of the i-th of as many stretches of the part as a batch has samples, so that it does but
 * at the begin of an epoch, where a stretch goes on in another file, and in the short last batch, which holds
 * what the stretches left over: there state begins anew. A function of the data and the options alone.
 */
bool nn_dataset_continues(const nn_dataset *dataset, int64_t epoch, int64_t position);

/* The row of the part's arrays where a sample stands or, for windows, begins. */
int64_t nn_dataset_row(const nn_dataset *dataset, nn_part part, int64_t sample);

/* The file with that row, and the row's number in it: what a user looks up. *path is borrowed. */
void nn_dataset_locate(const nn_dataset *dataset, nn_part part, int64_t sample, const char **path,
                       int64_t *row);

/* Of a lenient data set: whether rows of a sample could not be read when it was gathered; and whether a
 * target of its window is behind the end of the series. */
bool nn_dataset_is_unreadable(const nn_dataset *dataset, nn_part part, int64_t sample);
bool nn_dataset_is_beyond(const nn_dataset *dataset, nn_part part, int64_t sample, int target);

/* ---- gathering ---- */

/* Successive positions of the order of an epoch, or of the part as it stands. */
typedef struct nn_data_span {
    int64_t epoch, first, count;
} nn_data_span;

typedef struct nn_gathered {
    nn_real *inputs;  /* count x values; NULL: not wanted */
    nn_real *targets; /* count x values of all targets that are values; NaN: missing, where missing is
                       * mask; may be NULL */
    double *observed; /* the same in their own units, as exact as the file has them; may be NULL */
    double *bases;    /* with observed: what targets of transform: difference are differences to; observed
                       * values are then no differences; may be NULL */
    int64_t *labels;  /* count x labels of all targets that are classes; -1: to be ignored; may be NULL */
    nn_real *soft; /* count x classes: soft targets, where nn_dataset_mixes samples of classes; may be NULL */
    nn_real *weights; /* count: of the samples in the loss, where nn_dataset_has_weights; may be NULL */
    int64_t *lengths; /* steps of each sequence, where nn_dataset_has_lengths; may be NULL */
    int64_t *samples; /* their numbers in the part; may be NULL, unless nn_dataset_mixes */
    nn_real *scratch; /* room for nn_dataset_scratch values a sample, where training is augmented */
} nn_gathered;

/* Gathers samples, normalised; and augmented when training. Re-entrant. Cannot fail: where a stream fails,
 * the values are 0 and nn_dataset_status tells. */
void nn_dataset_gather(const nn_dataset *dataset, nn_part part, nn_data_span span, bool training,
                       const nn_gathered *gathered);

/* Values of scratch that gathering needs a sample. */
int64_t nn_dataset_scratch(const nn_dataset *dataset);

/* Whether training has soft targets: a microbatch's samples are mixed with each other. */
bool nn_dataset_mixes(const nn_dataset *dataset);

bool nn_dataset_has_lengths(const nn_dataset *dataset, nn_part part);

/* Whether samples count for more or less in the loss. */
bool nn_dataset_has_weights(const nn_dataset *dataset, nn_part part);

/* ---- a stream ---- */

/* Whether samples come from a stream: then a part can be gathered only while it is followed. */
bool nn_dataset_streams(const nn_dataset *dataset);

/* Span number `index` (from 0) that this rank is going to gather; false behind the last. Called by another
 * thread. */
typedef bool (*nn_data_schedule)(const void *context, int64_t index, nn_data_span *span);

/* A thread of its own reads the spans ahead, in order, from number `first` on, as far as memory goes; at
 * least `depth` of them are held at once. Each is kept until it is released; releases may come in any order.
 * No two parts share a thread. inputs: they are wanted too, not only targets. Does nothing where nothing
 * streams. */
nn_status nn_dataset_follow(nn_dataset *dataset, nn_part part, nn_data_schedule schedule, const void *context,
                            int64_t first, int64_t depth, bool inputs);
void nn_dataset_release(nn_dataset *dataset, nn_part part, int64_t index);
void nn_dataset_unfollow(nn_dataset *dataset, nn_part part);

/* The failure of a stream, if there was one; recorded text included. */
nn_status nn_dataset_status(nn_dataset *dataset, nn_part part);

/* Seconds that gathering has waited for the stream of a part since it is followed. */
double nn_dataset_waited(const nn_dataset *dataset, nn_part part);

/* ---- what else is known ---- */

/* The constant guess of the baselines, from the train part: shares of the classes (classes values), or the
 * normalised target's mean (one per value of the target). Sample weights do not count. */
void nn_dataset_prior(const nn_dataset *dataset, int target, double *values);

/* Whether the values of a target are stored in single precision, in the files of a part. */
bool nn_dataset_is_single(const nn_dataset *dataset, nn_part part, int target);

/* Whether it was measured: where data.check is none, not from more than 2^24 values unless a loss needs it.
 */
bool nn_dataset_knows_prior(const nn_dataset *dataset, int target);

/* Whether a sample to train on counts in a loss of classes with these weights (NULL: 1 each): one whose own
 * weight and that of its class are above 0. True where it is not known. */
bool nn_dataset_counts(const nn_dataset *dataset, int target, const double *class_weights);

/* What the data of all parts is: a number of extents and values (of a large dataset, of rows all over it),
 * not of paths, element types, chunks or, where nothing depends on it, of how rows are cut into files. */
uint64_t nn_dataset_identity(const nn_dataset *dataset);

/* The same as text, to be kept with a checkpoint: a line for each dataset that decides something, with the
 * hash of all of its values where they have been seen. Borrowed. */
const char *nn_dataset_identity_lines(const nn_dataset *dataset);

/* Appends the lines as a checkpoint keeps them: without the paths of the files, which may change. */
void nn_data_identity_keep(const char *lines, nn_text *kept);

/* Both for a described one, where they are not known before. Collective. */
nn_status nn_dataset_identify(nn_comm *comm, nn_dataset *dataset);

/* Appends a line for each dataset that has changed between two such texts, and the names, with commas, of
 * those of which not all values were seen. */
void nn_data_identity_compare(const char *was, const char *is, nn_text *differences);
void nn_data_identity_unseen(const char *lines, nn_text *names);

/* Bytes of its arrays, as they are read, of all parts. */
size_t nn_dataset_stored(const nn_dataset *dataset);
size_t nn_dataset_memory(const nn_dataset *dataset); /* bytes on this node, for all of its ranks */

/* ---- how much is read ---- */

/* Appends what to do where an epoch of a stream, on so many ranks, reads more than 4 times the data; nothing
 * where it does not. The data set is arranged. */
void nn_dataset_advise(const nn_dataset *dataset, int ranks, nn_text *advice);

/* How many times an epoch of a stream, shuffled in blocks of *block rows by default, reads a dataset of so
 * many rows in chunks of `chunk` of them. */
double nn_dataset_reads(int64_t rows, int64_t values, int64_t chunk, size_t row_bytes, int64_t *block);

/* Appends the command, but for its files, that stores a dataset in chunks of so many rows. */
void nn_dataset_append_repack(nn_text *text, const char *dataset, int dimensions, const int64_t *chunk,
                              int axis, int64_t rows);

#endif
