/*
 * What a layer is. A layer's plug-in is one file src/nn/layer_NAME.c with one exported object nn_layer_NAME
 * and one line in layer_list.h. Everything is row-major; a microbatch is `samples` rows, one sample a row.
 */
#ifndef NN_NN_LAYER_H
#define NN_NN_LAYER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/libm.h"
#include "base/options.h"
#include "base/philox.h"
#include "base/real.h"
#include "base/shape.h"
#include "base/status.h"

/* Each tensor of parameters starts at a multiple of this many values in the flat vector; the gap holds zeros.
 */
#define NN_PARAMETER_ALIGNMENT 16

/* Values of a gradient that one part computes: they stay in a core's cache over the microbatches that are
 * summed into them. */
#define NN_LAYER_PART_VALUES 131072

/* Samples of a microbatch from which on statistics over it alone serve as well as those of the whole batch.
 */
#define NN_LAYER_SAMPLES_ENOUGH 16

typedef struct nn_layer nn_layer;
typedef struct nn_initializer_type nn_initializer_type;

/* A tensor of parameters. */
typedef struct nn_parameter {
    const char *name; /* "weight", "bias": borrowed from the plug-in */
    nn_shape shape;
    int64_t count;           /* product of the extents */
    int64_t offset;          /* in the layer's values; the flat vector adds the layer's own offset */
    int64_t fan_in, fan_out; /* for the initialiser */
    const nn_initializer_type *initializer;
    double gain; /* factor on the initialiser's deviation, by activation */
    /* Not trained: a running statistic. Its "gradient" is the statistic of the microbatch times samples /
     * batch_samples (see nn_layer_call), so that the sum over the batch is the mean by sample count; or one
     * microbatch's is the statistic of the batch, and those of the others are 0. A step sets it to decay x
     * the old value + (1 - decay) x that sum. */
    bool statistic;
    double decay; /* of a statistic: the share of the old value that a step keeps */
} nn_parameter;

#define NN_LAYER_PARAMETERS 8

/* The two passes through a layer. */
typedef enum nn_pass { NN_FORWARD, NN_BACKWARD, NN_PASSES } nn_pass;

/* What a layer sees of one microbatch. */
typedef struct nn_layer_call {
    int64_t samples;
    bool training;
    const nn_real *parameters;    /* of this layer */
    const nn_real *const *inputs; /* per input: samples x its count */
    nn_real *output;              /* samples x output count; may be inputs[0] where the layer is in_place */
    nn_real *output_gradient;     /* backward may overwrite it; gradient() then sees what backward left */
    nn_real *const *input_gradients; /* per input, to be overwritten; NULL where nobody needs it; may be
                                        output_gradient where the layer is in_place */
    nn_real *saved;        /* samples x saved_per_sample + saved_fixed: carried from forward to backward and
                              gradient */
    nn_real *scratch;      /* this thread's: samples x scratch_per_sample + scratch_fixed */
    nn_random random;      /* stream of this layer at this step */
    int64_t first_sample;  /* position of the first row in the global batch: the index for random numbers */
    int64_t batch_samples; /* samples of the global batch */
    /* Steps of each sample of inputs[0], where samples are sequences of different length; NULL: all are
     * whole. Values behind them are 0 in inputs and outputs, and so are their gradients: the network sees to
     * it. */
    const int64_t *lengths;
    const int64_t *second_lengths; /* the same of inputs[1]; NULL too where there is none */
    /* What all microbatches of the batch have collected before a pass, merged (see nn_layer_statistics).
     * NULL: the layer looks at this microbatch alone. That of the backward pass is not yet known in the
     * forward one. */
    const double *statistics[NN_PASSES];
    /* samples x carried_per_sample: the state that the window before left; forward puts its own in place.
     * NULL: begin with zeros, and keep nothing. */
    nn_real *carried;
} nn_layer_call;

/*
 * How a layer looks at samples of other microbatches. Before a pass, each microbatch of the batch collects
 * layer->statistics[pass] values, such as sums of its samples; the caller merges them in the order of the
 * canonical tree, over all threads and ranks, and hands the result to forward or backward of each microbatch
 * as call->statistics[pass]. The layer itself knows of no thread and no rank.
 */
typedef struct nn_layer_statistics {
    /* Forward: reads the inputs and what does not follow from them. Backward: may overwrite output_gradient
     * and write to saved, and is followed by backward; the input gradients are not given. */
    void (*collect)(const nn_layer *layer, const nn_layer_call *call, nn_pass pass, double *values);
    /* left becomes what the samples of both sides have collected; those of the left one come first. */
    void (*merge)(const nn_layer *layer, nn_pass pass, const double *right, double *left);
} nn_layer_statistics;

