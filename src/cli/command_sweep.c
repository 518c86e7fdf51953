/* nntrain sweep SWEEP.yaml */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "build.h"
#include "cli/command.h"
#include "cli/named_job.h"
#include "cli/session.h"
#include "search/search_run.h"
#include "store/output.h"
#include "store/probe.h"
#include "store/store.h"

#define SWEEP_TEMPLATE "cluster/array.sbatch"

enum { OPTION_RUN, OPTION_OUTPUT, OPTION_TIME_LIMIT, OPTION_NAME };

static const nn_command_option sweep_options[] = {
    {"--run", NULL,
     "trains the runs one after another, each in its own run directory; the same command resumes"},
    {"-o", "FILE", "writes the list of runs to a file (default: standard output)"},
    {"--time-limit", "TIME", "with --run, as for train: stops in time for a last checkpoint"},
    {"--name", "LINE", "only prints the name of the run directory of a line of the list"},
    {NULL, NULL, NULL}};

typedef struct sweep_work {
    const nn_search *search;
    nn_job job;
} sweep_work;

static nn_status sweep_train(nn_comm *comm, const void *context)
{
    const sweep_work *work = context;
    nn_search_outcome outcome;
    nn_status status = nn_search_run_all(comm, work->search, &work->job, &outcome);
    if (status == NN_STOPPED) nn_error_clear(); /* the log has it */
    return status;
}

/* A file that HDF5 does not survive is found before any run opens it. */
static nn_status sweep_probe(const nn_search *search)
{
    const nn_search_run *last = NULL;
    for (size_t r = 0; r < search->run_count; r++) {
        const nn_search_run *run = &search->runs[r];
        bool other = !last;
        for (size_t i = 0; last && i < run->sets.count; i++) {
            const char *set = run->sets.items[i];
            bool names = strncmp(set, "data", 4) == 0 || strncmp(set, "init_from", 9) == 0;
            other |= names && strncmp(set, "data.split.", 11) != 0 && strcmp(set, last->sets.items[i]) != 0;
        }
        if (!other) continue;
        last = run;
        nn_job job = {.config_path = search->path,
                      .overrides = (const char *const *)run->sets.items,
                      .override_count = run->sets.count};
        NN_TRY(nn_named_job_probe(&job));
    }
    return NN_OK;
}

static nn_status sweep_work_through(const nn_arguments *arguments, const nn_search *search)
{
    size_t given = arguments->value_counts[OPTION_TIME_LIMIT];
    sweep_work work = {.search = search, .job = {.progress = true, .stop = nn_session_stop_flag()}};
    NN_TRY(nn_named_job_end_time(given ? arguments->values[OPTION_TIME_LIMIT][given - 1] : NULL,
                                 &work.job.end_time));
    return nn_session_run(sweep_train, &work);
}

/* The name of the sweep, with another ending, in the working directory. */
static void sweep_append_list(const char *path, nn_text *text)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
    nn_text list = {0};
    nn_text_append(&list, "%.*s.txt", dot && dot > name ? (int)(dot - name) : (int)strlen(name), name);
    nn_text_append_shell(text, list.bytes ? list.bytes : "");
    nn_text_free(&list);
}

/* The template of the job array: here, or in the sources; then it must be given where they are. */
static void sweep_append_template(bool here, bool sources, nn_text *text)
{
    nn_text path = {0};
    nn_text_append(&path, "%s%s", here || !sources ? "" : NN_SOURCE_DIR "/", SWEEP_TEMPLATE);
    nn_text_append_shell(text, path.bytes ? path.bytes : "");
    nn_text_free(&path);
    if (!here && !sources) nn_text_append(text, "\n(" SWEEP_TEMPLATE " is in the sources of nntrain)");
}

