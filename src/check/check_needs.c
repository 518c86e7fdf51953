/* What a run takes: work, memory, messages, and time. */
#include <math.h>
#include <string.h>

#include "base/fault.h"
#include "base/format.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/memory_limits.h"
#include "check/check.h"
#include "host/clock.h"
#include "rundir/shards.h"
#include "step/buckets.h"
#include "step/step_threads.h"
#include "step/witness.h"
#include "train/over_samples.h"
#include "train/trainable.h"

/* Steps are timed for this long, and at least this many of them. */
#define TIME_SECONDS 0.4
#define TIME_STEPS 3
/* Total seconds of waiting for the disk that are worth a warning. */
#define SAVE_WAIT 10.0
/* Bytes of a checkpoint in addition to its vectors: texts, names, and what HDF5 keeps of them. */
#define CHECKPOINT_EXTRA 40960.0

/* ---- work ---- */

/* The fewest and the most microbatches of a rank. */
static nn_status needs_share(const nn_check *check, int64_t leaves, int64_t *least, int64_t *most)
{
    nn_shares shares;
    nn_status status = nn_shares_create(leaves, check->request->ranks, NULL, &shares);
    *least = leaves;
    *most = 0;
    for (int rank = 0; status == NN_OK && rank < shares.size; rank++) {
        int64_t count = nn_shares_length(&shares, rank);
        if (count < *least) *least = count;
        if (count > *most) *most = count;
    }
    nn_shares_release(&shares);
    return status;
}

double nn_check_rounds(const nn_check *check, int64_t leaves)
{
    int64_t least, most, threads = check->run.threads;
    if (needs_share(check, leaves, &least, &most) != NN_OK) nn_error_clear();
    if (nn_trainable_shares_microbatches(&check->run)) return (double)most / (double)threads;
    return (double)((most + threads - 1) / threads);
}

static nn_status needs_plan(nn_check *check)
{
    const nn_run *run = &check->run;
    const nn_plan *plan = &run->plan;
    nn_forecast *forecast = check->forecast;
    int64_t least, most;
    NN_TRY(needs_share(check, plan->microbatches, &least, &most));
    forecast->has_plan = true;
    forecast->training = nn_dataset_count(run->data, NN_TRAIN);
    forecast->validation = nn_dataset_count(run->data, NN_VALIDATION);
    forecast->test = nn_dataset_count(run->data, NN_TEST);
    nn_dataset_show_folds(run->data, &forecast->folds);
    forecast->batch_size = plan->batch_size;
    forecast->microbatch_size = plan->microbatch_size;
    forecast->steps_per_epoch = plan->length.steps_per_epoch;
    forecast->steps = plan->length.steps;
    forecast->epochs = plan->epochs;
    forecast->leaves = plan->microbatches;
    forecast->least_leaves = least;
    forecast->most_leaves = most;
    forecast->rounds = nn_check_rounds(check, plan->microbatches);
    forecast->shares_microbatches = nn_trainable_shares_microbatches(run);
    return NN_OK;
}

/* ---- memory ---- */

/* Vectors of the optimizer's state, the average of the weights among them. */
static int needs_states(const nn_settings *settings)
{
    const char *names[NN_OPTIMIZER_SLOTS];
    int states = settings->optimizer->slots(settings->optimizer_options, names);
    return states + (settings->training.average > 0);
}

/* What rank 0 takes of the statistics over the batch in a step: it merges what comes from half of this many
 * ranks, or nodes, from a quarter of them, and so on. */
static double needs_statistics(const nn_check *check, int many)
{
    double messages = ceil(log2((double)many));
    return messages * (double)check->run.model->network->statistics_values * sizeof(double);
}

/* A message of the agreement of a step, with as many nodes of the tree as can meet on a rank. */
static double needs_agreement(const nn_run *run)
{
    double nodes = 4 * ceil(log2((double)run->plan.microbatches + 1));
    return nodes * (4 + nn_results_width(run->model, true) + run->model->head_count) * sizeof(double);
}

/* Of what nn_stepper_create makes: the reduction, the state of what a rank owns, the agreement, and
 * statistics over the batch. */
