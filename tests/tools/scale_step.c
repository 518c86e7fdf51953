/*
 * The communication of training steps at a scale that no machine here has: run by scripts/scale.sh under
 * SimGrid's SMPI (preset smpi). Buckets, reduction and communicator are the program's own, called as
 * step/step.c calls them, layer by layer. Simulated instead: the compute of a layer, which takes its FLOPs at
 * a given rate of the node; the additions and the optimizer, which take no time; the values, which no message
 * carries (no memory is touched).
 *
 * A simulator makes progress where an MPI library would not. Here a message of RENDEZVOUS bytes or more
 * starts when its receiver polls after it has been sent, as where the receiver fetches it; a smaller one
 * starts at once. Either is seen at a poll, that is, between layers (see the wrapped functions below).
 */
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "comm/reduction.h"
#include "step/buckets.h"

#define RENDEZVOUS 65536
#define LAYERS_MAX 256

typedef struct scale_run {
    nn_comm *comm;
    nn_network network;
    nn_layer layers[LAYERS_MAX];
    nn_buckets buckets;
    int64_t bucket_of_layer[LAYERS_MAX];
    nn_reduction *reduction;
    int64_t leaves;
    double samples, rate; /* per rank and step; FLOP/s */
    int *plain;           /* NULL: the program's reduction; else MPI_Allreduce of this buffer */
} scale_run;

/* ---- messages without values, completed at polls ---- */

/* A receive that has not been posted. Its address, with the lowest bit set, takes the place of a request. */
typedef struct scale_receive {
    int size, sender, tag;
    MPI_Comm group;
} scale_receive;

/* Memory that all ranks have in common, and that SMPI does not copy. */
static char *scale_nowhere(void)
{
    static char *nowhere;
    if (!nowhere) nowhere = SMPI_SHARED_MALLOC((size_t)512 << 20);
    return nowhere;
}

int __wrap_MPI_Isend(const void *bytes, int size, MPI_Datatype type, int receiver, int tag, MPI_Comm group,
                     MPI_Request *request);
int __wrap_MPI_Isend(const void *bytes, int size, MPI_Datatype type, int receiver, int tag, MPI_Comm group,
                     MPI_Request *request)
{
    (void)bytes;
    return PMPI_Isend(scale_nowhere(), size, type, receiver, tag, group, request);
}

int __wrap_MPI_Irecv(void *bytes, int size, MPI_Datatype type, int sender, int tag, MPI_Comm group,
                     MPI_Request *request);
int __wrap_MPI_Irecv(void *bytes, int size, MPI_Datatype type, int sender, int tag, MPI_Comm group,
                     MPI_Request *request)
{
    (void)bytes, (void)type;
    scale_receive *receive = malloc(sizeof *receive);
    *receive = (scale_receive){size, sender, tag, group};
    *request = (MPI_Request)((uintptr_t)receive | 1);
    return MPI_SUCCESS;
}

/* Posts a receive once its message has been announced; a small message needs no announcement. */
static void scale_post(MPI_Request *request)
{
    scale_receive *receive = (scale_receive *)((uintptr_t)*request & ~(uintptr_t)1);
    int announced = receive->size < RENDEZVOUS;
    if (!announced) PMPI_Iprobe(receive->sender, receive->tag, receive->group, &announced, MPI_STATUS_IGNORE);
    if (!announced) return;
    PMPI_Irecv(scale_nowhere(), receive->size, MPI_BYTE, receive->sender, receive->tag, receive->group,
               request);
    free(receive);
}

int __wrap_MPI_Testall(int count, MPI_Request *requests, int *done, MPI_Status *statuses);
int __wrap_MPI_Testall(int count, MPI_Request *requests, int *done, MPI_Status *statuses)
{
    (void)statuses;
    *done = 1;
    for (int i = 0; i < count; i++) {
        int arrived = requests[i] == MPI_REQUEST_NULL;
        if ((uintptr_t)requests[i] & 1) scale_post(&requests[i]);
        if (!arrived && !((uintptr_t)requests[i] & 1)) PMPI_Test(&requests[i], &arrived, MPI_STATUS_IGNORE);
        *done = *done && arrived;
    }
    return MPI_SUCCESS;
}

/* New memory is zero, and must stay untouched. */
void *__real_memset(void *memory, int value, size_t size);
void *__wrap_memset(void *memory, int value, size_t size);
void *__wrap_memset(void *memory, int value, size_t size)
{
    return size >= (size_t)1 << 20 ? memory : __real_memset(memory, value, size);
}

/* ---- the network: from the lines of scripts/scale_layers.py ---- */

static void scale_read_layer(scale_run *run, const char *line)
{
    int l = run->network.layer_count++, at = 0, read = 0;
    nn_layer *layer = &run->layers[l];
    layer->offset = run->network.value_count;
    sscanf(line, "%*s %lf%n", &layer->flops_forward, &at);
    for (long long count; sscanf(line + at, "%lld%n", &count, &read) == 1; at += read) {
        layer->parameters[layer->parameter_count++] =
            (nn_parameter){.count = count, .offset = layer->value_count};
        layer->value_count +=
            (count + NN_PARAMETER_ALIGNMENT - 1) / NN_PARAMETER_ALIGNMENT * NN_PARAMETER_ALIGNMENT;
    }
    run->network.value_count += layer->value_count;
}

