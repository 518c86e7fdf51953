/*
 * What a checkpoint says about its network for programs that do not build it: the dataset `graph` (`nntrain
 * help checkpoint-format`), checked and taken apart, and the weights to predict with. Layers are primitive:
 * composites and repeats are expanded.
 */
#ifndef NN_MODEL_DESCRIPTION_H
#define NN_MODEL_DESCRIPTION_H

#include "base/shape.h"
#include "config/config.h"
#include "nn/layer.h"
#include "store/sharded.h"

/* A tensor of weights. */
typedef struct nn_described_tensor {
    const char *name;    /* within the layer: "weight" */
    const char *dataset; /* "dense1/weight" */
    nn_shape shape;
} nn_described_tensor;

typedef struct nn_described_layer {
    const char *name, *type;
    nn_shape shape; /* of its output */
    int input_count;
    int *inputs;             /* indices of the layers it reads, all before it */
    int shares;              /* index of the layer whose tensors it uses; its own if it shares none */
    nn_config_node *options; /* nn_described_integer and the like read them */
    nn_layer_windows windows;
    bool counts_steps;   /* with samples of different length, the first extent of the output counts steps */
    nn_layer_time steps; /* then, how they follow from those of its first input */
    int tensor_count;
    nn_described_tensor *tensors;
} nn_described_layer;

/* An input, a part of one, or a target. */
typedef struct nn_described_field {
    const char *name;
    nn_shape shape;
    bool is_index;      /* whole numbers: symbols, or classes of a target */
    int64_t classes;    /* of a target, or symbols; 0: none, or unknown */
    int64_t begin;      /* of a part: the place of its first value in a sample */
    nn_scaling scaling; /* of the entire input, or of a target of values */
    nn_config_node *columns, *class_names, *categories; /* names, as in the graph; NULL: none */
} nn_described_field;

typedef struct nn_described_output {
    nn_described_field field;
    int layer;        /* index of the layer that computes it */
    const char *loss; /* its name */
    const char *
        prediction; /* "softmax" or "sigmoid": turns what the layer computes into probabilities; NULL: none */
    nn_target_transform transform;
    int64_t *difference_to; /* one per value: index of the value of the input to add, or -1; NULL: none */
} nn_described_output;

typedef struct nn_description {
    const char *path; /* of the checkpoint, for messages; borrowed */
    nn_store_file *file;
    nn_sharded *sharded; /* of a checkpoint of several files; otherwise NULL */
    nn_config *graph;
    const char *precision; /* "float32", "float64", "mixed" */
    nn_scalar scalar;      /* of the weights */
    bool has_lengths;      /* samples are sequences of different length */
    nn_described_field input;
    int part_count; /* 0: the input is a single dataset */
    nn_described_field *parts;
    int layer_count;
    nn_described_layer *layers; /* the first is the input */
    int output_count;
    nn_described_output *outputs;
} nn_description;

/* Reads the graph of an open checkpoint, which must stay open. NN_ERROR_CHECKPOINT where it has none, or none
 * that this version understands. The caller owns *description. */
nn_status nn_description_create(nn_store_file *checkpoint, nn_description **description);
void nn_description_destroy(nn_description *description); /* accepts NULL */

/* A tensor of the layer, or of the one that it shares, by name; NULL: there is none. Borrowed. */
const nn_described_tensor *nn_description_find(const nn_description *description,
                                               const nn_described_layer *layer, const char *name);

/* Reads the values of a tensor to predict with (averaged ones if the run kept them), verifying checksums: of
 * description->scalar. */
nn_status nn_description_read(const nn_description *description, const nn_described_tensor *tensor,
                              nn_real *values);

/* An option of a layer; 0, false, NULL where the layer does not have it. Texts are borrowed. */
int64_t nn_described_integer(const nn_described_layer *layer, const char *option);
double nn_described_real(const nn_described_layer *layer, const char *option);
bool nn_described_flag(const nn_described_layer *layer, const char *option);
const char *nn_described_word(const nn_described_layer *layer, const char *option);

/* The numbers of an option that is a list, at most `most` of them; returns how many there are. */
int nn_described_list(const nn_described_layer *layer, const char *option, int most, int64_t *values);

#endif
