/*
 * The network: a directed acyclic graph of layers over one flat parameter vector. It knows nothing of ranks
 * or threads: callers pass weights, microbatches and scratch, and may run different microbatches, or
 * different parts of a gradient, concurrently.
 */
#ifndef NN_NN_NETWORK_H
#define NN_NN_NETWORK_H

#include "nn/layer.h"

/* ---- describing a network ---- */

/* One layer, as given by the user. */
typedef struct nn_layer_spec {
    const nn_layer_type *type;
    char *name;          /* owned; NULL: type and number, such as "dense2" */
    void *options;       /* owned, type->options_size bytes, or NULL if that is 0 */
    nn_text_list inputs; /* names; empty: the layer before */
    char *share;         /* owned: name of the layer whose parameters it shares, or NULL */
    bool freeze;
    double rate_factor; /* factor on the learning rate; 0 counts as 1 */
} nn_layer_spec;

/* Zero-initialise. */
typedef struct nn_network_spec {
    nn_scalar scalar; /* the precision of its layers, and of the network */
    nn_engine engine; /* of their products; mixed needs NN_SCALAR_F32 */
    nn_layer_spec *layers;
    size_t count;
    nn_field input;          /* the data; its parts become layers with their names */
    bool has_lengths;        /* samples are sequences of different length */
    nn_text_list outputs;    /* names of the layers that losses read; empty: the last one */
    int64_t microbatch_size; /* samples */
    bool unfused;            /* without fusion: for comparison, the results are the same */
    bool input_gradient;     /* backward also computes the gradient of the input, through frozen layers too */
} nn_network_spec;

/* Appends a layer; takes what it owns, also on failure. */
nn_status nn_network_spec_add(nn_network_spec *spec, nn_layer_spec layer);
void nn_network_spec_drop(nn_layer_spec *layer); /* releases a layer that was not appended */
void nn_network_spec_release(nn_network_spec *spec);

/* ---- the network ---- */

/* Values per block: the unit of slices, norms and fingerprints. A tensor is cut into blocks from its start.
 */
#define NN_BLOCK_VALUES 4096

typedef struct nn_network {
    nn_scalar scalar; /* of weights and values */
    nn_engine engine; /* of products */
    int layer_count;  /* layers[0] is the input, followed by its parts, if it has several */
    int output_count;
    int *outputs; /* the layers that losses read, in the order of the spec */
    nn_layer *layers;
    int64_t value_count;     /* of the flat vector, padding included */
    int64_t trainable_count; /* trainable parameters, without padding, as shown in the summary */
    int64_t block_count;
    int64_t *block_begin;   /* block_count + 1 entries: blocks tile the flat vector; layers start at blocks */
    int64_t scratch_values; /* scratch per thread for a full microbatch, in values */
    int64_t tangent_scratch_values; /* the same for nn_network_jvp */
    int64_t carried_values;         /* carried by a sample from window to window: all layers */
    int64_t statistics_values;      /* statistics over the batch, all layers; 0: none */
    int64_t statistics_most;        /* maximum of one layer and pass */
    double flops_forward,
        flops_training;    /* per sample: forward; forward plus weight gradients and needed input gradients */
    int *gradient_writers; /* private: the last reader of each layer, which writes its gradient first */
} nn_network;

/* Returns an owned network; takes the spec's layers (the spec is empty afterwards, also on failure). Failures
 * name the layer. */
nn_status nn_network_create(nn_network_spec *spec, nn_network **network);
void nn_network_destroy(nn_network *network); /* accepts NULL */

/* Whether the output of a layer may have NaN, for missing values: an input that a layer reads which replaces
 * them. */
bool nn_network_may_miss(const nn_network *network, int layer);

/* Writes the initial values of parameter `parameter` of layer `layer` to the flat vector `weights`, from the
 * seed. Calls are independent of each other. */
nn_status nn_network_initialize(const nn_network *network, uint64_t seed, int layer, int parameter,
                                nn_real *weights);

