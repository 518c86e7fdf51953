#include "judge/judgement.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "step/evaluate.h"

bool nn_judgement_has_baseline(const nn_judgement *judgement, int head)
{
    return judgement->baseline && nn_baseline_is_known(&judgement->model->heads[head]);
}

/* If a target is learned as its logarithm, the mean of the logarithms is a geometric mean. */
void nn_judgement_baseline(const nn_judgement *judgement, int head, char words[NN_JUDGE_WORDS])
{
    const nn_head *self = &judgement->model->heads[head];
    bool weighs = judgement->weighted && !nn_baseline_is_last(self);
    snprintf(words, NN_JUDGE_WORDS, "%s%s", nn_baseline_name(self), weighs ? ", each sample once" : "");
}

/* The first that the user has requested, otherwise the one that was added. */
int nn_judgement_counts(const nn_judgement *judgement, int head)
{
    for (int m = 0; m < judgement->model->metric_count; m++)
        if (judgement->model->metrics[m].head == head && judgement->results->counts[m]) return m;
    return -1;
}

int nn_judgement_confusion(const nn_judgement *judgement, int head)
{
    for (int m = 0; m < judgement->model->metric_count; m++)
        if (judgement->model->metrics[m].head == head && judgement->results->matrices[m]) return m;
    return -1;
}

double nn_judgement_threshold(const nn_judgement *judgement, int metric)
{
    const nn_model_metric *of = &judgement->model->metrics[metric];
    const nn_head *head = &judgement->model->heads[of->head];
    return head->loss->yes_no || head->columns <= 2 ? nn_metric_threshold(of->type, of->options)
                                                    : (double)NAN;
}

/* ---- by class ---- */

static const char *const judge_counted[NN_JUDGE_COUNTED] = {"precision", "recall", "f1"};

static bool judge_is_counted(const nn_metric_type *type)
{
    for (int i = 0; i < NN_JUDGE_COUNTED; i++)
        if (strcmp(type->name, judge_counted[i]) == 0) return true;
    return false;
}

static nn_judge_column judge_column(const nn_judgement *judgement, const nn_metric_type *type, int metric)
{
    return (nn_judge_column){type, metric, nn_judgement_threshold(judgement, metric)};
}

int nn_judgement_columns(const nn_judgement *judgement, int head, nn_judge_column columns[NN_JUDGE_COLUMNS])
{
    const nn_model *model = judgement->model;
    int count = 0, first = nn_judgement_counts(judgement, head);
    if (first < 0) return 0;
    for (int i = 0; i < NN_JUDGE_COUNTED; i++) {
        const nn_metric_type *type = nn_metric_find(model->scalar, judge_counted[i]);
        int own = first;
        for (int m = 0; m < model->metric_count; m++)
            if (model->metrics[m].head == head && model->metrics[m].type == type) own = m;
        columns[count++] = judge_column(judgement, type, own);
    }
    for (int m = 0; m < model->metric_count; m++) {
        const nn_model_metric *metric = &model->metrics[m];
        if (metric->head == head && judgement->results->classes[m] && !judge_is_counted(metric->type))
            columns[count++] = judge_column(judgement, metric->type, m);
    }
    return count;
}

double nn_judgement_by_class(const nn_judgement *judgement, const nn_judge_column *column,
                             int64_t class_number)
{
    const double *counts = judgement->results->counts[column->metric];
    return counts ? nn_metric_of_class(column->type, counts, class_number)
                  : judgement->results->classes[column->metric][class_number];
}

/* ---- by output ---- */

double nn_judgement_by_output(const nn_results *results, int metric, int64_t output)
{
    return results->outputs[metric] ? results->outputs[metric][output] : results->metrics[metric];
}

/* ---- names ---- */

void nn_judge_append_class(const nn_model *model, int head, int64_t class_number, nn_text *text)
{
    const nn_head *self = &model->heads[head];
    const char *name = self->target.class_names;
    /* Separate questions of yes or no are columns of values. */
    if (!self->target.is_class && !self->target.shares && self->columns > 1) {
        nn_judge_append_output(model, head, class_number, text);
        return;
    }
    for (int64_t i = 0; name && i < class_number; i++) {
        name = strchr(name, '\n');
        if (name) name++;
    }
    if (name && *name)
        nn_text_append(text, "%.*s", (int)strcspn(name, "\n"), name);
    else
        nn_text_append(text, "%lld", (long long)class_number);
}

/* A column of the head's dataset, or one of the datasets that are joined. */
void nn_judge_append_output(const nn_model *model, int head, int64_t output, nn_text *text)
{
    const nn_head *self = &model->heads[head];
    const nn_names *names = nn_names_set_find(&model->names, self->given ? self->given : self->name);
    int64_t outputs = nn_head_is_values(self) ? self->outputs : self->columns;
    int inputs = model->input.part_count > 0 ? model->input.part_count : 1;
    if (outputs == 1)
        nn_text_append(text, "%s", self->name);
    else if (names && (int64_t)names->columns.count == outputs)
        nn_text_append(text, "%s", names->columns.items[output]);
    else if (!self->given && model->names.count - inputs == outputs)
        nn_text_append(text, "%s", model->names.items[inputs + output].key);
    else
        nn_text_append(text, "%lld", (long long)output);
}

const char *nn_judge_unit(const nn_model *model, int head, int64_t output)
{
    const nn_head *self = &model->heads[head];
    const nn_names *names = nn_names_set_find(&model->names, self->given ? self->given : self->name);
    if (!names || !nn_head_is_values(self)) return NULL;
    if (names->units.count == 1) return names->units.items[0][0] ? names->units.items[0] : NULL;
    if ((int64_t)names->units.count != self->outputs) return NULL;
    return names->units.items[output][0] ? names->units.items[output] : NULL;
}

/* ---- confusion ---- */

/* Few pairs are wanted: each is inserted into the sorted list. Equals stay in the order of the matrix. */
int nn_judge_most_confused(int64_t classes, const double *matrix, int most, nn_confused *pairs,
                           int64_t *kinds)
{
    int count = 0;
    *kinds = 0;
    for (int64_t i = 0; i < classes * classes; i++) {
        nn_confused pair = {i / classes, i % classes, matrix[i]};
        if (pair.right == pair.predicted || pair.count == 0) continue;
        ++*kinds;
        int at = count < most ? count++ : most;
        for (; at > 0 && pairs[at - 1].count < pair.count; at--)
            if (at < most) pairs[at] = pairs[at - 1];
        if (at < most) pairs[at] = pair;
    }
    return count;
}
