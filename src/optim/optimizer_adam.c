/* Adam without weight decay: adding the decay to the gradient, as in other implementations, does not amount
 * to weight decay (Loshchilov, Hutter; ICLR 2019). */
#include "optim/adam.h"

static const nn_option adam_table[] = {
    NN_ADAM_OPTIONS,
    NN_ADAM_OPTION(weight_decay, "0", 0, 9e18, "not available in adam: use adamw"),
    {.name = NULL}};

static nn_status adam_check(const void *options)
{
    const nn_adam_options *adam = options;
    if (adam->weight_decay != 0)
        NN_FAIL(NN_ERROR_USAGE,
                "adam has no weight_decay; use adamw, which has decoupled weight decay: 'adamw: "
                "{weight_decay: %.15g}'",
                adam->weight_decay);
    return NN_OK;
}

const nn_optimizer_type nn_optimizer_adam = {
    .name = "adam",
    .summary = "steps scaled by running averages of the gradient and its square (Kingma, Ba 2015)",
    .example = "adam: {learning_rate: 0.001}",
    .options = adam_table,
    .options_size = sizeof(nn_adam_options),
    .check = adam_check,
    .slots = nn_adam_slots,
    .prepare = nn_adam_prepare,
    .apply = nn_adam_apply,
};
