/* Checks the inputs of layers that read integers, such as embedding. */
#include "model/indices.h"

/* The layer whose values layer l reads, beyond those that only move values: an input, or one that computes.
 */
static int indices_find_source(const nn_network *network, int l)
{
    int source = network->layers[l].inputs[0];
    while (network->layers[source].type->is_view || network->layers[source].type->picks ||
           network->layers[source].type->takes_missing)
        source = network->layers[source].inputs[0];
    return source;
}

/* Whether the values of a field are changed by normalisation. */
static bool indices_are_scaled(const nn_scaling *scaling, const nn_field *input, const nn_field *field)
{
    bool joined = scaling->columns == nn_shape_count(input->shape);
    int64_t begin = joined ? field->begin - input->begin : 0;
    int64_t end = joined ? begin + nn_shape_count(field->shape) : scaling->columns;
    for (int64_t c = begin; c < end; c++)
        if (scaling->scale[c] != 1 || scaling->offset[c] != 0) return true;
    return false;
}

/* Whether columns hold categories: only layers that were made for them read these (model/encode.h). */
static bool indices_are_encoded(const nn_field *field)
{
    bool encoded = field->encoding.categories != NULL;
    for (int p = 0; p < field->part_count; p++) encoded |= field->parts[p].encoding.categories != NULL;
    return encoded;
}

static nn_status indices_check_field(const nn_model *model, const nn_layer *layer, const nn_field *field)
{
    if (indices_are_encoded(field)) return NN_OK;
    long long known = (long long)layer->type->indices_of(layer);
    if (!field->is_class && indices_are_scaled(&model->input_scaling, &model->input, field))
        NN_FAIL(NN_ERROR_USAGE,
                "layer %s: it reads integers from 0 to %lld, but the input '%s' is normalised; set "
                "data.fields: {%s: {kind: index}}",
                layer->name, known - 1, field->name, field->name);
    if (field->is_class && field->classes > known)
        NN_FAIL(NN_ERROR_USAGE,
                "layer %s: it reads integers from 0 to %lld, but the input '%s' has values up to %lld; set "
                "`symbols: %lld`",
                layer->name, known - 1, field->name, (long long)field->classes - 1,
                (long long)field->classes);
    return NN_OK;
}

nn_status nn_indices_check(const nn_model *model)
{
    const nn_network *network = model->network;
    const nn_field *input = &model->input;
    for (int l = 1; l < network->layer_count; l++) {
        const nn_layer *layer = &network->layers[l];
        if (!layer->type->indices_of) continue;
        int source = indices_find_source(network, l);
        if (source > input->part_count)
            NN_FAIL(NN_ERROR_USAGE,
                    "layer %s: it reads integers, but layer %s computes other values; let it read an input "
                    "of the data, with `inputs`",
                    layer->name, network->layers[source].name);
        NN_TRY(indices_check_field(model, layer, source > 0 ? &input->parts[source - 1] : input));
    }
    return NN_OK;
}
