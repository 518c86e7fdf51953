#include "rundir/checkpoint_progress.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "rundir/checkpoint.h"
#include "step/machine.h"

static int64_t progress_epochs(const char *history)
{
    int64_t epochs = 0;
    for (const char *line = history; *line; line += strcspn(line, "\n"), line += *line == '\n')
        epochs += strncmp(line, "{\"epoch\":", 9) == 0;
    return epochs;
}

/* The numbers by name, in the order of the lines of the attribute. */
static nn_status progress_get_best(nn_store_file *checkpoint, nn_checkpoint_progress *progress)
{
    int64_t steps[NN_KEPT_BESTS];
    double values[NN_KEPT_BESTS];
    char *names = NULL;
    nn_status status;
    progress->best_count = 0;
    if (!nn_store_has(checkpoint, NN_CHECKPOINT_BEST_STEPS)) return NN_OK;
    NN_TRY(nn_store_read_text(checkpoint, "@" NN_CHECKPOINT_BEST_NAMES, &names));
    int count = 1;
    for (const char *at = names; *at; at++) count += *at == '\n';
    if (count > NN_KEPT_BESTS) count = NN_KEPT_BESTS;
    NN_TRY_TO(
        done, status,
        nn_store_read_verified(checkpoint, NN_CHECKPOINT_BEST_STEPS, NN_STORE_I64, (size_t)count, steps));
    NN_TRY_TO(
        done, status,
        nn_store_read_verified(checkpoint, NN_CHECKPOINT_BEST_VALUES, NN_STORE_F64, (size_t)count, values));
    const char *name = names;
    for (int i = 0; i < count; i++) {
        nn_checkpoint_best *best = &progress->best[i];
        int length = (int)strcspn(name, "\n");
        snprintf(best->name, sizeof best->name, "%.*s", length, name);
        best->step = steps[i];
        best->value = values[i];
        name += length + (name[length] == '\n');
    }
    progress->best_count = count;
done:
    nn_free(names);
    return status;
}

nn_status nn_checkpoint_get_progress(nn_store_file *checkpoint, nn_checkpoint_progress *progress)
{
    int64_t integers[NN_KEPT_STATE];
    char *history = NULL, *fingerprint = NULL, *ended = NULL, *changes = NULL, *values = NULL;
    nn_status status;
    NN_TRY(nn_store_read_verified(checkpoint, NN_KEPT_STATE_NAME, NN_STORE_I64, NN_KEPT_STATE, integers));
    progress->step = integers[0];
    progress->best_epoch = integers[1];
    progress->data_identity = (uint64_t)integers[2];
    NN_TRY(nn_store_read_verified(checkpoint, "state/best_value", NN_STORE_F64, 1, &progress->best_value));
    NN_TRY(progress_get_best(checkpoint, progress));
    NN_TRY_TO(done, status, nn_store_read_text(checkpoint, "state/history", &history));
    NN_TRY_TO(done, status, nn_store_read_text(checkpoint, "@fingerprint", &fingerprint));
    if (nn_store_has(checkpoint, "@" NN_CHECKPOINT_ENDED)) /* those of older versions do not say */
        NN_TRY_TO(done, status, nn_store_read_text(checkpoint, "@" NN_CHECKPOINT_ENDED, &ended));
    progress->epochs = progress_epochs(history);
    snprintf(progress->fingerprint, sizeof progress->fingerprint, "%s", fingerprint);
    snprintf(progress->ended, sizeof progress->ended, "%s", ended ? ended : "no");
    if (nn_store_has(checkpoint, "config_values"))
        NN_TRY_TO(done, status, nn_store_read_text(checkpoint, "config_values", &values));
    progress->in_place = values && strstr(values, "\tdata.in_place.x");
    if (nn_store_has(checkpoint, NN_MACHINE_CHANGES))
        NN_TRY_TO(done, status, nn_store_read_text(checkpoint, NN_MACHINE_CHANGES, &changes));
    snprintf(progress->changes, sizeof progress->changes, "%s", changes ? changes : "");
done:
    nn_free(values);
    nn_free(changes);
    nn_free(history);
    nn_free(fingerprint);
    nn_free(ended);
    return status;
}
