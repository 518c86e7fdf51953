/*
 * The one small message that the ranks exchange in a step, between the sum of the gradients and the update:
 * what no rank can know alone. Every rank gets the messages of all and draws the same conclusions, so that
 * whatever ends or alters the run happens on all ranks at the same step.
 */
#ifndef NN_STEP_AGREEMENT_H
#define NN_STEP_AGREEMENT_H

#include "step/step.h"

/* How the messages of a step are laid out: known to all ranks, since it depends on the step alone. */
typedef struct nn_agreement_layout {
    const nn_shares *shares; /* of the batch's leaves; NULL: there is no batch, as before the first step */
    const nn_shares *next;   /* of those of the next batch; NULL: there is none */
    bool measures;           /* blocks are measured for clipping, or for the optimizer */
} nn_agreement_layout;

/* Where a rank puts its values: an array for each thing, all of them in its message. */
typedef struct nn_agreement_values {
    double *figures;      /* of its leaves, one after the other */
    double *denominators; /* of its leaves of the next batch, one per head */
    double *measures;     /* of its blocks */
} nn_agreement_values;

/* What a rank reports of itself. */
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

nn_agreement_values nn_agreement_values_of(const nn_stepper *stepper, const nn_agreement_layout *layout);

/* Exchanges the messages, and sums figures and denominators in the order of the canonical tree; measures go
 * to stepper->measures in the order of blocks. *lost: whether any rank could not read its data. Collective.
 */
nn_status nn_agreement_reach(nn_stepper *stepper, const nn_agreement_layout *layout,
                             const nn_step_report *own, nn_step_result *result, bool *lost);

#endif
