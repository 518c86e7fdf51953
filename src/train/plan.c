/* Steps and their batches. */
#include "train/plan.h"

static int64_t plan_default_batch(int64_t samples)
{
    return samples < 10000 ? 32 : samples < 100000 ? 64 : 256;
}

static int64_t plan_default_microbatch(int64_t batch_size)
{
    int64_t sixteenth = batch_size / 16;
    return sixteenth < 1 ? 1 : sixteenth > 64 ? 64 : sixteenth;
}

static int64_t plan_divide_up(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

nn_plan nn_plan_make(int64_t samples, int64_t batch_size, int64_t microbatch_size, int64_t epochs,
                     bool drop_last, int64_t limit_batches)
{
    nn_plan plan = {
        .samples = samples, .batch_size = batch_size, .microbatch_size = microbatch_size, .epochs = epochs};
    if (plan.batch_size == 0) plan.batch_size = plan_default_batch(samples);
    if (plan.batch_size > samples) plan.batch_size = samples;
    if (limit_batches > 0 && samples > limit_batches * plan.batch_size)
        plan.samples = samples = limit_batches * plan.batch_size;
    if (plan.microbatch_size == 0) plan.microbatch_size = plan_default_microbatch(plan.batch_size);
    if (plan.microbatch_size > plan.batch_size) plan.microbatch_size = plan.batch_size;
    plan.length.steps_per_epoch =
        drop_last ? samples / plan.batch_size : plan_divide_up(samples, plan.batch_size);
    plan.length.steps = plan.length.steps_per_epoch * epochs;
    int64_t rest = drop_last ? 0 : samples % plan.batch_size;
    plan.leaves = plan_divide_up(plan.batch_size, plan.microbatch_size);
    plan.last_leaves = rest ? plan_divide_up(rest, plan.microbatch_size) : plan.leaves;
    return plan;
}

nn_status nn_plan_check_ranks(const nn_plan *plan, int size)
{
    if (plan->leaves < size)
        NN_FAIL(NN_ERROR_USAGE,
                "%d ranks, but a batch of %lld samples has only %lld microbatches of %lld: start at most "
                "%lld ranks, "
                "or set training.microbatch_size=%lld or smaller, or a larger training.batch_size",
                size, (long long)plan->batch_size, (long long)plan->leaves, (long long)plan->microbatch_size,
                (long long)plan->leaves,
                (long long)(plan->batch_size / size > 0 ? plan->batch_size / size : 1));
    return NN_OK;
}

nn_batch nn_plan_batch(const nn_plan *plan, int64_t step)
{
    nn_batch batch = {.epoch = step / plan->length.steps_per_epoch};
    batch.first = step % plan->length.steps_per_epoch * plan->batch_size;
    batch.samples = plan->samples - batch.first;
    if (batch.samples > plan->batch_size) batch.samples = plan->batch_size;
    batch.leaves = plan_divide_up(batch.samples, plan->microbatch_size);
    return batch;
}

bool nn_plan_interval_ends(const nn_plan *plan, nn_duration every, int64_t steps)
{
    int64_t of_epoch = plan->length.steps_per_epoch;
    double amount = every.unit == NN_DURATION_EPOCHS     ? every.amount * (double)of_epoch
                    : every.unit == NN_DURATION_STEPS    ? every.amount
                    : every.unit == NN_DURATION_FRACTION ? every.amount * (double)plan->length.steps
                                                         : 0;
    if (every.unit == NN_DURATION_SECONDS || amount > 9e15) return false;
    int64_t interval = (int64_t)(amount + 0.5);
    return steps % (interval < 1 ? 1 : interval) == 0;
}
