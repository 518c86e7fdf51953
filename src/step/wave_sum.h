/* The weight gradient of a layer, summed over the microbatches of a wave in the order of the canonical tree.
 */
#ifndef NN_STEP_WAVE_SUM_H
#define NN_STEP_WAVE_SUM_H

#include "step/workers_parts.h"

/* Nodes of the tree whose microbatches are in memory; everything is borrowed. */
typedef struct nn_wave_sum {
    nn_workers *workers;
    const nn_real *weights;
    const nn_tree_node *nodes;
    nn_real *const *sums; /* one complete gradient per node */
    int node_count;
    int64_t first;                 /* the microbatch in workers->loaded[0] */
    const nn_workers_hooks *hooks; /* NULL: the sums are not final */
} nn_wave_sum;

/* Writes the gradient of layer `l` to the sums, after its backward pass, and calls hooks.gradient_done: at
 * the end, and in between where the layer is large. All threads take part. */
nn_status nn_wave_sum_layer(const nn_wave_sum *wave, int l);

/* Values of the buffer for subtrees, in the workers. */
int64_t nn_wave_sum_buffer_values(const nn_network *network, int threads, int64_t slots);

#endif
