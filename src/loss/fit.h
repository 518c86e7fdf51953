/* Whether an output can be compared with a target: private to losses and metrics. */
#ifndef NN_LOSS_FIT_H
#define NN_LOSS_FIT_H

#include "base/real.h"
#include "base/shape.h"
#include "base/status.h"

/* The target is a class, or shares of classes, and the output has one value for each; or it is a class at
 * every step (or place), and so is the output: T x classes for a target of T. */
nn_status nn_fit_classes(nn_shape output, const nn_field *target);

/* The target is values, as many as the output has. */
nn_status nn_fit_values(nn_shape output, const nn_field *target);

/* The target is labels 0 and 1, or values, as many as the output has. */
nn_status nn_fit_yes_no(nn_shape output, const nn_field *target);

#endif
