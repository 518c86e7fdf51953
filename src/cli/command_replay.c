/* nntrain replay RUN_DIR/nonfinite-STEP.h5 */
#include "cli/command.h"
#include "train/train.h"

enum { OPTION_PRECISION };

static const nn_command_option replay_options[] = {
    {"--precision", "PRECISION", "computes in float32 or float64, regardless of the precision of the run"},
    {NULL, NULL, NULL}};

static nn_status replay_run(const nn_arguments *arguments)
{
    if (arguments->operand_count != 1)
        NN_FAIL(NN_ERROR_USAGE, "replay: give one file: nntrain replay RUN_DIR/nonfinite-STEP.h5");
    size_t given = arguments->value_counts[OPTION_PRECISION];
    return nn_train_replay(arguments->operands[0],
                           given ? arguments->values[OPTION_PRECISION][given - 1] : NULL);
}

const nn_command nn_command_replay = {
    .name = "replay",
    .operands = "RUN_DIR/nonfinite-STEP.h5",
    .summary = "shows layer by layer where NaN or Inf begins in a microbatch",
    .options = replay_options,
    .run = replay_run,
};
