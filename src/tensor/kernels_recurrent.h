/*
 * One step of one sample of a recurrent layer: everything between the two matrix products, in one pass over
 * the units. Vectorised by CPU feature, with the same bits on every instruction set.
 */
#ifndef NN_TENSOR_KERNELS_RECURRENT_H
#define NN_TENSOR_KERNELS_RECURRENT_H

#include <stdint.h>

#include "base/real.h"

/* h' = f(x W + h U + b): `gates` holds x W + b; it and `hidden` receive h'; `recurrent` holds h U. For the
 * gradient use nn_tanh_gradient or nn_relu_gradient. */
void nn_rnn_tanh_step(int64_t units, const nn_real *recurrent, nn_real *gates, nn_real *hidden);
void nn_rnn_relu_step(int64_t units, const nn_real *recurrent, nn_real *gates, nn_real *hidden);

/* The long short-term memory (Hochreiter, Schmidhuber 1997; forget gate by Gers, Schmidhuber, Cummins 2000):
 *   i, f, o = sigmoid(x W + h U + b)   g = tanh(x W + h U + b)   c' = f c + i g   h' = o tanh(c')
 * `gates` holds x W + b of the four gates in the order i f g o, `units` each, and receives their values;
 * `recurrent` holds h U in that order. `cell` holds c and receives c'; `kept` receives c and tanh(c'),
 * `hidden` h'. */
void nn_lstm_step(int64_t units, const nn_real *recurrent, nn_real *gates, nn_real *cell, nn_real *kept,
                  nn_real *hidden);

/* Replaces the gates by the gradient with respect to x W + h U + b. `hidden` holds dh'; `cell` holds dc' and
 * receives dc. */
void nn_lstm_step_gradient(int64_t units, const nn_real *kept, const nn_real *hidden, nn_real *gates,
                           nn_real *cell);

/* After the step, which left gates, kept: from the tangents of x W + b, of h U, of c and of h, replaces the
 * last two by those of c' and h'. */
void nn_lstm_step_tangent(int64_t units, const nn_real *input, const nn_real *recurrent, const nn_real *gates,
                          const nn_real *kept, nn_real *cell, nn_real *hidden);

/* The gated recurrent unit (Cho and others 2014) that resets after the product (as in cuDNN):
 *   r, z = sigmoid(x W + h U + b)   q = h U + b_q   n = tanh(x W + r q + b)   h' = (1 - z) n + z h
 * `gates` holds x W + b in the order r z n and receives the values of the gates; `recurrent` holds h U, with
 * b_q added to the last gate; `hidden` holds h and receives h'; `kept` receives q. */
void nn_gru_step(int64_t units, const nn_real *recurrent, nn_real *gates, nn_real *kept, nn_real *hidden);

/* Replaces the gates by the gradient with respect to x W + b, and `kept` by that with respect to q;
 * `recurrent` receives that with respect to h U. `previous` holds h; `hidden` holds dh' and receives the part
 * of dh that bypasses the product. */
void nn_gru_step_gradient(int64_t units, const nn_real *previous, nn_real *gates, nn_real *kept,
                          nn_real *hidden, nn_real *recurrent);

/* After the step, which left gates and kept: from the tangents of x W + b, of h U and of h, replaces the last
 * by that of h'. */
void nn_gru_step_tangent(int64_t units, const nn_real *input, const nn_real *recurrent,
                         const nn_real *previous, const nn_real *gates, const nn_real *kept, nn_real *hidden);

#endif
