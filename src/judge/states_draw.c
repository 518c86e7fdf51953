/* Losses and metrics from the states of samples that are drawn. */
#include <math.h>
#include <string.h>

#include "base/least.h"
#include "judge/states.h"

int nn_states_hit(const nn_states *states, int head, int64_t sample)
{
    double hits = 0, rows = 0;
    for (int64_t v = states->begin[sample]; v < states->begin[sample + 1]; v++) {
        if (states->index[v] == states->layout.answers[head]) hits = states->values[v];
        if (states->index[v] == states->layout.answers[head] + 1) rows = states->values[v];
    }
    return rows == 0 ? -1 : rows > 1 ? -2 : hits > 0;
}

int64_t nn_states_scratch(const nn_states *states)
{
    int64_t most = 0;
    for (int m = 0; m < states->model->metric_count; m++)
        for (int64_t c = 0; states->columns[m] && c < nn_results_metric_width(states->model, m) / 2; c++)
            most = nn_larger(most, states->columns[m][c].count);
    return states->layout.joined + 2 * most;
}

/* In the order of the samples. */
static void draw_sums(const nn_states *states, const uint32_t *times, double *sums)
{
    const nn_states_layout *layout = &states->layout;
    const nn_model *model = states->model;
    int64_t merged = layout->joined - layout->added;
    memset(sums, 0, (size_t)layout->joined * sizeof *sums);
    for (int64_t i = 0; i < states->samples; i++) {
        if (times[i] == 0) continue;
        for (int64_t v = states->begin[i]; v < states->begin[i + 1]; v++)
            sums[states->index[v]] += times[i] * states->values[v];
        for (int m = 0; merged > 0 && m < model->metric_count; m++) {
            int64_t at = layout->metrics[m];
            if (at < layout->added || at >= layout->joined) continue;
            for (uint32_t t = 0; t < times[i]; t++)
                nn_metric_join(model->metrics[m].type, layout->widths[m],
                               model->heads[model->metrics[m].head].outputs, sums + at,
                               states->merged + i * merged + at - layout->added);
        }
    }
}

static double draw_column(const nn_model_metric *metric, const nn_states_column *column,
                          const uint32_t *times, nn_ranking_tie *ties)
{
    int64_t count = 0;
    nn_ranking_tie tie = {0, 0};
    for (int64_t i = 0; i <= column->count; i++) {
        if (i == column->count || !column->tie[i]) {
            if (tie.yes + tie.no > 0) ties[count++] = tie;
            tie = (nn_ranking_tie){0, 0};
        }
        if (i == column->count) break;
        if (column->yes[i])
            tie.yes += times[column->samples[i]];
        else
            tie.no += times[column->samples[i]];
    }
    return metric->type->of_ties(metric->options, count, ties);
}

/* The mean over the columns for which it is defined. */
static double draw_ranking(const nn_states *states, int m, const uint32_t *times, nn_ranking_tie *ties)
{
    double sum = 0, defined = 0;
    for (int64_t c = 0; c < nn_results_metric_width(states->model, m) / 2; c++) {
        double result = draw_column(&states->model->metrics[m], &states->columns[m][c], times, ties);
        if (!isfinite(result)) continue;
        sum += result;
        defined++;
    }
    return sum / defined;
}

void nn_states_draw(const nn_states *states, const uint32_t *times, double *scratch,
                    double results[NN_STATES_RESULTS])
{
    const nn_model *model = states->model;
    double *losses = results + 1, *metrics = losses + NN_MODEL_HEADS;
    nn_ranking_tie *ties = (nn_ranking_tie *)(void *)(scratch + states->layout.joined);
    for (int i = 0; i < NN_STATES_RESULTS; i++) results[i] = NAN;
    draw_sums(states, times, scratch);
    results[0] = nn_results_loss(model, scratch);
    for (int h = 0; h < model->head_count; h++) {
        const double *sums = scratch + h * NN_HEAD_RESULTS;
        losses[h] = sums[NN_RESULT_LOSS] / sums[NN_RESULT_DENOMINATOR];
    }
    for (int m = 0; m < model->metric_count; m++) {
        const nn_model_metric *metric = &model->metrics[m];
        int64_t at = states->layout.metrics[m];
        if (at < 0) continue;
        metrics[m] = states->columns[m]
                         ? draw_ranking(states, m, times, ties)
                         : nn_metric_finish(metric->type, metric->options, states->layout.widths[m],
                                            model->heads[metric->head].outputs, scratch + at, NULL)
                               .figure;
    }
}
