#include "model/checkpoint_shards.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static nn_store_type shards_type(const nn_model *model)
{
    return model->scalar == NN_SCALAR_F64 ? NN_STORE_F64 : NN_STORE_F32;
}

/* ---- the cut ---- */

/* Whether a tensor begins with this block. */
static bool shards_begins_tensor(const nn_network *network, int64_t block)
{
    int64_t begin = network->block_begin[block];
    for (int l = 0; l < network->layer_count; l++) {
        const nn_layer *layer = &network->layers[l];
        for (int p = 0; p < layer->parameter_count; p++)
            if (layer->offset + layer->parameters[p].offset == begin) return true;
    }
    return false;
}

/* The best block for a cut near the value `wanted`: among those in [first, last] within `margin`, the nearest
 * that begins a tensor; otherwise the nearest of all. */
static int64_t shards_place_cut(const nn_network *network, int64_t first, int64_t last, int64_t wanted,
                                int64_t margin)
{
    int64_t nearest = first, of_tensor = -1;
    for (int64_t b = first; b <= last; b++) {
        int64_t distance = llabs(network->block_begin[b] - wanted);
        if (distance < llabs(network->block_begin[nearest] - wanted)) nearest = b;
        if (distance > margin) continue;
        if (of_tensor >= 0 && distance >= llabs(network->block_begin[of_tensor] - wanted)) continue;
        if (shards_begins_tensor(network, b)) of_tensor = b;
    }
    return of_tensor >= 0 ? of_tensor : nearest;
}

void nn_model_cut(const nn_model *model, int count, int64_t *begin)
{
    const nn_network *network = model->network;
    int64_t values = network->block_begin[network->block_count], margin = values / count / 8;
    begin[0] = 0;
    for (int k = 1; k < count; k++) {
        int64_t last = network->block_count - (count - k);
        int64_t wanted = (int64_t)((double)values * k / count);
        begin[k] = shards_place_cut(network, begin[k - 1] + 1, last, wanted, margin);
    }
    begin[count] = network->block_count;
}

/* ---- the tensors ---- */

static nn_status shards_name(const nn_layer *layer, const nn_parameter *parameter, char **name)
{
    nn_text text = {0};
    nn_text_append(&text, "%s/%s", layer->name, parameter->name);
    nn_status status = text.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the names of tensors")
                                   : nn_copy_text(text.bytes, name);
    nn_text_free(&text);
    return status;
}

nn_status nn_model_list_tensors(const nn_model *model, nn_model_tensors *tensors)
{
    const nn_network *network = model->network;
    int64_t count = 0;
    for (int l = 0; l < network->layer_count; l++) count += network->layers[l].parameter_count;
    NN_TRY(NN_ALLOCATE(&tensors->names, count, "the names of tensors"));
    NN_TRY(NN_ALLOCATE(&tensors->items, count, "the names of tensors"));
    for (int l = 0; l < network->layer_count; l++) {
        const nn_layer *layer = &network->layers[l];
        for (int p = 0; p < layer->parameter_count; p++) {
            int64_t t = tensors->count++;
            NN_TRY(shards_name(layer, &layer->parameters[p], &tensors->names[t]));
            tensors->items[t] = (nn_shard_tensor){
                tensors->names[t], layer->offset + layer->parameters[p].offset, layer->parameters[p].shape};
        }
    }
    return NN_OK;
}

void nn_model_release_tensors(nn_model_tensors *tensors)
{
    for (int64_t t = 0; t < tensors->count; t++) nn_free(tensors->names[t]);
    nn_free(tensors->names);
    nn_free(tensors->items);
    *tensors = (nn_model_tensors){0};
}

