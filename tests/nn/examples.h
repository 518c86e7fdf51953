/* Every layer of the list, as its example and variants of it, in a small network. Shared by the tests that
 * iterate over the list. */
#ifndef NN_TESTS_NN_EXAMPLES_H
#define NN_TESTS_NN_EXAMPLES_H

#include "build.h"

#define SAMPLES 6

static const char *const variants[] = {
    "dense: {units: 5, activation: relu, initializer: he}",
    "dense: {units: 5, activation: tanh, bias: false}",
    "dense: {units: 5, activation: sigmoid, initializer: xavier}",
    "dense: {units: 5, activation: gelu}",
    "dense: {units: 5, activation: leaky_relu, initializer: orthogonal}",
    "dense: {units: classes, activation: softmax, initializer: zeros}",
    "dense: {units: same, per_step: true, activation: gelu}",
    "dense: {units: 3, per_step: true, activation: relu}",
    "activation: relu",
    "activation: elu",
    "activation: selu",
    "activation: silu",
    "activation: softplus",
    "activation: hard_sigmoid",
    "activation: hard_swish",
    "activation: hard_tanh",
    "prelu: {slope: 0.1, shared: true}",
    "activation: tanh",
    "activation: sigmoid",
    "activation: gelu",
    "activation: {function: leaky_relu, slope: 0.3}",
    "activation: softmax",
    "dropout: 0",
    "dropout: {rate: 0.8}",
    "concat: {axis: 0}",
    "concat: {axis: -2}",
    "reshape: {shape: 8}",
    "reshape: {shape: [-1, 2, 1, 2]}",
    "permute: {axes: [0, 1]}",
    "slice: {begin: 1, end: -1}",
    "slice: {axis: 1, end: 3}",
    "slice: {axis: -1, places: [3, 0, 1, 3]}",
    "slice: {axis: 0, places: -1}",
    "batch_norm: {activation: relu}",
    "batch_norm: {activation: gelu, scale: false, epsilon: 0.1}",
    "batch_norm: {activation: softmax, shift: false}",
    "rnn: {units: 7, bidirectional: true}",
    "rnn: {units: 4, activation: relu, output: sequence}",
    "lstm: {units: 1, output: sequence}",
    "lstm: {units: 5, bidirectional: true, forget_bias: -2}",
    "lstm: {units: 3, bidirectional: true, output: sequence}",
    "gru: {units: 1, output: sequence}",
    "gru: {units: 5, bidirectional: true}",
    "gru: {units: 3, bidirectional: true, output: sequence}",
    "embedding: {symbols: 300, units: 1}",
    "one_hot: {categories: [2, 2, -1]}",
    "one_hot: {categories: [-1, 3, 4]}",
    "fill_missing: {values: [1, 2, 3, 4]}",
    "positional_encoding: sinusoidal",
    "conv1d: {filters: 2, kernel: 2, dilation: 2, padding: 2, stride: 2}",
    "conv2d: {filters: 4, kernel: [1, 3], padding: [0, 2], stride: [2, 1], bias: false}",
    "conv2d: {filters: 2, kernel: 3, padding: 1, stride: 2, activation: gelu}",
    "conv2d: {filters: 4, kernel: 2, dilation: [2, 1], groups: 2, activation: tanh}",
    "conv2d: {filters: 2, kernel: 3, padding: same, groups: depthwise, stride: 2}",
    "conv2d: {filters: 6, kernel: 3, padding: 2, stride: 3, groups: depthwise}",
    "conv2d: {filters: 3, kernel: 1, activation: relu}",
    "conv2d: {filters: 3, kernel: 1, stride: 2}",
    "conv2d: {filters: 2, kernel: [5, 9], padding: 4}",
    "conv2d: {filters: 2, kernel: 2, dilation: 2, stride: 3, padding: same}",
    "conv3d: {filters: 3, kernel: [3, 2, 1], stride: [1, 2, 1], padding: same}",
    "conv3d: {filters: 2, kernel: 3, stride: 2, padding: 1, dilation: [1, 2, 1], groups: 2}",
    "max_pool: {kernel: 3, stride: 2, padding: 1}",
    "max_pool: {kernel: [1, 2], stride: [3, 1]}",
    "average_pool: {kernel: 3, stride: 1, padding: 2}",
    "average_pool: {kernel: [5, 4]}",
    "layer_norm: {scale: false, epsilon: 0.1}",
    "layer_norm: {shift: false}",
    "layer_norm: {scale: false, shift: false}",
    "group_norm: {groups: 1, scale: false}",
    "group_norm: {groups: 4, shift: false, epsilon: 0.1}",
    "group_norm: {groups: 2, scale: false, shift: false}",
    "multi_head_attention: {heads: 1, causal: true, bias: false}",
    "multi_head_attention: {heads: 3, key_size: 5}",
    "feed_forward: {activation: relu}",
    "feed_forward: {hidden: 3, activation: none, bias: false}",
    "feed_forward: {hidden: 3, activation: softmax}",
    "multi_head_attention: {heads: 2, key_size: 1, causal: true, dropout: 0.3}",
    "conv2d_transpose: {filters: 3, kernel: [2, 4], stride: [3, 2], activation: gelu}",
    "conv2d_transpose: {filters: 1, kernel: 3, stride: 2, padding: 1, output_padding: 1}",
    "conv2d_transpose: {filters: 2, kernel: 2, stride: 2, dilation: 3, padding: valid, bias: false}",
    "conv2d_transpose: {filters: 2, kernel: 1, stride: 3, activation: relu}",
    "upsample: {factor: [1, 3]}",
};

