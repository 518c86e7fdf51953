/* Runs one layer on one microbatch. */
#include <assert.h>
#include <string.h>

#include "nn/graph.h"
#include "tensor/arithmetic.h"

/* Microbatches that a layer is given in one call at most. */
#define NN_NETWORK_GROUP 16

static nn_real *run_at(const nn_network *network, const nn_real *values, int64_t index)
{
    return nn_scalar_at(network->scalar, values, (size_t)index);
}

/* ---- statistics over the batch ---- */

double *nn_network_statistics(const nn_network *network, int layer, nn_pass pass, double *statistics)
{
    const nn_layer *self = &network->layers[layer];
    return statistics + self->statistics_offset + (pass == NN_BACKWARD ? self->statistics[NN_FORWARD] : 0);
}

bool nn_network_collects(const nn_network *network, int layer, nn_pass pass)
{
    return network->layers[layer].statistics[pass] > 0;
}

/* The statistics that are passed to a layer, or NULL. */
static const double *run_statistics(const nn_network *network, int l, nn_pass pass,
                                    const nn_microbatch *microbatch)
{
    if (!microbatch->training || !microbatch->statistics || !nn_network_collects(network, l, pass))
        return NULL;
    return nn_network_statistics(network, l, pass, (double *)microbatch->statistics);
}

/* ---- calls ---- */

static nn_layer_call run_make_call(const nn_network *network, int l, const nn_real *weights,
                                   const nn_microbatch *microbatch, nn_real *scratch, const nn_real **inputs)
{
    const nn_layer *layer = &network->layers[l];
    assert(l > 0 && microbatch->samples <= microbatch->capacity);
    assert(microbatch->samples <= layer->microbatch_size);
    for (int i = 0; i < layer->input_count; i++) inputs[i] = microbatch->outputs[layer->inputs[i]];
    return (nn_layer_call){
        .count = 1,
        .samples = microbatch->samples,
        .training = microbatch->training,
        .parameters = run_at(network, weights, layer->offset),
        .inputs = inputs,
        .output = microbatch->outputs[l],
        .output_gradient = microbatch->gradients[l],
        .saved = microbatch->saved[l],
        .scratch = scratch,
        .random = {microbatch->seed, NN_RANDOM_LAYER + (uint32_t)l, microbatch->step},
        .first_sample = microbatch->first_sample,
        .batch_samples = microbatch->batch_samples,
        .lengths = microbatch->lengths[layer->inputs[0]],
        .second_lengths = layer->input_count > 1 ? microbatch->lengths[layer->inputs[1]] : NULL,
        .statistics = {run_statistics(network, l, NN_FORWARD, microbatch),
                       run_statistics(network, l, NN_BACKWARD, microbatch)},
        .carried = microbatch->carried && layer->carried_per_sample
                       ? run_at(network, microbatch->carried, microbatch->capacity * layer->carried_offset)
                       : NULL,
    };
}

/* ---- sequences of different length ---- */

static void run_find_lengths(const nn_layer *layer, const nn_microbatch *microbatch, int l)
{
    const nn_layer_time *time = &layer->time;
    const int64_t *from = microbatch->lengths[layer->inputs[0]];
    int64_t *to = microbatch->lengths[l];
    if (!to || to == from) return;
    for (int64_t i = 0; i < microbatch->samples; i++) {
        int64_t room = from[i] + time->padding - time->kernel;
        to[i] = room < 0 ? 0 : room / time->stride + 1;
        if (to[i] > layer->output_shape.extents[0]) to[i] = layer->output_shape.extents[0];
    }
}

/* Clears the values past the last step of each sample. */
static void run_clear_padding(const nn_network *network, int l, const nn_microbatch *microbatch,
                              nn_real *values)
{
    const nn_layer *layer = &network->layers[l];
    const int64_t *lengths = microbatch->lengths[l];
    if (!lengths || !values) return;
    int64_t steps = layer->output_shape.extents[0], count = nn_shape_count(layer->output_shape);
    int64_t width = count / steps;
    for (int64_t i = 0; i < microbatch->samples; i++)
        memset(run_at(network, values, i * count + lengths[i] * width), 0,
               (size_t)((steps - lengths[i]) * width) * nn_scalar_size(network->scalar));
}

