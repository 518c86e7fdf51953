/* Memory shared by the ranks of a node: one copy per node, or one per rank if the node lacks shared memory.
 * Private to data. */
#ifndef NN_DATA_NODE_MEMORY_H
#define NN_DATA_NODE_MEMORY_H

#include "data/source.h"

typedef struct nn_node_memory {
    nn_shared *shared; /* one of these two holds it */
    void *separate;
    void *bytes;
    size_t on_node; /* bytes, over all copies on the node */
    bool writes;    /* this rank is the one that fills its copy */
} nn_node_memory;

/* Allocates `size` bytes. what: for messages. Collective. */
nn_status nn_node_memory_create(nn_comm *comm, size_t size, const char *what, nn_node_memory *memory);
void nn_node_memory_release(
    nn_node_memory *memory); /* collective over the ranks of a node; accepts a zeroed one */

/* Makes what the writers wrote visible to all ranks; fails on all if `status` failed on one. Collective. */
nn_status nn_node_memory_publish(nn_comm *comm, const nn_node_memory *memory, nn_status status);

/* Bytes of all sound arrays; and whether every node has `size` bytes to spare, which is collective. */
size_t nn_node_memory_wanted(const nn_source *sources);
nn_status nn_node_memory_fits(nn_comm *comm, size_t size, bool *fits);

/* Reads every sound array into memory. One rank of each node reads what is small; the ranks of a node share
 * what is large. Collective. */
nn_status nn_node_memory_load(nn_comm *comm, nn_source *sources, nn_node_memory *memory);

#endif
