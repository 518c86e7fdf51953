#include "step/agreement.h"

#include <string.h>

#include "base/memory.h"
#include "step/results.h"

/* A message begins with these values, then come those of nn_agreement_values. Everything is a double,
 * positions included. */
enum { MESSAGE_REQUESTS, MESSAGE_LOST, MESSAGE_POSITION, MESSAGE_MIXED, MESSAGE_BLOCK, MESSAGE_HEADER };

nn_status nn_agreement_create(nn_stepper *stepper)
{
    const nn_model *model = stepper->model;
    int size = nn_comm_size(stepper->comm);
    int64_t each = stepper->width + model->head_count, microbatches = stepper->plan.microbatches;
    int64_t measures = model->network->block_count * stepper->update->measures;
    int64_t values = (int64_t)size * MESSAGE_HEADER + microbatches * each + measures;
    NN_TRY(NN_ALLOCATE(&stepper->sizes, size, "the agreement of a step"));
    NN_TRY(NN_ALLOCATE(&stepper->message, values, "the agreement of a step"));
    NN_TRY(NN_ALLOCATE(&stepper->messages, values, "the agreement of a step"));
    NN_TRY(NN_ALLOCATE(&stepper->results, microbatches * each, "the results of a step"));
    return NN_ALLOCATE(&stepper->measures, measures, "the norms of blocks");
}

void nn_agreement_release(nn_stepper *stepper)
{
    nn_free(stepper->sizes);
    nn_free(stepper->message);
    nn_free(stepper->messages);
    nn_free(stepper->results);
    nn_free(stepper->measures);
}

/* ---- the layout ---- */

/* Numbers of values in a rank's message. */
typedef struct agreement_counts {
    size_t results, denominators, measures;
} agreement_counts;

static agreement_counts agreement_count(const nn_stepper *stepper, const nn_agreement_layout *layout,
                                        int rank)
{
    agreement_counts counts = {0};
    if (layout->shares) counts.results = (size_t)(nn_shares_length(layout->shares, rank) * stepper->width);
    if (layout->next)
        counts.denominators = (size_t)(nn_shares_length(layout->next, rank) * stepper->model->head_count);
    if (layout->measures)
        counts.measures = (size_t)(stepper->blocks_of_rank[rank] * stepper->update->measures);
    return counts;
}

nn_agreement_values nn_agreement_values_of(const nn_stepper *stepper, const nn_agreement_layout *layout)
{
    agreement_counts counts = agreement_count(stepper, layout, nn_comm_rank(stepper->comm));
    double *results = stepper->message + MESSAGE_HEADER, *denominators = results + counts.results;
    return (nn_agreement_values){results, denominators, denominators + counts.denominators};
}

/* ---- the exchange ---- */

static void agreement_write_header(double *message, const nn_step_report *own)
{
    message[MESSAGE_REQUESTS] = own->requests;
    message[MESSAGE_LOST] = own->lost;
    message[MESSAGE_POSITION] = (double)own->nonfinite.position;
    message[MESSAGE_MIXED] = (double)own->nonfinite.mixed;
    message[MESSAGE_BLOCK] = (double)own->bad_block;
}

/* Adds what a rank reports to what is known of all. */
static void agreement_read_header(const double *message, nn_step_report *all)
{
    nn_nonfinite found = {.position = (int64_t)message[MESSAGE_POSITION],
                          .mixed = (int)message[MESSAGE_MIXED]};
    int64_t block = (int64_t)message[MESSAGE_BLOCK];
    all->requests |= (unsigned)message[MESSAGE_REQUESTS];
    all->lost = all->lost || message[MESSAGE_LOST] != 0;
    if (nn_workers_is_earlier(found, all->nonfinite)) all->nonfinite = found;
    if (block >= 0 && (all->bad_block < 0 || block < all->bad_block)) all->bad_block = block;
}

/* Where the next rank's values go: shares are contiguous, so ranks in order are microbatches in order. */
typedef struct agreement_cursors {
    double *results, *denominators;
    const int64_t *owned;
} agreement_cursors;

static void agreement_unpack(nn_stepper *stepper, const agreement_counts *counts, const double *values,
                             agreement_cursors *at)
{
    size_t width = (size_t)stepper->update->measures;
    memcpy(at->results, values, counts->results * sizeof *values);
    at->results += counts->results;
    values += counts->results;
    memcpy(at->denominators, values, counts->denominators * sizeof *values);
    at->denominators += counts->denominators;
    values += counts->denominators;
    for (size_t done = 0; done < counts->measures; done += width)
        memcpy(stepper->measures + (size_t)*at->owned++ * width, values + done, width * sizeof *values);
}

nn_status nn_agreement_reach(nn_stepper *stepper, const nn_agreement_layout *layout,
                             const nn_step_report *own, nn_step_result *result, bool *lost)
{
    int size = nn_comm_size(stepper->comm);
    int64_t microbatches = layout->shares ? layout->shares->leaves : 0;
    int64_t next_microbatches = layout->next ? layout->next->leaves : 0;
    for (int r = 0; r < size; r++) {
        agreement_counts counts = agreement_count(stepper, layout, r);
        stepper->sizes[r] =
            (MESSAGE_HEADER + counts.results + counts.denominators + counts.measures) * sizeof(double);
    }
    agreement_write_header(stepper->message, own);
    NN_TRY(nn_comm_gather_all(stepper->comm, stepper->message, stepper->sizes, stepper->messages));

    double *denominators = stepper->results + microbatches * stepper->width;
    agreement_cursors at = {stepper->results, denominators, stepper->block_of_owned};
    nn_step_report all = NN_STEP_REPORT_NONE;
    const double *message = stepper->messages;
    for (int r = 0; r < size; r++) {
        agreement_counts counts = agreement_count(stepper, layout, r);
        agreement_read_header(message, &all);
        agreement_unpack(stepper, &counts, message + MESSAGE_HEADER, &at);
        message += stepper->sizes[r] / sizeof(double);
    }
    *lost = all.lost;
    result->requests = all.requests;
    result->bad_position = all.nonfinite.position;
    result->bad_block = all.bad_block;
    result->nonfinite = result->bad_position >= 0 || result->bad_block >= 0;
    nn_results_sum(stepper->model, true, microbatches, NULL, stepper->results, result->results);
    nn_tree_sum(next_microbatches, (size_t)stepper->model->head_count, denominators, stepper->denominators);
    return NN_OK;
}
