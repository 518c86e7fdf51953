/* The table of activation functions. */
#include "nn/activation.h"

#include "tensor/kernels.h"

static void activation_relu(int64_t rows, int64_t columns, nn_real slope, const nn_real *x, nn_real *y)
{
    (void)slope;
    nn_relu(rows * columns, x, y);
}

static void activation_relu_gradient(int64_t rows, int64_t columns, nn_real slope, const nn_real *y,
                                     const nn_real *dy, nn_real *dx)
{
    (void)slope;
    nn_relu_gradient(rows * columns, y, dy, dx);
}

static void activation_tanh(int64_t rows, int64_t columns, nn_real slope, const nn_real *x, nn_real *y)
{
    (void)slope;
    nn_tanh(rows * columns, x, y);
}

static void activation_tanh_gradient(int64_t rows, int64_t columns, nn_real slope, const nn_real *y,
                                     const nn_real *dy, nn_real *dx)
{
    (void)slope;
    nn_tanh_gradient(rows * columns, y, dy, dx);
}

static void activation_sigmoid(int64_t rows, int64_t columns, nn_real slope, const nn_real *x, nn_real *y)
{
    (void)slope;
    nn_sigmoid(rows * columns, x, y);
}

static void activation_sigmoid_gradient(int64_t rows, int64_t columns, nn_real slope, const nn_real *y,
                                        const nn_real *dy, nn_real *dx)
{
    (void)slope;
    nn_sigmoid_gradient(rows * columns, y, dy, dx);
}

static void activation_gelu(int64_t rows, int64_t columns, nn_real slope, const nn_real *x, nn_real *y)
{
    (void)slope;
    nn_gelu(rows * columns, x, y);
}

static void activation_gelu_gradient(int64_t rows, int64_t columns, nn_real slope, const nn_real *x,
                                     const nn_real *dy, nn_real *dx)
{
    (void)slope;
    nn_gelu_gradient(rows * columns, x, dy, dx);
}

static void activation_leaky_relu(int64_t rows, int64_t columns, nn_real slope, const nn_real *x, nn_real *y)
{
    nn_leaky_relu(rows * columns, slope, x, y);
}

static void activation_leaky_relu_gradient(int64_t rows, int64_t columns, nn_real slope, const nn_real *y,
                                           const nn_real *dy, nn_real *dx)
{
    nn_leaky_relu_gradient(rows * columns, slope, y, dy, dx);
}

static void activation_softmax(int64_t rows, int64_t columns, nn_real slope, const nn_real *x, nn_real *y)
{
    (void)slope;
    nn_softmax_rows(rows, columns, x, y);
}

static void activation_softmax_gradient(int64_t rows, int64_t columns, nn_real slope, const nn_real *y,
                                        const nn_real *dy, nn_real *dx)
{
    (void)slope;
    nn_softmax_gradient_rows(rows, columns, y, dy, dx);
}

static void activation_elu(int64_t rows, int64_t columns, nn_real slope, const nn_real *x, nn_real *y)
{
    (void)slope;
    nn_elu(rows * columns, x, y);
}

static void activation_elu_gradient(int64_t rows, int64_t columns, nn_real slope, const nn_real *y,
                                    const nn_real *dy, nn_real *dx)
{
    (void)slope;
    nn_elu_gradient(rows * columns, y, dy, dx);
}

static void activation_selu(int64_t rows, int64_t columns, nn_real slope, const nn_real *x, nn_real *y)
{
    (void)slope;
    nn_selu(rows * columns, x, y);
}

static void activation_selu_gradient(int64_t rows, int64_t columns, nn_real slope, const nn_real *y,
                                     const nn_real *dy, nn_real *dx)
{
    (void)slope;
    nn_selu_gradient(rows * columns, y, dy, dx);
}

static void activation_silu(int64_t rows, int64_t columns, nn_real slope, const nn_real *x, nn_real *y)
{
    (void)slope;
    nn_silu(rows * columns, x, y);
}

static void activation_silu_gradient(int64_t rows, int64_t columns, nn_real slope, const nn_real *x,
                                     const nn_real *dy, nn_real *dx)
{
    (void)slope;
    nn_silu_gradient(rows * columns, x, dy, dx);
}

static void activation_softplus(int64_t rows, int64_t columns, nn_real slope, const nn_real *x, nn_real *y)
{
    (void)slope;
    nn_softplus(rows * columns, x, y);
}

