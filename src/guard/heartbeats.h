/*
 * Heartbeats between nodes, which share no memory: a small file a node in RUN_DIR/heartbeat, rewritten every
 * few seconds. A thread of its own reads and writes, since a file system that does not answer must hold up
 * neither the run nor its watchdog.
 */
#ifndef NN_GUARD_HEARTBEATS_H
#define NN_GUARD_HEARTBEATS_H

#include "base/status.h"
#include "guard/hang.h"

typedef struct nn_heartbeats nn_heartbeats;

/* leaders[r]: the lowest rank on the node of rank r, of `count` ranks. Of each node only that rank starts
 * this. `seconds`: how often to write, and to read. */
nn_status nn_heartbeats_start(const char *run_directory, const int *leaders, int count, int rank,
                              double seconds, nn_heartbeats **heartbeats);
void nn_heartbeats_stop(nn_heartbeats *heartbeats); /* removes the own file; accepts NULL */

/* What the own node's file shall say from now on: states[r] of all its ranks. */
void nn_heartbeats_tell(nn_heartbeats *heartbeats, const nn_rank_state *states, double now);

/* Renews the states of the ranks of other nodes from what was read last. The files are read only while
 * `reads` is true, as when the own node waits: until then the others are unknown, which is to say well. */
void nn_heartbeats_look(nn_heartbeats *heartbeats, bool reads, nn_rank_state *states, double now);

/* Removes what a killed job has left. */
void nn_heartbeats_clear(const char *run_directory);

#endif
