/*
 * The interface of layers. A layer plug-in is one file src/nn/layer_NAME.c with one exported object
 * nn_layer_NAME and one line in layer_list.h. All arrays are row-major; a microbatch has `samples` rows, one
 * per sample.
 */
#ifndef NN_NN_LAYER_H
#define NN_NN_LAYER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/options.h"
#include "base/philox.h"
#include "base/real.h"
#include "base/shape.h"
#include "base/status.h"
#include "tensor/engine.h"

/* Each parameter tensor starts at a multiple of this many values in the flat vector; the padding holds zeros.
 */
#define NN_PARAMETER_ALIGNMENT 16

/* Values per part of a gradient: they stay in a core's cache while microbatches are summed into them. */
#define NN_LAYER_PART_VALUES 131072

/* With at least this many samples, statistics over one microbatch serve as well as those over the batch.
 */
#define NN_LAYER_SAMPLES_ENOUGH 16

typedef struct nn_layer nn_layer;
typedef struct nn_initializer_type nn_initializer_type;

/* A parameter tensor. */
typedef struct nn_parameter {
    const char *name; /* "weight", "bias": borrowed from the plug-in */
    nn_shape shape;
    int64_t count;           /* product of the extents */
    int64_t offset;          /* within the layer's values; add the layer's own offset for the flat vector */
    int64_t fan_in, fan_out; /* for the initializer */
    const nn_initializer_type *initializer;
    double gain; /* factor on the initializer's standard deviation, by activation */
    /* A running statistic, not trained. Its "gradient" is the statistic of the microbatch times samples /
     * batch_samples (see nn_layer_call), so that the sum over the batch is the mean weighted by samples; or
     * one microbatch returns the statistic of the batch, and the others 0. A step sets it to decay x the old
     * value + (1 - decay) x that sum. */
    bool statistic;
    double decay; /* of a statistic: fraction of the old value that a step keeps */
} nn_parameter;

/* What the extents of a parameter tensor count, in order, such as "inputs, units", for those who read the
 * tensors of a checkpoint; and how it is made of the tensors of a module of PyTorch or a layer of Keras
 * (model/recipe.h). An entry also holds for the tensor NAME_reverse. */
typedef struct nn_tensor_axes {
    const char *name; /* NULL ends a table */
    const char *axes;
    const char *pytorch, *keras; /* NULL: it has no such tensors */
} nn_tensor_axes;

#define NN_LAYER_PARAMETERS 8

/* Microbatches that a layer is given in one call at most. */
#define NN_LAYER_GROUP 16

/* The two passes through a layer. */
typedef enum nn_pass { NN_FORWARD, NN_BACKWARD, NN_PASSES } nn_pass;

/* A pass consists of at most this many phases. */
#define NN_LAYER_PHASES 3

/*
 * How threads share a phase of a pass: by samples, by tiles, or (neither) by whole microbatches.
 *
 * by_sample: each sample is computed from itself alone, so a call may have any range of the samples of a
 * microbatch.
 *
 * tiles > 1: what the phase writes consists of this many tiles, such as ranges of columns of the output. All
 * microbatches of the group come in one call, each with all of its samples. Ignored where samples have
 * lengths, and in the backward pass where the layer is not the first to write an input gradient.
 */
typedef struct nn_layer_division {
    bool by_sample;
    int tiles;   /* 0 counts as 1 */
    bool little; /* the phase is so little work that one thread does it for all microbatches */
} nn_layer_division;

/*
 * The arguments of a layer's functions for one microbatch, or for some of its samples.
 *
 * Forward and backward take a group: call[0], ..., call[count - 1] are microbatches of one wave, or samples
 * of such, that go through the same phase of the same pass. They compute the tiles [tile_begin, tile_end) of
 * what the phase writes for each of them. How microbatches are grouped, how samples and tiles are divided
 * among calls and whether the parameters come packed must not change a bit of the result. A layer that
 * supports none of this sees count 1, all samples, all tiles and packed NULL.
 *
 * A phase begins when all threads have completed the one before; scratch does not survive it. The input
 * gradients are written in the last phase, and are NULL before.
 */
