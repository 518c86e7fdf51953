#include "settings/best_rule.h"

#include <stdio.h>
#include <string.h>

/* Whether the name is "loss", or the loss of a head: sets *head to its index, or to -1 for the quantity that
 * training minimises. */
static bool best_is_loss(const char *name, const char *const *heads, int head_count, int *head)
{
    *head = -1;
    if (strcmp(name, "loss") == 0) return true;
    for (int h = 0; h < head_count; h++) {
        size_t length = strlen(heads[h]);
        if (strncmp(name, heads[h], length) != 0 || strcmp(name + length, ".loss") != 0) continue;
        *head = head_count > 1 ? h : -1;
        return true;
    }
    return false;
}

void nn_settings_check_best(nn_config *config, nn_config_node *node, const nn_settings *settings)
{
    const char *best = settings->checkpoint.best, *heads[NN_MODEL_HEADS] = {"y"};
    const char *names[NN_MODEL_METRICS + 2] = {"loss"};
    const nn_model_spec *model = &settings->model;
    int count = 1, head;
    if (!best || model->head_count == 0) return;
    for (int h = 0; h < model->head_count; h++)
        if (model->heads[h].name) heads[h] = model->heads[h].name;
    if (best_is_loss(best, heads, model->head_count, &head)) return;
    int metric =
        nn_model_metric_index(model->metrics, model->metric_count, model->head_count, heads[0], best);
    if (metric >= 0 && !model->metrics[metric].type->matrix) return;
    for (int m = 0; m < model->metric_count; m++)
        if (!model->metrics[m].type->matrix) names[count++] = model->metrics[m].name;
    nn_config_unknown(config, node, "metric (of those under `metrics:`)", best, names);
}

nn_best_rule nn_best_rule_of(const nn_model *model, const char *wanted)
{
    nn_best_rule rule = {.metric = -1, .head = -1, .name = "loss"};
    const char *heads[NN_MODEL_HEADS];
    for (int h = 0; h < model->head_count; h++) heads[h] = model->heads[h].name;
    if (!wanted) return rule;
    if (best_is_loss(wanted, heads, model->head_count, &rule.head)) {
        if (rule.head >= 0) snprintf(rule.name, sizeof rule.name, "%s.loss", heads[rule.head]);
        return rule;
    }
    rule.metric =
        nn_model_metric_index(model->metrics, model->metric_count, model->head_count, heads[0], wanted);
    if (rule.metric < 0) return rule; /* refused by nn_settings_check_best */
    const nn_model_metric *metric = &model->metrics[rule.metric];
    bool relative = metric->type->relative && model->heads[metric->head].outputs > 1;
    rule.higher_is_better = metric->type->higher_is_better;
    snprintf(rule.name, sizeof rule.name, "%s%s", metric->name,
             relative ? " (relative to the spread of each output)" : "");
    return rule;
}