/* The example of every layer that a user can list, and the variants above. */
static inline void for_all_layers(void (*check)(const char *yaml))
{
    for (const nn_layer_type *const *type = nn_layer_types(NN_SCALAR_REAL); *type; type++)
        if ((*type)->forward) check((*type)->example);
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) check(variants[i]);
}

/* ---- a layer on inputs of the shape of its example ---- */

static nn_shape fold_shape; /* of the next layer */

static inline nn_status fold_build(nn_layer *layer)
{
    layer->output_shape = fold_shape;
    return NN_OK;
}

static inline void fold_forward(const nn_layer *layer, const nn_layer_call *call)
{
    memcpy(call->output, call->inputs[0],
           (size_t)(call->samples * nn_shape_count(layer->output_shape)) * sizeof(nn_real));
}

static inline void fold_backward(const nn_layer *layer, const nn_layer_call *call)
{
    if (call->input_gradients[0])
        memcpy(call->input_gradients[0], call->output_gradient,
               (size_t)(call->samples * nn_shape_count(layer->output_shape)) * sizeof(nn_real));
}

/* Reshapes a row of values. */
static const nn_layer_type fold_type = {
    .name = "fold", .build = fold_build, .forward = fold_forward, .backward = fold_backward};

static inline const nn_layer_type *type_of(const char *yaml)
{
    char name[64];
    size_t length = strcspn(yaml, ": ");
    assert_true(length < sizeof name);
    memcpy(name, yaml, length);
    name[length] = '\0';
    const nn_layer_type *type = nn_layer_find(NN_SCALAR_REAL, name);
    assert_non_null(type);
    return type;
}

static inline nn_shape shape_of(const nn_layer_type *type)
{
    return type->example_shape.dimensions > 0 ? type->example_shape : (nn_shape){2, {2, 4}};
}

/* Layer "tested" on one dense layer per input; if the input holds indices, there is none. */
static inline run run_above_dense(const char *yaml)
{
    const nn_layer_type *type = type_of(yaml);
    nn_shape shape = shape_of(type);
    int inputs = type->example_inputs > 0 ? type->example_inputs : 1;
    nn_network_spec spec = make_spec((nn_shape){1, {8}}, SAMPLES);
    char text[64], name[24], names[64] = "";
    fold_shape = shape;
    for (int i = 0; i < inputs; i++) {
        snprintf(text, sizeof text, "dense: {units: %d}", (int)nn_shape_count(shape));
        add_layer(&spec, text, NULL, "input");
        snprintf(name, sizeof name, "below%d", i);
        add_type(&spec, &fold_type, NULL, name, NULL);
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i ? " " : "", name);
    }
    add_layer(&spec, yaml, "tested", names);
    return run_create(&spec, SAMPLES);
}

static inline run run_on_input(const char *yaml)
{
    const nn_layer_type *type = type_of(yaml);
    nn_shape shape = shape_of(type);
    nn_network_spec spec = make_spec(shape, SAMPLES);
    char names[64] = "input";
    for (int i = 1; i < type->example_inputs; i++) strcat(names, " input");
    add_layer(&spec, yaml, "tested", names);
    add_layer(&spec, "dense: {units: 3}", "above", NULL);
    run r = run_create(&spec, SAMPLES);
    for (int64_t i = 0; type->example_indices > 0 && i < SAMPLES * nn_shape_count(shape); i++)
        r.microbatch->outputs[0][i] = (nn_real)(i * 7 % type->example_indices);
    return r;
}

/* Above dense layers if possible, so that the input gradient is tested too. */
static inline run run_tested(const char *yaml)
{
    return type_of(yaml)->example_indices > 0 ? run_on_input(yaml) : run_above_dense(yaml);
}

/* Whether a value of the flat vector is a statistic. */
static inline bool is_statistic(const run *r, int64_t value)
{
    for (int l = 0; l < r->network->layer_count; l++)
        for (int p = 0; p < r->network->layers[l].parameter_count; p++) {
            const nn_parameter *parameter = &r->network->layers[l].parameters[p];
            int64_t at = value - r->network->layers[l].offset - parameter->offset;
            if (at >= 0 && at < parameter->count) return parameter->statistic;
        }
    return false;
}

#endif
