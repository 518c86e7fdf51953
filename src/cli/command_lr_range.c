/* nntrain lr-range [CONFIG.yaml] */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "cli/command.h"
#include "cli/named_job.h"
#include "cli/session.h"
#include "draw/terminal_plot.h"
#include "store/output.h"
#include "store/store.h"
#include "train/train.h"

enum { OPTION_FROM, OPTION_TO, OPTION_STEPS, OPTION_SET, OPTION_OUTPUT, OPTION_JSON };

static const nn_command_option lr_range_options[] = {
    {"--from", "RATE", "learning rate of the first step (default: 1e-6)"},
    {"--to", "RATE", "learning rate of the last step (default: 10)"},
    {"--steps", "N", "steps, 20 to 100000 (default: 200)"},
    {"--set", "KEY=VALUE", "sets any key of the configuration, as for train"},
    {"-o", "FILE", "also writes all values: NAME.csv or NAME.json"},
    {"--json", NULL, "prints all values as JSON, and nothing else"},
    {NULL, NULL, NULL}};

#define LR_RANGE_HEADER "step,learning_rate,loss,smoothed\n"
#define LR_RANGE_HEIGHT 18
#define LR_RANGE_WIDTH 120 /* at most: a wider curve says no more */

typedef struct lr_range_call {
    nn_lr_range_request request;
    nn_job job;
    const char *path; /* NULL: no file */
    bool json;
} lr_range_call;

/* ---- the command line ---- */

static const char *lr_range_value(const nn_arguments *arguments, int option)
{
    size_t given = arguments->value_counts[option];
    return given ? arguments->values[option][given - 1] : NULL;
}

static nn_status lr_range_number(const nn_arguments *arguments, int option, double least, double most,
                                 double *number)
{
    char *end;
    const char *value = lr_range_value(arguments, option);
    if (!value) return NN_OK;
    *number = strtod(value, &end);
    if (end != value && !*end && option != OPTION_STEPS && *number <= 0)
        NN_FAIL(NN_ERROR_USAGE, "lr-range: %s must be above 0, not '%s'", lr_range_options[option].name,
                value);
    if (end == value || *end || !(*number >= least && *number <= most))
        NN_FAIL(NN_ERROR_USAGE, "lr-range: %s takes a number from %g to %g, not '%s'",
                lr_range_options[option].name, least, most, value);
    return NN_OK;
}

static bool lr_range_ends(const char *path, const char *with)
{
    size_t length = strlen(path), end = strlen(with);
    return length > end && strcmp(path + length - end, with) == 0;
}

static nn_status lr_range_read(const nn_arguments *arguments, lr_range_call *call)
{
    double steps = 200;
    nn_lr_range_request *request = &call->request;
    request->from = 1e-6;
    request->to = 10;
    NN_TRY(lr_range_number(arguments, OPTION_FROM, 1e-30, 1e30, &request->from));
    NN_TRY(lr_range_number(arguments, OPTION_TO, 1e-30, 1e30, &request->to));
    NN_TRY(lr_range_number(arguments, OPTION_STEPS, 20, 100000, &steps));
    request->steps = (int64_t)steps;
    if (steps != floor(steps)) NN_FAIL(NN_ERROR_USAGE, "lr-range: --steps takes an integer, not %g", steps);
    if (!(request->from < request->to))
        NN_FAIL(NN_ERROR_USAGE, "lr-range: --from %g must be below --to %g", request->from, request->to);
    call->path = lr_range_value(arguments, OPTION_OUTPUT);
    call->json = arguments->value_counts[OPTION_JSON] > 0;
    if (call->path && !lr_range_ends(call->path, ".csv") && !lr_range_ends(call->path, ".json"))
        NN_FAIL(NN_ERROR_USAGE, "lr-range: -o writes NAME.csv or NAME.json, not '%s'", call->path);
    return NN_OK;
}

/* ---- results ---- */

