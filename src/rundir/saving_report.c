#include "rundir/saving_report.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/format.h"
#include "base/log.h"
#include "base/memory.h"

/* When the save of step `failed` is tried again, for a message. */
static void saving_next(const nn_saving *saving, const nn_checkpoint_parts *parts, int64_t failed, char *text,
                        size_t size)
{
    const nn_plan *plan = &parts->stepper->plan;
    nn_duration every = parts->stepper->settings->checkpoint.every;
    int64_t last = plan->length.steps;
    int64_t step = failed < parts->state->step ? parts->state->step : failed + 1;
    char seconds[NN_FORMAT_SIZE];
    while (step < last && !nn_plan_interval_ends(plan, every, step)) step++;
    if (saving->ending)
        snprintf(text, size, "in a moment");
    else if (every.unit == NN_DURATION_SECONDS)
        snprintf(text, size, "after %s", nn_format_seconds(seconds, every.amount));
    else if (step >= last)
        snprintf(text, size, "when training ends");
    else
        snprintf(text, size, "after step %" PRId64, step);
}

int64_t nn_saving_newest(const char *run_directory)
{
    int64_t *steps, newest;
    size_t count;
    if (nn_kept_list(run_directory, &steps, &count) != NN_OK) return -1;
    newest = count > 0 ? steps[0] : 0;
    nn_free(steps);
    return newest;
}

void nn_saving_name(unsigned unsaved, char *text, size_t size)
{
    static const struct {
        const char *name;
        unsigned what;
    } names[] = {{"the checkpoint", NN_UNSAVED_CHECKPOINT},
                 {"the best weights", NN_UNSAVED_BESTS},
                 {"metrics.jsonl", NN_UNSAVED_METRICS}};
    size_t length = 0;
    text[0] = '\0';
    for (unsigned i = 0, left = unsaved; left != 0 && i < 3; i++) {
        if (!(left & names[i].what)) continue;
        left &= ~names[i].what;
        length += (size_t)snprintf(text + length, size - length, "%s%s",
                                   length == 0 ? ""
                                   : left == 0 ? " and "
                                               : ", ",
                                   names[i].name);
    }
}

static void saving_warn(const nn_rundir *directory, const nn_checkpoint_parts *parts,
                        const nn_write_outcome *outcome)
{
    char what[128], next[64], older[128], times[64] = "";
    const nn_saving *saving = &directory->saving;
    int64_t newest = nn_saving_newest(directory->path);
    nn_saving_name(outcome->failed, what, sizeof what);
    saving_next(saving, parts, outcome->step, next, sizeof next);
    if (saving->failures > 1)
        snprintf(times, sizeof times, " (%" PRId64 " saves in a row)", saving->failures);
    if (newest > 0)
        snprintf(older, sizeof older, "older checkpoints are intact, the newest is from step %" PRId64,
                 newest);
    else if (newest < 0)
        snprintf(older, sizeof older, "older checkpoints cannot be listed at present");
    else
        snprintf(older, sizeof older, "there is no older checkpoint");
    nn_log_warning("step %" PRId64 ": %s could not be saved%s: %s; %s; it will be retried %s", outcome->step,
                   what, times, outcome->problem, older, next);
}

void nn_saving_take(nn_rundir *directory, const nn_checkpoint_parts *parts, const nn_write_outcome *outcome)
{
    nn_saving *saving = &directory->saving;
    saving->unsaved = (saving->unsaved & ~outcome->tried) | outcome->failed;
    if (outcome->failed != 0) {
        saving->failures++;
        snprintf(saving->problem, sizeof saving->problem, "%s", outcome->problem);
        /* The first, second, fourth, eighth, ...: a disk may be full for thousands of saves. */
        if ((saving->failures & (saving->failures - 1)) == 0) saving_warn(directory, parts, outcome);
        return;
    }
    if (saving->failures > 0)
        nn_log_line("step %" PRId64 " is saved; %" PRId64 " save%s before it failed", outcome->step,
                    saving->failures, saving->failures > 1 ? "s" : "");
    saving->failures = 0;
}

void nn_saving_watch(nn_rundir *directory, const nn_checkpoint_parts *parts, bool wait)
{
    nn_write_outcome outcome;
    if (directory->writer && nn_writer_ended(directory->writer, wait, &outcome))
        nn_saving_take(directory, parts, &outcome);
}
