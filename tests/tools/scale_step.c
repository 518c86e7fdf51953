/*
 * Training steps at a scale that no machine here has: run by scripts/scale.sh under SimGrid's SMPI (preset
 * smpi). Buckets, reduction, agreement, statistics over the batch and communicator are the program's own,
 * called as step/step.c calls them, layer by layer. Simulated instead: the compute of a layer, which takes
 * its FLOPs at a given rate of the node; the additions, which take what memory allows (two values read and
 * one written); the optimizer and what is between products, which take no time; the values, which no large
 * message carries (no memory is touched). How messages make progress: scale_messages.h.
 */
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "comm/combine.h"
#include "comm/comm_internal.h"
#include "comm/reduction.h"
#include "scale_messages.h"
#include "scale_network.h"
#include "step/exchange.h"
#include "step/stops.h"

/* The network, which all ranks, in one process, have in common. */
typedef struct scale_common {
    scale_network network;
    nn_stops stops;
    nn_shares shares;
    bool read;
} scale_common;

typedef struct scale_run {
    scale_common *of;
    nn_comm *comm;
    nn_reduction *reduction;
    nn_combine agreement;
    nn_exchange *exchange;
    int64_t leaves, microbatch; /* of the batch; samples */
    double samples, rate;       /* per rank and step; FLOP/s */
    int steps;
    double *statistics; /* of one layer */
    void *plain;        /* NULL: the program's reduction; else one allreduce, of values that are not read */
} scale_run;

/* ---- the network ---- */

static void scale_merge(nn_pass pass, int64_t channels, const double *right, double *left)
{
    (void)pass, (void)channels, (void)right, (void)left;
}

static const nn_layer_statistics scale_statistics = {.shared = {1, 0}, .rows = {2, 2}, .merge = scale_merge};
static const nn_layer_type scale_layer_type = {.statistics = &scale_statistics};

/* ---- the step ---- */

static void scale_add(int64_t count, const void *values, void *sum)
{
    (void)values, (void)sum;
    scale_move(3 * sizeof(float) * (size_t)count);
}

/* Statistics over the batch, where those of a microbatch would be of too few samples. */
static nn_status scale_exchange(const scale_run *run, int l, nn_pass pass)
{
    const nn_comm *comm = run->comm;
    nn_batch_statistics_call call = {&run->of->network.network, l, pass, &run->of->shares};
    nn_tree_node nodes[NN_TREE_COVER_MAX];
    if (nn_comm_size(comm) == 1) return NN_OK;
    int count = nn_shares_nodes(&run->of->shares, nn_comm_rank(comm), nodes);
    return nn_exchange_merge(run->exchange, &call, nodes, count, run->statistics);
}

static nn_status scale_forward(const scale_run *run)
{
    for (int i = 0; i < run->of->stops.forward_count; i++) {
        const nn_timeline_stop *stop = &run->of->stops.forward[i];
        if (stop->merged > 0) NN_TRY(scale_exchange(run, stop->layer, NN_FORWARD));
        if (!run->plain) NN_TRY(nn_reduction_progress(run->reduction));
        if (!run->plain && stop->bucket >= 0) NN_TRY(nn_reduction_await(run->reduction, stop->bucket));
        scale_pay();
        scale_sleep(stop->seconds);
    }
    return NN_OK;
}

static nn_status scale_backward(const scale_run *run)
{
    for (int i = 0; i < run->of->stops.backward_count; i++) {
        const nn_timeline_stop *stop = &run->of->stops.backward[i];
        if (stop->merged > 0) NN_TRY(scale_exchange(run, stop->layer, NN_BACKWARD));
        scale_sleep(stop->seconds);
        if (run->plain) continue;
        if (stop->bucket >= 0) NN_TRY(nn_reduction_start(run->reduction, stop->bucket));
        NN_TRY(nn_reduction_progress(run->reduction));
        scale_pay();
    }
    return NN_OK;
}

