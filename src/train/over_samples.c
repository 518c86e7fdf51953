/* Layers and transforms that use several samples at a time. */
#include "train/over_samples.h"

#include "base/format.h"
#include "base/log.h"
#include "step/loaded.h"

/* The first layer that takes statistics over samples: over the whole batch, or over its microbatch. NULL:
 * none. */
static const nn_layer *over_find(const nn_run *run, bool whole_batch)
{
    const nn_network *network = run->model->network;
    for (int l = 0; l < network->layer_count; l++)
        if (network->layers[l].values_per_statistic > 0 &&
            nn_network_collects(network, l, NN_FORWARD) == whole_batch)
            return &network->layers[l];
    return NULL;
}

/* The layer that takes statistics over the fewest values per sample. */
static const nn_layer *over_poorest(const nn_run *run)
{
    const nn_network *network = run->model->network;
    const nn_layer *poorest = NULL;
    for (int l = 0; l < network->layer_count; l++) {
        const nn_layer *layer = &network->layers[l];
        if (layer->values_per_statistic > 0 &&
            (!poorest || layer->values_per_statistic < poorest->values_per_statistic))
            poorest = layer;
    }
    return poorest;
}

/* ---- what cannot be ---- */

nn_status nn_over_samples_check(const nn_run *run)
{
    const nn_layer *layer = over_poorest(run);
    if (layer && layer->values_per_statistic * run->plan.batch_size == 1)
        NN_FAIL(NN_ERROR_USAGE,
                "layer %s: a batch of one sample has one value per channel, which becomes 0 when the mean is "
                "subtracted; set training.batch_size=16 or more, or use layer_norm",
                layer->name);
    if (nn_dataset_mixes(run->data) && run->plan.microbatch_size < 2)
        NN_FAIL(NN_ERROR_USAGE,
                "data.fields.x.augment: mixup: a microbatch of one sample has no other sample to mix it "
                "with; set %s, or remove mixup",
                run->plan.batch_size > 1 ? "training.microbatch_size=2 or more"
                                         : "training.batch_size=2 or more");
    return NN_OK;
}

/* ---- memory ---- */

double nn_over_samples_memory(const nn_run *run, int ranks)
{
    if (run->model->network->statistics_values == 0) return 0;
    return (double)nn_run_share_max(run, ranks) *
           (double)nn_loaded_memory(run->model, run->data, run->plan.microbatch_size);
}

const char *nn_over_samples_remedy(const nn_run *run)
{
    if (run->model->network->statistics_values == 0) return "lower training.memory";
    if (run->plan.batch_size < NN_LAYER_SAMPLES_ENOUGH) return "set a smaller training.batch_size";
    return "set a smaller training.batch_size, or training.microbatch_size=16 with `over: auto` or `over: "
           "microbatch` in the layers that take statistics over the batch";
}

static void over_warn_memory(const nn_run *run, int ranks)
{
    double memory = nn_over_samples_memory(run, ranks), budget = run->settings.training.memory * 1048576;
    char needed[NN_FORMAT_SIZE], allowed[NN_FORMAT_SIZE];
    if (memory <= budget) return;
    nn_log_warning(
        "layer %s takes statistics over the whole batch, so that all %lld microbatches of a rank are "
        "in memory at the same time: %s, more than training.memory (%s); start more ranks on more nodes, or "
        "%s",
        over_find(run, true)->name, (long long)nn_run_share_max(run, ranks), nn_format_bytes(needed, memory),
        nn_format_bytes(allowed, budget), nn_over_samples_remedy(run));
}

/* ---- few samples ---- */

static void over_warn_microbatch(const nn_run *run)
{
    const nn_layer *layer = over_find(run, false);
    const nn_plan *plan = &run->plan;
    if (!layer || plan->microbatch_size >= NN_LAYER_SAMPLES_ENOUGH ||
        plan->microbatch_size == plan->batch_size)
        return;
    nn_log_warning(
        "layer %s takes statistics over microbatches of %lld sample%s, too few to train well: remove its "
        "option `over`, or set training.microbatch_size=%lld or more",
        layer->name, (long long)plan->microbatch_size, plan->microbatch_size == 1 ? "" : "s",
        (long long)(plan->batch_size < NN_LAYER_SAMPLES_ENOUGH ? plan->batch_size : NN_LAYER_SAMPLES_ENOUGH));
}

static void over_warn_batch(const nn_run *run)
{
    const nn_layer *layer = over_poorest(run);
    const nn_plan *plan = &run->plan;
    if (!layer) return;
    int64_t last = plan->samples % plan->batch_size, each = layer->values_per_statistic;
    bool keeps = run->settings.training.last_batch == NN_LAST_BATCH_KEEP;
    if (plan->batch_size * each < NN_LAYER_SAMPLES_ENOUGH)
        nn_log_warning(
            "layer %s takes statistics over the %lld sample%s of a batch, too few to train well: set "
            "training.batch_size=%d or more",
            layer->name, (long long)plan->batch_size, plan->batch_size == 1 ? "" : "s",
            NN_LAYER_SAMPLES_ENOUGH);
    if (keeps && last * each == 1)
        nn_log_warning("the last batch of an epoch has one sample, whose values layer %s turns into 0 when "
                       "it subtracts the mean: set training.last_batch=drop, or change training.batch_size",
                       layer->name);
}

void nn_over_samples_warn(const nn_run *run, int ranks)
{
    over_warn_microbatch(run);
    over_warn_batch(run);
    over_warn_memory(run, ranks);
}
