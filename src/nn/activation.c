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

#define SQRT_2 1.4142135623730951

const char *const nn_activation_names[] = {"none", "relu",       "tanh",    "sigmoid",
                                           "gelu", "leaky_relu", "softmax", NULL};

/* In the order of nn_activation_names. Gains for the rectifiers: He, Zhang, Ren, Sun: Delving deep into
 * rectifiers (ICCV 2015). */
static const nn_activation activation_table[] = {
    {"none", false, 1.0, "xavier", NULL, NULL},
    {"relu", false, SQRT_2, "he", activation_relu, activation_relu_gradient},
    {"tanh", false, 1.0, "xavier", activation_tanh, activation_tanh_gradient},
    {"sigmoid", false, 1.0, "xavier", activation_sigmoid, activation_sigmoid_gradient},
    {"gelu", true, SQRT_2, "he", activation_gelu, activation_gelu_gradient},
    {"leaky_relu", false, SQRT_2, "he", activation_leaky_relu, activation_leaky_relu_gradient},
    {"softmax", false, 1.0, "xavier", activation_softmax, activation_softmax_gradient},
};

const nn_activation *nn_activation_at(int index)
{
    return &activation_table[index];
}
