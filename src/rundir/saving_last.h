/* The last save before a run fails. */
#ifndef NN_RUNDIR_SAVING_LAST_H
#define NN_RUNDIR_SAVING_LAST_H

#include "rundir/checkpoint.h"
#include "rundir/rundir.h"

/* The last good checkpoint, as a sentence, after the save in progress. Collective. */
nn_status nn_saving_last_good(nn_rundir *directory, const nn_checkpoint_parts *parts, char text[128]);

/* At the end of a run that may have failed, of which the recorded error is kept: what is being saved is
 * saved. Collective. */
void nn_saving_close(nn_rundir *directory, const nn_checkpoint_parts *parts);

#endif
