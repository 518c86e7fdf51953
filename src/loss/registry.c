/* The lists of losses and metrics, from the *_list.h files. */
#include <string.h>

#include "loss/loss.h"
#include "loss/metric.h"

#define NN_LOSS(name) extern const nn_loss_type nn_loss_##name;
#define NN_METRIC(name) extern const nn_metric_type nn_metric_##name;
#include "loss/loss_list.h"
#include "loss/metric_list.h"
#undef NN_LOSS
#undef NN_METRIC

#define NN_LOSS(name) &nn_loss_##name,
#define NN_METRIC(name) &nn_metric_##name,
static const nn_loss_type *const loss_types[] = {
#include "loss/loss_list.h"
    NULL};
static const nn_metric_type *const metric_types[] = {
#include "loss/metric_list.h"
    NULL};

const nn_loss_type *const *nn_loss_types(void)
{
    return loss_types;
}

const nn_metric_type *const *nn_metric_types(void)
{
    return metric_types;
}

const nn_loss_type *nn_loss_find(const char *name)
{
    const nn_loss_type *const *type = loss_types;
    while (*type && strcmp((*type)->name, name) != 0) type++;
    return *type;
}

const nn_metric_type *nn_metric_find(const char *name)
{
    const nn_metric_type *const *type = metric_types;
    while (*type && strcmp((*type)->name, name) != 0) type++;
    return *type;
}
