/* What a checkpoint holds of a model, and a model made from it. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "model/model.h"

#define PATH_SIZE 512
/* Of a field: classes, transform, number of dimensions, extents. */
#define FIELD_FACTS (3 + NN_MAX_DIMENSIONS)

static const nn_store_type real_type = sizeof(nn_real) == 8 ? NN_STORE_F64 : NN_STORE_F32;

/* ---- fields and normalisation ---- */

static nn_status saved_put_field(nn_store_image *image, const char *group, const nn_field *field,
                                 const nn_scaling *scaling)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/name", group);
    NN_TRY(nn_store_image_put_text(image, path, field->name));
    int64_t facts[FIELD_FACTS] = {field->classes, field->transform, field->shape.dimensions};
    for (int d = 0; d < field->shape.dimensions; d++) facts[3 + d] = field->shape.extents[d];
    int64_t extent = FIELD_FACTS;
    snprintf(path, sizeof path, "%s/classes_transform_and_shape", group);
    NN_TRY(nn_store_image_put(image, path, NN_STORE_I64, 1, &extent, facts));
    if (field->class_names) {
        snprintf(path, sizeof path, "%s/class_names", group);
        NN_TRY(nn_store_image_put_text(image, path, field->class_names));
    }
    if (field->seen) {
        extent = nn_shape_count(field->shape);
        snprintf(path, sizeof path, "%s/difference_to", group);
        NN_TRY(nn_store_image_put(image, path, NN_STORE_I64, 1, &extent, field->seen));
    }
    snprintf(path, sizeof path, "%s/columns", group);
    extent = 1;
    NN_TRY(nn_store_image_put(image, path, NN_STORE_I64, 1, &extent, &scaling->columns));
    if (scaling->columns == 0) return NN_OK;
    snprintf(path, sizeof path, "%s/scale", group);
    NN_TRY(nn_store_image_put(image, path, NN_STORE_F64, 1, &scaling->columns, scaling->scale));
    snprintf(path, sizeof path, "%s/offset", group);
    return nn_store_image_put(image, path, NN_STORE_F64, 1, &scaling->columns, scaling->offset);
}

nn_status nn_model_put(const nn_model *model, nn_store_image *image)
{
    NN_TRY(saved_put_field(image, "input", &model->input, &model->input_scaling));
    return saved_put_field(image, "target", &model->target, &model->target_scaling);
}

static nn_status saved_get_scaling(nn_store_file *file, const char *group, nn_scaling *scaling)
{
    char path[PATH_SIZE];
    int64_t columns = 0;
    snprintf(path, sizeof path, "%s/columns", group);
    NN_TRY(nn_store_read_verified(file, path, NN_STORE_I64, 1, &columns));
    if (columns == 0) return NN_OK;
    if (columns < 0) NN_FAIL(NN_ERROR_CHECKPOINT, "%s: %s is negative", nn_store_path(file), path);
    NN_TRY(NN_ALLOCATE(&scaling->scale, columns, "normalisation"));
    NN_TRY(NN_ALLOCATE(&scaling->offset, columns, "normalisation"));
    scaling->columns = columns;
    snprintf(path, sizeof path, "%s/scale", group);
    NN_TRY(nn_store_read_verified(file, path, NN_STORE_F64, (size_t)columns, scaling->scale));
    snprintf(path, sizeof path, "%s/offset", group);
    return nn_store_read_verified(file, path, NN_STORE_F64, (size_t)columns, scaling->offset);
}

