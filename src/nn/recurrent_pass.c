/* Where the passes of a recurrent layer find their values. */
#include "nn/recurrent_pass.h"

#include <string.h>

#include "nn/saved.h"

nn_recurrent_pass nn_recurrent_begin(const nn_layer *layer, const nn_layer_call *call, int direction)
{
    const nn_recurrent_plan *plan = layer->plan;
    int64_t kept = plan->cell.kept * plan->units, per_row = plan->columns + kept + plan->units;
    int64_t before = direction * plan->steps * per_row;
    nn_recurrent_pass pass = {.plan = plan,
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

int64_t nn_recurrent_length(const nn_recurrent_pass *pass, int64_t sample)
{
    return pass->call->lengths ? pass->call->lengths[sample] : pass->plan->steps;
}

int64_t nn_recurrent_longest(const nn_recurrent_pass *pass)
{
    int64_t longest = 0;
    for (int64_t sample = 0; sample < pass->call->samples; sample++)
        if (nn_recurrent_length(pass, sample) > longest) longest = nn_recurrent_length(pass, sample);
    return longest;
}

int64_t nn_recurrent_row(const nn_recurrent_pass *pass, int64_t sample, int64_t step)
{
    int64_t at = pass->direction == 0 ? step : nn_recurrent_length(pass, sample) - 1 - step;
    return sample * pass->plan->steps + at;
}

nn_recurrent_step nn_recurrent_at(const nn_recurrent_pass *pass, int64_t sample, int64_t row)
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

nn_real *nn_recurrent_output(const nn_recurrent_pass *pass, nn_real *output, int64_t sample, int64_t step)
{
    int64_t units = pass->plan->units, width = pass->plan->directions * units;
    bool last = step == nn_recurrent_length(pass, sample) - 1;
    if (!pass->sequence && !last) return NULL;
    int64_t row = pass->sequence ? nn_recurrent_row(pass, sample, step) : sample;
    return output + row * width + pass->direction * units;
}

void nn_recurrent_clear(const nn_recurrent_pass *pass, int64_t width, nn_real *values)
{
    int64_t steps = pass->plan->steps;
    for (int64_t sample = 0; pass->call->lengths && sample < pass->call->samples; sample++) {
        int64_t length = nn_recurrent_length(pass, sample);
        memset(values + (sample * steps + length) * width, 0,
               (size_t)((steps - length) * width) * sizeof *values);
    }
}

/* ---- packed weights ---- */

/* linear: without biases. */
static void recurrent_pack(const nn_recurrent_plan *plan, nn_recurrent_panels which, int direction,
                           bool linear, const nn_real *parameters, nn_real *packed)
{
    const int64_t *offsets = plan->offsets[direction];
    int64_t columns = plan->columns, apart = plan->cell.apart * plan->units;
    nn_panels panels = nn_recurrent_panels_of(plan, which);
    switch (which) {
    case NN_RECURRENT_OF_INPUT:
        nn_panels_start(&panels, 0, linear ? NULL : parameters + offsets[NN_RECURRENT_INPUT_BIAS], packed);
        nn_panels_pack(&panels, 0, NN_PLAIN, parameters + offsets[NN_RECURRENT_INPUT_WEIGHT], columns,
                       packed);
        break;
    case NN_RECURRENT_OF_STATE:
        nn_panels_start(&panels, columns - apart,
                        apart > 0 && !linear ? parameters + offsets[NN_RECURRENT_BIAS] : NULL, packed);
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
            recurrent_pack(plan, which, d, false, parameters, packed);
            packed += nn_recurrent_panels_values(plan, which);
        }
    if (pass == NN_BACKWARD) recurrent_pack(plan, NN_RECURRENT_OF_GRADIENT, 0, false, parameters, packed);
}

const nn_real *nn_recurrent_packed(const nn_recurrent_pass *pass, nn_recurrent_panels which)
{
    const nn_recurrent_plan *plan = pass->plan;
    const nn_real *packed = pass->call->packed;
    if (!packed) {
        recurrent_pack(plan, which, pass->direction, pass->call->linear, pass->call->parameters,
                       pass->panels);
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
