/* Samples of an evaluation with their outputs and truths, as records of doubles. */
#ifndef NN_JUDGE_CHOSEN_H
#define NN_JUDGE_CHOSEN_H

#include "comm/comm.h"
#include "model/model.h"

/* A record: position in the part, loss, and for each head its predictions and truths. */
enum { NN_RECORD_POSITION, NN_RECORD_LOSS, NN_RECORD_HEADS };

typedef struct nn_record_layout {
    int64_t width;                                            /* doubles of a record, without inputs */
    int64_t predicted[NN_MODEL_HEADS], truth[NN_MODEL_HEADS]; /* where they begin */
    int64_t predicted_count[NN_MODEL_HEADS], truth_count[NN_MODEL_HEADS]; /* truth: labels, or values */
    int64_t inputs;                                                       /* values of a sample's input */
} nn_record_layout;

nn_record_layout nn_record_layout_of(const nn_model *model);

/* Samples whose positions are known before the evaluation, in ascending order. */
typedef struct nn_chosen_samples {
    int64_t count, width;
    int64_t *positions; /* owned */
    double *records;    /* owned: count x width; this rank fills in those of its share, the others are 0 */
} nn_chosen_samples;

/* Chooses `most` of `samples` positions at random, or the first ones. Release in any case. */
nn_status nn_chosen_random(int64_t samples, int64_t most, uint64_t seed, int64_t width,
                           nn_chosen_samples *kept);
nn_status nn_chosen_first(int64_t samples, int64_t most, int64_t width, nn_chosen_samples *kept);
void nn_chosen_release(nn_chosen_samples *kept);

/* Where the record of a position is; NULL: it is not kept. */
double *nn_chosen_record(const nn_chosen_samples *kept, int64_t position);

/* Rank 0 gets the records of all ranks. Collective. */
nn_status nn_chosen_join(nn_comm *comm, nn_chosen_samples *kept);

/* The samples with the largest losses so far, the largest first. */
typedef struct nn_worst {
    int64_t count, most, width; /* width: of a record and its input, if inputs are kept */
    double *records;            /* owned: most x width */
} nn_worst;

nn_status nn_worst_create(int64_t most, int64_t width, nn_worst *worst);
void nn_worst_release(nn_worst *worst);

/* Whether a sample would be kept; and keeps a record that would. */
bool nn_worst_wants(const nn_worst *worst, double loss, int64_t position);
void nn_worst_keep(nn_worst *worst, const double *record);

/* Rank 0 gets the worst of all ranks, in steps of pairs: none receives more than a few lists. Collective. */
nn_status nn_worst_join(nn_comm *comm, nn_worst *worst);

#endif
