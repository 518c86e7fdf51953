/* Adam with decoupled weight decay (Loshchilov, Hutter; ICLR 2019). */
#include "optim/adam.h"

static const nn_option adamw_table[] = {
    NN_ADAM_OPTIONS,
    NN_DECAY_OPTIONS(nn_adam_options, "0.01", "each step subtracts learning rate x this x the weights"),
    {.name = NULL}};

const nn_optimizer_type nn_optimizer_adamw = {
    .name = "adamw",
    .summary = "adam with decoupled weight decay (Loshchilov, Hutter 2019)",
    .example = "adamw: {learning_rate: 0.001, weight_decay: 0.01}",
    .options = adamw_table,
    .options_size = sizeof(nn_adam_options),
    .slots = nn_adam_slots,
    .prepare = nn_adam_prepare,
    .apply = nn_adam_apply,
};
