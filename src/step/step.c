/* A step, from the gradient to the new weights. */
#include "step/step.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "host/pulse.h"
#include "step/buckets.h"
#include "step/figures.h"
#include "step/integrity.h"
#include "tensor/kernels.h"

/* A rank's message in the agreement: these values, then its leaves' figures, the denominators of its leaves
 * of the next step, and the measures of its blocks. Everything is a double, positions included. */
enum { MESSAGE_REQUESTS, MESSAGE_LOST, MESSAGE_POSITION, MESSAGE_MIXED, MESSAGE_BLOCK, MESSAGE_HEADER };

/* ---- making ---- */

static void step_add(int64_t count, const void *values, void *sum)
{
    nn_add(count, values, sum);
}

static nn_status step_list_owners(nn_stepper *stepper, int64_t bucket_count)
{
    int size = nn_comm_size(stepper->comm);
    nn_reduction_slice *slices = NULL;
    NN_TRY(NN_ALLOCATE(&stepper->blocks_of_rank, size, "the owners of blocks"));
    NN_TRY(
        NN_ALLOCATE(&stepper->block_of_owned, stepper->model->network->block_count, "the owners of blocks"));
    NN_TRY(NN_ALLOCATE(&slices, bucket_count + 1, "the owners of blocks"));
    int64_t next = 0;
    bool exact = stepper->settings->training.allreduce == NN_REDUCE_EXACT;
    for (int r = 0; exact && r < size; r++) {
        int64_t count = nn_reduction_slices_of(stepper->reduction, r, slices);
        for (int64_t s = 0; s < count; s++)
            for (int64_t b = slices[s].block_begin; b < slices[s].block_end; b++) {
                stepper->block_of_owned[next++] = b;
                stepper->blocks_of_rank[r]++;
            }
    }
    nn_free(slices);
    return NN_OK;
}

static nn_status step_allocate(nn_stepper *stepper, int threads)
{
    const nn_network *network = stepper->model->network;
    const nn_training_options *training = &stepper->settings->training;
    nn_buckets buckets = {0};
    int64_t leaf_counts[2] = {stepper->plan.leaves, stepper->plan.last_leaves};
    nn_status status;
    status = NN_ALLOCATE(&stepper->bucket_of_layer, network->layer_count, "the list of buckets");
    if (status == NN_OK) status = nn_buckets_make(network, &buckets, stepper->bucket_of_layer);
    NN_TRY_TO(done, status, nn_comm_agree(stepper->comm, status));
    nn_reduction_layout layout = nn_buckets_layout(network, &buckets, leaf_counts, 2);
    size_t before = nn_memory_in_use();
    NN_TRY_TO(done, status,
              nn_reduction_create(stepper->comm, &layout, (nn_reduction_mode)training->allreduce, step_add,
                                  &stepper->reduction));
    stepper->uncounted_bytes =
        nn_reduction_memory(nn_comm_ranks(stepper->comm), &layout, (nn_reduction_mode)training->allreduce) -
        (nn_memory_in_use() - before);
    nn_update_options options = {stepper->settings->optimizer, stepper->settings->optimizer_options,
                                 training->clip_value, training->average, threads};
    NN_TRY_TO(done, status, nn_update_create(network, &options, stepper->reduction, &stepper->update));
    NN_TRY_TO(done, status, step_list_owners(stepper, buckets.count));
    size_t leaves = (size_t)stepper->plan.leaves;
    size_t per_leaf = (size_t)(stepper->width + stepper->model->head_count);
    size_t measures = (size_t)(network->block_count * stepper->update->measures);
    size_t values = (size_t)nn_comm_size(stepper->comm) * MESSAGE_HEADER + leaves * per_leaf + measures;
    NN_TRY_TO(done, status,
              NN_ALLOCATE(&stepper->sizes, nn_comm_size(stepper->comm), "the agreement of a step"));
    NN_TRY_TO(done, status, NN_ALLOCATE(&stepper->message, values, "the agreement of a step"));
    NN_TRY_TO(done, status, NN_ALLOCATE(&stepper->messages, values, "the agreement of a step"));
    NN_TRY_TO(done, status, NN_ALLOCATE(&stepper->figures, leaves * per_leaf, "the figures of a step"));
    NN_TRY_TO(done, status, NN_ALLOCATE(&stepper->measures, measures, "the norms of blocks"));
    if (network->statistics_values > 0)
        NN_TRY_TO(done, status,
                  nn_exchange_create(stepper->comm, network->statistics_most, &stepper->exchange));
    status = nn_integrity_create(stepper);
done:
    nn_buckets_release(&buckets);
    return status;
}

