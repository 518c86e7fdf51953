/*
 * rnn, lstm and gru. ONNX has the steps before the samples (its layout 1 is refused by runtimes), the gates
 * in another order, one matrix per direction with units x inputs, and two biases.
 */
#include <string.h>

#include "base/memory.h"

#include "export/onnx_layer.h"

#define RECURRENT_GATES 4
#define RECURRENT_DIRECTIONS 2

/* A type of cell: the gates of ONNX in order, as indices of ours. */
typedef struct recurrent_cell {
    const char *type, *operator;
    int gates, order[RECURRENT_GATES];
    bool has_memory; /* a second state, c */
} recurrent_cell;

static const recurrent_cell recurrent_cells[] = {
    {"rnn", "RNN", 1, {0}, false},
    {"lstm", "LSTM", 4, {0, 3, 1, 2}, true}, /* i o f c from i f g o */
    {"gru", "GRU", 3, {1, 0, 2}, false},     /* z r h from r z n */
};

typedef struct recurrent_plan {
    const nn_onnx_call *call;
    const recurrent_cell *cell;
    int64_t units, features;
    int directions;
    const char *owner; /* name of the layer that has the weights */
} recurrent_plan;

/* ---- weights ---- */

/* The values of a tensor of a direction, which must have `count`; owned by the caller. NULL: there is none.
 */
static nn_real *recurrent_values(const recurrent_plan *plan, const char *name, int direction, int64_t count)
{
    const char *full = nn_onnx_text(plan->call->onnx, "%s%s", name, direction ? "_reverse" : "");
    nn_shape shape;
    nn_real *values = nn_onnx_values(plan->call, full, &shape);
    if (values && nn_shape_count(shape) == count) return values;
    if (values) nn_onnx_refuse(plan->call, "its tensor %s has another size; use another checkpoint", full);
    return NULL;
}

/* From rows x (gates x units) to (gates of ONNX x units) x rows. */
static void recurrent_turn(const recurrent_plan *plan, int64_t rows, const nn_real *from, nn_real *to)
{
    nn_scalar scalar = plan->call->onnx->scalar;
    int64_t units = plan->units, columns = plan->cell->gates * units, place = 0;
    size_t size = nn_scalar_size(scalar);
    for (int g = 0; g < plan->cell->gates; g++)
        for (int64_t u = 0; u < units; u++)
            for (int64_t r = 0; r < rows; r++) {
                int64_t source = r * columns + plan->cell->order[g] * units + u;
                memcpy(nn_scalar_at(scalar, to, (size_t)place++), nn_scalar_at(scalar, from, (size_t)source),
                       size);
            }
}

/* W or R: directions x (gates x units) x rows. */
static const char *recurrent_matrix(const recurrent_plan *plan, const char *name, int64_t rows)
{
    nn_onnx *onnx = plan->call->onnx;
    int64_t columns = plan->cell->gates * plan->units, count = rows * columns;
    const char *full = nn_onnx_text(onnx, "%s/%s/reordered", plan->owner, name);
    if (nn_onnx_has(onnx, full)) return full;
    nn_real *turned = nn_onnx_memory(onnx, (size_t)(plan->directions * count), nn_scalar_size(onnx->scalar));
    for (int d = 0; turned && d < plan->directions; d++) {
        nn_real *values = recurrent_values(plan, name, d, count);
        if (!values)
            return nn_onnx_refuse(plan->call, "its tensor %s is missing; use another checkpoint", name);
        recurrent_turn(plan, rows, values, nn_scalar_at(onnx->scalar, turned, (size_t)(d * count)));
        nn_free(values);
    }
    return nn_onnx_tensor(onnx, full, onnx->real, (nn_shape){3, {plan->directions, columns, rows}}, turned);
}

