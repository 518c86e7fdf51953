/* nntrain [train] [CONFIG.yaml] */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/limit.h"
#include "build.h"
#include "cli/command.h"
#include "cli/examples.h"
#include "cli/probe.h"
#include "cli/session.h"
#include "train/engine.h"

enum { OPTION_SET, OPTION_RUN_DIR, OPTION_FRESH, OPTION_TIME_LIMIT };

static const nn_command_option train_options[] = {
    {"--set", "KEY=VALUE", "sets any key of the configuration: --set optimizer.adam.learning_rate=0.01"},
    {"--run-dir", "DIR",
     "where checkpoints and metrics go (default: runs/NAME after the configuration's name)"},
    {"--fresh", NULL, "starts over: removes what the run directory holds of an earlier run"},
    {"--time-limit", "TIME",
     "how long this job may run, such as 1:30:00 or \"90 min\": it stops in time for a last checkpoint "
     "(default: until SLURM_JOB_END_TIME)"},
    {NULL, NULL, NULL}};

#define LOCAL_CONFIG "nntrain.yaml"
#define EXAMPLE "digits/digits.yaml"
#define EXAMPLE_SIZE 4200

/* The configuration: named, ./nntrain.yaml, or the built-in example, written to `example`; NULL where none of
 * them is there. */
static const char *train_find_config(const nn_arguments *arguments, char *example, size_t size)
{
    const char *folder = nn_examples_folder();
    if (arguments->operand_count == 1) return arguments->operands[0];
    if (access(LOCAL_CONFIG, R_OK) == 0) return LOCAL_CONFIG;
    if (!folder) return NULL;
    snprintf(example, size, "%s/" EXAMPLE, folder);
    return access(example, R_OK) == 0 ? example : NULL;
}

/* runs/NAME, from the configuration's file name without its extension. */
static void train_default_directory(const char *config, char *directory, size_t size)
{
    const char *slash = strrchr(config, '/'), *name = slash ? slash + 1 : config;
    snprintf(directory, size, "runs/%.*s", (int)strcspn(name, "."), name);
}

static nn_status train_work(nn_comm *comm, const void *context)
{
    return nn_train_job(comm, context, NULL);
}

/* A file that HDF5 itself does not survive is found before MPI starts. What is wrong with the configuration
 * is told later, all of it. */
static nn_status train_probe(const nn_job *job)
{
    nn_text_list files;
    if (!nn_probe_is_first()) return NN_OK;
    nn_status status = nn_job_files(job, &files);
    if (status == NN_OK)
        status = nn_probe_files(files.count, (const char *const *)files.items);
    else
        status = NN_OK;
    nn_job_files_release(&files);
    return status;
}

/* The earlier of --time-limit and the end that the batch system tells. */
static nn_status train_end_time(const nn_arguments *arguments, double *end)
{
    double now = (double)time(NULL), seconds = 0;
    size_t given = arguments->value_counts[OPTION_TIME_LIMIT];
    if (nn_time_limit_of_job(now, end) != NN_OK && nn_probe_is_first())
        fprintf(stderr, "nntrain: warning: %s\n", nn_error_text());
    if (given == 0) return NN_OK;
    NN_TRY(nn_time_limit_parse(arguments->values[OPTION_TIME_LIMIT][given - 1], &seconds));
    if (*end == 0 || now + seconds < *end) *end = now + seconds;
    return NN_OK;
}

static nn_status train_run(const nn_arguments *arguments)
{
    if (arguments->operand_count > 1)
        NN_FAIL(NN_ERROR_USAGE, "nntrain train: one configuration, not %zu", arguments->operand_count);
    char example[EXAMPLE_SIZE];
    const char *config = train_find_config(arguments, example, sizeof example);
    if (!config)
        NN_FAIL(NN_ERROR_USAGE,
                "there is no " LOCAL_CONFIG " here, and the built-in example is not installed in %s; name a "
                "configuration: nntrain CONFIG.yaml",
                NN_DATA_DIR);
    char directory[512];
    train_default_directory(config, directory, sizeof directory);
    nn_job job = {.config_path = config,
                  .overrides = arguments->values[OPTION_SET],
                  .override_count = arguments->value_counts[OPTION_SET],
                  .fresh = arguments->value_counts[OPTION_FRESH] > 0,
                  .terminal = nn_session_on_terminal(),
                  .stop = nn_session_stop_flag()};
    size_t given = arguments->value_counts[OPTION_RUN_DIR];
    job.run_directory = given ? arguments->values[OPTION_RUN_DIR][given - 1] : directory;
    NN_TRY(train_end_time(arguments, &job.end_time));
    NN_TRY(train_probe(&job));
    return nn_session_run(train_work, &job);
}

const nn_command nn_command_train = {
    .name = "train",
    .operands = "[CONFIG.yaml]",
    .summary = "trains, or resumes where the run directory has a checkpoint",
    .options = train_options,
    .run = train_run,
};
