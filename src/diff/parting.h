/* Where two runs first part. */
#ifndef NN_DIFF_PARTING_H
#define NN_DIFF_PARTING_H

#include "diff/account.h"

/* Zero-initialised by nn_parting_find; steps count from 1, 0 means none. */
typedef struct nn_parting {
    int64_t same_until;   /* the last step after which the weights are known to be the same */
    int64_t agreed_until; /* the last step whose results in metrics.jsonl are the same, before any other */
    int64_t first;        /* the first step after which anything is known to differ */
    nn_text how;          /* what differs then: "the weights of dense1, dense2"; "train/loss is 1 and 2" */
    nn_text_list layers;  /* whose weights differ then; empty: it is not known */
    bool weights;         /* what differs then are weights */
    int64_t steps[2];     /* the last of each run of which anything is known */
    size_t fingerprints;  /* steps at which weights were compared by fingerprints that were recorded */
    size_t checkpoints;   /* and by checkpoints of both */
    size_t lines;         /* compared of metrics.jsonl */
    size_t unreadable[2]; /* lines of each metrics.jsonl that cannot be read, and are passed over */
} nn_parting;

/* Compares fingerprints by step, results by step and epoch (times aside; only those that both have), and the
 * weights in checkpoints of the same step. Release in any case. */
nn_status nn_parting_find(const nn_account *a, const nn_account *b, nn_parting *parting);
void nn_parting_release(nn_parting *parting);

#endif
