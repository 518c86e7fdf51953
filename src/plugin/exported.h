/*
 * The functions that plug-ins may call and that exist once per precision: nntrain exports each with the name
 * of its precision, and this header, included first, gives the declarations of a plug-in that name. The build
 * reads the list from here.
 */
#ifndef NN_PLUGIN_EXPORTED_H
#define NN_PLUGIN_EXPORTED_H

#include "base/real.h"

#if defined(NN_REAL_FLOAT) || defined(NN_REAL_DOUBLE)
#define nn_add NN_REAL_SYMBOL(nn_add)
#define nn_multiply NN_REAL_SYMBOL(nn_multiply)
#define nn_scale NN_REAL_SYMBOL(nn_scale)
#define nn_add_bias NN_REAL_SYMBOL(nn_add_bias)
#define nn_clip NN_REAL_SYMBOL(nn_clip)
#define nn_blend NN_REAL_SYMBOL(nn_blend)
#define nn_sum_rows NN_REAL_SYMBOL(nn_sum_rows)
#define nn_sum_squares NN_REAL_SYMBOL(nn_sum_squares)
#define nn_all_finite NN_REAL_SYMBOL(nn_all_finite)
#define nn_exp NN_REAL_SYMBOL(nn_exp)
#define nn_log NN_REAL_SYMBOL(nn_log)
#define nn_tanh NN_REAL_SYMBOL(nn_tanh)
#define nn_erf NN_REAL_SYMBOL(nn_erf)
#define nn_sigmoid NN_REAL_SYMBOL(nn_sigmoid)
#define nn_gelu NN_REAL_SYMBOL(nn_gelu)
#define nn_relu NN_REAL_SYMBOL(nn_relu)
#define nn_leaky_relu NN_REAL_SYMBOL(nn_leaky_relu)
#define nn_elu NN_REAL_SYMBOL(nn_elu)
#define nn_selu NN_REAL_SYMBOL(nn_selu)
#define nn_silu NN_REAL_SYMBOL(nn_silu)
#define nn_softplus NN_REAL_SYMBOL(nn_softplus)
#define nn_hard_sigmoid NN_REAL_SYMBOL(nn_hard_sigmoid)
#define nn_hard_swish NN_REAL_SYMBOL(nn_hard_swish)
#define nn_hard_tanh NN_REAL_SYMBOL(nn_hard_tanh)
#define nn_relu_gradient NN_REAL_SYMBOL(nn_relu_gradient)
#define nn_leaky_relu_gradient NN_REAL_SYMBOL(nn_leaky_relu_gradient)
#define nn_tanh_gradient NN_REAL_SYMBOL(nn_tanh_gradient)
#define nn_sigmoid_gradient NN_REAL_SYMBOL(nn_sigmoid_gradient)
#define nn_gelu_gradient NN_REAL_SYMBOL(nn_gelu_gradient)
#define nn_elu_gradient NN_REAL_SYMBOL(nn_elu_gradient)
#define nn_selu_gradient NN_REAL_SYMBOL(nn_selu_gradient)
#define nn_silu_gradient NN_REAL_SYMBOL(nn_silu_gradient)
#define nn_softplus_gradient NN_REAL_SYMBOL(nn_softplus_gradient)
#define nn_hard_sigmoid_gradient NN_REAL_SYMBOL(nn_hard_sigmoid_gradient)
#define nn_hard_swish_gradient NN_REAL_SYMBOL(nn_hard_swish_gradient)
#define nn_hard_tanh_gradient NN_REAL_SYMBOL(nn_hard_tanh_gradient)
#define nn_softmax_rows NN_REAL_SYMBOL(nn_softmax_rows)
#define nn_softmax_gradient_rows NN_REAL_SYMBOL(nn_softmax_gradient_rows)
#define nn_exp_rows NN_REAL_SYMBOL(nn_exp_rows)
#define nn_matrix_product NN_REAL_SYMBOL(nn_matrix_product)
#define nn_matrix_accumulates_exactly NN_REAL_SYMBOL(nn_matrix_accumulates_exactly)
#define nn_tangent_linear NN_REAL_SYMBOL(nn_tangent_linear)
#define nn_tangent_symmetric NN_REAL_SYMBOL(nn_tangent_symmetric)
#define nn_tangent_zero NN_REAL_SYMBOL(nn_tangent_zero)
#define nn_activation_at NN_REAL_SYMBOL(nn_activation_at)
#define nn_activation_of NN_REAL_SYMBOL(nn_activation_of)
#define nn_activation_tangent NN_REAL_SYMBOL(nn_activation_tangent)
#define nn_activation_joins_columns NN_REAL_SYMBOL(nn_activation_joins_columns)
#endif

#endif
