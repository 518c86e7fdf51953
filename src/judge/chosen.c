#include "judge/chosen.h"

#include <stdlib.h>
#include <string.h>

#include "base/least.h"
#include "base/memory.h"
#include "base/philox.h"

nn_record_layout nn_record_layout_of(const nn_model *model)
{
    nn_record_layout layout = {.width = NN_RECORD_HEADS, .inputs = nn_shape_count(model->input.shape)};
    for (int h = 0; h < model->head_count; h++) {
        const nn_head *head = &model->heads[h];
        layout.predicted_count[h] = head->rows * head->columns;
        layout.truth_count[h] =
            head->target.is_class || head->target.shares ? head->rows : head->rows * head->columns;
        layout.predicted[h] = layout.width;
        layout.width += layout.predicted_count[h];
        layout.truth[h] = layout.width;
        layout.width += layout.truth_count[h];
    }
    return layout;
}

/* ---- chosen by position ---- */

static int chosen_compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static nn_status chosen_create(int64_t count, int64_t width, nn_chosen_samples *kept)
{
    *kept = (nn_chosen_samples){.count = count, .width = width};
    NN_TRY(NN_ALLOCATE(&kept->positions, count, "the samples that an evaluation keeps"));
    return NN_ALLOCATE(&kept->records, count * width, "the samples that an evaluation keeps");
}

/* The first positions of a permutation: a choice without a table of all samples. */
nn_status nn_chosen_random(int64_t samples, int64_t most, uint64_t seed, int64_t width,
                           nn_chosen_samples *kept)
{
    const nn_random stream = {seed, NN_RANDOM_EVALUATION, 0};
    NN_TRY(chosen_create(nn_smaller(samples, most), width, kept));
    for (int64_t i = 0; i < kept->count; i++)
        kept->positions[i] = (int64_t)nn_random_permute(stream, (uint64_t)samples, (uint64_t)i);
    qsort(kept->positions, (size_t)kept->count, sizeof *kept->positions, chosen_compare);
    return NN_OK;
}

nn_status nn_chosen_first(int64_t samples, int64_t most, int64_t width, nn_chosen_samples *kept)
{
    NN_TRY(chosen_create(nn_smaller(samples, most), width, kept));
    for (int64_t i = 0; i < kept->count; i++) kept->positions[i] = i;
    return NN_OK;
}

void nn_chosen_release(nn_chosen_samples *kept)
{
    nn_free(kept->positions);
    nn_free(kept->records);
    *kept = (nn_chosen_samples){0};
}

double *nn_chosen_record(const nn_chosen_samples *kept, int64_t position)
{
    if (kept->count == 0) return NULL;
    const int64_t *found =
        bsearch(&position, kept->positions, (size_t)kept->count, sizeof position, chosen_compare);
    return found ? kept->records + (found - kept->positions) * kept->width : NULL;
}

/* Each record is filled in on one rank, and its bits are 0 on the others: sums of integers hand on those
 * bits. */
nn_status nn_chosen_join(nn_comm *comm, nn_chosen_samples *kept)
{
    return nn_comm_sum_integers(comm, (uint64_t *)(void *)kept->records, (size_t)(kept->count * kept->width));
}

/* ---- the largest losses ---- */

nn_status nn_worst_create(int64_t most, int64_t width, nn_worst *worst)
{
    *worst = (nn_worst){.most = most, .width = width};
    return NN_ALLOCATE(&worst->records, most * width, "the samples with the largest losses");
}

void nn_worst_release(nn_worst *worst)
{
    nn_free(worst->records);
    *worst = (nn_worst){0};
}

/* Whether a sample comes before a record: its loss is larger or, of equal ones, its position smaller. */
static bool worst_precedes(double loss, int64_t position, const double *record)
{
    if (loss != record[NN_RECORD_LOSS]) return loss > record[NN_RECORD_LOSS];
    return (double)position < record[NN_RECORD_POSITION];
}

bool nn_worst_wants(const nn_worst *worst, double loss, int64_t position)
{
    if (worst->count < worst->most) return true;
    return worst->most > 0 &&
           worst_precedes(loss, position, worst->records + (worst->most - 1) * worst->width);
}

void nn_worst_keep(nn_worst *worst, const double *record)
{
    int64_t at = worst->count < worst->most ? worst->count++ : worst->most - 1;
    size_t size = (size_t)worst->width * sizeof *record;
    for (; at > 0; at--) {
        double *before = worst->records + (at - 1) * worst->width;
        if (!worst_precedes(record[NN_RECORD_LOSS], (int64_t)record[NN_RECORD_POSITION], before)) break;
        memcpy(before + worst->width, before, size);
    }
    memcpy(worst->records + at * worst->width, record, size);
}

/* Merges the list of another rank. */
static nn_status worst_receive(nn_comm *comm, nn_worst *worst, int sender)
{
    int64_t count = 0;
    double *other = NULL;
    NN_TRY(nn_comm_receive(comm, &count, sizeof count, sender));
    NN_TRY(NN_ALLOCATE(&other, nn_larger(count, 1) * worst->width, "the samples with the largest losses"));
    nn_status status = nn_comm_receive(comm, other, (size_t)(count * worst->width) * sizeof *other, sender);
    for (int64_t i = 0; status == NN_OK && i < count; i++) {
        const double *record = other + i * worst->width;
        if (nn_worst_wants(worst, record[NN_RECORD_LOSS], (int64_t)record[NN_RECORD_POSITION]))
            nn_worst_keep(worst, record);
    }
    nn_free(other);
    return status;
}

nn_status nn_worst_join(nn_comm *comm, nn_worst *worst)
{
    int rank = nn_comm_rank(comm), size = nn_comm_size(comm);
    if (worst->most == 0) return NN_OK;
    for (int distance = 1; distance < size; distance *= 2) {
        if (rank % (2 * distance) == distance) {
            NN_TRY(nn_comm_send(comm, &worst->count, sizeof worst->count, rank - distance));
            return nn_comm_send(comm, worst->records,
                                (size_t)(worst->count * worst->width) * sizeof *worst->records,
                                rank - distance);
        }
        if (rank + distance < size) NN_TRY(worst_receive(comm, worst, rank + distance));
    }
    return NN_OK;
}
