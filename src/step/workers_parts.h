/* The workers from inside: the buffers of a rank's threads. */
#ifndef NN_STEP_WORKERS_PARTS_H
#define NN_STEP_WORKERS_PARTS_H

#include "step/loaded.h"
#include "step/witness.h"

/* The microbatch under watch (see witness.h). Its hashes: one for each part of each layer's gradient, in
 * order, and one for the results. */
typedef struct nn_witness {
    int64_t microbatch; /* -1: none */
    int threads, hash_count;
    uint64_t *seen;      /* as computed in the step */
    uint64_t *again;     /* thread after thread, as computed again */
    uint64_t collected;  /* hash of the statistics collected in its forward pass */
    double **collecting; /* by thread: room for what a layer collects */
    nn_real *carried;    /* the state that it began with, and room for it for each thread; NULL: none */
    nn_real **parts;     /* by thread: the gradient of a part */
    double **results;    /* by thread */
    size_t packed_size;
    char *packed; /* the microbatch as loaded, and the state that it began with */
} nn_witness;

struct nn_workers {
    const nn_model *model;
    nn_scalar scalar; /* of the model */
    void (*add)(int64_t count, const void *values, void *sum);
    void (*round)(int64_t count, void *values);
    int64_t wire_leaves; /* sums of this many microbatches or more are rounded; 0: none */
    nn_dataset *data;
    uint64_t seed;
    int threads;
    int64_t microbatch_size;
    int64_t slots; /* of a wave: room for microbatches */
    nn_loaded *loaded;
    nn_microbatch **microbatches; /* those of `loaded` */
    nn_real *carried;             /* the state of each microbatch of a share, from step to step; NULL: none */
    nn_real *carried_before;      /* the same, before the last step */
    nn_packed packed;             /* the weights of the step */
    nn_real **scratch;            /* by thread */
    int fold_depth;
    int64_t fold_values;
    nn_real **fold; /* by thread: fold_depth x fold_values */
    int64_t subtree_values;
    nn_real
        *subtree_sums; /* subtree_values: sums over subtrees, where threads share a node (step/wave_sum.h) */
    nn_tree_node *subtrees; /* slots: those of a wave */
    int wave_depth;
    nn_real **wave_sums; /* wave_depth complete gradients, where a share takes several waves */
    nn_batch_statistics statistics;
    nn_witness witness;
    nn_profile *profile; /* borrowed, or NULL */
};

/* Values of the largest part of a layer, padding included. */
int64_t nn_workers_largest_part(const nn_network *network);

/* Whether the gradient of a node with this many microbatches is rounded to bfloat16. */
static inline bool nn_workers_rounds(const nn_workers *workers, int64_t leaves)
{
    return workers->wire_leaves > 0 && leaves >= workers->wire_leaves;
}

/* The number of threads that have a microbatch of their own. */
int nn_workers_team(const nn_workers *workers);

/* Values of the state that a microbatch carries from step to step. */
int64_t nn_workers_carried_values(const nn_model *model, int64_t microbatch_size);

/* Keeps the first sample, so that the message does not depend on threads. Not thread-safe. */
void nn_workers_note(nn_nonfinite *nonfinite, nn_nonfinite found);

/* Microbatch `index` of a training step. */
nn_loaded_place nn_workers_place(const nn_workers *workers, nn_batch batch, int64_t step, int64_t index);

/* For the microbatch under watch: keeps the carried state that it begins with; hashes the statistics that it
 * collects in the forward pass; its results, together with that hash; and the gradient of one part. */
void nn_witness_begin(nn_workers *workers, const nn_loaded *loaded);
void nn_witness_collected(const double *values, int64_t count, uint64_t *hash);
void nn_witness_results(const nn_workers *workers, const double *results, uint64_t collected,
                        uint64_t *hashes);
void nn_witness_part(const nn_workers *workers, int layer, int part, const nn_real *gradient,
                     uint64_t *hashes);
void nn_witness_release(nn_witness *witness);

#endif
