/*
 * Multi-head attention (Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser, Polosukhin: Attention is
 * all you need; NIPS 2017) on inputs of steps x features. For one input X,
 *
 *     Q | K | V = X W + b        Y = (head 1 | head 2 | ...) W' + b'        head = softmax(Q K^T /
 * sqrt(size)) V
 *
 * where each head has its own columns of Q, K and V. With two inputs, Q comes from the first, K and V from
 * the second. Steps past the end of a sample are not keys.
 */
#include "base/least.h"
#include "base/memory.h"
#include "nn/attention.h"
#include "nn/projection.h"
#include "nn/saved.h"

enum { PROJECTIONS = 3 }; /* at most: the first input's, the second input's, the output's */

typedef struct multi_head_options {
    int64_t heads, key_size;
    bool causal, bias;
    double dropout;
} multi_head_options;

typedef struct multi_head_plan {
    nn_attention attention;
    int64_t heads, width; /* width: columns of all heads together */
    int inputs;
    nn_projection projections[PROJECTIONS]; /* one per input, then the output's */
} multi_head_plan;

/* The segments that are saved, from the first sample of a call on: the projected inputs, which backward
 * replaces by their gradients; the outputs of the heads; and two numbers per query and head. */
typedef struct multi_head_saved {
    nn_real *projected[PROJECTIONS - 1];
    nn_real *output;
    nn_real *softmax;
} multi_head_saved;

static const nn_option multi_head_table[] = {
    {"heads", NN_OPTION_INTEGER, offsetof(multi_head_options, heads), NULL, 1, 1e6, NULL, NN_EFFECT_RESULT,
     "number of attention heads"},
    {"key_size", NN_OPTION_INTEGER, offsetof(multi_head_options, key_size), "0", 0, 1e6, NULL,
     NN_EFFECT_RESULT, "length of the queries, keys and values of one head; 0: features / heads"},
    {"causal", NN_OPTION_BOOLEAN, offsetof(multi_head_options, causal), "false", 0, 0, NULL, NN_EFFECT_RESULT,
     "each step attends only to itself and earlier steps: for predicting the next symbol"},
    {"dropout", NN_OPTION_REAL, offsetof(multi_head_options, dropout), "0", 0, 1, NULL, NN_EFFECT_RESULT,
     "fraction of the attention weights set to 0 in training, below 1"},
    {"bias", NN_OPTION_BOOLEAN, offsetof(multi_head_options, bias), "true", 0, 0, NULL, NN_EFFECT_RESULT,
     "add trainable biases to queries, keys, values and the output"},
    {0}};

/* ---- building ---- */

static nn_status multi_head_check_shapes(const nn_layer *layer)
{
    if (layer->input_count > 2)
        NN_FAIL(
            NN_ERROR_USAGE,
            "it has %d inputs, but attention takes one, or two (queries; keys and values); change `inputs`",
            layer->input_count);
    for (int i = 0; i < layer->input_count; i++) {
        if (layer->input_shapes[i].dimensions == 2) continue;
        char text[NN_SHAPE_TEXT];
        NN_FAIL(NN_ERROR_USAGE,
                "it takes steps x features, but its input has shape %s; put an embedding before it",
                nn_shape_text(text, layer->input_shapes[i]));
    }
    return NN_OK;
}

static nn_status multi_head_check_options(const nn_layer *layer)
{
    const multi_head_options *options = layer->options;
    const nn_shape *shapes = layer->input_shapes;
    int64_t features = shapes[0].extents[1];
    if (options->key_size == 0 && features % options->heads != 0)
        NN_FAIL(NN_ERROR_USAGE,
                "%lld features cannot be divided by %lld heads; change `heads`, or choose a `key_size`",
                (long long)features, (long long)options->heads);
    if (!(options->dropout >= 0 && options->dropout < 1))
        NN_FAIL(NN_ERROR_USAGE, "dropout %g would drop everything; choose one below 1, such as 0.1",
                options->dropout);
    if (layer->shares && layer->shares->type != layer->type) /* only the same type has the same parts */
        NN_FAIL(NN_ERROR_USAGE, "share: %s is not a %s layer; share the weights of one", layer->shares->name,
                layer->type->name);
    if (options->causal && layer->input_count == 2 && shapes[0].extents[0] != shapes[1].extents[0])
        NN_FAIL(NN_ERROR_USAGE,
                "causal attention needs inputs with the same number of steps, but they have %lld and %lld; "
                "remove `causal`",
                (long long)shapes[0].extents[0], (long long)shapes[1].extents[0]);
    return NN_OK;
}

