/* The losses and metrics of each precision. */
#include "base/type_list.h"
#include "loss/arithmetic.h"

static nn_type_list losses_of[NN_SCALARS], metrics_of[NN_SCALARS];

static const void *const *losses_built_in(nn_scalar scalar)
{
    return (const void *const *)nn_loss_arithmetic_of(scalar)->losses;
}

static const void *const *metrics_built_in(nn_scalar scalar)
{
    return (const void *const *)nn_loss_arithmetic_of(scalar)->metrics;
}

const nn_loss_type *const *nn_loss_types(nn_scalar scalar)
{
    return (const nn_loss_type *const *)nn_type_list_of(&losses_of[scalar], losses_built_in(scalar));
}

const nn_metric_type *const *nn_metric_types(nn_scalar scalar)
{
    return (const nn_metric_type *const *)nn_type_list_of(&metrics_of[scalar], metrics_built_in(scalar));
}

nn_status nn_loss_register(nn_scalar scalar, const nn_loss_type *type)
{
    return nn_type_list_add(&losses_of[scalar], losses_built_in(scalar), type);
}

nn_status nn_metric_register(nn_scalar scalar, const nn_metric_type *type)
{
    return nn_type_list_add(&metrics_of[scalar], metrics_built_in(scalar), type);
}

const nn_loss_type *nn_loss_find(nn_scalar scalar, const char *name)
{
    return nn_type_list_find((const void *const *)nn_loss_types(scalar), name);
}

const nn_metric_type *nn_metric_find(nn_scalar scalar, const char *name)
{
    return nn_type_list_find((const void *const *)nn_metric_types(scalar), name);
}

bool nn_loss_is_loaded(const char *name)
{
    return nn_loss_find(NN_SCALAR_F32, name) && !nn_type_list_find(losses_built_in(NN_SCALAR_F32), name);
}

bool nn_metric_is_loaded(const char *name)
{
    return nn_metric_find(NN_SCALAR_F32, name) && !nn_type_list_find(metrics_built_in(NN_SCALAR_F32), name);
}
