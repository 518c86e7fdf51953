/* nntrain eval RUN_DIR|CHECKPOINT */
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/saved_probe.h"
#include "cli/session.h"
#include "train/train.h"

enum { OPTION_DATA, OPTION_PART, OPTION_METRICS, OPTION_JSON, OPTION_STORE, OPTION_SET, OPTION_TIME };

static const nn_command_option eval_options[] = {
    {"--data", "FILE",
     "an HDF5 file, or a pattern: all of its rows are evaluated; may be given several times"},
    {"--part", "PART", "train, validation, test or all; with --data: whose datasets the files have"},
    {"--metrics", "LIST",
     "in place of those of the run: accuracy,auc or \"top_k: {k: 2}, f1: {average: macro}\""},
    {"--json", NULL, "one JSON object to standard output (nntrain help results); lines go to standard error"},
    {"--store", NULL, "also writes RUN_DIR/evaluation.h5, predictions next to truths (nntrain help results)"},
    {"--set", "KEY=VALUE", "reads the data in another way: data.fields.x.missing=drop"},
    {"--time", NULL,
     "also reports samples per second, without the time to start and to read the data (except data that is "
     "streamed)"},
    {NULL, NULL, NULL}};

static nn_text_list eval_list(const nn_arguments *arguments, int option)
{
    return (nn_text_list){(char **)(uintptr_t)arguments->values[option], arguments->value_counts[option]};
}

static bool eval_has(const nn_arguments *arguments, int option)
{
    return arguments->value_counts[option] > 0;
}

/* The number of a part; NN_PARTS: none is given, or all are. */
static nn_status eval_part(const nn_arguments *arguments, nn_part *part, bool *all)
{
    static const char *const names[] = {"train", "validation", "test", "all"};
    size_t count = arguments->value_counts[OPTION_PART];
    *part = NN_PARTS;
    *all = false;
    if (count == 0) return NN_OK;
    const char *given = arguments->values[OPTION_PART][count - 1];
    size_t p = 0;
    while (p <= NN_PARTS && strcmp(names[p], given) != 0) p++;
    if (p > NN_PARTS)
        NN_FAIL(NN_ERROR_USAGE, "eval: --part %s: choose train, validation, test or all", given);
    *part = (nn_part)p;
    *all = p == NN_PARTS;
    if (*all && eval_has(arguments, OPTION_STORE))
        NN_FAIL(NN_ERROR_USAGE, "eval: --store is of one part, and --part all is given; choose one");
    if (*all && eval_has(arguments, OPTION_DATA))
        NN_FAIL(NN_ERROR_USAGE,
                "eval: --part all is of the run's own data, and --data names files; give one of "
                "the two");
    return NN_OK;
}

/* As a YAML list. */
static nn_status eval_metrics(const nn_arguments *arguments, nn_text *list)
{
    for (size_t i = 0; i < arguments->value_counts[OPTION_METRICS]; i++)
        nn_text_append(list, "%s%s", i > 0 ? "," : "[", arguments->values[OPTION_METRICS][i]);
    if (list->bytes) nn_text_append(list, "]");
    if (list->failed) NN_FAIL(NN_ERROR_MEMORY, "out of memory for the metrics");
    return NN_OK;
}

static nn_status eval_work(nn_comm *comm, const void *context)
{
    const nn_arguments *arguments = context;
    nn_text_list files = eval_list(arguments, OPTION_DATA), sets = eval_list(arguments, OPTION_SET);
    nn_text metrics = {0};
    nn_evaluation evaluation = {.run_or_checkpoint = arguments->operands[0],
                                .files = files.count > 0 ? &files : NULL,
                                .sets = &sets,
                                .store = eval_has(arguments, OPTION_STORE),
                                .json = eval_has(arguments, OPTION_JSON),
                                .timed = eval_has(arguments, OPTION_TIME)};
    nn_status status = eval_part(arguments, &evaluation.part, &evaluation.every_part);
    if (status == NN_OK) status = eval_metrics(arguments, &metrics);
    evaluation.metrics = metrics.bytes;
    if (evaluation.json) nn_log_to_standard_error();
    status = nn_comm_agree(comm, status);
    if (status == NN_OK) status = nn_train_evaluate(comm, &evaluation);
    nn_text_free(&metrics);
    return status;
}

static nn_status eval_run(const nn_arguments *arguments)
{
    if (arguments->operand_count != 1)
        NN_FAIL(NN_ERROR_USAGE, "eval: give one run directory or checkpoint: nntrain eval RUN_DIR");
    nn_part part;
    bool all;
    NN_TRY(eval_part(arguments, &part, &all));
    nn_text_list files = eval_list(arguments, OPTION_DATA);
    NN_TRY(nn_saved_probe(arguments->operands[0], files.count > 0 ? &files : NULL));
    return nn_session_run(eval_work, arguments);
}

const nn_command nn_command_eval = {
    .name = "eval",
    .operands = "RUN_DIR|CHECKPOINT",
    .summary = "reports loss and metrics of the best weights on the test part or on other files",
    .options = eval_options,
    .about =
        "Without --data: the run's test part, or its validation part, or the data it was trained on; --part\n"
        "chooses another one.\n"
        "With --data: every row of the files, regardless of how the run split them. They need the datasets "
        "that\n"
        "the configuration names for test, validation or train, or those names without the part (x for\n"
        "x_test). Columns, classes and categories are matched by name where files have names, and a name\n"
        "unknown to the run is refused.\n",
    .run = eval_run,
};
