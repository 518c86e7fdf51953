/* The table of loss for one precision. */
#include "loss/arithmetic.h"

#define NN_LOSS(name) extern const nn_loss_type nn_loss_##name;
#define NN_METRIC(name) extern const nn_metric_type nn_metric_##name;
#include "loss/loss_list.h"
#include "loss/metric_list.h"
#undef NN_LOSS
#undef NN_METRIC

#define NN_LOSS(name) &nn_loss_##name,
#define NN_METRIC(name) &nn_metric_##name,
static const nn_loss_type *const losses[] = {
#include "loss/loss_list.h"
    NULL};
static const nn_metric_type *const metrics[] = {
#include "loss/metric_list.h"
    NULL};

const nn_loss_arithmetic NN_REAL_SYMBOL(nn_loss_arithmetic) = {.losses = losses, .metrics = metrics};
