/* nntrain eval RUN_DIR|CHECKPOINT */
#include "cli/command.h"
#include "cli/saved_probe.h"
#include "cli/session.h"
#include "train/train.h"

enum { OPTION_DATA, OPTION_SET, OPTION_TIME };

static const nn_command_option eval_options[] = {
    {"--data", "FILE",
     "an HDF5 file, or a pattern: all of its rows are evaluated; may be given several times"},
    {"--set", "KEY=VALUE", "reads the data in another way: data.fields.x.missing=drop"},
    {"--time", NULL,
     "also reports samples per second, without the time to start and to read the data (except data that is "
     "streamed)"},
    {NULL, NULL, NULL}};

static nn_text_list eval_list(const nn_arguments *arguments, int option)
{
    return (nn_text_list){(char **)(uintptr_t)arguments->values[option], arguments->value_counts[option]};
}

static nn_status eval_work(nn_comm *comm, const void *context)
{
    const nn_arguments *arguments = context;
    nn_text_list files = eval_list(arguments, OPTION_DATA), sets = eval_list(arguments, OPTION_SET);
    const nn_evaluation evaluation = {.run_or_checkpoint = arguments->operands[0],
                                      .files = files.count > 0 ? &files : NULL,
                                      .sets = &sets,
                                      .timed = arguments->value_counts[OPTION_TIME] > 0};
    return nn_train_evaluate(comm, &evaluation);
}

static nn_status eval_run(const nn_arguments *arguments)
{
    if (arguments->operand_count != 1)
        NN_FAIL(NN_ERROR_USAGE, "eval: give one run directory or checkpoint: nntrain eval RUN_DIR");
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
        "Without --data: the run's test part, or its validation part, or the data it was trained on.\n"
        "With --data: every row of the files, regardless of how the run split them. They need the datasets "
        "that\n"
        "the configuration names for test, validation or train, or those names without the part (x for\n"
        "x_test). Columns, classes and categories are matched by name where files have names, and a name\n"
        "unknown to the run is refused.\n",
    .run = eval_run,
};
