/* checkpoint.best: the validation results that decide on the best weights. */
#ifndef NN_SETTINGS_BEST_RULE_H
#define NN_SETTINGS_BEST_RULE_H

#include "settings/settings.h"
#include "store/kept.h"

#define NN_BEST_NAME 160

typedef struct nn_best_rule {
    int metric; /* index among the metrics; -1: a loss */
    int head;   /* whose loss; -1: the quantity that training minimises */
    bool higher_is_better;
    char name[NN_BEST_NAME];
    char file[NN_KEPT_NAME]; /* that has the weights: best.h5 for the first rule, best-auc.h5 */
} nn_best_rule;

/* One for each of checkpoint.best, in its order. */
typedef struct nn_best_rules {
    int count;
    nn_best_rule items[NN_KEPT_BESTS];
} nn_best_rules;

/* Adds a problem to `config` for each of checkpoint.best that names neither a loss nor a metric of the run,
 * or what another one names. */
void nn_settings_check_best(nn_config *config, nn_config_node *node, const nn_settings *settings);
/* The rules for `wanted`, the value of checkpoint.best (empty: loss). */
nn_best_rules nn_best_rules_of(const nn_model *model, const nn_text_list *wanted);

#endif
