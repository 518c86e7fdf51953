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

/* What an entry of checkpoint.best names; false: nothing. */
static bool best_find(const nn_model_metric *metrics, int metric_count, const char *const *heads,
                      int head_count, const char *wanted, int *metric, int *head)
{
    *metric = -1;
    if (best_is_loss(wanted, heads, head_count, head)) return true;
    *metric = nn_model_metric_index(metrics, metric_count, head_count, heads[0], wanted);
    return *metric >= 0 && !metrics[*metric].type->matrix;
}

static void best_unknown(nn_config *config, nn_config_node *node, const nn_model_spec *model,
                         const char *wanted)
{
    const char *names[NN_MODEL_METRICS + 2] = {"loss"};
    int count = 1;
    for (int m = 0; m < model->metric_count; m++)
        if (!model->metrics[m].type->matrix) names[count++] = model->metrics[m].name;
    nn_config_unknown(config, node, "metric (of those under `metrics:`)", wanted, names);
}

void nn_settings_check_best(nn_config *config, nn_config_node *node, const nn_settings *settings)
{
    const nn_text_list *best = &settings->checkpoint.best;
    const char *heads[NN_MODEL_HEADS] = {"y"};
    const nn_model_spec *model = &settings->model;
    int metrics[NN_KEPT_BESTS], of_heads[NN_KEPT_BESTS];
    if (model->head_count == 0) return;
    if (best->count > NN_KEPT_BESTS) {
        nn_config_error(config, node, "checkpoint.best: names %zu results; at most %d are possible",
                        best->count, NN_KEPT_BESTS);
        return;
    }
    for (int h = 0; h < model->head_count; h++)
        if (model->heads[h].name) heads[h] = model->heads[h].name;
    for (size_t i = 0; i < best->count; i++) {
        if (!best_find(model->metrics, model->metric_count, heads, model->head_count, best->items[i],
                       &metrics[i], &of_heads[i])) {
            best_unknown(config, node, model, best->items[i]);
            metrics[i] = -2 - (int)i; /* like no other */
        }
        for (size_t other = 0; other < i; other++)
            if (metrics[other] == metrics[i] && (metrics[i] >= 0 || of_heads[other] == of_heads[i]))
                nn_config_error(config, node,
                                "checkpoint.best: '%s' and '%s' are the same result; remove one",
                                best->items[other], best->items[i]);
    }
}

/* Metrics whose names differ only beyond what fits share no file. */
static void best_name_file(nn_best_rules *rules, int index)
{
    nn_best_rule *rule = &rules->items[index];
    if (index == 0)
        snprintf(rule->file, sizeof rule->file, NN_KEPT_BEST);
    else
        nn_kept_name_best(rule->name, rule->file);
    for (int other = 0; other < index; other++)
        if (strcmp(rules->items[other].file, rule->file) == 0)
            snprintf(rule->file, sizeof rule->file, NN_KEPT_BEST_OTHER "%d.h5", index + 1);
}

static void best_make_rule(const nn_model *model, const char *const *heads, const char *wanted, int index,
                           nn_best_rules *rules)
{
    nn_best_rule *rule = &rules->items[index];
    *rule = (nn_best_rule){.metric = -1, .head = -1, .name = "loss"};
    if (!best_find(model->metrics, model->metric_count, heads, model->head_count, wanted, &rule->metric,
                   &rule->head))
        rule->metric = -1; /* refused by nn_settings_check_best */
    if (rule->metric < 0) {
        if (rule->head >= 0) snprintf(rule->name, sizeof rule->name, "%s.loss", heads[rule->head]);
        best_name_file(rules, index);
        return;
    }
    const nn_model_metric *metric = &model->metrics[rule->metric];
    bool relative = metric->type->relative && model->heads[metric->head].outputs > 1;
    rule->higher_is_better = metric->type->higher_is_better;
    snprintf(rule->name, sizeof rule->name, "%s%s", metric->name,
             relative ? " (relative to the spread of each output)" : "");
    best_name_file(rules, index);
}

nn_best_rules nn_best_rules_of(const nn_model *model, const nn_text_list *wanted)
{
    nn_best_rules rules = {.count = wanted->count > 0 ? (int)wanted->count : 1};
    const char *heads[NN_MODEL_HEADS];
    for (int h = 0; h < model->head_count; h++) heads[h] = model->heads[h].name;
    if (rules.count > NN_KEPT_BESTS) rules.count = NN_KEPT_BESTS; /* refused by nn_settings_check_best */
    for (int i = 0; i < rules.count; i++)
        best_make_rule(model, heads, wanted->count > 0 ? wanted->items[i] : "loss", i, &rules);
    return rules;
}