nn_status nn_stepper_create(nn_comm *comm, const nn_settings *settings, const nn_schedule_memory *memory,
                            const nn_model *model, nn_plan plan, nn_workers *workers, nn_dataset *data,
                            int threads, nn_stepper **stepper)
{
    *stepper = NULL;
    NN_TRY(nn_comm_agree(comm, NN_ALLOCATE(stepper, 1, "a stepper")));
    nn_stepper *made = *stepper;
    made->comm = comm;
    made->settings = settings;
    made->memory = memory;
    made->model = model;
    made->plan = plan;
    made->workers = workers;
    made->data = data;
    made->width = nn_figures_width(model, true);
    nn_status status = nn_comm_agree(comm, step_allocate(made, threads));
    if (status != NN_OK) {
        nn_stepper_destroy(made);
        *stepper = NULL;
    }
    return status;
}

void nn_stepper_destroy(nn_stepper *stepper)
{
    if (!stepper) return;
    nn_dataset_unfollow(stepper->data, NN_TRAIN);
    nn_integrity_destroy(stepper->integrity);
    nn_exchange_destroy(stepper->exchange);
    nn_update_destroy(stepper->update);
    nn_reduction_destroy(stepper->reduction);
    nn_free(stepper->bucket_of_layer);
    nn_free(stepper->blocks_of_rank);
    nn_free(stepper->block_of_owned);
    nn_free(stepper->sizes);
    nn_free(stepper->message);
    nn_free(stepper->messages);
    nn_free(stepper->figures);
    nn_free(stepper->measures);
    nn_free(stepper);
}

/* ---- the agreement ---- */

/* How a step's messages are laid out: functions of the step, known to all. */
typedef struct step_parts {
    int64_t leaves, next_leaves; /* of the whole batch; next_leaves is 0 after the last step */
    bool measures;
} step_parts;

static int64_t step_share_length(int64_t leaves, int rank, int size)
{
    nn_tree_node share = nn_tree_share(leaves, rank, size);
    return share.end - share.begin;
}

static size_t step_message_values(const nn_stepper *stepper, const step_parts *parts, int rank)
{
    int size = nn_comm_size(stepper->comm);
    return MESSAGE_HEADER + (size_t)(step_share_length(parts->leaves, rank, size) * stepper->width) +
           (size_t)(step_share_length(parts->next_leaves, rank, size) * stepper->model->head_count) +
           (parts->measures ? (size_t)(stepper->blocks_of_rank[rank] * stepper->update->measures) : 0);
}

/* Puts one rank's message where the sums expect its values; shares are contiguous, so leaves come in order.
 */
typedef struct step_cursors {
    double *figures, *denominators;
    const int64_t *owned;
} step_cursors;

static void step_unpack(nn_stepper *stepper, const step_parts *parts, int rank, const double *message,
                        step_cursors *at)
{
    int size = nn_comm_size(stepper->comm);
    const double *values = message + MESSAGE_HEADER;
    size_t count = (size_t)(step_share_length(parts->leaves, rank, size) * stepper->width);
    memcpy(at->figures, values, count * sizeof *values);
    at->figures += count;
    values += count;
    count = (size_t)(step_share_length(parts->next_leaves, rank, size) * stepper->model->head_count);
    memcpy(at->denominators, values, count * sizeof *values);
    at->denominators += count;
    values += count;
    int width = stepper->update->measures;
    for (int64_t b = 0; parts->measures && b < stepper->blocks_of_rank[rank]; b++)
        memcpy(stepper->measures + *at->owned++ * width, values + b * width, (size_t)width * sizeof *values);
}

/* Keeps the first place that is one. */
static void step_note_first(double place, int64_t *first)
{
    if (place >= 0 && (*first < 0 || (int64_t)place < *first)) *first = (int64_t)place;
}

static void step_note_nonfinite(const double *message, nn_nonfinite *first)
{
    nn_nonfinite found = {.position = (int64_t)message[MESSAGE_POSITION],
                          .mixed = (int)message[MESSAGE_MIXED]};
    if (nn_nonfinite_precedes(found, *first)) *first = found;
}

