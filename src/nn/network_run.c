/* Passes of one layer on a group of microbatches, in shares. */
#include "nn/call.h"
#include "tensor/arithmetic.h"

/* Values read and written, and operations, that take a thread longer than it takes to begin and to end. */
#define SHARE_WORK 50000

/* ---- sequences of different length ---- */

static void run_find_lengths(const nn_layer *layer, int l, nn_call_samples samples)
{
    const nn_layer_time *time = &layer->time;
    const int64_t *from = samples.microbatch->lengths[layer->inputs[0]];
    int64_t *to = samples.microbatch->lengths[l];
    if (!to || to == from) return;
    for (int64_t i = samples.first; i < samples.first + samples.count; i++) {
        int64_t room = from[i] + time->padding - time->kernel;
        to[i] = room < 0 ? 0 : room / time->stride + 1;
        if (to[i] > layer->output_shape.extents[0]) to[i] = layer->output_shape.extents[0];
    }
}

/* ---- calls ---- */

/* The calls of one phase that a layer takes at once. */
typedef struct run_calls {
    const nn_network *network;
    int layer;
    nn_pass pass;
    const nn_network_group *group;
    nn_real *scratch;
    int phase, tile_begin, tile_end;
    bool last; /* the last phase of the pass */
    int most;  /* calls at once */
    int count;
    nn_layer_call calls[NN_LAYER_GROUP];
    nn_call_samples samples[NN_LAYER_GROUP];
    const nn_real *inputs[NN_LAYER_GROUP][NN_LAYER_INPUTS];
    nn_real *input_gradients[NN_LAYER_GROUP][NN_LAYER_INPUTS];
} run_calls;

/* Whether the layer is the first to write each of its input gradients. */
static bool run_writes_first(const nn_network *network, int layer)
{
    const nn_layer *self = &network->layers[layer];
    for (int i = 0; i < self->input_count; i++)
        if (!nn_graph_writes_first(network, layer, i)) return false;
    return true;
}

/* Where a call writes its input gradients. A reader that is not the first to write a gradient writes to
 * scratch, and run_add adds it. */
static void run_place_gradients(const run_calls *at, nn_call_samples samples, nn_real **input_gradients)
{
    const nn_network *network = at->network;
    const nn_layer *self = &network->layers[at->layer];
    nn_real *added = nn_call_at(network, at->scratch, nn_graph_scratch_values(self, samples.count));
    for (int i = 0; i < self->input_count; i++) {
        input_gradients[i] = at->last ? nn_call_gradient(network, self->inputs[i], samples) : NULL;
        if (!input_gradients[i] || nn_graph_writes_first(network, at->layer, i)) continue;
        input_gradients[i] = added;
        added = nn_call_at(network, added, samples.count * nn_shape_count(self->input_shapes[i]));
    }
}

static void run_add(const run_calls *at, nn_call_samples samples, nn_real *const *input_gradients)
{
    const nn_layer *self = &at->network->layers[at->layer];
    for (int i = 0; i < self->input_count; i++)
        if (input_gradients[i] && !nn_graph_writes_first(at->network, at->layer, i))
            nn_tensor_arithmetic_of(at->network->scalar)
                ->add(samples.count * nn_shape_count(self->input_shapes[i]), input_gradients[i],
                      nn_call_gradient(at->network, self->inputs[i], samples));
}

static void run_append(run_calls *at, nn_call_samples samples)
{
    int i = at->count++;
    nn_layer_call *call = &at->calls[i];
    at->samples[i] = samples;
    *call = nn_call_make(at->network, at->layer, at->group->weights, samples, at->scratch, at->inputs[i]);
    call->packed = at->group->packed;
    call->phase = at->phase;
    call->tile_begin = at->tile_begin;
    call->tile_end = at->tile_end;
    if (at->pass == NN_FORWARD) {
        if (at->phase == 0) run_find_lengths(&at->network->layers[at->layer], at->layer, samples);
        return;
    }
    if (at->phase == 0) nn_call_clear_padding(at->network, at->layer, samples, call->output_gradient);
    run_place_gradients(at, samples, at->input_gradients[i]);
    call->input_gradients = at->input_gradients[i];
}

