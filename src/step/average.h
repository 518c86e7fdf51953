/* The average of the weights, where training.average asks for one: validation, best weights, final
 * results and predictions use it in place of the weights of the last step (Polyak, Juditsky 1992). */
#ifndef NN_STEP_AVERAGE_H
#define NN_STEP_AVERAGE_H

#include "step/stepper.h"

/* Gathers the average from its owners to all ranks: `values` has room for the flat vector. Collective. */
nn_status nn_average_gather(nn_stepper *stepper, nn_real *values);

#endif