/* Exchanges the messages and sums them. `lost` becomes whether any rank lost its data. */
static nn_status step_agree(nn_stepper *stepper, const step_parts *parts, nn_step_result *result, bool *lost)
{
    int size = nn_comm_size(stepper->comm);
    for (int r = 0; r < size; r++)
        stepper->sizes[r] = step_message_values(stepper, parts, r) * sizeof(double);
    NN_TRY(nn_comm_gather_all(stepper->comm, stepper->message, stepper->sizes, stepper->messages));
    step_cursors at = {stepper->figures, stepper->figures + parts->leaves * stepper->width,
                       stepper->block_of_owned};
    double *denominators = at.denominators;
    const double *message = stepper->messages;
    *lost = false;
    result->requests = 0;
    result->bad_block = -1;
    nn_nonfinite first = {.position = -1};
    for (int r = 0; r < size; r++) {
        result->requests |= (unsigned)message[MESSAGE_REQUESTS];
        *lost = *lost || message[MESSAGE_LOST] != 0;
        step_note_nonfinite(message, &first);
        step_note_first(message[MESSAGE_BLOCK], &result->bad_block);
        step_unpack(stepper, parts, r, message, &at);
        message += stepper->sizes[r] / sizeof(double);
    }
    result->bad_position = first.position;
    result->nonfinite = result->bad_position >= 0 || result->bad_block >= 0;
    nn_figures_sum(stepper->model, true, parts->leaves, NULL, stepper->figures, result->figures);
    nn_tree_sum(parts->next_leaves, (size_t)stepper->model->head_count, denominators, stepper->denominators);
    return NN_OK;
}

static int64_t step_leaves_at(const nn_stepper *stepper, int64_t step)
{
    return step < stepper->plan.length.steps ? nn_plan_batch(&stepper->plan, step).leaves : 0;
}

/* Writes this rank's denominators of the leaves of `step` to the message. */
static void step_next_denominators(nn_stepper *stepper, int64_t step, double *denominators)
{
    if (step >= stepper->plan.length.steps) return;
    nn_batch batch = nn_plan_batch(&stepper->plan, step);
    nn_tree_node share =
        nn_tree_share(batch.leaves, nn_comm_rank(stepper->comm), nn_comm_size(stepper->comm));
    nn_workers_denominators(stepper->workers, batch, share, denominators);
}

/* This rank's share of the batch of a step. */
static bool step_schedule(const void *context, int64_t step, nn_data_span *span)
{
    const nn_stepper *stepper = context;
    if (step >= stepper->plan.length.steps) return false;
    nn_batch batch = nn_plan_batch(&stepper->plan, step);
    nn_tree_node share =
        nn_tree_share(batch.leaves, nn_comm_rank(stepper->comm), nn_comm_size(stepper->comm));
    *span = (nn_data_span){.epoch = batch.epoch, .first = batch.first};
    if (share.begin == share.end) return true;
    int64_t begin = nn_tree_leaf_samples(batch.samples, batch.leaves, share.begin).begin;
    span->first += begin;
    span->count = nn_tree_leaf_samples(batch.samples, batch.leaves, share.end - 1).end - begin;
    return true;
}

nn_status nn_stepper_begin(nn_stepper *stepper, int64_t step)
{
    step_parts parts = {0, step_leaves_at(stepper, step), false};
    nn_step_result unused;
    bool lost;
    nn_status status = nn_dataset_follow(stepper->data, NN_TRAIN, step_schedule, stepper, step, 3, true);
    NN_TRY(nn_comm_agree(stepper->comm, status));
    nn_integrity_start(stepper, step);
    stepper->message[MESSAGE_REQUESTS] = stepper->message[MESSAGE_LOST] = stepper->message[MESSAGE_MIXED] = 0;
    stepper->message[MESSAGE_POSITION] = stepper->message[MESSAGE_BLOCK] = -1;
    step_next_denominators(stepper, step, stepper->message + MESSAGE_HEADER);
    return step_agree(stepper, &parts, &unused, &lost);
}

/* ---- the step ---- */

static nn_status step_layer_done(void *context, int layer)
{
    nn_stepper *stepper = context;
    if (stepper->bucket_of_layer[layer] >= 0)
        NN_TRY(nn_reduction_start(stepper->reduction, stepper->bucket_of_layer[layer]));
    return nn_reduction_progress(stepper->reduction);
}

/* Seconds that the rank has waited for its data, and for others in the middle of a step. */
static double step_waited(const nn_stepper *stepper)
{
    return nn_dataset_waited(stepper->data, NN_TRAIN) + nn_exchange_waited(stepper->exchange);
}

/* Measures of the owned blocks into the message; returns the first block that is not finite, or -1. */
static int64_t step_measure(nn_stepper *stepper, int64_t step, double *measures)
{
    nn_update *update = stepper->update;
    nn_update_measure(update, step + 1, nn_reduction_weights(stepper->reduction), measures);
    for (int64_t b = 0; b < update->block_count; b++)
        if (!isfinite(measures[b * update->measures])) return update->blocks[b].block;
    return -1;
}

