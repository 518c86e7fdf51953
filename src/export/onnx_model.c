#include "export/onnx_model.h"

#include <string.h>

/* ---- lengths ---- */

/* (steps + padding - kernel) / stride + 1, and at least 0, of each sample: integers divide towards 0. */
static const char *model_count_steps(nn_onnx *onnx, const nn_layer_time *time, const char *steps)
{
    const char *room =
        NN_ONNX_NODE(onnx, "Add", steps, nn_onnx_integer(onnx, time->padding - time->kernel + time->stride));
    room = NN_ONNX_NODE(onnx, "Max", room, nn_onnx_integer(onnx, 0));
    return NN_ONNX_NODE(onnx, "Div", room, nn_onnx_integer(onnx, time->stride));
}

/* Which of the steps of a value count: samples x steps. */
static const char *model_mask(nn_onnx *onnx, const nn_onnx_source *of)
{
    static const int64_t last = 1;
    const char *positions = nn_onnx_range(onnx, nn_onnx_extent_of(onnx, of->value, 1));
    return NN_ONNX_NODE(onnx, "Less", positions, nn_onnx_unsqueeze(onnx, of->lengths, 1, &last));
}

/* Sets the lengths of a layer's output, and clears what is past them, as training does. */
static void model_cut(nn_onnx_model *model, const nn_described_layer *layer, const nn_onnx_source *input,
                      nn_onnx_source *output)
{
    const nn_layer_time *steps = &layer->steps;
    if (!layer->counts_steps || !input->lengths) return;
    bool same = steps->kernel == 1 && steps->stride == 1 && steps->padding == 0;
    output->lengths = same ? input->lengths : model_count_steps(model->onnx, steps, input->lengths);
    output->mask = same && input->mask ? input->mask : model_mask(model->onnx, output);
    output->value =
        nn_onnx_where_counted(model->onnx, output, output->value, output->shape.dimensions + 1, 0);
}

/* ---- layers ---- */

static bool model_is_part(const nn_described_layer *layer)
{
    return strcmp(layer->type, "part") == 0;
}

/* Whether a layer, other than those of the parts, reads the inputs as one. */
static bool model_reads_joined(const nn_description *description)
{
    bool reads = description->part_count == 0;
    for (int l = 1; l < description->layer_count; l++)
        for (int i = 0; i < description->layers[l].input_count; i++)
            reads |= description->layers[l].inputs[i] == 0 && !model_is_part(&description->layers[l]);
    return reads;
}

static void model_add_first(nn_onnx_model *model)
{
    const nn_described_layer *first = &model->description->layers[0];
    nn_onnx_source *source = &model->sources[0];
    const nn_onnx_source given = {.lengths = model->lengths};
    bool joined = model_reads_joined(model->description);
    *source = (nn_onnx_source){.value = "", .shape = first->shape, .is_free = model->is_free};
    if (joined && model->lengths && model->description->part_count > 0)
        nn_onnx_check(
            model->onnx,
            nn_fail(NN_ERROR_USAGE,
                    "export: %s has several inputs with lengths, which a layer reads as one: this cannot be "
                    "expressed in ONNX; let layers name the inputs that they read",
                    model->description->path));
    if (joined) source->value = nn_onnx_model_joined(model);
    if (model->description->part_count > 0)
        source->lengths = model->lengths;
    else
        model_cut(model, first, &given, source);
}

static const char *model_part(nn_onnx_model *model, const nn_described_layer *layer)
{
    for (int p = 0; p < model->description->part_count; p++)
        if (strcmp(model->description->parts[p].name, layer->name) == 0)
            return nn_onnx_model_normalised(model, p);
    nn_onnx_check(model->onnx,
                  nn_fail(NN_ERROR_CHECKPOINT, "the graph of %s has no input %s; use another checkpoint",
                          model->description->path, layer->name));
    return "";
}

/* The inputs of a layer, in the order in which it reads them; NULL after a failure. */
static nn_onnx_source *model_inputs(nn_onnx_model *model, const nn_described_layer *layer)
{
    nn_onnx_source *inputs = nn_onnx_memory(model->onnx, (size_t)layer->input_count, sizeof *inputs);
    for (int i = 0; inputs && i < layer->input_count; i++) inputs[i] = model->sources[layer->inputs[i]];
    return inputs;
}

static const char *model_convert(nn_onnx_model *model, const nn_described_layer *layer,
                                 const nn_onnx_source *inputs)
{
    const nn_onnx_call call = {model->onnx, layer, inputs};
    const nn_onnx_layer *type = nn_onnx_layer_find(layer->type);
    if (!type)
        return nn_onnx_refuse(
            &call, "this version does not know the type: what reads ONNX has no layer of a plug-in; if it is "
                   "not of a plug-in, export with the version that trained it");
    if (!type->convert) return nn_onnx_refuse(&call, "%s", type->refused);
    return type->convert(&call);
}

static void model_add_layer(nn_onnx_model *model, int l)
{
    const nn_described_layer *layer = &model->description->layers[l];
    const nn_onnx_layer *type = nn_onnx_layer_find(layer->type);
    nn_onnx_source *inputs = model_inputs(model, layer), *source = &model->sources[l];
    if (!inputs) return;
    model->onnx->scope = layer->name;
    source->shape = layer->shape;
    if (type)
        source->is_free =
            inputs[0].is_free && (type->steps_of ? type->steps_of(layer) : type->steps) == NN_ONNX_STEPS_KEPT;
    source->value = model_is_part(layer) ? model_part(model, layer) : model_convert(model, layer, inputs);
    model_cut(model, layer, &inputs[0], source);
}

void nn_onnx_model_build(nn_onnx *onnx, nn_text *report)
{
    const nn_description *description = onnx->description;
    nn_onnx_model model = {.onnx = onnx, .description = description, .report = report};
    model.sources = nn_onnx_memory(onnx, (size_t)description->layer_count, sizeof *model.sources);
    if (!model.sources) return;
    model.is_free = nn_onnx_model_is_free(description);
    onnx->scope = description->layers[0].name;
    nn_onnx_model_add_inputs(&model);
    model_add_first(&model);
    for (int l = 1; l < description->layer_count && onnx->status == NN_OK; l++) model_add_layer(&model, l);
    if (onnx->status != NN_OK) return;
    nn_onnx_model_add_outputs(&model);
    nn_onnx_model_add_metadata(&model);
}