/* Makes the calls that have been appended. */
static void run_flush(run_calls *at)
{
    const nn_layer_type *type = at->network->layers[at->layer].type;
    if (at->count == 0) return;
    for (int i = 0; i < at->count; i++) at->calls[i].count = at->count;
    (at->pass == NN_FORWARD ? type->forward : type->backward)(&at->network->layers[at->layer], at->calls);
    for (int i = 0; at->last && i < at->count; i++)
        if (at->pass == NN_FORWARD)
            nn_call_clear_padding(at->network, at->layer, at->samples[i], at->calls[i].output);
        else
            run_add(at, at->samples[i], at->input_gradients[i]);
    at->count = 0;
}

/* The samples [begin, end) of the group, counted over its microbatches. */
static void run_samples(run_calls *at, int64_t begin, int64_t end)
{
    int64_t next = 0;
    for (int64_t i = 0; i < at->group->count && next < end; i++) {
        const nn_microbatch *microbatch = at->group->microbatches[i];
        int64_t first = begin > next ? begin - next : 0, last = end - next;
        if (last > microbatch->samples) last = microbatch->samples;
        next += microbatch->samples;
        if (first >= last) continue;
        run_append(at, (nn_call_samples){microbatch, first, last - first});
        if (at->count == at->most) run_flush(at);
    }
    run_flush(at);
}

/* ---- shares ---- */

int nn_network_phases(const nn_network *network, int layer, nn_pass pass)
{
    const nn_layer *self = &network->layers[layer];
    return !self->is_alias && self->phases[pass] > 1 ? self->phases[pass] : 1;
}

bool nn_network_prefers_groups(const nn_network *network, int layer, nn_pass pass)
{
    const nn_layer *self = &network->layers[layer];
    for (int phase = 0; !self->is_alias && phase < nn_network_phases(network, layer, pass); phase++)
        if (self->division[pass][phase].tiles > 1) return true;
    return false;
}

/* Values past the end of samples are cleared, and gradients added, by samples: not after one of several
 * tiles. */
static int run_tiles(const nn_network *network, int layer, nn_pass pass, int phase,
                     const nn_network_group *group)
{
    int tiles = network->layers[layer].division[pass][phase].tiles;
    bool padded = group->microbatches[0]->lengths[layer] != NULL;
    bool adds = pass == NN_BACKWARD && !run_writes_first(network, layer);
    return tiles > 1 && !padded && !adds ? tiles : 1;
}

static int64_t run_count_samples(const nn_network_group *group, int64_t microbatches)
{
    int64_t samples = 0;
    for (int64_t i = 0; i < microbatches; i++) samples += group->microbatches[i]->samples;
    return samples;
}

int nn_network_shares(const nn_network *network, int layer, nn_pass pass, int phase,
                      const nn_network_group *group, int most)
{
    const nn_layer *self = &network->layers[layer];
    int64_t samples = run_count_samples(group, group->count), units = group->count;
    double work = pass == NN_FORWARD ? self->flops_forward : self->flops_input_gradient;
    for (int i = 0; i < self->input_count; i++) work += (double)nn_shape_count(self->input_shapes[i]);
    work += (double)nn_shape_count(self->output_shape);
    int tiles = run_tiles(network, layer, pass, phase, group);
    if (tiles > 1)
        units = tiles;
    else if (self->division[pass][phase].by_sample)
        units = samples;
    if (self->division[pass][phase].little) return 1;
    double worth = 1 + work * (double)samples / SHARE_WORK;
    if (worth < most) most = (int)worth;
    return units < most ? (int)units : most;
}

