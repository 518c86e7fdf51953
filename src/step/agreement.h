/*
 * The one small message that the ranks exchange in a step, between the sum of the gradients and the update:
 * what no rank can know alone. It is combined along the canonical tree (comm/combine.h), and every rank gets
 * the same result and draws the same conclusions, so that whatever ends or alters the run happens on all
 * ranks at the same step. Norms of the gradient are a message of their own (step/norms.h).
 */
#ifndef NN_STEP_AGREEMENT_H
#define NN_STEP_AGREEMENT_H

#include "step/stepper.h"

/* What the ranks agree on in a step. */
typedef struct nn_agreement_layout {
    const nn_shares *shares; /* of the batch; NULL: there is none, as before the first step */
    const nn_shares *next;   /* of the next batch; NULL: there is none */
} nn_agreement_layout;

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

/* Sums stepper->results and stepper->counted over the microbatches of all ranks in the order of the canonical
 * tree: results go to *result, denominators to stepper->denominators. *lost: whether any rank could not read
 * its data. Collective. */
nn_status nn_agreement_reach(nn_stepper *stepper, const nn_agreement_layout *layout,
                             const nn_step_report *own, nn_step_result *result, bool *lost);

#endif
