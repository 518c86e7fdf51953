/* The states of samples, as threads observe them. */
#include "judge/states_internal.h"

#include <math.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "judge/judgement.h"
#include "tensor/arithmetic.h"

/* ---- create ---- */

static bool states_is_merged(const nn_metric_type *type)
{
    return type->join != NULL;
}

/* Three passes, one for each kind. */
static nn_states_layout states_layout(const nn_model *model)
{
    nn_states_layout layout = {.width = model->head_count * NN_HEAD_RESULTS};
    for (int h = 0; h < model->head_count; h++) {
        layout.answers[h] = nn_head_is_values(&model->heads[h]) ? -1 : layout.width;
        if (layout.answers[h] >= 0) layout.width += 2;
    }
    for (int pass = 0; pass < 3; pass++) {
        for (int m = 0; m < model->metric_count; m++) {
            const nn_model_metric *metric = &model->metrics[m];
            bool collects = metric->type->state == NN_METRIC_COLLECTED;
            int kind = collects ? 2 : states_is_merged(metric->type);
            if (pass == 0) layout.metrics[m] = -1;
            if (kind != pass || metric->type->matrix) continue;
            layout.widths[m] =
                nn_results_metric_width(model, m) * (collects ? model->heads[metric->head].rows : 1);
            layout.metrics[m] = layout.width;
            layout.width += layout.widths[m];
        }
        if (pass == 0) layout.added = layout.width;
        if (pass == 1) layout.joined = layout.width;
    }
    return layout;
}

/* By name: two networks may number the classes differently. */
static nn_status states_hash_classes(nn_states *states)
{
    const nn_model *model = states->model;
    int64_t count = 1;
    for (int h = 0; h < model->head_count; h++) count += nn_field_classes(&model->heads[h].target);
    NN_TRY(NN_ALLOCATE(&states->classes, count, "the classes"));
    uint64_t *next = states->classes;
    for (int h = 0; h < model->head_count; h++) {
        for (int64_t c = 0; c < nn_field_classes(&model->heads[h].target); c++) {
            nn_text name = {0};
            nn_judge_append_class(model, h, c, &name);
            bool failed = name.failed;
            *next++ = nn_hash(name.bytes, name.length, 1);
            nn_text_free(&name);
            if (failed) NN_FAIL(NN_ERROR_MEMORY, "out of memory for the names of the classes");
        }
    }
    return NN_OK;
}

static void states_observe(void *context, const nn_loaded *loaded, int thread, int64_t first);

nn_status nn_states_create(nn_comm *comm, const nn_model *model, int threads, nn_states *states)
{
    *states = (nn_states){.comm = comm, .model = model, .threads = threads, .layout = states_layout(model)};
    states->observer = (nn_evaluate_observer){states_observe, states};
    NN_TRY(NN_ALLOCATE(&states->each, threads, "the threads of an evaluation"));
    int64_t width = states->layout.width;
    for (int t = 0; t < threads; t++) {
        NN_TRY(NN_ALLOCATE(&states->each[t].dense, width, "the results of a sample"));
        NN_TRY(NN_ALLOCATE_VALUES(model->scalar, &states->each[t].collected, width + 1,
                                  "the results of a sample"));
    }
    return states_hash_classes(states);
}

void nn_states_release_threads(nn_states *states)
{
    for (int t = 0; states->each && t < states->threads; t++) {
        nn_free(states->each[t].dense);
        nn_free(states->each[t].collected);
        nn_free(states->each[t].records);
    }
    nn_free(states->each);
    states->each = NULL;
}

int64_t nn_states_columns(const nn_states *states, int m)
{
    return nn_results_metric_width(states->model, m) / 2;
}

void nn_states_release(nn_states *states)
{
    nn_states_release_threads(states);
    nn_free(states->classes);
    nn_free(states->truths);
    nn_free(states->begin);
    nn_free(states->index);
    nn_free(states->values);
    nn_free(states->merged);
    for (int m = 0; states->model && m < states->model->metric_count; m++) {
        for (int64_t c = 0; states->columns[m] && c < nn_states_columns(states, m); c++) {
            nn_free(states->columns[m][c].samples);
            nn_free(states->columns[m][c].yes);
            nn_free(states->columns[m][c].tie);
        }
        nn_free(states->columns[m]);
    }
    *states = (nn_states){0};
}

/* ---- one sample ---- */

/* What a row is compared with: the name of its class, or the values in the target's own units. The heads are
 * summed, since their order may differ. */
