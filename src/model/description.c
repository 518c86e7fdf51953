#include "model/description.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/description_internal.h"
#include "model/model.h"

#define DESCRIPTION_FORMAT "nntrain graph"
#define DESCRIPTION_VERSION 1

/* ---- layers ---- */

/* The index of a layer among the first `count`. */
static int description_layer(nn_description_reader *reader, int count, const char *name)
{
    for (int l = 0; l < count && reader->status == NN_OK; l++)
        if (strcmp(reader->description->layers[l].name, name) == 0) return l;
    nn_description_wrong(reader, "it names a layer '%.80s' that is not before its reader", name);
    return 0;
}

static void description_read_windows(nn_description_reader *reader, nn_config_node *node,
                                     nn_layer_windows *windows)
{
    const struct {
        const char *key;
        int64_t *values, least;
    } rows[] = {{"kernel", windows->kernel, 1},
                {"stride", windows->stride, 1},
                {"dilation", windows->dilation, 1},
                {"before", windows->before, 0},
                {"after", windows->after, -NN_DESCRIPTION_LARGEST}};
    if (!node) return;
    windows->dimensions = (int)nn_config_count(nn_config_get(node, "kernel"));
    if (windows->dimensions < 1 || windows->dimensions > 3) nn_description_wrong(reader, "its windows");
    for (size_t r = 0; reader->status == NN_OK && r < sizeof rows / sizeof *rows; r++)
        nn_description_integers(reader, nn_config_get(node, rows[r].key), windows->dimensions, rows[r].least,
                                rows[r].values);
}

static void description_read_steps(nn_description_reader *reader, nn_config_node *node,
                                   nn_described_layer *layer)
{
    if (!node) return;
    layer->counts_steps = true;
    layer->steps.kernel = nn_description_integer(reader, node, "kernel", 1);
    layer->steps.stride = nn_description_integer(reader, node, "stride", 1);
    layer->steps.padding = nn_description_integer(reader, node, "padding", -NN_DESCRIPTION_LARGEST);
}

static void description_read_tensors(nn_description_reader *reader, nn_config_node *list,
                                     nn_described_layer *layer)
{
    size_t count = nn_config_count(list);
    if (!nn_description_room(reader, (void **)&layer->tensors, count, sizeof *layer->tensors)) return;
    layer->tensor_count = (int)count;
    for (size_t t = 0; reader->status == NN_OK && t < count; t++) {
        nn_config_node *node = nn_config_item(list, t);
        layer->tensors[t].name = nn_description_text(reader, node, "name");
        layer->tensors[t].dataset = nn_description_text(reader, node, "dataset");
        nn_description_shape(reader, node, &layer->tensors[t].shape);
    }
}

static void description_read_inputs(nn_description_reader *reader, nn_config_node *list, int l)
{
    nn_described_layer *layer = &reader->description->layers[l];
    size_t count = nn_config_count(list);
    if ((l == 0) != (count == 0))
        nn_description_wrong(reader, "a layer without inputs, '%.80s'", layer->name);
    if (!nn_description_room(reader, (void **)&layer->inputs, count, sizeof *layer->inputs)) return;
    layer->input_count = (int)count;
    for (size_t i = 0; reader->status == NN_OK && i < count; i++) {
        const char *name = nn_config_text(nn_config_item(list, i));
        layer->inputs[i] = description_layer(reader, l, name ? name : "");
    }
}

static void description_read_layer(nn_description_reader *reader, nn_config_node *node, int l)
{
    nn_described_layer *layer = &reader->description->layers[l];
    layer->name = nn_description_text(reader, node, "name");
    layer->type = nn_description_text(reader, node, "type");
    layer->options = nn_config_get(node, "options");
    nn_description_shape(reader, node, &layer->shape);
    description_read_inputs(reader, nn_config_get(node, "inputs"), l);
    description_read_windows(reader, nn_config_get(node, "windows"), &layer->windows);
    description_read_steps(reader, nn_config_get(node, "steps"), layer);
    description_read_tensors(reader, nn_config_get(node, "tensors"), layer);
    const char *owner = nn_config_text(nn_config_get(node, "shares"));
    layer->shares = owner ? description_layer(reader, l, owner) : l;
}

