/* The network as it is computed, for programs that read a checkpoint. */
#include <inttypes.h>
#include <string.h>

#include "model/model.h"
#include "nn/graph.h"

#define GRAPH_VERSION 1

/* ---- values ---- */

static void graph_key(nn_text *text, const char *key)
{
    if (text->length > 0 && !strchr("{[", text->bytes[text->length - 1])) nn_text_append(text, ",");
    nn_text_append_json(text, key);
    nn_text_append(text, ":");
}

static void graph_word(nn_text *text, const char *key, const char *word)
{
    graph_key(text, key);
    if (word)
        nn_text_append_json(text, word);
    else
        nn_text_append(text, "null");
}

static void graph_integers(nn_text *text, const char *key, int64_t count, const int64_t *values)
{
    graph_key(text, key);
    nn_text_append(text, "[");
    for (int64_t i = 0; i < count; i++) nn_text_append(text, "%s%" PRId64, i > 0 ? "," : "", values[i]);
    nn_text_append(text, "]");
}

static void graph_shape(nn_text *text, const char *key, nn_shape shape)
{
    graph_integers(text, key, shape.dimensions, shape.extents);
}

static void graph_reals(nn_text *text, const char *key, int64_t count, const double *values)
{
    graph_key(text, key);
    nn_text_append(text, "[");
    for (int64_t i = 0; i < count; i++) nn_text_append(text, "%s%.17g", i > 0 ? "," : "", values[i]);
    nn_text_append(text, "]");
}

static void graph_words(nn_text *text, const char *key, const nn_text_list *words)
{
    graph_key(text, key);
    nn_text_append(text, "[");
    for (size_t i = 0; i < words->count; i++) {
        if (i > 0) nn_text_append(text, ",");
        nn_text_append_json(text, words->items[i]);
    }
    nn_text_append(text, "]");
}

/* The parts of a text between separators. */
static void graph_split(nn_text *text, const char *key, const char *words, const char *separator)
{
    graph_key(text, key);
    nn_text_append(text, "[");
    while (words) {
        const char *end = strstr(words, separator);
        int length = end ? (int)(end - words) : (int)strlen(words);
        nn_text_append(text, "\"%.*s\"%s", length, words, end ? "," : "");
        words = end ? end + strlen(separator) : NULL;
    }
    nn_text_append(text, "]");
}

/* ---- fields ---- */

/* Names of a dataset of which the field is only a part, such as the target of a window, are not the field's.
 */
static bool graph_are_names_of(const nn_field *field, const nn_names *names)
{
    nn_shape shape = field->shape;
    int64_t columns = shape.dimensions > 0 ? shape.extents[shape.dimensions - 1] : 1;
    return names && (names->columns.count == 0 || (int64_t)names->columns.count == columns);
}

static void graph_append_names(const nn_names *names, nn_text *text)
{
    if (names->columns.count > 0) graph_words(text, "columns", &names->columns);
    if (names->classes.count > 0) graph_words(text, "class_names", &names->classes);
    bool any = false;
    for (size_t c = 0; names->categories && c < names->columns.count; c++) {
        if (names->categories[c].count == 0) continue;
        if (!any) {
            graph_key(text, "categories");
            nn_text_append(text, "{");
        }
        graph_words(text, names->columns.items[c], &names->categories[c]);
        any = true;
    }
    if (any) nn_text_append(text, "}");
}

static void graph_append_field(const nn_model *model, const nn_field *field, nn_text *text)
{
    graph_word(text, "name", field->name);
    graph_shape(text, "shape", field->shape);
    graph_word(text, "kind", field->is_class ? "index" : "values");
    if (nn_field_classes(field) > 0) {
        graph_key(text, "classes");
        nn_text_append(text, "%" PRId64, nn_field_classes(field));
    }
    if (field->encoding.fills) {
        graph_key(text, "takes_missing");
        nn_text_append(text, "true");
    }
    const nn_names *names = nn_names_set_find(&model->names, field->name);
    if (graph_are_names_of(field, names)) graph_append_names(names, text);
}

