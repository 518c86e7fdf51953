/* What an evaluation keeps for metrics that are not sums: counts, which add up exactly in any order, and
 * values of all rows, which rank 0 evaluates together. */
#ifndef NN_STEP_FINDINGS_H
#define NN_STEP_FINDINGS_H

#include "base/shares.h"
#include "comm/comm.h"
#include "step/results.h"

/* Fails where the values that a metric collects from this many samples exceed its memory limit. */
nn_status nn_findings_check(const nn_model *model, int64_t samples);

/* An evaluation of `samples` samples, whose microbatches are shared out like this. */
typedef struct nn_findings_request {
    nn_comm *comm;
    const nn_model *model;
    const nn_workers *workers;
    int64_t samples;
    const nn_shares *shares;
} nn_findings_request;

/* Room for this rank's share of a part. Release it in any case. */
nn_status nn_findings_create(const nn_findings_request *request, nn_findings *findings);

/* Adds the metrics to the results of all ranks. Collective. */
nn_status nn_findings_finish(const nn_findings_request *request, const nn_findings *findings,
                             nn_results *results);
void nn_findings_release(nn_findings *findings);

#endif