static void lr_range_append_json(const lr_range_call *call, const nn_lr_range *range, nn_text *text)
{
    nn_text_append(text, "{\"config\":");
    nn_text_append_json(text, call->job.config_path);
    nn_text_append(text, ",\"from\":%.17g,\"to\":%.17g,\"steps\":%lld,\"diverges\":%s,\"suggestion\":",
                   call->request.from, call->request.to, (long long)call->request.steps,
                   range->diverges ? "true" : "false");
    if (range->suggestion > 0)
        nn_text_append(text, "%.17g,\"lowest\":%.17g", range->suggestion, range->rates[range->lowest]);
    else
        nn_text_append(text, "null,\"lowest\":null");
    nn_text_append(text, ",\"reason\":");
    nn_text_append_json(text, range->reason);
    nn_text_append(text, ",\"curve\":[");
    for (int64_t i = 0; i < range->count; i++)
        nn_text_append(text, "%s{\"step\":%lld,\"learning_rate\":%.17g,\"loss\":%.17g,\"smoothed\":%.17g}",
                       i > 0 ? "," : "", (long long)i + 1, range->rates[i], range->losses[i],
                       range->smoothed[i]);
    nn_text_append(text, "]}\n");
}

static void lr_range_append_csv(const nn_lr_range *range, nn_text *text)
{
    nn_text_append(text, LR_RANGE_HEADER);
    for (int64_t i = 0; i < range->count; i++)
        nn_text_append(text, "%lld,%.17g,%.17g,%.17g\n", (long long)i + 1, range->rates[i], range->losses[i],
                       range->smoothed[i]);
}

static void lr_range_append_plot(const nn_lr_range *range, nn_text *text)
{
    int columns = nn_plot_columns();
    double first = range->count > 0 ? range->smoothed[0] : 0,
           least = range->count > 0 ? range->smoothed[range->lowest] : 0;
    double rise = first - least > fabs(first) / 10 ? first - least : fabs(first) / 10;
    nn_plot plot = {.width = columns < LR_RANGE_WIDTH ? columns : LR_RANGE_WIDTH,
                    .height = LR_RANGE_HEIGHT,
                    .ascii = !nn_plot_has_unicode(),
                    .log_x = true,
                    .x_name = "learning rate",
                    .y_name = "loss, smoothed",
                    .y_top = first + rise / 2,
                    .mark = range->suggestion > 0 ? range->suggestion : NAN};
    nn_plot_series series = {"loss", (size_t)range->count, range->rates, range->smoothed};
    nn_plot_append(&plot, &series, 1, text);
}

static void lr_range_append(const lr_range_call *call, const nn_lr_range *range, nn_text *text)
{
    lr_range_append_plot(range, text);
    nn_text_append(text, "%lld of %lld steps%s\n", (long long)range->count, (long long)call->request.steps,
                   range->diverges ? ": then the loss diverged" : "");
    if (range->suggestion > 0)
        nn_text_append(text, "suggested learning rate: %.3g; %s\n", range->suggestion, range->reason);
    else
        nn_text_append(text, "%s\n", range->reason);
}

static nn_status lr_range_print(const lr_range_call *call, const nn_lr_range *range)
{
    nn_text file = {0}, shown = {0};
    bool csv = call->path && lr_range_ends(call->path, ".csv");
    if (csv)
        lr_range_append_csv(range, &file);
    else if (call->path)
        lr_range_append_json(call, range, &file);
    if (call->json)
        lr_range_append_json(call, range, &shown);
    else
        lr_range_append(call, range, &shown);
    nn_status status =
        file.failed || shown.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the results") : NN_OK;
    if (status == NN_OK && call->path) status = nn_store_commit(call->path, file.bytes, file.length);
    if (status == NN_OK && (fputs(shown.bytes, stdout) < 0 || fflush(stdout) != 0))
        status = nn_fail(NN_ERROR_IO, "lr-range: the results cannot be written to standard output");
    nn_text_free(&file);
    nn_text_free(&shown);
    return status;
}

