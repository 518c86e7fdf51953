/* Heartbeats between nodes, which share no memory: one small file per node in RUN_DIR/heartbeat, rewritten
 * every few seconds. A separate thread reads and writes, since an unresponsive file system must delay neither
 * the run nor its watchdog. The first few nodes watch all others. Any other node reads their files alone, and
 * takes the place of one that hangs, so that a node reads O(1) files however many there are.
 */
#ifndef NN_GUARD_HEARTBEATS_H
#define NN_GUARD_HEARTBEATS_H

#include "base/status.h"
#include "guard/hang.h"

typedef struct nn_heartbeats nn_heartbeats;

/* leaders[r]: the lowest rank on the node of rank r, of `count` ranks. On each node only that rank starts
 * this. seconds: the interval between writes, and between reads; timeout: of a hang. */
nn_status nn_heartbeats_start(const char *run_directory, const int *leaders, int count, int rank,
                              double seconds, double timeout, nn_heartbeats **heartbeats);
void nn_heartbeats_stop(nn_heartbeats *heartbeats); /* removes this node's file; accepts NULL */

/* What this node's file says from now on: states[r] of all its ranks, and whether it found a hang that did
 * not end it: then all nodes read all files. */
void nn_heartbeats_publish(nn_heartbeats *heartbeats, const nn_rank_state *states, bool found, double now);

/* Updates the states of the ranks of other nodes from what was last read. The files are read only while
 * `reads` is true, as when this node waits: until then the others are unknown, and assumed to be well, as are
 * always those that this node does not read. */
void nn_heartbeats_read(nn_heartbeats *heartbeats, bool reads, nn_rank_state *states, double now);

/* Whether this node has lost a network link that it had at the start. */
bool nn_heartbeats_cut_off(nn_heartbeats *heartbeats);

/* Removes files that a killed job has left behind. */
void nn_heartbeats_clear(const char *run_directory);

#endif