static void multi_head_plan_attention(const nn_layer *layer, multi_head_plan *plan)
{
    const multi_head_options *options = layer->options;
    const nn_shape *shapes = layer->input_shapes;
    plan->inputs = layer->input_count;
    plan->heads = options->heads;
    int64_t size = options->key_size > 0 ? options->key_size : shapes[0].extents[1] / options->heads;
    plan->width = plan->heads * size;
    plan->attention = (nn_attention){.engine = layer->engine,
                                     .query_steps = shapes[0].extents[0],
                                     .key_steps = shapes[plan->inputs - 1].extents[0],
                                     .size = size,
                                     .query_stride = (plan->inputs == 1 ? 3 : 1) * plan->width,
                                     .key_stride = (plan->inputs == 1 ? 3 : 2) * plan->width,
                                     .output_stride = plan->width,
                                     .causal = options->causal,
                                     .dropout = options->dropout};
}

static nn_status multi_head_project(nn_layer *layer, multi_head_plan *plan)
{
    const multi_head_options *options = layer->options;
    static const char *const names[][2] = {{"query_key_value_weight", "query_key_value_bias"},
                                           {"query_weight", "query_bias"},
                                           {"key_value_weight", "key_value_bias"},
                                           {"output_weight", "output_bias"}};
    int parts = 0;
    for (int p = 0; p <= plan->inputs; p++) {
        bool is_output = p == plan->inputs;
        const char *const *name = names[is_output ? 3 : plan->inputs == 1 ? 0 : 1 + p];
        const nn_shape *shape = &layer->input_shapes[is_output ? 0 : p];
        int64_t stride = p == 0 ? plan->attention.query_stride : plan->attention.key_stride;
        plan->projections[p] = (nn_projection){.weight_name = name[0],
                                               .bias_name = options->bias ? name[1] : NULL,
                                               .rows = shape->extents[0],
                                               .inputs = is_output ? plan->width : shape->extents[1],
                                               .units = is_output ? shape->extents[1] : stride,
                                               .fan_out = is_output ? shape->extents[1] : plan->width,
                                               .first_part = parts};
        NN_TRY(nn_projection_build(layer, &plan->projections[p]));
        parts += plan->projections[p].part_count;
    }
    return layer->shares ? nn_layer_share_parts(layer) : NN_OK;
}

static void multi_head_plan_memory(nn_layer *layer, const multi_head_plan *plan)
{
    const nn_attention *attention = &plan->attention;
    int64_t outputs = attention->query_steps * plan->width;
    layer->saved_per_sample = outputs + 2 * plan->heads * attention->query_steps;
    for (int p = 0; p < plan->inputs; p++)
        layer->saved_per_sample += plan->projections[p].rows * plan->projections[p].units;
    layer->scratch_per_sample = outputs;
    layer->scratch_fixed =
        nn_larger(nn_attention_forward_scratch(attention), nn_attention_backward_scratch(attention));
    for (int p = 0; p <= plan->inputs; p++)
        layer->scratch_fixed =
            nn_larger(layer->scratch_fixed, nn_projection_gradient_scratch(&plan->projections[p]));
    layer->tangent_per_sample = layer->saved_per_sample;
    layer->tangent_fixed = nn_larger(nn_attention_tangent_scratch(attention), layer->scratch_fixed);
    layer->cuts = layer->engine != NN_ENGINE_BLAS;
    if (layer->cuts) nn_layer_divide_by_sample(layer);
}

/* Per pair of a query and a visible key, forward has two products and backward four, which are needed for the
 * parameters' gradients too. */