typedef struct nn_layer_call {
    int count;                /* of microbatches; 1 unless type->takes_groups */
    int phase;                /* of the pass, from 0 on */
    int tile_begin, tile_end; /* all but a phase with tiles > 1 may ignore them */
    int piece, pieces;        /* gradient writes only this piece of the part (see nn_layer.cuts) */
    const nn_real *packed; /* what type->pack has written for this pass; NULL: the layer packs for itself */
    int64_t samples;       /* of the call: all pointers but `saved` are to the first of them */
    int64_t first, microbatch_samples; /* its position in the microbatch, and how many that has */
    bool training;                     /* statistics over the batch, dropout; otherwise as in prediction */
    bool keeps; /* forward writes to `saved` what backward and tangent read; so it does in training */
    const nn_real *parameters;       /* of this layer */
    const nn_real *const *inputs;    /* per input: samples x its count */
    nn_real *output;                 /* samples x output count; may be inputs[0] if the layer is in_place */
    nn_real *output_gradient;        /* backward may overwrite it; gradient() sees what backward left */
    nn_real *const *input_gradients; /* per input, to be overwritten; NULL if not needed; may be
                                        output_gradient if the layer is in_place */
    /* Of tangent: the derivatives of the inputs along a direction, and that of the output, to be written,
     * which shares memory with none of them; scratch for samples x tangent_per_sample + tangent_fixed. */
    nn_real *const *input_tangents;
    nn_real *output_tangent, *tangent_scratch;
    bool linear;    /* forward leaves out what does not depend on its inputs, such as a bias, and activations;
                       it writes to `output` alone */
    nn_real *saved; /* of the whole microbatch, kept from forward to backward and gradient: see nn/saved.h */
    nn_real *scratch;      /* per thread: samples x scratch_per_sample + scratch_fixed */
    nn_random random;      /* stream of this layer at this step */
    int64_t first_sample;  /* position of the first row in the global batch: the index for random numbers */
    int64_t batch_samples; /* samples of the global batch */
    /* Number of steps of each sample of inputs[0], if samples are sequences of different length; NULL: all
     * have the full length. Values past them are 0 in inputs, outputs and gradients: the network ensures
     * that. */
    const int64_t *lengths;
    const int64_t *second_lengths; /* the same for inputs[1]; NULL also if there is none */
    /* The merged statistics of all microbatches of the batch, per pass (see nn_layer_statistics). NULL: the
     * layer uses this microbatch alone. Those of the backward pass are not yet known in the forward pass. */
    const double *statistics[NN_PASSES];
    /* samples x carried_per_sample: the state after the previous window; forward replaces it by its own.
     * NULL: start with zeros and keep nothing. */
    nn_real *carried;
} nn_layer_call;

/*
 * For layers whose output depends on samples of other microbatches. Before a pass, each microbatch of the
 * batch collects layer->statistics[pass] values, such as sums over its samples; the caller merges them along
 * the canonical tree, over all threads and ranks, and passes the result to forward or backward of each
 * microbatch as call->statistics[pass]. The layer knows nothing of threads and ranks.
 */
typedef struct nn_layer_statistics {
    /* Forward: reads inputs and parameters, not what forward would compute. Backward: may overwrite
     * output_gradient and write to saved, and is followed by backward; there are no input gradients. */
    void (*collect)(const nn_layer *layer, const nn_layer_call *call, nn_pass pass, double *values);
    /* Of the values collected for a pass, the first `shared` are of all channels, and `rows` of each channel
     * follow: row by row, each with all channels. */
    int shared[NN_PASSES], rows[NN_PASSES];
    /* Merges right into left; the samples of left come first. Both may have any part of the layer's channels,
     * which do not depend on one another. */
    void (*merge)(nn_pass pass, int64_t channels, const double *right, double *left);
} nn_layer_statistics;