/* The norm of the whole gradient, over all blocks in the canonical tree. */
static double step_norm(const nn_stepper *stepper)
{
    double sums[1 + NN_OPTIMIZER_SUMS];
    nn_tree_sum(stepper->model->network->block_count, (size_t)stepper->update->measures, stepper->measures,
                sums);
    return sqrt(sums[0]);
}

static void step_update(nn_stepper *stepper, int64_t step, nn_step_result *result)
{
    const nn_settings *settings = stepper->settings;
    double factor = nn_schedule_factor(settings->schedule, settings->schedule_options, stepper->memory, step,
                                       stepper->plan.length);
    nn_optimizer_step at = {.step = step + 1,
                            .learning_rate = *(const double *)settings->optimizer_options * factor,
                            .gradient_scale = 1};
    result->gradient_norm = 0;
    if (settings->training.clip_norm > 0) {
        result->gradient_norm = step_norm(stepper);
        if (result->gradient_norm > settings->training.clip_norm)
            at.gradient_scale = settings->training.clip_norm / result->gradient_norm;
    }
    nn_update_prepare(stepper->update, &at, stepper->measures);
    nn_update_apply(stepper->update, nn_reduction_weights(stepper->reduction));
}

nn_status nn_stepper_run(nn_stepper *stepper, int64_t step, unsigned requests, nn_step_result *result)
{
    nn_batch batch = nn_plan_batch(&stepper->plan, step);
    int rank = nn_comm_rank(stepper->comm), size = nn_comm_size(stepper->comm), node_count;
    nn_tree_node share = nn_tree_share(batch.leaves, rank, size), nodes[NN_TREE_COVER_MAX];
    nn_real *partials[NN_TREE_COVER_MAX];
    double *figures = stepper->message + MESSAGE_HEADER;
    bool sums = stepper->settings->training.clip_norm > 0 || stepper->settings->optimizer->sums > 0;
    bool exact = stepper->settings->training.allreduce == NN_REDUCE_EXACT;
    step_parts parts = {batch.leaves, step_leaves_at(stepper, step + 1), sums && exact};

    nn_pulse_step(step);
    nn_pulse_phase(NN_PHASE_COMPUTE);
    NN_TRY(nn_reduction_begin(stepper->reduction, batch.leaves, nodes, &node_count));
    for (int i = 0; i < node_count; i++) partials[i] = nn_reduction_partial(stepper->reduction, i);
    nn_nonfinite found;
    nn_integrity_begin(stepper, step, batch);
    nn_workers_hooks hooks = {step_layer_done, stepper, nn_exchange_merge, stepper->exchange};
    nn_pace_begin(&stepper->pace, step_waited(stepper));
    NN_TRY(nn_workers_gradient(stepper->workers, batch, step, stepper->denominators, share, nodes, partials,
                               node_count, nn_reduction_weights(stepper->reduction), figures, &found,
                               &hooks));
    memcpy(stepper->last_denominators, stepper->denominators, sizeof stepper->denominators);
    nn_pace_end(&stepper->pace, share.end - share.begin, nn_workers_threads(stepper->workers),
                step_waited(stepper));
    double *denominators = figures + (share.end - share.begin) * stepper->width;
    step_next_denominators(stepper, step + 1, denominators);
    nn_pulse_phase(NN_PHASE_REDUCE);
    NN_TRY(nn_reduction_finish(stepper->reduction));

    double *measures =
        exact ? denominators + step_share_length(parts.next_leaves, rank, size) * stepper->model->head_count
              : stepper->measures;
    nn_status data = nn_dataset_status(stepper->data, NN_TRAIN);
    NN_TRY(nn_integrity_verify(stepper, step, batch, data == NN_OK));
    int64_t bad_block = step_measure(stepper, step, measures);
    bool lost = data != NN_OK;
    stepper->message[MESSAGE_REQUESTS] = requests;
    stepper->message[MESSAGE_LOST] = lost;
    stepper->message[MESSAGE_POSITION] = (double)found.position;
    stepper->message[MESSAGE_MIXED] = (double)found.mixed;
    stepper->message[MESSAGE_BLOCK] = (double)bad_block;
    NN_TRY(step_agree(stepper, &parts, result, &lost));
    if (lost) return nn_comm_agree(stepper->comm, data);
    if (result->nonfinite) return NN_OK;
    nn_dataset_release(stepper->data, NN_TRAIN, step);
    nn_pulse_phase(NN_PHASE_UPDATE);
    step_update(stepper, step, result);
    nn_integrity_written(stepper, step, result->requests);
    nn_pulse_phase(NN_PHASE_SHARE);
    NN_TRY(nn_reduction_share(stepper->reduction));
    nn_integrity_received(stepper, step);
    return NN_OK;
}
