/* In what two runs differ that could make their weights differ. */
#ifndef NN_DIFF_REASONS_H
#define NN_DIFF_REASONS_H

#include "diff/account.h"

typedef enum nn_reason_weight {
    NN_REASON_CAUSE,   /* changes the result */
    NN_REASON_EXTENT,  /* the length of a run and the like: may change the result, as by way of a schedule */
    NN_REASON_HARMLESS /* does not change it */
} nn_reason_weight;

typedef struct nn_reason {
    nn_reason_weight weight;
    const char *kind; /* "configuration", "seed", "data", "arithmetic", ...; a constant */
    char *what;       /* "optimizer.adam.learning_rate", "the values of data.train.x"; owned */
    char *a, *b;      /* values in the two runs; owned; NULL: there are none */
} nn_reason;

typedef struct nn_reasons {
    nn_reason *items; /* owned; causes first */
    size_t count;
    bool compared; /* both runs have a checkpoint, which says what is compared */
} nn_reasons;

/* Compares configurations, data, what the machines compute, versions. Release in any case. */
nn_status nn_reasons_find(const nn_account *a, const nn_account *b, nn_reasons *reasons);
void nn_reasons_release(nn_reasons *reasons);

/* How many there are of a weight. */
size_t nn_reasons_count(const nn_reasons *reasons, nn_reason_weight weight);

#endif