/* The program's agreement, in size and order: results of the batch, denominators of the next. */
static nn_status scale_agree(scale_run *run)
{
    const double row[4] = {0};
    const nn_forest_tree trees[2] = {{run->leaves, 4, NULL, NULL}, {run->leaves, 1, NULL, NULL}};
    const nn_forest forest = {0, NULL, 2, trees};
    nn_tree_node nodes[NN_TREE_COVER_MAX];
    int count = nn_shares_nodes(&run->of->shares, nn_comm_rank(run->comm), nodes);
    NN_TRY(nn_partial_begin(&forest, &run->agreement.own));
    for (int tree = 0; tree < 2; tree++) {
        NN_TRY(nn_partial_next_tree(&run->agreement.own));
        for (int i = 0; i < count; i++)
            NN_TRY(nn_partial_append(&trees[tree], nodes[i], row, &run->agreement.own));
    }
    return nn_combine_run(&run->agreement, &forest, nn_combine_by_rank(run->comm));
}

/* Swaps `bytes` with a partner. */
static void scale_swap(const scale_run *run, int partner, size_t bytes)
{
    MPI_Request requests[2];
    unsigned turns = 0;
    MPI_Irecv(run->plain, (int)bytes, MPI_BYTE, partner, 0, MPI_COMM_WORLD, &requests[0]);
    MPI_Isend(run->plain, (int)bytes, MPI_BYTE, partner, 0, MPI_COMM_WORLD, &requests[1]);
    for (int done = 0;;) {
        MPI_Testall(2, requests, &done, MPI_STATUSES_IGNORE);
        if (done) return;
        (void)nn_comm_pause(MPI_COMM_WORLD, &turns);
    }
}

/* What MPI_Allreduce does with large arrays and 2^k ranks (Thakur, Rabenseifner and Gropp 2005). */
static nn_status scale_plain(const scale_run *run)
{
    int rank = nn_comm_rank(run->comm), size = nn_comm_size(run->comm), step;
    size_t values = (size_t)run->of->network.network.value_count;
    if (size & (size - 1)) NN_FAIL(NN_ERROR_USAGE, "plain: the number of ranks is not a power of two");
    for (step = 1; step < size; step *= 2) {
        values /= 2;
        scale_swap(run, rank ^ step, values * sizeof(float));
        scale_add((int64_t)values, NULL, NULL);
        scale_pay();
    }
    for (step /= 2; step > 0; step /= 2, values *= 2) scale_swap(run, rank ^ step, values * sizeof(float));
    return NN_OK;
}

static nn_status scale_step(scale_run *run)
{
    nn_tree_node nodes[NN_TREE_COVER_MAX];
    int node_count;
    if (!run->plain) NN_TRY(nn_reduction_begin(run->reduction, run->leaves, nodes, &node_count));
    NN_TRY(scale_forward(run));
    NN_TRY(scale_backward(run));
    if (run->plain) return scale_plain(run);
    NN_TRY(nn_reduction_finish(run->reduction));
    NN_TRY(nn_reduction_share_finish(run->reduction));
    scale_pay();
    NN_TRY(scale_agree(run));
    NN_TRY(nn_reduction_claim(run->reduction));
    return nn_reduction_share_begin(run->reduction);
}