/* A group whose microbatches all use the same scratch cannot leave gradients there for run_add. */
static int run_most(const nn_network *network, int layer, nn_pass pass)
{
    bool adds = pass == NN_BACKWARD && !run_writes_first(network, layer);
    return network->layers[layer].type->takes_groups && !adds ? NN_LAYER_GROUP : 1;
}

void nn_network_run_share(const nn_network *network, int layer, nn_pass pass, const nn_network_group *group,
                          nn_network_share share, nn_real *scratch)
{
    const nn_layer *self = &network->layers[layer];
    if (self->is_alias || group->count == 0) return;
    if (pass == NN_BACKWARD && !group->microbatches[0]->gradients[layer]) return;
    run_calls at;
    at.network = network;
    at.layer = layer;
    at.pass = pass;
    at.group = group;
    at.scratch = scratch;
    at.phase = share.phase;
    at.last = share.phase == nn_network_phases(network, layer, pass) - 1;
    at.most = run_most(network, layer, pass);
    at.count = 0;
    int64_t index = share.index, count = share.count, all = run_count_samples(group, group->count);
    int tiles = run_tiles(network, layer, pass, share.phase, group),
        declared = self->division[pass][share.phase].tiles;
    at.tile_begin = tiles > 1 ? (int)(tiles * index / count) : 0;
    at.tile_end = tiles > 1 ? (int)(tiles * (index + 1) / count) : declared > 1 ? declared : 1;
    if (tiles > 1) {
        if (at.tile_begin < at.tile_end) run_samples(&at, 0, all);
    } else if (self->division[pass][share.phase].by_sample) {
        run_samples(&at, all * index / count, all * (index + 1) / count);
    } else {
        run_samples(&at, run_count_samples(group, group->count * index / count),
                    run_count_samples(group, group->count * (index + 1) / count));
    }
}

static void run_group(const nn_network *network, int layer, nn_pass pass, const nn_network_group *group,
                      nn_real *scratch)
{
    for (int phase = 0; phase < nn_network_phases(network, layer, pass); phase++)
        nn_network_run_share(network, layer, pass, group, (nn_network_share){phase, 0, 1}, scratch);
}

void nn_network_forward_group(const nn_network *network, int layer, const nn_network_group *group,
                              nn_real *scratch)
{
    run_group(network, layer, NN_FORWARD, group, scratch);
}

void nn_network_backward_group(const nn_network *network, int layer, const nn_network_group *group,
                               nn_real *scratch)
{
    run_group(network, layer, NN_BACKWARD, group, scratch);
}

void nn_network_forward(const nn_network *network, int layer, const nn_real *weights,
                        nn_microbatch *microbatch, nn_real *scratch)
{
    nn_network_group group = {.weights = weights, .microbatches = &microbatch, .count = 1};
    run_group(network, layer, NN_FORWARD, &group, scratch);
}

void nn_network_backward(const nn_network *network, int layer, const nn_real *weights,
                         nn_microbatch *microbatch, nn_real *scratch)
{
    nn_network_group group = {.weights = weights, .microbatches = &microbatch, .count = 1};
    run_group(network, layer, NN_BACKWARD, &group, scratch);
}

/* ---- statistics over the batch ---- */

void nn_network_collect(const nn_network *network, int layer, nn_pass pass, const nn_real *weights,
                        nn_microbatch *microbatch, nn_real *scratch, double *values)
{
    const nn_layer *self = &network->layers[layer];
    const nn_real *inputs[NN_LAYER_INPUTS];
    if (!nn_network_collects(network, layer, pass)) return;
    nn_call_samples all = nn_call_all(microbatch);
    nn_layer_call call = nn_call_make(network, layer, weights, all, scratch, inputs);
    if (pass == NN_BACKWARD) nn_call_clear_padding(network, layer, all, call.output_gradient);
    self->type->statistics->collect(self, &call, pass, values);
}

/* ---- packed weights ---- */

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
        self->type->pack(self, pass, nn_call_at(network, weights, self->offset), packed);
}
