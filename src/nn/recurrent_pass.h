/*
 * One direction of one microbatch through a recurrent layer, for the passes: private to nn. Values kept for
 * backward are ordered by sample, then by step, like inputs and outputs, so that one product covers all
 * steps. The state of a step is contiguous: samples x units.
 */
#ifndef NN_NN_RECURRENT_PASS_H
#define NN_NN_RECURRENT_PASS_H

#include "nn/recurrent.h"

typedef struct nn_recurrent_pass {
    const nn_recurrent_plan *plan;
    const nn_layer_call *call;
    int direction;
    bool sequence;                      /* the output has one row per step */
    nn_real *gates, *kept, *previous;   /* saved, samples x steps rows; previous: h before each step */
    nn_real *recurrent, *hidden, *cell; /* scratch, samples rows: h U or its gradient; h and c, or their
                                           gradients or tangents */
    nn_real *returned;                  /* scratch, samples x units: the gradient of h through U */
    nn_real *panels;                    /* scratch: the weight in use, packed */
    nn_real *buffer;                    /* scratch: of its product */
} nn_recurrent_pass;

nn_recurrent_pass nn_recurrent_begin(const nn_layer *layer, const nn_layer_call *call, int direction);

/* Steps of a sample; most steps of a sample. */
int64_t nn_recurrent_length(const nn_recurrent_pass *pass, int64_t sample);
int64_t nn_recurrent_longest(const nn_recurrent_pass *pass);

/* The row of step `step` of a sample, counted in the direction of the pass. */
int64_t nn_recurrent_row(const nn_recurrent_pass *pass, int64_t sample, int64_t step);

/* What the cell reads and writes for a sample in that row. */
nn_recurrent_step nn_recurrent_at(const nn_recurrent_pass *pass, int64_t sample, int64_t row);

/* The values of the output, of its gradient or tangent, that belong to a step; NULL if there are none. */
nn_real *nn_recurrent_output(const nn_recurrent_pass *pass, nn_real *output, int64_t sample, int64_t step);

/* Clears the rows past the last step of each sample: the products over all steps include them. */
void nn_recurrent_clear(const nn_recurrent_pass *pass, int64_t width, nn_real *values);

/* The panels, packed now unless the caller has them; without biases if the call is linear. */
const nn_real *nn_recurrent_packed(const nn_recurrent_pass *pass, nn_recurrent_panels which);

#endif
