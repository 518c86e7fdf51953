#include "train/extent.h"

#include <stdio.h>

#include "base/log.h"
#include "train/validate.h"

/* Below this fraction of the configured learning rate, weights hardly change. */
#define EXTENT_LOW 0.01
/* About this many steps of a run are compared, at most twice as many. */
#define EXTENT_LOOKS 100000

/* The learning rate of a step. */
static double extent_rate(const nn_run *run, const nn_schedule_memory *memory, int64_t step)
{
    const nn_settings *settings = &run->settings;
    return *(const double *)settings->optimizer_options *
           nn_schedule_factor(settings->schedule, settings->schedule_options, memory, step, run->plan.length);
}

/* Whether the steps done, or those to come, have other rates than in a single run of the new length. Of a
 * long run, only some steps are compared. */
static bool extent_differs(const nn_run *run, const nn_schedule_memory *before,
                           const nn_schedule_memory *after)
{
    nn_schedule_memory single = *before;
    int64_t step = run->state.step, steps = run->plan.length.steps;
    int64_t every = steps / EXTENT_LOOKS + 1;
    single.span = (nn_schedule_span){0, 0, 0, 0};
    for (int64_t s = before->span.begin; s < step; s += every)
        if (extent_rate(run, before, s) != extent_rate(run, &single, s)) return true;
    for (int64_t s = step; s < steps; s += every)
        if (extent_rate(run, after, s) != extent_rate(run, &single, s)) return true;
    return false;
}

static void extent_announce_longer(const nn_run *run, const char *cause, double was, double is)
{
    const char *name = run->settings.schedule->name;
    long long epochs = (long long)run->plan.epochs;
    double configured = *(const double *)run->settings.optimizer_options;
    int64_t extend = run->state.watch.schedule.span.extend;
    if (extend == NN_EXTEND_STRETCH)
        nn_log_warning("%s: the learning-rate schedule is stretched over the longer run: the rate was %.3g "
                       "and is now %.3g; the weights will differ from those of a single run of %lld epochs; "
                       "with lr_schedule.%s.extend, hold continues at the final rate and restart begins a "
                       "new cycle with warm-up",
                       cause, was, is, epochs, name);
    else if (extend == NN_EXTEND_HOLD && is < EXTENT_LOW * configured)
        nn_log_warning(
            "%s: the learning rate is held at the end of the schedule: the rate was %.3g and is now %.3g, at "
            "which the weights hardly change; set lr_schedule.%s.extend=restart to begin a new cycle",
            cause, was, is, name);
    else
        nn_log_line("%s: the learning-rate schedule %s: the rate was %.3g and is now %.3g; the weights will "
                    "differ from those of a single run of %lld epochs",
                    cause, extend == NN_EXTEND_HOLD ? "is held at its end" : "restarts", was, is, epochs);
}

void nn_extent_plan(nn_run *run)
{
    const nn_settings *settings = &run->settings;
    nn_schedule_memory *memory = &run->state.watch.schedule, before = *memory;
    int64_t step = run->state.step, of_epoch = run->plan.length.steps_per_epoch;
    char cause[96];
    if (nn_early_ends(&settings->training.early_stopping, &run->state.watch.early)) return; /* it is over */
    if (!nn_schedule_plan(settings->schedule_options, memory, step, run->plan.length) || step == 0) return;
    if (!extent_differs(run, &before, memory)) {
        nn_schedule_memory single = {0};
        nn_schedule_plan(settings->schedule_options, &single, 0, run->plan.length);
        memory->span = single.span; /* equal to that run in every respect */
        return;
    }
    double was = extent_rate(run, &before, step - 1), is = extent_rate(run, memory, step);
    long long epochs = (long long)run->plan.epochs, planned = (long long)(before.span.planned / of_epoch);
    if (epochs != planned)
        snprintf(cause, sizeof cause, "training.epochs was %lld and is now %lld", planned, epochs);
    else
        snprintf(cause, sizeof cause, "lr_schedule.%s.extend was %s and is now %s", settings->schedule->name,
                 nn_schedule_extend_choices[before.span.extend],
                 nn_schedule_extend_choices[memory->span.extend]);
    if (epochs >= planned)
        extent_announce_longer(run, cause, was, is);
    else
        nn_log_warning("%s: the learning-rate schedule is compressed into the shorter run: the rate was %.3g "
                       "and is now %.3g; the weights will differ from those of a single run of %lld epochs",
                       cause, was, is, epochs);
}

void nn_extent_resumes(const nn_run *run, const char *path)
{
    int64_t step = run->state.step, steps = run->plan.length.steps;
    if (step <= steps)
        nn_log_line("resuming from %s: %lld of %lld steps are done", path, (long long)step, (long long)steps);
    else
        nn_log_line(
            "resuming from %s: %lld steps are done, more than the %lld steps of training.epochs: %lld", path,
            (long long)step, (long long)steps, (long long)run->plan.epochs);
}

void nn_extent_finished(const nn_run *run)
{
    char after[NN_VALIDATED_SIZE];
    long long done = (long long)(run->state.step / run->plan.length.steps_per_epoch);
    if (run->state.step < run->plan.length.steps)
        nn_log_line("the run is finished: it stopped early after %s; raise "
                    "training.early_stopping.patience to continue",
                    nn_validated_of(&run->plan, run->state.step, after));
    else
        nn_log_line("the run is finished: %lld epochs are done, training.epochs is %lld; set it above %lld "
                    "to continue",
                    done, (long long)run->plan.epochs, done);
}
