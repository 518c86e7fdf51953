/* The loops over the blocks of a rank: measuring gradients, and the optimizer. The blocks are divided among
 * the rank's threads; each is one thread's work, so the bits do not depend on the number of threads. */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "step/step_values.h"
#include "tensor/kernels.h"

static nn_real *update_gradient(const nn_owned_block *block, const nn_reduction_slice *slices)
{
    return (nn_real *)slices[block->slice].gradient + (block->begin - slices[block->slice].begin);
}

static void update_find_slots(const nn_update *update, const nn_owned_block *block,
                              nn_real *slots[NN_OPTIMIZER_SLOTS])
{
    for (int i = 0; i < NN_OPTIMIZER_SLOTS; i++)
        slots[i] = i < update->slot_count ? update->states[i] + block->state : NULL;
}

/* Clipping would turn an infinite value into a finite one, so look first. */
static double update_clip(double clip_value, int64_t count, nn_real *gradient)
{
    if (clip_value > 0) {
        if (!nn_all_finite(count, gradient)) return INFINITY;
        nn_clip(count, (nn_real)clip_value, gradient);
    }
    return nn_sum_squares(count, gradient);
}

void nn_update_measure_block(const nn_update *update, int64_t owned)
{
    const nn_reduction_slice *slices;
    nn_reduction_slices(update->reduction, &slices);
    const nn_optimizer_type *optimizer = update->options.optimizer;
    const nn_owned_block *block = &update->blocks[owned];
    double *of_block = update->measured + owned * update->measures;
    int64_t count = block->end - block->begin;
    for (int m = 0; m < update->measures; m++) of_block[m] = 0;
    nn_real *gradient = update_gradient(block, slices), *slots[NN_OPTIMIZER_SLOTS];
    if (block->kind < 0) {
        if (block->parameter->statistic && !nn_all_finite(count, gradient)) of_block[0] = INFINITY;
        return;
    }
    of_block[0] = update_clip(update->options.clip_value, count, gradient);
    if (optimizer->sums == 0) return;
    nn_optimizer_step at = {.step = update->step, .is_matrix = update->kinds[block->kind].is_matrix};
    update_find_slots(update, block, slots);
    optimizer->measure(update->options.options, &at, count, gradient, slots, update->weights + block->begin,
                       of_block + 1);
}

static nn_real *update_before(const nn_update *update)
{
    return update->followed->before + omp_get_thread_num() * update->followed->room;
}

/* `before` becomes the difference. */
static void update_follow(const nn_update *update, int64_t owned, int64_t count, const nn_real *values,
                          nn_real *before)
{
    double *squares = update->followed->squares + owned * NN_FOLLOWED_SQUARES;
    for (int64_t i = 0; i < count; i++) before[i] = values[i] - before[i];
    squares[NN_FOLLOWED_WEIGHTS] = nn_sum_squares(count, values);
    squares[NN_FOLLOWED_UPDATE] = nn_sum_squares(count, before);
}

void nn_update_apply_values(nn_update *update, nn_real *weights)
{
    const nn_reduction_slice *slices;
    nn_reduction_slices(update->reduction, &slices);
#pragma omp parallel for schedule(static) num_threads(update->options.threads)
    for (int64_t b = 0; b < update->block_count; b++) {
        const nn_owned_block *block = &update->blocks[b];
        int64_t count = block->end - block->begin;
        nn_real *values = weights + block->begin, *slots[NN_OPTIMIZER_SLOTS];
        nn_real *average = update->average ? update->average + block->state : NULL;
        if (block->layer->frozen) continue;
        if (block->parameter->statistic) {
            nn_blend(count, block->parameter->decay, update_gradient(block, slices), values);
            if (average) memcpy(average, values, (size_t)count * sizeof *values);
            continue;
        }
        update_find_slots(update, block, slots);
        if (update->followed) memcpy(update_before(update), values, (size_t)count * sizeof *values);
        update->options.optimizer->apply(update->options.options, &update->kinds[block->kind].step, count,
                                         update_gradient(block, slices), slots, values);
        if (update->followed) update_follow(update, b, count, values, update_before(update));
        if (average) nn_blend(count, update->kept, values, average);
    }
}
