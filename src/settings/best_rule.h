/* checkpoint.best: the validation result that decides on the best weights. */
#ifndef NN_SETTINGS_BEST_RULE_H
#define NN_SETTINGS_BEST_RULE_H

#include "settings/settings.h"

typedef struct nn_best_rule {
    int metric; /* index among the metrics; -1: a loss */
    int head;   /* whose loss; -1: the quantity that training minimises */
    bool higher_is_better;
    char name[160];
} nn_best_rule;

/* Adds a problem to `config` if checkpoint.best names neither a loss nor a metric of the run. */
void nn_settings_check_best(nn_config *config, nn_config_node *node, const nn_settings *settings);
/* The rule for `wanted`, the value of checkpoint.best (NULL: loss). */
nn_best_rule nn_best_rule_of(const nn_model *model, const char *wanted);

#endif
