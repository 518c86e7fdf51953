/*
 * The weight gradient of a layer over a wave.
 *
 * A layer's gradient is cut into parts, and one thread computes one part for all microbatches of a node,
 * depth first (sum_node). Then at most log2(n) partial sums of a part exist at a time, small enough to stay
 * in cache; which thread computes which part affects no bit. The first leaf is written directly to where the
 * sum goes. A right half that is a single leaf is added by the kernel that computes it: the layer contract
 * guarantees the bits of an addition afterwards (nn/layer.h, `gradient`).
 *
 * A layer with few parts would leave threads idle. Then each node is cut into subtrees, which threads compute
 * separately and which are added as the tree says. Where that is not enough, as with a single microbatch, a
 * part is written in pieces.
 *
 * The parts of a large layer are computed in several groups, from the last to the first, so that the
 * reduction over ranks begins with some while others are computed.
 */
#include "step/wave_sum.h"

#include <omp.h>

#include "base/fault.h"
#include "host/pulse.h"
#include "step/profile.h"

/* With this many tasks per thread, threads finish at about the same time. */
#define TASKS_ENOUGH 4

/* A part with fewer values than the largest one divided by this counts for nothing, such as a bias. */
#define LIGHT_PART 8

/* A group has at least as many values, unless the layer has fewer. */
#define GROUP_VALUES ((int64_t)1 << 20)

/* Parts [begin, end) of a layer. */
typedef struct sum_group {
    int begin, end;
} sum_group;

/* How a group of a layer's parts is shared by threads. */
typedef struct sum_plan {
    const nn_wave_sum *wave;
    int layer;
    sum_group group;
    int heavy;        /* number of heavy parts */
    int64_t most;     /* leaves of a subtree at most */
    int64_t subtrees; /* of all nodes */
    int pieces;       /* of a heavy part */
    bool shared;      /* by threads: there is enough work */
    int64_t
        heavy_tasks; /* subtrees x pieces for each heavy part; a task for each other part and node follows */
} sum_plan;

/* One part of one layer's gradient. */
typedef struct sum_part {
    const nn_wave_sum *wave;
    int layer, part, thread;
    int64_t values; /* of the part */
} sum_part;

static int64_t sum_part_values(const nn_layer *layer, int part)
{
    return layer->part_begin[part + 1] - layer->part_begin[part];
}

/* ---- one part ---- */

/* What follows the computation of a leaf: faults, and the hash of the microbatch under watch. */
static void sum_leaf_done(const sum_part *of, int64_t index, nn_real *sum)
{
    nn_workers *workers = of->wave->workers;
    nn_fault("step.gradient", sum, (size_t)of->values * nn_scalar_size(workers->scalar));
    if (index == workers->witness.microbatch)
        nn_witness_part(workers, of->layer, of->part, sum, workers->witness.seen);
}

static void sum_leaf(const sum_part *of, int64_t index, bool accumulate, nn_real *sum)
{
    nn_workers *workers = of->wave->workers;
    nn_pulse();
    nn_network_gradient(workers->model->network, of->layer, of->part, of->wave->weights,
                        workers->microbatches[index - of->wave->first], workers->scratch[of->thread],
                        accumulate, sum);
    sum_leaf_done(of, index, sum);
}

/* What follows the sum of a node of this many leaves. */
static void sum_round(const sum_part *of, int64_t leaves, nn_real *sum)
{
    const nn_workers *workers = of->wave->workers;
    if (nn_workers_rounds(workers, leaves)) workers->round(of->values, sum);
}

/* Whether the layer sums the node itself: no node within it may need rounding. */
static bool sum_at_once(const sum_part *of, nn_tree_node node)
{
    const nn_workers *workers = of->wave->workers;
    int64_t leaves = node.end - node.begin;
    bool watched = workers->witness.microbatch >= node.begin && workers->witness.microbatch < node.end;
    bool plain = workers->wire_leaves == 0 || leaves <= workers->wire_leaves;
    return !watched && plain && leaves <= nn_network_sums(workers->model->network, of->layer);
}

static void sum_together(const sum_part *of, nn_tree_node node, nn_real *sum)
{
    nn_workers *workers = of->wave->workers;
    nn_pulse();
    nn_network_gradient_sum(workers->model->network, of->layer, of->part, of->wave->weights,
                            workers->microbatches + (node.begin - of->wave->first),
                            (int)(node.end - node.begin), workers->scratch[of->thread], sum);
    nn_fault("step.gradient", sum, (size_t)of->values * nn_scalar_size(workers->scalar));
}

