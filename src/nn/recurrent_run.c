/*
 * Recurrent layers over the steps of a microbatch. All that is kept for backward is by sample, then by step,
 * as inputs and outputs are: then one product takes all steps. The state of a step is contiguous: samples x
 * units. The products of a step have few rows and go through the whole recurrent weight; they read its
 * transpose, which is made once for all steps, because BLAS is fastest then: (U^T h^T)^T for h U, and dz
 * (U^T).
 */
#include <string.h>

#include "nn/recurrent.h"
#include "tensor/kernels.h"
#include "tensor/matrix.h"

/* One direction of one microbatch. */
typedef struct recurrent_pass {
    const nn_recurrent_plan *plan;
    const nn_layer_call *call;
    int direction;
    bool sequence;                            /* the output has all steps */
    nn_real *gates, *kept, *previous;         /* saved, samples x steps rows; previous: h before each step */
    nn_real *recurrent, *hidden, *cell;       /* scratch, samples rows: h U or its gradient; h and c, or their
                                                 gradients */
    nn_real *by_column;                       /* scratch, columns x samples */
    nn_real *transposed;                      /* scratch, columns x units: U^T */
    const nn_real *weight, *recurrent_weight; /* parameters */
} recurrent_pass;

static recurrent_pass recurrent_begin(const nn_layer *layer, const nn_layer_call *call, int direction)
{
    const nn_recurrent_plan *plan = layer->plan;
    int64_t rows = call->samples * plan->steps;
    int64_t per_row = plan->columns + (plan->cell.kept + 1) * plan->units;
    const int64_t *offsets = plan->offsets[direction];
    recurrent_pass pass = {.plan = plan,
                           .call = call,
                           .direction = direction,
                           .sequence = layer->time.kept,
                           .gates = call->saved + direction * rows * per_row,
                           .recurrent = call->scratch,
                           .weight = call->parameters + offsets[NN_RECURRENT_INPUT_WEIGHT],
                           .recurrent_weight = call->parameters + offsets[NN_RECURRENT_WEIGHT]};
    pass.kept = pass.gates + rows * plan->columns;
    pass.previous = pass.kept + rows * plan->cell.kept * plan->units;
    pass.by_column = pass.recurrent + call->samples * plan->columns;
    pass.hidden = pass.by_column + call->samples * plan->columns;
    pass.cell = pass.hidden + call->samples * plan->units;
    pass.transposed = pass.hidden + call->samples * plan->units * (plan->cell.has_memory ? 2 : 1);
    return pass;
}

static int64_t recurrent_length(const recurrent_pass *pass, int64_t sample)
{
    return pass->call->lengths ? pass->call->lengths[sample] : pass->plan->steps;
}

static int64_t recurrent_longest(const recurrent_pass *pass)
{
    int64_t longest = 0;
    for (int64_t sample = 0; sample < pass->call->samples; sample++)
        if (recurrent_length(pass, sample) > longest) longest = recurrent_length(pass, sample);
    return longest;
}

/* The row of step `step` of a sample, counted in the direction. */
static int64_t recurrent_row(const recurrent_pass *pass, int64_t sample, int64_t step)
{
    int64_t at = pass->direction == 0 ? step : recurrent_length(pass, sample) - 1 - step;
    return sample * pass->plan->steps + at;
}

static nn_recurrent_step recurrent_at(const recurrent_pass *pass, int64_t sample, int64_t row)
{
    const nn_recurrent_plan *plan = pass->plan;
    const int64_t *offsets = plan->offsets[pass->direction];
    return (nn_recurrent_step){
        .units = plan->units,
        .bias = pass->call->parameters + offsets[NN_RECURRENT_INPUT_BIAS],
        .recurrent_bias = pass->call->parameters + offsets[NN_RECURRENT_BIAS],
        .recurrent = pass->recurrent + sample * plan->columns,
        .gates = pass->gates + row * plan->columns,
        .kept = pass->kept + row * plan->cell.kept * plan->units,
        .hidden = pass->hidden + sample * plan->units,
        .cell = pass->cell + sample * plan->units,
        .previous = pass->previous + row * plan->units,
        .recurrent_gradient = pass->recurrent + sample * plan->columns,
    };
}

/* Where the output, or its gradient, has what belongs to a step; NULL where it has nothing. */
static nn_real *recurrent_output(const recurrent_pass *pass, nn_real *output, int64_t sample, int64_t step)
{
    int64_t units = pass->plan->units, width = pass->plan->directions * units;
    bool last = step == recurrent_length(pass, sample) - 1;
    if (!pass->sequence && !last) return NULL;
    int64_t row = pass->sequence ? recurrent_row(pass, sample, step) : sample;
    return output + row * width + pass->direction * units;
}

