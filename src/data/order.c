/*
 * Finds the sample at a position of an epoch.
 *
 * Without a table. The usual shuffle fills an array with 0 .. N - 1 and swaps entries: for 10^10 samples that
 * is 80 GB on every rank, to be stored or replayed on a resume. Here the sample is a pure function of (seed,
 * epoch, position), so any rank can compute any entry, and a run resumed in the middle of an epoch, on any
 * number of ranks, continues with the next position.
 *
 * A bijection. An epoch must visit every sample exactly once. nn_random_permute encrypts the position with a
 * Feistel network: it splits the number into halves (L, R), and each round replaces them by (R, L xor F(R)),
 * where F is Philox. Whatever F is, a round can be undone, since R and L xor F(R) determine L; so the rounds
 * together permute [0, 4^k). A few rounds make it look random (Luby, Rackoff: How to construct pseudorandom
 * permutations from pseudorandom functions; SIAM J. Comput. 17, 1988). With 4^k the smallest such power >= N,
 * a result >= N is encrypted again until it is < N (cycle walking; Black, Rogaway: Ciphers with arbitrary
 * finite domains; CT-RSA 2002). The walk follows a cycle that contains the position itself, so it ends, and
 * no two positions below N end at the same sample: each ends at the next number below N on its cycle.
 *
 * Per epoch. The epoch is part of the key of F, so each epoch has its own permutation. Visiting all samples
 * in a new order each time converges faster than drawing them independently (Gurbuzbalaban, Ozdaglar,
 * Parrilo: Why random reshuffling beats stochastic gradient descent; Math. Program. 186, 2021).
 *
 * Blocks. A full shuffle takes consecutive samples from anywhere in the file, so that a stream would read a
 * chunk for each of them. For large data, whole blocks of about 1 MiB are permuted and laid end to end, and
 * samples are permuted within windows of several blocks: a block is read once per epoch, a window fits in
 * memory, and the composition of permutations is a permutation. The choice depends on the number of values
 * and the options alone, never on memory or ranks, so the results do not either.
 */
#include "data/order.h"

#include "base/least.h"

/* The fewest blocks in a lane's window: with fewer, samples would mix too little. */
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

/* An independent stream of random numbers for what begins at this place. */
static nn_random order_stream(const nn_order *order, uint32_t purpose, int64_t epoch, int64_t place)
{
    uint32_t words[4];
    nn_random stream = {.seed = order->seed, .purpose = purpose, .step = (uint32_t)epoch};
    if (place == 0) return stream;
    nn_random_words(stream, (uint64_t)place, words);
    stream.seed = (uint64_t)words[1] << 32 | words[0];
    return stream;
}

/* The full block that contains a place of the blocks laid end to end. Longer blocks are evenly spaced, in
 * this order as in the file. */
static int64_t order_find_block(const nn_split_runs *blocks, int64_t place)
{
    double samples = (double)nn_split_runs_begin(blocks, blocks->full);
    int64_t found = (int64_t)((double)place / samples * (double)blocks->full);
    if (found >= blocks->full) found = blocks->full - 1;
    while (nn_split_runs_begin(blocks, found) > place) found--;
    while (nn_split_runs_begin(blocks, found + 1) <= place) found++;
    return found;
}

/* The block of the file that comes in place of this one. Blocks are permuted among those of equal length, so
 * that all places stay where they are. */
static int64_t order_permute_block(const nn_order *order, int64_t epoch, int64_t block)
{
    const nn_split_runs *blocks = &order->blocks;
    int64_t full = blocks->full, longer = blocks->longer, of = longer > 0 ? blocks->of : 1;
    int64_t before = block * longer / of, all_longer = full * longer / of;
    bool is_longer = (block + 1) * longer / of > before;
    int64_t count = is_longer ? all_longer : full - all_longer, number = is_longer ? before : block - before;
    nn_random stream = order_stream(order, NN_RANDOM_BLOCKS, epoch, is_longer ? 1 : 2);
    number = (int64_t)nn_random_permute(stream, (uint64_t)count, (uint64_t)number);
    return is_longer ? ((number + 1) * of + longer - 1) / longer - 1 : number * of / (of - longer);
}

/* The sample at a place of all permuted blocks laid end to end. The short last block is inserted between two
 * others at random. */
static int64_t order_of_blocks(const nn_order *order, int64_t epoch, int64_t place)
{
    const nn_split_runs *blocks = &order->blocks;
    nn_random stream = order_stream(order, NN_RANDOM_BLOCKS, epoch, 3);
    int64_t before = (int64_t)(nn_random_uniform(stream, 0) * (double)(blocks->full + 1));
    int64_t begin = nn_split_runs_begin(blocks, before);
    if (place >= begin && place < begin + blocks->last)
        return nn_split_runs_begin(blocks, blocks->full) + place - begin;
    if (place >= begin) place -= blocks->last;
    int64_t block = order_find_block(blocks, place);
    return nn_split_runs_begin(blocks, order_permute_block(order, epoch, block)) + place -
           nn_split_runs_begin(blocks, block);
}

/* Where lane `lane` begins if `samples` are dealt out evenly. */
static int64_t order_lane_begin(const nn_order *order, int64_t lane, int64_t samples)
{
    return lane * samples / order->lanes;
}

/*
 * A batch has `lanes` stretches, one per microbatch or fewer, and the permuted blocks are divided into as
 * many lanes: stretch l of every batch, the short last one included, takes its samples from lane l. A rank
 * computes the same stretches of every batch, so it reads the blocks of its lanes and few others. `lanes`
 * follows from the batch, not from the number of ranks.
 */
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

/* Rounds of one sample per class, the classes in random order; within a class, one permutation of its samples
 * after another. */
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
    if (position >= batches * order->batch) return position; /* the short last batch */
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