static double states_truth(const nn_states *states, const nn_loaded *loaded, int64_t i)
{
    const nn_model *model = states->model;
    const uint64_t *classes = states->classes;
    uint64_t sum = 0;
    for (int h = 0; h < model->head_count; h++) {
        const nn_head *head = &model->heads[h];
        nn_loss_call call = nn_loaded_sample_call(loaded, model, h, i);
        uint64_t hash = nn_hash(head->name, strlen(head->name), 1);
        for (int64_t r = 0; call.labels && r < call.rows; r++) {
            uint64_t name = call.labels[r] >= 0 ? classes[call.labels[r]] : 0;
            hash = nn_hash(&name, sizeof name, hash);
        }
        for (int64_t v = 0; !call.labels && v < call.rows * call.columns; v++) {
            double value;
            if (call.observed)
                value = call.observed[v];
            else
                nn_tensor_arithmetic_of(model->scalar)
                    ->to_doubles(1, nn_scalar_at(model->scalar, call.targets, (size_t)v), &value);
            if (isnan(value)) value = NAN;
            hash = nn_hash(&value, sizeof value, hash);
        }
        classes += nn_field_classes(&head->target);
        sum += hash;
    }
    return (double)(sum >> 11);
}

static void states_fill(const nn_states *states, struct states_thread *own, const nn_loaded *loaded,
                        int64_t i)
{
    const nn_model *model = states->model;
    const nn_states_layout *layout = &states->layout;
    const nn_metric_type *accuracy = nn_metric_find(model->scalar, "accuracy");
    memset(own->dense, 0, (size_t)layout->width * sizeof *own->dense);
    for (int h = 0; h < model->head_count; h++) {
        const nn_head *head = &model->heads[h];
        nn_loss_call call = nn_loaded_sample_call(loaded, model, h, i);
        double *losses = own->dense + h * NN_HEAD_RESULTS;
        losses[NN_RESULT_LOSS] = head->loss->evaluate(head->loss_options, &call);
        losses[NN_RESULT_DENOMINATOR] = head->loss->denominator(head->loss_options, &call);
        if (layout->answers[h] >= 0) accuracy->accumulate(NULL, &call, own->dense + layout->answers[h]);
    }
    for (int m = 0; m < model->metric_count; m++) {
        const nn_model_metric *metric = &model->metrics[m];
        if (layout->metrics[m] < 0) continue;
        nn_loss_call call = nn_loaded_sample_call(loaded, model, metric->head, i);
        double *state = own->dense + layout->metrics[m];
        if (metric->type->accumulate) {
            metric->type->accumulate(metric->options, &call, state);
            continue;
        }
        metric->type->collect(metric->options, &call, own->collected);
        nn_tensor_arithmetic_of(model->scalar)->to_doubles(layout->widths[m], own->collected, state);
    }
}

/* Room for a record of any sample. */
static bool states_reserve(const nn_states *states, struct states_thread *own)
{
    int64_t most = RECORD_VALUES + 2 * states->layout.width;
    if (own->used + most <= own->room) return true;
    int64_t room = 2 * own->room + 64 * most;
    own->full |= own->used * (int64_t)sizeof *own->records > NN_STATES_BYTES;
    own->no_memory |= !own->full && nn_reallocate((void **)&own->records, (size_t)own->room, (size_t)room,
                                                  sizeof *own->records, "the results of samples") != NN_OK;
    if (own->full || own->no_memory) return false;
    own->room = room;
    return true;
}

static void states_observe(void *context, const nn_loaded *loaded, int thread, int64_t first)
{
    const nn_states *states = context;
    struct states_thread *own = &states->each[thread];
    for (int64_t i = 0; i < loaded->microbatch->samples; i++) {
        if (!states_reserve(states, own)) return;
        double *record = own->records + own->used;
        int64_t count = 0;
        states_fill(states, own, loaded, i);
        for (int64_t v = 0; v < states->layout.width; v++) {
            if (own->dense[v] == 0) continue;
            record[RECORD_VALUES + 2 * count] = (double)v;
            record[RECORD_VALUES + 2 * count++ + 1] = own->dense[v];
        }
        record[RECORD_POSITION] = (double)(first + i);
        record[RECORD_TRUTH] = states_truth(states, loaded, i);
        record[RECORD_COUNT] = (double)count;
        own->used += RECORD_VALUES + 2 * count;
    }
}
