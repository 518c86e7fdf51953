#include "train/lr_range.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/maths.h"
#include "base/memory.h"
#include "host/clock.h"
#include "step/results.h"
#include "train/progress_show.h"
#include "train/setup.h"

/* In place of the run's own schedule. */
typedef struct range_options {
    nn_schedule_common common; /* no warm-up */
    double growth;             /* to / from */
    int64_t steps;
} range_options;

static double range_factor(const void *options, const nn_schedule_memory *memory, int64_t step,
                           nn_schedule_length length)
{
    const range_options *range = options;
    (void)memory;
    (void)length;
    return nn_maths_pow(range->growth, (double)step / (double)(range->steps - 1));
}

static const nn_schedule_type range_schedule = {
    .name = "range test", .options_size = sizeof(range_options), .factor = range_factor};

static nn_status range_allocate(int64_t steps, nn_lr_range *range)
{
    NN_TRY(NN_ALLOCATE(&range->rates, steps, "a range test"));
    NN_TRY(NN_ALLOCATE(&range->losses, steps, "a range test"));
    return NN_ALLOCATE(&range->smoothed, steps, "a range test");
}

/* A step that gives NaN or Inf ends the test: the learning rate is far too high. */
static nn_status range_step(nn_run *run, const nn_lr_range_request *request, nn_lr_watch *watch,
                            nn_lr_range *range)
{
    nn_step_result result;
    const nn_settings *settings = &run->settings;
    int64_t step = range->count;
    unsigned stop = run->job->stop && *run->job->stop ? NN_REQUEST_STOP : 0;
    NN_TRY(nn_stepper_run(run->stepper, step, stop, &result));
    if (result.requests & NN_REQUEST_STOP)
        NN_FAIL(NN_STOPPED, "lr-range: stopped on request after step %lld", (long long)step + 1);
    double loss = nn_results_loss(run->model, result.results);
    /* Where no target of a batch counts, it says nothing. */
    if (!result.nonfinite && isnan(loss)) loss = step > 0 ? range->losses[step - 1] : 0;
    range->diverges = result.nonfinite || !isfinite(loss);
    if (range->diverges) return NN_OK;
    double factor = nn_schedule_factor(settings->schedule, settings->schedule_options,
                                       &run->state.watch.schedule, step, run->plan.length);
    range->rates[step] = *(const double *)settings->optimizer_options * factor;
    range->losses[step] = loss;
    range->count++;
    range->diverges = nn_lr_watch_diverges(watch, request->steps, loss);
    run->state.step++;
    nn_progress_show(run, nn_plan_batch(&run->plan, step), result.results);
    return NN_OK;
}

static nn_status range_train(nn_run *run, const nn_lr_range_request *request, nn_lr_range *range)
{
    nn_lr_watch watch = {0};
    NN_TRY(nn_comm_agree(run->comm, range_allocate(request->steps, range)));
    NN_TRY(nn_stepper_begin(run->stepper, 0));
    if (run->job->progress) nn_log_progress_begin(STDOUT_FILENO);
    run->progress.epoch_began = nn_seconds();
    while (range->count < request->steps && !range->diverges) NN_TRY(range_step(run, request, &watch, range));
    NN_TRY(nn_stepper_settle(run->stepper));
    nn_lr_range_judge(range, request->steps);
    return NN_OK;
}

nn_status nn_lr_range_run(nn_comm *comm, const nn_job *job, const nn_lr_range_request *request,
                          nn_lr_range *range)
{
    nn_run *run = NULL;
    range_options options = {.growth = request->to / request->from, .steps = request->steps};
    NN_TRY(nn_comm_agree(comm, NN_ALLOCATE(&run, 1, "a run")));
    nn_status status = nn_setup_open(comm, job, run);
    if (status == NN_OK) {
        const nn_schedule_type *schedule = run->settings.schedule;
        void *schedule_options = run->settings.schedule_options;
        run->settings.schedule = &range_schedule;
        run->settings.schedule_options = &options;
        *(double *)run->settings.optimizer_options = request->from;
        status = range_train(run, request, range);
        nn_log_progress_end();
        run->settings.schedule = schedule;
        run->settings.schedule_options = schedule_options;
    }
    if (status != NN_OK && status != NN_STOPPED && !nn_comm_has_agreed(comm)) nn_comm_abort(comm, status);
    nn_setup_close(run);
    nn_free(run);
    return status;
}
