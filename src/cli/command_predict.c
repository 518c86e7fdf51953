/* nntrain predict RUN_DIR|CHECKPOINT -o FILE */
#include "cli/command.h"
#include "cli/saved_probe.h"
#include "cli/session.h"
#include "train/train.h"

enum { OPTION_OUTPUT, OPTION_DATA, OPTION_PART, OPTION_SET };

static const nn_command_option predict_options[] = {
    {"-o", "FILE", "the file to write: NAME.csv (default: predictions.csv)"},
    {"--data", "FILE", "an HDF5 file, or a pattern: a prediction for each row; may be given several times"},
    {"--part", "PART",
     "train, validation or test (default: test, otherwise validation, otherwise train); with --data: the "
     "part whose datasets are in the files"},
    {"--set", "KEY=VALUE", "reads the data in another way: data.fields.x.missing=mean"},
    {NULL, NULL, NULL}};

static const char *predict_option(const nn_arguments *arguments, int option, const char *otherwise)
{
    size_t given = arguments->value_counts[option];
    return given ? arguments->values[option][given - 1] : otherwise;
}

static nn_status predict_work(nn_comm *comm, const void *context)
{
    return nn_train_predict(comm, context);
}

static nn_status predict_run(const nn_arguments *arguments)
{
    if (arguments->operand_count != 1)
        NN_FAIL(NN_ERROR_USAGE,
                "predict: give one run directory or checkpoint: nntrain predict RUN_DIR -o FILE.csv");
    const nn_text_list files = {(char **)(uintptr_t)arguments->values[OPTION_DATA],
                                arguments->value_counts[OPTION_DATA]};
    const nn_text_list sets = {(char **)(uintptr_t)arguments->values[OPTION_SET],
                               arguments->value_counts[OPTION_SET]};
    nn_prediction prediction = {.run_or_checkpoint = arguments->operands[0],
                                .files = files.count > 0 ? &files : NULL,
                                .part = predict_option(arguments, OPTION_PART, NULL),
                                .sets = &sets,
                                .output = predict_option(arguments, OPTION_OUTPUT, "predictions.csv")};
    NN_TRY(nn_saved_probe(prediction.run_or_checkpoint, prediction.files));
    return nn_session_run(predict_work, &prediction);
}

const nn_command nn_command_predict = {
    .name = "predict",
    .operands = "RUN_DIR|CHECKPOINT",
    .summary = "writes a CSV file with the predictions of the best weights, and the targets if there are any",
    .options = predict_options,
    .about =
        "Without --data: a part of the run's own data, its samples numbered within the part.\n"
        "With --data: one line per row of the files (per window of data.window), in their order, regardless\n"
        "of how the run split them. Targets are not needed; those present become columns. A row whose "
        "inputs\n"
        "contain NaN or Inf, or cannot be read, has no prediction: its numbers are nan, its class is empty.\n"
        "The files need the datasets that the configuration names for test, validation or train, or those\n"
        "names without the part (x for x_test). Columns, classes and categories are matched by name where\n"
        "files have names. With several files, columns `file` and `row` give the origin of each line.\n"
        "Numbers have enough digits to restore the same bits.\n",
    .run = predict_run,
};
