#include "train/best.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Whether the name is "loss", or that of the loss of a head: *head becomes its number, -1 where it is what is
 * minimised. */
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

void nn_best_check(nn_config *config, nn_config_node *node, const nn_settings *settings)
{
    const char *best = settings->checkpoint.best, *heads[NN_MODEL_HEADS] = {"y"};
    const char *names[NN_MODEL_METRICS + 2] = {"loss"};
    const nn_model_spec *model = &settings->model;
    int count = 1, head;
    if (!best || model->head_count == 0) return;
    for (int h = 0; h < model->head_count; h++)
        if (model->heads[h].name) heads[h] = model->heads[h].name;
    if (best_is_loss(best, heads, model->head_count, &head)) return;
    int metric = nn_metric_index(model->metrics, model->metric_count, model->head_count, heads[0], best);
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
    rule.metric = nn_metric_index(model->metrics, model->metric_count, model->head_count, heads[0], wanted);
    if (rule.metric < 0) return rule; /* refused by nn_best_check */
    const nn_metric *metric = &model->metrics[rule.metric];
    bool relative = metric->type->relative && model->heads[metric->head].outputs > 1;
    rule.higher_is_better = metric->type->higher_is_better;
    snprintf(rule.name, sizeof rule.name, "%s%s", metric->name,
             relative ? " (relative to the spread of each output)" : "");
    return rule;
}

double nn_best_value(const nn_best_rule *rule, const nn_figures *validation)
{
    if (rule->metric >= 0) return validation->choices[rule->metric];
    return rule->head >= 0 ? validation->losses[rule->head] : validation->loss;
}

/* 1: the first is better; -1: worse; 0: neither. NaN is worse than a number. */
static int best_compare(double value, double other, bool higher_is_better)
{
    if (isnan(value) || isnan(other)) return (int)isnan(other) - (int)isnan(value);
    if (value == other) return 0;
    return (value > other) == higher_is_better ? 1 : -1;
}

bool nn_best_take(const nn_best_rule *rule, nn_run_state *state, int64_t epoch, const nn_figures *validation)
{
    double value = nn_best_value(rule, validation);
    if (isnan(value) && isnan(validation->loss)) return false;
    if (state->best_epoch > 0) {
        int order = best_compare(value, state->best_value, rule->higher_is_better);
        if (order == 0) order = best_compare(validation->loss, state->best_loss, false);
        if (order < 0) return false;
    }
    state->best_epoch = epoch;
    state->best_value = value;
    state->best_loss = validation->loss;
    return true;
}
