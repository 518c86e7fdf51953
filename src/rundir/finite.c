#include "rundir/finite.h"

#include "rundir/saving_last.h"
#include "tensor/arithmetic.h"

nn_status nn_finite_first(nn_comm *comm, int64_t own, int64_t *first)
{
    int64_t order = own < 0 ? -1 : INT64_MAX - own;
    NN_TRY(nn_comm_maximum(comm, &order, 1));
    *first = order < 0 ? -1 : INT64_MAX - order;
    return NN_OK;
}

const nn_layer *nn_finite_layer_of(const nn_network *network, int64_t block)
{
    const nn_layer *layer = &network->layers[0];
    for (int l = 0; l < network->layer_count; l++)
        if (network->layers[l].value_count > 0 && network->layers[l].offset <= network->block_begin[block])
            layer = &network->layers[l];
    return layer;
}

static const nn_real *finite_at(const nn_stepper *stepper, const nn_real *values, int64_t index)
{
    return nn_scalar_at(stepper->scalar, values, (size_t)index);
}

/* The first block of this rank that is not finite; -1: none. */
static int64_t finite_own(const nn_stepper *stepper)
{
    const nn_update *update = stepper->update;
    const nn_tensor_arithmetic *arithmetic = nn_tensor_arithmetic_of(stepper->scalar);
    const nn_real *weights = nn_reduction_weights(stepper->reduction);
    int64_t own = -1;
    for (int64_t b = 0; b < update->block_count; b++) {
        const nn_owned_block *block = &update->blocks[b];
        int64_t count = block->end - block->begin;
        bool finite = arithmetic->all_finite(count, finite_at(stepper, weights, block->begin)) &&
                      (!update->average ||
                       arithmetic->all_finite(count, finite_at(stepper, update->average, block->state)));
        if (!finite && (own < 0 || block->block < own)) own = block->block;
    }
    return own;
}

nn_status nn_finite_check(nn_rundir *directory, const nn_checkpoint_parts *parts)
{
    const nn_stepper *stepper = parts->stepper;
    int64_t first;
    char last_good[128];
    NN_TRY(nn_finite_first(stepper->comm, finite_own(stepper), &first));
    if (first < 0) return NN_OK;
    NN_TRY(nn_saving_last_good(directory, parts, last_good));
    nn_status status = nn_fail(NN_ERROR_NONFINITE,
                               "step %lld made weights of layer %s NaN or Inf: they are not saved, and %s; "
                               "try a smaller learning rate, training.clip_norm or a longer warm-up",
                               (long long)parts->state->step,
                               nn_finite_layer_of(stepper->model->network, first)->name, last_good);
    return nn_comm_agree(stepper->comm, status);
}
