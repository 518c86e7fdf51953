/* What the files of the workers share: the buffers of a rank's threads. */
#ifndef NN_STEP_WORKERS_PARTS_H
#define NN_STEP_WORKERS_PARTS_H

#include "step/leaf.h"
#include "step/witness.h"

/* The leaf under watch (see witness.h). Hashes are those of the parts of all layers, in their order, and
 * that of the figures. */
typedef struct nn_witness {
    int64_t leaf; /* -1: none */
    int threads, hash_count;
    uint64_t *seen;      /* as computed in the step */
    uint64_t *again;     /* of each thread that computes it again */
    uint64_t collected;  /* hash of what it has collected in the forward pass of the step */
    double **collecting; /* by thread: room for what a layer collects */
    nn_real *carried;    /* the state that the leaf began with, and room for it for each thread; NULL: none */
    nn_real **parts;     /* by thread: the gradient of a part */
    double **figures;    /* by thread */
    size_t packed_size;
    char *packed; /* the leaf as loaded, and the state that it began with */
} nn_witness;

struct nn_workers {
    const nn_model *model;
    nn_dataset *data;
    uint64_t seed;
    int threads;
    int64_t microbatch_size;
    int64_t slots; /* leaves in flight */
    nn_leaf *leaves;
    nn_real *carried; /* of all leaves of a share, a microbatch each: goes on from step to step; NULL: none */
    nn_real *carried_before; /* the same as the last step found it */
    nn_packed packed;        /* the weights of the step */
    nn_real **scratch;       /* by thread */
    int fold_depth;
    int64_t fold_values;
    nn_real **fold; /* by thread: fold_depth x fold_values */
    int wave_depth;
    nn_real **wave_sums; /* wave_depth whole gradients, where a share takes several waves */
    nn_batch_statistics statistics;
    nn_witness witness;
};

/* Values of the largest part of a layer, gaps included. */
int64_t nn_workers_largest_part(const nn_network *network);

/* Values of the state that a leaf carries from step to step. */
int64_t nn_workers_leaf_carried(const nn_model *model, int64_t microbatch_size);

/* A leaf of the batch of a step of training. */
nn_leaf_place nn_workers_place(const nn_workers *workers, nn_batch batch, int64_t step, int64_t leaf);

/* Of the leaf under watch: keeps the carried state that it begins with; and hash what it collects in the
 * forward pass, its figures, whose hash that one goes into, and the gradient of one part. */
void nn_witness_begin(nn_workers *workers, const nn_leaf *leaf);
void nn_witness_collected(const double *values, int64_t count, uint64_t *hash);
void nn_witness_figures(const nn_workers *workers, const double *figures, uint64_t collected,
                        uint64_t *hashes);
void nn_witness_part(const nn_workers *workers, int layer, int part, const nn_real *gradient,
                     uint64_t *hashes);
void nn_witness_release(nn_witness *witness);

#endif