/* Sets the rows behind the last step of each sample to 0: they take part in the products over all steps. */
static void recurrent_clear(const recurrent_pass *pass, int64_t width, nn_real *values)
{
    int64_t steps = pass->plan->steps;
    for (int64_t sample = 0; pass->call->lengths && sample < pass->call->samples; sample++) {
        int64_t length = recurrent_length(pass, sample);
        memset(values + (sample * steps + length) * width, 0,
               (size_t)((steps - length) * width) * sizeof *values);
    }
}

/* ---- forward ---- */

/* Between a state and what is carried, which has h and c of a sample side by side. */
static void recurrent_take(const recurrent_pass *pass)
{
    int64_t units = pass->plan->units, states = pass->plan->cell.has_memory ? 2 : 1;
    const nn_real *carried = pass->call->carried;
    for (int64_t sample = 0; sample < pass->call->samples; sample++)
        for (int64_t state = 0; state < states; state++) {
            nn_real *to = (state == 0 ? pass->hidden : pass->cell) + sample * units;
            if (carried)
                memcpy(to, carried + (sample * states + state) * units, (size_t)units * sizeof *to);
            else
                memset(to, 0, (size_t)units * sizeof *to);
        }
}

static void recurrent_leave(const recurrent_pass *pass)
{
    int64_t units = pass->plan->units, states = pass->plan->cell.has_memory ? 2 : 1;
    nn_real *carried = pass->call->carried;
    for (int64_t sample = 0; carried && sample < pass->call->samples; sample++)
        for (int64_t state = 0; state < states; state++)
            memcpy(carried + (sample * states + state) * units,
                   (state == 0 ? pass->hidden : pass->cell) + sample * units,
                   (size_t)units * sizeof *carried);
}

static void recurrent_step_forward(const recurrent_pass *pass, int64_t sample, int64_t step)
{
    const nn_recurrent_plan *plan = pass->plan;
    size_t bytes = (size_t)plan->units * sizeof(nn_real);
    int64_t row = recurrent_row(pass, sample, step);
    nn_recurrent_step at = recurrent_at(pass, sample, row);
    memcpy(pass->previous + row * plan->units, at.hidden, bytes);
    plan->cell.forward(&at);
    nn_real *output = recurrent_output(pass, pass->call->output, sample, step);
    if (output) memcpy(output, at.hidden, bytes);
}

/* h U of all samples; the state before the first step is 0 unless one was carried in. */
static void recurrent_multiply(const recurrent_pass *pass, bool has_state)
{
    int64_t samples = pass->call->samples, columns = pass->plan->columns, units = pass->plan->units;
    if (!has_state) {
        memset(pass->recurrent, 0, (size_t)(samples * columns) * sizeof(nn_real));
        return;
    }
    nn_matrix_product(NN_PLAIN, NN_TRANSPOSED, columns, samples, units, pass->transposed, units, pass->hidden,
                      units, false, pass->by_column, samples);
    nn_transpose_matrix(columns, samples, pass->by_column, pass->recurrent);
}

static void recurrent_forward(const recurrent_pass *pass)
{
    const nn_recurrent_plan *plan = pass->plan;
    const nn_layer_call *call = pass->call;
    int64_t longest = recurrent_longest(pass);
    nn_matrix_product(NN_PLAIN, NN_PLAIN, call->samples * plan->steps, plan->columns, plan->features,
                      call->inputs[0], plan->features, pass->weight, plan->columns, false, pass->gates,
                      plan->columns);
    nn_transpose_matrix(plan->units, plan->columns, pass->recurrent_weight, pass->transposed);
    recurrent_take(pass);
    for (int64_t step = 0; step < longest; step++) {
        recurrent_multiply(pass, step > 0 || call->carried);
        for (int64_t sample = 0; sample < call->samples; sample++)
            if (step < recurrent_length(pass, sample)) recurrent_step_forward(pass, sample, step);
    }
    recurrent_leave(pass);
    recurrent_clear(pass, plan->units, pass->previous);
}

/* The state after no step is the state before the first. */
static void recurrent_fill_empty(const recurrent_pass *pass)
{
    int64_t units = pass->plan->units, width = pass->plan->directions * units;
    for (int64_t sample = 0; !pass->sequence && sample < pass->call->samples; sample++)
        if (recurrent_length(pass, sample) == 0)
            memcpy(pass->call->output + sample * width + pass->direction * units,
                   pass->hidden + sample * units, (size_t)units * sizeof(nn_real));
}

void nn_recurrent_forward(const nn_layer *layer, const nn_layer_call *call)
{
    const nn_recurrent_plan *plan = layer->plan;
    for (int direction = 0; direction < plan->directions; direction++) {
        recurrent_pass pass = recurrent_begin(layer, call, direction);
        recurrent_forward(&pass);
        recurrent_fill_empty(&pass);
    }
}

