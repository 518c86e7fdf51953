/* The states of all samples, brought together on every rank. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/least.h"
#include "base/memory.h"
#include "judge/states_internal.h"

/* ---- records ---- */

/* The records of the threads, one after another. */
static nn_status states_own(const nn_states *states, double **records, int64_t *used)
{
    bool full = false, no_memory = false;
    *used = 0;
    for (int t = 0; t < states->threads; t++) {
        *used += states->each[t].used;
        full |= states->each[t].full;
        no_memory |= states->each[t].no_memory;
    }
    if (no_memory) NN_FAIL(NN_ERROR_MEMORY, "out of memory for the results of samples");
    if (full || *used * (int64_t)sizeof **records > NN_STATES_BYTES) {
        *used = NN_STATES_BYTES;
        return NN_OK;
    }
    NN_TRY(NN_ALLOCATE(records, nn_larger(*used, 1), "the results of samples"));
    double *next = *records;
    for (int t = 0; t < states->threads; t++) {
        if (states->each[t].used > 0)
            memcpy(next, states->each[t].records, (size_t)states->each[t].used * sizeof *next);
        next += states->each[t].used;
    }
    return NN_OK;
}

/* All ranks get all records, in any order. */
static nn_status states_gather(const nn_states *states, double **all, int64_t *count)
{
    double *records = NULL;
    int64_t used = 0, total = 0;
    size_t *sizes = NULL, size;
    int ranks = nn_comm_size(states->comm);
    nn_status status = states_own(states, &records, &used);
    if (status == NN_OK) status = NN_ALLOCATE(&sizes, ranks, "the sizes of results");
    NN_TRY_TO(done, status, nn_comm_agree(states->comm, status));
    size = (size_t)used * sizeof *records;
    NN_TRY_TO(done, status, nn_comm_gather_equal(states->comm, &size, sizeof size, sizes));
    for (int r = 0; r < ranks; r++) total += (int64_t)sizes[r];
    if (total > NN_STATES_BYTES)
        status =
            nn_fail(NN_ERROR_USAGE,
                    "compare: the results of the samples take more than %lld MiB on each rank; compare fewer "
                    "metrics (--metrics) or fewer rows (--data FILE)",
                    (long long)(NN_STATES_BYTES >> 20));
    if (status == NN_OK) status = nn_allocate((void **)all, (size_t)total, 1, "the results of all samples");
    NN_TRY_TO(done, status, nn_comm_agree(states->comm, status));
    status = nn_comm_gather_all(states->comm, records, sizes, *all);
    *count = total / (int64_t)sizeof **all;
done:
    nn_free(records);
    nn_free(sizes);
    return status;
}

/* Where the record of each sample is, and how many values are added. */
static nn_status states_find(nn_states *states, const double *all, int64_t count, int64_t *records)
{
    int64_t seen = 0;
    for (int64_t at = 0; at < count; seen++) {
        int64_t sample = (int64_t)all[at + RECORD_POSITION], values = (int64_t)all[at + RECORD_COUNT];
        records[sample] = at;
        states->truths[sample] = all[at + RECORD_TRUTH];
        for (int64_t v = 0; v < values; v++)
            states->begin[sample + 1] += all[at + RECORD_VALUES + 2 * v] < (double)states->layout.added;
        at += RECORD_VALUES + 2 * values;
    }
    assert(seen == states->samples);
    (void)seen;
    for (int64_t i = 0; i < states->samples; i++) states->begin[i + 1] += states->begin[i];
    return NN_OK;
}

/* pairs: of scores and answers, of all samples. */
static void states_spread(nn_states *states, const double *all, const int64_t *records, double *pairs)
{
    const nn_states_layout *layout = &states->layout;
    int64_t merged = layout->joined - layout->added, collected = layout->width - layout->joined;
    for (int64_t i = 0; i < states->samples; i++) {
        const double *record = all + records[i];
        int64_t next = states->begin[i];
        for (int64_t v = 0; v < (int64_t)record[RECORD_COUNT]; v++) {
            int64_t index = (int64_t)record[RECORD_VALUES + 2 * v];
            double value = record[RECORD_VALUES + 2 * v + 1];
            if (index < layout->added) {
                states->index[next] = (int32_t)index;
                states->values[next++] = value;
            } else if (index < layout->joined) {
                states->merged[i * merged + index - layout->added] = value;
            } else {
                pairs[i * collected + index - layout->joined] = value;
            }
        }
    }
}

/* ---- scores ---- */

typedef struct states_score {
    double score;
    int32_t sample;
    bool yes;
} states_score;