static void multi_head_count_flops(nn_layer *layer, const multi_head_plan *plan)
{
    const nn_attention *attention = &plan->attention;
    double queries = (double)attention->query_steps, width = (double)plan->width;
    double seen = attention->causal ? (queries + 1) / 2 : (double)attention->key_steps;
    double projections = 0;
    for (int p = 0; p <= plan->inputs; p++)
        projections += 2.0 * (double)plan->projections[p].rows * (double)plan->projections[p].inputs *
                       (double)plan->projections[p].units;
    layer->flops_forward = projections + 4 * queries * seen * width;
    layer->flops_input_gradient = projections;
    layer->flops_gradient = projections + 8 * queries * seen * width;
}

static nn_status multi_head_build(nn_layer *layer)
{
    NN_TRY(multi_head_check_shapes(layer));
    NN_TRY(multi_head_check_options(layer));
    multi_head_plan *plan;
    NN_TRY(NN_ALLOCATE(&plan, 1, "the plan of an attention"));
    layer->plan = plan;
    layer->output_shape = layer->input_shapes[0];
    layer->time.kept = true;
    multi_head_plan_attention(layer, plan);
    NN_TRY(multi_head_project(layer, plan));
    multi_head_plan_memory(layer, plan);
    multi_head_count_flops(layer, plan);
    return NN_OK;
}

/* ---- running ---- */

static multi_head_saved multi_head_cut(const multi_head_plan *plan, const nn_layer_call *call)
{
    multi_head_saved saved;
    int64_t before = 0, outputs = plan->attention.query_steps * plan->width;
    for (int p = 0; p < plan->inputs; p++) {
        int64_t width = plan->projections[p].rows * plan->projections[p].units;
        saved.projected[p] = nn_layer_saved(call, before, width);
        before += width;
    }
    saved.output = nn_layer_saved(call, before, outputs);
    saved.softmax = nn_layer_saved(call, before + outputs, 2 * plan->heads * plan->attention.query_steps);
    return saved;
}

static nn_attention_head multi_head_find(const nn_layer *layer, const nn_layer_call *call,
                                         const multi_head_saved *saved, int64_t sample, int64_t h)
{
    const multi_head_plan *plan = layer->plan;
    const nn_attention *attention = &plan->attention;
    const int64_t *key_lengths = plan->inputs == 1 ? call->lengths : call->second_lengths;
    int64_t number = sample * plan->heads + h, column = h * attention->size;
    nn_real *keys = plan->inputs == 1 ? saved->projected[0] + plan->width : saved->projected[1];
    nn_attention_head head = {.queries = call->lengths ? call->lengths[sample] : attention->query_steps,
                              .keys = key_lengths ? key_lengths[sample] : attention->key_steps,
                              .random = call->random,
                              .drops = call->training && attention->dropout > 0};
    head.query = saved->projected[0] + sample * attention->query_steps * attention->query_stride + column;
    head.key = keys + sample * attention->key_steps * attention->key_stride + column;
    head.value = head.key + plan->width;
    head.output = saved->output + sample * attention->query_steps * attention->output_stride + column;
    head.shifts = saved->softmax + 2 * number * attention->query_steps;
    head.sums = head.shifts + attention->query_steps;
    head.random_begin = (uint64_t)(call->first_sample * plan->heads + number) *
                        (uint64_t)attention->query_steps * (uint64_t)attention->key_steps;
    return head;
}

static void multi_head_forward(const nn_layer *layer, const nn_layer_call *call)
{
    const multi_head_plan *plan = layer->plan;
    multi_head_saved saved = multi_head_cut(plan, call);
    for (int p = 0; p < plan->inputs; p++)
        nn_projection_forward(&plan->projections[p], call, call->inputs[p], saved.projected[p],
                              call->scratch);
    for (int64_t sample = 0; sample < call->samples; sample++)
        for (int64_t h = 0; h < plan->heads; h++) {
            nn_attention_head head = multi_head_find(layer, call, &saved, sample, h);
            nn_attention_forward(&plan->attention, &head, call->scratch);
        }
    nn_projection_forward(&plan->projections[plan->inputs], call, saved.output, call->output, call->scratch);
}

