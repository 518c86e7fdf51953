/* Layers whose weight is one matrix, or a table of rows. */
#include <string.h>

#include "base/maths.h"
#include "export/onnx_layer.h"

#define LONGEST_WAVE 10000.0

/* A dense layer that shares the table of another type multiplies by its transpose. */
static const char *dense_weight(const nn_onnx_call *call)
{
    const nn_described_layer *owner = &call->onnx->description->layers[call->layer->shares];
    if (strcmp(owner->type, "dense") == 0) return nn_onnx_needed(call, "weight");
    return nn_onnx_reordered(call, "weight", (const int[]){1, 0});
}

static const char *dense_convert(const nn_onnx_call *call)
{
    bool per_step = nn_described_flag(call->layer, "per_step");
    const char *x = per_step ? call->inputs[0].value : nn_onnx_rows(call->onnx, &call->inputs[0]);
    const char *y = NN_ONNX_NODE(call->onnx, "MatMul", x, dense_weight(call));
    return nn_onnx_activate(call, nn_described_word(call->layer, "activation"),
                            nn_onnx_add_bias(call, y, "bias"));
}

static nn_onnx_steps dense_steps(const nn_described_layer *layer)
{
    return nn_described_flag(layer, "per_step") ? NN_ONNX_STEPS_KEPT : NN_ONNX_STEPS_FIXED;
}

static const char *dense_convert_feed_forward(const nn_onnx_call *call)
{
    nn_onnx *onnx = call->onnx;
    const char *hidden =
        NN_ONNX_NODE(onnx, "MatMul", call->inputs[0].value, nn_onnx_needed(call, "hidden_weight"));
    hidden = nn_onnx_activate(call, nn_described_word(call->layer, "activation"),
                              nn_onnx_add_bias(call, hidden, "hidden_bias"));
    return nn_onnx_add_bias(call, NN_ONNX_NODE(onnx, "MatMul", hidden, nn_onnx_needed(call, "output_weight")),
                            "output_bias");
}

/* ONNX counts a negative number from the end of the table: it must be an error, not another symbol. */
static const char *dense_convert_embedding(const nn_onnx_call *call)
{
    nn_onnx *onnx = call->onnx;
    const char *numbers = nn_onnx_cast(onnx, call->inputs[0].value, NN_ONNX_INT64);
    const char *negative = NN_ONNX_NODE(onnx, "Less", numbers, nn_onnx_integer(onnx, 0));
    const char *beyond = nn_onnx_integer(onnx, INT32_MAX);
    const char *table = nn_onnx_needed(call, "weight");
    const char *rows =
        NN_ONNX_NODE(onnx, "Gather", table, NN_ONNX_NODE(onnx, "Where", negative, beyond, numbers));
    nn_onnx_set_integer(onnx, "axis", 0);
    return rows;
}

static const char *dense_waves(const nn_onnx_call *call)
{
    int64_t steps = call->layer->shape.extents[0], features = call->layer->shape.extents[1];
    double *waves = nn_onnx_memory(call->onnx, (size_t)(steps * features), sizeof *waves);
    for (int64_t f = 0; waves && f < features; f++) {
        double frequency = nn_maths_exp(-nn_maths_log(LONGEST_WAVE) * (double)(f - f % 2) / (double)features);
        for (int64_t t = 0; t < steps; t++)
            waves[t * features + f] =
                f % 2 == 0 ? nn_maths_sin((double)t * frequency) : nn_maths_cos((double)t * frequency);
    }
    return waves ? nn_onnx_reals(call->onnx, call->onnx->real, call->layer->shape, waves) : "";
}

/* A shorter sequence takes the first rows; a longer one is refused when the model runs. */
static const char *dense_convert_positions(const nn_onnx_call *call)
{
    nn_onnx *onnx = call->onnx;
    const char *kind = nn_described_word(call->layer, "kind"), *x = call->inputs[0].value;
    bool learned = kind && strcmp(kind, "learned") == 0;
    const char *table = learned ? nn_onnx_needed(call, "weight") : dense_waves(call);
    if (call->inputs[0].is_free)
        table = NN_ONNX_NODE(onnx, "Slice", table, nn_onnx_integer(onnx, 0), nn_onnx_extent_of(onnx, x, 1),
                             nn_onnx_integer(onnx, 0));
    return NN_ONNX_NODE(onnx, "Add", x, table);
}

const nn_onnx_layer nn_onnx_dense_layers[] = {
    {.type = "dense", .convert = dense_convert, .steps_of = dense_steps},
    {.type = "feed_forward", .convert = dense_convert_feed_forward, .steps = NN_ONNX_STEPS_KEPT},
    {.type = "embedding", .convert = dense_convert_embedding, .steps = NN_ONNX_STEPS_KEPT},
    {.type = "positional_encoding", .convert = dense_convert_positions, .steps = NN_ONNX_STEPS_KEPT},
    {.type = NULL}};
