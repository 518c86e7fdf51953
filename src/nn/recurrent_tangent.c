/* Tangents of recurrent layers, through time: from the first step to the last, after forward. */
#include <string.h>

#include "nn/recurrent_pass.h"

static void recurrent_tangent_step(const nn_recurrent_pass *pass, int64_t sample, int64_t step)
{
    const nn_recurrent_plan *plan = pass->plan;
    int64_t row = nn_recurrent_row(pass, sample, step);
    nn_recurrent_step at = nn_recurrent_at(pass, sample, row);
    at.tangent = pass->call->tangent_scratch + row * plan->columns;
    plan->cell.tangent(&at);
    nn_real *output = nn_recurrent_output(pass, pass->call->output_tangent, sample, step);
    if (output) memcpy(output, at.hidden, (size_t)plan->units * sizeof *output);
}

/* A carried state counts as constant. */
static void recurrent_tangent(const nn_recurrent_pass *pass)
{
    const nn_recurrent_plan *plan = pass->plan;
    const nn_layer_call *call = pass->call;
    int64_t states = call->samples * plan->units, columns = plan->columns;
    nn_panels input = nn_recurrent_panels_of(plan, NN_RECURRENT_OF_INPUT);
    nn_panels state = nn_recurrent_panels_of(plan, NN_RECURRENT_OF_STATE);
    nn_panels_product(&input, call->samples * plan->steps, call->input_tangents[0], plan->features,
                      nn_recurrent_packed(pass, NN_RECURRENT_OF_INPUT), pass->buffer, call->tangent_scratch,
                      columns);
    const nn_real *packed = nn_recurrent_packed(pass, NN_RECURRENT_OF_STATE);
    memset(pass->hidden, 0, (size_t)states * sizeof(nn_real));
    if (plan->cell.has_memory) memset(pass->cell, 0, (size_t)states * sizeof(nn_real));
    for (int64_t step = 0; step < nn_recurrent_longest(pass); step++) {
        nn_panels_product(&state, call->samples, pass->hidden, plan->units, packed, pass->buffer,
                          pass->recurrent, columns);
        for (int64_t sample = 0; sample < call->samples; sample++)
            if (step < nn_recurrent_length(pass, sample)) recurrent_tangent_step(pass, sample, step);
    }
}

/* A sample without steps outputs its initial state, whose tangent is 0. */
void nn_recurrent_tangent(const nn_layer *layer, const nn_layer_call *call)
{
    const nn_recurrent_plan *plan = layer->plan;
    nn_layer_call linear = *call;
    linear.linear = true;
    linear.packed = NULL;
    memset(call->output_tangent, 0,
           (size_t)(call->samples * nn_shape_count(layer->output_shape)) * sizeof(nn_real));
    for (int direction = 0; direction < plan->directions; direction++) {
        nn_recurrent_pass pass = nn_recurrent_begin(layer, &linear, direction);
        recurrent_tangent(&pass);
    }
}