static int states_descend(const void *a, const void *b)
{
    const states_score *left = a, *right = b;
    int order = (left->score < right->score) - (left->score > right->score);
    return order ? order : (left->sample > right->sample) - (left->sample < right->sample);
}

static nn_status states_sort_column(nn_states *states, int m, int64_t c, const double *pairs,
                                    states_score *scores)
{
    int64_t collected = states->layout.width - states->layout.joined, columns = nn_states_columns(states, m),
            count = 0, rows = states->model->heads[states->model->metrics[m].head].rows;
    nn_states_column *column = &states->columns[m][c];
    for (int64_t i = 0; i < states->samples; i++)
        for (int64_t r = 0; r < rows; r++) {
            const double *pair = pairs + i * collected + states->layout.metrics[m] - states->layout.joined +
                                 2 * (r * columns + c);
            if (pair[1] < 0 || isnan(pair[0])) continue;
            scores[count++] = (states_score){pair[0], (int32_t)i, pair[1] > 0};
        }
    qsort(scores, (size_t)count, sizeof *scores, states_descend);
    NN_TRY(NN_ALLOCATE(&column->samples, nn_larger(count, 1), "the scores of an evaluation"));
    NN_TRY(NN_ALLOCATE(&column->yes, nn_larger(count, 1), "the scores of an evaluation"));
    NN_TRY(NN_ALLOCATE(&column->tie, nn_larger(count, 1), "the scores of an evaluation"));
    column->count = count;
    for (int64_t i = 0; i < count; i++) {
        column->samples[i] = scores[i].sample;
        column->yes[i] = scores[i].yes;
        column->tie[i] = i > 0 && scores[i].score == scores[i - 1].score;
    }
    states->bytes += count * (int64_t)(sizeof *column->samples + 2);
    return NN_OK;
}

static nn_status states_sort(nn_states *states, const double *pairs)
{
    const nn_model *model = states->model;
    int64_t most = 1;
    for (int h = 0; h < model->head_count; h++) most = nn_larger(most, model->heads[h].rows);
    states_score *scores = NULL;
    nn_status status = NN_ALLOCATE(&scores, states->samples * most, "the scores of an evaluation");
    for (int m = 0; status == NN_OK && m < model->metric_count; m++) {
        if (model->metrics[m].type->state != NN_METRIC_COLLECTED) continue;
        status =
            NN_ALLOCATE(&states->columns[m], nn_states_columns(states, m), "the scores of an evaluation");
        for (int64_t c = 0; status == NN_OK && c < nn_states_columns(states, m); c++)
            status = states_sort_column(states, m, c, pairs, scores);
    }
    nn_free(scores);
    return status;
}

/* ---- all of it ---- */

static nn_status states_arrange(nn_states *states, const double *all, int64_t count)
{
    const nn_states_layout *layout = &states->layout;
    int64_t samples = states->samples, merged = layout->joined - layout->added,
            collected = layout->width - layout->joined;
    int64_t *records = NULL;
    double *pairs = NULL;
    nn_status status;
    if (samples > INT32_MAX || layout->added > INT32_MAX)
        NN_FAIL(NN_ERROR_USAGE, "compare: at most %d samples are compared; name files with fewer rows",
                INT32_MAX);
    NN_TRY_TO(done, status, NN_ALLOCATE(&records, samples, "the results of samples"));
    NN_TRY_TO(done, status, NN_ALLOCATE(&pairs, samples * collected + 1, "the scores of samples"));
    NN_TRY_TO(done, status, NN_ALLOCATE(&states->truths, samples, "the targets of samples"));
    NN_TRY_TO(done, status, NN_ALLOCATE(&states->begin, samples + 1, "the results of samples"));
    NN_TRY_TO(done, status, states_find(states, all, count, records));
    int64_t values = states->begin[samples];
    NN_TRY_TO(done, status, NN_ALLOCATE(&states->index, values + 1, "the results of samples"));
    NN_TRY_TO(done, status, NN_ALLOCATE(&states->values, values + 1, "the results of samples"));
    NN_TRY_TO(done, status, NN_ALLOCATE(&states->merged, samples * merged + 1, "the results of samples"));
    states->bytes = 16 * samples + 12 * values + 8 * samples * merged;
    states_spread(states, all, records, pairs);
    status = states_sort(states, pairs);
done:
    nn_free(records);
    nn_free(pairs);
    return status;
}

nn_status nn_states_join(nn_states *states, int64_t samples)
{
    double *all = NULL;
    int64_t count = 0;
    states->samples = samples;
    nn_status status = states_gather(states, &all, &count);
    nn_states_release_threads(states);
    if (status == NN_OK) status = nn_comm_agree(states->comm, states_arrange(states, all, count));
    nn_free(all);
    return status;
}