static void multi_head_backward(const nn_layer *layer, const nn_layer_call *call)
{
    const multi_head_plan *plan = layer->plan;
    multi_head_saved saved = multi_head_cut(plan, call);
    int64_t outputs = call->samples * plan->attention.query_steps * plan->width;
    nn_real *gradient = call->scratch, *scratch = gradient + outputs;
    nn_projection_backward(&plan->projections[plan->inputs], call, call->output_gradient, gradient, scratch);
    for (int64_t sample = 0; sample < call->samples; sample++)
        for (int64_t h = 0; h < plan->heads; h++) {
            nn_attention_head head = multi_head_find(layer, call, &saved, sample, h);
            nn_attention_backward(&plan->attention, &head, gradient + (head.output - saved.output), scratch);
        }
    for (int p = 0; p < plan->inputs; p++)
        if (call->input_gradients[p])
            nn_projection_backward(&plan->projections[p], call, saved.projected[p], call->input_gradients[p],
                                   scratch);
}

/* The tangents of what forward saves lie in scratch as those values in `saved`. */
static void multi_head_tangent(const nn_layer *layer, const nn_layer_call *call)
{
    const multi_head_plan *plan = layer->plan;
    nn_layer_call linear = *call;
    linear.linear = true;
    linear.saved = call->tangent_scratch;
    multi_head_saved saved = multi_head_cut(plan, call), tangents = multi_head_cut(plan, &linear);
    nn_real *scratch = call->tangent_scratch + call->samples * layer->tangent_per_sample;
    for (int p = 0; p < plan->inputs; p++)
        nn_projection_forward(&plan->projections[p], &linear, call->input_tangents[p], tangents.projected[p],
                              scratch);
    for (int64_t sample = 0; sample < call->samples; sample++)
        for (int64_t h = 0; h < plan->heads; h++) {
            nn_attention_head head = multi_head_find(layer, call, &saved, sample, h);
            nn_attention_head tangent = multi_head_find(layer, &linear, &tangents, sample, h);
            nn_attention_tangent(&plan->attention, &head, &tangent, scratch);
        }
    nn_projection_forward(&plan->projections[plan->inputs], &linear, tangents.output, call->output_tangent,
                          scratch);
}

static void multi_head_gradient(const nn_layer *layer, const nn_layer_call *call, int part, bool accumulate,
                                nn_real *values)
{
    const multi_head_plan *plan = layer->plan;
    multi_head_saved saved = multi_head_cut(plan, call);
    int p = 0;
    while (!nn_projection_has_part(&plan->projections[p], part)) p++;
    bool is_output = p == plan->inputs;
    nn_projection_gradient(&plan->projections[p], layer, call, is_output ? saved.output : call->inputs[p],
                           is_output ? call->output_gradient : saved.projected[p], part, accumulate, values);
}

static const nn_tensor_axes multi_head_axes[] = {
    {"query_key_value_weight", "features, query key value x heads x key_size", "in_proj_weight'",
     "query_dense/vars/0 | key_dense/vars/0 | value_dense/vars/0"},
    {"query_key_value_bias", "query key value x heads x key_size", "in_proj_bias",
     "query_dense/vars/1 | key_dense/vars/1 | value_dense/vars/1"},
    {"query_weight", "features, heads x key_size", "in_proj_weight'[0 of 3]", "query_dense/vars/0"},
    {"query_bias", "heads x key_size", "in_proj_bias[0 of 3]", "query_dense/vars/1"},
    {"key_value_weight", "features of the second input, key value x heads x key_size",
     "in_proj_weight'[1 2 of 3]", "key_dense/vars/0 | value_dense/vars/0"},
    {"key_value_bias", "key value x heads x key_size", "in_proj_bias[1 2 of 3]",
     "key_dense/vars/1 | value_dense/vars/1"},
    {"output_weight", "heads x key_size, features", "out_proj.weight'", "output_dense/vars/0"},
    {"output_bias", "features", "out_proj.bias", "output_dense/vars/1"},
    {0}};

const nn_layer_type nn_layer_multi_head_attention = {
    .name = "multi_head_attention",
    .summary = "each step of a sequence attends to all steps or, with two inputs, to those of the second",
    .example = "multi_head_attention: {heads: 2}",
    .example_shape = {2, {3, 4}},
    .options = multi_head_table,
    .options_size = sizeof(multi_head_options),
    .clips = true,
    .build = multi_head_build,
    .forward = multi_head_forward,
    .backward = multi_head_backward,
    .tangent = multi_head_tangent,
    .gradient = multi_head_gradient,
    .axes = multi_head_axes,
};
