/*
 * Tangents by the kind of a layer: implementations of nn_layer_type.tangent that layers share. A tangent is
 * the derivative of values along a direction in the space of the network's inputs (forward mode; Baydin,
 * Pearlmutter, Radul, Siskind: Automatic differentiation in machine learning, a survey; JMLR 2018).
 */
#ifndef NN_NN_TANGENT_H
#define NN_NN_TANGENT_H

#include "nn/layer.h"

/* Forward is linear in all inputs together, or becomes so with call->linear: the tangent is forward of the
 * tangents. Of a layer with an activation it is the tangent before that (see nn_activation_tangent). */
void nn_tangent_linear(const nn_layer *layer, const nn_layer_call *call);

/* The Jacobian is symmetric, as of element-wise functions and softmax: the tangent is backward of the
 * tangent. */
void nn_tangent_symmetric(const nn_layer *layer, const nn_layer_call *call);

/* The output is piecewise constant. */
void nn_tangent_zero(const nn_layer *layer, const nn_layer_call *call);

#endif
