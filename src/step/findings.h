/* What metrics that keep no sums find in an evaluation: counts, which add up exactly in any order, and values
 * of all rows, which the first rank judges together. */
#ifndef NN_STEP_FINDINGS_H
#define NN_STEP_FINDINGS_H

#include "comm/comm.h"
#include "step/figures.h"

/* Fails where the values that a metric collects of so many samples take more memory than it may. */
nn_status nn_findings_check(const nn_model *model, int64_t samples);

/* Room for this rank's share of a part. Release it in any case. */
nn_status nn_findings_create(nn_comm *comm, const nn_model *model, const nn_workers *workers, int64_t samples,
                             int64_t leaves, nn_findings *findings);

/* Adds the metrics to the figures of all ranks. Collective. */
nn_status nn_findings_finish(nn_comm *comm, const nn_model *model, const nn_workers *workers, int64_t samples,
                             int64_t leaves, const nn_findings *findings, nn_figures *figures);
void nn_findings_release(nn_findings *findings);

#endif
