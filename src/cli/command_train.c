/* nntrain [train] [CONFIG.yaml] */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/named_job.h"
#include "cli/session.h"
#include "train/train.h"

enum { OPTION_SET, OPTION_RUN_DIR, OPTION_FRESH, OPTION_TIME_LIMIT, OPTION_PROFILE, OPTION_TRACE };

static const nn_command_option train_options[] = {
    {"--set", "KEY=VALUE", "sets any key of the configuration: --set optimizer.adam.learning_rate=0.01"},
    {"--run-dir", "DIR",
     "folder for checkpoints and metrics (default: runs/NAME, from the name of the configuration)"},
    {"--fresh", NULL, "starts over: removes the files of an earlier run from the run directory"},
    {"--time-limit", "TIME",
     "time available to this job, such as 1:30:00 or \"90 min\": it stops in time for a last checkpoint "
     "(default: until SLURM_JOB_END_TIME)"},
    {"--profile", NULL,
     "shows where the time of a step goes, layer by layer, at the end of the run and in metrics.jsonl"},
    {"--trace", "FILE.json",
     "writes a timeline of all ranks and threads, to be opened in https://ui.perfetto.dev; an existing file "
     "is replaced only if it is a trace"},
    {NULL, NULL, NULL}};

static nn_status train_work(nn_comm *comm, const void *context)
{
    nn_status status = nn_train_job(comm, context, NULL);
    if (status == NN_STOPPED) nn_error_clear(); /* the log has it */
    return status;
}

static nn_status train_run(const nn_arguments *arguments)
{
    nn_named_job names;
    NN_TRY(nn_named_job_find(arguments, "train", &names));
    nn_job job = {.config_path = names.config,
                  .overrides = arguments->values[OPTION_SET],
                  .override_count = arguments->value_counts[OPTION_SET],
                  .fresh = arguments->value_counts[OPTION_FRESH] > 0,
                  .progress = true,
                  .profile = arguments->value_counts[OPTION_PROFILE] > 0,
                  .stop = nn_session_stop_flag()};
    size_t given = arguments->value_counts[OPTION_RUN_DIR];
    size_t traced = arguments->value_counts[OPTION_TRACE];
    if (traced) job.trace = arguments->values[OPTION_TRACE][traced - 1];
    job.run_directory = given ? arguments->values[OPTION_RUN_DIR][given - 1] : names.directory;
    size_t limited = arguments->value_counts[OPTION_TIME_LIMIT];
    const char *limit = limited ? arguments->values[OPTION_TIME_LIMIT][limited - 1] : NULL;
    NN_TRY(nn_named_job_end_time(limit, &job.end_time));
    NN_TRY(nn_named_job_probe(&job));
    return nn_session_run(train_work, &job);
}

static const char train_about[] =
    "On USR1, TERM, the first Ctrl-C and shortly before its time ends, the job saves a checkpoint at the\n"
    "next step and stops; a second Ctrl-C ends it at once. The same command resumes, on any number of "
    "ranks.\n"
    "In a terminal the last line shows the epoch in progress: its mean loss and a metric so far, samples/s "
    "and\n"
    "the time left, as far as the window has room. Each epoch has a line; where epochs take less than a\n"
    "second, the first 20 have one, then the latest once per second, the best, and the last. metrics.jsonl\n"
    "always has all. `nntrain watch RUN_DIR` follows a run from elsewhere.\n"
    "\n"
    "--profile: milliseconds of a step, averaged over all threads of all ranks, so that the rows add up to\n"
    "the step. A layer has its forward pass, its backward pass (the gradient for the layers below) and the\n"
    "gradient of its weights; the other rows are:\n"
    "  data wait            for samples that have not been read yet\n"
    "  input                samples gathered, transformed and augmented\n"
    "  loss                 losses and metrics\n"
    "  batch statistics     of normalisation over the whole batch; statistics exchange: over the ranks\n"
    "  weight layout        weights copied to where products read them quickly\n"
    "  reduction            gradients summed over the ranks, and waiting for the slowest of them\n"
    "  agreement            norm of the gradient, loss and requests to stop, the same on all ranks\n"
    "  update               the optimizer\n"
    "  share                new weights handed to all ranks\n"
    "  verification         training.verify_every\n"
    "  idle threads         waiting for other threads of the rank\n"
    "metrics.jsonl has the same numbers for each epoch, under \"time\".\n"
    "--trace: as many of the first steps as fit in a memory of about a million events; written at the end,\n"
    "also when the run is stopped. Times of different nodes are aligned to some microseconds.\n"
    "\n"
    "exit codes:\n"
    "   0  trained to the end\n"
    "   2  the configuration or the command line is wrong\n"
    "   3  NaN or Inf while training\n"
    "   4  a rank made no progress for training.hang_timeout\n"
    "   5  the data cannot be used as configured\n"
    "   6  a file could not be read (retried for 60 s if the failure may be temporary) or written\n"
    "   7  out of memory\n"
    "   8  MPI failed, the ranks differ, or the machine does not fit the run\n"
    "   9  the checkpoints are damaged\n"
    "  10  another job holds the run directory\n"
    "  11  trained, but the last checkpoint could not be written\n"
    "  12  memory or arithmetic of a node gave wrong bits\n"
    "  75  stopped on request or in time, and saved: run again to resume\n"
    "mpirun may end with 1 after TERM or Ctrl-C; RUN_DIR/status has the exit code of the run itself.\n"
    "A restart may help after 4, 6, 8, 11, 12 and 128 + n (signal n); after the others the run would fail "
    "again.\n";

const nn_command nn_command_train = {
    .name = "train",
    .operands = "[CONFIG.yaml]",
    .summary = "trains, or resumes if the run directory has a checkpoint",
    .about = train_about,
    .options = train_options,
    .run = train_run,
};
