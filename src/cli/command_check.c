/* nntrain check [CONFIG.yaml] */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/format.h"
#include "base/log.h"
#include "check/forecast.h"
#include "cli/gradient_table.h"
#include "cli/named_job.h"
#include "host/limit.h"

enum {
    OPTION_RANKS,
    OPTION_NODES,
    OPTION_TIME_LIMIT,
    OPTION_NODE_MEMORY,
    OPTION_NETWORK,
    OPTION_LATENCY,
    OPTION_SET,
    OPTION_RUN_DIR,
    OPTION_FRESH,
    OPTION_GRADIENTS
};

static const nn_command_option check_options[] = {
    {"-n", "RANKS", "total number of ranks of the job (default: 1)"},
    {"--nodes", "NODES", "number of nodes over which the ranks are spread (default: 1)"},
    {"--time-limit", "TIME", "time available to the job, such as 1:30:00 or \"90 min\""},
    {"--node-memory", "SIZE", "memory per node, such as 64G (default: that of this machine)"},
    {"--network", "RATE", "rate of a node's link, such as 10Gb/s or 12.5GB/s (default: 100Gb/s)"},
    {"--latency", "TIME", "time of a small message between nodes, such as 1.5us or 0.05ms (default: 2us)"},
    {"--set", "KEY=VALUE", "sets any key of the configuration, as for train"},
    {"--run-dir", "DIR",
     "folder for checkpoints and metrics (default: runs/NAME, from the name of the configuration)"},
    {"--fresh", NULL, "the job would start over, regardless of what the run directory contains"},
    {"--gradients", NULL,
     "only compares the derivatives of every layer, and of the losses, with finite differences"},
    {NULL, NULL, NULL}};

/* Lines shown of one problem, in addition to its first and its last. */
#define CHECK_LINES 6

/* Differences in time below this many per cent are not shown. */
#define CHECK_CHANGE 3.0

/* More ranks or nodes than this are a typing error. */
#define CHECK_MOST 1000000

/* ---- the command line ---- */

static const char *check_value(const nn_arguments *arguments, int option)
{
    size_t given = arguments->value_counts[option];
    return given ? arguments->values[option][given - 1] : NULL;
}

static nn_status check_read_count(const nn_arguments *arguments, int option, int *count)
{
    const char *value = check_value(arguments, option);
    char *end;
    *count = 1;
    if (!value) return NN_OK;
    errno = 0;
    long number = strtol(value, &end, 10);
    if (errno != 0 || end == value || *end || number < 1 || number > CHECK_MOST)
        NN_FAIL(NN_ERROR_USAGE, "check: %s takes an integer from 1 to %d, not '%s'",
                check_options[option].name, CHECK_MOST, value);
    *count = (int)number;
    return NN_OK;
}

/* Bytes: "64G", "512 MiB"; as for SLURM's --mem, a number alone counts MiB. */
static nn_status check_read_memory(const char *value, double *bytes)
{
    static const char units[] = "KMGT";
    char *end;
    *bytes = 0;
    if (!value) return NN_OK;
    double number = strtod(value, &end), unit = 1048576;
    while (*end == ' ') end++;
    const char *letter = *end ? strchr(units, *end) : NULL;
    if (letter) {
        unit = 1024;
        for (const char *at = units; at < letter; at++) unit *= 1024;
        end++;
    }
    if (letter && (strcmp(end, "B") == 0 || strcmp(end, "iB") == 0)) end += strlen(end);
    if (end == value || *end || !(number > 0) || number * unit > 1e18)
        NN_FAIL(NN_ERROR_USAGE,
                "check: --node-memory takes a size such as 64G, 512M or \"1.5 TiB\", not '%s'", value);
    *bytes = number * unit;
    return NN_OK;
}

typedef struct check_unit {
    const char *name;
    double factor;
} check_unit;