/* The canonical sum over a node. The microbatch under watch is never added by the kernel, as it is hashed
 * first; nor are leaves that are rounded. */
static void sum_node(const sum_part *of, nn_tree_node node, int depth, nn_real *sum)
{
    nn_workers *workers = of->wave->workers;
    int64_t leaves = node.end - node.begin;
    if (leaves == 1) {
        sum_leaf(of, node.begin, false, sum);
    } else if (sum_at_once(of, node)) {
        sum_together(of, node, sum);
    } else {
        int64_t middle = nn_tree_split(node.begin, node.end);
        sum_node(of, (nn_tree_node){node.begin, middle}, depth, sum);
        bool adds = middle != workers->witness.microbatch && !nn_workers_rounds(workers, 1);
        if (node.end - middle == 1 && adds) {
            sum_leaf(of, middle, true, sum);
        } else {
            nn_real *right = nn_scalar_at(workers->scalar, workers->fold[of->thread],
                                          (size_t)(depth * workers->fold_values));
            sum_node(of, (nn_tree_node){middle, node.end}, depth + 1, right);
            workers->add(of->values, right, sum);
        }
    }
    sum_round(of, leaves, sum);
}

/* ---- subtrees ---- */

/* Lists the subtrees with at most `most` leaves; returns their number. */
static int64_t sum_cut(nn_tree_node node, int64_t most, nn_tree_node *subtrees)
{
    if (node.end - node.begin <= most) {
        if (subtrees) *subtrees = node;
        return 1;
    }
    int64_t middle = nn_tree_split(node.begin, node.end);
    int64_t left = sum_cut((nn_tree_node){node.begin, middle}, most, subtrees);
    return left + sum_cut((nn_tree_node){middle, node.end}, most, subtrees ? subtrees + left : NULL);
}

/* The number of subtrees; *equal: all have `most` leaves. */
static int64_t sum_count(const nn_wave_sum *wave, int64_t most, bool *equal)
{
    int64_t count = 0, leaves = 0;
    for (int n = 0; n < wave->node_count; n++) {
        count += sum_cut(wave->nodes[n], most, NULL);
        leaves += wave->nodes[n].end - wave->nodes[n].begin;
    }
    *equal = count * most == leaves;
    return count;
}

/* Where the sum of a part over a subtree goes: that of the first subtree of a node to the node's sum, that of
 * others to the buffer. subtree: counted over all nodes. */
static nn_real *sum_place(const sum_plan *plan, int64_t subtree, int node, bool first, int part)
{
    const nn_workers *workers = plan->wave->workers;
    const nn_layer *layer = &workers->model->network->layers[plan->layer];
    int64_t at = layer->part_begin[part];
    if (first) return nn_scalar_at(workers->scalar, plan->wave->sums[node], (size_t)(layer->offset + at));
    int64_t before = subtree - node - 1; /* subtrees before it that are in the buffer */
    return nn_scalar_at(workers->scalar, workers->subtree_sums, (size_t)(before * layer->value_count + at));
}

/* ---- planning ---- */

/* Values of a part from which on it is heavy. */
static int64_t sum_heavy_values(const nn_layer *layer)
{
    int64_t most = 0;
    for (int p = 0; p < layer->part_count; p++)
        if (sum_part_values(layer, p) > most) most = sum_part_values(layer, p);
    return (most + LIGHT_PART - 1) / LIGHT_PART;
}

/* The index-th heavy part of the group, or the index-th that is not. */
static int sum_find_part(const sum_plan *plan, bool heavy, int64_t index)
{
    const nn_layer *layer = &plan->wave->workers->model->network->layers[plan->layer];
    int64_t least = sum_heavy_values(layer);
    int part = plan->group.begin;
    for (;; part++)
        if ((sum_part_values(layer, part) >= least) == heavy && index-- == 0) return part;
}

/* Whether this many tasks keep all threads busy. equal: they take equally long. */
static bool sum_is_enough(const sum_plan *plan, int64_t tasks, bool equal)
{
    int threads = plan->wave->workers->threads;
    return tasks >= (int64_t)TASKS_ENOUGH * threads || (equal && tasks % threads == 0);
}

/* Counts the heavy parts; returns whether they are about equally large. */
static bool sum_weigh_parts(const nn_layer *layer, sum_group group, int *heavy)
{
    int64_t least = sum_heavy_values(layer), sum = 0, largest = 0;
    *heavy = 0;
    for (int p = group.begin; p < group.end; p++) {
        int64_t values = sum_part_values(layer, p);
        if (values < least) continue;
        (*heavy)++;
        sum += values;
        if (values > largest) largest = values;
    }
    return 8 * sum >= 7 * *heavy * largest;
}

