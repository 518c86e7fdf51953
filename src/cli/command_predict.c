/* nntrain predict RUN_DIR|CHECKPOINT [DATA ...] -o FILE */
#include <stdlib.h>

#include "base/list.h"
#include "cli/command.h"
#include "cli/saved_probe.h"
#include "cli/session.h"
#include "train/train.h"

/* The most that --explain prints. */
#define PREDICT_EXPLAINED 1000

enum { OPTION_OUTPUT, OPTION_DATA, OPTION_PART, OPTION_ID, OPTION_EXPLAIN, OPTION_SET };

static const nn_command_option predict_options[] = {
    {"-o", "FILE", "the file to write: NAME.csv, NAME.h5 or NAME.npy (default: predictions.csv)"},
    {"--data", "FILE", "the same as DATA: an HDF5 file, or a pattern; may be given several times"},
    {"--part", "PART",
     "train, validation or test: only this part of the run's data; with DATA: the part whose datasets are in "
     "the files"},
    {"--id", "DATASET", "a dataset of the files with one number or string per row, which becomes a column"},
    {"--explain", "N", "also prints the first N predictions, at most 1000, in words"},
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

/* The files of --data, and then the operands after the first. */
static nn_status predict_files(const nn_arguments *arguments, nn_text_list *files)
{
    for (size_t i = 0; i < arguments->value_counts[OPTION_DATA]; i++)
        NN_TRY(nn_list_add(files, arguments->values[OPTION_DATA][i]));
    for (size_t i = 1; i < arguments->operand_count; i++) NN_TRY(nn_list_add(files, arguments->operands[i]));
    return NN_OK;
}

static nn_status predict_explained(const nn_arguments *arguments, int64_t *explained)
{
    const char *text = predict_option(arguments, OPTION_EXPLAIN, "0");
    char *end;
    *explained = strtoll(text, &end, 10);
    if (*end == '\0' && end != text && *explained >= 0 && *explained <= PREDICT_EXPLAINED) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE, "predict: --explain must be a number from 0 to %d, not '%s'", PREDICT_EXPLAINED,
            text);
}

static nn_status predict_run(const nn_arguments *arguments)
{
    nn_text_list files = {0};
    if (arguments->operand_count < 1)
        NN_FAIL(NN_ERROR_USAGE,
                "predict: give a run directory or checkpoint: nntrain predict RUN_DIR -o FILE.csv");
    const nn_text_list sets = {(char **)(uintptr_t)arguments->values[OPTION_SET],
                               arguments->value_counts[OPTION_SET]};
    nn_prediction prediction = {.run_or_checkpoint = arguments->operands[0],
                                .part = predict_option(arguments, OPTION_PART, NULL),
                                .id = predict_option(arguments, OPTION_ID, NULL),
                                .sets = &sets,
                                .output = predict_option(arguments, OPTION_OUTPUT, "predictions.csv")};
    nn_status status = predict_explained(arguments, &prediction.explained);
    if (status == NN_OK) status = predict_files(arguments, &files);
    if (files.count > 0) prediction.files = &files;
    if (status == NN_OK) status = nn_saved_probe(prediction.run_or_checkpoint, prediction.files);
    if (status == NN_OK) status = nn_session_run(predict_work, &prediction);
    nn_list_release(&files);
    return status;
}

const nn_command nn_command_predict = {
    .name = "predict",
    .operands = "RUN_DIR|CHECKPOINT [DATA ...]",
    .summary = "writes a file with the predictions of the best weights, and the targets if there are any",
    .options = predict_options,
    .about =
        "One line per row, the same on any number of ranks, which share the work; memory does not grow with\n"
        "the rows. It begins with where the row is from: `part` if several are predicted, `file` if there\n"
        "are several, and `row`, its position in the file from 0.\n"
        "Without DATA: every row of the run's own data, part by part; --part test: only that part.\n"
        "With DATA: one line per row of the files (per window of data.window), in their order, regardless\n"
        "of how the run split them. Targets are not needed; those present become columns. A row whose "
        "inputs\n"
        "contain NaN or Inf, or cannot be read, has no prediction: its numbers are nan, its class is empty.\n"
        "The files need the datasets that the configuration names for test, validation or train, or those\n"
        "names without the part (x for x_test). Columns, classes and categories are matched by name where\n"
        "files have names.\n"
        "Of a window, `row` is the last row seen, and `target_row` the one that is predicted.\n"
        "With --id time, the values of the dataset `time` at `row` are a column, by which lines can be "
        "joined\n"
        "with other tables; every file needs it, with one value per row.\n"
        "Numbers have enough digits to restore the same bits, in the units of the target.\n"
        "NAME.h5 has a dataset for each column, in the shape of the target, with dimension scales that\n"
        "netCDF and xarray find: `sample`, the names of classes (y_class) and of values (y_value), "
        "otherwise\n"
        "numbers (y_dimension_1). y_predicted is a class's number, -1 for none; y_probability has all "
        "classes.\n"
        "NAME.npy has the values of the only output; for classes the probabilities, for classes of every "
        "step\n"
        "the class's number.\n",
    .run = predict_run,
};
