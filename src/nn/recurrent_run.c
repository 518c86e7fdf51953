/*
 * Runs recurrent layers over the steps of a microbatch. Values kept for backward are ordered by sample, then
 * by step, like inputs and outputs, so that one product covers all steps. The state of a step is contiguous:
 * samples x units. The products of a step have few rows and read the complete recurrent weight, which is
 * packed once for all steps.
 */
#include <string.h>

#include "nn/recurrent.h"
#include "nn/saved.h"
#include "tensor/kernels.h"

/* Rows of a weight per piece of its gradient: a multiple of these. */
#define PIECE_ROWS 16

/* One direction of one microbatch. */
typedef struct recurrent_pass {
    const nn_recurrent_plan *plan;
    const nn_layer_call *call;
    int direction;
    bool sequence;                      /* the output has one row per step */
    nn_real *gates, *kept, *previous;   /* saved, samples x steps rows; previous: h before each step */
    nn_real *recurrent, *hidden, *cell; /* scratch, samples rows: h U or its gradient; h and c, or their
                                           gradients */
    nn_real *returned;                  /* scratch, samples x units: the gradient of h through U */
    nn_real *panels;                    /* scratch: the weight in use, packed */
    nn_real *buffer;                    /* scratch: of its product */
} recurrent_pass;