static bool lr_range_is(const void *context, const char *path, const char *begin, size_t length)
{
    (void)context;
    if (lr_range_ends(path, ".csv")) return nn_output_begins(begin, length, LR_RANGE_HEADER);
    return nn_output_begins(begin, length, "{\"config\":") &&
           nn_output_has(begin, length, ",\"suggestion\":");
}

static nn_status lr_range_work(nn_comm *comm, const void *context)
{
    const lr_range_call *call = context;
    nn_lr_range range;
    static const nn_output_kind kind = {.what = "a curve of nntrain lr-range", .is = lr_range_is};
    bool first = nn_comm_rank(comm) == 0;
    NN_TRY(nn_comm_agree(comm, first && call->path ? nn_output_check("lr-range", call->path, &kind) : NN_OK));
    if (call->json) nn_log_enable(false);
    nn_status status = nn_train_lr_range(comm, &call->request, &range);
    if (status == NN_OK) status = nn_comm_agree(comm, first ? lr_range_print(call, &range) : NN_OK);
    nn_lr_range_release(&range);
    return status;
}

static nn_status lr_range_run(const nn_arguments *arguments)
{
    static const char *sets[NN_COMMAND_VALUES + 1];
    char epochs[64];
    nn_named_job names;
    lr_range_call call = {0};
    size_t count = arguments->value_counts[OPTION_SET];
    NN_TRY(nn_named_job_find(arguments, "lr-range", &names));
    NN_TRY(lr_range_read(arguments, &call));
    /* An epoch has one step at least: the data must not end before the steps do. */
    memcpy(sets, arguments->values[OPTION_SET], count * sizeof *sets);
    snprintf(epochs, sizeof epochs, "training.epochs=%lld", (long long)call.request.steps);
    sets[count] = epochs;
    call.job = (nn_job){.config_path = names.config,
                        .overrides = sets,
                        .override_count = count + 1,
                        .fresh = true,
                        .progress = !call.json,
                        .stop = nn_session_stop_flag()};
    call.request.job = &call.job;
    NN_TRY(nn_named_job_probe(&call.job));
    return nn_session_run(lr_range_work, &call);
}

static const char lr_range_about[] =
    "A learning-rate range test (Smith 2017, Cyclical learning rates): the training of the configuration, "
    "but\n"
    "from step to step the learning rate grows by the same factor, from --from to --to. It takes seconds, "
    "ends\n"
    "early where the loss diverges, and leaves nothing behind: no run directory is made or touched. The "
    "curve\n"
    "is the same on any number of ranks. The other settings, such as momentum, weight decay, batch size and\n"
    "clipping, are those of the configuration and of --set; lr_schedule and training.epochs do not matter.\n"
    "\n"
    "How to read the curve: on the left the learning rate is too small to change anything; where the curve\n"
    "falls, it is useful; right of the lowest point it is too large, until the loss diverges. The "
    "suggestion\n"
    "(the dotted line) is where the smoothed loss falls fastest up to its lowest point: a safe start for\n"
    "optimizer.NAME.learning_rate with a schedule that falls, such as cosine. For one_cycle the maximum may "
    "lie\n"
    "closer to the lowest point. The loss of a step is that of its batch before the update; it is smoothed "
    "by\n"
    "a mean over neighbouring steps, weighted by a normal distribution whose deviation is a 40th of the "
    "steps.\n"
    "Nothing is suggested where the loss does not fall by more than it varies from batch to batch. Another\n"
    "batch size, network or optimizer has another curve.\n"
    "\n"
    "  nntrain lr-range mine.yaml --set training.batch_size=256 -o curve.csv\n";

const nn_command nn_command_lr_range = {
    .name = "lr-range",
    .operands = "[CONFIG.yaml]",
    .summary = "draws the loss against a growing learning rate, and suggests a learning rate",
    .options = lr_range_options,
    .about = lr_range_about,
    .run = lr_range_run,
};
