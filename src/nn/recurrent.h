/*
 * What rnn, lstm and gru share: private to nn. Each layer's file defines a cell, which updates the units of
 * one sample in one step. The shared part iterates over samples, steps and directions and computes the
 * products: for the inputs, of all steps at once; for the state, step by step.
 *
 * The steps of a sample are its first `lengths` rows; later rows are ignored. The reverse direction starts at
 * the sample's own last step. Gradients stop at the start of the window: a carried state counts as constant
 * (truncated back-propagation through time; Williams, Peng 1990).
 */
#ifndef NN_NN_RECURRENT_H
#define NN_NN_RECURRENT_H

#include "nn/initializer.h"
#include "tensor/panels.h"

/* ---- options ---- */

/* The first member of a layer's options. */
typedef struct nn_recurrent_options {
    int64_t units;
    bool bidirectional, carry;
    int output; /* index in nn_recurrent_outputs */
    int initializer, recurrent_initializer;
} nn_recurrent_options;

enum { NN_RECURRENT_LAST, NN_RECURRENT_SEQUENCE };
extern const char *const nn_recurrent_outputs[];
extern const nn_tensor_axes nn_recurrent_axes[];
extern const char *const nn_recurrent_initializers[];

#define NN_RECURRENT_OPTION(field, option_kind, default_text, words, text)                                   \
    {                                                                                                        \
        .name = #field, .kind = (option_kind), .offset = offsetof(nn_recurrent_options, field),              \
        .default_value = (default_text), .choices = (words), .effect = NN_EFFECT_RESULT, .help = (text)      \
    }

/* The rows common to all option tables. */
#define NN_RECURRENT_OPTIONS                                                                                 \
    {.name = "units",                                                                                        \
     .kind = NN_OPTION_INTEGER,                                                                              \
     .offset = offsetof(nn_recurrent_options, units),                                                        \
     .minimum = 1,                                                                                           \
     .maximum = 1e6,                                                                                         \
     .effect = NN_EFFECT_RESULT,                                                                             \
     .help = "size of the state, per direction"},                                                            \
        NN_RECURRENT_OPTION(output, NN_OPTION_CHOICE, "last", nn_recurrent_outputs,                          \
                            "last: the state after the last step; sequence: the state after each step; to "  \
                            "stack layers, use sequence in all but the last"),                               \
        NN_RECURRENT_OPTION(bidirectional, NN_OPTION_BOOLEAN, "false", NULL,                                 \
                            "also run backward through time, with separate weights: 2 x units outputs"),     \
        NN_RECURRENT_OPTION(carry, NN_OPTION_BOOLEAN, "false", NULL,                                         \
                            "start each window with the final state of the previous one"),                   \
        NN_RECURRENT_OPTION(initializer, NN_OPTION_CHOICE, "xavier", nn_recurrent_initializers,              \
                            "initial values of the input weight"),                                           \
        NN_RECURRENT_OPTION(recurrent_initializer, NN_OPTION_CHOICE, "orthogonal",                           \
                            nn_recurrent_initializers, "initial values of the recurrent weight")

/* ---- the cell ---- */

/* What a cell reads and writes for one sample in one step. A gate has `units` values. */
typedef struct nn_recurrent_step {
    int64_t units;
    const nn_real *recurrent; /* h U, plus the recurrent bias of the gates apart; not in
                                 backward */
    nn_real *gates;  /* forward: x W + bias, replaced by what backward needs; backward: replaced by the
                        gradient with respect to x W + bias */
    nn_real *kept;   /* cell->kept x units: what else backward needs */
    nn_real *hidden; /* forward: h, replaced by h'; backward: dh', replaced by the part of dh that bypasses
                        the product */
    nn_real *cell;   /* if cell->has_memory: c, replaced by c'; backward: dc', replaced by dc */
    const nn_real *previous;     /* h; not in forward */
    nn_real *recurrent_gradient; /* backward: receives the gradient with respect to h U */
    /* Tangent reads what forward left in gates, kept and previous; `recurrent` is that of h U, and hidden and
     * cell are those of h and c, replaced by those of h' and c'. */
    const nn_real *tangent; /* of x W + bias */
} nn_recurrent_step;

typedef struct nn_recurrent_cell {
    int gates;
    int kept;        /* values per unit and step that forward keeps for backward, in addition to the gates */
    bool has_memory; /* there is a second state, c, which no product reads */
    bool passes_by;  /* part of the gradient bypasses the product: backward leaves it in `hidden` */
    /* Number of gates, the last ones, whose gradient with respect to h U differs from that with respect to x
     * W; backward leaves it at the start of `kept`. They have a recurrent bias. */
    int apart;
    void (*forward)(const nn_recurrent_step *step);
    void (*backward)(const nn_recurrent_step *step);
    void (*tangent)(const nn_recurrent_step *step);
    const nn_initializer_type *bias; /* initial values of the bias */
    double bias_gain;
} nn_recurrent_cell;

/* ---- the plan of a layer ---- */

typedef enum nn_recurrent_tensor {
    NN_RECURRENT_INPUT_WEIGHT,
    NN_RECURRENT_WEIGHT,
    NN_RECURRENT_INPUT_BIAS,
    NN_RECURRENT_BIAS, /* of the gates apart */
    NN_RECURRENT_TENSORS
} nn_recurrent_tensor;

/* Rows of one tensor, computed by one call of gradient. */
typedef struct nn_recurrent_part {
    int direction;
    nn_recurrent_tensor tensor;
    int64_t first, rows;
} nn_recurrent_part;

typedef struct nn_recurrent_plan {
    nn_recurrent_cell cell;
    const nn_tile_kernels *kernels;
    int64_t largest; /* of the packed weights, in values */
    int64_t steps, features, units;
    int64_t columns; /* gates x units */
    int directions;
    int64_t offsets[2][NN_RECURRENT_TENSORS]; /* of the tensors, by direction */
    nn_recurrent_part parts[];
} nn_recurrent_plan;

/* The panels that a pass reads, in the order in which they are packed: by direction those of the forward
 * pass, or those of the gradient of the state; then those of the gradient of the input, for both directions.
 */
typedef enum nn_recurrent_panels {
    NN_RECURRENT_OF_INPUT,    /* W and its bias */
    NN_RECURRENT_OF_STATE,    /* U and the bias of the gates apart */
    NN_RECURRENT_OF_RETURN,   /* U transposed */
    NN_RECURRENT_OF_GRADIENT, /* W transposed, of both directions */
    NN_RECURRENT_PANELS
} nn_recurrent_panels;

/* Their shape: the offset of the second direction is left to the caller. */
nn_panels nn_recurrent_panels_of(const nn_recurrent_plan *plan, nn_recurrent_panels which);

/* Their size in values, a multiple of NN_PARAMETER_ALIGNMENT. */
int64_t nn_recurrent_panels_values(const nn_recurrent_plan *plan, nn_recurrent_panels which);

/* The functions of an nn_layer_type; build copies the cell. */
nn_status nn_recurrent_build(nn_layer *layer, const nn_recurrent_cell *cell);
void nn_recurrent_pack(const nn_layer *layer, nn_pass pass, const nn_real *parameters, nn_real *packed);
void nn_recurrent_forward(const nn_layer *layer, const nn_layer_call *call);
void nn_recurrent_backward(const nn_layer *layer, const nn_layer_call *call);
void nn_recurrent_tangent(const nn_layer *layer, const nn_layer_call *call);
void nn_recurrent_gradient(const nn_layer *layer, const nn_layer_call *call, int index, bool accumulate,
                           nn_real *values);

#endif
