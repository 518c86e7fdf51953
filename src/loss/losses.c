/* The losses and metrics of each precision. */
#include <string.h>

#include "loss/arithmetic.h"

const nn_loss_type *const *nn_loss_types(nn_scalar scalar)
{
    return nn_loss_arithmetic_of(scalar)->losses;
}

const nn_metric_type *const *nn_metric_types(nn_scalar scalar)
{
    return nn_loss_arithmetic_of(scalar)->metrics;
}

const nn_loss_type *nn_loss_find(nn_scalar scalar, const char *name)
{
    const nn_loss_type *const *type = nn_loss_types(scalar);
    while (*type && strcmp((*type)->name, name) != 0) type++;
    return *type;
}

const nn_metric_type *nn_metric_find(nn_scalar scalar, const char *name)
{
    const nn_metric_type *const *type = nn_metric_types(scalar);
    while (*type && strcmp((*type)->name, name) != 0) type++;
    return *type;
}
