/* What communication adds to the time of a step. */
#include <math.h>

#include "check/check.h"
#include "step/stops.h"

/* What is assumed of a cluster where nothing is given: 100 Gb/s, 2 us. */
#define MESSAGES_RATE 12.5e9
#define MESSAGES_LATENCY 2e-6
/* Of a node, where nothing can be measured: its network is not here either. */
#define MESSAGES_MEMORY 100e9

/* The slowest of the first, a middle and the last rank: at the right edge of a tree that is not complete,
 * ways are longer. */
static nn_status messages_forecast(const nn_check *check, nn_timeline_call *call, nn_timeline *slowest)
{
    int size = check->request->ranks, ranks[3] = {0, size / 2, size - 1};
    nn_timeline timeline;
    for (int i = 0; i < 3; i++) {
        call->ranks.rank = ranks[i];
        NN_TRY(nn_timeline_forecast(call, &timeline));
        if (i == 0 || timeline.step > slowest->step) *slowest = timeline;
    }
    return NN_OK;
}

static void messages_keep(nn_check *check, const nn_timeline *timeline)
{
    nn_forecast *forecast = check->forecast;
    double exposed = fmax(0, timeline->step - timeline->compute);
    forecast->communication_seconds = timeline->passing;
    forecast->exposed_seconds = exposed;
    forecast->wire_seconds = timeline->wire;
    forecast->hidden = timeline->passing > 0 ? fmax(0, 1 - timeline->waiting / timeline->passing) : 1;
    forecast->has_communication = true;
}

nn_status nn_check_messages(nn_check *check)
{
    const nn_run *run = &check->run;
    const nn_network *network = run->model->network;
    nn_forecast *forecast = check->forecast;
    const nn_forecast_request *request = check->request;
    int64_t leaves = run->plan.microbatches;
    nn_buckets buckets = {0};
    nn_stops stops = {0};
    nn_check_ranks ranks = {0};
    nn_timeline slowest = {0};
    nn_status status;
    forecast->network_rate = request->network_rate > 0 ? request->network_rate : MESSAGES_RATE;
    forecast->network_latency = request->network_latency > 0 ? request->network_latency : MESSAGES_LATENCY;
    if (request->nodes == 1 || network->flops_training <= 0) return NN_OK;
    /* The seconds of the gradient are divided among the layers, and their passes, by their FLOPs. */
    double flop_seconds = forecast->rounds * forecast->leaf_seconds / network->flops_training;
    NN_TRY_TO(done, status, nn_buckets_make(network, &buckets));
    NN_TRY_TO(done, status, nn_stops_make(network, &buckets, flop_seconds, true, &stops));
    NN_TRY_TO(done, status, nn_check_spread(check, &ranks));
    nn_reduction_layout layout = nn_buckets_layout(network, &buckets, &leaves, 1);
    layout.wire_leaves = run->plan.wire_leaves;
    nn_timeline_call call = {
        .ranks = {.size = request->ranks, .leaders = ranks.leaders, .domains = ranks.domains},
        .layout = &layout,
        .mode = (nn_reduction_mode)run->settings.training.allreduce,
        .node = {forecast->network_rate, forecast->network_latency, MESSAGES_MEMORY},
        .forward = stops.forward,
        .backward = stops.backward,
        .forward_count = stops.forward_count,
        .backward_count = stops.backward_count};
    NN_TRY_TO(done, status, messages_forecast(check, &call, &slowest));
    messages_keep(check, &slowest);
done:
    nn_check_spread_release(&ranks);
    nn_stops_release(&stops);
    nn_buckets_release(&buckets);
    return status;
}
