/* nntrain watch RUN_DIR */
#include <stdlib.h>

#include "cli/command.h"
#include "watch/watch.h"

#define WATCH_EVERY "1"

enum { OPTION_EVERY, OPTION_PLAIN };

static const nn_command_option watch_options[] = {
    {"--every", "SECONDS", "seconds between two looks at the directory (default: " WATCH_EVERY ")"},
    {"--plain", NULL, "lines also in a terminal: one per epoch, and what happens to the run"},
    {NULL, NULL, NULL}};

static nn_status watch_run(const nn_arguments *arguments)
{
    size_t given = arguments->value_counts[OPTION_EVERY];
    const char *every = given ? arguments->values[OPTION_EVERY][given - 1] : WATCH_EVERY;
    char *end;
    if (arguments->operand_count != 1)
        NN_FAIL(NN_ERROR_USAGE, "watch: give one run directory: nntrain watch RUN_DIR");
    nn_watch_request request = {.directory = arguments->operands[0],
                                .seconds = strtod(every, &end),
                                .plain = arguments->value_counts[OPTION_PLAIN] > 0};
    if (*end || !(request.seconds >= 0.1 && request.seconds <= 86400))
        NN_FAIL(NN_ERROR_USAGE, "watch: --every %s: expected a number of seconds from 0.1 to 86400", every);
    return nn_watch(&request);
}

static const char watch_about[] =
    "Reads the run directory alone: from another terminal or node, as long as it sees the same files. It "
    "writes\n"
    "nothing, takes no lease, starts no MPI and opens no checkpoint, so that it disturbs no run. A directory "
    "that\n"
    "does not exist yet, such as that of a queued job, is waited for.\n"
    "\n"
    "In a terminal: the state of the run, its results, the age of the last checkpoint, and curves, which m\n"
    "changes; q, Ctrl-C or a signal leave. Only what has changed is sent, which suits slow lines. Curves are "
    "drawn\n"
    "in braille, or in ASCII if the locale has no UTF-8 (LC_ALL=C).\n"
    "\n"
    "Elsewhere, as in a pipe: one line per epoch and per validation, and one when something happens to the "
    "run.\n"
    "It ends with the run, and with the run's exit code; 8 if the run was killed.\n"
    "\n"
    "health: steps that were skipped because of NaN or Inf, files for nntrain replay, a rank that makes no\n"
    "progress (on several nodes, from the heartbeats), and a run that has given no sign of life for long. "
    "Whether a\n"
    "process was killed is known on its own host only.\n";

const nn_command nn_command_watch = {
    .name = "watch",
    .operands = "RUN_DIR",
    .summary = "follows a run: its state, curves and health, in a terminal or in lines",
    .options = watch_options,
    .about = watch_about,
    .run = watch_run,
};
