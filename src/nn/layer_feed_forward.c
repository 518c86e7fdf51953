/*
 * The feed-forward part of a transformer (Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser,
 * Polosukhin: Attention is all you need; NIPS 2017): for every step x (every row along the last dimension),
 *
 *     z = x W + b        h = f(z)        y = h W' + b'
 *
 * where y has as many features as x.
 */
#include "base/least.h"
#include "base/memory.h"
#include "nn/activation.h"
#include "nn/projection.h"
#include "nn/saved.h"

#define DEFAULT_WIDENING 4

enum { FIRST, SECOND, PROJECTIONS };

typedef struct feed_forward_options {
    int64_t hidden;
    int activation;
    bool bias;
} feed_forward_options;

typedef struct feed_forward_plan {
    const nn_activation *activation;
    int64_t rows, hidden; /* rows per sample */
    nn_projection projections[PROJECTIONS];
} feed_forward_plan;

static const nn_option feed_forward_table[] = {
    {"hidden", NN_OPTION_INTEGER, offsetof(feed_forward_options, hidden), "0", 0, 1e9, NULL, NN_EFFECT_RESULT,
     "size of the hidden layer; 0: 4 x the features of the input"},
    {"activation", NN_OPTION_CHOICE, offsetof(feed_forward_options, activation), "gelu", 0, 0,
     nn_activation_names, NN_EFFECT_RESULT, "function applied to the hidden layer"},
    {"bias", NN_OPTION_BOOLEAN, offsetof(feed_forward_options, bias), "true", 0, 0, NULL, NN_EFFECT_RESULT,
     "add trainable biases to both products"},
    {0}};

/* ---- building ---- */

static nn_status feed_forward_add_projections(nn_layer *layer, feed_forward_plan *plan, int64_t features)
{
    const feed_forward_options *options = layer->options;
    nn_projection *first = &plan->projections[FIRST], *second = &plan->projections[SECOND];
    *first = (nn_projection){.weight_name = "hidden_weight",
                             .bias_name = options->bias ? "hidden_bias" : NULL,
                             .rows = plan->rows,
                             .inputs = features,
                             .units = plan->hidden,
                             .fan_out = plan->hidden,
                             .initializer = plan->activation->initializer,
                             .gain = plan->activation->gain};
    NN_TRY(nn_projection_build(layer, first));
    *second = (nn_projection){.weight_name = "output_weight",
                              .bias_name = options->bias ? "output_bias" : NULL,
                              .rows = plan->rows,
                              .inputs = plan->hidden,
                              .units = features,
                              .fan_out = features,
                              .first_part = first->part_count};
    NN_TRY(nn_projection_build(layer, second));
    if (!layer->shares) return NN_OK;
    if (layer->shares->type != layer->type) /* only the same type has the same parts */
        NN_FAIL(NN_ERROR_USAGE, "share: %s is not a %s layer; share the weights of one", layer->shares->name,
                layer->type->name);
    return nn_layer_share_parts(layer);
}

static void feed_forward_plan_memory(nn_layer *layer, const feed_forward_plan *plan)
{
    layer->saved_per_sample = 2 * plan->rows * plan->hidden;
    layer->tangent_per_sample = plan->rows * plan->hidden;
    layer->scratch_per_sample = plan->activation->needs_input ? plan->rows * plan->hidden : 0;
    for (int p = 0; p < PROJECTIONS; p++)
        layer->scratch_fixed =
            nn_larger(layer->scratch_fixed, nn_projection_gradient_scratch(&plan->projections[p]));
    layer->cuts = layer->engine != NN_ENGINE_BLAS;
    if (layer->cuts) nn_layer_divide_by_sample(layer);
}

static nn_status feed_forward_build(nn_layer *layer)
{
    const feed_forward_options *options = layer->options;
    NN_TRY(nn_layer_check_inputs(layer, 1));
    feed_forward_plan *plan;
    NN_TRY(NN_ALLOCATE(&plan, 1, "the plan of a feed-forward layer"));
    layer->plan = plan;
    nn_shape shape = layer->input_shapes[0];
    int64_t features = shape.dimensions > 0 ? shape.extents[shape.dimensions - 1] : 1;
    plan->activation = nn_activation_at(options->activation);
    plan->rows = nn_shape_count(shape) / features;
    plan->hidden = options->hidden > 0 ? options->hidden : DEFAULT_WIDENING * features;
    layer->output_shape = shape;
    layer->time.kept = shape.dimensions > 1;
    NN_TRY(feed_forward_add_projections(layer, plan, features));
    feed_forward_plan_memory(layer, plan);
    layer->flops_forward = 4.0 * (double)plan->rows * (double)features * (double)plan->hidden;
    layer->flops_input_gradient = layer->flops_forward;
    layer->flops_gradient = layer->flops_forward;
    return NN_OK;
}

