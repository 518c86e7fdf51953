/*
 * A loaded microbatch: the network's buffers for it (nn_microbatch) with its targets and weights. Losses and
 * metrics are computed from it. It is one thread's at a time.
 */
#ifndef NN_STEP_LOADED_H
#define NN_STEP_LOADED_H

#include "step/packed.h"
#include "step/workers.h"

/* What the output of a head is compared with. */
typedef struct nn_loaded_head {
    int64_t *labels;  /* rows; NULL for values */
    nn_real *targets; /* normalised; NULL for classes that are never mixed */
    nn_real *weights; /* of the rows; NULL: 1 each */
    double *predicted,
        *observed; /* output and targets, in the target's own units; NULL where the target is not values */
} nn_loaded_head;

struct nn_loaded {
    nn_microbatch *microbatch;
    int64_t *samples; /* indices in the part */
    int head_count;
    nn_loaded_head heads[NN_MODEL_HEADS];
    int64_t *labels;  /* as gathered: of all heads, sample by sample; with a single head, the head's own */
    nn_real *targets; /* the same, of values */
    nn_real *weights; /* of the samples; NULL: 1 each */
    double *observed; /* targets that are values, in their own units; NULL: not wanted */
    double *bases;    /* what targets are differences to; observed values are then not differences. NULL: not
                         wanted */
    bool soft;        /* the targets of the only head are soft */
    bool weighted;    /* weights count in this part */
    int64_t copies;   /* the last samples that are copies (data/in_place.h), which metrics leave out */
    nn_real *data_scratch;  /* of the data set's transforms */
    int64_t first_position; /* of its first sample in the order of the part */
    nn_profile *profile;    /* borrowed, or NULL */
};

/* Which samples of which batch a microbatch has. */
typedef struct nn_loaded_place {
    nn_part part;
    bool training;
    int64_t epoch, batch_first; /* the batch begins at this position of the epoch's order */
    nn_tree_node range;         /* of its samples within the batch */
    int64_t batch_samples;
    uint64_t seed;
    uint32_t step;
    const double *statistics; /* of the batch, in training; NULL: no layer needs them */
} nn_loaded_place;

/* What in the data determines the size of a loaded microbatch. */
typedef struct nn_loaded_needs {
    bool soft;       /* targets of classes may be mixed */
    bool weights;    /* of samples */
    bool bases;      /* the values of all targets as they are stored, and what they are differences to */
    int64_t scratch; /* values per sample, for transforms */
} nn_loaded_needs;
nn_loaded_needs nn_loaded_needs_of(const nn_model *model, const nn_dataset *data);

/* loaded: zeros before. Destroy it in any case. */
nn_status nn_loaded_create(const nn_model *model, const nn_loaded_needs *needs, int64_t capacity,
                           nn_loaded *loaded);
void nn_loaded_destroy(nn_loaded *loaded);
size_t nn_loaded_memory(const nn_model *model, const nn_dataset *data, int64_t capacity);

/* Gathers the samples, or (inputs: false) only their targets. The second function needs only the targets: it
 * computes what the microbatch adds to the denominators, one value per head. */
void nn_loaded_fill(nn_loaded *loaded, const nn_model *model, const nn_dataset *data,
                    const nn_loaded_place *place, bool inputs);
void nn_loaded_denominators(nn_loaded *loaded, const nn_model *model, const nn_dataset *data,
                            const nn_loaded_place *place, double *denominators);

/* From class probabilities to labels, for metrics: the most probable class; none where any is missing.
 * Filling includes this. */
void nn_loaded_find_dominant(nn_loaded *loaded, const nn_model *model);

/* A loaded microbatch as bytes; and filled from such bytes, on any rank. */
size_t nn_loaded_packed_size(const nn_loaded *loaded, const nn_model *model, const nn_dataset *data);
void nn_loaded_pack(const nn_loaded *loaded, const nn_model *model, const nn_dataset *data, char *bytes);
void nn_loaded_unpack(nn_loaded *loaded, const nn_model *model, const nn_dataset *data,
                      const nn_loaded_place *place, const char *bytes);

/* Forward pass, results (nn_results_width values) and, in training, the gradients of the weighted losses with
 * respect to the outputs. denominators: one per head; NULL: not training. Returns the first sample and layer
 * that are not finite. */
nn_nonfinite nn_loaded_forward(nn_loaded *loaded, const nn_model *model, const nn_real *weights,
                               nn_real *scratch, const double *denominators, double *results);
/* Its two halves: the layers [begin, end); and what follows the last layer. */
void nn_loaded_run(nn_loaded *loaded, const nn_model *model, const nn_real *weights, const nn_packed *packed,
                   nn_real *scratch, int begin, int end);
nn_nonfinite nn_loaded_finish(nn_loaded *loaded, const nn_model *model, const double *denominators,
                              double *results);
/* Only losses, metrics and gradients. */
void nn_loaded_results(nn_loaded *loaded, const nn_model *model, const double *denominators, double *results);

/* After a forward pass: the call for the loss and the metrics of sample `i` of the microbatch alone. */
nn_loss_call nn_loaded_sample_call(const nn_loaded *loaded, const nn_model *model, int h, int64_t i);

/* After a forward pass: the loss of sample `i` of the microbatch, the weighted sum of its heads' mean losses;
 * NaN if nothing of the sample counts. */
double nn_loaded_sample_loss(const nn_loaded *loaded, const nn_model *model, int64_t i);

/* After a forward pass: adds to the counts of `thread`, and writes what metrics collect, from place `sample`
 * on. */
void nn_loaded_judge(nn_loaded *loaded, const nn_model *model, int thread, int64_t sample,
                     const nn_findings *findings);

/* The results of a network whose outputs are `constant` (head after head) for every sample. Metrics of values
 * get the constant in double precision. */
void nn_loaded_constant(nn_loaded *loaded, const nn_model *model, const double *constant, double *results);

#endif
