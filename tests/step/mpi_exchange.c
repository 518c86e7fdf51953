/* Merging across any number of ranks is merging on one, in the order of the canonical tree and in no other.
 */
#include "../comm/check.h"
#include "base/memory.h"
#include "step/exchange.h"

enum { WIDTH = 3, LEAVES = 45 };

/* Neither commutes nor associates, so that each result tells its order; exact in double. */
static void mix(const nn_layer *layer, nn_pass pass, const double *right, double *left)
{
    for (int i = 0; i < layer->statistics[pass]; i++)
        left[i] = (double)(((int64_t)left[i] * 31 + (int64_t)right[i] * 17 + i) % 1000003);
}

static void fill(int64_t leaf, double *values)
{
    for (int i = 0; i < WIDTH; i++) values[i] = (double)(leaf * 7919 + i * 31 + 5);
}

static void merge_here(const nn_layer *layer, nn_tree_node node, double *values)
{
    double right[WIDTH];
    if (node.end - node.begin == 1) {
        fill(node.begin, values);
        return;
    }
    int64_t middle = nn_tree_split(node.begin, node.end);
    merge_here(layer, (nn_tree_node){node.begin, middle}, values);
    merge_here(layer, (nn_tree_node){middle, node.end}, right);
    mix(layer, NN_FORWARD, right, values);
}

/* Fails when ranks without leaves, or with shares that are not subtrees, change the result or are left
 * without it. */
static void check_leaves(nn_comm *comm, nn_exchange *exchange, nn_network *network, int64_t leaves)
{
    nn_tree_node nodes[NN_TREE_COVER_MAX];
    nn_shares shares;
    CHECK_OK(nn_shares_create(leaves, nn_comm_size(comm), nn_comm_ranks(comm).leaders, &shares));
    int count = nn_shares_nodes(&shares, nn_comm_rank(comm), nodes);
    double values[NN_TREE_COVER_MAX * WIDTH] = {0}, expected[WIDTH];
    nn_batch_statistics_call call = {network, 0, NN_FORWARD, &shares};
    for (int n = 0; n < count; n++) merge_here(&network->layers[0], nodes[n], values + n * WIDTH);
    merge_here(&network->layers[0], (nn_tree_node){0, leaves}, expected);
    CHECK_OK(nn_exchange_merge(exchange, &call, nodes, count, values));
    for (int i = 0; i < WIDTH; i++)
        CHECK(values[i] == expected[i], "%lld leaves: value %d is %g, not %g", (long long)leaves, i,
              values[i], expected[i]);
    nn_shares_release(&shares);
}

int main(int argc, char **argv)
{
    const nn_layer_statistics statistics = {.merge = mix};
    const nn_layer_type type = {.name = "mix", .statistics = &statistics};
    nn_layer layer = {.type = &type, .statistics = {WIDTH, WIDTH}};
    nn_network network = {.layer_count = 1, .layers = &layer};
    nn_comm *comm = NULL;
    nn_exchange *exchange = NULL;
    if (nn_comm_start(&argc, &argv, &comm) != NN_OK) {
        fprintf(stderr, "%s\n", nn_error_text());
        return 1;
    }
    CHECK_OK(nn_exchange_create(comm, WIDTH, &exchange));
    for (int64_t leaves = 1; leaves <= LEAVES; leaves++) check_leaves(comm, exchange, &network, leaves);
    nn_comm_set_message_limit(8); /* in pieces */
    check_leaves(comm, exchange, &network, LEAVES);
    nn_exchange_destroy(exchange);
    return check_end(comm);
}
