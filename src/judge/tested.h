/* The results of the test part of several runs. */
#ifndef NN_JUDGE_TESTED_H
#define NN_JUDGE_TESTED_H

#include "rundir/sweep.h"

/* Sets what the runs and groups have of the test part, by the metric that chooses the best weights. What is
 * wrong with a file of results is reported, unless the run has not ended. */
nn_status nn_tested_read(nn_sweep *all);

#endif