/* All functions except build are re-entrant; they take a const layer. */
typedef struct nn_layer_type {
    const char *name;
    const char *summary; /* one line for help */
    const char *example; /* a YAML list entry that works on an input of example_shape: "dense: {units: 4}" */
    nn_shape example_shape;  /* without dimensions: 2 x 4 */
    int example_inputs;      /* number of inputs of that shape in the example; 0: one */
    int64_t example_indices; /* its inputs are integers below this, such as words; 0: any numbers */
    bool is_sum;             /* sums its inputs element-wise: fusion may move it to the layer below */
    bool takes_sum;     /* its output has the shape of its first input; it accepts a second one, which it adds
                           before the activation */
    bool is_view;       /* only reshapes its input */
    bool picks;         /* every value of its output is copied from its first input: slice, permute */
    bool takes_missing; /* its input may have NaN, which it replaces */
    size_t activation_option; /* 1 + offset of its option `activation`, if it gets the function from
                                 nn_activation_of(); 0: none */
    bool clips; /* recurrent or attention: its gradients may explode, so clip_norm defaults to 1 */
    const nn_option *options;
    size_t options_size;

    /* Shape inference: sets output_shape and the fields after it in nn_layer, adds parameters and parts. A
     * failure says what does not fit, without the layer's name, which the network prepends. */
    nn_status (*build)(nn_layer *layer);
    /* Whether forward and backward take several microbatches in one call. */
    bool takes_groups;
    /* Lays the parameters out as forward or backward reads them: layer->packed_values[pass] values, not all
     * of which need to be written. Done once per step for all microbatches. NULL: they are read as they are.
     */
    void (*pack)(const nn_layer *layer, nn_pass pass, const nn_real *parameters, nn_real *packed);
    void (*forward)(const nn_layer *layer, const nn_layer_call *call);
    /* Writes the input gradients. Called once per microbatch, before gradient(), even if no input gradient is
     * needed. */
    void (*backward)(const nn_layer *layer, const nn_layer_call *call);
    /* Writes output_tangent: the Jacobian of forward, as in prediction, times the input tangents. forward has
     * just run with `keeps`; tangent may overwrite what it saved. See nn/tangent.h. */
    void (*tangent)(const nn_layer *layer, const nn_layer_call *call);
    /* Writes the gradient of part `part` of the parameters; values[0] is the part's first value. With
     * accumulate, the result must be exactly the old value plus what would be written without it, each
     * element rounded once. NULL for layers without parameters. */
    void (*gradient)(const nn_layer *layer, const nn_layer_call *call, int part, bool accumulate,
                     nn_real *values);
    /* For 2 to layer->sums microbatches, calls[0].count of them: writes the sum of their gradients along the
     * canonical tree (base/tree.h), with the bits of additions afterwards. NULL: the caller adds. */
    void (*gradient_sum)(const nn_layer *layer, const nn_layer_call *calls, int part, nn_real *values);
    /* The index in nn_activation_names if the layer only applies that function element-wise; 0 otherwise.
     * NULL: always 0. */
    int (*activation_of)(const nn_layer *layer);
    /* The number of symbols if its inputs are integers 0 .. symbols - 1. NULL: any numbers. */
    int64_t (*indices_of)(const nn_layer *layer);
    const nn_layer_statistics *statistics; /* NULL: it never depends on other microbatches */
    const nn_tensor_axes *axes;            /* of its parameters; NULL: it has none */
    const char *gates; /* "i f g o": what the parts of an axis "gates x units" belong to; NULL: no gates */
} nn_layer_type;

/* Windows that slide over an input, by spatial dimension: window o covers the positions o x stride - before +
 * k x dilation, k < kernel. Those of a transposed convolution slide over its output. */
typedef struct nn_layer_windows {
    int dimensions;                                                 /* 0: none */
    int64_t kernel[3], stride[3], dilation[3], before[3], after[3]; /* before, after: positions of padding */
} nn_layer_windows;

/* How the number of steps of a layer's output follows from that of its first input. kernel 0: the same. */
typedef struct nn_layer_time {
    bool kept; /* the first extent of the output counts steps, as in inputs[0] */
    int64_t kernel, stride,
        padding; /* otherwise (steps + padding - kernel) / stride + 1; padding: both ends together */
} nn_layer_time;

struct nn_layer {
    /* set before build */
    const nn_layer_type *type;
    char *name;
    void *options; /* owned, type->options_size bytes */
    int input_count;
    int *inputs; /* indices of the layers it reads */
    nn_shape *input_shapes;
    int64_t microbatch_size; /* samples per full microbatch: some kernels are chosen by shape */
    nn_engine engine;        /* of its products */
    const nn_layer *shares;  /* the layer whose parameters this one also uses; NULL: it has its own */
    int taken_activation; /* index of a later layer's activation that this one applies (nn/fuse.h); 0: none */
    bool is_alias;        /* shares the buffers of the layer below; does nothing itself (nn/fuse.h) */

