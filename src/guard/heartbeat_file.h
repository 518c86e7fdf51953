/* The file of one node: the state of its ranks, as it says itself. Private to guard. */
#ifndef NN_GUARD_HEARTBEAT_FILE_H
#define NN_GUARD_HEARTBEAT_FILE_H

#include <stdbool.h>
#include <stdint.h>

/* Of a rank. */
typedef struct nn_heartbeat {
    uint64_t number; /* of the version of the file that contains it; 0: none was read */
    int waits, over, phase;
    int cut;   /* its node has lost a network link */
    int found; /* its node found a hang that did not end it */
    int64_t step;
    double silent, still; /* seconds without progress, and without a tick, when it was written */
} nn_heartbeat;

/* The ranks of a node, among `count`: those r with leaders[r] == leader, `ranks` of them. */
typedef struct nn_heartbeat_node {
    const char *folder;
    const int *leaders;
    int count, leader, ranks;
} nn_heartbeat_node;

/* Writes version `number` of the node's file, from beats[r] of its ranks. False, with errno, if it cannot. */
bool nn_heartbeat_write(const nn_heartbeat_node *node, const nn_heartbeat *beats, uint64_t number);

/* Reads the file into beats[r] of the node's ranks. They stay as they are if the file was being written, and
 * get number 0 if it cannot be opened. */
void nn_heartbeat_read(const nn_heartbeat_node *node, nn_heartbeat *beats);

void nn_heartbeat_remove(const nn_heartbeat_node *node);

/* Whether this is the name of such a file. */
bool nn_heartbeat_is_file(const char *name);

#endif
