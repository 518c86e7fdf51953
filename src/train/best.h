/* Which weights are the best: those of the epoch with the best validation result. */
#ifndef NN_TRAIN_BEST_H
#define NN_TRAIN_BEST_H

#include "train/checkpoint.h"
#include "train/figures.h"
#include "train/settings.h"

#define nn_best_check NN_REAL_SYMBOL(nn_best_check)
#define nn_best_rule_of NN_REAL_SYMBOL(nn_best_rule_of)
#define nn_best_value NN_REAL_SYMBOL(nn_best_value)
#define nn_best_take NN_REAL_SYMBOL(nn_best_take)

/* What checkpoint.best names. */
typedef struct nn_best_rule {
    int metric; /* index among the metrics; -1: a loss */
    int head;   /* whose loss; -1: what is minimised */
    bool higher_is_better;
    char name[160];
} nn_best_rule;

/* That what checkpoint.best names is there; else the mistake is collected. */
void nn_best_check(nn_config *config, nn_config_node *node, const nn_settings *settings);
nn_best_rule nn_best_rule_of(const nn_model *model, const char *wanted);

/* By what an epoch is compared with others; NaN: undefined. */
double nn_best_value(const nn_best_rule *rule, const nn_figures *validation);

/*
 * Whether the epoch is the best so far, and then remembers it. A value that is undefined is worse than any
 * number; on a tie, and where both are undefined, the lower validation loss wins, and on a tie of that too
 * the later epoch, which has trained longer. An epoch of which nothing is defined is never the best.
 */
bool nn_best_take(const nn_best_rule *rule, nn_run_state *state, int64_t epoch, const nn_figures *validation);

#endif
