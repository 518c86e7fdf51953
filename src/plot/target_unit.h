/* The unit of a result that is in the target's own units, as that of rmse. */
#ifndef NN_PLOT_TARGET_UNIT_H
#define NN_PLOT_TARGET_UNIT_H

#include "base/status.h"

#define NN_TARGET_UNIT 64

/* The unit that the run's newest checkpoint has for the target of a metric: of "label.rmse" that of label, of
 * "rmse" that of y. unit: "" where the metric is not in units, the target has none or several, or there is no
 * checkpoint. NN_ERROR_IO, NN_ERROR_MEMORY. */
nn_status nn_target_unit(const char *run_directory, const char *metric, char unit[NN_TARGET_UNIT]);

#endif