static int64_t scale_cut_blocks(const nn_network *network, int64_t *begin)
{
    int64_t blocks = 0;
    for (int l = 0; l < network->layer_count; l++)
        for (int p = 0; p < network->layers[l].parameter_count; p++)
            for (int64_t i = 0; i < network->layers[l].parameters[p].count; i += NN_BLOCK_VALUES, blocks++)
                if (begin)
                    begin[blocks] = network->layers[l].offset + network->layers[l].parameters[p].offset + i;
    if (begin) begin[blocks] = network->value_count;
    return blocks;
}

static nn_status scale_read(scale_run *run, const char *path)
{
    char line[256];
    FILE *file = fopen(path, "r");
    if (!file) NN_FAIL(NN_ERROR_USAGE, "cannot read %s", path);
    run->network.layers = run->layers;
    run->network.scalar = NN_SCALAR_F32;
    while (run->network.layer_count < LAYERS_MAX && fgets(line, sizeof line, file))
        scale_read_layer(run, line);
    fclose(file);
    run->network.block_count = scale_cut_blocks(&run->network, NULL);
    NN_TRY(NN_ALLOCATE(&run->network.block_begin, run->network.block_count + 1, "blocks"));
    scale_cut_blocks(&run->network, run->network.block_begin);
    return nn_buckets_make(&run->network, &run->buckets, run->bucket_of_layer);
}

/* ---- the step ---- */

static void scale_compute(const scale_run *run, double flops)
{
    if (flops > 0) smpi_execute_flops(flops * run->samples); /* at the rate of the simulated hosts */
}

static void scale_skip(int64_t count, const void *values, void *sum)
{
    (void)count, (void)values, (void)sum;
}

static void scale_forward(const scale_run *run)
{
    for (int l = 0; l < run->network.layer_count; l++) scale_compute(run, run->layers[l].flops_forward);
}

/* The gradient of the weights, and of the inputs where a layer is below. */
static nn_status scale_backward(const scale_run *run)
{
    for (int l = run->network.layer_count - 1; l >= 0; l--) {
        scale_compute(run, run->layers[l].flops_forward * (l > 0 ? 2 : 1));
        if (run->plain) continue;
        if (run->bucket_of_layer[l] >= 0) NN_TRY(nn_reduction_start(run->reduction, run->bucket_of_layer[l]));
        NN_TRY(nn_reduction_progress(run->reduction));
    }
    return NN_OK;
}

static nn_status scale_step(const scale_run *run)
{
    nn_tree_node nodes[NN_TREE_COVER_MAX];
    int node_count;
    if (!run->plain) NN_TRY(nn_reduction_begin(run->reduction, run->leaves, nodes, &node_count));
    scale_forward(run);
    NN_TRY(scale_backward(run));
    if (run->plain) {
        MPI_Allreduce(MPI_IN_PLACE, run->plain, (int)run->network.value_count, MPI_FLOAT, MPI_SUM,
                      MPI_COMM_WORLD);
        return NN_OK;
    }
    NN_TRY(nn_reduction_finish(run->reduction));
    NN_TRY(nn_comm_agree(run->comm, NN_OK)); /* the step's agreement: one small message up and down a tree */
    NN_TRY(nn_reduction_claim(run->reduction));
    NN_TRY(nn_reduction_share_begin(run->reduction));
    return nn_reduction_share_finish(run->reduction);
}

static nn_status scale_measure(scale_run *run, int steps)
{
    double compute = 0;
    for (int l = 0; l < run->network.layer_count; l++)
        compute += run->layers[l].flops_forward * (l > 0 ? 3 : 2) * run->samples / run->rate;
    NN_TRY(scale_step(run)); /* the first does not count */
    NN_TRY(nn_comm_barrier(run->comm));
    double began = MPI_Wtime();
    for (int i = 0; i < steps; i++) NN_TRY(scale_step(run));
    double step = (MPI_Wtime() - began) / steps;
    if (nn_comm_rank(run->comm) == 0)
        printf("{\"ranks\": %d, \"buckets\": %lld, \"step\": %.9f, \"compute\": %.9f}\n",
               nn_comm_size(run->comm), (long long)run->buckets.count, step, compute);
    return NN_OK;
}

static nn_status scale_run_all(scale_run *run, char **arguments)
{
    NN_TRY(scale_read(run, arguments[1]));
    run->samples = strtod(arguments[2], NULL);
    run->leaves = strtoll(arguments[3], NULL, 10) * nn_comm_size(run->comm);
    run->rate = strtod(arguments[4], NULL);
    if (strcmp(arguments[5], "plain") == 0) run->plain = (int *)(void *)scale_nowhere();
    nn_reduction_layout layout = nn_buckets_layout(&run->network, &run->buckets, &run->leaves, 1);
    if (!run->plain)
        NN_TRY(nn_reduction_create(run->comm, &layout, NN_REDUCE_EXACT,
                                   (nn_reduction_arithmetic){.add = scale_skip}, &run->reduction));
    return scale_measure(run, 3);
}

int main(int argc, char **argv)
{
    scale_run *run = calloc(1, sizeof *run);
    if (argc != 6 || !run || nn_comm_start(&argc, &argv, &run->comm) != NN_OK) {
        fprintf(stderr,
                "usage: scale_step LAYERS SAMPLES_PER_RANK MICROBATCHES_PER_RANK FLOPS exact|plain\n%s\n",
                nn_error_text());
        return 1;
    }
    if (scale_run_all(run, argv) != NN_OK) nn_comm_abort(run->comm, NN_ERROR_COMM);
    nn_reduction_destroy(run->reduction);
    nn_buckets_release(&run->buckets);
    nn_free(run->network.block_begin);
    nn_comm_destroy(run->comm);
    free(run);
    return 0;
}