static void graph_append_scaling(const nn_scaling *scaling, nn_text *text)
{
    if (scaling->columns == 0) return;
    graph_reals(text, "scale", scaling->columns, scaling->scale);
    graph_reals(text, "offset", scaling->columns, scaling->offset);
}

/* The columns of a joined input's scaling belong to its parts in their order only if each part has one
 * extent; so the scaling stays with the whole. */
static void graph_append_input(const nn_model *model, nn_text *text)
{
    const nn_field *input = &model->input;
    graph_key(text, "input");
    nn_text_append(text, "{");
    graph_append_field(model, input, text);
    graph_append_scaling(&model->input_scaling, text);
    graph_key(text, "lengths");
    nn_text_append(text, model->has_lengths ? "true" : "false");
    graph_key(text, "parts");
    nn_text_append(text, "[");
    for (int p = 0; p < input->part_count; p++) {
        nn_text_append(text, p > 0 ? ",{" : "{");
        graph_append_field(model, &input->parts[p], text);
        graph_key(text, "begin");
        nn_text_append(text, "%" PRId64 "}", input->parts[p].begin);
    }
    nn_text_append(text, "]}");
}

/* ---- layers ---- */

/* The layer to which fusion has added the second input of sum `l`; NULL: the sum was not fused. */
static const nn_layer *graph_fused_sum(const nn_network *network, const nn_layer *layer)
{
    if (!layer->is_alias || !layer->type->is_sum || layer->input_count != 1) return NULL;
    const nn_layer *below = &network->layers[layer->inputs[0]];
    return below->type->takes_sum && below->input_count == 2 ? below : NULL;
}

static bool graph_has_fused_sum(const nn_network *network, int l)
{
    for (int s = l + 1; s < network->layer_count; s++)
        if (network->layers[s].inputs && network->layers[s].inputs[0] == l &&
            graph_fused_sum(network, &network->layers[s]))
            return true;
    return false;
}

/* The layers that a layer reads, as configured: a sum that another layer computes for it reads both. */
static void graph_append_sources(const nn_network *network, int l, nn_text *text)
{
    const nn_layer *layer = &network->layers[l], *fused = graph_fused_sum(network, layer);
    int count = graph_has_fused_sum(network, l) ? 1 : layer->input_count;
    graph_key(text, "inputs");
    nn_text_append(text, "[");
    for (int i = 0; i < count; i++) {
        if (i > 0) nn_text_append(text, ",");
        nn_text_append_json(text, network->layers[layer->inputs[i]].name);
    }
    if (fused) {
        nn_text_append(text, ",");
        nn_text_append_json(text, network->layers[fused->inputs[1]].name);
    }
    nn_text_append(text, "]");
}

static void graph_append_windows(const nn_layer_windows *windows, nn_text *text)
{
    if (windows->dimensions == 0) return;
    graph_key(text, "windows");
    nn_text_append(text, "{");
    graph_integers(text, "kernel", windows->dimensions, windows->kernel);
    graph_integers(text, "stride", windows->dimensions, windows->stride);
    graph_integers(text, "dilation", windows->dimensions, windows->dilation);
    graph_integers(text, "before", windows->dimensions, windows->before);
    graph_integers(text, "after", windows->dimensions, windows->after);
    nn_text_append(text, "}");
}

static const char *graph_axes(const nn_layer *layer, const char *tensor)
{
    for (const nn_tensor_axes *axes = layer->type->axes; axes && axes->name; axes++) {
        size_t length = strlen(axes->name);
        if (strncmp(axes->name, tensor, length) == 0 &&
            (!tensor[length] || strcmp(tensor + length, "_reverse") == 0))
            return axes->axes;
    }
    return NULL;
}