static double needs_stepper(const nn_check *check, size_t reduction, int64_t owned)
{
    const nn_run *run = &check->run;
    const nn_network *network = run->model->network;
    double share = ceil((double)run->plan.microbatches / check->request->ranks);
    double values = share * (nn_results_width(run->model, true) + run->model->head_count);
    double lists =
        (double)network->block_count * 8 + 3 * needs_agreement(run) +
        (double)(network->block_count * owned) / (double)network->value_count * sizeof(nn_owned_block) +
        2 * (double)nn_shares_memory(check->request->ranks);
    const nn_training_options *training = &run->settings.training;
    bool verifies = training->verify_every > 0 && training->allreduce == NN_REDUCE_EXACT;
    if (network->statistics_values > 0) lists += (double)nn_exchange_memory(network->statistics_most);
    if (verifies)
        lists += (double)nn_witness_memory(run->model, run->threads, run->plan.microbatch_size) +
                 (double)network->block_count * 8 * (2 + needs_states(&run->settings));
    return (double)reduction +
           (double)needs_states(&run->settings) * (double)owned * nn_scalar_size(run->model->scalar) +
           values * 8 + lists;
}

static nn_status needs_measure(const nn_check *check, nn_ranks ranks, size_t *reduction,
                               nn_reduction_traffic *traffic)
{
    const nn_run *run = &check->run;
    const nn_network *network = run->model->network;
    int64_t leaf_counts[2] = {run->plan.microbatches, run->plan.last_microbatches};
    nn_buckets buckets = {0};
    nn_reduction_mode mode = (nn_reduction_mode)run->settings.training.allreduce;
    nn_status status;
    NN_TRY_TO(done, status, nn_buckets_make(network, &buckets));
    nn_reduction_layout layout = nn_buckets_layout(network, &buckets, leaf_counts, 2);
    layout.threads = run->threads;
    layout.wire_leaves = run->plan.wire_leaves;
    *reduction = nn_reduction_memory(ranks, &layout, mode);
    status = nn_reduction_measure(ranks, &layout, mode, traffic);
done:
    nn_buckets_release(&buckets);
    return status;
}

/* The first rank in the same part as `rank` where `size` ranks are spread over `parts`. */
static int needs_first_of(int rank, int parts, int size)
{
    int64_t part = (int64_t)rank * parts / size;
    return (int)((part * size + parts - 1) / parts);
}

/* NUMA domains per node that have ranks, where nodes are like this one and ranks are spread over it. */
static int needs_domains(const nn_check *check)
{
    int domains = (int)nn_fault_value("check.domains"), per_node = check->forecast->ranks_per_node;
    nn_cpus cpus;
    nn_step_threads_cpus(&cpus);
    if (domains == 0) domains = nn_cpus_count_domains(&cpus, NULL);
    return domains < per_node ? domains : per_node;
}

nn_status nn_check_spread(const nn_check *check, nn_check_ranks *ranks)
{
    int size = check->request->ranks, nodes = check->request->nodes;
    int parts = nodes * check->forecast->domains;
    *ranks = (nn_check_ranks){0};
    NN_TRY(NN_ALLOCATE(&ranks->leaders, size, "the table of ranks"));
    NN_TRY(NN_ALLOCATE(&ranks->domains, size, "the table of ranks"));
    for (int rank = 0; rank < size; rank++) {
        ranks->leaders[rank] = needs_first_of(rank, nodes, size);
        ranks->domains[rank] = needs_first_of(rank, parts, size);
    }
    return NN_OK;
}

void nn_check_spread_release(nn_check_ranks *ranks)
{
    nn_free(ranks->leaders);
    nn_free(ranks->domains);
}

/* As rank 0 sees them. */
static nn_status needs_of_first_rank(const nn_check *check, size_t *reduction, nn_reduction_traffic *traffic)
{
    nn_check_ranks ranks;
    nn_status status = nn_check_spread(check, &ranks);
    if (status == NN_OK)
        status = needs_measure(
            check,
            (nn_ranks){.size = check->request->ranks, .leaders = ranks.leaders, .domains = ranks.domains},
            reduction, traffic);
    nn_check_spread_release(&ranks);
    return status;
}