static void description_read_layers(nn_description_reader *reader, nn_config_node *list)
{
    nn_description *description = reader->description;
    size_t count = nn_config_count(list);
    if (count == 0) nn_description_wrong(reader, "it has no layers");
    if (!nn_description_room(reader, (void **)&description->layers, count, sizeof *description->layers))
        return;
    for (size_t l = 0; reader->status == NN_OK && l < count; l++) {
        description->layer_count = (int)l + 1;
        description_read_layer(reader, nn_config_item(list, l), (int)l);
    }
}

/* ---- outputs ---- */

static void description_read_difference(nn_description_reader *reader, nn_config_node *list,
                                        nn_described_output *output)
{
    int64_t count = nn_shape_count(output->field.shape);
    int64_t values = nn_shape_count(reader->description->input.shape);
    if (!list) return;
    if (!nn_description_room(reader, (void **)&output->difference_to, (size_t)count, sizeof(int64_t))) return;
    nn_description_integers(reader, list, count, -1, output->difference_to);
    for (int64_t i = 0; reader->status == NN_OK && i < count; i++)
        if (output->difference_to[i] >= values) nn_description_wrong(reader, "difference_to");
}

static nn_target_transform description_transform(nn_description_reader *reader, const char *name)
{
    if (!name || strcmp(name, "none") == 0) return NN_TRANSFORM_NONE;
    if (strcmp(name, "log") == 0) return NN_TRANSFORM_LOG;
    if (strcmp(name, "difference") == 0) return NN_TRANSFORM_DIFFERENCE;
    nn_description_wrong(reader, "the transform '%.40s' is unknown to this version", name);
    return NN_TRANSFORM_NONE;
}

static void description_read_output(nn_description_reader *reader, nn_config_node *node,
                                    nn_described_output *output)
{
    nn_description_field(reader, node, &output->field);
    output->layer = description_layer(reader, reader->description->layer_count,
                                      nn_description_text(reader, node, "layer"));
    output->loss = nn_description_text(reader, node, "loss");
    nn_config_node *prediction = nn_config_get(node, "prediction");
    const char *function = nn_config_text(prediction);
    output->prediction = function && *function ? function : NULL;
    output->transform = description_transform(reader, nn_config_text(nn_config_get(node, "transform")));
    description_read_difference(reader, nn_config_get(node, "difference_to"), output);
}

static void description_read_outputs(nn_description_reader *reader, nn_config_node *list)
{
    nn_description *description = reader->description;
    size_t count = nn_config_count(list);
    if (count == 0) nn_description_wrong(reader, "it has no outputs");
    if (!nn_description_room(reader, (void **)&description->outputs, count, sizeof *description->outputs))
        return;
    for (size_t o = 0; reader->status == NN_OK && o < count; o++) {
        description->output_count = (int)o + 1;
        description_read_output(reader, nn_config_item(list, o), &description->outputs[o]);
    }
}

/* ---- the graph ---- */

static void description_check_version(nn_description_reader *reader, nn_config_node *root)
{
    const char *format = nn_config_text(nn_config_get(root, "format"));
    if (!format || strcmp(format, DESCRIPTION_FORMAT) != 0)
        nn_description_wrong(reader, "it is not an '" DESCRIPTION_FORMAT "'");
    int64_t version = nn_description_integer(reader, root, "version", 0);
    if (version != DESCRIPTION_VERSION)
        nn_description_wrong(reader, "it has version %lld, this program reads version %d", (long long)version,
                             DESCRIPTION_VERSION);
}

static void description_read_graph(nn_description_reader *reader)
{
    nn_description *description = reader->description;
    nn_config_node *root = nn_config_root(description->graph), *input = nn_config_get(root, "input");
    description_check_version(reader, root);
    description->precision = nn_description_text(reader, root, "precision");
    if (reader->status != NN_OK) return;
    description->scalar = nn_scalar_named(description->precision);
    nn_description_field(reader, input, &description->input);
    const char *lengths = nn_config_text(nn_config_get(input, "lengths"));
    description->has_lengths = lengths && strcmp(lengths, "true") == 0;
    nn_config_node *parts = nn_config_get(input, "parts");
    size_t count = nn_config_count(parts);
    if (!nn_description_room(reader, (void **)&description->parts, count, sizeof *description->parts)) return;
    description->part_count = (int)count;
    for (size_t p = 0; reader->status == NN_OK && p < count; p++)
        nn_description_field(reader, nn_config_item(parts, p), &description->parts[p]);
    if (reader->status == NN_OK) description_read_layers(reader, nn_config_get(root, "layers"));
    if (reader->status == NN_OK) description_read_outputs(reader, nn_config_get(root, "outputs"));
}

