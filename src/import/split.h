/* Decides which part a row goes to, in one pass and without a table of rows. Private to import. */
#ifndef NN_IMPORT_SPLIT_H
#define NN_IMPORT_SPLIT_H

#include <stdint.h>

#include "base/status.h"

enum { NN_IMPORT_TRAIN, NN_IMPORT_VALIDATION, NN_IMPORT_TEST, NN_IMPORT_PARTS };
extern const char *const nn_import_part_names[NN_IMPORT_PARTS];

typedef enum nn_import_split_way {
    NN_IMPORT_WHOLE,        /* nothing is set apart: all rows go to the first part */
    NN_IMPORT_RANDOM,       /* the exact fraction of each group of successive rows, chosen by the seed */
    NN_IMPORT_STRATIFIED,   /* the same within each class */
    NN_IMPORT_CHRONOLOGICAL /* in order: train, validation, test */
} nn_import_split_way;

/* Zero-initialise, set the first five, release with nn_import_split_release. */
typedef struct nn_import_split {
    nn_import_split_way way;
    double validation, test; /* shares */
    uint64_t seed;
    int64_t rows;
    int64_t *seen; /* rows of each class so far */
    int64_t classes;
} nn_import_split;

/* Frees the counters of the classes. */
void nn_import_split_release(nn_import_split *split);

/* The part of a row. Stratified: rows are passed in order and once, with their label (0 or more). */
nn_status nn_import_split_part(nn_import_split *split, int64_t row, int64_t label, int *part);

/* How many rows a part will have; -1: known only at the end (stratified). */
int64_t nn_import_split_rows(const nn_import_split *split, int part);

#endif
