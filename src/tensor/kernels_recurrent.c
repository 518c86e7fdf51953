/* The element-wise parts of recurrent layers, between the matrix products. */
#include "tensor/kernels_recurrent.h"

#include "tensor/elementary.h"
#include "tensor/vectorize.h"

NN_VECTORIZED
void nn_rnn_tanh_step(int64_t units, const nn_real *recurrent, nn_real *gates, nn_real *hidden)
{
    NN_INDEPENDENT
    for (int64_t u = 0; u < units; u++) {
        nn_real h = elementary_tanh(gates[u] + recurrent[u]);
        gates[u] = h;
        hidden[u] = h;
    }
}

NN_VECTORIZED
void nn_rnn_relu_step(int64_t units, const nn_real *recurrent, nn_real *gates, nn_real *hidden)
{
    NN_INDEPENDENT
    for (int64_t u = 0; u < units; u++) {
        nn_real x = gates[u] + recurrent[u];
        nn_real h = x < 0 ? 0 : x;
        gates[u] = h;
        hidden[u] = h;
    }
}

NN_VECTORIZED
void nn_lstm_step(int64_t units, const nn_real *recurrent, nn_real *gates, nn_real *cell, nn_real *kept,
                  nn_real *hidden)
{
    const int64_t at_f = units, at_g = 2 * units, at_o = 3 * units;
    NN_INDEPENDENT
    for (int64_t u = 0; u < units; u++) {
        nn_real i = elementary_sigmoid(gates[u] + recurrent[u]);
        nn_real f = elementary_sigmoid(gates[at_f + u] + recurrent[at_f + u]);
        nn_real g = elementary_tanh(gates[at_g + u] + recurrent[at_g + u]);
        nn_real o = elementary_sigmoid(gates[at_o + u] + recurrent[at_o + u]);
        nn_real c = f * cell[u] + i * g;
        nn_real squashed = elementary_tanh(c);
        gates[u] = i;
        gates[at_f + u] = f;
        gates[at_g + u] = g;
        gates[at_o + u] = o;
        kept[u] = cell[u];
        kept[units + u] = squashed;
        cell[u] = c;
        hidden[u] = o * squashed;
    }
}

NN_VECTORIZED
void nn_lstm_step_gradient(int64_t units, const nn_real *kept, const nn_real *hidden, nn_real *gates,
                           nn_real *cell)
{
    const int64_t at_f = units, at_g = 2 * units, at_o = 3 * units;
    NN_INDEPENDENT
    for (int64_t u = 0; u < units; u++) {
        nn_real i = gates[u], f = gates[at_f + u], g = gates[at_g + u], o = gates[at_o + u];
        nn_real squashed = kept[units + u];
        nn_real dc = cell[u] + hidden[u] * o * (1 - squashed * squashed);
        gates[u] = dc * g * (i * (1 - i));
        gates[at_f + u] = dc * kept[u] * (f * (1 - f));
        gates[at_g + u] = dc * i * (1 - g * g);
        gates[at_o + u] = hidden[u] * squashed * (o * (1 - o));
        cell[u] = dc * f;
    }
}

NN_VECTORIZED
void nn_lstm_step_tangent(int64_t units, const nn_real *input, const nn_real *recurrent, const nn_real *gates,
                          const nn_real *kept, nn_real *cell, nn_real *hidden)
{
    const int64_t at_f = units, at_g = 2 * units, at_o = 3 * units;
    NN_INDEPENDENT
    for (int64_t u = 0; u < units; u++) {
        nn_real i = gates[u], f = gates[at_f + u], g = gates[at_g + u], o = gates[at_o + u];
        nn_real squashed = kept[units + u];
        nn_real di = (input[u] + recurrent[u]) * (i * (1 - i));
        nn_real df = (input[at_f + u] + recurrent[at_f + u]) * (f * (1 - f));
        nn_real dg = (input[at_g + u] + recurrent[at_g + u]) * (1 - g * g);
        nn_real dout = (input[at_o + u] + recurrent[at_o + u]) * (o * (1 - o));
        nn_real dc = df * kept[u] + f * cell[u] + di * g + i * dg;
        cell[u] = dc;
        hidden[u] = dout * squashed + o * (1 - squashed * squashed) * dc;
    }
}

NN_VECTORIZED
void nn_gru_step(int64_t units, const nn_real *recurrent, nn_real *gates, nn_real *kept, nn_real *hidden)
{
    const int64_t at_z = units, at_n = 2 * units;
    NN_INDEPENDENT
    for (int64_t u = 0; u < units; u++) {
        nn_real r = elementary_sigmoid(gates[u] + recurrent[u]);
        nn_real z = elementary_sigmoid(gates[at_z + u] + recurrent[at_z + u]);
        nn_real q = recurrent[at_n + u];
        nn_real n = elementary_tanh(gates[at_n + u] + r * q);
        gates[u] = r;
        gates[at_z + u] = z;
        gates[at_n + u] = n;
        kept[u] = q;
        hidden[u] = (1 - z) * n + z * hidden[u];
    }
}

NN_VECTORIZED
void nn_gru_step_gradient(int64_t units, const nn_real *previous, nn_real *gates, nn_real *kept,
                          nn_real *hidden, nn_real *recurrent)
{
    const int64_t at_z = units, at_n = 2 * units;
    NN_INDEPENDENT
    for (int64_t u = 0; u < units; u++) {
        nn_real r = gates[u], z = gates[at_z + u], n = gates[at_n + u], dh = hidden[u];
        nn_real dn = dh * (1 - z) * (1 - n * n);
        nn_real dr = dn * kept[u] * (r * (1 - r));
        nn_real dz = dh * (previous[u] - n) * (z * (1 - z));
        gates[u] = dr;
        gates[at_z + u] = dz;
        gates[at_n + u] = dn;
        recurrent[u] = dr;
        recurrent[at_z + u] = dz;
        recurrent[at_n + u] = dn * r;
        kept[u] = dn * r;
        hidden[u] = dh * z;
    }
}

NN_VECTORIZED
void nn_gru_step_tangent(int64_t units, const nn_real *input, const nn_real *recurrent,
                         const nn_real *previous, const nn_real *gates, const nn_real *kept, nn_real *hidden)
{
    const int64_t at_z = units, at_n = 2 * units;
    NN_INDEPENDENT
    for (int64_t u = 0; u < units; u++) {
        nn_real r = gates[u], z = gates[at_z + u], n = gates[at_n + u];
        nn_real dr = (input[u] + recurrent[u]) * (r * (1 - r));
        nn_real dz = (input[at_z + u] + recurrent[at_z + u]) * (z * (1 - z));
        nn_real dn = (input[at_n + u] + dr * kept[u] + r * recurrent[at_n + u]) * (1 - n * n);
        hidden[u] = (1 - z) * dn + dz * (previous[u] - n) + z * hidden[u];
    }
}