    /* set by build */
    nn_shape output_shape;
    int parameter_count;
    nn_parameter parameters[NN_LAYER_PARAMETERS];
    int64_t value_count; /* values of all parameters, padding included */
    int part_count;      /* number of independent parts in which the gradient is computed */
    int64_t *part_begin; /* part p writes [part_begin[p], part_begin[p + 1]); part_count + 1 entries */
    int64_t saved_per_sample, saved_fixed, scratch_per_sample, scratch_fixed;
    int64_t tangent_per_sample, tangent_fixed; /* scratch of tangent, next to the other */
    int phases[NN_PASSES];                     /* 0 counts as 1 */
    nn_layer_division division[NN_PASSES][NN_LAYER_PHASES];
    int sums;             /* microbatches that gradient_sum takes at once */
    bool little_gradient; /* gradient is so little work that one thread does it for all microbatches */
    bool cuts; /* gradient can write a part in pieces: with call->pieces > 1, only the values of piece
                  call->piece, which may be none. Which pieces there are changes no bit of the part. */
    int64_t packed_values[NN_PASSES]; /* 0: nothing to pack for that pass */
    int64_t carried_per_sample;       /* values of the state that is carried from window to window */
    int64_t
        statistics[NN_PASSES]; /* values that each microbatch collects before a pass in training; 0: none */
    int64_t values_per_statistic; /* number of values per sample in each statistic over samples that the layer
                                     uses in training; 0: samples do not affect each other. Without
                                     `statistics` it is taken over the microbatch */
    nn_layer_time time;
    nn_layer_windows windows; /* of a convolution or pooling */
    bool in_place;            /* backward and gradient do not read inputs[0]: the output may overwrite it */
    bool gradient_in_place; /* only the gradients may share memory: input_gradients[0] may be output_gradient,
                               which gradient() does not read */
    bool reads_output;      /* backward reads the output: a following layer must not overwrite it */
    double flops_forward, flops_input_gradient, flops_gradient; /* per sample; a multiply-add counts as 2 */
    void *plan; /* the plug-in's own data, one block from nn_allocate, freed with the layer; may be NULL */

    /* set by the network */
    int64_t offset;            /* of its values in the flat vector; that of `shares` if set */
    int64_t carried_offset;    /* of its state within a sample's carried values */
    int64_t statistics_offset; /* of its statistics within those of the network: forward, then backward */
    bool frozen;               /* its parameters are not trained */
    double rate_factor;        /* factor on the learning rate of its parameters */
    bool needs_input_gradient; /* a layer below has parameters, or the gradient of the input is wanted */
};

/* Adds a parameter tensor; *index (may be NULL): its index in layer->parameters. name: borrowed. initializer:
 * as nn_initializer_find or nn_initializer_choose returns it (nn/initializer.h). gain: factor on its standard
 * deviation, or on the constant that it gives. */
nn_status nn_layer_add_parameter(nn_layer *layer, const char *name, nn_shape shape, int64_t fan_in,
                                 int64_t fan_out, const nn_initializer_type *initializer, double gain,
                                 int *index);

/* Adds a part that starts where the previous one ended and ends at value `end`; the last must end at
 * value_count. */
nn_status nn_layer_add_part(nn_layer *layer, int64_t end);

/* For build: the layer computes each sample from itself alone, forward and backward, in one phase each. */
void nn_layer_divide_by_sample(nn_layer *layer);

/* For gradient of a layer that cuts parts: narrows the rows [*begin, *end) of a part to those of the call's
 * piece, at multiples of `multiple` rows from the part's first. */
void nn_layer_cut(const nn_layer_call *call, int64_t multiple, int64_t *begin, int64_t *end);

/* Number of rows of a parameter matrix per part: about NN_LAYER_PART_VALUES values, rounded to a multiple
 * that suits matrix products. */
int64_t nn_layer_part_rows(int64_t rows, int64_t columns);

/* The same for a matrix in products (nn/linear.h, tensor/matrix.h): more where the engine is not `blas`, as
 * our own products pack the columns of a sum for each part. */
int64_t nn_layer_product_rows(const nn_layer *layer, int64_t rows, int64_t columns);

/* Adds the parts of a matrix, of `step` rows each; the last ends at `end`, after the padding. */
nn_status nn_layer_add_row_parts(nn_layer *layer, int64_t rows, int64_t columns, int64_t step, int64_t end);

/* For build, if the layer shares another's parameters: fails unless its own tensors (added as usual) have the
 * shapes of the other's, and copies the other's parts. */
nn_status nn_layer_share_parts(nn_layer *layer);

/* For build: fails unless the layer has exactly `count` inputs. */
nn_status nn_layer_check_inputs(const nn_layer *layer, int count);

/* For build: fails unless the layer has at least two inputs; check_equal: and unless their shapes are
 * equal. */
nn_status nn_layer_check_several(const nn_layer *layer);
nn_status nn_layer_check_equal(const nn_layer *layer);

/* The number of channels of what a layer collects for a pass. */
int64_t nn_layer_statistics_channels(const nn_layer *layer, nn_pass pass);

/* The layers of a precision: the list, NULL-terminated; and one by name, NULL if there is none. */
const nn_layer_type *const *nn_layer_types(nn_scalar scalar);
const nn_layer_type *nn_layer_find(nn_scalar scalar, const char *name);

/* Adds a layer of a plug-in, whose name is not taken, to those of its precision; borrowed for the life of the
 * process. And whether a name is of such a one. */
nn_status nn_layer_register(nn_scalar scalar, const nn_layer_type *type);
bool nn_layer_is_loaded(const char *name);

#endif
