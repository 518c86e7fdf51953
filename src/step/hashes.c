#include "step/hashes.h"

#include "base/hash.h"

void nn_step_hash_weights(const nn_stepper *stepper, const bool *is_owned, bool owned, uint64_t *hashes)
{
    const nn_network *network = stepper->model->network;
    const nn_real *weights = nn_reduction_weights(stepper->reduction);
    nn_scalar scalar = stepper->scalar;
#pragma omp parallel for schedule(static) num_threads(stepper->threads)
    for (int64_t b = 0; b < network->block_count; b++) {
        int64_t begin = network->block_begin[b], count = network->block_begin[b + 1] - begin;
        if (is_owned[b] == owned)
            hashes[b] = nn_hash(nn_scalar_at(scalar, weights, (size_t)begin),
                                (size_t)count * nn_scalar_size(scalar), 0);
    }
}

void nn_step_hash_states(const nn_stepper *stepper, uint64_t *hashes)
{
    const nn_update *update = stepper->update;
    nn_scalar scalar = stepper->scalar;
#pragma omp parallel for schedule(static) num_threads(stepper->threads)
    for (int64_t i = 0; i < nn_step_state_hashes(stepper); i++) {
        const nn_owned_block *block = &update->blocks[i % update->block_count];
        const nn_real *state = update->states[i / update->block_count];
        hashes[i] = nn_hash(nn_scalar_at(scalar, state, (size_t)block->state),
                            (size_t)(block->end - block->begin) * nn_scalar_size(scalar), 0);
    }
}

int64_t nn_step_state_hashes(const nn_stepper *stepper)
{
    return stepper->update->state_count * stepper->update->block_count;
}