nn_status nn_description_create(nn_store_file *checkpoint, nn_description **description)
{
    nn_status status;
    char *text = NULL;
    nn_description *made;
    *description = NULL;
    if (!nn_store_has(checkpoint, NN_MODEL_GRAPH))
        NN_FAIL(NN_ERROR_CHECKPOINT,
                "%s has no graph: it is not a checkpoint, or an earlier version wrote it; train the run "
                "further with "
                "this one, by a larger training.epochs",
                nn_store_path(checkpoint));
    NN_TRY(NN_ALLOCATE(&made, 1, "the description of a network"));
    made->file = checkpoint;
    made->path = nn_store_path(checkpoint);
    nn_description_reader reader = {made, NN_OK};
    NN_TRY_TO(done, status, nn_store_read_text(checkpoint, NN_MODEL_GRAPH, &text));
    NN_TRY_TO(done, status, nn_config_parse_json(text, strlen(text), made->path, &made->graph));
    description_read_graph(&reader);
    status = reader.status;
    if (status == NN_OK && nn_sharded_is(checkpoint)) status = nn_sharded_open(checkpoint, &made->sharded);
done:
    nn_free(text);
    if (status == NN_OK)
        *description = made;
    else
        nn_description_destroy(made);
    return status;
}

void nn_description_destroy(nn_description *description)
{
    if (!description) return;
    nn_scaling_release(&description->input.scaling);
    for (int l = 0; l < description->layer_count; l++) {
        nn_free(description->layers[l].inputs);
        nn_free(description->layers[l].tensors);
    }
    for (int o = 0; o < description->output_count; o++) {
        nn_scaling_release(&description->outputs[o].field.scaling);
        nn_free(description->outputs[o].difference_to);
    }
    for (int p = 0; p < description->part_count; p++) nn_scaling_release(&description->parts[p].scaling);
    nn_free(description->parts);
    nn_free(description->layers);
    nn_free(description->outputs);
    nn_config_destroy(description->graph);
    nn_sharded_close(description->sharded);
    nn_free(description);
}

/* ---- weights ---- */

const nn_described_tensor *nn_description_find(const nn_description *description,
                                               const nn_described_layer *layer, const char *name)
{
    const nn_described_layer *owner = &description->layers[layer->shares];
    for (int t = 0; t < owner->tensor_count; t++)
        if (strcmp(owner->tensors[t].name, name) == 0) return &owner->tensors[t];
    return NULL;
}

static nn_status description_read_sharded(const nn_description *description,
                                          const nn_described_tensor *tensor, nn_store_type type,
                                          nn_real *values)
{
    const nn_sharded_content *content = nn_sharded_content_of(description->sharded);
    int64_t index = nn_sharded_find(description->sharded, tensor->dataset);
    int64_t count = nn_shape_count(tensor->shape);
    if (index < 0 || !nn_shape_equal(content->tensors[index].shape, tensor->shape))
        NN_FAIL(NN_ERROR_CHECKPOINT, "%s does not have the tensor %s of its graph; use another checkpoint",
                description->path, tensor->dataset);
    int64_t begin = content->tensors[index].begin;
    return nn_sharded_read(description->sharded, nn_model_weights_group(description->file), index, begin,
                           begin + count, type, values);
}

nn_status nn_description_read(const nn_description *description, const nn_described_tensor *tensor,
                              nn_real *values)
{
    nn_text path = {0};
    nn_store_type type = description->scalar == NN_SCALAR_F64 ? NN_STORE_F64 : NN_STORE_F32;
    if (description->sharded) return description_read_sharded(description, tensor, type, values);
    nn_text_append(&path, "%s/%s", nn_model_weights_group(description->file), tensor->dataset);
    nn_status status =
        path.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the name of a tensor") : NN_OK;
    if (status == NN_OK)
        status = nn_store_read_verified(description->file, path.bytes, type,
                                        (size_t)nn_shape_count(tensor->shape), values);
    nn_text_free(&path);
    return status;
}
