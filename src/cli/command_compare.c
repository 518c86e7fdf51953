/* nntrain compare RUN_A RUN_B */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/saved_probe.h"
#include "cli/session.h"
#include "train/train.h"

enum { OPTION_DATA, OPTION_PART, OPTION_METRICS, OPTION_JSON, OPTION_SAMPLES, OPTION_SEED };

#define COMPARE_LEAST 100
#define COMPARE_MOST 1000000

static const nn_command_option compare_options[] = {
    {"--data", "FILE",
     "an HDF5 file, or a pattern, that neither was trained on: all of its rows; may be given several times"},
    {"--part", "PART", "test (default) or validation; with --data: whose datasets the files have"},
    {"--metrics", "LIST",
     "in place of those of the runs: accuracy,auc or \"top_k: {k: 2}, f1: {average: macro}\""},
    {"--json", NULL, "one JSON object to standard output; lines go to standard error"},
    {"--samples", "N", "replicates of the bootstrap, 100 to 1000000 (default: 10000)"},
    {"--seed", "S", "of the bootstrap (default: 1)"},
    {NULL, NULL, NULL}};

static const char *compare_value(const nn_arguments *arguments, int option)
{
    size_t given = arguments->value_counts[option];
    return given ? arguments->values[option][given - 1] : NULL;
}

static nn_text_list compare_files(const nn_arguments *arguments)
{
    return (nn_text_list){(char **)(uintptr_t)arguments->values[OPTION_DATA],
                          arguments->value_counts[OPTION_DATA]};
}

static nn_status compare_number(const nn_arguments *arguments, int option, long long least, long long most,
                                long long *number)
{
    char *end;
    const char *value = compare_value(arguments, option);
    if (!value) return NN_OK;
    errno = 0;
    *number = strtoll(value, &end, 10);
    if (end == value || *end || errno || *number < least || *number > most)
        NN_FAIL(NN_ERROR_USAGE, "compare: %s takes an integer from %lld to %lld, not '%s'",
                compare_options[option].name, least, most, value);
    return NN_OK;
}

static nn_status compare_part(const nn_arguments *arguments, nn_part *part)
{
    const char *given = compare_value(arguments, OPTION_PART);
    *part = arguments->value_counts[OPTION_DATA] > 0 ? NN_PARTS : NN_TEST;
    if (!given) return NN_OK;
    if (strcmp(given, "test") == 0)
        *part = NN_TEST;
    else if (strcmp(given, "validation") == 0)
        *part = NN_VALIDATION;
    else if (strcmp(given, "train") == 0)
        NN_FAIL(
            NN_ERROR_USAGE,
            "compare: --part train: the runs were trained on it, so it cannot tell which is better; choose "
            "test or validation");
    else
        NN_FAIL(NN_ERROR_USAGE, "compare: --part %s: choose test or validation", given);
    return NN_OK;
}

static nn_status compare_request(const nn_arguments *arguments, nn_comparison_request *request)
{
    long long samples = 10000, seed = 1;
    NN_TRY(compare_number(arguments, OPTION_SAMPLES, COMPARE_LEAST, COMPARE_MOST, &samples));
    NN_TRY(compare_number(arguments, OPTION_SEED, 0, INT64_MAX, &seed));
    NN_TRY(compare_part(arguments, &request->part));
    request->runs[0] = arguments->operands[0];
    request->runs[1] = arguments->operands[1];
    request->json = arguments->value_counts[OPTION_JSON] > 0;
    request->replicates = samples;
    request->seed = (uint64_t)seed;
    return NN_OK;
}

static nn_status compare_work(nn_comm *comm, const void *context)
{
    const nn_arguments *arguments = context;
    nn_text_list files = compare_files(arguments);
    nn_text metrics = {0};
    nn_comparison_request request = {.files = files.count > 0 ? &files : NULL};
    nn_status status = compare_request(arguments, &request);
    for (size_t i = 0; i < arguments->value_counts[OPTION_METRICS]; i++)
        nn_text_append(&metrics, "%s%s", i > 0 ? "," : "[", arguments->values[OPTION_METRICS][i]);
    if (metrics.bytes) nn_text_append(&metrics, "]");
    if (status == NN_OK && metrics.failed) status = nn_fail(NN_ERROR_MEMORY, "out of memory for the metrics");
    request.metrics = metrics.bytes;
    if (request.json) nn_log_to_standard_error();
    status = nn_comm_agree(comm, status);
    if (status == NN_OK) status = nn_train_compare(comm, &request);
    nn_text_free(&metrics);
    return status;
}

static nn_status compare_run(const nn_arguments *arguments)
{
    if (arguments->operand_count != 2)
        NN_FAIL(NN_ERROR_USAGE,
                "compare: give two run directories or checkpoints: nntrain compare RUN_A RUN_B");
    nn_comparison_request request = {0};
    NN_TRY(compare_request(arguments, &request));
    nn_text_list files = compare_files(arguments);
    for (int r = 0; r < 2; r++)
        NN_TRY(nn_saved_probe(arguments->operands[r], files.count > 0 ? &files : NULL));
    return nn_session_run(compare_work, arguments);
}

const nn_command nn_command_compare = {
    .name = "compare",
    .operands = "RUN_A|CHECKPOINT RUN_B|CHECKPOINT",
    .summary =
        "reports whether one of two networks is better on the same samples, or whether chance explains it",
    .options = compare_options,
    .about =
        "Both predict the same targets (classes in any order) of the same rows, paired by their position; "
        "rows\n"
        "of files that one was trained on are refused. Values are those of eval. For the difference B - A "
        "of\n"
        "the loss and of each metric that both have:\n"
        "- paired bootstrap (Efron 1979): samples are drawn with replacement, the same for A and B, and "
        "loss\n"
        "  and metrics are computed again. The interval is the 95 % percentile interval, with quantiles\n"
        "  interpolated between neighbours; JSON also has the basic interval (2 x difference - high, and - "
        "low).\n"
        "  If it lies on one side of 0, that network is better; otherwise no difference can be shown.\n"
        "  Replicates in which a result is undefined are left out and counted. The draws depend on --seed\n"
        "  alone, so the numbers are the same on any number of ranks and threads.\n"
        "- for classes, with one per sample: McNemar's test (1947) of the samples that only one of the two\n"
        "  predicts correctly (the most probable class): exact binomial below 25 of them, otherwise\n"
        "  (|a - b| - 1)^2 / (a + b) as chi-squared with one degree of freedom.\n"
        "The unit is the sample, with all its steps or places. Weights and masked values count as in eval.\n"
        "Every rank keeps what each sample adds to the results: at most 1 GiB per network, or it is "
        "refused.\n"
        "The intervals show how much depends on the choice of test samples, not on the seed of training: "
        "for\n"
        "that, train each network with several seeds (nntrain help sweep).\n",
    .run = compare_run,
};
