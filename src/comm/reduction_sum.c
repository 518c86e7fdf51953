/* Sums of a piece of a bucket, block by block on the caller's threads, and what is done with each block while
 * it is in cache. */
#include <string.h>

#include "comm/reduction_internal.h"

typedef struct sum_call {
    nn_reduction *reduction;
    const nn_stretch *piece;
    const nn_sum *sum;
} sum_call;

/* The values [begin, end) of the piece += or = those of the one source, which may have 2 bytes each. */
static void sum_join(const sum_call *call, int64_t begin, int64_t end, char *scratch)
{
    const nn_reduction_arithmetic *arithmetic = &call->reduction->arithmetic;
    const nn_sum *sum = call->sum;
    size_t width = call->reduction->plan.width, from_width = sum->halves ? 2 : width;

    for (int64_t next; begin < end; begin = next) {
        next = end - begin < NN_FOLD_BLOCK ? end : begin + NN_FOLD_BLOCK;
        const char *from = sum->sources[0] + (size_t)begin * from_width;
        char *to = sum->to + (size_t)begin * width;
        if (sum->copies && sum->halves) {
            arithmetic->widen(next - begin, from, to);
        } else if (sum->copies) {
            memcpy(to, from, (size_t)(next - begin) * width);
        } else {
            if (sum->halves) arithmetic->widen(next - begin, from, scratch);
            arithmetic->add(next - begin, sum->halves ? scratch : from, to);
        }
        if (sum->rounds) arithmetic->round(next - begin, to);
    }
}

static void sum_block(void *argument, int64_t index, int thread)
{
    const sum_call *call = argument;
    nn_reduction *reduction = call->reduction;
    const nn_sum *sum = call->sum;
    const nn_stretch *piece = call->piece;
    int64_t block = piece->block_begin + index;
    const int64_t *block_begin = reduction->plan.cuts.block_begin + block;
    int64_t begin = block_begin[0] - piece->begin, end = block_begin[1] - piece->begin;
    char *scratch = reduction->scratch + (size_t)thread * reduction->plan.scratch;

    if (sum->fold)
        nn_fold_run(sum->fold, &reduction->arithmetic, reduction->plan.width, begin, end, sum->sources,
                    sum->to, scratch);
    else if (sum->sources)
        sum_join(call, begin, end, scratch);
    if (sum->completes && reduction->hooks.summed && block >= sum->completes->block_begin &&
        block < sum->completes->block_end)
        reduction->hooks.summed(reduction->hooks.context,
                                sum->completes->owned + block - sum->completes->block_begin);
}

void nn_reduction_sum(nn_reduction *reduction, const nn_stretch *piece, const nn_sum *sum)
{
    sum_call call = {reduction, piece, sum};
    const nn_reduction_hooks *hooks = &reduction->hooks;
    int64_t blocks = piece->block_end - piece->block_begin;

    if (hooks->run != NULL) {
        hooks->run(hooks->context, blocks, sum_block, &call);
        return;
    }
    for (int64_t block = 0; block < blocks; block++) sum_block(&call, block, 0);
}
