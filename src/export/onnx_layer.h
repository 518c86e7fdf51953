/* How a layer becomes nodes of ONNX. Values have the samples first and channels last, as in nntrain. */
#ifndef NN_EXPORT_ONNX_LAYER_H
#define NN_EXPORT_ONNX_LAYER_H

#include "export/onnx_graph.h"

/* What a layer reads: the output of another one. */
typedef struct nn_onnx_source {
    const char *value;
    nn_shape shape;      /* of a sample at full length */
    bool is_free;        /* the first extent may be another one when the model runs */
    const char *lengths; /* int64, one per sample: how many of its first extent count; NULL: all */
    const char *mask;    /* bool, samples x first extent: which count; NULL: all */
} nn_onnx_source;

typedef struct nn_onnx_call {
    nn_onnx *onnx;
    const nn_described_layer *layer;
    const nn_onnx_source *inputs; /* layer->input_count */
} nn_onnx_call;

/* Whether the steps of a sequence, the first extent of the layer's first input, may be more or fewer than in
 * training. The layer then either keeps them (they are the first extent of its output, too), or its output
 * does not have them. */
typedef enum nn_onnx_steps { NN_ONNX_STEPS_FIXED, NN_ONNX_STEPS_KEPT, NN_ONNX_STEPS_ENDED } nn_onnx_steps;

/* A type of layer: either convert, or refused. */
typedef struct nn_onnx_layer {
    const char *type;
    /* Adds the nodes, and returns the output. */
    const char *(*convert)(const nn_onnx_call *call);
    nn_onnx_steps steps;
    nn_onnx_steps (*steps_of)(
        const nn_described_layer *layer); /* in place of `steps`, where options decide; or NULL */
    const char *refused;                  /* why, and what could replace it: "... ; use ..." */
} nn_onnx_layer;

/* By the type's name; NULL: this version does not know it. */
const nn_onnx_layer *nn_onnx_layer_find(const char *type);

/* ---- families, one file each: tables end with type NULL ---- */

extern const nn_onnx_layer nn_onnx_activation_layers[], nn_onnx_dense_layers[], nn_onnx_shape_layers[],
    nn_onnx_convolution_layers[], nn_onnx_pool_layers[], nn_onnx_norm_layers[], nn_onnx_recurrent_layers[],
    nn_onnx_attention_layers[];

/* ---- what layers share (onnx_layer.c) ---- */

/* A tensor of the layer as stored; NULL if it has none of this name. nn_onnx_needed fails in place of NULL.
 */
const char *nn_onnx_weight(const nn_onnx_call *call, const char *name);
const char *nn_onnx_needed(const nn_onnx_call *call, const char *name);
/* The same with its axes in another order: axis d of the result is axis order[d] of the tensor. */
const char *nn_onnx_reordered(const nn_onnx_call *call, const char *name, const int *order);
/* The values of a tensor, which the caller owns (nn_free); NULL if there is none, or after a failure. */
nn_real *nn_onnx_values(const nn_onnx_call *call, const char *name, nn_shape *shape);

/* x + bias, if the layer has a tensor of this name. */
const char *nn_onnx_add_bias(const nn_onnx_call *call, const char *x, const char *name);

/* The function of nntrain of this name (onnx_activation.c); a dense layer's `activation`. */
const char *nn_onnx_activate(const nn_onnx_call *call, const char *function, const char *x);

const char *nn_onnx_cast(nn_onnx *onnx, const char *x, nn_onnx_type type);
const char *nn_onnx_transpose(nn_onnx *onnx, const char *x, int count, const int64_t *order);
/* Channels of samples x ... x channels to the second axis, and back; dimensions: with the samples. */
const char *nn_onnx_channels_second(nn_onnx *onnx, const char *x, int dimensions);
const char *nn_onnx_channels_last(nn_onnx *onnx, const char *x, int dimensions);
/* To samples x the extents, of which one may be -1 (the rest), and the first 0 (as it is). */
const char *nn_onnx_reshape(nn_onnx *onnx, const char *x, int count, const int64_t *extents);
/* Samples x values. */
const char *nn_onnx_rows(nn_onnx *onnx, const nn_onnx_source *source);
/* New axes of extent 1 at these places of the result. */
const char *nn_onnx_unsqueeze(nn_onnx *onnx, const char *x, int64_t count, const int64_t *axes);
/* The first extent of a value, as a list of one int64. */
const char *nn_onnx_extent_of(nn_onnx *onnx, const char *value, int64_t axis);
/* 0, 1, ... below the given list of one int64. */
const char *nn_onnx_range(nn_onnx *onnx, const char *count);
/* x where its steps count, `otherwise` elsewhere; x: samples x steps x ..., `dimensions` with the samples.
 * Without a mask x. */
const char *nn_onnx_where_counted(nn_onnx *onnx, const nn_onnx_source *source, const char *x, int dimensions,
                                  double otherwise);
/* x, or 0 for samples without any step; `dimensions` with the samples. */
const char *nn_onnx_clear_empty(nn_onnx *onnx, const nn_onnx_source *source, const char *x, int dimensions);

/* Fails: the layer, what it is about, and what to do. Returns "". */
const char *nn_onnx_refuse(const nn_onnx_call *call, const char *format, ...) NN_PRINTF(2, 3);

#endif