/* Cuts nodes, and then parts, until there are enough tasks. */
static sum_plan sum_make_plan(const nn_wave_sum *wave, int l, sum_group group)
{
    const nn_workers *workers = wave->workers;
    const nn_layer *layer = &workers->model->network->layers[l];
    sum_plan plan = {.wave = wave, .layer = l, .group = group, .pieces = 1, .most = 1};
    bool even = sum_weigh_parts(layer, group, &plan.heavy), equal;
    plan.shared = workers->threads > 1 && !layer->little_gradient;
    for (int n = 0; n < wave->node_count; n++)
        while (plan.most < wave->nodes[n].end - wave->nodes[n].begin) plan.most *= 2;
    plan.subtrees = sum_count(wave, plan.most, &equal);
    while (plan.most > 1 && plan.shared && !sum_is_enough(&plan, plan.heavy * plan.subtrees, even && equal)) {
        int64_t subtrees = sum_count(wave, plan.most / 2, &equal);
        if ((subtrees - wave->node_count) * layer->value_count > workers->subtree_values) break;
        plan.subtrees = subtrees;
        plan.most /= 2;
    }
    bool cuts = plan.most == 1 && plan.shared && nn_network_cuts(workers->model->network, l);
    while (cuts && plan.pieces < TASKS_ENOUGH * workers->threads &&
           !sum_is_enough(&plan, plan.heavy * plan.subtrees * plan.pieces, even))
        plan.pieces++;
    plan.heavy_tasks = plan.heavy * plan.subtrees * plan.pieces;
    return plan;
}

int64_t nn_wave_sum_buffer_values(const nn_network *network, int threads, int64_t slots)
{
    int64_t all = 0;
    if (threads == 1 || slots == 1) return 0;
    for (int l = 0; l < network->layer_count; l++) {
        int64_t values = (slots - 1) * network->layers[l].value_count;
        if (values > all) all = values;
    }
    int64_t enough = (int64_t)TASKS_ENOUGH * threads * nn_workers_largest_part(network);
    return all < enough ? all : enough;
}

/* ---- running ---- */

/* The node of a subtree. */
static int sum_node_of(const sum_plan *plan, nn_tree_node subtree)
{
    int node = 0;
    while (plan->wave->nodes[node].end <= subtree.begin) node++;
    return node;
}

static void sum_run_heavy(const sum_plan *plan, int64_t task)
{
    nn_workers *workers = plan->wave->workers;
    const nn_network *network = workers->model->network;
    const nn_layer *layer = &network->layers[plan->layer];
    int64_t subtree = task / plan->pieces % plan->subtrees;
    nn_tree_node leaves = workers->subtrees[subtree];
    int node = sum_node_of(plan, leaves), thread = omp_get_thread_num();
    int part = sum_find_part(plan, true, task / plan->pieces / plan->subtrees);
    nn_real *sum = sum_place(plan, subtree, node, leaves.begin == plan->wave->nodes[node].begin, part);
    sum_part of = {plan->wave, plan->layer, part, thread, sum_part_values(layer, part)};
    if (plan->pieces == 1) {
        sum_node(&of, leaves, 0, sum);
        return;
    }
    nn_pulse();
    nn_network_gradient_piece(network, plan->layer, part,
                              (nn_network_piece){(int)(task % plan->pieces), plan->pieces},
                              plan->wave->weights, workers->microbatches[leaves.begin - plan->wave->first],
                              workers->scratch[thread], sum);
}

/* Parts that are not heavy: one task for each and each node. */
static void sum_run_light(const sum_plan *plan, int64_t task)
{
    const nn_layer *layer = &plan->wave->workers->model->network->layers[plan->layer];
    int node = (int)(task % plan->wave->node_count);
    int part = sum_find_part(plan, false, task / plan->wave->node_count);
    sum_part of = {plan->wave, plan->layer, part, omp_get_thread_num(), sum_part_values(layer, part)};
    sum_node(&of, plan->wave->nodes[node], 0, sum_place(plan, 0, node, true, part));
}

