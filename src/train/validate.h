/* A validation: the validation part is evaluated, which decides on best weights, early stopping and schedules
 * that react to it. One is due after every training.validate_every steps; where an epoch ends then, it is
 * part of the epoch's line (train/epoch.h). */
#ifndef NN_TRAIN_VALIDATE_H
#define NN_TRAIN_VALIDATE_H

#include "step/results.h"
#include "train/run.h"

/* Whether a validation is due after the steps done so far. */
bool nn_validate_is_due(const nn_run *run);

/* Evaluates the validation part. *best: bits of the rules by which these are the best weights so far. Release
 * the results. Collective. */
nn_status nn_validate(nn_run *run, nn_results *validation, unsigned *best);

/* Passes the result to early stopping and the schedule: once its line is written, with the learning rate that
 * the steps before had. */
void nn_validate_observe(nn_run *run, const nn_results *validation);

/* A validation within an epoch: as above, with a line for people and one of metrics.jsonl. Collective. */
nn_status nn_validate_within(nn_run *run, unsigned *best);

/* "epoch 3", or "step 500" where no epoch ends: after which a validation was. */
#define NN_VALIDATED_SIZE 64
const char *nn_validated_after(const nn_plan *plan, int64_t step, char text[NN_VALIDATED_SIZE]);
/* "epoch 3 of 30", "step 500 of 12000" */
const char *nn_validated_of(const nn_plan *plan, int64_t step, char text[NN_VALIDATED_SIZE]);

#endif