/* The biases of a direction: of the inputs, then of the state. Only the last gate of a gru has the second. */
static bool recurrent_fill_biases(const recurrent_plan *plan, int direction, nn_real *both)
{
    nn_scalar scalar = plan->call->onnx->scalar;
    int64_t columns = plan->cell->gates * plan->units, units = plan->units;
    nn_real *bias = recurrent_values(plan, "bias", direction, columns);
    nn_real *state = recurrent_values(plan, "recurrent_bias", direction, units);
    bool found = bias != NULL;
    if (bias) recurrent_turn(plan, 1, bias, both);
    if (state)
        memcpy(nn_scalar_at(scalar, both, (size_t)(2 * columns - units)), state,
               (size_t)units * nn_scalar_size(scalar));
    nn_free(bias);
    nn_free(state);
    return found;
}

/* B: directions x biases. */
static const char *recurrent_biases(const recurrent_plan *plan)
{
    nn_onnx *onnx = plan->call->onnx;
    int64_t count = 2 * plan->cell->gates * plan->units;
    const char *full = nn_onnx_text(onnx, "%s/bias/reordered", plan->owner);
    if (nn_onnx_has(onnx, full)) return full;
    nn_real *both = nn_onnx_memory(onnx, (size_t)(plan->directions * count), nn_scalar_size(onnx->scalar));
    for (int d = 0; both && d < plan->directions; d++)
        if (!recurrent_fill_biases(plan, d, nn_scalar_at(onnx->scalar, both, (size_t)(d * count))))
            return nn_onnx_refuse(plan->call, "its tensor bias is missing; use another checkpoint");
    return nn_onnx_tensor(onnx, full, onnx->real, (nn_shape){2, {plan->directions, count}}, both);
}

/* ---- the node ---- */

/* Steps x samples x features. */
static const char *recurrent_input(const recurrent_plan *plan)
{
    static const int64_t order[] = {1, 0, 2};
    nn_onnx *onnx = plan->call->onnx;
    const nn_onnx_source *input = &plan->call->inputs[0];
    const int64_t flat[] = {0, plan->features};
    const char *x =
        input->shape.dimensions == 2 ? input->value : nn_onnx_reshape(onnx, input->value, 2, flat);
    return nn_onnx_transpose(onnx, x, 3, order);
}

/* A sample without steps is computed as if it had one, and its result is cleared. */
static const char *recurrent_lengths(const recurrent_plan *plan)
{
    nn_onnx *onnx = plan->call->onnx;
    const char *lengths = plan->call->inputs[0].lengths;
    if (!lengths) return "";
    return nn_onnx_cast(onnx, NN_ONNX_NODE(onnx, "Max", lengths, nn_onnx_integer(onnx, 1)), NN_ONNX_INT32);
}

/* A state that is carried from call to call: an input of the model, samples x units, as directions x samples
 * x units.
 */
static const char *recurrent_state(const recurrent_plan *plan, const char *state)
{
    nn_onnx *onnx = plan->call->onnx;
    static const int64_t first = 0;
    const nn_onnx_extent extents[] = {{0, "batch"}, {plan->units, NULL}};
    if (!nn_described_flag(plan->call->layer, "carry")) return "";
    const char *name = nn_onnx_text(onnx, "%s_%s", plan->call->layer->name, state);
    return nn_onnx_unsqueeze(onnx, nn_onnx_input(onnx, name, onnx->real, 2, extents), 1, &first);
}

/* Its value after the last step: an output of the model. */
static void recurrent_carry(const recurrent_plan *plan, const char *state, const char *value)
{
    nn_onnx *onnx = plan->call->onnx;
    if (!nn_described_flag(plan->call->layer, "carry")) return;
    value = NN_ONNX_NODE(onnx, "Squeeze", value, nn_onnx_integer(onnx, 0));
    nn_onnx_carry(onnx, value, nn_onnx_text(onnx, "%s_%s_next", plan->call->layer->name, state), plan->units);
}

