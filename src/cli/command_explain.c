/* nntrain explain RUN_DIR|CHECKPOINT [DATA ...] --sample N */
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "cli/command.h"
#include "cli/saved_probe.h"
#include "cli/session.h"
#include "predict/predict.h"

enum {
    OPTION_SAMPLE,
    OPTION_METHOD,
    OPTION_VALUE,
    OPTION_FILE,
    OPTION_DATA,
    OPTION_PART,
    OPTION_REPEAT,
    OPTION_SET
};

static const nn_command_option explain_options[] = {
    {"--sample", "N",
     "which sample (gradient), counted from 0: in DATA; without it in --part, by default the test part"},
    {"--method", "METHOD", "gradient (default) or permutation"},
    {"--output", "NAME:VALUE",
     "the output to explain: NAME:VALUE, NAME.VALUE or VALUE, where VALUE is a class, a column or its "
     "number from 0; NAME alone: its predicted class or only value"},
    {"-o", "FILE", "also writes all results: NAME.csv, NAME.h5 or NAME.json; of a permutation NAME.csv"},
    {"--data", "FILE", "the same as DATA: an HDF5 file, or a pattern; may be given several times"},
    {"--part", "PART", "train, validation or test (default: test, else validation, else train)"},
    {"--repeat", "N", "permutations of each column (default: 5)"},
    {"--set", "KEY=VALUE", "reads the data in another way: data.fields.x.missing=mean"},
    {NULL, NULL, NULL}};

static const char *explain_option(const nn_arguments *arguments, int option)
{
    size_t given = arguments->value_counts[option];
    return given ? arguments->values[option][given - 1] : NULL;
}

static nn_status explain_number(const nn_arguments *arguments, int option, int64_t least, int64_t most,
                                int64_t *number)
{
    const char *text = explain_option(arguments, option);
    char *end;
    if (!text) return NN_OK;
    *number = strtoll(text, &end, 10);
    if (*end == '\0' && end != text && *number >= least && *number <= most) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE, "explain: %s must be a whole number from %lld to %lld, not '%s'",
            explain_options[option].name, (long long)least, (long long)most, text);
}

static nn_status explain_method(const nn_arguments *arguments, nn_explanation *explanation)
{
    const char *method = explain_option(arguments, OPTION_METHOD), *file = explanation->path;
    const char *dot = file ? strrchr(file, '.') : NULL;
    bool permutes = method && strcmp(method, "permutation") == 0;
    if (method && !permutes && strcmp(method, "gradient") != 0)
        NN_FAIL(NN_ERROR_USAGE, "explain: --method must be gradient or permutation, not '%s'", method);
    explanation->method = permutes ? NN_EXPLAIN_PERMUTATION : NN_EXPLAIN_GRADIENT;
    if (!permutes && explanation->sample < 0)
        NN_FAIL(NN_ERROR_USAGE,
                "explain: which sample? Give --sample N, or --method permutation for all samples");
    if (permutes && (explanation->sample >= 0 || explanation->output))
        NN_FAIL(NN_ERROR_USAGE, "explain: a permutation is of all samples and of the run's metric; leave out "
                                "--sample and --output");
    if (permutes && file && (!dot || strcmp(dot, ".csv") != 0))
        NN_FAIL(NN_ERROR_USAGE, "explain: -o %s: of a permutation, the name must end with .csv", file);
    return NN_OK;
}

static nn_status explain_work(nn_comm *comm, const void *context)
{
    return nn_explain_network(comm, context);
}

static nn_status explain_files(const nn_arguments *arguments, nn_text_list *files)
{
    for (size_t i = 0; i < arguments->value_counts[OPTION_DATA]; i++)
        NN_TRY(nn_list_add(files, arguments->values[OPTION_DATA][i]));
    for (size_t i = 1; i < arguments->operand_count; i++) NN_TRY(nn_list_add(files, arguments->operands[i]));
    return NN_OK;
}

static nn_status explain_run(const nn_arguments *arguments)
{
    nn_text_list files = {0};
    if (arguments->operand_count < 1)
        NN_FAIL(NN_ERROR_USAGE,
                "explain: give a run directory or checkpoint: nntrain explain RUN_DIR --sample 7");
    const nn_text_list sets = {(char **)(uintptr_t)arguments->values[OPTION_SET],
                               arguments->value_counts[OPTION_SET]};
    nn_explanation explanation = {.run_or_checkpoint = arguments->operands[0],
                                  .part = explain_option(arguments, OPTION_PART),
                                  .sample = -1,
                                  .output = explain_option(arguments, OPTION_VALUE),
                                  .path = explain_option(arguments, OPTION_FILE),
                                  .repetitions = 5,
                                  .sets = &sets};
    NN_TRY(explain_number(arguments, OPTION_SAMPLE, 0, INT64_MAX, &explanation.sample));
    NN_TRY(explain_number(arguments, OPTION_REPEAT, 1, 1000, &explanation.repetitions));
    NN_TRY(explain_method(arguments, &explanation));
    nn_status status = explain_files(arguments, &files);
    if (files.count > 0) explanation.files = &files;
    if (status == NN_OK) status = nn_saved_probe(explanation.run_or_checkpoint, explanation.files);
    if (status == NN_OK) status = nn_saved_probe_output(explanation.path);
    if (status == NN_OK) status = nn_session_run(explain_work, &explanation);
    nn_list_release(&files);
    return status;
}

const nn_command nn_command_explain = {
    .name = "explain",
    .operands = "RUN_DIR|CHECKPOINT [DATA ...]",
    .summary = "says which inputs a prediction, or a metric, depends on",
    .options = explain_options,
    .about =
        "gradient: of one sample and one output, the derivative with respect to each input, in units of the\n"
        "output (a probability, or the target's own units) per unit of the input as in the data file. Then\n"
        "  effect = derivative x (value - origin)\n"
        "is how much the output changes, to first order, when the value becomes the origin: what the\n"
        "normalisation maps to 0, which is the mean of the training part where inputs are standardised, or "
        "0\n"
        "without normalisation. share: the effect's size among the sum of all sizes. Values and derivatives\n"
        "have units where the data has them; the padding of sequences is left out. The largest are printed;\n"
        "-o writes all, .h5 as arrays NAME/value, NAME/derivative and NAME/effect of the sample's shape.\n"
        "Inputs that are indices, such as words, have the derivative 0. A derivative is local: an input "
        "that\n"
        "matters may have none where the network is flat.\n"
        "\n"
        "permutation: by how much the run's first metric (the loss, if there is none) becomes worse when a\n"
        "column's values are exchanged among the samples, for each column, over --repeat permutations; the\n"
        "largest first. For sequences and images all steps or pixels of a column or channel are exchanged\n"
        "together. Columns that say the same hide each other. Targets that are differences stay differences\n"
        "to the last known value. The numbers are the same on any number of ranks.\n"
        "\n"
        "From programs: nn_predictor_vjp and nn_predictor_jvp (nntrain.h), vjp and jvp in nntrain.py.\n",
    .run = explain_run,
};
