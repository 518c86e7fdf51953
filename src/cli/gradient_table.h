/* nntrain check --gradients. */
#ifndef NN_CLI_GRADIENT_TABLE_H
#define NN_CLI_GRADIENT_TABLE_H

#include "check/forecast.h"

/* Prints the problems of the job, or a table of its layers. Fails where a derivative is wrong. */
nn_status nn_gradient_table_run(const nn_forecast_request *request);

#endif
