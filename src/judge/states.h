/*
 * What each sample of an evaluation adds to the losses and metrics, so that they can be computed again from
 * samples drawn from them with replacement. Metrics that are made of sums or counts are kept as the few
 * values of a sample that are not 0; those that compare all scores, as scores in descending order.
 *
 * Every rank has the states of all samples, and none of them depends on who evaluated what.
 */
#ifndef NN_JUDGE_STATES_H
#define NN_JUDGE_STATES_H

#include "step/evaluate.h"

/* The most that the states of one network may take on a rank, in bytes. */
#define NN_STATES_BYTES ((int64_t)1 << 30)

/* Where the values of a sample are. Those before `added` are added; those before `joined` are merged by their
 * metric; the rest are pairs of a score and an answer. */
typedef struct nn_states_layout {
    int64_t answers[NN_MODEL_HEADS]; /* of heads of classes: rows predicted correctly, and rows; -1: values */
    int64_t metrics[NN_MODEL_METRICS], widths[NN_MODEL_METRICS]; /* -1: matrices are not kept */
    int64_t added, joined, width;
} nn_states_layout;

/* The scores of one column of a metric, in descending order. */
typedef struct nn_states_column {
    int64_t count;
    int32_t *samples;   /* owned, as are the next: the position of each */
    uint8_t *yes, *tie; /* whether its score is equal to the one before */
} nn_states_column;

typedef struct nn_states {
    nn_comm *comm; /* borrowed, as is the model */
    const nn_model *model;
    nn_states_layout layout;
    int threads;
    struct states_thread *each;    /* owned: what the threads have seen */
    uint64_t *classes;             /* owned: hashes of the names of the classes, head after head */
    nn_evaluate_observer observer; /* for nn_evaluate_request */
    /* After nn_states_join. Everything is owned: */
    int64_t samples, bytes;                      /* bytes: that all of this takes */
    double *truths;                              /* by sample: a hash of what it is compared with */
    int64_t *begin;                              /* by sample, and one more: where its values begin */
    int32_t *index;                              /* of each value that is added */
    double *values, *merged;                     /* merged: by sample, joined - added values */
    nn_states_column *columns[NN_MODEL_METRICS]; /* of metrics that compare scores */
} nn_states;

/* Before an evaluation; release in any case. */
nn_status nn_states_create(nn_comm *comm, const nn_model *model, int threads, nn_states *states);
void nn_states_release(nn_states *states);

/* After the evaluation of this many samples. Collective. */
nn_status nn_states_join(nn_states *states, int64_t samples);

/* Whether the only row of a sample is predicted correctly: 1 or 0; -1: it has no label; -2: the sample has
 * several rows. */
int nn_states_hit(const nn_states *states, int head, int64_t sample);

/* The results of samples drawn `times` often each: loss, the losses of the heads, metrics (NaN: undefined, or
 * not kept); NN_STATES_RESULTS of them. scratch: nn_states_scratch doubles. */
#define NN_STATES_RESULTS (1 + NN_MODEL_HEADS + NN_MODEL_METRICS)
int64_t nn_states_scratch(const nn_states *states);
void nn_states_draw(const nn_states *states, const uint32_t *times, double *scratch,
                    double results[NN_STATES_RESULTS]);

#endif
