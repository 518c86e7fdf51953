/* Attention, decomposed: opset 17 has no operator for it. */
#include <math.h>

#include "base/memory.h"
#include "export/onnx_layer.h"

typedef struct attention_sizes {
    int64_t heads, key; /* key: columns per head */
} attention_sizes;

/* Column block `block` of a projection that yields several at once: samples x steps x columns. */
static const char *attention_block(nn_onnx *onnx, const char *x, int64_t block, int64_t columns)
{
    return NN_ONNX_NODE(onnx, "Slice", x, nn_onnx_integer(onnx, block * columns),
                        nn_onnx_integer(onnx, (block + 1) * columns), nn_onnx_integer(onnx, -1));
}

/* Samples x steps x columns to samples x heads x steps x key; for keys the last two the other way round. */
static const char *attention_heads(nn_onnx *onnx, const char *x, attention_sizes sizes, bool keys)
{
    static const int64_t steps_last[] = {0, 2, 3, 1}, key_last[] = {0, 2, 1, 3};
    const int64_t split[] = {0, sizes.heads, sizes.key};
    return nn_onnx_transpose(onnx, nn_onnx_reshape(onnx, x, 3, split), 4, keys ? steps_last : key_last);
}

static const char *attention_project(const nn_onnx_call *call, const char *x, const char *weight,
                                     const char *bias)
{
    return nn_onnx_add_bias(call, NN_ONNX_NODE(call->onnx, "MatMul", x, nn_onnx_needed(call, weight)), bias);
}

/* Scores of keys after the query become -inf. */
static const char *attention_causal(const nn_onnx_call *call, const char *scores)
{
    nn_onnx *onnx = call->onnx;
    const nn_onnx_source *query = &call->inputs[0], *key = &call->inputs[call->layer->input_count - 1];
    const char *rows = nn_onnx_range(onnx, nn_onnx_extent_of(onnx, query->value, 1));
    const char *columns = nn_onnx_range(onnx, nn_onnx_extent_of(onnx, key->value, 1));
    const char *seen =
        NN_ONNX_NODE(onnx, "LessOrEqual", columns, nn_onnx_unsqueeze(onnx, rows, 1, (const int64_t[]){1}));
    return NN_ONNX_NODE(onnx, "Where", seen, scores, nn_onnx_real(onnx, -INFINITY));
}

/* Scores of keys past the end become -inf. A sample without keys attends to the first, and its result is
 * cleared. */
static const char *attention_counted(nn_onnx *onnx, const nn_onnx_source *key, const char *scores)
{
    const char *positions = nn_onnx_range(onnx, nn_onnx_extent_of(onnx, key->value, 1));
    const char *length = NN_ONNX_NODE(onnx, "Max", key->lengths, nn_onnx_integer(onnx, 1));
    const char *counted =
        NN_ONNX_NODE(onnx, "Less", positions, nn_onnx_unsqueeze(onnx, length, 3, (const int64_t[]){1, 2, 3}));
    return NN_ONNX_NODE(onnx, "Where", counted, scores, nn_onnx_real(onnx, -INFINITY));
}

/* softmax(Q K' / sqrt(key)) V: samples x heads x steps x key */
static const char *attention_mix(const nn_onnx_call *call, attention_sizes sizes, const char *query,
                                 const char *key, const char *value)
{
    nn_onnx *onnx = call->onnx;
    const nn_onnx_source *keys = &call->inputs[call->layer->input_count - 1];
    query = NN_ONNX_NODE(onnx, "Mul", query, nn_onnx_real(onnx, 1 / sqrt((double)sizes.key)));
    const char *scores = NN_ONNX_NODE(onnx, "MatMul", query, key);
    if (nn_described_flag(call->layer, "causal")) scores = attention_causal(call, scores);
    if (keys->lengths) scores = attention_counted(onnx, keys, scores);
    const char *shares = NN_ONNX_NODE(onnx, "Softmax", scores);
    nn_onnx_set_integer(onnx, "axis", -1);
    return nn_onnx_clear_empty(onnx, keys, NN_ONNX_NODE(onnx, "MatMul", shares, value), 4);
}

static const char *attention_convert(const nn_onnx_call *call)
{
    static const int64_t order[] = {0, 2, 1, 3};
    nn_onnx *onnx = call->onnx;
    bool self = call->layer->input_count == 1;
    const nn_described_tensor *output = nn_description_find(onnx->description, call->layer, "output_weight");
    int64_t heads = nn_described_integer(call->layer, "heads"),
            columns = output ? output->shape.extents[0] : 0;
    if (heads < 1 || columns < heads || columns % heads != 0)
        return nn_onnx_refuse(call, "its heads do not fit its weights; use another checkpoint");
    attention_sizes sizes = {heads, columns / heads};
    const char *all = attention_project(call, call->inputs[self ? 0 : 1].value,
                                        self ? "query_key_value_weight" : "key_value_weight",
                                        self ? "query_key_value_bias" : "key_value_bias");
    const char *query = self ? attention_block(onnx, all, 0, columns)
                             : attention_project(call, call->inputs[0].value, "query_weight", "query_bias");
    const char *key = attention_block(onnx, all, self, columns);
    const char *value = attention_block(onnx, all, self + 1, columns);
    const char *mixed =
        attention_mix(call, sizes, attention_heads(onnx, query, sizes, false),
                      attention_heads(onnx, key, sizes, true), attention_heads(onnx, value, sizes, false));
    const int64_t joined[] = {0, columns};
    mixed = nn_onnx_reshape(onnx, nn_onnx_transpose(onnx, mixed, 4, order), 2, joined);
    return attention_project(call, mixed, "output_weight", "output_bias");
}

const nn_onnx_layer nn_onnx_attention_layers[] = {
    {.type = "multi_head_attention", .convert = attention_convert, .steps = NN_ONNX_STEPS_KEPT},
    {.type = NULL}};
