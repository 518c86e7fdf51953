/* Merging across any number of ranks is merging on one, in the order of the canonical tree and in no other.
 */
#include "../comm/check.h"
#include "base/memory.h"
#include "step/exchange.h"

enum { CHANNELS_MOST = 1101, WIDTH_MOST = 1 + 2 * CHANNELS_MOST, LEAVES = 45 };

static double mix_values(double left, double right, double salt)
{
    return (double)(((int64_t)left * 31 + (int64_t)right * 17 + (int64_t)salt) % 1000003);
}

/* Neither commutes nor associates, so that each result tells its order; exact in double. A channel depends on
 * what is shared, and on its row. */
static void mix(nn_pass pass, int64_t channels, const double *right, double *left)
{
    double shared = left[0] + 3 * right[0];
    (void)pass;
    for (int64_t i = 0; i < 2 * channels; i++)
        left[1 + i] = mix_values(left[1 + i], right[1 + i], shared + (double)(i / channels));
    left[0] = mix_values(left[0], right[0], 1);
}

static void fill(int64_t leaf, int64_t width, double *values)
{
    for (int64_t i = 0; i < width; i++) values[i] = (double)(leaf * 7919 + i * 31 + 5);
}

static void merge_here(int64_t channels, nn_tree_node node, double *values)
{
    double right[WIDTH_MOST];
    if (node.end - node.begin == 1) {
        fill(node.begin, 1 + 2 * channels, values);
        return;
    }
    int64_t middle = nn_tree_split(node.begin, node.end);
    merge_here(channels, (nn_tree_node){node.begin, middle}, values);
    merge_here(channels, (nn_tree_node){middle, node.end}, right);
    mix(NN_FORWARD, channels, right, values);
}

/* Fails when ranks without leaves, or with shares that are not subtrees, change the result or are left
 * without it; or when ranks of a group merge in another order, or slices of a vector come back in another
 * place. */
static void check_leaves(nn_comm *comm, nn_exchange *exchange, nn_network *network, int64_t leaves)
{
    static double values[NN_TREE_COVER_MAX * WIDTH_MOST], expected[WIDTH_MOST];
    int64_t width = network->layers[0].statistics[NN_FORWARD], channels = (width - 1) / 2;
    nn_tree_node nodes[NN_TREE_COVER_MAX];
    nn_shares shares;
    CHECK_OK(nn_shares_create(leaves, nn_comm_size(comm), nn_comm_ranks(comm).leaders, &shares));
    int count = nn_shares_nodes(&shares, nn_comm_rank(comm), nodes);
    nn_batch_statistics_call call = {network, 0, NN_FORWARD, &shares};
    for (int n = 0; n < count; n++) merge_here(channels, nodes[n], values + n * width);
    merge_here(channels, (nn_tree_node){0, leaves}, expected);
    CHECK_OK(nn_exchange_merge(exchange, &call, nodes, count, values));
    for (int64_t i = 0; i < width; i++)
        CHECK(values[i] == expected[i], "%lld leaves, %lld channels: value %lld is %g, not %g",
              (long long)leaves, (long long)channels, (long long)i, values[i], expected[i]);
    nn_shares_release(&shares);
}

/* Of any number of ranks; few channels, and enough that they are scattered. */
static void check_channels(nn_comm *comm, nn_exchange *exchange, nn_network *network)
{
    static const int64_t channels[] = {1, 7, 303, CHANNELS_MOST};
    for (size_t i = 0; i < sizeof channels / sizeof *channels; i++) {
        network->layers[0].statistics[NN_FORWARD] = 1 + 2 * channels[i];
        for (int64_t leaves = 1; leaves <= LEAVES; leaves += i == 0 || leaves >= 32 ? 1 : leaves)
            check_leaves(comm, exchange, network, leaves);
    }
}

int main(int argc, char **argv)
{
    const nn_layer_statistics statistics = {.shared = {1, 1}, .rows = {2, 2}, .merge = mix};
    const nn_layer_type type = {.name = "mix", .statistics = &statistics};
    nn_layer layer = {.type = &type};
    nn_network network = {.layer_count = 1, .layers = &layer};
    nn_comm *comm = NULL;
    nn_exchange *exchange = NULL;
    if (nn_comm_start(&argc, &argv, &comm) != NN_OK) {
        fprintf(stderr, "%s\n", nn_error_text());
        return 1;
    }
    CHECK_OK(nn_exchange_create(comm, WIDTH_MOST, &exchange));
    check_channels(comm, exchange, &network);
    nn_comm_set_message_limit(64); /* in pieces */
    check_leaves(comm, exchange, &network, LEAVES);
    check_leaves(comm, exchange, &network, 32);
    nn_exchange_destroy(exchange);
    return check_end(comm);
}
