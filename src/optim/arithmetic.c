/* The table of optim for one precision. */
#include "optim/arithmetic.h"

#define NN_OPTIMIZER(name) extern const nn_optimizer_type nn_optimizer_##name;
#include "optim/optimizer_list.h"
#undef NN_OPTIMIZER

#define NN_OPTIMIZER(name) &nn_optimizer_##name,
static const nn_optimizer_type *const optimizers[] = {
#include "optim/optimizer_list.h"
    NULL};

const nn_optim_arithmetic NN_REAL_SYMBOL(nn_optim_arithmetic) = {.optimizers = optimizers};
