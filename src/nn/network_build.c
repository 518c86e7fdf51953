/* Building a network from its spec: names, connections, shapes, and the layout of the flat vector. */
#include "nn/network.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "nn/arithmetic.h"
#include "nn/fuse.h"
#include "nn/graph.h"
#include "nn/parts.h"

/* Limit for the values of one sample in one layer: keeps every byte count of a microbatch below 2^63. */
#define NETWORK_SAMPLE_VALUES_MAX ((int64_t)1 << 38)
#define NETWORK_MICROBATCH_MAX ((int64_t)1 << 20)

static const char network_name_letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

/* ---- names ---- */

static int network_find(const nn_network *network, int begin, int end, const char *name)
{
    for (int l = begin; l < end; l++)
        if (strcmp(network->layers[l].name, name) == 0) return l;
    return -1;
}

/* Names a layer by its type and its number among those of the type: "dense2". */
static nn_status network_number_name(nn_network *network, int l)
{
    int number = 0;
    for (int i = 1; i <= l; i++)
        if (network->layers[i].type == network->layers[l].type) number++;
    char name[128];
    snprintf(name, sizeof name, "%s%d", network->layers[l].type->name, number);
    return nn_copy_text(name, &network->layers[l].name);
}

static nn_status network_check_name(const nn_network *network, int l)
{
    const char *name = network->layers[l].name;
    if (!name[0] || name[strspn(name, network_name_letters)])
        NN_FAIL(NN_ERROR_USAGE, "layer '%s': a name may contain only letters, digits, _ and -", name);
    if (network_find(network, 0, 1, name) == 0)
        NN_FAIL(NN_ERROR_USAGE,
                "layer %s: this name is reserved for the network's input; choose another `name`", name);
    if (network_find(network, 1, l, name) > 0)
        NN_FAIL(NN_ERROR_USAGE, "layer %s: another layer has the same name; choose another `name`", name);
    return NN_OK;
}

/* Moves names and options out of the spec, so that all names are known before the first connection. */
static nn_status network_take_layers(nn_network *network, nn_network_spec *spec)
{
    int parts = spec->input.part_count;
    NN_TRY(NN_ALLOCATE(&network->layers, spec->count + 1 + (size_t)parts, "the layers of a network"));
    network->layer_count = (int)spec->count + 1 + parts;
    network->layers[0].type = nn_layer_find(spec->scalar, "input");
    NN_TRY(nn_copy_text("input", &network->layers[0].name));
    for (int p = 0; p < parts; p++) {
        network->layers[1 + p].type = nn_network_arithmetic_of(spec->scalar)->part;
        NN_TRY(nn_copy_text(spec->input.parts[p].name, &network->layers[1 + p].name));
    }
    for (int l = 1 + parts; l < network->layer_count; l++) {
        nn_layer_spec *from = &spec->layers[l - 1 - parts];
        nn_layer *layer = &network->layers[l];
        layer->type = from->type;
        layer->name = from->name;
        layer->options = from->options;
        layer->frozen = from->freeze;
        layer->rate_factor = from->rate_factor == 0 ? 1 : from->rate_factor;
        from->name = NULL;
        from->options = NULL;
    }
    for (int l = 1; l < network->layer_count; l++) {
        if (!network->layers[l].name) NN_TRY(network_number_name(network, l));
        NN_TRY(network_check_name(network, l));
    }
    return NN_OK;
}

/* ---- connections ---- */

