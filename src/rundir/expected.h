/* What a checkpoint must hold by its own configuration. */
#ifndef NN_RUNDIR_EXPECTED_H
#define NN_RUNDIR_EXPECTED_H

#include "store/store.h"

/* Is given each problem; the text is borrowed. */
typedef void (*nn_expected_report)(void *context, const char *problem);

/* Makes the model that an open checkpoint describes, and reads its weights and each vector of the optimizer's
 * state: what is missing, damaged or of another shape is reported. A failure: the checkpoint does not say
 * what it must hold. Not collective. */
nn_status nn_expected_verify(nn_store_file *file, nn_expected_report report, void *context);

#endif
