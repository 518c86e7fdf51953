/* nntrain predict RUN_DIR|CHECKPOINT -o FILE */
#include "cli/command.h"
#include "cli/probe_saved.h"
#include "cli/session.h"
#include "train/engine.h"

enum { OPTION_OUTPUT, OPTION_DATA, OPTION_PART };

static const nn_command_option predict_options[] = {
    {"-o", "FILE", "the CSV file to write (default: predictions.csv)"},
    {"--data", "FILE", "another HDF5 file, with the datasets that the configuration names"},
    {"--part", "PART", "train, validation or test (default: test, else validation, else train)"},
    {NULL, NULL, NULL}};

static const char *predict_option(const nn_arguments *arguments, int option, const char *otherwise)
{
    size_t given = arguments->value_counts[option];
    return given ? arguments->values[option][given - 1] : otherwise;
}

static nn_status predict_work(nn_comm *comm, const void *context)
{
    return nn_predict_job(comm, context);
}

static nn_status predict_run(const nn_arguments *arguments)
{
    if (arguments->operand_count != 1)
        NN_FAIL(NN_ERROR_USAGE,
                "predict: name one run directory or checkpoint: nntrain predict RUN_DIR -o FILE.csv");
    nn_prediction prediction = {.run_or_checkpoint = arguments->operands[0],
                                .data_file = predict_option(arguments, OPTION_DATA, NULL),
                                .part = predict_option(arguments, OPTION_PART, NULL),
                                .output = predict_option(arguments, OPTION_OUTPUT, "predictions.csv")};
    NN_TRY(nn_probe_saved(prediction.run_or_checkpoint, prediction.data_file));
    return nn_session_run(predict_work, &prediction);
}

const nn_command nn_command_predict = {
    .name = "predict",
    .operands = "RUN_DIR|CHECKPOINT",
    .summary = "predictions of the best weights beside the targets, as a CSV file",
    .options = predict_options,
    .run = predict_run,
};