/* ---- forward, backward, gradient ---- */

/* The calls of a pass on a group. */
typedef struct run_calls {
    nn_layer_call calls[NN_NETWORK_GROUP];
    const nn_real *inputs[NN_NETWORK_GROUP][NN_LAYER_INPUTS];
    nn_real *input_gradients[NN_NETWORK_GROUP][NN_LAYER_INPUTS];
} run_calls;

/* Microbatches of a group, from `begin` on, that the layer takes in one call. */
static int run_count(const nn_layer *layer, const nn_network_group *group, int begin)
{
    int most = layer->type->takes_groups ? NN_NETWORK_GROUP : 1;
    return group->count - begin < most ? group->count - begin : most;
}

static void run_make_calls(const nn_network *network, int l, nn_pass pass, const nn_network_group *group,
                           int begin, nn_real *scratch, run_calls *made)
{
    int count = run_count(&network->layers[l], group, begin), all = network->layers[l].tiles[pass];
    for (int i = 0; i < count; i++) {
        nn_layer_call *call = &made->calls[i];
        *call = run_make_call(network, l, group->weights, group->microbatches[begin + i], scratch,
                              made->inputs[i]);
        call->count = count;
        call->packed = group->packed;
        bool divided =
            group->tile_end > 0 && nn_network_tiles(network, l, pass, group->microbatches[begin + i]) > 1;
        call->tile_begin = divided ? group->tile_begin : 0;
        call->tile_end = divided ? group->tile_end : all > 1 ? all : 1;
    }
}

void nn_network_forward_group(const nn_network *network, int layer, const nn_network_group *group,
                              nn_real *scratch)
{
    const nn_layer *self = &network->layers[layer];
    run_calls made;
    if (self->is_alias) return;
    for (int i = 0; i < group->count; i++) run_find_lengths(self, group->microbatches[i], layer);
    for (int begin = 0; begin < group->count; begin += made.calls[0].count) {
        run_make_calls(network, layer, NN_FORWARD, group, begin, scratch, &made);
        self->type->forward(self, made.calls);
    }
    for (int i = 0; i < group->count; i++)
        run_clear_padding(network, layer, group->microbatches[i], group->microbatches[i]->outputs[layer]);
}

void nn_network_forward(const nn_network *network, int layer, const nn_real *weights,
                        nn_microbatch *microbatch, nn_real *scratch)
{
    nn_network_group group = {.weights = weights, .microbatches = &microbatch, .count = 1};
    nn_network_forward_group(network, layer, &group, scratch);
}

void nn_network_collect(const nn_network *network, int layer, nn_pass pass, const nn_real *weights,
                        nn_microbatch *microbatch, nn_real *scratch, double *values)
{
    const nn_layer *self = &network->layers[layer];
    const nn_real *inputs[NN_LAYER_INPUTS];
    if (!nn_network_collects(network, layer, pass)) return;
    nn_layer_call call = run_make_call(network, layer, weights, microbatch, scratch, inputs);
    if (pass == NN_BACKWARD) run_clear_padding(network, layer, microbatch, microbatch->gradients[layer]);
    self->type->statistics->collect(self, &call, pass, values);
}

/* Where a call writes its input gradients. A reader that is not the first to write a gradient writes to
 * scratch, and run_add adds it. */
static void run_place_gradients(const nn_network *network, int layer, const nn_microbatch *microbatch,
                                nn_real *scratch, nn_real **input_gradients)
{
    const nn_layer *self = &network->layers[layer];
    nn_real *added = run_at(network, scratch, nn_graph_scratch_values(self, microbatch->samples));
    for (int i = 0; i < self->input_count; i++) {
        input_gradients[i] = microbatch->gradients[self->inputs[i]];
        if (!input_gradients[i] || nn_graph_writes_first(network, layer, i)) continue;
        input_gradients[i] = added;
        added = run_at(network, added, microbatch->samples * nn_shape_count(self->input_shapes[i]));
    }
}

