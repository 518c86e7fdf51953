/* nntrain eval RUN_DIR|CHECKPOINT */
#include "cli/command.h"
#include "cli/probe_saved.h"
#include "cli/session.h"
#include "train/engine.h"

enum { OPTION_DATA };

static const nn_command_option eval_options[] = {
    {"--data", "FILE", "another HDF5 file, with the datasets that the configuration names"},
    {NULL, NULL, NULL}};

/* NULL: that of the run. */
static const char *eval_data(const nn_arguments *arguments)
{
    size_t given = arguments->value_counts[OPTION_DATA];
    return given ? arguments->values[OPTION_DATA][given - 1] : NULL;
}

static nn_status eval_work(nn_comm *comm, const void *context)
{
    const nn_arguments *arguments = context;
    return nn_evaluate_job(comm, arguments->operands[0], eval_data(arguments));
}

static nn_status eval_run(const nn_arguments *arguments)
{
    if (arguments->operand_count != 1)
        NN_FAIL(NN_ERROR_USAGE, "eval: name one run directory or checkpoint: nntrain eval RUN_DIR");
    NN_TRY(nn_probe_saved(arguments->operands[0], eval_data(arguments)));
    return nn_session_run(eval_work, arguments);
}

const nn_command nn_command_eval = {
    .name = "eval",
    .operands = "RUN_DIR|CHECKPOINT",
    .summary = "loss and metrics of the best weights on the test part or another file",
    .options = eval_options,
    .run = eval_run,
};