/* 64-bit hash over the weights' blocks, without padding. */
uint64_t nn_network_fingerprint(const nn_network *network, const nn_real *weights);
/* The same over the parameters of one layer, beginning with `chain`: 0, or that of the layers before. */
uint64_t nn_network_fingerprint_layer(const nn_network *network, int layer, const nn_real *weights,
                                      uint64_t chain);

/* ---- one microbatch in flight ---- */

typedef struct nn_microbatch {
    int64_t capacity;      /* maximum number of samples */
    int64_t samples;       /* samples it holds now */
    int64_t first_sample;  /* position of its first sample in the global batch */
    int64_t batch_samples; /* of the global batch */
    uint64_t seed;
    uint32_t step;       /* for random numbers */
    bool training;       /* statistics over the batch, dropout; otherwise as in prediction */
    bool keeps;          /* backward may follow, also where `training` is false */
    nn_real **outputs;   /* by layer; outputs[0] is the input, written by the caller */
    nn_real **gradients; /* by layer; those of the outputs are written by their losses; NULL: not needed */
    nn_real **tangents;  /* by layer, as its output: the derivative along a direction; NULL: not needed */
    nn_real **saved;     /* by layer */
    int64_t **lengths; /* by layer: number of steps of each sample; NULL: all have the full length. lengths[0]
                          is written by the caller if the spec has lengths */
    nn_real *carried; /* capacity x carried_values, by layer and then by sample; borrowed. NULL: windows start
                         with zeros */
    const double
        *statistics; /* of the batch, statistics_values of the network; borrowed: the caller fills them in
                        before each pass of a layer. NULL: layers use this microbatch alone */
    void *memory;    /* private: the block that holds all of it */
} nn_microbatch;

/* Returns owned buffers for `capacity` samples, without gradients unless `training`. A caller may change
 * microbatch->training afterwards, but not to true if it was created without. */
nn_status nn_microbatch_create(const nn_network *network, int64_t capacity, bool training,
                               nn_microbatch **microbatch);
/* The same, without training, with gradients and tangents: for derivatives of what prediction computes. */
nn_status nn_microbatch_create_derivatives(const nn_network *network, int64_t capacity,
                                           nn_microbatch **microbatch);
void nn_microbatch_destroy(nn_microbatch *microbatch);                                   /* accepts NULL */
size_t nn_microbatch_memory(const nn_network *network, int64_t capacity, bool training); /* bytes */

/* The statistics of layer `layer` for a pass within those of the network. */
double *nn_network_statistics(const nn_network *network, int layer, nn_pass pass, double *statistics);

/* Whether a layer needs statistics over the batch before a pass in training: each microbatch then collects
 * layer->statistics[pass] values, which the caller merges. */
bool nn_network_collects(const nn_network *network, int layer, nn_pass pass);

/* Collects them: call before nn_network_forward and before nn_network_backward of the layer. A microbatch
 * that is recomputed with known statistics of its batch needs it for the backward pass only. Does nothing if
 * the layer needs none. */
void nn_network_collect(const nn_network *network, int layer, nn_pass pass, const nn_real *weights,
                        nn_microbatch *microbatch, nn_real *scratch, double *values);

/* Run one layer on one microbatch. weights: the flat vector; gradient: of the part alone, from the part's
 * first value on; scratch: this thread's, scratch_values values. Call forward from layer 1 up, backward from
 * the last layer down to 1, and gradient of a layer after its backward, parts in any order (see
 * nn_layer_type.gradient). */
void nn_network_forward(const nn_network *network, int layer, const nn_real *weights,
                        nn_microbatch *microbatch, nn_real *scratch);
void nn_network_backward(const nn_network *network, int layer, const nn_real *weights,
                         nn_microbatch *microbatch, nn_real *scratch);
void nn_network_gradient(const nn_network *network, int layer, int part, const nn_real *weights,
                         const nn_microbatch *microbatch, nn_real *scratch, bool accumulate,
                         nn_real *gradient);