static double needs_limit_here(const char **of)
{
    nn_memory_limits limits = nn_memory_limits_read("");
    return nn_memory_limits_whole(&limits, of);
}

static nn_status needs_check_memory(const nn_check *check)
{
    const nn_forecast *forecast = check->forecast;
    char needed[NN_FORMAT_SIZE], limit[NN_FORMAT_SIZE];
    if (forecast->node_memory <= forecast->memory_limit) return NN_OK;
    NN_FAIL(NN_ERROR_MEMORY,
            "memory: the %d ranks of a node need %s in total, but the %s is %s: use fewer ranks per node, "
            "%s, or set data.cache: stream%s",
            forecast->ranks_per_node, nn_format_bytes(needed, forecast->node_memory),
            forecast->memory_limit_of, nn_format_bytes(limit, forecast->memory_limit),
            nn_over_samples_remedy(&check->run),
            check->request->node_memory > 0 ? "" : ", or give the memory of the nodes with --node-memory");
}

static void needs_memory(nn_check *check)
{
    nn_run *run = &check->run;
    nn_forecast *forecast = check->forecast;
    const nn_training_options *training = &run->settings.training;
    size_t reduction = 0;
    nn_reduction_traffic traffic = {0};
    forecast->domains = needs_domains(check);
    if (!nn_check_collect(check, needs_of_first_rank(check, &reduction, &traffic))) return;
    int states = needs_states(&run->settings);
    double vector = (double)run->model->network->value_count * nn_scalar_size(run->model->scalar);
    nn_workers_request request = {.threads = run->threads,
                                  .share_max = nn_run_share_max(run, check->request->ranks),
                                  .microbatch_size = run->plan.microbatch_size,
                                  .memory = training->memory * 1048576};
    size_t workers = nn_workers_memory(run->model, run->data, &request);
    bool streams = nn_dataset_streams(run->data);
    forecast->together_memory = nn_over_samples_memory(run, check->request->ranks);
    forecast->has_model = true;
    forecast->parameters = run->model->network->trainable_count;
    forecast->rank_memory = (double)check->model_memory + (double)workers +
                            needs_stepper(check, reduction, traffic.owned) +
                            (training->average > 0 ? vector : 0);
    forecast->shards = nn_shards_count(run->model, states, run->settings.checkpoint.shard_size * 1048576,
                                       check->request->nodes);
    forecast->saving_memory = (double)nn_checkpoint_memory(run->model, states, forecast->shards);
    forecast->data_memory = (double)nn_dataset_memory(run->data);
    forecast->stream_memory = streams ? run->settings.data.memory * 1048576 : 0;
    /* The ranks of a domain have one copy of the weights: where there are fewer of them than in that of rank
     * 0, each has a larger share. */
    int copies = training->allreduce == NN_REDUCE_EXACT ? forecast->domains : forecast->ranks_per_node;
    double without_weights = forecast->rank_memory - (double)traffic.weights;
    forecast->node_memory = forecast->ranks_per_node * (without_weights + forecast->stream_memory) +
                            copies * vector + forecast->data_memory + forecast->saving_memory;
    forecast->between_nodes = (double)traffic.from_nodes + needs_statistics(check, check->request->nodes);
    forecast->exchanged =
        (double)(traffic.on_node + traffic.from_nodes) + needs_statistics(check, check->request->ranks);
    forecast->checkpoint_size = (1 + states) * vector + CHECKPOINT_EXTRA;
}

void nn_check_needs(nn_check *check)
{
    nn_forecast *forecast = check->forecast;
    if (!nn_check_collect(check, needs_plan(check))) return;
    needs_memory(check);
    if (!forecast->has_model) return;
    forecast->memory_limit = check->request->node_memory;
    forecast->memory_limit_of = "memory of a node (--node-memory)";
    if (forecast->memory_limit == 0) forecast->memory_limit = needs_limit_here(&forecast->memory_limit_of);
    nn_check_collect(check, needs_check_memory(check));
}

/* ---- time ---- */