static recurrent_pass recurrent_begin(const nn_layer *layer, const nn_layer_call *call, int direction)
{
    const nn_recurrent_plan *plan = layer->plan;
    int64_t kept = plan->cell.kept * plan->units, per_row = plan->columns + kept + plan->units;
    int64_t before = direction * plan->steps * per_row;
    recurrent_pass pass = {.plan = plan,
                           .call = call,
                           .direction = direction,
                           .sequence = layer->time.kept,
                           .gates = nn_layer_saved(call, before, plan->steps * plan->columns),
                           .recurrent = call->scratch};
    before += plan->steps * plan->columns;
    pass.kept = nn_layer_saved(call, before, plan->steps * kept);
    pass.previous = nn_layer_saved(call, before + plan->steps * kept, plan->steps * plan->units);
    pass.hidden = pass.recurrent + call->samples * plan->columns;
    pass.returned = pass.hidden + call->samples * plan->units;
    pass.cell = pass.returned + call->samples * plan->units;
    pass.panels = pass.cell + (plan->cell.has_memory ? call->samples * plan->units : 0);
    pass.buffer = pass.panels + plan->largest;
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

/* The row of step `step` of a sample, counted in the direction of the pass. */
static int64_t recurrent_row(const recurrent_pass *pass, int64_t sample, int64_t step)
{
    int64_t at = pass->direction == 0 ? step : recurrent_length(pass, sample) - 1 - step;
    return sample * pass->plan->steps + at;
}

static nn_recurrent_step recurrent_at(const recurrent_pass *pass, int64_t sample, int64_t row)
{
    const nn_recurrent_plan *plan = pass->plan;
    return (nn_recurrent_step){
        .units = plan->units,
        .recurrent = pass->recurrent + sample * plan->columns,
        .gates = pass->gates + row * plan->columns,
        .kept = pass->kept + row * plan->cell.kept * plan->units,
        .hidden = pass->hidden + sample * plan->units,
        .cell = pass->cell + sample * plan->units,
        .previous = pass->previous + row * plan->units,
        .recurrent_gradient = pass->recurrent + sample * plan->columns,
    };
}

/* The values of the output, or of its gradient, that belong to a step; NULL if there are none. */
static nn_real *recurrent_output(const recurrent_pass *pass, nn_real *output, int64_t sample, int64_t step)
{
    int64_t units = pass->plan->units, width = pass->plan->directions * units;
    bool last = step == recurrent_length(pass, sample) - 1;
    if (!pass->sequence && !last) return NULL;
    int64_t row = pass->sequence ? recurrent_row(pass, sample, step) : sample;
    return output + row * width + pass->direction * units;
}

/* Clears the rows past the last step of each sample: the products over all steps include them. */
static void recurrent_clear(const recurrent_pass *pass, int64_t width, nn_real *values)
{
    int64_t steps = pass->plan->steps;
    for (int64_t sample = 0; pass->call->lengths && sample < pass->call->samples; sample++) {
        int64_t length = recurrent_length(pass, sample);
        memset(values + (sample * steps + length) * width, 0,
               (size_t)((steps - length) * width) * sizeof *values);
    }
}

/* ---- packed weights ---- */

static void recurrent_pack(const nn_recurrent_plan *plan, nn_recurrent_panels which, int direction,
                           const nn_real *parameters, nn_real *packed)
{
    const int64_t *offsets = plan->offsets[direction];
    int64_t columns = plan->columns, apart = plan->cell.apart * plan->units;
    nn_panels panels = nn_recurrent_panels_of(plan, which);
    switch (which) {
    case NN_RECURRENT_OF_INPUT:
        nn_panels_start(&panels, 0, parameters + offsets[NN_RECURRENT_INPUT_BIAS], packed);
        nn_panels_pack(&panels, 0, NN_PLAIN, parameters + offsets[NN_RECURRENT_INPUT_WEIGHT], columns,
                       packed);
        break;
    case NN_RECURRENT_OF_STATE:
        nn_panels_start(&panels, columns - apart, apart > 0 ? parameters + offsets[NN_RECURRENT_BIAS] : NULL,
                        packed);
        nn_panels_pack(&panels, 0, NN_PLAIN, parameters + offsets[NN_RECURRENT_WEIGHT], columns, packed);
        break;
    case NN_RECURRENT_OF_RETURN:
        nn_panels_start(&panels, 0, NULL, packed);
        nn_panels_pack(&panels, 0, NN_TRANSPOSED, parameters + offsets[NN_RECURRENT_WEIGHT], columns, packed);
        break;
    default:
        nn_panels_start(&panels, 0, NULL, packed);
        for (int d = 0; d < plan->directions; d++)
            nn_panels_pack(&panels, d, NN_TRANSPOSED,
                           parameters + plan->offsets[d][NN_RECURRENT_INPUT_WEIGHT], columns, packed);
    }
}

void nn_recurrent_pack(const nn_layer *layer, nn_pass pass, const nn_real *parameters, nn_real *packed)
{
    const nn_recurrent_plan *plan = layer->plan;
    nn_recurrent_panels first = pass == NN_FORWARD ? NN_RECURRENT_OF_INPUT : NN_RECURRENT_OF_RETURN;
    nn_recurrent_panels last = pass == NN_FORWARD ? NN_RECURRENT_OF_STATE : NN_RECURRENT_OF_RETURN;
    for (int d = 0; d < plan->directions; d++)
        for (nn_recurrent_panels which = first; which <= last; which++) {
            recurrent_pack(plan, which, d, parameters, packed);
            packed += nn_recurrent_panels_values(plan, which);
        }
    if (pass == NN_BACKWARD) recurrent_pack(plan, NN_RECURRENT_OF_GRADIENT, 0, parameters, packed);
}

/* The panels, packed now unless the caller has them. */
static const nn_real *recurrent_panels(const recurrent_pass *pass, nn_recurrent_panels which)
{
    const nn_recurrent_plan *plan = pass->plan;
    const nn_real *packed = pass->call->packed;
    if (!packed) {
        recurrent_pack(plan, which, pass->direction, pass->call->parameters, pass->panels);
        return pass->panels;
    }
    int64_t input = nn_recurrent_panels_values(plan, NN_RECURRENT_OF_INPUT);
    int64_t state = nn_recurrent_panels_values(plan, NN_RECURRENT_OF_STATE);
    int64_t back = nn_recurrent_panels_values(plan, NN_RECURRENT_OF_RETURN);
    const int64_t offsets[NN_RECURRENT_PANELS] = {pass->direction * (input + state),
                                                  pass->direction * (input + state) + input,
                                                  pass->direction * back, plan->directions * back};
    return packed + offsets[which];
}

/* ---- forward ---- */

/* Reads the carried state, which holds h and then c of each sample. */
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

/* x W + bias of all steps. */
static void recurrent_project(const recurrent_pass *pass)
{
    const nn_recurrent_plan *plan = pass->plan;
    nn_panels panels = nn_recurrent_panels_of(plan, NN_RECURRENT_OF_INPUT);
    nn_panels_product(&panels, pass->call->samples * plan->steps, pass->call->inputs[0], plan->features,
                      recurrent_panels(pass, NN_RECURRENT_OF_INPUT), pass->buffer, pass->gates,
                      plan->columns);
}

static void recurrent_forward(const recurrent_pass *pass)
{
    int64_t samples = pass->call->samples, longest = recurrent_longest(pass);
    int64_t units = pass->plan->units, columns = pass->plan->columns;
    recurrent_project(pass);
    nn_panels panels = nn_recurrent_panels_of(pass->plan, NN_RECURRENT_OF_STATE);
    const nn_real *packed = recurrent_panels(pass, NN_RECURRENT_OF_STATE);
    recurrent_take(pass);
    for (int64_t step = 0; step < longest; step++) {
        nn_panels_product(&panels, samples, pass->hidden, units, packed, pass->buffer, pass->recurrent,
                          columns);
        for (int64_t sample = 0; sample < samples; sample++)
            if (step < recurrent_length(pass, sample)) recurrent_step_forward(pass, sample, step);
    }
    recurrent_leave(pass);
    recurrent_clear(pass, units, pass->previous);
}

/* A sample without steps outputs its initial state. */
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

/* The gradient of h: from that of h U, plus the part that bypasses the product. */
static void recurrent_return(const recurrent_pass *pass, const nn_real *packed)
{
    int64_t samples = pass->call->samples, units = pass->plan->units, columns = pass->plan->columns;
    nn_panels panels = nn_recurrent_panels_of(pass->plan, NN_RECURRENT_OF_RETURN);
    nn_real *to = pass->plan->cell.passes_by ? pass->returned : pass->hidden;
    nn_panels_product(&panels, samples, pass->recurrent, columns, packed, pass->buffer, to, units);
    if (to != pass->hidden) nn_add(samples * units, to, pass->hidden);
}

/* From the last step to the first; leaves the gradient with respect to x W + bias in the gates, 0 past the
 * end of a sample. */
static void recurrent_backward(const recurrent_pass *pass)
{
    const nn_recurrent_plan *plan = pass->plan;
    int64_t samples = pass->call->samples, units = plan->units, columns = plan->columns;
    memset(pass->recurrent, 0, (size_t)(samples * columns) * sizeof(nn_real));
    memset(pass->hidden, 0, (size_t)(samples * units) * sizeof(nn_real));
    if (plan->cell.has_memory) memset(pass->cell, 0, (size_t)(samples * units) * sizeof(nn_real));
    const nn_real *panels = recurrent_panels(pass, NN_RECURRENT_OF_RETURN);
    for (int64_t step = recurrent_longest(pass) - 1; step >= 0; step--) {
        for (int64_t sample = 0; sample < samples; sample++)
            if (step < recurrent_length(pass, sample)) recurrent_step_backward(pass, sample, step);
        if (step > 0) recurrent_return(pass, panels);
    }
    recurrent_clear(pass, columns, pass->gates);
    if (plan->cell.apart > 0) recurrent_clear(pass, plan->cell.kept * units, pass->kept);
}

/* The sum over the directions of dz W^T, as one product. */
static void recurrent_input_gradient(const nn_layer *layer, const nn_layer_call *call)
{
    const nn_recurrent_plan *plan = layer->plan;
    const recurrent_pass first = recurrent_begin(layer, call, 0);
    nn_panels panels = nn_recurrent_panels_of(plan, NN_RECURRENT_OF_GRADIENT);
    for (int d = 0; d < plan->directions; d++)
        panels.runs[d].offset = recurrent_begin(layer, call, d).gates - first.gates;
    nn_panels_product(&panels, call->samples * plan->steps, first.gates, plan->columns,
                      recurrent_panels(&first, NN_RECURRENT_OF_GRADIENT), first.buffer,
                      call->input_gradients[0], plan->features);
}

void nn_recurrent_backward(const nn_layer *layer, const nn_layer_call *call)
{
    const nn_recurrent_plan *plan = layer->plan;
    for (int direction = 0; direction < plan->directions; direction++) {
        recurrent_pass pass = recurrent_begin(layer, call, direction);
        recurrent_backward(&pass);
    }
    if (call->input_gradients[0]) recurrent_input_gradient(layer, call);
}

/* ---- gradients of the parameters ---- */

/* Rows [first, first + rows) of from^T gates, over all steps of all samples. */
static void recurrent_weight_gradient(const recurrent_pass *pass, int64_t first, int64_t count,
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
    recurrent_pass pass = recurrent_begin(layer, call, part->direction);
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
