/* Steps and their batches. */
#include "step/plan.h"

#include "base/text.h"

/* Fewer samples than this are never rounded on their own (nn_plan_wire_leaves). */
#define WIRE_SAMPLES 16

static int64_t plan_default_batch(int64_t samples)
{
    return samples < 10000 ? 32 : samples < 100000 ? 64 : 256;
}

/* Small microbatches are slow; but four ranks can share any batch of four samples or more. */
static int64_t plan_default_microbatch(int64_t batch_size)
{
    int64_t size = batch_size < 16 ? batch_size / 4 : batch_size < 64 ? 4 : batch_size / 16;
    return size < 1 ? 1 : size > 64 ? 64 : size;
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
    plan.validate_every = plan.length.steps_per_epoch;
    int64_t rest = drop_last ? 0 : samples % plan.batch_size;
    plan.microbatches = plan_divide_up(plan.batch_size, plan.microbatch_size);
    plan.last_microbatches = rest ? plan_divide_up(rest, plan.microbatch_size) : plan.microbatches;
    return plan;
}

int64_t nn_plan_microbatch_for(const nn_plan *plan, int64_t workers)
{
    if (plan->batch_size < workers) return 0;
    if (workers == 1) return plan->batch_size;
    return (plan->batch_size - 1) / (workers - 1); /* the largest m with batch_size > m (workers - 1) */
}

/* What else allows this many ranks: other sizes, where there are enough samples. */
static void plan_append_remedy(const nn_plan *plan, int size, nn_text *text)
{
    int64_t smaller = nn_plan_microbatch_for(plan, size), larger = plan->microbatch_size * size;
    if (plan->begun) {
        nn_text_append(text, "; this run was started with these sizes; only a new one (--fresh, or another "
                             "--run-dir) can have others");
        return;
    }
    if (smaller > 0)
        nn_text_append(text,
                       ", or set a smaller microbatch, which is slower per sample and gives different bits "
                       "from %lld: --set training.microbatch_size=%lld",
                       (long long)plan->microbatch_size, (long long)smaller);
    if (smaller == 0 && plan->microbatches < plan->batch_size)
        nn_text_append(text, ", or at most %lld with --set training.microbatch_size=1",
                       (long long)plan->batch_size);
    if (larger <= plan->samples)
        nn_text_append(text,
                       ", or a larger batch, which makes fewer steps of an epoch and may need another "
                       "learning rate: --set training.batch_size=%lld --set training.microbatch_size=%lld",
                       (long long)larger, (long long)plan->microbatch_size);
    if (smaller == 0 && larger > plan->samples)
        nn_text_append(text, "; the training part has %lld sample%s", (long long)plan->samples,
                       plan->samples == 1 ? "" : "s");
}

nn_status nn_plan_check_ranks(const nn_plan *plan, int size)
{
    if (plan->microbatches >= size) return NN_OK;
    nn_text remedy = {0};
    plan_append_remedy(plan, size, &remedy);
    nn_status status = nn_fail(
        NN_ERROR_USAGE,
        "%d ranks, but a batch of %lld sample%s has only %lld microbatch%s of %lld: start at most %lld "
        "rank%s%s",
        size, (long long)plan->batch_size, plan->batch_size == 1 ? "" : "s", (long long)plan->microbatches,
        plan->microbatches == 1 ? "" : "es", (long long)plan->microbatch_size, (long long)plan->microbatches,
        plan->microbatches == 1 ? "" : "s", remedy.bytes ? remedy.bytes : "");
    nn_text_free(&remedy);
    return status;
}

int64_t nn_plan_wire_leaves(int64_t microbatch_size)
{
    int64_t leaves = 1;
    while (leaves * microbatch_size < WIRE_SAMPLES) leaves *= 2;
    return leaves;
}

nn_batch nn_plan_batch(const nn_plan *plan, int64_t step)
{
    nn_batch batch = {.epoch = step / plan->length.steps_per_epoch};
    if (plan->in_place)
        return (nn_batch){.samples = plan->given_samples,
                          .microbatches = plan_divide_up(plan->given_samples, plan->microbatch_size)};
    batch.first = step % plan->length.steps_per_epoch * plan->batch_size;
    batch.samples = plan->samples - batch.first;
    if (batch.samples > plan->batch_size) batch.samples = plan->batch_size;
    batch.microbatches = plan_divide_up(batch.samples, plan->microbatch_size);
    return batch;
}

int64_t nn_plan_interval(const nn_plan *plan, nn_duration every)
{
    double steps = every.unit == NN_DURATION_EPOCHS  ? every.amount * (double)plan->length.steps_per_epoch
                   : every.unit == NN_DURATION_STEPS ? every.amount
                                                     : 0;
    return steps < 9e15 ? (int64_t)(steps + 0.5) : INT64_C(1) << 60;
}

bool nn_plan_interval_ends(const nn_plan *plan, nn_duration every, int64_t steps)
{
    int64_t of_epoch = plan->length.steps_per_epoch;
    double amount = every.unit == NN_DURATION_EPOCHS     ? every.amount * (double)of_epoch
                    : every.unit == NN_DURATION_STEPS    ? every.amount
                    : every.unit == NN_DURATION_FRACTION ? every.amount * (double)plan->length.steps
                                                         : 0;
    if (amount == 0 || amount > 9e15) return false;
    int64_t interval = (int64_t)(amount + 0.5);
    return steps % (interval < 1 ? 1 : interval) == 0;
}
