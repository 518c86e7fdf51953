/* The threads of a rank at work on its share of a batch: gather, forward, loss, backward, and the gradient
 * summed in the canonical tree. Microbatches are divided among threads; the sums are not shared by threads
 * (see workers_gradient.c).
 */
#ifndef NN_STEP_WORKERS_H
#define NN_STEP_WORKERS_H

#include "base/shares.h"
#include "base/tree.h"
#include "data/dataset.h"
#include "model/model.h"
#include "step/batch_statistics.h"
#include "step/plan.h"

typedef struct nn_workers nn_workers;
typedef struct nn_profile nn_profile; /* step/profile.h */

/* What is summed per microbatch: for each head the loss that is minimised (without its weight) and its
 * denominator; then the sums of each metric that keeps sums: in training, of those that were asked for and
 * are small. */
enum { NN_RESULT_LOSS, NN_RESULT_DENOMINATOR, NN_HEAD_RESULTS };
#define NN_RESULTS_MAX                                                                                       \
    (NN_MODEL_HEADS * NN_HEAD_RESULTS + NN_MODEL_ASKED * NN_METRIC_SUMS_MAX) /* in training */
int nn_results_width(const nn_model *model, bool training);
bool nn_results_is_summed(const nn_model *model, int metric, bool training);

/* What an evaluation keeps for metrics that are not sums: by metric, NULL for others. */
typedef struct nn_findings {
    double *counts[NN_MODEL_METRICS];     /* zeroed by the caller: a copy of the metric's counts per thread */
    nn_real *collected[NN_MODEL_METRICS]; /* of all rows of the share, in order */
} nn_findings;

/* The number of values that a metric keeps: sums, counts, or values collected per row. */
int64_t nn_results_metric_width(const nn_model *model, int metric);

/* The first non-finite value met, for the message. position < 0: none. */
typedef struct nn_nonfinite {
    int64_t position; /* in the order of the epoch or part */
    int layer;        /* the first layer whose output is not finite; layer_count: only the loss is */
    int mixed; /* layers up to it that need the whole batch: above the first such layer, the value may have
                  come from another sample */
} nn_nonfinite;

/* Whether `one` is closer to the origin than `other`, whichever threads and ranks met them. */
bool nn_workers_is_earlier(nn_nonfinite one, nn_nonfinite other);

/* Called by the thread that started the gradient. */
typedef struct nn_workers_hooks {
    /* Before the forward pass of layer `layer` (0: of none yet): waits until its weights can be read. *ready:
     * so can those of all layers below `ready`, which the caller passes before it asks again. NULL: all can
     * be read. */
    nn_status (*weights_needed)(void *context, int layer, int *ready);
    /* Between layers, and parts of large layers: the gradient from value `begin` on is final on this rank. */
    nn_status (*gradient_done)(void *context, int64_t begin);
    void *context;                         /* of both */
    nn_batch_statistics_exchange exchange; /* NULL: the share is the whole batch */
    void *exchange_context;
} nn_workers_hooks;

/* What the workers of a rank are made for. */
typedef struct nn_workers_request {
    int threads;
    int64_t share_max; /* the longest share */
    int64_t microbatch_size;
    double memory; /* bytes for the microbatches of a wave; there is room for one per thread in any case */
    uint64_t seed;
    int64_t wire_leaves; /* nn_plan.wire_leaves */
    nn_profile *profile; /* borrowed; records where time goes. NULL: nothing does */
} nn_workers_request;

/* Makes room for a wave: as many microbatches of a share as fit the memory, and all of them where a layer
 * needs the whole batch. model and data are borrowed. */
nn_status nn_workers_create(const nn_model *model, nn_dataset *data, const nn_workers_request *request,
                            nn_workers **workers);
void nn_workers_destroy(nn_workers *workers); /* accepts NULL */
int nn_workers_threads(const nn_workers *workers);

/* The state that layers carry from step to step: *count values for each microbatch in the share of a full
 * batch; NULL where no layer carries state. */
nn_real *nn_workers_carried(nn_workers *workers, int64_t *count);
/* Bytes that nn_workers_create takes. */
size_t nn_workers_memory(const nn_model *model, const nn_dataset *data, const nn_workers_request *request);

/* A microbatch of the last batch as it was before its gradient, in memory of the workers. carried: room for
 * the state of a microbatch, where layers carry state; it receives the state from before the step. The
 * batch's data must not have been released. */
typedef struct nn_replaced nn_replaced; /* step/replaced.h */
typedef struct nn_loaded nn_loaded;
nn_loaded *nn_workers_reload(nn_workers *workers, nn_batch batch, int64_t step, nn_tree_node share,
                             int64_t index, nn_real *carried);

/* Initial weights, from the seed. */
nn_status nn_workers_initialize(nn_workers *workers, nn_real *weights);

/* Looks at each microbatch of an evaluation after its forward pass, the first sample of which is at
 * `position` in the part. Called by several threads. */
typedef struct nn_evaluate_observer {
    void (*see)(void *context, const nn_loaded *loaded, int thread, int64_t position);
    void *context;
} nn_evaluate_observer;

/* Microbatches of a share to be evaluated, without training. */
typedef struct nn_evaluate_call {
    nn_part part;
    int64_t microbatches; /* of the whole part */
    nn_tree_node share;   /* of this rank; where the part streams, the caller has it read ahead: ... */
    nn_tree_node
        some; /* ... span i is microbatch share.begin + i. Those of `some` are evaluated and released */
    const nn_real *weights;               /* of the network; NULL: instead, ... */
    const nn_replaced *replaced;          /* an input that comes from other samples; NULL: none */
    const double *constant;               /* ... its outputs are this for every sample, head after head */
    double *results;                      /* out: for each microbatch of `some`, nn_results_width values */
    nn_findings *findings;                /* out; NULL: none are wanted */
    nn_nonfinite *nonfinite;              /* in and out: the first that was met */
    const nn_evaluate_observer *observer; /* NULL: none */
} nn_evaluate_call;

/* Forward pass and results. */
void nn_workers_evaluate(nn_workers *workers, const nn_evaluate_call *call);

/* The denominators of the share's microbatches, one per head, from their targets alone. */
void nn_workers_denominators(nn_workers *workers, nn_batch batch, nn_tree_node share, double *denominators);

/* The gradient of a batch on this rank's share. */
typedef struct nn_gradient_call {
    nn_batch batch;
    int64_t step;
    const nn_shares *shares; /* of the batch; NULL where hooks.exchange is */
    nn_tree_node share;      /* this rank's, ... */
    const nn_tree_node *nodes;
    int node_count; /* ... and its maximal nodes */
    const nn_real *weights;
    const double *denominators; /* of the batch, one per head */
    nn_workers_hooks hooks;
    nn_real *const
        *partials;   /* out: for each node, the gradient summed over its microbatches; value_count values */
    double *results; /* out: for each microbatch, nn_results_width values */
    nn_nonfinite nonfinite; /* out */
} nn_gradient_call;

/* Collective where a layer needs the whole batch and hooks.exchange is not NULL. */
nn_status nn_workers_gradient(nn_workers *workers, nn_gradient_call *call);

#endif
