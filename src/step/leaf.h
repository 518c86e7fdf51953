/* One microbatch of a part of the data, in flight on one thread. */
#ifndef NN_STEP_LEAF_H
#define NN_STEP_LEAF_H

#include "step/packed.h"
#include "step/workers.h"

/* What a head compares its output with. */
typedef struct nn_leaf_head {
    int64_t *labels;  /* rows; NULL for values */
    nn_real *targets; /* normalised; NULL for classes that are never mixed */
    nn_real *weights; /* of the rows; NULL: 1 each */
    double *predicted,
        *observed; /* output and targets in the target's own units; NULL where it is not values */
} nn_leaf_head;

struct nn_leaf {
    nn_microbatch *microbatch;
    int64_t *samples; /* indices in the part */
    int head_count;
    nn_leaf_head heads[NN_MODEL_HEADS];
    int64_t *labels;  /* as gathered: of all heads, sample by sample; those of the head where there is one */
    nn_real *targets; /* the same, of values */
    nn_real *weights; /* of the samples; NULL: 1 each */
    double *observed; /* the targets that are values, in their own units; NULL where none is wanted */
    double *bases;    /* what targets are differences to; observed values are then no differences; NULL: not
                         wanted */
    bool soft;        /* the targets of the only head are soft */
    bool weighted;    /* weights count in the part at hand */
    nn_real *data_scratch;  /* of the data set's transforms */
    int64_t first_position; /* of its first sample in the order of the part */
};

/* Where a leaf's samples are. */
typedef struct nn_leaf_place {
    nn_part part;
    bool training;
    int64_t epoch, batch_first; /* the batch begins at this position of the epoch's order */
    nn_tree_node range;         /* of its samples within the batch */
    int64_t batch_samples;
    uint64_t seed;
    uint32_t step;
    const double *statistics; /* of the batch, in training; NULL: no layer asks for them */
} nn_leaf_place;

/* What of the data decides how much room a leaf takes. */
typedef struct nn_leaf_needs {
    bool soft;       /* targets of classes may be mixed */
    bool weights;    /* of samples */
    bool bases;      /* the values of all targets as they are stored, and what they are differences to */
    int64_t scratch; /* values a sample, for transforms */
} nn_leaf_needs;
nn_leaf_needs nn_leaf_needs_of(const nn_model *model, const nn_dataset *data);

nn_status nn_leaf_create(const nn_model *model, const nn_leaf_needs *needs, int64_t capacity, nn_leaf *leaf);
void nn_leaf_destroy(nn_leaf *leaf);
size_t nn_leaf_memory(const nn_model *model, const nn_dataset *data, int64_t capacity);

/* Gathers the samples, or only their targets; the latter also for the denominators that they add, one a head.
 */
void nn_leaf_load(nn_leaf *leaf, const nn_model *model, const nn_dataset *data, const nn_leaf_place *place,
                  bool inputs);
void nn_leaf_denominators(nn_leaf *leaf, const nn_model *model, const nn_dataset *data,
                          const nn_leaf_place *place, double *denominators);

/* From shares of classes to labels, for metrics: the class of the largest; none where any is missing. Part of
 * loading. */
void nn_leaf_find_dominant(nn_leaf *leaf, const nn_model *model);

/* A loaded leaf as bytes, and such bytes in place of a load, on any rank. */
size_t nn_leaf_packed_size(const nn_leaf *leaf, const nn_model *model, const nn_dataset *data);
void nn_leaf_pack(const nn_leaf *leaf, const nn_model *model, const nn_dataset *data, char *bytes);
void nn_leaf_unpack(nn_leaf *leaf, const nn_model *model, const nn_dataset *data, const nn_leaf_place *place,
                    const char *bytes);

/* Forward pass, figures (nn_figures_width values) and, in training, the gradients of the weighted losses with
 * respect to the outputs; denominators: one a head, NULL where there is no training. Reports the first sample
 * and layer that are not finite. */
nn_nonfinite nn_leaf_forward(nn_leaf *leaf, const nn_model *model, const nn_real *weights, nn_real *scratch,
                             const double *denominators, double *figures);
/* Of this, the layers [begin, end); and what comes after the last one. */
void nn_leaf_run(nn_leaf *leaf, const nn_model *model, const nn_real *weights, const nn_packed *packed,
                 nn_real *scratch, int begin, int end);
nn_nonfinite nn_leaf_finish(nn_leaf *leaf, const nn_model *model, const double *denominators,
                            double *figures);
/* Of this, losses, metrics and gradients. */
void nn_leaf_figures(nn_leaf *leaf, const nn_model *model, const double *denominators, double *figures);

/* After either of the two: adds to the counts of `thread`, and writes what is collected; `sample` is the
 * first one's place among those collected. */
void nn_leaf_judge(nn_leaf *leaf, const nn_model *model, int thread, int64_t sample,
                   const nn_findings *findings);

/* The figures of a network whose outputs are `constant` (of all heads, one behind the other) for every
 * sample; metrics of values see it as exact as it is given. */
void nn_leaf_constant(nn_leaf *leaf, const nn_model *model, const double *constant, double *figures);

#endif