/* Fails because no layer before `l` has the name; the message suggests the nearest name and lists all. */
static nn_status network_unknown(const nn_network *network, int l, const char *what, const char *name)
{
    const char **names, *near;
    nn_text known = {0};
    NN_TRY(NN_ALLOCATE(&names, l, "the names of layers"));
    for (int i = 0; i < l; i++) {
        names[i] = network->layers[i].name;
        nn_text_append(&known, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    near = nn_nearest(name, names, (size_t)l);
    nn_status status = nn_fail(NN_ERROR_USAGE, "%s '%s' is not a layer before it%s%s%s (known: %s)", what,
                               name, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "",
                               known.failed ? "out of memory for the list" : known.bytes);
    nn_text_free(&known);
    nn_free(names);
    return status;
}

static nn_status network_unknown_input(const nn_network *network, int l, const char *name)
{
    if (network_find(network, l, network->layer_count, name) >= 0)
        NN_FAIL(NN_ERROR_USAGE,
                "its input '%s' comes after it; list layers in the order in which they are computed", name);
    return network_unknown(network, l, "its input", name);
}

/* Finds the layer whose parameters this one shares; if that one shares too, the owner of the parameters. */
static nn_status network_share(nn_network *network, int l, const char *name)
{
    nn_layer *layer = &network->layers[l];
    if (!name) return NN_OK;
    int owner = network_find(network, 0, l, name);
    if (owner < 0) return network_unknown(network, l, "share:", name);
    layer->shares = network->layers[owner].shares ? network->layers[owner].shares : &network->layers[owner];
    if (layer->shares->parameter_count == 0)
        NN_FAIL(NN_ERROR_USAGE, "share: layer %s has no parameters to share; name one that has", name);
    layer->frozen = layer->shares->frozen;
    return NN_OK;
}

/* `before`: the layer to read if no names are given. */
static nn_status network_connect(nn_network *network, int l, int before, const nn_text_list *names)
{
    nn_layer *layer = &network->layers[l];
    size_t count = names->count > 0 ? names->count : 1;
    if (count > NN_LAYER_INPUTS)
        NN_FAIL(NN_ERROR_USAGE,
                "it has %zu inputs, but at most %d are possible; combine some with add or concat first",
                count, NN_LAYER_INPUTS);
    NN_TRY(NN_ALLOCATE(&layer->inputs, count + NN_FUSE_INPUTS, "the inputs of a layer"));
    NN_TRY(NN_ALLOCATE(&layer->input_shapes, count + NN_FUSE_INPUTS, "the inputs of a layer"));
    layer->input_count = (int)count;
    for (int i = 0; i < layer->input_count; i++) {
        int input = names->count > 0 ? network_find(network, 0, l, names->items[i]) : before;
        if (input < 0) return network_unknown_input(network, l, names->items[i]);
        layer->inputs[i] = input;
    }
    return NN_OK;
}

static nn_status network_connect_layers(nn_network *network, const nn_network_spec *spec)
{
    const nn_text_list none = {0};
    int parts = spec->input.part_count;
    for (int l = 1; l < network->layer_count; l++) {
        bool reads_input = l <= parts + 1;
        const nn_text_list *names = l > parts ? &spec->layers[l - 1 - parts].inputs : &none;
        nn_status status = network_connect(network, l, reads_input ? 0 : l - 1, names);
        if (status != NN_OK) return nn_fail_context(status, "layer %s", network->layers[l].name);
    }
    return NN_OK;
}

/* An output that is not used would be computed in vain, and would have no gradient. */
static nn_status network_check_consumers(const nn_network *network, int parts)
{
    bool joined = nn_graph_consumers(network, 0) > parts; /* a layer reads all inputs as one */
    for (int l = 1; l <= parts && !joined; l++)
        if (nn_graph_consumers(network, l) == 0)
            NN_FAIL(NN_ERROR_USAGE,
                    "input %s: no layer reads it; add it to the `inputs` of a layer, or remove it from "
                    "data.train.x",
                    network->layers[l].name);
    for (int l = 1 + parts; l < network->layer_count; l++)
        if (nn_graph_consumers(network, l) == 0 && !nn_graph_is_output(network, l))
            NN_FAIL(NN_ERROR_USAGE,
                    "layer %s: no layer reads it; add it to the `inputs` of a later one, or remove it",
                    network->layers[l].name);
    return NN_OK;
}

static nn_status network_find_outputs(nn_network *network, const nn_text_list *names)
{
    network->output_count = names->count > 0 ? (int)names->count : 1;
    NN_TRY(NN_ALLOCATE(&network->outputs, network->output_count, "the outputs of a network"));
    network->outputs[0] = network->layer_count - 1;
    for (int o = 0; o < (int)names->count; o++) {
        network->outputs[o] = network_find(network, 1, network->layer_count, names->items[o]);
        if (network->outputs[o] < 0)
            NN_FAIL(NN_ERROR_USAGE,
                    "losses: there is no layer named '%s'; name the layer that predicts this target after "
                    "it, such as `dense: {units: 1, name: %s}`",
                    names->items[o], names->items[o]);
        if (nn_graph_consumers(network, network->outputs[o]) > 0)
            NN_FAIL(NN_ERROR_USAGE,
                    "layer %s: a loss reads it, so no other layer may; let the other layer read the one "
                    "before it",
                    names->items[o]);
    }
    return NN_OK;
}

static nn_status network_note_writers(nn_network *network)
{
    NN_TRY(NN_ALLOCATE(&network->gradient_writers, network->layer_count, "a network"));
    for (int l = 0; l < network->layer_count; l++) network->gradient_writers[l] = -1;
    for (int l = 1; l < network->layer_count; l++)
        for (int i = 0; i < network->layers[l].input_count; i++)
            network->gradient_writers[network->layers[l].inputs[i]] = l;
    return NN_OK;
}

/* ---- shapes ---- */

/* A layer whose work was taken over by one below is not built: it has the shape of its input. */
static nn_status network_call_build(nn_network *network, int l)
{
    nn_layer *layer = &network->layers[l];
    for (int i = 0; i < layer->input_count; i++) {
        layer->input_shapes[i] = network->layers[layer->inputs[i]].output_shape;
        if (nn_graph_has_gradient(network, layer->inputs[i])) layer->needs_input_gradient = true;
    }
    if (!layer->is_alias || layer->type->is_view) return layer->type->build(layer);
    layer->output_shape = layer->input_shapes[0];
    layer->time.kept = true;
    return NN_OK;
}

static nn_status network_build_layer(nn_network *network, int l, int64_t microbatch_size)
{
    nn_layer *layer = &network->layers[l];
    layer->microbatch_size = microbatch_size;
    layer->engine = network->engine;
    NN_TRY(network_call_build(network, l));
    assert(layer->value_count == 0 || layer->part_begin[layer->part_count] == layer->value_count);
    if (layer->shares && layer->parameter_count == 0)
        NN_FAIL(NN_ERROR_USAGE, "share: it has no parameters; remove share");
    layer->carried_offset = network->carried_values;
    network->carried_values += layer->carried_per_sample;
    layer->statistics_offset = network->statistics_values;
    for (int pass = 0; pass < NN_PASSES; pass++) {
        network->statistics_values += layer->statistics[pass];
        if (layer->statistics[pass] > network->statistics_most)
            network->statistics_most = layer->statistics[pass];
    }
    if (nn_shape_count(layer->output_shape) > NETWORK_SAMPLE_VALUES_MAX) {
        char text[NN_SHAPE_TEXT];
        NN_FAIL(NN_ERROR_USAGE,
                "its output of %s values per sample is more than any memory holds; make it smaller",
                nn_shape_text(text, layer->output_shape));
    }
    layer->offset = layer->shares ? layer->shares->offset : network->value_count;
    if (layer->shares) layer->value_count = layer->parameter_count = layer->part_count = 0;
    network->value_count += layer->value_count;
    return NN_OK;
}

/* Relates layer `l` to others, before it is built: parts of the input, sharing, fusion. */
static nn_status network_place_layer(nn_network *network, int l, const nn_network_spec *spec)
{
    int parts = spec->input.part_count;
    if (l == 0) {
        network->layers[0].time.kept = spec->has_lengths;
        network->layers[0].needs_input_gradient = spec->input_gradient; /* so do all layers above it */
    }
    if (l > 0 && l <= parts) return nn_input_part_describe(&network->layers[l], &spec->input, l - 1);
    if (l > parts) NN_TRY(network_share(network, l, spec->layers[l - 1 - parts].share));
    if (!spec->unfused) nn_fuse_layer(network, l);
    return NN_OK;
}

static nn_status network_build_layers(nn_network *network, const nn_network_spec *spec)
{
    for (int l = 0; l < network->layer_count; l++) {
        nn_status status = network_place_layer(network, l, spec);
        if (status == NN_OK) status = network_build_layer(network, l, spec->microbatch_size);
        if (status != NN_OK) return nn_fail_context(status, "layer %s", network->layers[l].name);
    }
    return NN_OK;
}

/* ---- the flat vector ---- */

/* Returns the number of blocks; writes where they start unless `begin` is NULL. */
static int64_t network_cut_blocks(const nn_network *network, int64_t *begin)
{
    int64_t blocks = 0;
    for (int l = 0; l < network->layer_count; l++) {
        const nn_layer *layer = &network->layers[l];
        for (int p = 0; p < layer->parameter_count; p++)
            for (int64_t i = 0; i < layer->parameters[p].count; i += NN_BLOCK_VALUES) {
                if (begin) begin[blocks] = layer->offset + layer->parameters[p].offset + i;
                blocks++;
            }
    }
    if (begin) begin[blocks] = network->value_count;
    return blocks;
}

static int64_t network_layer_scratch(const nn_network *network, int l, int64_t microbatch_size)
{
    const nn_layer *layer = &network->layers[l];
    int64_t added = 0;
    for (int i = 0; i < layer->input_count; i++)
        if (nn_graph_has_gradient(network, layer->inputs[i]) && !nn_graph_writes_first(network, l, i))
            added += microbatch_size * nn_shape_count(layer->input_shapes[i]);
    return nn_graph_scratch_values(layer, microbatch_size) + added + nn_graph_shared_values(network, l);
}

static void network_sum_up(nn_network *network, int64_t microbatch_size)
{
    for (int l = 0; l < network->layer_count; l++) {
        const nn_layer *layer = &network->layers[l];
        for (int p = 0; p < layer->parameter_count; p++)
            if (!layer->parameters[p].statistic && !layer->frozen)
                network->trainable_count += layer->parameters[p].count;
        int64_t scratch = network_layer_scratch(network, l, microbatch_size);
        if (scratch > network->scratch_values) network->scratch_values = scratch;
        int64_t tangent = nn_graph_scratch_values(layer, microbatch_size) +
                          microbatch_size * layer->tangent_per_sample + layer->tangent_fixed;
        if (tangent > network->tangent_scratch_values) network->tangent_scratch_values = tangent;
        network->flops_forward += layer->flops_forward;
        network->flops_training += layer->flops_forward + (layer->frozen ? 0 : layer->flops_gradient) +
                                   (layer->needs_input_gradient ? layer->flops_input_gradient : 0);
    }
}

static nn_status network_lay_out(nn_network *network, int64_t microbatch_size)
{
    NN_TRY(network_note_writers(network));
    network->block_count = network_cut_blocks(network, NULL);
    NN_TRY(NN_ALLOCATE(&network->block_begin, network->block_count + 1, "the blocks of a network"));
    network_cut_blocks(network, network->block_begin);
    network_sum_up(network, microbatch_size);
    return NN_OK;
}

/* ---- create and destroy ---- */

static nn_status network_check_spec(const nn_network_spec *spec)
{
    if (spec->count == 0)
        NN_FAIL(NN_ERROR_USAGE,
                "network: there is no layer; list at least one, such as `- dense: {units: classes}`");
    if (spec->engine == NN_ENGINE_MIXED && spec->scalar != NN_SCALAR_F32)
        NN_FAIL(NN_ERROR_USAGE, "network: mixed precision needs float32 values, not %s",
                nn_scalar_name(spec->scalar));
    if (spec->microbatch_size < 1 || spec->microbatch_size > NETWORK_MICROBATCH_MAX)
        NN_FAIL(NN_ERROR_USAGE, "network: a microbatch of %lld samples is not possible; choose 1 to %lld",
                (long long)spec->microbatch_size, (long long)NETWORK_MICROBATCH_MAX);
    return NN_OK;
}

static nn_status network_fill(nn_network *network, nn_network_spec *spec)
{
    network->scalar = spec->scalar;
    network->engine = spec->engine;
    NN_TRY(network_take_layers(network, spec));
    network->layers[0].output_shape = spec->input.shape;
    NN_TRY(network_connect_layers(network, spec));
    NN_TRY(network_find_outputs(network, &spec->outputs));
    NN_TRY(network_build_layers(network, spec));
    NN_TRY(network_check_consumers(network, spec->input.part_count));
    return network_lay_out(network, spec->microbatch_size);
}

nn_status nn_network_create(nn_network_spec *spec, nn_network **network)
{
    *network = NULL;
    nn_status status = network_check_spec(spec);
    if (status == NN_OK) status = NN_ALLOCATE(network, 1, "a network");
    if (status == NN_OK) status = network_fill(*network, spec);
    nn_network_spec_release(spec);
    if (status != NN_OK) {
        nn_network_destroy(*network);
        *network = NULL;
    }
    return status;
}

static void network_release_layer(nn_layer *layer)
{
    if (layer->options && layer->type->options) nn_options_release(layer->type->options, layer->options);
    nn_free(layer->options);
    nn_free(layer->name);
    nn_free(layer->inputs);
    nn_free(layer->input_shapes);
    nn_free(layer->part_begin);
    nn_free(layer->plan);
}

void nn_network_destroy(nn_network *network)
{
    if (!network) return;
    for (int l = 0; l < network->layer_count; l++) network_release_layer(&network->layers[l]);
    nn_free(network->layers);
    nn_free(network->block_begin);
    nn_free(network->gradient_writers);
    nn_free(network->outputs);
    nn_free(network);
}
