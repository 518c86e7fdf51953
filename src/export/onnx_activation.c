/* Activations. Attributes of ONNX are float32, so that constants are tensors: a network in double stays
 * exact. */
#include <math.h>
#include <string.h>

#include "export/onnx_layer.h"

#define LEAKY_SLOPE 0.01
/* Klambauer, Unterthiner, Mayr, Hochreiter: Self-normalizing neural networks; NIPS 2017. */
#define SELU_ALPHA 1.6732632423543772848170429916717
#define SELU_SCALE 1.0507009873554804934193349852946
#define SQUARE_ROOT_OF_HALF 0.70710678118654752440084436210485

static const char *activation_scale(nn_onnx *onnx, const char *x, double factor)
{
    return NN_ONNX_NODE(onnx, "Mul", x, nn_onnx_real(onnx, factor));
}

static const char *activation_clip(nn_onnx *onnx, const char *x, double least, double most)
{
    return NN_ONNX_NODE(onnx, "Clip", x, nn_onnx_real(onnx, least), nn_onnx_real(onnx, most));
}

static const char *activation_gelu(nn_onnx *onnx, const char *x)
{
    const char *erf = NN_ONNX_NODE(onnx, "Erf", activation_scale(onnx, x, SQUARE_ROOT_OF_HALF));
    const char *phi = activation_scale(onnx, NN_ONNX_NODE(onnx, "Add", erf, nn_onnx_real(onnx, 1)), 0.5);
    return NN_ONNX_NODE(onnx, "Mul", x, phi);
}

/* max(x, 0) + alpha (exp(min(x, 0)) - 1) */
static const char *activation_exponential(nn_onnx *onnx, const char *x, double alpha)
{
    const char *below = NN_ONNX_NODE(onnx, "Exp", NN_ONNX_NODE(onnx, "Min", x, nn_onnx_real(onnx, 0)));
    below = activation_scale(onnx, NN_ONNX_NODE(onnx, "Sub", below, nn_onnx_real(onnx, 1)), alpha);
    return NN_ONNX_NODE(onnx, "Add", NN_ONNX_NODE(onnx, "Relu", x), below);
}

static const char *activation_elu(nn_onnx *onnx, const char *x)
{
    return NN_ONNX_NODE(onnx, "Elu", x);
}

static const char *activation_selu(nn_onnx *onnx, const char *x)
{
    return activation_scale(onnx, activation_exponential(onnx, x, SELU_ALPHA), SELU_SCALE);
}

static const char *activation_hard_sigmoid(nn_onnx *onnx, const char *x)
{
    const char *line = NN_ONNX_NODE(onnx, "Add", x, nn_onnx_real(onnx, 3));
    return NN_ONNX_NODE(onnx, "Div", activation_clip(onnx, line, 0, 6), nn_onnx_real(onnx, 6));
}

static const char *activation_hard_swish(nn_onnx *onnx, const char *x)
{
    return NN_ONNX_NODE(onnx, "Mul", x, activation_hard_sigmoid(onnx, x));
}

static const char *activation_hard_tanh(nn_onnx *onnx, const char *x)
{
    return activation_clip(onnx, x, -1, 1);
}

static const char *activation_leaky(nn_onnx *onnx, const char *x, double slope)
{
    return NN_ONNX_NODE(onnx, "PRelu", x, nn_onnx_real(onnx, slope));
}

static const char *activation_leaky_relu(nn_onnx *onnx, const char *x)
{
    return activation_leaky(onnx, x, LEAKY_SLOPE);
}

static const char *activation_silu(nn_onnx *onnx, const char *x)
{
    return NN_ONNX_NODE(onnx, "Mul", x, NN_ONNX_NODE(onnx, "Sigmoid", x));
}

static const char *activation_softmax(nn_onnx *onnx, const char *x)
{
    const char *value = NN_ONNX_NODE(onnx, "Softmax", x);
    nn_onnx_set_integer(onnx, "axis", -1);
    return value;
}

const char *nn_onnx_activate(const nn_onnx_call *call, const char *function, const char *x)
{
    static const struct {
        const char *function, *operator; /* NULL: convert */
        const char *(*convert)(nn_onnx *onnx, const char *x);
    } rows[] = {
        {"relu", "Relu", NULL},
        {"tanh", "Tanh", NULL},
        {"sigmoid", "Sigmoid", NULL},
        {"softplus", "Softplus", NULL},
        {"gelu", NULL, activation_gelu},
        {"leaky_relu", NULL, activation_leaky_relu},
        {"softmax", NULL, activation_softmax},
        {"elu", NULL, activation_elu},
        {"selu", NULL, activation_selu},
        {"silu", NULL, activation_silu},
        {"hard_sigmoid", NULL, activation_hard_sigmoid},
        {"hard_swish", NULL, activation_hard_swish},
        {"hard_tanh", NULL, activation_hard_tanh},
    };
    if (!function || strcmp(function, "none") == 0) return x;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i].function, function) != 0) continue;
        if (rows[i].operator) return NN_ONNX_NODE(call->onnx, rows[i].operator, x);
        return rows[i].convert(call->onnx, x);
    }
    return nn_onnx_refuse(
        call, "this version does not know the activation '%s'; use another one, such as relu", function);
}

static const char *activation_convert(const nn_onnx_call *call)
{
    const char *function = nn_described_word(call->layer, "function"), *x = call->inputs[0].value;
    if (call->layer->shape.dimensions == 0 && function && strcmp(function, "softmax") == 0)
        return nn_onnx_refuse(call, "softmax of a single value is 1; remove the layer");
    if (function && strcmp(function, "leaky_relu") == 0)
        return activation_leaky(call->onnx, x, nn_described_real(call->layer, "slope"));
    return nn_onnx_activate(call, function, x);
}

static const char *activation_convert_prelu(const nn_onnx_call *call)
{
    return NN_ONNX_NODE(call->onnx, "PRelu", call->inputs[0].value, nn_onnx_needed(call, "slope"));
}

/* In prediction, dropout does nothing. */
static const char *activation_convert_dropout(const nn_onnx_call *call)
{
    return call->inputs[0].value;
}

const nn_onnx_layer nn_onnx_activation_layers[] = {
    {.type = "activation", .convert = activation_convert, .steps = NN_ONNX_STEPS_KEPT},
    {.type = "prelu", .convert = activation_convert_prelu, .steps = NN_ONNX_STEPS_KEPT},
    {.type = "dropout", .convert = activation_convert_dropout, .steps = NN_ONNX_STEPS_KEPT},
    {.type = NULL}};
