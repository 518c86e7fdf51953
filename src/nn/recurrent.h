/*
 * What rnn, lstm and gru share: private to nn. A layer's file has a cell, which says what happens to the
 * units of one sample in one step; this here goes over samples, steps and directions, and makes the products:
 * of the inputs of all steps in one go, and of the state step by step.
 *
 * The steps of a sample are its first `lengths` rows; what stands behind them takes part in nothing. The
 * reverse direction begins at the sample's own last step. A gradient does not go back beyond the window: what
 * `carried` brought in counts as given (truncated back-propagation through time; Williams, Peng 1990).
 */
#ifndef NN_NN_RECURRENT_H
#define NN_NN_RECURRENT_H

#include "nn/initializer.h"

/* ---- options ---- */

/* The first member of a layer's options. */
typedef struct nn_recurrent_options {
    int64_t units;
    bool bidirectional, carry;
    int output; /* of nn_recurrent_outputs */
    int initializer, recurrent_initializer;
} nn_recurrent_options;

enum { NN_RECURRENT_LAST, NN_RECURRENT_SEQUENCE };
extern const char *const nn_recurrent_outputs[];
extern const char *const nn_recurrent_initializers[];

#define NN_RECURRENT_OPTION(field, option_kind, default_text, words, text)                                   \
    {                                                                                                        \
        .name = #field, .kind = (option_kind), .offset = offsetof(nn_recurrent_options, field),              \
        .default_value = (default_text), .choices = (words), .effect = NN_EFFECT_RESULT, .help = (text)      \
    }

/* The rows that all the option tables have. */
#define NN_RECURRENT_OPTIONS                                                                                 \
    {.name = "units",                                                                                        \
     .kind = NN_OPTION_INTEGER,                                                                              \
     .offset = offsetof(nn_recurrent_options, units),                                                        \
     .minimum = 1,                                                                                           \
     .maximum = 1e6,                                                                                         \
     .effect = NN_EFFECT_RESULT,                                                                             \
     .help = "size of the state, of each direction"},                                                        \
        NN_RECURRENT_OPTION(output, NN_OPTION_CHOICE, "last", nn_recurrent_outputs,                          \
                            "last: the state after the last step; sequence: that after each step; to stack " \
                            "layers, write several, all but the uppermost with sequence"),                   \
        NN_RECURRENT_OPTION(bidirectional, NN_OPTION_BOOLEAN, "false", NULL,                                 \
                            "go backward through time too, with weights of its own: 2 x units outputs"),     \
        NN_RECURRENT_OPTION(carry, NN_OPTION_BOOLEAN, "false", NULL,                                         \
                            "begin a window with the state that the window before it left"),                 \
        NN_RECURRENT_OPTION(initializer, NN_OPTION_CHOICE, "xavier", nn_recurrent_initializers,              \
                            "first values of the weight on the input"),                                      \
        NN_RECURRENT_OPTION(recurrent_initializer, NN_OPTION_CHOICE, "orthogonal",                           \
                            nn_recurrent_initializers, "first values of the weight on the state")

/* ---- the cell ---- */

/* One sample in one step: what a cell reads and writes. A gate is `units` values. */
typedef struct nn_recurrent_step {
    int64_t units;
    const nn_real *recurrent; /* h U, with the recurrent bias of gates apart; forward only */
    nn_real *gates;  /* forward: x W + bias, to be replaced by what backward needs; backward: to be replaced
                        by the gradient with respect to x W + bias */
    nn_real *kept;   /* cell->kept x units, for what backward needs besides */
    nn_real *hidden; /* forward: h, then h'; backward: dh', then what reaches dh past the product */
    nn_real *cell;   /* cell->has_memory: c, then c'; backward: dc', then dc */
    const nn_real *previous;     /* h; backward only */
    nn_real *recurrent_gradient; /* backward: to be given the gradient with respect to h U */
} nn_recurrent_step;

typedef struct nn_recurrent_cell {
    int gates;
    int kept;        /* values a unit and step that forward keeps for backward, besides the gates */
    bool has_memory; /* a second state, c, that no product reads */
    bool passes_by;  /* backward leaves something in `hidden` */
    /* Gates whose gradient with respect to h U is not the one with respect to x W: the last ones, as many as
     * there are; backward leaves theirs at the start of `kept`. They have a recurrent bias. */
    int apart;
    void (*forward)(const nn_recurrent_step *step);
    void (*backward)(const nn_recurrent_step *step);
    const nn_initializer_type *bias; /* first values of the bias */
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

/* Rows of one tensor, which one call of gradient makes. */
typedef struct nn_recurrent_part {
    int direction;
    nn_recurrent_tensor tensor;
    int64_t first, rows;
} nn_recurrent_part;

typedef struct nn_recurrent_plan {
    nn_recurrent_cell cell;
    int64_t steps, features, units;
    int64_t columns; /* gates x units */
    int directions;
    int64_t offsets[2][NN_RECURRENT_TENSORS]; /* by direction: where the tensors begin */
    nn_recurrent_part parts[];
} nn_recurrent_plan;

/* The functions of an nn_layer_type; build is given the cell, which is copied. */
nn_status nn_recurrent_build(nn_layer *layer, const nn_recurrent_cell *cell);
void nn_recurrent_forward(const nn_layer *layer, const nn_layer_call *call);
void nn_recurrent_backward(const nn_layer *layer, const nn_layer_call *call);
void nn_recurrent_gradient(const nn_layer *layer, const nn_layer_call *call, int index, bool accumulate,
                           nn_real *values);

#endif