/*
 * Derivatives of the network as a function of its input, with J its Jacobian, for each sample of a microbatch
 * made for derivatives; lengths count as constants, and indices have the derivative 0. The network must have
 * been created with input_gradient.
 *
 * vjp: gradients[0] = J^T u, where the caller has written u to the gradients of the outputs after forward of
 * all layers, and they are overwritten. jvp: runs forward; the tangents of the outputs are J v, where the
 * caller has written v to tangents[0]. scratch: scratch_values, and for jvp tangent_scratch_values.
 */
void nn_network_vjp(const nn_network *network, const nn_real *weights, nn_microbatch *microbatch,
                    nn_real *scratch);
void nn_network_jvp(const nn_network *network, const nn_real *weights, nn_microbatch *microbatch,
                    nn_real *scratch);

/* The number of microbatches whose gradients nn_network_gradient_sum adds along the canonical tree, with the
 * bits of nn_network_gradient and additions afterwards; 0: none. */
int nn_network_sums(const nn_network *network, int layer);
void nn_network_gradient_sum(const nn_network *network, int layer, int part, const nn_real *weights,
                             nn_microbatch *const *microbatches, int count, nn_real *scratch,
                             nn_real *gradient);

/* As nn_network_gradient, but without the values of the other pieces of the part, for a layer that cuts parts
 * (nn_layer.cuts). Pieces may be computed at the same time, each with its own scratch. */
typedef struct nn_network_piece {
    int index, count;
} nn_network_piece;
bool nn_network_cuts(const nn_network *network, int layer);
void nn_network_gradient_piece(const nn_network *network, int layer, int part, nn_network_piece piece,
                               const nn_real *weights, const nn_microbatch *microbatch, nn_real *scratch,
                               nn_real *gradient);

/* ---- several microbatches in one call, and several threads in one pass ---- */

/* Microbatches that pass a layer together. Everything is borrowed. */
typedef struct nn_network_group {
    const nn_real *weights; /* the flat vector */
    const nn_real *packed;  /* what nn_network_pack has written for the layer and pass; NULL: not packed */
    nn_microbatch *const *microbatches;
    int64_t count;
} nn_network_group;

/* Values that nn_network_pack writes for a pass of a layer, a multiple of NN_PARAMETER_ALIGNMENT; 0: the
 * layer reads the weights as they are. */
int64_t nn_network_packed_values(const nn_network *network, int layer, nn_pass pass);

/* Lays out a layer's weights for a pass. `packed` is aligned like any allocation. */
void nn_network_pack(const nn_network *network, int layer, nn_pass pass, const nn_real *weights,
                     nn_real *packed);

/* As nn_network_forward and nn_network_backward for each microbatch of the group, with the same bits. */
void nn_network_forward_group(const nn_network *network, int layer, const nn_network_group *group,
                              nn_real *scratch);
void nn_network_backward_group(const nn_network *network, int layer, const nn_network_group *group,
                               nn_real *scratch);

/* A share of a phase of a pass: part `index` of `count`, of work that the layer lets threads share (see
 * nn_layer_division). It may be empty. */
typedef struct nn_network_share {
    int phase, index, count;
} nn_network_share;

/* Number of phases of a pass of the layer. */
int nn_network_phases(const nn_network *network, int layer, nn_pass pass);

/* Into how many shares, `most` at most, a phase on the group is worth dividing: 1 where the work is too
 * little for threads to be waited for. */
int nn_network_shares(const nn_network *network, int layer, nn_pass pass, int phase,
                      const nn_network_group *group, int most);

/* Computes a share of a phase. Shares of one phase may be computed at the same time, each with its own
 * scratch; the next phase begins when all of them are complete. All shares of all phases together are
 * nn_network_forward_group or nn_network_backward_group, with the same bits for any count. */
void nn_network_run_share(const nn_network *network, int layer, nn_pass pass, const nn_network_group *group,
                          nn_network_share share, nn_real *scratch);

/* Whether the layer gains from a group of several microbatches that pass it together. */
bool nn_network_prefers_groups(const nn_network *network, int layer, nn_pass pass);

#endif
