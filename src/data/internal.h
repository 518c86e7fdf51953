/* What the files of this folder know of a data set. */
#ifndef NN_DATA_INTERNAL_H
#define NN_DATA_INTERNAL_H

#include "data/split.h"

#define nn_gather_prepare NN_REAL_SYMBOL(nn_gather_prepare)
#define nn_gather_release NN_REAL_SYMBOL(nn_gather_release)
#define nn_prior_measure NN_REAL_SYMBOL(nn_prior_measure)
#define nn_identity_hash NN_REAL_SYMBOL(nn_identity_hash)

/* A field and how it is gathered. */
typedef struct nn_data_field {
    nn_field field;
    nn_scaling scaling;
    /* The scaling's columns over and over, long enough for a block from any column on; NULL: identity. */
    double *scales, *offsets;
} nn_data_field;

struct nn_dataset {
    nn_source sources[NN_PARTS];
    nn_data_memory memory;
    nn_samples parts[NN_PARTS];
    nn_data_field fields[NN_ARRAYS];
    uint64_t seed, identity;
    double *prior; /* one a class, or one a value of the target */
    int64_t prior_count;
};

/* From the field's scaling to scales and offsets. */
nn_status nn_gather_prepare(nn_data_field *field);
void nn_gather_release(nn_data_field *field);

/* Fills `prior`; zeros without a train part. Warns of classes that have no sample. Collective. */
nn_status nn_prior_measure(nn_comm *comm, nn_dataset *dataset);

/* nn_dataset_identity; 0 without a train part. */
uint64_t nn_identity_hash(const nn_source *train);

#endif
