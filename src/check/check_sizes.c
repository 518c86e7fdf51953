/*
 * What another microbatch size would gain or lose: the gradient of the same samples, computed in microbatches
 * of each size on one thread.
 */
#include <math.h>

#include "base/memory.h"
#include "base/memory_limits.h"
#include "check/check.h"
#include "host/clock.h"
#include "step/heads.h"

/* All sizes together take about this long, and each is timed this many times at least. If a microbatch takes
 * so long that this would take more than the limit, fewer sizes are timed, or none. */
#define SIZES_SECONDS 0.4
#define SIZES_REPEATS 3
#define SIZES_LIMIT 6.0

typedef struct sizes_trial {
    int64_t size;
    nn_model *model;
    nn_workers *workers;
    double *results;
    double seconds; /* for all samples, the shortest so far */
} sizes_trial;

typedef struct sizes_trials {
    nn_check *check;
    int64_t samples; /* of each gradient */
    int count;
    sizes_trial trials[NN_FORECAST_SIZES + 1]; /* by size; one of them is the plan's */
} sizes_trials;

/* Whether the job could have this size. Larger ones must leave no thread without a microbatch. */
static bool sizes_allows(const nn_check *check, int64_t size)
{
    const nn_plan *plan = &check->run.plan;
    int64_t workers = check->request->ranks;
    if (!check->forecast->shares_microbatches) workers *= check->run.threads;
    return size > 0 && (size < plan->microbatch_size || plan->batch_size >= size * workers);
}

/* The sizes smaller and larger by powers of two up to `factor`; the largest is that of each gradient. */
static void sizes_choose(sizes_trials *trials, int64_t factor)
{
    int64_t size = trials->check->run.plan.microbatch_size;
    trials->count = 0;
    for (int64_t by = factor; by > 1; by /= 2)
        if (size % by == 0 && sizes_allows(trials->check, size / by))
            trials->trials[trials->count++].size = size / by;
    trials->trials[trials->count++].size = size;
    for (int64_t by = 2; by <= factor; by *= 2)
        if (sizes_allows(trials->check, size * by)) trials->trials[trials->count++].size = size * by;
    trials->samples = trials->trials[trials->count - 1].size;
}

/* Seconds that will pass at least. */
static double sizes_needs(const sizes_trials *trials)
{
    double leaves = (double)trials->samples / (double)trials->check->run.plan.microbatch_size;
    return SIZES_REPEATS * trials->count * leaves * trials->check->forecast->leaf_seconds;
}

/* Building a network takes its description, so it is read again. */
static nn_status sizes_build(const nn_run *run, sizes_trial *trial)
{
    nn_settings settings = {0};
    nn_status status = nn_settings_read(run->config, &settings);
    if (status == NN_OK) status = nn_heads_model(&settings.model, run->data, trial->size, &trial->model);
    nn_settings_release(&settings);
    return status;
}

static nn_status sizes_make(const sizes_trials *trials, sizes_trial *trial)
{
    const nn_run *run = &trials->check->run;
    int64_t microbatches = trials->samples / trial->size;
    nn_workers_request request = {.threads = 1,
                                  .share_max = microbatches,
                                  .microbatch_size = trial->size,
                                  .memory = run->settings.training.memory * 1048576,
                                  .seed = (uint64_t)run->settings.training.seed};
    const char *of;
    nn_memory_limits limits = nn_memory_limits_read("");
    NN_TRY(sizes_build(run, trial));
    double needed = trials->count * (double)nn_workers_memory(trial->model, run->data, &request);
    if (2 * needed > nn_memory_limits_whole(&limits, &of))
        NN_FAIL(NN_ERROR_MEMORY, "no room for timing other microbatch sizes");
    NN_TRY(NN_ALLOCATE(&trial->results, microbatches * nn_results_width(trial->model, true), "results"));
    return nn_workers_create(trial->model, run->data, &request, &trial->workers);
}

static nn_status sizes_time(const sizes_trials *trials, sizes_trial *trial)
{
    const nn_stepper *stepper = trials->check->run.stepper;
    int64_t microbatches = trials->samples / trial->size;
    nn_tree_node all = {0, microbatches};
    nn_real *partial = nn_reduction_partial(stepper->reduction, 0);
    nn_gradient_call call = {.batch = {.samples = trials->samples, .microbatches = microbatches},
                             .share = all,
                             .nodes = &all,
                             .node_count = 1,
                             .weights = nn_reduction_weights(stepper->reduction),
                             .denominators = stepper->denominators,
                             .partials = &partial,
                             .results = trial->results};
    double began = nn_seconds();
    NN_TRY(nn_workers_gradient(trial->workers, &call));
    double seconds = nn_seconds() - began;
    if (trial->seconds == 0 || seconds < trial->seconds) trial->seconds = seconds;
    return NN_OK;
}

/* In turn, so that what else the machine does affects all sizes alike. */
static nn_status sizes_run(sizes_trials *trials)
{
    double began = nn_seconds();
    for (int i = 0; i < trials->count; i++) NN_TRY(sizes_make(trials, &trials->trials[i]));
    for (int repeat = 0; repeat < SIZES_REPEATS || nn_seconds() - began < SIZES_SECONDS; repeat++)
        for (int i = 0; i < trials->count; i++) NN_TRY(sizes_time(trials, &trials->trials[i]));
    return NN_OK;
}

/* Seconds of a step with this size. */
static double sizes_step(const sizes_trials *trials, const sizes_trial *trial)
{
    const nn_check *check = trials->check;
    const nn_plan *plan = &check->run.plan;
    double leaf = trial->seconds * (double)trial->size / (double)trials->samples;
    int64_t leaves = (plan->batch_size + trial->size - 1) / trial->size;
    double workers = (double)check->request->ranks * check->run.threads;
    return nn_check_rounds(check, leaves) * leaf + check->forecast->update_seconds / workers;
}

static void sizes_compare(const sizes_trials *trials)
{
    nn_forecast *forecast = trials->check->forecast;
    double planned = 0;
    for (int i = 0; i < trials->count; i++)
        if (trials->trials[i].size == forecast->microbatch_size)
            planned = sizes_step(trials, &trials->trials[i]);
    for (int i = 0; planned > 0 && i < trials->count; i++)
        if (trials->trials[i].size != forecast->microbatch_size)
            forecast->sizes[forecast->size_count++] = (nn_forecast_microbatch){
                trials->trials[i].size, sizes_step(trials, &trials->trials[i]) / planned - 1};
}

void nn_check_sizes(nn_check *check)
{
    sizes_trials trials = {.check = check};
    nn_forecast *forecast = check->forecast;
    if (!forecast->has_time || check->run.plan.begun) return;
    for (int64_t factor = 4; factor > 1; factor /= 2) {
        sizes_choose(&trials, factor);
        if (sizes_needs(&trials) < SIZES_LIMIT) break;
    }
    bool fits = sizes_needs(&trials) < SIZES_LIMIT && trials.count > 1;
    /* Only advice: what fails here is not a problem of the job. */
    if (fits && sizes_run(&trials) == NN_OK)
        sizes_compare(&trials);
    else
        nn_error_clear();
    for (int i = 0; i < trials.count; i++) {
        nn_workers_destroy(trials.trials[i].workers);
        nn_model_destroy(trials.trials[i].model);
        nn_free(trials.trials[i].results);
    }
}