/* A number with one of the units, whose list ends with {NULL}. */
static nn_status check_read_unit(const nn_arguments *arguments, int option, const check_unit *units,
                                 const char *examples, double *found)
{
    const char *value = check_value(arguments, option);
    char *end;
    if (!value) return NN_OK;
    double number = strtod(value, &end);
    while (*end == ' ') end++;
    while (units->name && strcmp(units->name, end) != 0) units++;
    *found = units->name ? number * units->factor : 0;
    if (end == value || !(*found > 0) || !isfinite(*found))
        NN_FAIL(NN_ERROR_USAGE, "check: %s takes %s, not '%s'", check_options[option].name, examples, value);
    return NN_OK;
}

static nn_status check_read_network(const nn_arguments *arguments, nn_forecast_request *request)
{
    static const check_unit rates[] = {
        {"Mb/s", 1e6 / 8}, {"Gb/s", 1e9 / 8}, {"Mbit/s", 1e6 / 8}, {"Gbit/s", 1e9 / 8}, {"MB/s", 1e6},
        {"GB/s", 1e9},     {NULL, 0}};
    static const check_unit times[] = {{"us", 1e-6}, {"ms", 1e-3}, {NULL, 0}};
    NN_TRY(check_read_unit(arguments, OPTION_NETWORK, rates, "a rate such as 10Gb/s or 12.5GB/s",
                           &request->network_rate));
    return check_read_unit(arguments, OPTION_LATENCY, times, "a time such as 1.5us or 0.05ms",
                           &request->network_latency);
}

static nn_status check_read(const nn_arguments *arguments, nn_forecast_request *request)
{
    const char *limit = check_value(arguments, OPTION_TIME_LIMIT);
    NN_TRY(check_read_count(arguments, OPTION_RANKS, &request->ranks));
    NN_TRY(check_read_count(arguments, OPTION_NODES, &request->nodes));
    if (request->nodes > request->ranks)
        NN_FAIL(NN_ERROR_USAGE, "check: %d ranks cannot be spread over %d nodes: set -n %d or more",
                request->ranks, request->nodes, request->nodes);
    NN_TRY(check_read_memory(check_value(arguments, OPTION_NODE_MEMORY), &request->node_memory));
    NN_TRY(check_read_network(arguments, request));
    return limit ? nn_time_limit_parse(limit, &request->time_limit) : NN_OK;
}

/* ---- the report ---- */

static void check_line(const char *label, const char *format, ...) NN_PRINTF(2, 3);

static void check_line(const char *label, const char *format, ...)
{
    nn_text line = {0};
    va_list arguments;
    nn_text_append(&line, "  %-14s", label);
    va_start(arguments, format);
    nn_text_append_list(&line, format, arguments);
    va_end(arguments);
    nn_log_line("%s", line.bytes ? line.bytes : "");
    nn_text_free(&line);
}

static const char *check_plural(int64_t count)
{
    return count == 1 ? "" : "s";
}

/* Lines from `at` that continue the problem before. */
static int64_t check_count_lines(const char *at)
{
    int64_t count = 0;
    while (*at == ' ') {
        count++;
        at += strcspn(at, "\n");
        at += *at == '\n';
    }
    return count;
}

/* Each entry has a mark; its further lines are indented. Of a long entry, the first lines are shown, and the
 * last, which says what to do. */
static void check_show_entries(const nn_text *entries, const char *prefix)
{
    const char *at = entries->bytes ? entries->bytes : "";
    int64_t shown = 0;
    while (*at) {
        int length = (int)strcspn(at, "\n");
        int64_t left = check_count_lines(at);
        shown = left > 0 ? shown + 1 : 0;
        if (shown <= CHECK_LINES || left == 1)
            nn_log_line("  %s%s%.*s", left > 0 ? "  " : "- ", left > 0 ? "" : prefix, length, at);
        if (shown == CHECK_LINES && left > 2) nn_log_line("      (and %lld more)", (long long)left - 2);
        at += length;
        at += *at == '\n';
    }
}

