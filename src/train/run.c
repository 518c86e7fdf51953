#include "train/run.h"

#include "step/average.h"

nn_checkpoint_parts nn_run_parts(nn_run *run)
{
    return (nn_checkpoint_parts){.stepper = run->stepper,
                                 .config = run->config,
                                 .data_identity = nn_dataset_identity(run->data),
                                 .data_lines = nn_dataset_identity_lines(run->data),
                                 .names = nn_dataset_names(run->data),
                                 .data_folder = run->data_folder,
                                 .machine = &run->machine,
                                 .state = &run->state,
                                 .bests = &run->bests};
}

nn_status nn_run_shown_weights(nn_run *run, const nn_real **weights)
{
    NN_TRY(nn_stepper_settle(run->stepper));
    *weights = run->averaged ? run->averaged : nn_reduction_weights(run->stepper->reduction);
    return run->averaged ? nn_average_gather(run->stepper, run->averaged) : NN_OK;
}

int64_t nn_run_share_max(const nn_run *run, int ranks)
{
    int64_t share = (run->plan.microbatches + ranks - 1) / ranks;
    return share < run->threads ? run->threads : share;
}