static void activation_softplus_gradient(int64_t rows, int64_t columns, nn_real slope, const nn_real *x,
                                         const nn_real *dy, nn_real *dx)
{
    (void)slope;
    nn_softplus_gradient(rows * columns, x, dy, dx);
}

static void activation_hard_sigmoid(int64_t rows, int64_t columns, nn_real slope, const nn_real *x,
                                    nn_real *y)
{
    (void)slope;
    nn_hard_sigmoid(rows * columns, x, y);
}

static void activation_hard_sigmoid_gradient(int64_t rows, int64_t columns, nn_real slope, const nn_real *y,
                                             const nn_real *dy, nn_real *dx)
{
    (void)slope;
    nn_hard_sigmoid_gradient(rows * columns, y, dy, dx);
}

static void activation_hard_swish(int64_t rows, int64_t columns, nn_real slope, const nn_real *x, nn_real *y)
{
    (void)slope;
    nn_hard_swish(rows * columns, x, y);
}

static void activation_hard_swish_gradient(int64_t rows, int64_t columns, nn_real slope, const nn_real *x,
                                           const nn_real *dy, nn_real *dx)
{
    (void)slope;
    nn_hard_swish_gradient(rows * columns, x, dy, dx);
}

static void activation_hard_tanh(int64_t rows, int64_t columns, nn_real slope, const nn_real *x, nn_real *y)
{
    (void)slope;
    nn_hard_tanh(rows * columns, x, y);
}

static void activation_hard_tanh_gradient(int64_t rows, int64_t columns, nn_real slope, const nn_real *y,
                                          const nn_real *dy, nn_real *dx)
{
    (void)slope;
    nn_hard_tanh_gradient(rows * columns, y, dy, dx);
}

#define SQRT_2 1.4142135623730951

/* In the order of nn_activation_names. Gains for the rectifiers: He, Zhang, Ren, Sun: Delving deep into
 * rectifiers (ICCV 2015); 1 for selu: Klambauer et al.: Self-normalizing neural networks (NIPS 2017). */
static const nn_activation activation_table[] = {
    {"none", false, 1.0, "xavier", NULL, NULL},
    {"relu", false, SQRT_2, "he", activation_relu, activation_relu_gradient},
    {"tanh", false, 1.0, "xavier", activation_tanh, activation_tanh_gradient},
    {"sigmoid", false, 1.0, "xavier", activation_sigmoid, activation_sigmoid_gradient},
    {"gelu", true, SQRT_2, "he", activation_gelu, activation_gelu_gradient},
    {"leaky_relu", false, SQRT_2, "he", activation_leaky_relu, activation_leaky_relu_gradient},
    {"softmax", false, 1.0, "xavier", activation_softmax, activation_softmax_gradient},
    {"elu", false, SQRT_2, "he", activation_elu, activation_elu_gradient},
    {"selu", false, 1.0, "he", activation_selu, activation_selu_gradient},
    {"silu", true, SQRT_2, "he", activation_silu, activation_silu_gradient},
    {"softplus", true, SQRT_2, "he", activation_softplus, activation_softplus_gradient},
    {"hard_sigmoid", false, 1.0, "xavier", activation_hard_sigmoid, activation_hard_sigmoid_gradient},
    {"hard_swish", true, SQRT_2, "he", activation_hard_swish, activation_hard_swish_gradient},
    {"hard_tanh", false, 1.0, "xavier", activation_hard_tanh, activation_hard_tanh_gradient},
};

const nn_activation *nn_activation_at(int index)
{
    return &activation_table[index];
}

const nn_activation *nn_activation_of(const nn_layer *layer, int index)
{
    return nn_activation_at(layer->taken_activation > 0 ? layer->taken_activation : index);
}

bool nn_activation_joins_columns(const nn_activation *activation)
{
    return activation->forward == activation_softmax;
}

/* The Jacobian of each of them is symmetric, so that the gradient is the tangent. */
void nn_activation_tangent(const nn_activation *activation, const nn_layer *layer, const nn_layer_call *call,
                           const nn_real *z)
{
    nn_shape shape = layer->output_shape;
    int64_t columns = shape.dimensions > 0 ? shape.extents[shape.dimensions - 1] : 1;
    int64_t rows = call->samples * nn_shape_count(shape) / columns;
    if (activation->backward)
        activation->backward(rows, columns, (nn_real)NN_DEFAULT_SLOPE,
                             activation->needs_input ? z : call->output, call->output_tangent,
                             call->output_tangent);
}