/* Adds the subtrees of a node, which are computed; *next: the first of them, and then the one after them. */
static nn_real *sum_join(const sum_plan *plan, int node, nn_tree_node leaves, int part, int64_t *next)
{
    nn_workers *workers = plan->wave->workers;
    const nn_layer *layer = &workers->model->network->layers[plan->layer];
    sum_part of = {plan->wave, plan->layer, part, omp_get_thread_num(), sum_part_values(layer, part)};
    if (leaves.end - leaves.begin <= plan->most) {
        bool first = leaves.begin == plan->wave->nodes[node].begin;
        nn_real *place = sum_place(plan, (*next)++, node, first, part);
        if (plan->pieces > 1) {
            sum_leaf_done(&of, leaves.begin, place);
            sum_round(&of, 1, place);
        }
        return place;
    }
    int64_t middle = nn_tree_split(leaves.begin, leaves.end);
    nn_real *left = sum_join(plan, node, (nn_tree_node){leaves.begin, middle}, part, next);
    nn_real *right = sum_join(plan, node, (nn_tree_node){middle, leaves.end}, part, next);
    workers->add(of.values, right, left);
    sum_round(&of, leaves.end - leaves.begin, left);
    return left;
}

static void sum_join_nodes(const sum_plan *plan)
{
    const nn_wave_sum *wave = plan->wave;
    int threads = wave->workers->threads;
#pragma omp parallel for schedule(static) num_threads(threads) if (plan->heavy > 1)
    for (int h = 0; h < plan->heavy; h++) {
        int64_t next = 0;
        int part = sum_find_part(plan, true, h);
        double began = nn_profile_begin(wave->workers->profile);
        for (int n = 0; n < wave->node_count; n++) sum_join(plan, n, wave->nodes[n], part, &next);
        nn_profile_end(wave->workers->profile, began, NN_PROFILE_GRADIENT, plan->layer);
    }
}

static void sum_run_group(const nn_wave_sum *wave, int l, sum_group group)
{
    nn_workers *workers = wave->workers;
    int64_t listed = 0;
    if (group.begin == group.end || wave->node_count == 0) return;
    sum_plan plan = sum_make_plan(wave, l, group);
    for (int n = 0; n < wave->node_count; n++)
        listed += sum_cut(wave->nodes[n], plan.most, workers->subtrees + listed);
    int64_t tasks = plan.heavy_tasks + (int64_t)(group.end - group.begin - plan.heavy) * wave->node_count;
#pragma omp parallel for schedule(dynamic, 1) num_threads(workers->threads) if (plan.shared && tasks > 1)
    for (int64_t task = 0; task < tasks; task++) {
        double began = nn_profile_begin(workers->profile);
        if (task < plan.heavy_tasks)
            sum_run_heavy(&plan, task);
        else
            sum_run_light(&plan, task - plan.heavy_tasks);
        nn_profile_end(workers->profile, began, NN_PROFILE_GRADIENT, l);
    }
    if (plan.subtrees > wave->node_count || plan.pieces > 1) sum_join_nodes(&plan);
}

/* The last group of parts below `end`. */
static sum_group sum_last_group(const nn_wave_sum *wave, const nn_layer *layer, int end)
{
    int begin = end;
    if (end == 0) return (sum_group){0, 0};
    while (begin > 0 && layer->part_begin[end] - layer->part_begin[begin] < GROUP_VALUES) begin--;
    if (!wave->hooks || !wave->hooks->gradient_done || layer->part_begin[begin] < GROUP_VALUES) begin = 0;
    return (sum_group){begin, end};
}

/* The gradients of the layer from part `begin` on are final. A layer that shares its weights has none of its
 * own. */
static nn_status sum_report(const nn_wave_sum *wave, const nn_layer *layer, int begin)
{
    const nn_workers *workers = wave->workers;
    if (!wave->hooks || !wave->hooks->gradient_done) return NN_OK;
    int64_t from = begin > 0 ? layer->part_begin[begin] : 0;
    double began = nn_profile_begin(workers->profile);
    NN_TRY(wave->hooks->gradient_done(
        wave->hooks->context, layer->shares ? workers->model->network->value_count : layer->offset + from));
    nn_profile_end(workers->profile, began, NN_PROFILE_REDUCTION, 0);
    return NN_OK;
}

nn_status nn_wave_sum_layer(const nn_wave_sum *wave, int l)
{
    const nn_layer *layer = &wave->workers->model->network->layers[l];
    sum_group group = {layer->part_count, layer->part_count};
    do {
        group = sum_last_group(wave, layer, group.begin);
        sum_run_group(wave, l, group);
        NN_TRY(sum_report(wave, layer, group.begin));
    } while (group.begin > 0);
    return NN_OK;
}