/* Shows the number of problems and warnings, and each of them. */
static void check_show_found(const char *config, const nn_forecast *forecast)
{
    int64_t problems = forecast->problem_count, warnings = 0;
    const char *at = forecast->warnings.bytes ? forecast->warnings.bytes : "";
    for (; *at; at += strcspn(at, "\n"), at += *at == '\n') warnings += *at != ' ';
    nn_text line = {0};
    nn_text_append(&line, problems > 0 ? "%s: %lld problem%s" : "%s: no problems", config,
                   (long long)problems, check_plural(problems));
    if (warnings > 0) nn_text_append(&line, ", %lld warning%s", (long long)warnings, check_plural(warnings));
    nn_log_line("%s", line.bytes ? line.bytes : "");
    nn_text_free(&line);
    check_show_entries(&forecast->problems, "");
    check_show_entries(&forecast->warnings, "warning: ");
}

static void check_show_plan(const nn_forecast_request *request, const nn_forecast *forecast)
{
    int64_t workers = (int64_t)request->ranks * forecast->threads;
    double busy = (double)forecast->leaves / (forecast->rounds * (double)workers);
    char unseen[NN_FORMAT_SIZE];
    int64_t idle =
        !forecast->shares_microbatches && workers > forecast->leaves ? workers - forecast->leaves : 0;
    check_line("job", "%d rank%s x %d thread%s on %d node%s (%s)", request->ranks,
               check_plural(request->ranks), forecast->threads, check_plural(forecast->threads),
               request->nodes, check_plural(request->nodes), forecast->threads_from);
    check_line("samples", "%lld training, %lld validation, %lld test", (long long)forecast->training,
               (long long)forecast->validation, (long long)forecast->test);
    if (forecast->folds.bytes) check_line("", "%s", forecast->folds.bytes);
    if (forecast->data_unseen > 0)
        check_line("", "%s of data were not checked; training checks all of it",
                   nn_format_bytes(unseen, forecast->data_unseen));
    check_line("steps", "%lld per epoch x %lld epoch%s = %lld", (long long)forecast->steps_per_epoch,
               (long long)forecast->epochs, check_plural(forecast->epochs), (long long)forecast->steps);
    if (forecast->has_ended)
        check_line("", "%lld of them are done, and the run stopped early: the job has nothing to do",
                   (long long)forecast->steps_done);
    else if (forecast->steps > 0 && forecast->steps_done >= forecast->steps)
        check_line("", "%lld steps are done: the job has nothing to do", (long long)forecast->steps_done);
    else if (forecast->steps_done > 0)
        check_line("", "%lld of them are done: the job continues from a checkpoint",
                   (long long)forecast->steps_done);
    check_line("batch", "%lld samples = %lld microbatches of %lld", (long long)forecast->batch_size,
               (long long)forecast->leaves, (long long)forecast->microbatch_size);
    if (forecast->least_leaves < forecast->most_leaves)
        check_line("", "%lld to %lld microbatches per rank; threads are busy %.0f %% of a step",
                   (long long)forecast->least_leaves, (long long)forecast->most_leaves, 100 * busy);
    else
        check_line("", "%lld microbatch%s per rank; threads are busy %.0f %% of a step",
                   (long long)forecast->most_leaves, forecast->most_leaves == 1 ? "" : "es", 100 * busy);
    if (idle > 0) check_line("", "%lld of %lld threads are idle", (long long)idle, (long long)workers);
}

static void check_show_memory(const nn_forecast_request *request, const nn_forecast *forecast)
{
    char rank[NN_FORMAT_SIZE], data[NN_FORMAT_SIZE], saving[NN_FORMAT_SIZE], node[NN_FORMAT_SIZE],
        limit[NN_FORMAT_SIZE], all[NN_FORMAT_SIZE], between[NN_FORMAT_SIZE];
    check_line("parameters", "%lld", (long long)forecast->parameters);
    check_line("memory", "%s per rank, %s of data per node; %s needs %s more while saving",
               nn_format_bytes(rank, forecast->rank_memory), nn_format_bytes(data, forecast->data_memory),
               forecast->shards > 0 ? "one rank per node" : "rank 0",
               nn_format_bytes(saving, forecast->saving_memory));
    if (forecast->together_memory > 0)
        check_line("",
                   "statistics are taken over the batch: all microbatches of a rank are in memory at the "
                   "same time, %s",
                   nn_format_bytes(all, forecast->together_memory));
    if (forecast->stream_memory > 0)
        check_line("", "the data is streamed, using up to %s per rank",
                   nn_format_bytes(data, forecast->stream_memory));
    check_line("", "%s on a node with %d rank%s in %d NUMA domain%s; %s: %s",
               nn_format_bytes(node, forecast->node_memory), forecast->ranks_per_node,
               check_plural(forecast->ranks_per_node), forecast->domains, check_plural(forecast->domains),
               forecast->memory_limit_of, nn_format_bytes(limit, forecast->memory_limit));
    if (request->ranks == 1) return;
    if (request->nodes == 1)
        check_line("messages", "%s per rank and step, all of it within the node",
                   nn_format_bytes(all, forecast->exchanged));
    else
        check_line("messages", "%s per rank and step, %s of it from other nodes",
                   nn_format_bytes(all, forecast->exchanged),
                   nn_format_bytes(between, forecast->between_nodes));
}

