/* The state that recurrent layers carry from step to step, in checkpoints. */
#ifndef NN_STEP_CARRIED_H
#define NN_STEP_CARRIED_H

#include "step/loaded.h"
#include "step/stepper.h"

/* Fails where the order of samples or the size of batches does not allow state to be carried. */
nn_status nn_carried_check(const nn_model *model, const nn_settings *settings, const nn_plan *plan);

/* Sets the state to 0 for samples that do not continue a sample of the previous batch. */
void nn_carried_restart(const nn_network *network, const nn_dataset *data, const nn_loaded_place *place,
                        nn_microbatch *microbatch);

/* Gathers the state of all ranks in the order of microbatches and writes it to the image (on rank 0; NULL
 * elsewhere); and reads it back on any number of ranks (`file` on rank 0). Both do nothing where no layer
 * carries state. Collective. */
nn_status nn_carried_put(nn_stepper *stepper, nn_store_image *image);
nn_status nn_carried_get(nn_stepper *stepper, nn_store_file *file);

/* Fails where nn_carried_get would not find all of it intact. On rank 0 alone. */
nn_status nn_carried_complete(nn_stepper *stepper, nn_store_file *file);

#endif