/* name is owned by the caller. */
static nn_status saved_get_field(nn_store_file *file, const char *group, nn_field *field, char **name,
                                 nn_scaling *scaling)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/name", group);
    NN_TRY(nn_store_read_text(file, path, name));
    field->name = *name;
    int64_t facts[FIELD_FACTS] = {0};
    snprintf(path, sizeof path, "%s/classes_transform_and_shape", group);
    NN_TRY(nn_store_read_verified(file, path, NN_STORE_I64, FIELD_FACTS, facts));
    if (facts[2] < 0 || facts[2] > NN_MAX_DIMENSIONS)
        NN_FAIL(NN_ERROR_CHECKPOINT, "%s: %s has %lld dimensions", nn_store_path(file), path,
                (long long)facts[2]);
    field->classes = facts[0];
    field->is_class = facts[0] > 0;
    field->transform = (int)facts[1];
    field->shape.dimensions = (int)facts[2];
    for (int d = 0; d < field->shape.dimensions; d++) field->shape.extents[d] = facts[3 + d];
    snprintf(path, sizeof path, "%s/class_names", group);
    if (nn_store_has(file, path)) NN_TRY(nn_store_read_text(file, path, &field->class_names));
    if (field->transform == NN_TRANSFORM_DIFFERENCE) {
        size_t count = (size_t)nn_shape_count(field->shape);
        NN_TRY(NN_ALLOCATE(&field->seen, count, "a target"));
        snprintf(path, sizeof path, "%s/difference_to", group);
        NN_TRY(nn_store_read_verified(file, path, NN_STORE_I64, count, field->seen));
    }
    return saved_get_scaling(file, group, scaling);
}

nn_status nn_model_get(nn_store_file *file, nn_model **model)
{
    *model = NULL;
    char *text = NULL, *names[2] = {NULL, NULL};
    nn_config *config = NULL;
    nn_model_spec spec = {0};
    nn_field input = {0}, target = {0};
    nn_scaling scalings[2] = {{0}, {0}};
    int64_t microbatch_size = 0;
    nn_status status;
    NN_TRY_TO(done, status, nn_store_read_text(file, "config", &text));
    NN_TRY_TO(done, status, nn_config_parse(text, nn_store_path(file), NULL, 0, &config));
    NN_TRY_TO(done, status, saved_get_field(file, "input", &input, &names[0], &scalings[0]));
    NN_TRY_TO(done, status, saved_get_field(file, "target", &target, &names[1], &scalings[1]));
    NN_TRY_TO(done, status,
              nn_store_read_verified(file, "microbatch_size", NN_STORE_I64, 1, &microbatch_size));
    /* The sections that the model does not need are known all the same. */
    for (size_t i = 0; i < nn_config_count(nn_config_root(config)); i++)
        nn_config_item(nn_config_root(config), i);
    nn_model_spec_read(config, &spec);
    NN_TRY_TO(done, status, nn_config_finish(config));
    status = nn_model_create(&spec, &input, &target, &scalings[0], &scalings[1], microbatch_size, model);
done:
    nn_model_spec_release(&spec);
    nn_config_destroy(config);
    for (int i = 0; i < 2; i++) {
        nn_free(names[i]);
        nn_scaling_release(&scalings[i]);
    }
    nn_free(target.seen);
    nn_free(target.class_names);
    nn_free(text);
    return status;
}

/* ---- tensors ---- */

static void saved_path(char *path, const char *group, const nn_layer *layer, const nn_parameter *parameter)
{
    snprintf(path, PATH_SIZE, "%s/%s/%s", group, layer->name, parameter->name);
}

nn_status nn_model_put_values(const nn_model *model, nn_store_image *image, const char *group,
                              const nn_real *values)
{
    for (int l = 0; l < model->network->layer_count; l++) {
        const nn_layer *layer = &model->network->layers[l];
        for (int p = 0; p < layer->parameter_count; p++) {
            const nn_parameter *parameter = &layer->parameters[p];
            char path[PATH_SIZE];
            saved_path(path, group, layer, parameter);
            NN_TRY(nn_store_image_put(image, path, real_type, parameter->shape.dimensions,
                                      parameter->shape.extents, values + layer->offset + parameter->offset));
        }
    }
    return NN_OK;
}

nn_status nn_model_get_values(const nn_model *model, nn_store_file *file, const char *group, nn_real *values)
{
    for (int l = 0; l < model->network->layer_count; l++) {
        const nn_layer *layer = &model->network->layers[l];
        for (int p = 0; p < layer->parameter_count; p++) {
            const nn_parameter *parameter = &layer->parameters[p];
            char path[PATH_SIZE];
            saved_path(path, group, layer, parameter);
            NN_TRY(nn_store_read_verified(file, path, real_type, (size_t)parameter->count,
                                          values + layer->offset + parameter->offset));
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
