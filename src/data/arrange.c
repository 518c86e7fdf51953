/* The order of the samples of a data set. */
#include "data/dataset_internal.h"
#include "data/stretches.h"

/* Training samples of up to this many values in total are fully shuffled by default. */
#define ARRANGE_FULL_SHUFFLE ((double)(1 << 28))

/* Values per MiB of shuffle_window, at 4 bytes each however they are stored. */
#define ARRANGE_MIB ((double)(1 << 18))

void nn_dataset_make_order(nn_dataset *dataset)
{
    const nn_data_options *options = dataset->options;
    const nn_samples *train = &dataset->parts[NN_TRAIN];
    nn_order *order = &dataset->order;
    if (train->count == 0) return;
    double values = (double)train->source->values * (double)train->stride; /* per sample, without overlap */
    order->shuffle = options->shuffle;
    if (order->shuffle == NN_SHUFFLE_AUTO)
        order->shuffle =
            values * (double)train->count <= ARRANGE_FULL_SHUFFLE ? NN_SHUFFLE_FULL : NN_SHUFFLE_BLOCK;
    order->seed = dataset->seed;
    order->count = train->count;
    order->blocks = nn_samples_runs(train);
    double window = (options->shuffle_window > 0 ? options->shuffle_window : 64) * ARRANGE_MIB / values;
    order->window_total = window < 9e15 ? (int64_t)window : (int64_t)9e15;
    nn_order_arrange(order, train->count, 1);
}

nn_status nn_dataset_arrange(nn_dataset *dataset, int64_t batch_size, int64_t lanes)
{
    nn_order *order = &dataset->order;
    if (dataset->parts[NN_TRAIN].count == 0) return NN_OK;
    nn_order_arrange(order, batch_size, lanes);
    nn_length_buckets_destroy(order->buckets);
    order->buckets = NULL;
    if (!dataset->options->bucket_by_length) return NN_OK;
    return nn_length_buckets_create(dataset->lengths[NN_TRAIN].bytes, order->batch, &order->buckets);
}

int64_t nn_dataset_order(const nn_dataset *dataset, nn_part part, int64_t epoch, int64_t position)
{
    bool ordered = part != NN_TRAIN || epoch == NN_DATA_IN_ORDER;
    return ordered ? position : nn_order_sample(&dataset->order, epoch, position);
}

bool nn_dataset_continues(const nn_dataset *dataset, int64_t epoch, int64_t position)
{
    const nn_order *order = &dataset->order;
    const nn_samples *train = &dataset->parts[NN_TRAIN];
    int64_t window = dataset->options->window.length, before = position - order->batch;
    if (order->shuffle != NN_SHUFFLE_STATEFUL || before < 0) return false;
    if (position >= train->count / order->batch * order->batch) return false;
    int64_t row = nn_samples_row(train, nn_order_sample(order, epoch, position));
    int64_t last = nn_samples_row(train, nn_order_sample(order, epoch, before));
    return row == last + (window > 0 ? window : 1) && nn_stretches_same(train->source, last, row);
}

int64_t nn_dataset_row(const nn_dataset *dataset, nn_part part, int64_t sample)
{
    return nn_samples_row(&dataset->parts[part], sample);
}