/* How to submit the list goes to standard error, since the list itself may go to a pipe. */
static void sweep_show_use(const nn_search *search, const char *sweep, const char *list)
{
    nn_text text = {0};
    bool here = access(SWEEP_TEMPLATE, R_OK) == 0,
         sources = access(NN_SOURCE_DIR "/" SWEEP_TEMPLATE, R_OK) == 0;
    nn_text_append(&text, "%zu run%s", search->run_count, search->run_count == 1 ? "" : "s");
    if (search->repeated > 0) nn_text_append(&text, " (%zu more were drawn twice)", search->repeated);
    nn_text_append(&text, "; here: nntrain sweep ");
    nn_text_append_shell(&text, sweep);
    nn_text_append(&text, " --run; as a job array:\n  ");
    if (!list) {
        nn_text_append(&text, "nntrain sweep ");
        nn_text_append_shell(&text, sweep);
        nn_text_append(&text, " -o ");
        sweep_append_list(sweep, &text);
        nn_text_append(&text, "\n  ");
    }
    if (!here && sources) {
        nn_text_append(&text, "NNTRAIN_PROJECT=");
        nn_text_append_shell(&text, NN_SOURCE_DIR);
        nn_text_append(&text, " ");
    }
    nn_text_append(&text, "NNTRAIN_CONFIG=");
    nn_text_append_shell(&text, search->path);
    nn_text_append(&text, " NNTRAIN_RUN_DIR=");
    nn_text_append_shell(&text, search->run_directories);
    nn_text_append(&text, "%s NNTRAIN_SETTINGS=",
                   strstr(search->runs[0].line, "training.seed=") ? "" : " NNTRAIN_SEEDS=");
    if (list)
        nn_text_append_shell(&text, list);
    else
        sweep_append_list(sweep, &text);
    nn_text_append(&text, " sbatch --array=0-%zu ", search->run_count - 1);
    sweep_append_template(here, sources, &text);
    fprintf(stderr, "%s\n", text.bytes ? text.bytes : "");
    nn_text_free(&text);
}

/* Whether all of its lines, as far as they are read, are lines of a list. */
static bool sweep_is_list(const void *context, const char *path, const char *begin, size_t length)
{
    (void)context, (void)path;
    if (strlen(begin) != length) return false;
    bool is = true;
    for (const char *at = begin, *end; *at && is; at = end + 1) {
        nn_text line = {0};
        end = strchr(at, '\n');
        if (!end) return at != begin && length == NN_OUTPUT_BEGIN; /* cut */
        nn_text_append(&line, "%.*s", (int)(end - at), at);
        is = line.bytes && nn_search_is_line(line.bytes);
        nn_text_free(&line);
    }
    return is;
}

static nn_status sweep_write(const nn_search *search, const char *sweep, const char *path)
{
    nn_text text = {0};
    for (size_t r = 0; r < search->run_count; r++) nn_text_append(&text, "%s\n", search->runs[r].line);
    nn_status status = text.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the list of runs") : NN_OK;
    if (status == NN_OK && path) status = nn_store_commit(path, text.bytes, text.length);
    if (status == NN_OK && !path && (fputs(text.bytes, stdout) < 0 || fflush(stdout) != 0))
        status = nn_fail(NN_ERROR_IO, "sweep: the list of runs cannot be written to standard output");
    nn_text_free(&text);
    if (status == NN_OK) sweep_show_use(search, sweep, path);
    return status;
}

static nn_status sweep_do(const nn_arguments *arguments, const nn_search *search)
{
    static const nn_output_kind list = {.what = "a list of runs", .is = sweep_is_list};
    bool first = nn_probe_is_first(), runs = arguments->value_counts[OPTION_RUN] > 0;
    size_t given = arguments->value_counts[OPTION_OUTPUT];
    const char *path = given ? arguments->values[OPTION_OUTPUT][given - 1] : NULL;
    if (first && path) NN_TRY(nn_output_check("sweep", path, &list));
    if (first) NN_TRY(sweep_probe(search));
    if (first) NN_TRY(nn_search_check(search));
    if (runs) return sweep_work_through(arguments, search);
    return first ? sweep_write(search, arguments->operands[0], path) : NN_OK;
}

