/*
 * nntrain: training in place, on the samples of a running program.
 *
 * A simulation, or an agent in an environment, makes samples while it runs, and trains a network on them
 * without a file in between:
 *
 *     nn_trainer *trainer;
 *     nn_trainer_create(MPI_COMM_WORLD, "closure.yaml", "runs/closure", NULL, 0, &trainer);   nntrain_mpi.h
 *     for (...) {
 *         ... advance the simulation, on this rank's part of the domain: n samples ...
 *         nn_trainer_array x = {inputs, NN_TRAINER_DOUBLE, 2, {n, 4}}, y = {targets, NN_TRAINER_DOUBLE, 2,
 *                                                                           {n, 1}};
 *         nn_trainer_step(trainer, n, &x, &y, NULL, &result);
 *         nn_trainer_predict_f64(trainer, n, inputs, predictions);
 *     }
 *     nn_trainer_save(trainer);
 *     nn_trainer_destroy(trainer);
 *
 * The configuration is that of `nntrain train` without files: data.in_place has the shapes of the samples
 * (`nntrain help in-place`).
 *
 * The batch of a step is the concatenation of what the ranks bring, in the order of their ranks in the
 * communicator; any rank may bring any number of samples, or none. It is cut into microbatches that are
 * shared out to all ranks, for which samples travel between ranks. The same concatenation therefore gives the
 * same bits on any number of ranks, and those of `nntrain train` on the same batches from a file. Numbers may
 * be given in single or double precision: the same numbers give the same bits.
 *
 * No sample travels where all ranks bring the same number of whole microbatches and are numbered node by
 * node. With data.in_place.local none ever does in a step (but for the first ones, with from_first): each
 * rank computes on as many microbatches as the one with the most samples, filled up with copies of weight 0.
 * Then only the same samples on the same ranks give the same bits.
 *
 * Every function that is collective says so: all ranks of the communicator call it, in the same order. A rank
 * whose arguments are wrong ends the call on all ranks with the same status and text (nn_error_text), and so
 * do ranks that call different functions of one trainer. Nothing has changed then, and the next call may
 * succeed. After a failure of another kind (NN_ERROR_COMM, NN_ERROR_CORRUPT, ...) the trainer refuses further
 * calls. A rank that dies, or makes no progress within a call for training.hang_timeout seconds, ends the
 * job; between calls a program may do what it likes for as long as it likes.
 *
 * A process may have several trainers, but one call at a time, from one thread. What nn_train
 * (nntrain_mpi.h) promises about the process around it holds for each call.
 */
#ifndef NNTRAIN_NNTRAIN_TRAINER_H
#define NNTRAIN_NNTRAIN_TRAINER_H

#include "nntrain/nntrain.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct nn_trainer nn_trainer;

/* ---- making ---- */

/*
 * Makes a trainer from a configuration with data.in_place; overrides are "key=value" texts. With a run
 * directory it resumes from the newest checkpoint there, if there is one (nn_trainer_steps says where it is);
 * NULL: nothing can be saved. Collective over the communicator, which is duplicated, and given as a Fortran
 * handle (MPI_Comm_c2f): nn_trainer_create of nntrain_mpi.h takes an MPI_Comm. *trainer is owned by the
 * caller, and NULL on failure.
 */
nn_status nn_trainer_create_on_handle(int communicator, const char *config_path, const char *run_directory,
                                      const char *const *overrides, size_t override_count,
                                      nn_trainer **trainer);

/* Saves nothing. Accepts NULL. Fails, and releases nothing, if other ranks call another function. Collective.
 */
nn_status nn_trainer_destroy(nn_trainer *trainer);

/* ---- samples ---- */

#define NN_TRAINER_DIMENSIONS 8

typedef enum nn_trainer_type {
    NN_TRAINER_FLOAT,
    NN_TRAINER_DOUBLE,
    NN_TRAINER_INT32, /* for class labels and indices; numbers are as well */
    NN_TRAINER_INT64
} nn_trainer_type;

/* An array of samples in row-major order: extents[0] is the number of samples, the others are those of
 * data.in_place. Everything is borrowed during the call. */
typedef struct nn_trainer_array {
    const void *values;
    nn_trainer_type type;
    size_t dimensions;
    size_t extents[NN_TRAINER_DIMENSIONS];
} nn_trainer_array;

