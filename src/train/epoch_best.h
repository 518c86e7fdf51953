/* Which weights are the best: those with the best validation result. */
#ifndef NN_TRAIN_EPOCH_BEST_H
#define NN_TRAIN_EPOCH_BEST_H

#include "rundir/checkpoint.h"
#include "settings/best_rule.h"
#include "step/results.h"

/* The value by which validations are compared; NaN: undefined. */
double nn_epoch_best_value(const nn_best_rule *rule, const nn_results *validation);

/*
 * Returns whether the validation after `step` is the best so far, and if so records it. An undefined value is
 * worse than any number; on a tie, or if both are undefined, the lower validation loss wins, and on a tie of
 * that too the later one, which has trained longer. One with no defined value is never the best.
 */
bool nn_epoch_best_take(const nn_best_rule *rule, nn_best *best, int64_t step, const nn_results *validation);

#endif