static void run_add(const nn_network *network, int layer, const nn_microbatch *microbatch,
                    nn_real *const *input_gradients)
{
    const nn_layer *self = &network->layers[layer];
    for (int i = 0; i < self->input_count; i++) {
        nn_real *sum = microbatch->gradients[self->inputs[i]];
        if (sum && !nn_graph_writes_first(network, layer, i))
            nn_tensor_arithmetic_of(network->scalar)
                ->add(microbatch->samples * nn_shape_count(self->input_shapes[i]), input_gradients[i], sum);
    }
}

/* Whether the layer is the first to write each of its input gradients. */
static bool run_writes_first(const nn_network *network, int layer)
{
    const nn_layer *self = &network->layers[layer];
    for (int i = 0; i < self->input_count; i++)
        if (!nn_graph_writes_first(network, layer, i)) return false;
    return true;
}

/* A group whose microbatches all use the same scratch cannot leave gradients there for run_add. */
static void run_backward_apart(const nn_network *network, int layer, const nn_network_group *group,
                               nn_real *scratch)
{
    const nn_layer *self = &network->layers[layer];
    run_calls made;
    for (int i = 0; i < group->count; i++) {
        nn_network_group one = *group;
        one.microbatches += i;
        one.count = 1;
        run_make_calls(network, layer, NN_BACKWARD, &one, 0, scratch, &made);
        run_place_gradients(network, layer, one.microbatches[0], scratch, made.input_gradients[0]);
        made.calls[0].input_gradients = made.input_gradients[0];
        self->type->backward(self, made.calls);
        run_add(network, layer, one.microbatches[0], made.input_gradients[0]);
    }
}

void nn_network_backward_group(const nn_network *network, int layer, const nn_network_group *group,
                               nn_real *scratch)
{
    const nn_layer *self = &network->layers[layer];
    run_calls made;
    if (!group->microbatches[0]->gradients[layer] || self->is_alias) return;
    for (int i = 0; i < group->count; i++)
        run_clear_padding(network, layer, group->microbatches[i], group->microbatches[i]->gradients[layer]);
    if (!run_writes_first(network, layer)) {
        run_backward_apart(network, layer, group, scratch);
        return;
    }
    for (int begin = 0; begin < group->count; begin += made.calls[0].count) {
        run_make_calls(network, layer, NN_BACKWARD, group, begin, scratch, &made);
        for (int i = 0; i < made.calls[0].count; i++) {
            run_place_gradients(network, layer, group->microbatches[begin + i], scratch,
                                made.input_gradients[i]);
            made.calls[i].input_gradients = made.input_gradients[i];
        }
        self->type->backward(self, made.calls);
    }
}

void nn_network_backward(const nn_network *network, int layer, const nn_real *weights,
                         nn_microbatch *microbatch, nn_real *scratch)
{
    nn_network_group group = {.weights = weights, .microbatches = &microbatch, .count = 1};
    nn_network_backward_group(network, layer, &group, scratch);
}

/* ---- packed weights and tiles ---- */

int64_t nn_network_packed_values(const nn_network *network, int layer, nn_pass pass)
{
    const nn_layer *self = &network->layers[layer];
    if (self->is_alias || !self->type->pack) return 0;
    return (self->packed_values[pass] + NN_PARAMETER_ALIGNMENT - 1) / NN_PARAMETER_ALIGNMENT *
           NN_PARAMETER_ALIGNMENT;
}

void nn_network_pack(const nn_network *network, int layer, nn_pass pass, const nn_real *weights,
                     nn_real *packed)
{
    const nn_layer *self = &network->layers[layer];
    if (nn_network_packed_values(network, layer, pass) > 0)
        self->type->pack(self, pass, run_at(network, weights, self->offset), packed);
}