int64_t nn_model_tensor_of(const nn_model_tensors *tensors, int64_t value)
{
    int64_t low = 0, high = tensors->count;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (tensors->items[middle].begin <= value)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* ---- writing ---- */

static nn_status shards_dataset(const char *group, const nn_shard_tensor *tensor, nn_text *name)
{
    nn_text_append(name, "%s/%s", group, tensor->name);
    return name->failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the name of a tensor") : NN_OK;
}

nn_status nn_model_place_shard(const nn_model *model, const nn_model_tensors *tensors, nn_store_image *image,
                               const char *group, int64_t begin, int64_t end, size_t *offsets)
{
    nn_status status = NN_OK;
    for (int64_t t = 0; status == NN_OK && t < tensors->count; t++) {
        const nn_shard_tensor *tensor = &tensors->items[t];
        nn_text name = {0};
        int64_t from, to;
        nn_sharded_overlap(tensor, begin, end, &from, &to);
        if (from == to) continue;
        int64_t count = to - from;
        bool whole = count == nn_shape_count(tensor->shape);
        status = shards_dataset(group, tensor, &name);
        if (status == NN_OK)
            status = nn_store_image_place(image, name.bytes, shards_type(model),
                                          whole ? tensor->shape.dimensions : 1,
                                          whole ? tensor->shape.extents : &count, &offsets[t]);
        nn_text_free(&name);
    }
    return status;
}

void nn_model_fill_shard(const nn_model *model, const nn_model_tensors *tensors, const size_t *offsets,
                         int64_t begin, int64_t end, const nn_real *values, unsigned char *bytes)
{
    for (int64_t t = 0; t < tensors->count; t++) {
        int64_t from, to;
        nn_sharded_overlap(&tensors->items[t], begin, end, &from, &to);
        if (from < to)
            memcpy(bytes + offsets[t], nn_scalar_at(model->scalar, values, (size_t)(from - begin)),
                   (size_t)(to - from) * nn_scalar_size(model->scalar));
    }
}

nn_status nn_model_hash_shard(const nn_model_tensors *tensors, nn_store_image *image, const char *group,
                              int64_t begin, int64_t end)
{
    nn_status status = NN_OK;
    for (int64_t t = 0; status == NN_OK && t < tensors->count; t++) {
        nn_text name = {0};
        int64_t from, to;
        nn_sharded_overlap(&tensors->items[t], begin, end, &from, &to);
        if (from == to) continue;
        status = shards_dataset(group, &tensors->items[t], &name);
        if (status == NN_OK) status = nn_store_image_hash(image, name.bytes);
        nn_text_free(&name);
    }
    return status;
}

/* ---- reading ---- */

nn_status nn_model_expect_shards(const nn_model_tensors *tensors, const nn_sharded *sharded, const char *path)
{
    const nn_sharded_content *content = nn_sharded_content_of(sharded);
    for (int64_t t = 0; t < tensors->count; t++) {
        const nn_shard_tensor *tensor = &tensors->items[t],
                              *found = t < content->tensor_count ? &content->tensors[t] : NULL;
        char expected[NN_SHAPE_TEXT];
        if (found && strcmp(found->name, tensor->name) == 0 && found->begin == tensor->begin &&
            nn_shape_equal(found->shape, tensor->shape))
            continue;
        NN_FAIL(NN_ERROR_CHECKPOINT, "%s does not have the tensor %s of shape %s; use another checkpoint",
                path, tensor->name, nn_shape_text(expected, tensor->shape));
    }
    return NN_OK;
}

nn_status nn_model_get_shard(const nn_model *model, const nn_model_tensors *tensors, nn_sharded *sharded,
                             const char *group, int64_t begin, int64_t end, nn_real *values)
{
    for (int64_t t = 0; t < tensors->count; t++) {
        int64_t from, to;
        nn_sharded_overlap(&tensors->items[t], begin, end, &from, &to);
        if (from == to) continue;
        NN_TRY(nn_sharded_read(sharded, group, t, from, to, shards_type(model),
                               nn_scalar_at(model->scalar, values, (size_t)(from - begin))));
    }
    return NN_OK;
}