/* The number of inputs, and of targets: of the arrays of a call, in the order of the configuration. Not
 * collective. */
size_t nn_trainer_input_number(const nn_trainer *trainer);
size_t nn_trainer_target_number(const nn_trainer *trainer);

/* What a step, or an evaluation, found: the same on all ranks. */
#define NN_TRAINER_METRICS 32
typedef struct nn_trainer_result {
    int64_t step;    /* steps done */
    int64_t samples; /* of all ranks in this call */
    int trained;     /* 1: a step was taken. 0: there were no samples, or they were only measured, or
                      * evaluated */
    double loss;     /* before the step; NaN where there is none */
    size_t metric_count;
    double metrics[NN_TRAINER_METRICS]; /* in the order of the configuration; NaN: undefined, or left to
                                         * evaluations */
} nn_trainer_result;

/* The name of a metric; NULL: the index is out of range. Borrowed. Not collective. */
const char *nn_trainer_metric_name(const nn_trainer *trainer, size_t metric);

/* ---- training ---- */

/*
 * One step of the optimizer on the samples of all ranks: `samples` of this rank, with an array per input and
 * per target (not read if samples is 0; NULL is then fine). weights: an array of one number per sample with
 * data.in_place.weights, otherwise NULL. result may be NULL.
 *
 * At most training.batch_size samples come together. Without any on all ranks nothing happens. With
 * data.in_place.from_first: N, calls only measure the normalisation until N samples have come; the call that
 * completes them also trains.
 *
 * NN_ERROR_NONFINITE: an output, the loss or the gradient was NaN or infinite; the weights have not changed,
 * and training may continue with other samples. Collective.
 */
nn_status nn_trainer_step(nn_trainer *trainer, size_t samples, const nn_trainer_array *inputs,
                          const nn_trainer_array *targets, const nn_trainer_array *weights,
                          nn_trainer_result *result);

/* Loss and all metrics on the samples of all ranks, any number of them; nothing changes. The same bits on any
 * number of ranks. Collective. */
nn_status nn_trainer_evaluate(nn_trainer *trainer, size_t samples, const nn_trainer_array *inputs,
                              const nn_trainer_array *targets, const nn_trainer_array *weights,
                              nn_trainer_result *result);

/* ---- predicting ---- */

/* Predictions of this rank's samples with the present weights, as nn_predictor_run (nntrain.h) makes them:
 * for each sample all inputs one after another, then all outputs. Not collective: any rank may call it at any
 * time, from the thread that trains. */
nn_status nn_trainer_predict(nn_trainer *trainer, size_t samples, const float *inputs, float *outputs);
nn_status nn_trainer_predict_f64(nn_trainer *trainer, size_t samples, const double *inputs, double *outputs);

/* A predictor with the trainer's weights, which it always follows: for arrays per input, and for derivatives.
 * Borrowed; valid until the trainer is destroyed, loads, is copied to, or measures. Not collective, and not
 * to be used by another thread during a call of the trainer. */
nn_status nn_trainer_predictor(nn_trainer *trainer, nn_predictor **predictor);

/* ---- state ---- */

/* Steps done, over all jobs; and the fingerprint of the weights, that of `nntrain info`. Not collective. */
int64_t nn_trainer_steps(const nn_trainer *trainer);
uint64_t nn_trainer_fingerprint(const nn_trainer *trainer);

/* Writes a checkpoint of the present step to the run directory, and returns when it is on the disk. It is an
 * ordinary one: `nntrain info`, predict, export and nn_predictor_open read it. checkpoint.keep_last of them
 * are kept. Collective. */
nn_status nn_trainer_save(nn_trainer *trainer);

/* Continues from the checkpoint of a step in the run directory, as if the steps after it had not been; -1:
 * the newest. The next save removes the checkpoints of later steps. Collective. */
nn_status nn_trainer_load(nn_trainer *trainer, int64_t step);

/* Makes the weights of `to` fraction x those of `from` + (1 - fraction) x their own: 1 copies, as for the
 * target networks of reinforcement learning, less than 1 averages. Both have the same network and
 * normalisation (`to` takes that of `from` if it has none yet), and communicators of the same ranks in the
 * same order. The optimizer of `to` is not changed. Collective. */
nn_status nn_trainer_copy(nn_trainer *from, nn_trainer *to, double fraction);

#ifdef __cplusplus
}
#endif

#endif