static void recurrent_set(const recurrent_plan *plan)
{
    nn_onnx *onnx = plan->call->onnx;
    const nn_described_layer *layer = plan->call->layer;
    const char *function = nn_described_word(layer, "activation");
    const char *activation = function && strcmp(function, "relu") == 0 ? "Relu" : "Tanh";
    bool both = plan->directions == RECURRENT_DIRECTIONS;
    nn_onnx_set_integer(onnx, "hidden_size", plan->units);
    nn_onnx_set_word(onnx, "direction", both ? "bidirectional" : "forward");
    if (strcmp(plan->cell->type, "gru") == 0) nn_onnx_set_integer(onnx, "linear_before_reset", 1);
    if (strcmp(plan->cell->type, "rnn") == 0)
        nn_onnx_set_words(onnx, "activations",
                          (const char *const[]){activation, both ? activation : NULL, NULL});
}

/* Samples x steps x (directions x units), or without the steps. */
static const char *recurrent_result(const recurrent_plan *plan, const char *sequence, const char *last)
{
    static const int64_t sequence_order[] = {2, 0, 1, 3}, last_order[] = {1, 0, 2};
    nn_onnx *onnx = plan->call->onnx;
    const int64_t width = plan->directions * plan->units, extents[] = {0, width};
    const char *output = nn_described_word(plan->call->layer, "output");
    if (output && strcmp(output, "sequence") == 0)
        return nn_onnx_reshape(onnx, nn_onnx_transpose(onnx, sequence, 4, sequence_order), 2, extents);
    const char *y = nn_onnx_reshape(onnx, nn_onnx_transpose(onnx, last, 3, last_order), 1, &width);
    return nn_onnx_clear_empty(onnx, &plan->call->inputs[0], y, 2);
}

static const char *recurrent_add(const recurrent_plan *plan)
{
    nn_onnx *onnx = plan->call->onnx;
    bool memory = plan->cell->has_memory;
    const char *x = recurrent_input(plan), *weight = recurrent_matrix(plan, "input_weight", plan->features);
    const char *state_weight = recurrent_matrix(plan, "recurrent_weight", plan->units);
    const char *biases = recurrent_biases(plan), *lengths = recurrent_lengths(plan);
    const char *hidden = recurrent_state(plan, "h"), *cell = memory ? recurrent_state(plan, "c") : NULL;
    const char *const outputs[] = {nn_onnx_name(onnx, "sequence"), nn_onnx_name(onnx, "last"),
                                   memory ? nn_onnx_name(onnx, "memory") : NULL, NULL};
    nn_onnx_node_outputs(onnx, plan->cell->operator,(const char *const[]){x, weight, state_weight, biases,
                                                                          lengths, hidden, cell, NULL},
                         outputs);
    recurrent_set(plan);
    recurrent_carry(plan, "h", outputs[1]);
    if (memory) recurrent_carry(plan, "c", outputs[2]);
    return recurrent_result(plan, outputs[0], outputs[1]);
}

static const char *recurrent_convert(const nn_onnx_call *call)
{
    const recurrent_cell *cell = recurrent_cells;
    while (strcmp(cell->type, call->layer->type) != 0) cell++;
    nn_shape shape = call->inputs[0].shape;
    recurrent_plan plan = {.call = call,
                           .cell = cell,
                           .units = nn_described_integer(call->layer, "units"),
                           .directions = nn_described_flag(call->layer, "bidirectional") ? 2 : 1,
                           .owner = call->onnx->description->layers[call->layer->shares].name};
    if (shape.dimensions < 2 || plan.units < 1)
        return nn_onnx_refuse(call, "its input is not a sequence; use another checkpoint");
    plan.features = nn_shape_count(shape) / shape.extents[0];
    return recurrent_add(&plan);
}

static nn_onnx_steps recurrent_steps(const nn_described_layer *layer)
{
    const char *output = nn_described_word(layer, "output");
    return output && strcmp(output, "sequence") == 0 ? NN_ONNX_STEPS_KEPT : NN_ONNX_STEPS_ENDED;
}

const nn_onnx_layer nn_onnx_recurrent_layers[] = {
    {.type = "rnn", .convert = recurrent_convert, .steps_of = recurrent_steps},
    {.type = "lstm", .convert = recurrent_convert, .steps_of = recurrent_steps},
    {.type = "gru", .convert = recurrent_convert, .steps_of = recurrent_steps},
    {.type = NULL}};
