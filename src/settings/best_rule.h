/* What checkpoint.best names: the result on the validation part that chooses the best weights. */
#ifndef NN_SETTINGS_BEST_RULE_H
#define NN_SETTINGS_BEST_RULE_H

#include "settings/settings.h"

typedef struct nn_best_rule {
    int metric; /* index among the metrics; -1: a loss */
    int head;   /* whose loss; -1: what is minimised */
    bool higher_is_better;
    char name[160];
} nn_best_rule;

/* That what checkpoint.best names is there; else the mistake is collected. */
void nn_settings_check_best(nn_config *config, nn_config_node *node, const nn_settings *settings);
nn_best_rule nn_best_rule_of(const nn_model *model, const char *wanted);

#endif
