/* Memory that the ranks of a node share, one copy a node; or one a rank where a node has no room to share.
 * Private to data. */
#ifndef NN_DATA_NODE_MEMORY_H
#define NN_DATA_NODE_MEMORY_H

#include "data/source.h"

typedef struct nn_node_memory {
    nn_shared *shared; /* either of these two holds it */
    void *separate;
    void *bytes;
    size_t on_node; /* bytes, over all copies on the node */
    bool writes;    /* this rank writes what one rank of a copy writes */
} nn_node_memory;

/* Collective. what: for the message. */
nn_status nn_node_memory_create(nn_comm *comm, size_t size, const char *what, nn_node_memory *memory);
void nn_node_memory_release(nn_node_memory *memory); /* collective over a node; of a zeroed one too */

/* All succeed or none; and what the writers wrote is seen by all. Collective. */
nn_status nn_node_memory_publish(nn_comm *comm, const nn_node_memory *memory, nn_status status);

/* Bytes of all sound arrays; and whether every node has that much to spare. The latter is collective. */
size_t nn_node_memory_wanted(const nn_source *sources);
nn_status nn_node_memory_fits(nn_comm *comm, size_t size, bool *fits);

/* Reads every sound array, the ranks of a node together. Collective. */
nn_status nn_node_memory_load(nn_comm *comm, nn_source *sources, nn_node_memory *memory);

#endif
