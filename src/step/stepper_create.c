/* The stepper, made and released. */
#include <assert.h>

#include "base/memory.h"
#include "step/agreement.h"
#include "step/arithmetic.h"

static nn_status stepper_list_owners(nn_stepper *stepper, int64_t bucket_count)
{
    int size = nn_comm_size(stepper->comm);
    nn_reduction_slice *slices = NULL;
    NN_TRY(NN_ALLOCATE(&stepper->sizes, size, "the owners of blocks"));
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

/* The numbers of microbatches that batches can have; at most NN_STEPPER_GIVEN where they are given. */
static int stepper_leaf_counts(const nn_plan *plan, int64_t *leaf_counts)
{
    leaf_counts[0] = plan->microbatches;
    leaf_counts[1] = plan->last_microbatches;
    for (int64_t i = 0; plan->in_place && i < plan->microbatches; i++) leaf_counts[i] = i + 1;
    return plan->in_place ? (int)plan->microbatches : 2;
}

/* Collective. */
static nn_status stepper_create_reduction(nn_stepper *stepper)
{
    const nn_reduction_mode mode = (nn_reduction_mode)stepper->settings->training.allreduce;
    int64_t leaf_counts[NN_STEPPER_GIVEN];
    int kinds = stepper_leaf_counts(&stepper->plan, leaf_counts);
    nn_reduction_layout layout =
        nn_buckets_layout(stepper->model->network, &stepper->buckets, leaf_counts, kinds);
    layout.threads = stepper->threads;
    layout.wire_leaves = stepper->plan.wire_leaves;
    size_t before = nn_memory_in_use();
    NN_TRY(nn_reduction_create(stepper->comm, &layout, mode, nn_step_arithmetic_of(stepper->scalar)->sums,
                               &stepper->reduction));
    size_t counted = nn_memory_in_use() - before;
    size_t whole = nn_reduction_memory(nn_comm_ranks(stepper->comm), &layout, mode);
    stepper->uncounted_bytes = whole > counted ? whole - counted : 0;
    return NN_OK;
}

static nn_status stepper_progress(void *reduction)
{
    return nn_reduction_progress(reduction);
}

static nn_status stepper_allocate(nn_stepper *stepper)
{
    const nn_network *network = stepper->model->network;
    const nn_training_options *training = &stepper->settings->training;
    int size = nn_comm_size(stepper->comm);
    const int *leaders = nn_comm_ranks(stepper->comm).leaders;
    nn_status status = nn_shares_create(stepper->plan.microbatches, size, leaders, &stepper->shares);
    if (status == NN_OK)
        status = nn_shares_create(stepper->plan.last_microbatches, size, leaders, &stepper->last_shares);
    if (status == NN_OK) status = nn_buckets_make(network, &stepper->buckets);
    NN_TRY(nn_comm_agree(stepper->comm, status));
    NN_TRY(stepper_create_reduction(stepper));
    nn_update_options options = {stepper->settings->optimizer, stepper->settings->optimizer_options,
                                 training->clip_value, training->average, stepper->threads};
    NN_TRY(nn_update_create(network, &options, stepper->reduction, &stepper->update));
    NN_TRY(stepper_list_owners(stepper, stepper->buckets.count));
    NN_TRY(nn_norms_create(stepper->comm, network, stepper->update, training->allreduce == NN_REDUCE_EXACT,
                           &stepper->norms));
    stepper->log_every = nn_plan_interval(&stepper->plan, stepper->settings->logging.every);
    if (stepper->settings->logging.norms)
        NN_TRY(nn_norms_by_layer_create(stepper->comm, network, stepper->update,
                                        training->allreduce == NN_REDUCE_EXACT, &stepper->layer_norms));
    NN_TRY(nn_agreement_create(stepper));
    if (network->statistics_values == 0) return NN_OK;
    NN_TRY(nn_exchange_create(stepper->comm, network->statistics_most, &stepper->exchange));
    nn_exchange_attach(stepper->exchange, (nn_comm_meanwhile){stepper_progress, stepper->reduction});
    return NN_OK;
}

/* Seconds that this rank has waited for its data, and for other ranks in the middle of a step. */
static double stepper_waited(const nn_stepper *stepper)
{
    return nn_dataset_waited(stepper->data, NN_TRAIN) + nn_exchange_waited(stepper->exchange) +
           nn_reduction_read_clock(stepper->reduction).waiting;
}

static nn_status stepper_pace_begin(void *context, const nn_step_progress *progress)
{
    nn_stepper *stepper = context;
    (void)progress;
    nn_pace_begin(&stepper->pace, stepper_waited(stepper));
    return NN_OK;
}

static nn_status stepper_pace_computed(void *context, const nn_step_progress *progress)
{
    nn_stepper *stepper = context;
    nn_pace_end(&stepper->pace, progress->share.end - progress->share.begin, stepper->threads,
                stepper_waited(stepper));
    return NN_OK;
}

nn_status nn_stepper_create(nn_comm *comm, const nn_stepper_request *request, nn_stepper **stepper)
{
    nn_stepper *made = NULL;
    *stepper = NULL;
    nn_status status = nn_comm_agree(comm, NN_ALLOCATE(&made, 1, "a stepper"));
    if (status != NN_OK) {
        nn_free(made); /* of a rank that had the memory */
        return status;
    }
    *stepper = made;
    made->comm = comm;
    made->scalar = request->model->network->scalar;
    made->settings = request->settings;
    made->memory = request->memory;
    made->model = request->model;
    made->plan = request->plan;
    made->workers = request->workers;
    made->data = request->data;
    made->threads = request->threads;
    made->width = nn_results_width(made->model, true);
    status = nn_comm_agree(comm, stepper_allocate(made));
    if (status != NN_OK) {
        nn_stepper_destroy(made);
        *stepper = NULL;
        return status;
    }
    nn_stepper_observe(made, nn_step_pulse);
    nn_stepper_observe(
        made, (nn_step_observer){
                  .context = made,
                  .at = {[NN_SEAM_BEGIN] = stepper_pace_begin, [NN_SEAM_COMPUTED] = stepper_pace_computed}});
    return NN_OK;
}

void nn_stepper_destroy(nn_stepper *stepper)
{
    if (!stepper) return;
    nn_dataset_unfollow(stepper->data, NN_TRAIN);
    nn_exchange_destroy(stepper->exchange);
    nn_norms_destroy(stepper->norms);
    nn_norms_by_layer_destroy(stepper->layer_norms);
    nn_update_destroy(stepper->update);
    nn_reduction_destroy(stepper->reduction);
    nn_shares_release(&stepper->shares);
    nn_shares_release(&stepper->last_shares);
    nn_shares_release(&stepper->given_shares);
    nn_buckets_release(&stepper->buckets);
    nn_free(stepper->sizes);
    nn_free(stepper->blocks_of_rank);
    nn_free(stepper->block_of_owned);
    nn_agreement_release(stepper);
    nn_free(stepper);
}

void nn_stepper_observe(nn_stepper *stepper, nn_step_observer observer)
{
    assert(stepper->observer_count < NN_STEP_OBSERVERS);
    stepper->observers[stepper->observer_count++] = observer;
}

const nn_shares *nn_stepper_shares(const nn_stepper *stepper, int64_t microbatches)
{
    if (stepper->plan.in_place && microbatches == stepper->given_shares.leaves) return &stepper->given_shares;
    assert(microbatches == stepper->plan.microbatches || microbatches == stepper->plan.last_microbatches);
    return microbatches == stepper->plan.microbatches ? &stepper->shares : &stepper->last_shares;
}

nn_status nn_stepper_share_out(nn_stepper *stepper, int64_t microbatches)
{
    nn_shares *shares = &stepper->given_shares;
    if (shares->leaves == microbatches) return NN_OK;
    nn_shares_release(shares);
    return nn_shares_create(microbatches, nn_comm_size(stepper->comm), nn_comm_ranks(stepper->comm).leaders,
                            shares);
}