/* All functions but build are re-entrant; they see a const layer. */
typedef struct nn_layer_type {
    const char *name;
    const char *summary; /* one line for help */
    const char *example; /* a YAML list entry that works on an input of example_shape: "dense: {units: 4}" */
    nn_shape example_shape;  /* no dimensions: 2 x 4 */
    int example_inputs;      /* how many layers of that shape it reads in the example; 0: one */
    int64_t example_indices; /* its inputs are whole numbers below this, such as words; 0: any numbers */
    bool is_sum;             /* sums its inputs element by element: fusion may give it to the layer below */
    bool takes_sum; /* its output has the shape of its first input; it may be given a second one, which it
                       adds before the activation */
    bool is_view;   /* gives its input another shape and does nothing else */
    bool picks;     /* every value of its output is one of its first input's, as it was: slice, permute */
    size_t activation_option; /* 1 + offset of its option `activation`, where it asks nn_activation_of() for
                                 the function; 0: none */
    bool clips; /* recurrent or attention: its gradients may burst, so that clip_norm is 1 by default */
    const nn_option *options;
    size_t options_size;
    unsigned libm; /* NN_LIBM_...: the functions of the C library that results go through */

    /* Shape inference: sets output_shape and what follows it in nn_layer, adds parameters and parts. A
     * failure says what does not fit, without the layer's name (the network puts that in front). */
    nn_status (*build)(nn_layer *layer);
    void (*forward)(const nn_layer *layer, const nn_layer_call *call);
    /* Input gradients. Always called once a microbatch, before gradient(), also when no input gradient is
     * needed. */
    void (*backward)(const nn_layer *layer, const nn_layer_call *call);
    /* The gradient of part `part` of the parameters: values[0] is the part's first value. With accumulate the
     * result must be exactly the old value plus what it would write without, each element rounded once. NULL
     * for layers without parameters. */
    void (*gradient)(const nn_layer *layer, const nn_layer_call *call, int part, bool accumulate,
                     nn_real *values);
    /* The index in nn_activation_names of what it does, where it does nothing else, value by value; else 0.
     * NULL: always 0. */
    int (*activation_of)(const nn_layer *layer);
    /* Its inputs are whole numbers from 0 to this - 1. NULL: they are any numbers. */
    int64_t (*indices_of)(const nn_layer *layer);
    const nn_layer_statistics *statistics; /* NULL: it never looks at other microbatches */
} nn_layer_type;

/* How the steps of a layer's output follow from those of its first input. kernel 0: they are the same. */
typedef struct nn_time {
    bool kept; /* the first extent of the output counts steps, as that of inputs[0] does */
    int64_t kernel, stride, padding; /* else (steps + padding - kernel) / stride + 1; padding of both ends */
} nn_time;

struct nn_layer {
    /* set before build */
    const nn_layer_type *type;
    char *name;
    void *options; /* of type->options_size bytes, owned */
    int input_count;
    int *inputs; /* indices of the layers it reads */
    nn_shape *input_shapes;
    int64_t microbatch_size; /* samples of a full microbatch: for shape-dependent choices of kernels */
    const nn_layer *shares;  /* the layer whose parameters this one uses too; NULL: its own */
    int taken_activation;    /* of a later layer, which this one applies (nn/fuse.h); 0: none */
    bool is_alias;           /* shares the buffers of the layer below; does nothing itself (nn/fuse.h) */

    /* set by build */
    nn_shape output_shape;
    int parameter_count;
    nn_parameter parameters[NN_LAYER_PARAMETERS];
    int64_t value_count; /* values of all parameters, alignment gaps included */
    int part_count;      /* the gradient is computed in this many independent parts */
    int64_t *part_begin; /* part p writes [part_begin[p], part_begin[p + 1]); part_count + 1 entries */
    int64_t saved_per_sample, saved_fixed, scratch_per_sample, scratch_fixed;
    int64_t carried_per_sample;    /* values of the state that goes on from window to window */
    int64_t statistics[NN_PASSES]; /* values that a microbatch collects before a pass in training; 0: none */
    int64_t values_per_statistic;  /* how many values of a sample go into each statistic over samples that the
                                      layer takes in training; 0: no sample's output depends on others. Without
                                      `statistics` they are those of the microbatch */
    nn_time time;
    bool in_place;          /* backward and gradient do not read inputs[0]: the output may overwrite it */
    bool gradient_in_place; /* only the gradients may share: input_gradients[0] may be output_gradient, which
                               gradient() does not read */
    bool reads_output;      /* backward reads the output: a following layer must not overwrite it */
    double flops_forward, flops_input_gradient, flops_gradient; /* per sample, a multiply-add counts 2 */
    void *plan; /* the plug-in's own, one block from nn_allocate; freed with the layer; may be NULL */

    /* set by the network */
    int64_t offset;            /* of its values in the flat vector; those of `shares` where that is given */
    int64_t carried_offset;    /* of its state in what a sample carries */
    int64_t statistics_offset; /* of its statistics in those of the network: forward, then backward */
    bool frozen;               /* its parameters are not trained */
    double rate_factor;        /* factor on the learning rate of its parameters */
    bool needs_input_gradient; /* something below has parameters */
};

/* Adds a tensor; returns its index in layer->parameters through *index (may be NULL). */
nn_status nn_layer_add_parameter(nn_layer *layer, const char *name, nn_shape shape, int64_t fan_in,
                                 int64_t fan_out, const nn_initializer_type *initializer, double gain,
                                 int *index);

/* Adds a part that ends at `end` (it begins where the last one ended); the last must end at value_count. */
nn_status nn_layer_add_part(nn_layer *layer, int64_t end);

/* How many rows of a matrix of parameters one part takes: about NN_LAYER_PART_VALUES values, in rows that
 * suit a matrix product. */
int64_t nn_layer_part_rows(int64_t rows, int64_t columns);

/* Adds the parts of a matrix, of so many rows each; the last ends at `end`, behind the gap. */
nn_status nn_layer_add_row_parts(nn_layer *layer, int64_t rows, int64_t columns, int64_t end);

/* For build, where the layer shares another's parameters: fails unless its own tensors (added as usual) have
 * the counts of the other's, and takes over the other's parts. */
nn_status nn_layer_share_parts(nn_layer *layer);

/* For build: fails unless the layer reads exactly `count` others. */
nn_status nn_layer_check_inputs(const nn_layer *layer, int count);

/* For build: fails unless the layer reads two others at least; and unless their shapes are equal, too. */
nn_status nn_layer_check_several(const nn_layer *layer);
nn_status nn_layer_check_equal(const nn_layer *layer);

/* The list of layer types, NULL-terminated; and one by name, or NULL. */
const nn_layer_type *const *nn_layer_types(void);
const nn_layer_type *nn_layer_find(const char *name);

#endif
