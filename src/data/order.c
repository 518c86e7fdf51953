/* From a position of an epoch to a sample. */
#include "data/order.h"

#include "base/least.h"

/* Blocks of a lane's window, at least: fewer would mix too little. */
#define ORDER_LANE_BLOCKS 4

void nn_order_arrange(nn_order *order, int64_t batch_size, int64_t lanes)
{
    int64_t least = ORDER_LANE_BLOCKS * (order->blocks.each + 1);
    order->batch = batch_size < order->count ? batch_size : order->count;
    order->lanes = lanes < order->batch ? lanes : order->batch;
    while (order->lanes > 1 && order->window_total / order->lanes < least)
        order->lanes = (order->lanes + 1) / 2;
    order->window = order->window_total / order->lanes;
    if (order->window < least) order->window = least;
}

/* ---- blocks ---- */

/* A stream of its own for everything that begins at this place. */
static nn_random order_stream(const nn_order *order, uint32_t purpose, int64_t epoch, int64_t place)
{
    uint32_t words[4];
    nn_random stream = {.seed = order->seed, .purpose = purpose, .step = (uint32_t)epoch};
    if (place == 0) return stream;
    nn_random_words(stream, (uint64_t)place, words);
    stream.seed = (uint64_t)words[1] << 32 | words[0];
    return stream;
}

/* The full block that begins at or before a place of them laid end to end. Longer ones come at even
 * distances, in this order as in the file. */
static int64_t order_find_block(const nn_runs *blocks, int64_t place)
{
    double samples = (double)nn_runs_begin(blocks, blocks->full);
    int64_t found = (int64_t)((double)place / samples * (double)blocks->full);
    if (found >= blocks->full) found = blocks->full - 1;
    while (nn_runs_begin(blocks, found) > place) found--;
    while (nn_runs_begin(blocks, found + 1) <= place) found++;
    return found;
}

/* The block of the file that takes the place of this one: one of the same length. */
static int64_t order_permute_block(const nn_order *order, int64_t epoch, int64_t block)
{
    const nn_runs *blocks = &order->blocks;
    int64_t full = blocks->full, longer = blocks->longer, of = longer > 0 ? blocks->of : 1;
    int64_t before = block * longer / of, all_longer = full * longer / of;
    bool is_longer = (block + 1) * longer / of > before;
    int64_t count = is_longer ? all_longer : full - all_longer, number = is_longer ? before : block - before;
    nn_random stream = order_stream(order, NN_RANDOM_BLOCKS, epoch, is_longer ? 1 : 2);
    number = (int64_t)nn_random_permute(stream, (uint64_t)count, (uint64_t)number);
    return is_longer ? ((number + 1) * of + longer - 1) / longer - 1 : number * of / (of - longer);
}

/* The sample at a place of all blocks laid end to end; the short last one comes somewhere among the others.
 */
static int64_t order_of_blocks(const nn_order *order, int64_t epoch, int64_t place)
{
    const nn_runs *blocks = &order->blocks;
    nn_random stream = order_stream(order, NN_RANDOM_BLOCKS, epoch, 3);
    int64_t before = (int64_t)(nn_random_uniform(stream, 0) * (double)(blocks->full + 1));
    int64_t begin = nn_runs_begin(blocks, before);
    if (place >= begin && place < begin + blocks->last)
        return nn_runs_begin(blocks, blocks->full) + place - begin;
    if (place >= begin) place -= blocks->last;
    int64_t block = order_find_block(blocks, place);
    return nn_runs_begin(blocks, order_permute_block(order, epoch, block)) + place -
           nn_runs_begin(blocks, block);
}

/* Where lane `lane` begins among `samples` that are dealt out evenly. */
static int64_t order_lane_begin(const nn_order *order, int64_t lane, int64_t samples)
{
    return lane * samples / order->lanes;
}

static int64_t order_block(const nn_order *order, int64_t epoch, int64_t position)
{
    int64_t full = order->count / order->batch, rest = order->count % order->batch;
    int64_t batch = position / order->batch, in_batch = position % order->batch;
    int64_t samples = batch < full ? order->batch : rest;
    int64_t lane = ((in_batch + 1) * order->lanes - 1) / samples;
    int64_t begin = order_lane_begin(order, lane, order->batch),
            end = order_lane_begin(order, lane + 1, order->batch);
    int64_t rest_begin = order_lane_begin(order, lane, rest),
            rest_end = order_lane_begin(order, lane + 1, rest);
    int64_t place = in_batch - order_lane_begin(order, lane, samples) + batch * (end - begin);
    int64_t lane_begin = full * begin + rest_begin, lane_count = full * (end - begin) + rest_end - rest_begin;
    int64_t window = place / order->window * order->window;
    int64_t count = nn_smaller(order->window, lane_count - window);
    nn_random stream = order_stream(order, NN_RANDOM_ORDER, epoch, lane_begin + window);
    place = window + (int64_t)nn_random_permute(stream, (uint64_t)count, (uint64_t)(place - window));
    return order_of_blocks(order, epoch, lane_begin + place);
}

/* ---- classes ---- */

/* Rounds of one sample of each class; in a class, one permutation of its samples after another. */
static int64_t order_balanced(const nn_order *order, int64_t epoch, int64_t position)
{
    int64_t present = order->classes, round = position / present;
    nn_random turns = order_stream(order, NN_RANDOM_BLOCKS, epoch, round + 1);
    int64_t class = (int64_t)nn_random_permute(turns, (uint64_t)present, (uint64_t)(position % present));
    int64_t begin = order->class_begin[class], count = order->class_begin[class + 1] - begin;
    nn_random stream = order_stream(order, NN_RANDOM_ORDER, epoch, class * order->count + round / count + 1);
    return order
        ->by_class[begin + (int64_t)nn_random_permute(stream, (uint64_t)count, (uint64_t)(round % count))];
}

/* ---- side by side ---- */

static int64_t order_stateful(const nn_order *order, int64_t position)
{
    int64_t batches = order->count / order->batch;
    if (position >= batches * order->batch) return position; /* what is left over fills no batch */
    return position % order->batch * batches + position / order->batch;
}

int64_t nn_order_sample(const nn_order *order, int64_t epoch, int64_t position)
{
    if (order->classes > 0) return order_balanced(order, epoch, position);
    if (order->buckets) {
        nn_order shuffled = *order;
        shuffled.buckets = NULL;
        return nn_length_buckets_sample(order->buckets, &shuffled, epoch, position);
    }
    if (order->shuffle == NN_SHUFFLE_NONE) return position;
    if (order->shuffle == NN_SHUFFLE_STATEFUL) return order_stateful(order, position);
    if (order->shuffle == NN_SHUFFLE_BLOCK) return order_block(order, epoch, position);
    nn_random stream = order_stream(order, NN_RANDOM_ORDER, epoch, 0);
    return (int64_t)nn_random_permute(stream, (uint64_t)order->count, (uint64_t)position);
}
