/*
 * Runs recurrent layers over the steps of a microbatch. The products of a step have few rows and read the
 * complete recurrent weight, which is packed once for all steps.
 */
#include <string.h>

#include "nn/recurrent_pass.h"
#include "tensor/kernels.h"

/* Rows of a weight per piece of its gradient: a multiple of these. */
#define PIECE_ROWS 16

/* ---- forward ---- */

/* Reads the carried state, which holds h and then c of each sample. */
static void recurrent_take(const nn_recurrent_pass *pass)
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

static void recurrent_leave(const nn_recurrent_pass *pass)
{
    int64_t units = pass->plan->units, states = pass->plan->cell.has_memory ? 2 : 1;
    nn_real *carried = pass->call->carried;
    for (int64_t sample = 0; carried && sample < pass->call->samples; sample++)
        for (int64_t state = 0; state < states; state++)
            memcpy(carried + (sample * states + state) * units,
                   (state == 0 ? pass->hidden : pass->cell) + sample * units,
                   (size_t)units * sizeof *carried);
}

static void recurrent_step_forward(const nn_recurrent_pass *pass, int64_t sample, int64_t step)
{
    const nn_recurrent_plan *plan = pass->plan;
    size_t bytes = (size_t)plan->units * sizeof(nn_real);
    int64_t row = nn_recurrent_row(pass, sample, step);
    nn_recurrent_step at = nn_recurrent_at(pass, sample, row);
    memcpy(pass->previous + row * plan->units, at.hidden, bytes);
    plan->cell.forward(&at);
    nn_real *output = nn_recurrent_output(pass, pass->call->output, sample, step);
    if (output) memcpy(output, at.hidden, bytes);
}

/* x W + bias of all steps. */
static void recurrent_project(const nn_recurrent_pass *pass)
{
    const nn_recurrent_plan *plan = pass->plan;
    nn_panels panels = nn_recurrent_panels_of(plan, NN_RECURRENT_OF_INPUT);
    nn_panels_product(&panels, pass->call->samples * plan->steps, pass->call->inputs[0], plan->features,
                      nn_recurrent_packed(pass, NN_RECURRENT_OF_INPUT), pass->buffer, pass->gates,
                      plan->columns);
}

static void recurrent_forward(const nn_recurrent_pass *pass)
{
    int64_t samples = pass->call->samples, longest = nn_recurrent_longest(pass);
    int64_t units = pass->plan->units, columns = pass->plan->columns;
    recurrent_project(pass);
    nn_panels panels = nn_recurrent_panels_of(pass->plan, NN_RECURRENT_OF_STATE);
    const nn_real *packed = nn_recurrent_packed(pass, NN_RECURRENT_OF_STATE);
    recurrent_take(pass);
    for (int64_t step = 0; step < longest; step++) {
        nn_panels_product(&panels, samples, pass->hidden, units, packed, pass->buffer, pass->recurrent,
                          columns);
        for (int64_t sample = 0; sample < samples; sample++)
            if (step < nn_recurrent_length(pass, sample)) recurrent_step_forward(pass, sample, step);
    }
    recurrent_leave(pass);
    nn_recurrent_clear(pass, units, pass->previous);
}

/* A sample without steps outputs its initial state. */
static void recurrent_fill_empty(const nn_recurrent_pass *pass)
{
    int64_t units = pass->plan->units, width = pass->plan->directions * units;
    for (int64_t sample = 0; !pass->sequence && sample < pass->call->samples; sample++)
        if (nn_recurrent_length(pass, sample) == 0)
            memcpy(pass->call->output + sample * width + pass->direction * units,
                   pass->hidden + sample * units, (size_t)units * sizeof(nn_real));
}

void nn_recurrent_forward(const nn_layer *layer, const nn_layer_call *call)
{
    const nn_recurrent_plan *plan = layer->plan;
    for (int direction = 0; direction < plan->directions; direction++) {
        nn_recurrent_pass pass = nn_recurrent_begin(layer, call, direction);
        recurrent_forward(&pass);
        recurrent_fill_empty(&pass);
    }
}

/* ---- backward ---- */

static void recurrent_step_backward(const nn_recurrent_pass *pass, int64_t sample, int64_t step)
{
    const nn_recurrent_plan *plan = pass->plan;
    nn_recurrent_step at = nn_recurrent_at(pass, sample, nn_recurrent_row(pass, sample, step));
    const nn_real *gradient = nn_recurrent_output(pass, pass->call->output_gradient, sample, step);
    if (gradient) nn_add(plan->units, gradient, at.hidden);
    plan->cell.backward(&at);
}

/* The gradient of h: from that of h U, plus the part that bypasses the product. */
static void recurrent_return(const nn_recurrent_pass *pass, const nn_real *packed)
{
    int64_t samples = pass->call->samples, units = pass->plan->units, columns = pass->plan->columns;
    nn_panels panels = nn_recurrent_panels_of(pass->plan, NN_RECURRENT_OF_RETURN);
    nn_real *to = pass->plan->cell.passes_by ? pass->returned : pass->hidden;
    nn_panels_product(&panels, samples, pass->recurrent, columns, packed, pass->buffer, to, units);
    if (to != pass->hidden) nn_add(samples * units, to, pass->hidden);
}

