/*
 * Sliding sums of products over one sample: the forward pass of a convolution and, with the kernel reversed,
 * its input gradient. Channels may be divided into groups that are processed separately.
 *
 * Output position o < count along an axis reads the input positions o x stride - before + k x dilation, k <
 * kernel; inputs outside of the extent are 0. It is written to first + o x step in the result tensor: a
 * strided convolution is reversed by one correlation per offset within the stride.
 */
#ifndef NN_NN_CORRELATION_H
#define NN_NN_CORRELATION_H

#include "nn/window.h"
#include "tensor/tile_chain.h"

typedef struct nn_correlation_axis {
    int64_t input, kernel, stride, dilation, before;
    int64_t count, first, step, output; /* of the output positions; extent of the result tensor */
    int64_t tap, tap_step;              /* k is tap number tap + k x tap_step of the weights' kernel */
    int64_t taps;                       /* of the weights' kernel */
} nn_correlation_axis;

/* The runs [begin, end) of a chain of terms. Those of its weights start at row `row` of a panel, not counting
 * that of the initial values. */
typedef struct nn_correlation_chain {
    int begin, end;
    int64_t row;
} nn_correlation_chain;

typedef struct nn_correlation {
    nn_correlation_axis axes[NN_WINDOW_AXES];
    int64_t groups, inputs, outputs; /* channels, all groups together */
    /* Weights are stored as taps x outputs / groups x inputs instead of taps x inputs / groups x outputs. */
    bool turned;
    nn_engine engine; /* of the products; channelwise ones are always in full precision */

    /* set by plan */
    const nn_tile_kernels *kernels;
    bool direct; /* no window leaves the input, and the kernels read values as they are: in place */
    int64_t tile_rows, tile_columns; /* output positions per tile */
    int64_t line, slice; /* distance between rows and between depths where windows are read, in values */
    bool channelwise;    /* each channel is a group */
    int64_t terms;       /* per sum */
    int64_t run_length;  /* terms that are contiguous in the gathered inputs */
    int64_t panel_columns, panel_rows; /* rows: without that of the initial values */
    int64_t packed_values;             /* size of the packed weights */
    int64_t gathered_values;           /* of a tile; 0 if direct */
    int64_t buffer_values; /* size of a tile's gathered inputs, if not direct, and of what else is packed */
    size_t list_bytes;     /* size of the following lists */

    /* set by place */
    int chain_count;
    nn_correlation_chain *chains;
    nn_tile_run *runs; /* by chain */
    int64_t *offsets;  /* of each term */
} nn_correlation;

/* Plan fills in the fields "set by plan" from those above them; place then writes the lists to `lists`,
 * list_bytes of memory owned by the caller. */
void nn_correlation_plan(nn_correlation *correlation);
void nn_correlation_place(nn_correlation *correlation, void *lists);

/* Number of input positions read by `count` consecutive output positions, gaps included. */
int64_t nn_correlation_covered(const nn_correlation_axis *axis, int64_t count);

/* Packs the weights and the bias (of all outputs, or NULL) for run: packed_values values. */
void nn_correlation_pack(const nn_correlation *correlation, const nn_real *weights, const nn_real *bias,
                         nn_real *packed);

/* Runs one sample. buffer: buffer_values values of scratch, here and below. */
void nn_correlation_run(const nn_correlation *correlation, const nn_real *input, const nn_real *packed,
                        nn_real *buffer, nn_real *output);

/* Adds one sample's gradient of the weights for terms [begin, end): sums[0] belongs to term `begin` and the
 * first output. Only for correlations that are not turned and whose steps are 1. */
void nn_correlation_gradient(const nn_correlation *correlation, const nn_real *input,
                             const nn_real *output_gradient, int64_t begin, int64_t end, nn_real *buffer,
                             nn_real *sums);

#endif
