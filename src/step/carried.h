/* The state that recurrent layers carry from step to step, in checkpoints. */
#ifndef NN_STEP_CARRIED_H
#define NN_STEP_CARRIED_H

#include "step/leaf.h"
#include "step/step.h"

/* Whether the order of the samples and the batches are such that state can be carried. */
nn_status nn_carried_check(const nn_model *model, const nn_settings *settings, const nn_plan *plan);

/* Makes the state 0 of the samples that go on from no sample of the batch before. */
void nn_carried_restart(const nn_network *network, const nn_dataset *data, const nn_leaf_place *place,
                        nn_microbatch *microbatch);

/* Gathers the state of all ranks in the order of leaves and writes it to the image (on rank 0; NULL
 * elsewhere); and hands it back, whatever the number of ranks is then (`file` on rank 0). Nothing where no
 * layer carries state. Collective. */
nn_status nn_carried_put(nn_stepper *stepper, nn_store_image *image);
nn_status nn_carried_get(nn_stepper *stepper, nn_store_file *file);

/* That nn_carried_get will find all of it. Rank 0 calls it. */
nn_status nn_carried_complete(nn_stepper *stepper, nn_store_file *file);

#endif
