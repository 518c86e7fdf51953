/*
 * The gated recurrent unit (Cho and others: Learning phrase representations using RNN encoder-decoder for
 * statistical machine translation; EMNLP 2014), in the variant in which the reset gate is applied to h U + b,
 * after the product. The order of the gates is reset, update, candidate. The candidate has one bias inside
 * and one outside the reset gate; the other gates have one each, as two would only be added.
 */
#include "nn/recurrent.h"
#include "tensor/kernels_recurrent.h"

static const nn_option gru_table[] = {NN_RECURRENT_OPTIONS, {.name = NULL}};

static void gru_step_forward(const nn_recurrent_step *step)
{
    nn_gru_step(step->units, step->recurrent, step->gates, step->kept, step->hidden);
}

static void gru_step_backward(const nn_recurrent_step *step)
{
    nn_gru_step_gradient(step->units, step->previous, step->gates, step->kept, step->hidden,
                         step->recurrent_gradient);
}

static void gru_step_tangent(const nn_recurrent_step *step)
{
    nn_gru_step_tangent(step->units, step->tangent, step->recurrent, step->previous, step->gates, step->kept,
                        step->hidden);
}

static nn_status gru_build(nn_layer *layer)
{
    return nn_recurrent_build(layer, &(nn_recurrent_cell){.gates = 3,
                                                          .kept = 1,
                                                          .passes_by = true,
                                                          .apart = 1,
                                                          .forward = gru_step_forward,
                                                          .backward = gru_step_backward,
                                                          .tangent = gru_step_tangent});
}

/* Keras has the gates in the order z r h, and both biases of all gates in one tensor. */
static const nn_tensor_axes gru_axes[] = {
    {"input_weight", "features, gates x units", "weight_ih_l0'", "cell/vars/0[1 0 2 of 3]"},
    {"recurrent_weight", "units, gates x units", "weight_hh_l0'", "cell/vars/1[1 0 2 of 3]"},
    {"bias", "gates x units", "bias_ih_l0 + bias_hh_l0[0 1 of 3]",
     "cell/vars/2[1 0 2 of 6] + cell/vars/2[4 3 of 6]"},
    {"recurrent_bias", "units of the last gate", "bias_hh_l0[2 of 3]", "cell/vars/2[5 of 6]"},
    {0}};

const nn_layer_type nn_layer_gru = {
    .name = "gru",
    .summary = "gated recurrent unit over the steps of a sequence (steps x features)",
    .example = "gru: {units: 4}",
    .example_shape = {2, {5, 3}},
    .options = gru_table,
    .options_size = sizeof(nn_recurrent_options),
    .clips = true,
    .build = gru_build,
    .pack = nn_recurrent_pack,
    .forward = nn_recurrent_forward,
    .backward = nn_recurrent_backward,
    .tangent = nn_recurrent_tangent,
    .gradient = nn_recurrent_gradient,
    .axes = gru_axes,
    .gates = "r z n",
};