int nn_network_tiles(const nn_network *network, int layer, nn_pass pass, const nn_microbatch *microbatch)
{
    const nn_layer *self = &network->layers[layer];
    bool padded = microbatch->lengths[layer] != NULL; /* cleared after all tiles */
    if (self->is_alias || padded || (pass == NN_BACKWARD && !run_writes_first(network, layer))) return 1;
    return self->tiles[pass] > 1 ? self->tiles[pass] : 1;
}

/* The padding after tensors is 0 in gradients too: sums and norms include it. */
static void run_clear_gaps(const nn_network *network, int l, int part, nn_real *values)
{
    const nn_layer *layer = &network->layers[l];
    for (int p = 0; p < layer->parameter_count; p++) {
        int64_t begin = layer->parameters[p].offset + layer->parameters[p].count;
        int64_t end = p + 1 < layer->parameter_count ? layer->parameters[p + 1].offset : layer->value_count;
        if (begin < layer->part_begin[part]) begin = layer->part_begin[part];
        if (end > layer->part_begin[part + 1]) end = layer->part_begin[part + 1];
        if (begin < end)
            memset(run_at(network, values, begin - layer->part_begin[part]), 0,
                   (size_t)(end - begin) * nn_scalar_size(network->scalar));
    }
}

static void run_layer_gradient(const nn_network *network, int layer, int part, const nn_real *weights,
                               const nn_microbatch *microbatch, nn_real *scratch, bool accumulate,
                               nn_real *gradient)
{
    const nn_layer *self = &network->layers[layer];
    const nn_real *inputs[NN_LAYER_INPUTS];
    nn_layer_call call = run_make_call(network, layer, weights, microbatch, scratch, inputs);
    self->type->gradient(self, &call, part, accumulate, gradient);
}

/* Sums the gradients of all layers that share the parameters; for statistics, takes the mean. */
static void run_shared_gradient(const nn_network *network, int layer, int part, const nn_real *weights,
                                const nn_microbatch *microbatch, nn_real *scratch, nn_real *gradient)
{
    const nn_layer *self = &network->layers[layer];
    int sharers = 1;
    run_layer_gradient(network, layer, part, weights, microbatch, scratch, false, gradient);
    for (int l = layer + 1; l < network->layer_count; l++)
        if (network->layers[l].shares == self) {
            run_layer_gradient(network, l, part, weights, microbatch, scratch, true, gradient);
            sharers++;
        }
    for (int p = 0; p < self->parameter_count; p++) {
        int64_t at = self->parameters[p].offset - self->part_begin[part];
        if (self->parameters[p].statistic && at >= 0 &&
            self->parameters[p].offset < self->part_begin[part + 1])
            nn_tensor_arithmetic_of(network->scalar)
                ->scale(self->parameters[p].count, 1.0 / sharers, run_at(network, gradient, at));
    }
}

void nn_network_gradient(const nn_network *network, int layer, int part, const nn_real *weights,
                         const nn_microbatch *microbatch, nn_real *scratch, bool accumulate,
                         nn_real *gradient)
{
    const nn_layer *self = &network->layers[layer];
    int64_t values = self->part_begin[part + 1] - self->part_begin[part];
    int64_t shared = nn_graph_shared_values(network, layer);
    if (self->frozen) {
        if (!accumulate) memset(gradient, 0, (size_t)values * nn_scalar_size(network->scalar));
        return;
    }
    nn_real *sum =
        shared && accumulate ? run_at(network, scratch, network->scratch_values - shared) : gradient;
    if (shared)
        run_shared_gradient(network, layer, part, weights, microbatch, scratch, sum);
    else
        run_layer_gradient(network, layer, part, weights, microbatch, scratch, accumulate, sum);
    if (!accumulate || sum != gradient) run_clear_gaps(network, layer, part, sum);
    if (sum != gradient) nn_tensor_arithmetic_of(network->scalar)->add(values, sum, gradient);
}
