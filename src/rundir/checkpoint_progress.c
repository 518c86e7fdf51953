#include "rundir/checkpoint_progress.h"

#include <stdio.h>

#include "base/memory.h"
#include "rundir/checkpoint.h"
#include "step/machine.h"

static int64_t progress_lines(const char *text)
{
    int64_t lines = 0;
    for (; *text; text++) lines += *text == '\n';
    return lines;
}

nn_status nn_checkpoint_get_progress(nn_store_file *checkpoint, nn_checkpoint_progress *progress)
{
    int64_t integers[NN_KEPT_STATE];
    char *history = NULL, *fingerprint = NULL, *ended = NULL, *changes = NULL;
    nn_status status;
    NN_TRY(nn_store_read_verified(checkpoint, NN_KEPT_STATE_NAME, NN_STORE_I64, NN_KEPT_STATE, integers));
    progress->step = integers[0];
    progress->best_epoch = integers[1];
    progress->data_identity = (uint64_t)integers[2];
    NN_TRY(nn_store_read_verified(checkpoint, "state/best_value", NN_STORE_F64, 1, &progress->best_value));
    NN_TRY_TO(done, status, nn_store_read_text(checkpoint, "state/history", &history));
    NN_TRY_TO(done, status, nn_store_read_text(checkpoint, "@fingerprint", &fingerprint));
    if (nn_store_has(checkpoint, "@" NN_CHECKPOINT_ENDED)) /* those of older versions do not say */
        NN_TRY_TO(done, status, nn_store_read_text(checkpoint, "@" NN_CHECKPOINT_ENDED, &ended));
    progress->epochs = progress_lines(history);
    snprintf(progress->fingerprint, sizeof progress->fingerprint, "%s", fingerprint);
    snprintf(progress->ended, sizeof progress->ended, "%s", ended ? ended : "no");
    if (nn_store_has(checkpoint, NN_MACHINE_CHANGES))
        NN_TRY_TO(done, status, nn_store_read_text(checkpoint, NN_MACHINE_CHANGES, &changes));
    snprintf(progress->changes, sizeof progress->changes, "%s", changes ? changes : "");
done:
    nn_free(changes);
    nn_free(history);
    nn_free(fingerprint);
    nn_free(ended);
    return status;
}
