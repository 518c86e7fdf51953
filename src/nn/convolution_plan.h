/* The correlations that make up a convolution. Private to convolutions. */
#ifndef NN_NN_CONVOLUTION_PLAN_H
#define NN_NN_CONVOLUTION_PLAN_H

#include "nn/activation.h"
#include "nn/correlation.h"

/* The sliding side of a convolution is the one that the windows slide over: its input, or its output if it is
 * transposed. */
typedef struct nn_convolution_plan {
    /* set by create */
    nn_correlation straight; /* from the sliding side to the other */
    int turned_count;
    nn_correlation *turned; /* the reverse: together they write each value of the sliding side once */

    /* set by the layer */
    bool transposed;
    const nn_activation *activation;
    const nn_parameter *bias;           /* NULL: none */
    int64_t filters, positions, inputs; /* per sample: output channels, output positions, input values */
    int64_t part_rows; /* terms of the weight's gradient per part; the last part may have fewer */
    int weight_parts;
} nn_convolution_plan;

/* Returns one owned block that includes the lists: nn_free releases it. `outputs`: channels of the other
 * side. `engine`: of the products. `turned`: also make the reverse correlations. */
nn_status nn_convolution_plan_create(const nn_window *window, int64_t outputs, int64_t groups,
                                     nn_engine engine, bool turned, nn_convolution_plan **plan);

#endif