static void graph_append_tensors(const nn_layer *layer, nn_text *text)
{
    const nn_layer *owner = layer->shares ? layer->shares : layer;
    graph_key(text, "tensors");
    nn_text_append(text, "[");
    for (int p = 0; p < owner->parameter_count; p++) {
        const nn_parameter *parameter = &owner->parameters[p];
        nn_text path = {0};
        nn_text_append(&path, "%s/%s", owner->name, parameter->name);
        nn_text_append(text, p > 0 ? ",{" : "{");
        graph_word(text, "name", parameter->name);
        graph_word(text, "dataset", path.bytes);
        graph_shape(text, "shape", parameter->shape);
        graph_split(text, "axes", graph_axes(owner, parameter->name), ", ");
        graph_key(text, "trained");
        nn_text_append(text, !parameter->statistic && !layer->frozen ? "true}" : "false}");
        text->failed |= path.failed;
        nn_text_free(&path);
    }
    nn_text_append(text, "]");
}

/* How many steps of a sample are left after the layer; nothing if its output does not count them. */
static void graph_append_steps(const nn_network *network, int l, nn_text *text)
{
    const nn_layer_time *time = &network->layers[l].time;
    if (!nn_graph_has_lengths(network, l)) return;
    int64_t kernel = time->kernel > 0 ? time->kernel : 1, stride = time->stride > 0 ? time->stride : 1;
    graph_key(text, "steps");
    nn_text_append(text, "{\"kernel\":%" PRId64 ",\"stride\":%" PRId64 ",\"padding\":%" PRId64 "}", kernel,
                   stride, time->padding);
}

static void graph_append_layer(const nn_network *network, int l, nn_text *text)
{
    const nn_layer *layer = &network->layers[l];
    nn_text_append(text, l > 0 ? ",\n  {" : "\n  {");
    graph_word(text, "name", layer->name);
    graph_word(text, "type", layer->type->name);
    graph_append_sources(network, l, text);
    graph_shape(text, "shape", layer->output_shape);
    graph_key(text, "options");
    nn_options_append_json(layer->type->options, layer->options, text);
    graph_append_windows(&layer->windows, text);
    graph_append_steps(network, l, text);
    if (layer->type->gates) graph_split(text, "gates", layer->type->gates, " ");
    if (layer->shares) graph_word(text, "shares", layer->shares->name);
    graph_append_tensors(layer, text);
    nn_text_append(text, "}");
}

/* ---- outputs ---- */

static void graph_append_output(const nn_model *model, const nn_head *head, nn_text *text)
{
    static const char *const transforms[] = {
        [NN_TRANSFORM_NONE] = "none", [NN_TRANSFORM_LOG] = "log", [NN_TRANSFORM_DIFFERENCE] = "difference"};
    nn_text_append(text, "{");
    graph_append_field(model, &head->target, text);
    graph_word(text, "layer", model->network->layers[head->layer].name);
    graph_word(text, "loss", head->loss->name);
    graph_word(text, "prediction", head->loss->prediction);
    if (!head->loss->predict) {
        graph_append_scaling(&head->scaling, text);
        graph_word(text, "transform", transforms[head->target.transform]);
        if (head->target.seen)
            graph_integers(text, "difference_to", nn_shape_count(head->target.shape), head->target.seen);
    }
    nn_text_append(text, "}");
}

void nn_model_graph(const nn_model *model, nn_text *text)
{
    const nn_network *network = model->network;
    nn_text_append(text, "{");
    graph_word(text, "format", "nntrain graph");
    graph_key(text, "version");
    nn_text_append(text, "%d", GRAPH_VERSION);
    graph_word(text, "precision", nn_model_precision(model));
    graph_append_input(model, text);
    graph_key(text, "layers");
    nn_text_append(text, "[");
    for (int l = 0; l < network->layer_count; l++) graph_append_layer(network, l, text);
    nn_text_append(text, "]");
    graph_key(text, "outputs");
    nn_text_append(text, "[");
    for (int h = 0; h < model->head_count; h++) {
        if (h > 0) nn_text_append(text, ",");
        graph_append_output(model, &model->heads[h], text);
    }
    nn_text_append(text, "]}\n");
}
