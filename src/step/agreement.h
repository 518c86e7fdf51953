/*
 * The one small message that the ranks exchange in a step, between the sum of the gradients and the update:
 * what no rank can know alone. Every rank gets the messages of all and draws the same conclusions, so that
 * whatever ends or alters the run happens on all ranks at the same step.
 */
#ifndef NN_STEP_AGREEMENT_H
#define NN_STEP_AGREEMENT_H

#include "step/stepper.h"

/* The layout of the messages of a step: it depends on the step alone, so every rank knows it. */
typedef struct nn_agreement_layout {
    const nn_shares *shares; /* of the batch; NULL: there is none, as before the first step */
    const nn_shares *next;   /* of the next batch; NULL: there is none */
    bool measures;           /* blocks are measured for clipping, or for the optimizer */
} nn_agreement_layout;

/* Where in its message a rank puts its values. */
typedef struct nn_agreement_values {
    double *results;      /* of its microbatches, `width` values each */
    double *denominators; /* of its microbatches of the next batch, one value per head */
    double *measures;     /* of its blocks, as nn_update_measure writes them */
} nn_agreement_values;

/* A rank's report on itself. */
typedef struct nn_step_report {
    unsigned requests;
    bool lost; /* its data could not be read */
    nn_nonfinite nonfinite;
    int64_t bad_block; /* its first block whose summed gradient is not finite; -1: none */
} nn_step_report;

/* The report of a rank that has nothing to say. */
#define NN_STEP_REPORT_NONE ((nn_step_report){.nonfinite = {.position = -1}, .bad_block = -1})

/* Room in the stepper. */
nn_status nn_agreement_create(nn_stepper *stepper);
void nn_agreement_release(nn_stepper *stepper);

/* In the stepper's own message, up to the next exchange. */
nn_agreement_values nn_agreement_values_of(const nn_stepper *stepper, const nn_agreement_layout *layout);

/* Exchanges the messages, and sums results and denominators in the order of the canonical tree; measures go
 * to stepper->measures in the order of blocks. *lost: whether any rank could not read its data. Collective.
 */
nn_status nn_agreement_reach(nn_stepper *stepper, const nn_agreement_layout *layout,
                             const nn_step_report *own, nn_step_result *result, bool *lost);

#endif
