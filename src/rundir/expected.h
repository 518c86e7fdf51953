/* What a checkpoint must hold by its own configuration. */
#ifndef NN_RUNDIR_EXPECTED_H
#define NN_RUNDIR_EXPECTED_H

#include "base/real.h"
#include "store/store.h"

/* Is given each problem; the text is borrowed. */
typedef void (*nn_expected_report)(void *context, const char *problem);

/* As nn_expected_verify, in the precision of the checkpoint. Compiled once. */
nn_status nn_expected_check(nn_store_file *file, nn_expected_report report, void *context);

#ifdef NN_REAL_SYMBOL
#define nn_expected_verify NN_REAL_SYMBOL(nn_expected_verify)

/* Makes the model that an open checkpoint describes, and reads its weights and each vector of the optimizer's
 * state: what is missing, damaged or of another shape is reported. A failure: the checkpoint does not say
 * what it must hold. Not collective. */
nn_status nn_expected_verify(nn_store_file *file, nn_expected_report report, void *context);
#endif

#endif
