#include "rundir/saving_last.h"

#include <stdio.h>

#include "base/memory.h"
#include "rundir/saving_report.h"
#include "rundir/saving_shards.h"

nn_status nn_saving_last_good(nn_rundir *directory, const nn_checkpoint_parts *parts, char text[128])
{
    int64_t *steps = NULL, newest = -1;
    size_t count;
    NN_TRY(nn_saving_complete(directory, parts));
    if (directory->writer) {
        nn_saving_watch(directory, parts, true);
        if (nn_kept_list(directory->path, &steps, &count) != NN_OK) count = 0;
        for (size_t i = count; i-- > 0;)
            if (steps[i] <= parts->state->step) newest = steps[i];
        nn_free(steps);
    }
    NN_TRY(nn_comm_broadcast(parts->stepper->comm, &newest, sizeof newest, 0));
    if (newest < 0)
        snprintf(text, 128, "there is no checkpoint yet");
    else
        snprintf(text, 128, "the last good checkpoint is from step %lld", (long long)newest);
    return NN_OK;
}

void nn_saving_close(nn_rundir *directory, const nn_checkpoint_parts *parts)
{
    char *text = NULL;
    if (nn_copy_text(nn_error_text(), &text) != NN_OK) nn_error_clear();
    nn_saving_abandon(directory, parts);
    nn_saving_watch(directory, parts, true);
    nn_error_clear();
    if (text && *text) (void)nn_fail(NN_ERROR_USAGE, "%s", text);
    nn_free(text);
}
