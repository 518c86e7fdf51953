/*
 * The data of a run: parts (train, validation, test) of an HDF5 file, their order, their normalisation. Raw
 * values are kept in their own type, one copy a node, and turned into numbers for the network when a
 * microbatch is gathered.
 */
#ifndef NN_DATA_DATASET_H
#define NN_DATA_DATASET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/options.h"
#include "base/real.h"
#include "base/shape.h"
#include "comm/comm.h"

#define nn_dataset_open NN_REAL_SYMBOL(nn_dataset_open)
#define nn_dataset_close NN_REAL_SYMBOL(nn_dataset_close)
#define nn_dataset_input NN_REAL_SYMBOL(nn_dataset_input)
#define nn_dataset_target NN_REAL_SYMBOL(nn_dataset_target)
#define nn_dataset_input_scaling NN_REAL_SYMBOL(nn_dataset_input_scaling)
#define nn_dataset_target_scaling NN_REAL_SYMBOL(nn_dataset_target_scaling)
#define nn_dataset_count NN_REAL_SYMBOL(nn_dataset_count)
#define nn_dataset_order NN_REAL_SYMBOL(nn_dataset_order)
#define nn_dataset_gather NN_REAL_SYMBOL(nn_dataset_gather)
#define nn_dataset_prior NN_REAL_SYMBOL(nn_dataset_prior)
#define nn_dataset_identity NN_REAL_SYMBOL(nn_dataset_identity)
#define nn_dataset_memory NN_REAL_SYMBOL(nn_dataset_memory)
#define nn_data_options_table NN_REAL_SYMBOL(nn_data_options_table)
#define nn_part_options_table NN_REAL_SYMBOL(nn_part_options_table)
#define nn_split_options_table NN_REAL_SYMBOL(nn_split_options_table)
#define nn_field_options_table NN_REAL_SYMBOL(nn_field_options_table)

typedef enum nn_part { NN_TRAIN, NN_VALIDATION, NN_TEST, NN_PARTS } nn_part;

/* ---- options: sections of the configuration ---- */

typedef struct nn_part_options { /* data.train, data.validation, data.test */
    char *file;                  /* NULL: data.file */
    char *x, *y;                 /* paths of datasets; both NULL: the part is not given */
} nn_part_options;

typedef struct nn_split_options { /* data.split */
    double validation, test;      /* fractions of the train part; 0: none */
    bool stratified;              /* keep the shares of the classes */
    int64_t seed;                 /* -1: that of the run */
} nn_split_options;

typedef enum nn_normalize {
    NN_NORMALIZE_AUTO,
    NN_NORMALIZE_NONE,
    NN_NORMALIZE_UNIT_RANGE,
    NN_NORMALIZE_STANDARDIZE
} nn_normalize;

typedef struct nn_field_options { /* data.fields.x, data.fields.y */
    int normalize;                /* nn_normalize. auto: standardize for inputs and for regression targets */
    int kind;                     /* of a target: auto, class, value */
} nn_field_options;

typedef struct nn_data_options {
    char *file;
    nn_part_options parts[NN_PARTS]; /* read through nn_part_options_table: not a row of the data table */
    nn_split_options split;
    nn_field_options input, target;
} nn_data_options;

extern const nn_option
    nn_data_options_table[]; /* file; and sections train, validation, test, split, fields */
extern const nn_option nn_part_options_table[];
extern const nn_option nn_split_options_table[];
extern const nn_option nn_field_options_table[];

/* ---- the data ---- */

typedef struct nn_dataset nn_dataset;

/* What a resumed run or an evaluation already knows: used instead of being measured. */
typedef struct nn_data_known {
    const nn_scaling *input, *target; /* NULL: measured on the train part */
    int64_t classes;                  /* 0: the largest label + 1, over all parts */
} nn_data_known;

/*
 * Opens and reads all given parts, splits, checks (lengths, types, shapes, NaN and Inf with the first sample,
 * labels that are negative or not integers, empty parts: all problems in one message), and measures the
 * normalisation: per column for one-dimensional samples, per last extent (channel) where samples have 3
 * dimensions, else one for all; variance 0 divides by 1. `for_class_loss`: the target is meant as class
 * labels (kind auto). known may be NULL. Relative file names are taken from `directory`. Collective; all
 * ranks get the same status.
 */
nn_status nn_dataset_open(nn_comm *comm, const nn_data_options *options, const char *directory, uint64_t seed,
                          bool for_class_loss, const nn_data_known *known, nn_dataset **dataset);
void nn_dataset_close(nn_dataset *dataset); /* collective over a node; accepts NULL */

const nn_field *nn_dataset_input(const nn_dataset *dataset);
const nn_field *nn_dataset_target(const nn_dataset *dataset);
const nn_scaling *nn_dataset_input_scaling(const nn_dataset *dataset);
const nn_scaling *nn_dataset_target_scaling(const nn_dataset *dataset); /* 0 columns for classes */

int64_t nn_dataset_count(const nn_dataset *dataset, nn_part part); /* samples; 0: no such part */

/* The sample at `position` of epoch `epoch`: shuffled for the train part, a function of (seed, epoch,
 * position) alone and without a table; in order for the others (epoch is ignored). */
int64_t nn_dataset_order(const nn_dataset *dataset, nn_part part, int64_t epoch, int64_t position);

/* Gathers `count` samples, normalised: inputs count x values, and targets count x values or labels (the one
 * that does not apply may be NULL; inputs may be NULL when only targets are wanted). Re-entrant, cannot fail.
 */
void nn_dataset_gather(const nn_dataset *dataset, nn_part part, int64_t count, const int64_t *samples,
                       nn_real *inputs, nn_real *targets, int64_t *labels);

/* The best constant guess from the train part: shares of the classes (classes values), or the normalised
 * target's mean (one per value of the target). The yardstick beside each final figure. */
void nn_dataset_prior(const nn_dataset *dataset, double *values);

/* Hash of what the train part is: extents, types, and sampled content; not of its path. */
uint64_t nn_dataset_identity(const nn_dataset *dataset);

size_t nn_dataset_memory(const nn_dataset *dataset); /* bytes on this node, shared by its ranks */

#endif
