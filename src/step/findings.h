/* What metrics that keep no sums find in an evaluation: counts, which add up exactly in any order, and values
 * of all rows, which the first rank judges together. */
#ifndef NN_STEP_FINDINGS_H
#define NN_STEP_FINDINGS_H

#include "base/shares.h"
#include "comm/comm.h"
#include "step/figures.h"

/* Fails where the values that a metric collects of so many samples take more memory than it may. */
nn_status nn_findings_check(const nn_model *model, int64_t samples);

/* An evaluation of so many samples, whose leaves are shared out like this. */
typedef struct nn_findings_request {
    nn_comm *comm;
    const nn_model *model;
    const nn_workers *workers;
    int64_t samples;
    const nn_shares *shares;
} nn_findings_request;

/* Room for this rank's share of a part. Release it in any case. */
nn_status nn_findings_create(const nn_findings_request *request, nn_findings *findings);

/* Adds the metrics to the figures of all ranks. Collective. */
nn_status nn_findings_finish(const nn_findings_request *request, const nn_findings *findings,
                             nn_figures *figures);
void nn_findings_release(nn_findings *findings);

#endif
