/*
 * The network: a directed acyclic graph of layers over one flat parameter vector. It knows nothing of ranks
 * or threads: callers hand it weights, microbatches and scratch, and may run different microbatches, or
 * different parts of a gradient, at the same time.
 */
#ifndef NN_NN_NETWORK_H
#define NN_NN_NETWORK_H

#include "nn/layer.h"

/* ---- describing a network ---- */

/* One layer as the user wrote it. */
typedef struct nn_layer_spec {
    const nn_layer_type *type;
    char *name;          /* owned; NULL: type and number, such as "dense2" */
    void *options;       /* owned, type->options_size bytes, or NULL when that is 0 */
    nn_text_list inputs; /* names; empty: the layer before */
    char *share;         /* owned: name of the layer whose parameters it uses, or NULL */
    bool freeze;
    double rate_factor; /* on the learning rate; 0 counts as 1 */
} nn_layer_spec;

/* Zero-initialise. */
typedef struct nn_network_spec {
    nn_layer_spec *layers;
    size_t count;
    nn_field input;          /* of the data; its parts become layers of their names */
    bool has_lengths;        /* samples are sequences with lengths of their own */
    nn_text_list outputs;    /* names of the layers that losses look at; empty: the last one */
    int64_t microbatch_size; /* samples */
    bool unfused; /* no layer takes over what follows it: for comparison, the results are the same */
} nn_network_spec;

/* Appends a layer; takes ownership of what it holds, also on failure. */
nn_status nn_network_spec_add(nn_network_spec *spec, nn_layer_spec layer);
void nn_network_spec_drop(nn_layer_spec *layer); /* releases what a layer holds that was not appended */
void nn_network_spec_release(nn_network_spec *spec);

/* ---- the network ---- */

/* Values of a block: the unit of slices, norms and fingerprints. A tensor is cut into blocks from its start.
 */
#define NN_BLOCK_VALUES 4096

typedef struct nn_network {
    int layer_count; /* layers[0] is the input, then come its parts, if it has several */
    int output_count;
    int *outputs; /* the layers that losses look at, in the order of the spec */
    nn_layer *layers;
    int64_t value_count;     /* of the flat vector, alignment gaps included */
    int64_t trainable_count; /* without gaps: what a summary calls parameters */
    int64_t block_count;
    int64_t *block_begin;   /* block_count + 1 entries: blocks tile the flat vector; layers start at blocks */
    int64_t scratch_values; /* scratch that a thread needs for a full microbatch, in values */
    int64_t carried_values; /* that a sample carries from window to window: of all layers */
    int64_t statistics_values; /* that the layers which look at the whole batch ask for; 0: there are none */
    int64_t statistics_most;   /* the most of one layer before one pass */
    double flops_forward,
        flops_training;    /* per sample: forward; forward, weight and needed input gradients */
    int *gradient_writers; /* private: for each layer, its last consumer (which writes its gradient first) */
} nn_network;

/* Takes the spec's layers (the spec is empty afterwards, also on failure). Failures name the layer. */
nn_status nn_network_create(nn_network_spec *spec, nn_network **network);
void nn_network_destroy(nn_network *network); /* accepts NULL */

/* Initial values of parameter `parameter` of layer `layer`, from the seed, to the flat vector; independent
 * calls. */
nn_status nn_network_initialize(const nn_network *network, uint64_t seed, int layer, int parameter,
                                nn_real *weights);

/* 64-bit hash over the weights' blocks, alignment gaps excluded. */
uint64_t nn_network_fingerprint(const nn_network *network, const nn_real *weights);

/* ---- one microbatch in flight ---- */

typedef struct nn_microbatch {
    int64_t capacity;      /* samples there is room for */
    int64_t samples;       /* samples it holds now */
    int64_t first_sample;  /* position of its first one in the global batch */
    int64_t batch_samples; /* of the global batch */
    uint64_t seed;
    uint32_t step; /* for random numbers */
    bool training;
    nn_real **outputs;   /* by layer; outputs[0] is the input, written by the caller */
    nn_real **gradients; /* by layer; those of outputs are written by their losses; NULL: not needed */
    nn_real **saved;     /* by layer */
    int64_t **lengths;   /* by layer: steps of each sample; NULL: all are whole. lengths[0] is written by the
                            caller, where the spec has lengths */
    nn_real *carried; /* capacity x carried_values, by layer and then by sample; the caller's. NULL: windows
                         begin with zeros */
    const double *statistics; /* of the batch, statistics_values of the network; the caller's, who fills them
                                 in before each pass of a layer. NULL: layers look at this microbatch alone */
    void *memory;             /* private: the one block behind all of it */
} nn_microbatch;

/* Buffers for `capacity` samples; without gradients when not `training`. Owned by the caller. */
nn_status nn_microbatch_create(const nn_network *network, int64_t capacity, bool training,
                               nn_microbatch **microbatch);
void nn_microbatch_destroy(nn_microbatch *microbatch);                                   /* accepts NULL */
size_t nn_microbatch_memory(const nn_network *network, int64_t capacity, bool training); /* bytes */

/* Where layer `layer` has its statistics for a pass among those of the network. */
double *nn_network_statistics(const nn_network *network, int layer, nn_pass pass, double *statistics);

/* Whether a layer asks for statistics over the batch before a pass in training: each microbatch then collects
 * layer->statistics[pass] values, which the caller merges. */
bool nn_network_collects(const nn_network *network, int layer, nn_pass pass);

/* Collects them, before nn_network_forward and before nn_network_backward of the layer; a microbatch that is
 * computed again, with the statistics that its batch had, needs it for the backward pass only. Does nothing
 * where the layer asks for none. */
void nn_network_collect(const nn_network *network, int layer, nn_pass pass, const nn_real *weights,
                        nn_microbatch *microbatch, nn_real *scratch, double *values);

/* The three steps of one layer on one microbatch; weights is the flat vector, `gradient` is
 * that of the part alone, from the part's first value on, and scratch is this thread's. Forward goes from
 * layer 1 up, backward from the last layer down to 1; gradient of a layer comes after its backward, part by
 * part in any order (see nn_layer_type.gradient). */
void nn_network_forward(const nn_network *network, int layer, const nn_real *weights,
                        nn_microbatch *microbatch, nn_real *scratch);
void nn_network_backward(const nn_network *network, int layer, const nn_real *weights,
                         nn_microbatch *microbatch, nn_real *scratch);
void nn_network_gradient(const nn_network *network, int layer, int part, const nn_real *weights,
                         const nn_microbatch *microbatch, nn_real *scratch, bool accumulate,
                         nn_real *gradient);

#endif