/* Steps of one microbatch on one thread; the whole step, and its gradient alone. */
static nn_status time_run(nn_check *check, nn_stepper *stepper)
{
    nn_forecast *forecast = check->forecast;
    nn_batch batch = nn_plan_batch(&stepper->plan, 0);
    nn_tree_node leaf = {0, 1};
    nn_step_result result;
    double gradient = 0, whole = 0;
    int64_t steps = 0;
    NN_TRY(nn_stepper_begin(stepper, 0));
    NN_TRY(nn_stepper_run(stepper, 0, 0, &result));
    while (steps < TIME_STEPS || gradient + whole < TIME_SECONDS) {
        double began = nn_seconds();
        NN_TRY(nn_stepper_run(stepper, ++steps, 0, &result));
        whole += nn_seconds() - began;
        nn_real *weights = nn_reduction_weights(stepper->reduction);
        nn_real *partial = nn_reduction_partial(stepper->reduction, 0);
        began = nn_seconds();
        nn_gradient_call call = {.batch = batch,
                                 .step = steps,
                                 .share = leaf,
                                 .nodes = &leaf,
                                 .node_count = 1,
                                 .weights = weights,
                                 .denominators = stepper->denominators,
                                 .partials = &partial,
                                 .results = stepper->results};
        NN_TRY(nn_workers_gradient(check->run.workers, &call));
        gradient += nn_seconds() - began;
    }
    forecast->leaf_seconds = gradient / (double)steps;
    forecast->update_seconds = fmax(0, whole - gradient) / (double)steps;
    return NN_OK;
}

static nn_status time_measure(nn_check *check)
{
    nn_run *run = &check->run;
    int64_t samples = run->plan.microbatch_size;
    nn_plan plan = nn_plan_make(samples, samples, samples, INT64_C(1) << 40, false, 0);
    plan.wire_leaves = run->plan.wire_leaves;
    run->settings.training.verify_every = 0; /* every step would be verified */
    nn_workers_request workers = {.threads = 1,
                                  .share_max = 1,
                                  .microbatch_size = samples,
                                  .seed = (uint64_t)run->settings.training.seed,
                                  .wire_leaves = plan.wire_leaves};
    NN_TRY(nn_workers_create(run->model, run->data, &workers, &run->workers));
    nn_stepper_request request = {.settings = &run->settings,
                                  .memory = &run->state.watch.schedule,
                                  .model = run->model,
                                  .plan = plan,
                                  .workers = run->workers,
                                  .data = run->data,
                                  .threads = 1};
    NN_TRY(nn_stepper_create(run->comm, &request, &run->stepper));
    nn_real *weights = nn_reduction_weights(run->stepper->reduction);
    NN_TRY(nn_workers_initialize(run->workers, weights));
    nn_update_begin(run->stepper->update, weights);
    return time_run(check, run->stepper);
}

/* Bytes that the measurement takes, with some margin. */
static bool time_has_room(const nn_check *check)
{
    const nn_run *run = &check->run;
    nn_workers_request request = {.threads = 1, .share_max = 1, .microbatch_size = run->plan.microbatch_size};
    const char *of;
    double vectors = 3 + needs_states(&run->settings);
    double needed = vectors * (double)run->model->network->value_count * nn_scalar_size(run->model->scalar) +
                    (double)nn_workers_memory(run->model, run->data, &request);
    return 2 * needed < needs_limit_here(&of);
}

/* Seconds between checkpoints. */
static double time_between_saves(const nn_check *check)
{
    const nn_forecast *forecast = check->forecast;
    nn_duration every = check->run.settings.checkpoint.every;
    if (every.unit == NN_DURATION_EPOCHS) return every.amount * forecast->epoch_seconds;
    if (every.unit == NN_DURATION_STEPS) return every.amount * forecast->step_seconds;
    if (every.unit == NN_DURATION_FRACTION) return every.amount * forecast->run_seconds;
    return every.amount;
}