/* From weights on their way to weights on their way: one step is like the next. By the first rank's clock. */
static nn_status scale_measure(scale_run *run)
{
    const scale_network *network = &run->of->network;
    double compute = network->network.flops_training * run->samples / run->rate;
    NN_TRY(nn_comm_barrier(run->comm));
    double began = MPI_Wtime();
    scale_run_as(nn_comm_rank(run->comm));
    if (!run->plain) {
        NN_TRY(nn_reduction_claim(run->reduction));
        NN_TRY(nn_reduction_share_begin(run->reduction));
    }
    for (int i = 0; i < run->steps; i++) NN_TRY(scale_step(run));
    double step = (MPI_Wtime() - began) / run->steps;
    if (!run->plain) {
        scale_run_as(nn_comm_rank(run->comm));
        NN_TRY(nn_reduction_share_finish(run->reduction));
    }
    if (nn_comm_rank(run->comm) == 0)
        printf(
            "{\"ranks\": %d, \"parameters\": %lld, \"buckets\": %lld, \"step\": %.9f, \"compute\": %.9f}\n",
            nn_comm_size(run->comm), (long long)run->of->network.network.value_count,
            (long long)run->of->network.buckets.count, step, compute);
    return NN_OK;
}

static nn_status scale_progress(void *reduction)
{
    return nn_reduction_progress(reduction);
}

static nn_status scale_prepare(scale_run *run, char **arguments)
{
    const nn_network *network = &run->of->network.network;
    if (!run->of->read) {
        run->of->read = true;
        NN_TRY(scale_read(arguments[1], &scale_layer_type, &run->of->network));
        NN_TRY(nn_stops_make(network, &run->of->network.buckets, run->samples / run->rate,
                             run->microbatch < NN_LAYER_SAMPLES_ENOUGH, &run->of->stops));
        NN_TRY(nn_shares_create(run->leaves, nn_comm_size(run->comm), nn_comm_ranks(run->comm).leaders,
                                &run->of->shares));
    }
    run->agreement.comm = run->comm;
    NN_TRY(nn_exchange_create(run->comm, network->statistics_most, &run->exchange));
    NN_TRY(NN_ALLOCATE(&run->statistics, NN_TREE_COVER_MAX * network->statistics_most, "statistics"));
    if (run->plain) return NN_OK;
    nn_reduction_layout layout = nn_buckets_layout(network, &run->of->network.buckets, &run->leaves, 1);
    NN_TRY(nn_reduction_create(run->comm, &layout, NN_REDUCE_EXACT,
                               (nn_reduction_arithmetic){.add = scale_add}, &run->reduction));
    nn_exchange_attach(run->exchange, (nn_comm_meanwhile){scale_progress, run->reduction});
    return NN_OK;
}

static nn_status scale_run_all(scale_run *run, char **arguments)
{
    static scale_common common;
    run->of = &common;
    run->samples = strtod(arguments[2], NULL);
    run->microbatch = strtoll(arguments[3], NULL, 10);
    run->leaves = (int64_t)run->samples * nn_comm_size(run->comm) / run->microbatch;
    run->rate = strtod(arguments[4], NULL);
    run->steps = (int)strtol(arguments[7], NULL, 10);
    if (strcmp(arguments[8], "plain") == 0) run->plain = run;
    scale_messages_start(nn_comm_rank(run->comm), nn_comm_size(run->comm),
                         (scale_hosts){strtod(arguments[5], NULL), strtod(arguments[6], NULL)});
    NN_TRY(scale_prepare(run, arguments));
    return scale_measure(run);
}

int main(int argc, char **argv)
{
    scale_run *run = calloc(1, sizeof *run);
    if (argc != 9 || !run || nn_comm_start(&argc, &argv, &run->comm) != NN_OK) {
        fprintf(stderr,
                "usage: scale_step LAYERS SAMPLES MICROBATCH FLOPS LINK MEMORY STEPS exact|plain\n"
                "SAMPLES per rank and step; FLOP/s; bytes/s of a link and of a node's memory\n%s\n",
                nn_error_text());
        return 1;
    }
    if (scale_run_all(run, argv) != NN_OK) nn_comm_abort(run->comm, NN_ERROR_COMM);
    nn_reduction_destroy(run->reduction);
    nn_exchange_destroy(run->exchange);
    nn_combine_release(&run->agreement);
    nn_free(run->statistics);
    nn_comm_destroy(run->comm);
    free(run);
    return 0;
}
