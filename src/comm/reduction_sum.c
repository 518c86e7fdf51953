/* The last sums of a step, and what is done with each block while it is in cache. */
#include "comm/reduction_internal.h"

typedef struct sum_call {
    nn_reduction *reduction;
    const nn_reduction_slice *slice;
    const char *const *sources;
    char *sum;
    bool completes;
} sum_call;

static void sum_block(void *argument, int64_t index, int thread)
{
    const sum_call *call = argument;
    const nn_reduction *reduction = call->reduction;
    const nn_reduction_plan *plan = &reduction->plan;
    const nn_reduction_slice *slice = call->slice;
    const int64_t *begin = plan->owned_begin + slice->owned;
    int64_t end = index + 1 < slice->block_end - slice->block_begin ? begin[index + 1] : slice->end;

    if (call->sources != NULL)
        nn_fold_run(&reduction->leaves->fold, reduction->arithmetic.add, plan->width,
                    begin[index] - slice->begin, end - slice->begin, call->sources, call->sum,
                    reduction->scratch + (size_t)thread * plan->scratch);
    if (call->completes && reduction->hooks.summed != NULL)
        reduction->hooks.summed(reduction->hooks.context, slice->owned + index);
}

void nn_reduction_sum(nn_reduction *reduction, const nn_reduction_slice *slice, const char *const *sources,
                      char *sum, bool completes)
{
    sum_call call = {reduction, slice, sources, sum, completes};
    const nn_reduction_hooks *hooks = &reduction->hooks;
    int64_t blocks = slice->block_end - slice->block_begin;

    if (hooks->run != NULL) {
        hooks->run(hooks->context, blocks, sum_block, &call);
        return;
    }
    for (int64_t block = 0; block < blocks; block++) sum_block(&call, block, 0);
}