/* From the last step to the first; leaves the gradient with respect to x W + bias in the gates, 0 past the
 * end of a sample. */
static void recurrent_backward(const nn_recurrent_pass *pass)
{
    const nn_recurrent_plan *plan = pass->plan;
    int64_t samples = pass->call->samples, units = plan->units, columns = plan->columns;
    memset(pass->recurrent, 0, (size_t)(samples * columns) * sizeof(nn_real));
    memset(pass->hidden, 0, (size_t)(samples * units) * sizeof(nn_real));
    if (plan->cell.has_memory) memset(pass->cell, 0, (size_t)(samples * units) * sizeof(nn_real));
    const nn_real *panels = nn_recurrent_packed(pass, NN_RECURRENT_OF_RETURN);
    for (int64_t step = nn_recurrent_longest(pass) - 1; step >= 0; step--) {
        for (int64_t sample = 0; sample < samples; sample++)
            if (step < nn_recurrent_length(pass, sample)) recurrent_step_backward(pass, sample, step);
        if (step > 0) recurrent_return(pass, panels);
    }
    nn_recurrent_clear(pass, columns, pass->gates);
    if (plan->cell.apart > 0) nn_recurrent_clear(pass, plan->cell.kept * units, pass->kept);
}

/* The sum over the directions of dz W^T, as one product. */
static void recurrent_input_gradient(const nn_layer *layer, const nn_layer_call *call)
{
    const nn_recurrent_plan *plan = layer->plan;
    const nn_recurrent_pass first = nn_recurrent_begin(layer, call, 0);
    nn_panels panels = nn_recurrent_panels_of(plan, NN_RECURRENT_OF_GRADIENT);
    for (int d = 0; d < plan->directions; d++)
        panels.runs[d].offset = nn_recurrent_begin(layer, call, d).gates - first.gates;
    nn_panels_product(&panels, call->samples * plan->steps, first.gates, plan->columns,
                      nn_recurrent_packed(&first, NN_RECURRENT_OF_GRADIENT), first.buffer,
                      call->input_gradients[0], plan->features);
}

void nn_recurrent_backward(const nn_layer *layer, const nn_layer_call *call)
{
    const nn_recurrent_plan *plan = layer->plan;
    for (int direction = 0; direction < plan->directions; direction++) {
        nn_recurrent_pass pass = nn_recurrent_begin(layer, call, direction);
        recurrent_backward(&pass);
    }
    if (call->input_gradients[0]) recurrent_input_gradient(layer, call);
}

/* ---- gradients of the parameters ---- */

/* Rows [first, first + rows) of from^T gates, over all steps of all samples. */
static void recurrent_weight_gradient(const nn_recurrent_pass *pass, int64_t first, int64_t count,
                                      nn_recurrent_tensor tensor, nn_real *buffer, nn_real *values)
{
    const nn_recurrent_plan *plan = pass->plan;
    bool of_state = tensor == NN_RECURRENT_WEIGHT;
    int64_t width = of_state ? plan->units : plan->features, rows = pass->call->samples * plan->steps;
    int64_t apart = of_state ? plan->cell.apart * plan->units : 0, joint = plan->columns - apart;
    const nn_real *from = (of_state ? pass->previous : pass->call->inputs[0]) + first;
    nn_panels_gradient(plan->kernels, count, joint, rows, from, width, pass->gates, plan->columns, buffer,
                       values, plan->columns);
    if (apart > 0)
        nn_panels_gradient(plan->kernels, count, apart, rows, from, width, pass->kept,
                           plan->cell.kept * plan->units, buffer, values + joint, plan->columns);
}

void nn_recurrent_gradient(const nn_layer *layer, const nn_layer_call *call, int index, bool accumulate,
                           nn_real *values)
{
    const nn_recurrent_plan *plan = layer->plan;
    const nn_recurrent_part *part = &plan->parts[index];
    nn_recurrent_pass pass = nn_recurrent_begin(layer, call, part->direction);
    int64_t rows = call->samples * plan->steps;
    if (part->tensor >= NN_RECURRENT_INPUT_BIAS && call->piece > 0) return;
    if (part->tensor == NN_RECURRENT_INPUT_BIAS) {
        nn_sum_rows(rows, plan->columns, pass.gates, plan->columns, accumulate, values);
    } else if (part->tensor == NN_RECURRENT_BIAS) {
        nn_sum_rows(rows, plan->cell.apart * plan->units, pass.kept, plan->cell.kept * plan->units,
                    accumulate, values);
    } else {
        nn_real *product = accumulate ? call->scratch + nn_panels_gradient_buffer(plan->kernels) : values;
        int64_t begin = part->first, end = part->first + part->rows;
        nn_layer_cut(call, PIECE_ROWS, &begin, &end);
        recurrent_weight_gradient(&pass, begin, end - begin, part->tensor, call->scratch,
                                  product + (begin - part->first) * plan->columns);
        if (accumulate) nn_add(part->rows * plan->columns, product, values);
    }
}