static void check_show_disk(const nn_forecast *forecast)
{
    char size[NN_FORMAT_SIZE], needed[NN_FORMAT_SIZE], left[NN_FORMAT_SIZE], rate[NN_FORMAT_SIZE],
        save[NN_FORMAT_SIZE], every[NN_FORMAT_SIZE];
    check_line("checkpoint", "%s; the checkpoints to keep need %s more, and %s is free",
               nn_format_bytes(size, forecast->checkpoint_size),
               nn_format_bytes(needed, forecast->disk_needed > 0 ? forecast->disk_needed : 0),
               nn_format_bytes(left, forecast->disk_free));
    if (forecast->shards > 0)
        check_line("", "each in %d files, one per node, and one that lists them", forecast->shards);
    if (!forecast->disk_measured) return;
    check_line("", "%s to write at %s/s%s, measured in %s", nn_format_seconds(save, forecast->save_seconds),
               nn_format_bytes(rate, forecast->disk_rate), forecast->shards > 0 ? " per node" : "",
               forecast->disk_place);
    if (forecast->has_time && forecast->save_interval > 0)
        check_line("", "written every %s", nn_format_seconds(every, forecast->save_interval));
}

/* What other microbatch sizes would gain or lose. */
static void check_show_sizes(const nn_forecast *forecast)
{
    nn_text text = {0};
    for (int i = 0; i < forecast->size_count; i++) {
        double percent = 100 * forecast->sizes[i].change;
        nn_text_append(&text, "%sof %lld", i > 0 ? "; " : "", (long long)forecast->sizes[i].size);
        if (i == 0) nn_text_append(&text, " instead of %lld", (long long)forecast->microbatch_size);
        if (fabs(percent) < CHECK_CHANGE)
            nn_text_append(&text, ": as fast");
        else
            nn_text_append(&text, ": %.0f %% %s", fabs(percent), percent > 0 ? "slower" : "faster");
    }
    if (text.bytes) {
        check_line("microbatches", "%s", text.bytes);
        check_line("", "per step, as timed here; a new run can have another training.microbatch_size");
    }
    nn_text_free(&text);
}

/* What other ranks add to a step, where there are several nodes. */
static void check_show_communication(const nn_forecast_request *request, const nn_forecast *forecast)
{
    char compute[NN_FORMAT_SIZE], all[NN_FORMAT_SIZE], wire[NN_FORMAT_SIZE], latency[NN_FORMAT_SIZE],
        adds[NN_FORMAT_SIZE];
    bool assumed = request->network_rate == 0 || request->network_latency == 0;
    if (!forecast->has_communication) return;
    check_line("communication", "%s per step, %s of it on the wire; %.0f %% is hidden behind %s of computing",
               nn_format_seconds(all, forecast->communication_seconds),
               nn_format_seconds(wire, forecast->wire_seconds), 100 * forecast->hidden,
               nn_format_seconds(compute, forecast->compute_seconds));
    check_line("", "adds %s: about %.4g samples/s, %.1f %% of what computing alone would allow",
               nn_format_seconds(adds, forecast->exposed_seconds),
               (double)forecast->batch_size / forecast->step_seconds,
               100 * forecast->compute_seconds / forecast->step_seconds);
    check_line("", "with %.4g Gb/s per node and %s per message%s", 8e-9 * forecast->network_rate,
               nn_format_seconds(latency, forecast->network_latency),
               assumed ? " (assumed: see --network and --latency)" : "");
}