static nn_status sweep_name(const nn_arguments *arguments)
{
    char name[NN_SEARCH_NAME];
    const char *line = arguments->values[OPTION_NAME][arguments->value_counts[OPTION_NAME] - 1];
    if (arguments->value_counts[OPTION_RUN] > 0 || arguments->value_counts[OPTION_OUTPUT] > 0)
        NN_FAIL(NN_ERROR_USAGE, "sweep: --name only prints a name, without --run or -o: give one of them");
    if (!nn_search_is_line(line))
        NN_FAIL(NN_ERROR_USAGE,
                "sweep: --name takes a line of the list, such as 'training.epochs=20; training.seed=1', not "
                "'%s'",
                line);
    nn_search_name(line, name);
    printf("%s\n", name);
    return NN_OK;
}

static nn_status sweep_run(const nn_arguments *arguments)
{
    nn_search search;
    if (arguments->value_counts[OPTION_NAME] > 0) return sweep_name(arguments);
    if (arguments->operand_count != 1)
        NN_FAIL(NN_ERROR_USAGE, "sweep: give one file: nntrain sweep SWEEP.yaml (see nntrain help sweep)");
    if (arguments->value_counts[OPTION_RUN] > 0 && arguments->value_counts[OPTION_OUTPUT] > 0)
        NN_FAIL(NN_ERROR_USAGE, "sweep: --run trains, -o writes the list: give one of them");
    nn_status status = nn_search_read(arguments->operands[0], &search);
    if (status == NN_OK) status = sweep_do(arguments, &search);
    nn_search_release(&search);
    return status;
}

static const char sweep_about[] =
    "The file names a configuration, and the settings in which the runs differ:\n"
    "\n"
    "  config: digits.yaml                # relative to this file\n"
    "  run_dirs: runs/digits              # default: runs/NAME, from the name of this file\n"
    "  search: grid                       # or random: {runs: 20}, or latin_hypercube: {runs: 20}\n"
    "  seed: 1                            # of random and latin_hypercube\n"
    "  settings:\n"
    "    optimizer.adam.learning_rate: {log: [1e-4, 1e-2], points: 3}\n"
    "    network.hidden.units: {int: [32, 256], points: 3}\n"
    "    training.average: {uniform: [0.9, 0.999], points: 2}\n"
    "    training.batch_size: [32, 64]    # or {choice: [32, 64]}\n"
    "    training.epochs: 20              # the same in all runs\n"
    "  folds: 5                           # each of these runs for each of 5 folds (data.split.folds)\n"
    "  seeds: [1, 2, 3]                   # and for each training.seed; a number n: 1 to n\n"
    "\n"
    "Keys are those of --set. grid: all combinations; the first setting changes slowest, the seed fastest.\n"
    "A range has both ends, and in a grid `points` values; log: equal steps of the logarithm, for numbers\n"
    "above 0; int: integers. random draws each value alone. latin_hypercube (McKay et al. 1979) cuts each\n"
    "range into as many parts as there are runs and uses each part once: with few runs it covers the\n"
    "ranges better. The values depend on this file alone, and are rounded to five digits; runs that are\n"
    "drawn twice are listed once.\n"
    "\n"
    "First the settings of every run are checked as `nntrain check` does; all problems are listed at their\n"
    "place in this file, and nothing is started. Then the list is written, one run per line, for\n"
    "cluster/array.sbatch; or, with --run, the runs are trained here, under mpirun with all ranks together.\n"
    "A run directory has the name of its settings. A run that is complete and has the same configuration\n"
    "is skipped (change the data, and remove its run directory); one that was stopped resumes; one that\n"
    "another job trains is left to it; one that failed is reported, the others continue, and the exit code\n"
    "is that of the first failure.\n"
    "\n"
    "`nntrain info RUN_DIRS/*` ranks the runs by validation.\n";

const nn_command nn_command_sweep = {
    .name = "sweep",
    .operands = "SWEEP.yaml",
    .summary = "lists the runs of a search (grid, random, Latin hypercube, folds, seeds), or trains them",
    .options = sweep_options,
    .about = sweep_about,
    .run = sweep_run,
};