/* Scales the seconds of a microbatch to those of a run: the busiest thread sets the pace. */
static void time_scale(nn_check *check)
{
    const nn_run *run = &check->run;
    const nn_network *network = run->model->network;
    nn_forecast *forecast = check->forecast;
    double workers = (double)check->request->ranks * run->threads;
    double forward = network->flops_training > 0 ? network->flops_forward / network->flops_training : 1;
    double evaluated = ceil((double)forecast->validation / (double)forecast->microbatch_size);
    forecast->compute_seconds =
        forecast->rounds * forecast->leaf_seconds + forecast->update_seconds / workers;
    forecast->step_seconds = forecast->compute_seconds + forecast->exposed_seconds;
    forecast->evaluation_seconds = ceil(evaluated / workers) * forward * forecast->leaf_seconds;
    forecast->epoch_seconds =
        (double)forecast->steps_per_epoch *
        (forecast->step_seconds + forecast->evaluation_seconds / (double)run->plan.validate_every);
    double left =
        fmax(0, (double)(forecast->steps - forecast->steps_done)) / (double)forecast->steps_per_epoch;
    forecast->run_seconds = left * forecast->epoch_seconds;
    forecast->save_interval = time_between_saves(check);
}

static void time_warn_saving(const nn_forecast *forecast)
{
    char save[NN_FORMAT_SIZE], interval[NN_FORMAT_SIZE];
    double waits = forecast->save_seconds - forecast->save_interval;
    if (forecast->save_interval <= 0 || waits <= 0) return;
    if (forecast->run_seconds / forecast->save_interval * waits < SAVE_WAIT) return;
    nn_log_warning("a checkpoint takes %s to write, and one is due every %s: the run will wait for the disk; "
                   "raise checkpoint.every",
                   nn_format_seconds(save, forecast->save_seconds),
                   nn_format_seconds(interval, forecast->save_interval));
}

/* The time that a job reserves for its end, and the number of jobs that the run takes. */
static nn_status time_check_limit(nn_check *check)
{
    nn_forecast *forecast = check->forecast;
    double limit = check->request->time_limit;
    char of_step[NN_FORMAT_SIZE], kept[NN_FORMAT_SIZE], all[NN_FORMAT_SIZE];
    nn_deadline deadline = {forecast->step_seconds, forecast->evaluation_seconds, forecast->save_seconds};
    nn_deadline_ahead ahead = {.ends_epoch = true, .checkpoint_bytes = forecast->checkpoint_size};
    forecast->stop_seconds = nn_deadline_needs(&deadline, &ahead);
    if (limit == 0) return NN_OK;
    double useful = limit - forecast->stop_seconds;
    if (forecast->run_seconds <= useful)
        forecast->jobs = 1;
    else if (useful > 0)
        forecast->jobs = (int64_t)ceil(forecast->run_seconds / useful);
    if (forecast->jobs > 0) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE,
            "--time-limit: %s is too short to make progress: a step takes %s, and %s is reserved for two "
            "steps, the end of an epoch and a checkpoint; request more time or more ranks",
            nn_format_seconds(all, limit), nn_format_seconds(of_step, forecast->step_seconds),
            nn_format_seconds(kept, forecast->stop_seconds));
}

void nn_check_time(nn_check *check)
{
    nn_forecast *forecast = check->forecast;
    char limit[NN_FORMAT_SIZE], all[NN_FORMAT_SIZE];
    if (!time_has_room(check)) {
        nn_log_warning("the time of a step was not measured: this machine does not have enough memory");
        return;
    }
    if (time_measure(check) != NN_OK) {
        nn_log_warning("the time per step could not be measured: %s", nn_error_text());
        nn_error_clear();
        return;
    }
    forecast->has_time = true;
    if (!nn_check_collect(check, nn_check_messages(check))) return;
    time_scale(check);
    time_warn_saving(forecast);
    if (!nn_check_collect(check, time_check_limit(check)) || forecast->jobs < 2) return;
    nn_log_warning("the run will not end within %s: it takes about %s, so it must be requeued %lld time%s",
                   nn_format_seconds(limit, check->request->time_limit),
                   nn_format_seconds(all, forecast->run_seconds), (long long)forecast->jobs - 1,
                   forecast->jobs > 2 ? "s" : "");
}