static void check_show_time(const nn_forecast_request *request, const nn_forecast *forecast)
{
    char step[NN_FORMAT_SIZE], epoch[NN_FORMAT_SIZE], run[NN_FORMAT_SIZE], leaf[NN_FORMAT_SIZE],
        update[NN_FORMAT_SIZE], limit[NN_FORMAT_SIZE], kept[NN_FORMAT_SIZE];
    if (!forecast->has_time) return;
    check_line("time, about", "%s per step, %s per epoch, %s for the run",
               nn_format_seconds(step, forecast->step_seconds),
               nn_format_seconds(epoch, forecast->epoch_seconds),
               nn_format_seconds(run, forecast->run_seconds));
    check_line("", "from %s per microbatch and %s per update on one thread here;",
               nn_format_seconds(leaf, forecast->leaf_seconds),
               nn_format_seconds(update, forecast->update_seconds));
    if (forecast->has_communication)
        check_line("", "reading data and messages within a node are not included");
    else
        check_line("", "reading data and messages between ranks are not included");
    check_show_communication(request, forecast);
    check_show_sizes(forecast);
    if (request->time_limit <= 0 || forecast->jobs == 0) return;
    nn_format_seconds(limit, request->time_limit);
    if (forecast->jobs == 1)
        check_line("time limit", "%s: one job is enough", limit);
    else
        check_line("time limit", "%s: takes %lld jobs, each reserving %s for its last checkpoint", limit,
                   (long long)forecast->jobs, nn_format_seconds(kept, forecast->stop_seconds));
}

static void check_show(const nn_forecast_request *request, const nn_forecast *forecast)
{
    check_show_found(request->job->config_path, forecast);
    if (forecast->has_plan) check_show_plan(request, forecast);
    if (forecast->has_model) {
        check_show_memory(request, forecast);
        check_show_disk(forecast);
    }
    check_show_time(request, forecast);
    fflush(stdout);
}

/* ---- the command ---- */

static nn_status check_run(const nn_arguments *arguments)
{
    nn_named_job names;
    nn_forecast forecast;
    nn_forecast_request request = {0};
    char problem[1024];
    NN_TRY(nn_named_job_find(arguments, "check", &names));
    NN_TRY(check_read(arguments, &request));
    const char *directory = check_value(arguments, OPTION_RUN_DIR);
    nn_job job = {.config_path = names.config,
                  .overrides = arguments->values[OPTION_SET],
                  .override_count = arguments->value_counts[OPTION_SET],
                  .run_directory = directory ? directory : names.directory,
                  .fresh = arguments->value_counts[OPTION_FRESH] > 0};
    request.job = &job;
    if (nn_named_job_probe(&job) != NN_OK) {
        snprintf(problem, sizeof problem, "%s", nn_error_text());
        request.data_problem = problem;
    }
    nn_error_clear();
    if (arguments->value_counts[OPTION_GRADIENTS] > 0) return nn_gradient_table_run(&request);
    nn_status status = nn_check_job(&request, &forecast);
    if (status == NN_OK) {
        check_show(&request, &forecast);
        if (forecast.problem_count > 0) status = NN_ERROR_USAGE;
        nn_error_clear();
    }
    nn_forecast_release(&forecast);
    return status;
}

const nn_command nn_command_check = {
    .name = "check",
    .operands = "[CONFIG.yaml]",
    .summary =
        "reports every problem and warning of a job, and the resources it will need, before it is queued",
    .options = check_options,
    .about =
        "--gradients takes each layer by itself, in float64, on random values of the shapes of the data, "
        "and\n"
        "compares some of its derivatives, with respect to its parameters and its inputs, with finite\n"
        "differences. What is near a kink, such as that of relu at 0, is skipped, and counted. A relative\n"
        "error above 1e-5 is wrong, and the exit code then 2. It is meant for layers and losses of plug-ins\n"
        "(nntrain help plugins); the network's weights, and whether it learns, do not matter.\n",
    .run = check_run,
};
