#include "train/epoch_best.h"

#include <math.h>

double nn_epoch_best_value(const nn_best_rule *rule, const nn_results *validation)
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

bool nn_epoch_best_take(const nn_best_rule *rule, nn_best *best, int64_t step, const nn_results *validation)
{
    double value = nn_epoch_best_value(rule, validation);
    if (isnan(value) && isnan(validation->loss)) return false;
    if (best->step > 0) {
        int order = best_compare(value, best->value, rule->higher_is_better);
        if (order == 0) order = best_compare(validation->loss, best->loss, false);
        if (order < 0) return false;
    }
    *best = (nn_best){step, value, validation->loss};
    return true;
}
