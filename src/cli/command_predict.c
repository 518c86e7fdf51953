/* nntrain predict RUN_DIR|CHECKPOINT [DATA ...] -o FILE */
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "cli/command.h"
#include "cli/saved_probe.h"
#include "cli/session.h"
#include "predict/predict.h"

/* The most that --explain prints. */
#define PREDICT_EXPLAINED 1000

enum {
    OPTION_OUTPUT,
    OPTION_DATA,
    OPTION_PART,
    OPTION_ID,
    OPTION_TIME,
    OPTION_COLUMNS,
    OPTION_PROBABILITIES,
    OPTION_EXPLAIN,
    OPTION_SET
};

static const nn_command_option predict_options[] = {
    {"-o", "FILE", "the file to write: NAME.csv, NAME.h5 or NAME.npy (default: predictions.csv)"},
    {"--data", "FILE", "the same as DATA: an HDF5 file, or a pattern; may be given several times"},
    {"--part", "PART",
     "train, validation or test: only this part of the run's data; with DATA: the part whose datasets are in "
     "the files"},
    {"--id", "DATASET", "a dataset of the files with one number or string per row, which becomes a column"},
    {"--time", "DATASET",
     "of windows: a dataset with the time of every row, which becomes the column target_time (default: "
     "`time`, "
     "if the files have it)"},
    {"--columns", "LIST",
     "only these columns, in this order: names, or kinds, separated by commas; may be given several times"},
    {"--probabilities", "WHICH",
     "none, predicted (of the predicted class) or all (default: all; where every step or place of a sample "
     "has a class, predicted)"},
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
    return nn_predict(comm, context);
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

static nn_status predict_probabilities(const nn_arguments *arguments, nn_probabilities *which)
{
    static const char *const words[] = {[NN_PROBABILITIES_NONE] = "none",
                                        [NN_PROBABILITIES_PREDICTED] = "predicted",
                                        [NN_PROBABILITIES_ALL] = "all"};
    const char *word = predict_option(arguments, OPTION_PROBABILITIES, NULL);
    *which = NN_PROBABILITIES_USUAL;
    if (!word) return NN_OK;
    for (int w = NN_PROBABILITIES_NONE; w <= NN_PROBABILITIES_ALL; w++)
        if (strcmp(word, words[w]) == 0) *which = (nn_probabilities)w;
    if (*which != NN_PROBABILITIES_USUAL) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE, "predict: --probabilities must be none, predicted or all, not '%s'", word);
}

static nn_status predict_run(const nn_arguments *arguments)
{
    nn_text_list files = {0};
    if (arguments->operand_count < 1)
        NN_FAIL(NN_ERROR_USAGE,
                "predict: give a run directory or checkpoint: nntrain predict RUN_DIR -o FILE.csv");
    const nn_text_list sets = {(char **)(uintptr_t)arguments->values[OPTION_SET],
                               arguments->value_counts[OPTION_SET]};
    const nn_text_list columns = {(char **)(uintptr_t)arguments->values[OPTION_COLUMNS],
                                  arguments->value_counts[OPTION_COLUMNS]};
    nn_prediction prediction = {.run_or_checkpoint = arguments->operands[0],
                                .part = predict_option(arguments, OPTION_PART, NULL),
                                .id = predict_option(arguments, OPTION_ID, NULL),
                                .time = predict_option(arguments, OPTION_TIME, NULL),
                                .columns = &columns,
                                .sets = &sets,
                                .output = predict_option(arguments, OPTION_OUTPUT, "predictions.csv"),
                                .watch_signals = nn_session_stop_flag};
    nn_status status = predict_explained(arguments, &prediction.explained);
    if (status == NN_OK) status = predict_probabilities(arguments, &prediction.probabilities);
    if (status == NN_OK) status = predict_files(arguments, &files);
    if (files.count > 0) prediction.files = &files;
    if (status == NN_OK) status = nn_saved_probe(prediction.run_or_checkpoint, prediction.files);
    if (status == NN_OK) status = nn_saved_probe_output(prediction.output);
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
        "the rows. The bits of a prediction depend on the inputs of its row and the weights alone: neither "
        "on\n"
        "other rows, nor on its place, nor on the CPU. Products are computed by nntrain's own kernels "
        "whatever\n"
        "training.kernels says, so that they may differ from those of training and eval in the last digits.\n"
        "It begins with where the row is from: `part` if several are predicted, `file` if there\n"
        "are several, and `row`, its position in the file from 0.\n"
        "Without DATA: every row of the run's own data, part by part; --part test: only that part.\n"
        "With DATA: one line per row of the files (per window of data.window), in their order, regardless\n"
        "of how the run split them. Targets are not needed; those present become columns. A row whose "
        "inputs\n"
        "contain NaN or Inf, or cannot be read, has no prediction: its numbers are nan, its class is empty.\n"
        "The files need the datasets that the configuration names for test, validation or train, or those\n"
        "names without the part (x for x_test). Columns, classes and categories are matched by name where\n"
        "files have names.\n"
        "Of a window, `row` is the last row seen, and `target_row` the one that is predicted, "
        "data.window.horizon\n"
        "rows later; `target_time` is the value of the dataset `time`, or of --time, there: empty (in .h5 "
        "the\n"
        "_FillValue) beyond the end of the file.\n"
        "With --id station, the values of the dataset `station` at `row` are a column, by which lines can "
        "be\n"
        "joined with other tables; every file needs it, with one value per row.\n"
        "Rows of the run's own data that training left out (missing: drop, on_bad_sample: skip) are in none "
        "of\n"
        "its parts: name their file as DATA to get a line for each.\n"
        "In .h5, values have the attribute `units` that the target's dataset had in training (with several\n"
        "columns y_units, a list next to y_columns), and times those of their dataset; windows have "
        "`horizon`.\n"
        "--columns takes names of columns as they are in the file, those of a target with several values or\n"
        "classes also all at once (y_predicted, y_probability), and kinds: row, file, part, target_row, id,\n"
        "time, target, label, predicted, class, value, probability. So --columns row,class,probability.\n"
        "--probabilities all gives those of all classes for every step or place, too. For yes and no, the\n"
        "only one is that of yes. Outputs that are probabilities themselves (several yes or no) always "
        "stay.\n"
        "Numbers in .csv are in the units of the target. Their digits restore the bits of probabilities, of\n"
        "targets, and of all values of float64 networks; values of float32 networks, whose units are "
        "computed\n"
        "in double, have at least 9 digits, more than the network's accuracy. .h5 has all bits.\n"
        "NAME.h5 has a dataset for each column, in the shape of the target, with dimension scales that\n"
        "netCDF and xarray find: `sample`, the names of classes (y_class) and of values (y_value), "
        "otherwise\n"
        "numbers (y_dimension_1). y_predicted is a class's number, -1 for none; y_probability has all "
        "classes.\n"
        "NAME.npy has one array: the values of the only output; for classes the probabilities of all, or,\n"
        "where the table has not those, the class's number; or the only column of --columns.\n",
    .run = predict_run,
};
