/* Trains the runs of a search one after another. */
#ifndef NN_SEARCH_SEARCH_RUN_H
#define NN_SEARCH_SEARCH_RUN_H

#include "comm/comm.h"
#include "search/search.h"
#include "settings/job.h"

/* How the runs ended. */
typedef struct nn_search_outcome {
    size_t complete, trained, failed; /* complete: before, so that there was nothing to do */
    size_t busy;                      /* in use by another job, and left to it */
} nn_search_outcome;

/* Trains each run in its own run directory, with what `job` says beyond the configuration. One that is
 * complete or in use by another job is left as it is, one that was stopped resumes. One that fails is
 * reported, and the others continue: the status is then that of the first failure. NN_STOPPED: on request, or
 * time is up; the runs after it have not begun. Collective. */
nn_status nn_search_run_all(nn_comm *comm, const nn_search *search, const nn_job *job,
                            nn_search_outcome *outcome);

#endif