/* ---- backward ---- */

static void recurrent_step_backward(const recurrent_pass *pass, int64_t sample, int64_t step)
{
    const nn_recurrent_plan *plan = pass->plan;
    nn_recurrent_step at = recurrent_at(pass, sample, recurrent_row(pass, sample, step));
    const nn_real *gradient = recurrent_output(pass, pass->call->output_gradient, sample, step);
    if (gradient) nn_add(plan->units, gradient, at.hidden);
    plan->cell.backward(&at);
}

/* From the last step to the first; leaves the gradient with respect to x W + bias in the gates. Behind the
 * end of a sample they are 0 already: x W of inputs that are 0. */
static void recurrent_backward(const recurrent_pass *pass)
{
    const nn_recurrent_plan *plan = pass->plan;
    int64_t samples = pass->call->samples, longest = recurrent_longest(pass);
    memset(pass->recurrent, 0, (size_t)(samples * plan->columns) * sizeof(nn_real));
    memset(pass->hidden, 0, (size_t)(samples * plan->units) * sizeof(nn_real));
    if (plan->cell.has_memory) memset(pass->cell, 0, (size_t)(samples * plan->units) * sizeof(nn_real));
    nn_transpose_matrix(plan->units, plan->columns, pass->recurrent_weight, pass->transposed);
    for (int64_t step = longest - 1; step >= 0; step--) {
        for (int64_t sample = 0; sample < samples; sample++)
            if (step < recurrent_length(pass, sample)) recurrent_step_backward(pass, sample, step);
        if (step > 0)
            nn_matrix_product(NN_PLAIN, NN_PLAIN, samples, plan->units, plan->columns, pass->recurrent,
                              plan->columns, pass->transposed, plan->units, plan->cell.passes_by,
                              pass->hidden, plan->units);
    }
    if (plan->cell.apart > 0) recurrent_clear(pass, plan->cell.kept * plan->units, pass->kept);
}

void nn_recurrent_backward(const nn_layer *layer, const nn_layer_call *call)
{
    const nn_recurrent_plan *plan = layer->plan;
    for (int direction = 0; direction < plan->directions; direction++) {
        recurrent_pass pass = recurrent_begin(layer, call, direction);
        recurrent_backward(&pass);
        if (call->input_gradients[0])
            nn_matrix_product(NN_PLAIN, NN_TRANSPOSED, call->samples * plan->steps, plan->features,
                              plan->columns, pass.gates, plan->columns, pass.weight, plan->columns,
                              direction > 0, call->input_gradients[0], plan->features);
    }
}

/* ---- gradients of the parameters ---- */

/* rows [first, first + rows) of from^T gates, over all steps of all samples. */
static void recurrent_weight_gradient(const recurrent_pass *pass, const nn_recurrent_part *part,
                                      bool accumulate, nn_real *values)
{
    const nn_recurrent_plan *plan = pass->plan;
    bool of_state = part->tensor == NN_RECURRENT_WEIGHT;
    const nn_real *from = of_state ? pass->previous : pass->call->inputs[0];
    int64_t width = of_state ? plan->units : plan->features, inner = pass->call->samples * plan->steps;
    int64_t apart = of_state ? plan->cell.apart * plan->units : 0, joint = plan->columns - apart;
    nn_matrix_product(NN_TRANSPOSED, NN_PLAIN, part->rows, joint, inner, from + part->first, width,
                      pass->gates, plan->columns, accumulate, values, plan->columns);
    if (apart > 0)
        nn_matrix_product(NN_TRANSPOSED, NN_PLAIN, part->rows, apart, inner, from + part->first, width,
                          pass->kept, plan->cell.kept * plan->units, accumulate, values + joint,
                          plan->columns);
}

void nn_recurrent_gradient(const nn_layer *layer, const nn_layer_call *call, int index, bool accumulate,
                           nn_real *values)
{
    const nn_recurrent_plan *plan = layer->plan;
    const nn_recurrent_part *part = &plan->parts[index];
    recurrent_pass pass = recurrent_begin(layer, call, part->direction);
    int64_t rows = call->samples * plan->steps;
    if (part->tensor == NN_RECURRENT_INPUT_BIAS) {
        nn_sum_rows(rows, plan->columns, pass.gates, plan->columns, accumulate, values);
    } else if (part->tensor == NN_RECURRENT_BIAS) {
        nn_sum_rows(rows, plan->cell.apart * plan->units, pass.kept, plan->cell.kept * plan->units,
                    accumulate, values);
    } else {
        bool exact = call->samples == layer->microbatch_size && part->accumulates;
        nn_real *product = accumulate && !exact ? call->scratch : values;
        recurrent_weight_gradient(&pass, part, accumulate && exact, product);
        if (product != values) nn_add(part->rows * plan->columns, product, values);
    }
}
