/*
 * Sliding sums of products over one sample: what a convolution does forward, and, with the kernel turned
 * round, to hand its gradient down. Channels may be cut into groups that do not see each other.
 *
 * Output position o along an axis, of `count`, takes the input positions o x stride - before + k x dilation,
 * k < kernel; inputs outside of the extent are 0. It stands at first + o x step in the tensor of results: a
 * convolution with stride is turned round as one correlation for each place between two strides.
 */
#ifndef NN_NN_CORRELATION_H
#define NN_NN_CORRELATION_H

#include "nn/window.h"
#include "tensor/tile.h"

typedef struct nn_correlation_axis {
    int64_t input, kernel, stride, dilation, before;
    int64_t count, first, step, output; /* of the output positions; extent of the tensor of results */
    int64_t tap, tap_step;              /* k is number tap + k x tap_step of the kernel of weights */
    int64_t taps;                       /* of the kernel of weights */
} nn_correlation_axis;

typedef struct nn_correlation {
    nn_correlation_axis axes[NN_WINDOW_AXES];
    int64_t groups, inputs, outputs; /* channels, of all groups */
    /* Weights lie as taps x outputs / groups x inputs, not as taps x inputs / groups x outputs. */
    bool turned;

    /* set by plan */
    const nn_tile_kernels *kernels;
    bool direct;                     /* no window leaves the input: it is read where it lies */
    int64_t tile_rows, tile_columns; /* output positions of a tile */
    int64_t line, slice;             /* distance of rows and of depths where windows are read */
    bool channelwise;                /* each channel is a group of its own */
    int64_t terms;                   /* of a sum */
    int64_t panel_columns;
    int64_t packed_values; /* that the packed weights take */
    int64_t buffer_values; /* that a tile's inputs take; 0: direct */
    size_t list_bytes;     /* that its lists take */

    /* set by place */
    int run_count;
    nn_tile_run *runs;
    int64_t *offsets; /* of each term */
} nn_correlation;

/* From the fields above; then its lists, to list_bytes of memory that the caller keeps. */
void nn_correlation_plan(nn_correlation *correlation);
void nn_correlation_place(nn_correlation *correlation, void *lists);

/* Input positions that `count` output positions beside each other take, gaps included. */
int64_t nn_correlation_covered(const nn_correlation_axis *axis, int64_t count);

/* The weights and the bias (of all outputs, or NULL), as run wants them. */
void nn_correlation_pack(const nn_correlation *correlation, const nn_real *weights, const nn_real *bias,
                         nn_real *packed);

/* One sample. */
void nn_correlation_run(const nn_correlation *correlation, const nn_real *input, const nn_real *packed,
                        nn_real *buffer, nn_real *output);

/* Adds to the gradient of the weights, from term `begin` to `end`, what one sample gives: sums[0] is that of
 * the first of them and of the first output. Not for a turned one, nor where steps are not 1. */
void nn_correlation_gradient(const nn_correlation *correlation, const nn_real *input,
                             const nn_real *output_gradient, int64_t begin, int64_t end, nn_real *buffer,
                             nn_real *sums);

#endif
