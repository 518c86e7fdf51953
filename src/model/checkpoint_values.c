/* The vectors of a model in a checkpoint, tensor by tensor. */
#include <stdio.h>

#include "model/checkpoint_shards.h"

#define PATH_SIZE 512

static nn_store_type values_type(const nn_model *model)
{
    return model->scalar == NN_SCALAR_F64 ? NN_STORE_F64 : NN_STORE_F32;
}

static void values_path(char *path, const char *group, const nn_layer *layer, const nn_parameter *parameter)
{
    snprintf(path, PATH_SIZE, "%s/%s/%s", group, layer->name, parameter->name);
}

static nn_real *values_at(const nn_model *model, const nn_layer *layer, const nn_parameter *parameter,
                          const nn_real *values)
{
    return nn_scalar_at(model->scalar, values, (size_t)(layer->offset + parameter->offset));
}

nn_status nn_model_put_values(const nn_model *model, nn_store_image *image, const char *group,
                              const nn_real *values)
{
    for (int l = 0; l < model->network->layer_count; l++) {
        const nn_layer *layer = &model->network->layers[l];
        for (int p = 0; p < layer->parameter_count; p++) {
            const nn_parameter *parameter = &layer->parameters[p];
            char path[PATH_SIZE];
            values_path(path, group, layer, parameter);
            NN_TRY(nn_store_image_put(image, path, values_type(model), parameter->shape.dimensions,
                                      parameter->shape.extents, values_at(model, layer, parameter, values)));
        }
    }
    return NN_OK;
}

/* An equal number of values in another shape belongs to another network. */
static nn_status values_expect_shape(nn_store_file *file, const char *path, nn_shape shape)
{
    nn_store_array *array;
    NN_TRY(nn_store_array_open(file, path, &array));
    const nn_store_info *info = nn_store_array_info(array);
    bool same = info->dimensions == shape.dimensions;
    for (int d = 0; same && d < shape.dimensions; d++) same = info->extents[d] == shape.extents[d];
    nn_store_array_close(array);
    char expected[NN_SHAPE_TEXT];
    if (!same)
        NN_FAIL(NN_ERROR_CHECKPOINT, "dataset \"%s\" of %s does not have shape %s; use another checkpoint",
                path, nn_store_path(file), nn_shape_text(expected, shape));
    return NN_OK;
}

static nn_status values_get_sharded(const nn_model *model, nn_store_file *file, const char *group,
                                    nn_real *values)
{
    nn_sharded *sharded = NULL;
    nn_model_tensors tensors = {0};
    nn_status status;
    NN_TRY_TO(done, status, nn_sharded_open(file, &sharded));
    NN_TRY_TO(done, status, nn_model_list_tensors(model, &tensors));
    NN_TRY_TO(done, status, nn_model_expect_shards(&tensors, sharded, nn_store_path(file)));
    status = nn_model_get_shard(model, &tensors, sharded, group, 0, nn_sharded_content_of(sharded)->values,
                                values);
done:
    nn_model_release_tensors(&tensors);
    nn_sharded_close(sharded);
    return status;
}

nn_status nn_model_get_values(const nn_model *model, nn_store_file *file, const char *group, nn_real *values)
{
    if (nn_sharded_is(file)) return values_get_sharded(model, file, group, values);
    for (int l = 0; l < model->network->layer_count; l++) {
        const nn_layer *layer = &model->network->layers[l];
        for (int p = 0; p < layer->parameter_count; p++) {
            const nn_parameter *parameter = &layer->parameters[p];
            char path[PATH_SIZE];
            values_path(path, group, layer, parameter);
            NN_TRY(values_expect_shape(file, path, parameter->shape));
            NN_TRY(nn_store_read_verified(file, path, values_type(model), (size_t)parameter->count,
                                          values_at(model, layer, parameter, values)));
        }
    }
    return NN_OK;
}

const char *nn_model_weights_group(nn_store_file *file)
{
    return nn_store_has(file, "@" NN_MODEL_AVERAGE) ? NN_MODEL_AVERAGE : "weights";
}

nn_status nn_model_get_weights(const nn_model *model, nn_store_file *file, nn_real *weights)
{
    return nn_model_get_values(model, file, nn_model_weights_group(file), weights);
}