/* ---- running ---- */

/* What is saved: h; and z, which backward overwrites with dz. */
static nn_real *feed_forward_h(const feed_forward_plan *plan, const nn_layer_call *call)
{
    return nn_layer_saved(call, 0, plan->rows * plan->hidden);
}

static nn_real *feed_forward_z(const feed_forward_plan *plan, const nn_layer_call *call)
{
    return nn_layer_saved(call, plan->rows * plan->hidden, plan->rows * plan->hidden);
}

static void feed_forward_forward(const nn_layer *layer, const nn_layer_call *call)
{
    const feed_forward_plan *plan = layer->plan;
    nn_real *h = feed_forward_h(plan, call);
    nn_real *z = plan->activation->needs_input ? feed_forward_z(plan, call) : h;
    nn_projection_forward(&plan->projections[FIRST], call, call->inputs[0], z, call->scratch);
    if (plan->activation->forward)
        plan->activation->forward(call->samples * plan->rows, plan->hidden, (nn_real)NN_DEFAULT_SLOPE, z, h);
    nn_projection_forward(&plan->projections[SECOND], call, h, call->output, call->scratch);
}

static void feed_forward_backward(const nn_layer *layer, const nn_layer_call *call)
{
    const feed_forward_plan *plan = layer->plan;
    const nn_activation *activation = plan->activation;
    int64_t rows = call->samples * plan->rows;
    const nn_real *h = feed_forward_h(plan, call);
    nn_real *dz = feed_forward_z(plan, call), *dh = activation->needs_input ? call->scratch : dz;
    nn_real *scratch = call->scratch + (activation->needs_input ? rows * plan->hidden : 0);
    nn_projection_backward(&plan->projections[SECOND], call, call->output_gradient, dh, scratch);
    if (activation->backward)
        activation->backward(rows, plan->hidden, (nn_real)NN_DEFAULT_SLOPE, activation->needs_input ? dz : h,
                             dh, dz);
    if (call->input_gradients[0])
        nn_projection_backward(&plan->projections[FIRST], call, dz, call->input_gradients[0], scratch);
}

static void feed_forward_tangent(const nn_layer *layer, const nn_layer_call *call)
{
    const feed_forward_plan *plan = layer->plan;
    const nn_activation *activation = plan->activation;
    nn_real *hidden = call->tangent_scratch;
    nn_layer_call linear = *call;
    linear.linear = true;
    nn_projection_forward(&plan->projections[FIRST], &linear, call->input_tangents[0], hidden, call->scratch);
    if (activation->backward)
        activation->backward(call->samples * plan->rows, plan->hidden, (nn_real)NN_DEFAULT_SLOPE,
                             activation->needs_input ? feed_forward_z(plan, call)
                                                     : feed_forward_h(plan, call),
                             hidden, hidden);
    nn_projection_forward(&plan->projections[SECOND], &linear, hidden, call->output_tangent, call->scratch);
}

static void feed_forward_gradient(const nn_layer *layer, const nn_layer_call *call, int part, bool accumulate,
                                  nn_real *values)
{
    const feed_forward_plan *plan = layer->plan;
    const nn_real *h = feed_forward_h(plan, call), *dz = feed_forward_z(plan, call);
    if (nn_projection_has_part(&plan->projections[FIRST], part))
        nn_projection_gradient(&plan->projections[FIRST], layer, call, call->inputs[0], dz, part, accumulate,
                               values);
    else
        nn_projection_gradient(&plan->projections[SECOND], layer, call, h, call->output_gradient, part,
                               accumulate, values);
}

static const nn_tensor_axes feed_forward_axes[] = {
    {"hidden_weight", "features, hidden", "linear1.weight'", NULL},
    {"hidden_bias", "hidden", "linear1.bias", NULL},
    {"output_weight", "hidden, features", "linear2.weight'", NULL},
    {"output_bias", "features", "linear2.bias", NULL},
    {0}};

const nn_layer_type nn_layer_feed_forward = {
    .name = "feed_forward",
    .summary = "two dense layers with a wider hidden layer, applied to every step: a part of transformers",
    .example = "feed_forward: {hidden: 5}",
    .options = feed_forward_table,
    .options_size = sizeof(feed_forward_options),
    .build = feed_forward_build,
    .forward = feed_forward_forward,
    .backward = feed_forward_backward,
    .tangent = feed_forward_tangent,
    .gradient = feed_forward_gradient,
    .axes = feed_forward_axes,
};
