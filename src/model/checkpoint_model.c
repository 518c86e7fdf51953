/* Saves a model in a checkpoint, and restores it. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "model/checkpoint_archive.h"
#include "model/checkpoint_names.h"

/* ---- fields and normalisation ---- */

static nn_status saved_put_field(nn_store_image *image, const char *group, const nn_field *field,
                                 const nn_scaling *scaling)
{
    char path[NN_ARCHIVE_PATH];
    snprintf(path, sizeof path, "%s/name", group);
    NN_TRY(nn_store_image_put_text(image, path, field->name));
    int64_t facts[NN_ARCHIVE_FACTS] = {field->classes, field->transform, field->shape.dimensions};
    for (int d = 0; d < field->shape.dimensions; d++) facts[3 + d] = field->shape.extents[d];
    facts[NN_ARCHIVE_FACTS - 2] = field->outputs;
    facts[NN_ARCHIVE_FACTS - 1] = field->features;
    int64_t extent = NN_ARCHIVE_FACTS;
    snprintf(path, sizeof path, "%s/classes_transform_and_shape", group);
    NN_TRY(nn_store_image_put(image, path, NN_STORE_I64, 1, &extent, facts));
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

static nn_status saved_put_encoding(nn_store_image *image, const char *group, const nn_encoding *encoding)
{
    char path[NN_ARCHIVE_PATH];
    const int64_t one = 1, indicates = encoding->indicates;
    if (encoding->categories) {
        snprintf(path, sizeof path, "%s/" NN_ARCHIVE_CATEGORIES, group);
        NN_TRY(nn_store_image_put(image, path, NN_STORE_I64, 1, &encoding->places, encoding->categories));
        snprintf(path, sizeof path, "%s/" NN_ARCHIVE_UNITS, group);
        NN_TRY(nn_store_image_put(image, path, NN_STORE_I64, 1, &encoding->places, encoding->units));
    }
    if (!encoding->fills) return NN_OK;
    snprintf(path, sizeof path, "%s/" NN_ARCHIVE_FILLS, group);
    NN_TRY(nn_store_image_put(image, path, NN_STORE_F64, 1, &encoding->places, encoding->fills));
    snprintf(path, sizeof path, "%s/" NN_ARCHIVE_INDICATES, group);
    return nn_store_image_put(image, path, NN_STORE_I64, 1, &one, &indicates);
}

static nn_status saved_put_head(nn_store_image *image, const nn_head *head)
{
    char group[NN_ARCHIVE_PATH], path[NN_ARCHIVE_PATH + 32];
    nn_archive_target_group(head->given, group);
    NN_TRY(saved_put_field(image, group, &head->target, &head->scaling));
    if (head->prior) {
        snprintf(path, sizeof path, "%s/" NN_ARCHIVE_PRIOR, group);
        NN_TRY(nn_store_image_put(image, path, NN_STORE_F64, 1, &head->prior_count, head->prior));
    }
    if (!head->class_weights) return NN_OK;
    int64_t count = nn_head_class_weights(head->loss, &head->target);
    snprintf(path, sizeof path, "%s/class_weights", group);
    return nn_store_image_put(image, path, NN_STORE_F64, 1, &count, head->class_weights);
}

static nn_status saved_put_graph(const nn_model *model, nn_store_image *image)
{
    nn_text text = {0};
    nn_model_graph(model, &text);
    return nn_store_image_take_text(image, NN_MODEL_GRAPH, &text);
}

nn_status nn_model_put(const nn_model *model, nn_store_image *image)
{
    const nn_scaling none = {0};
    NN_TRY(saved_put_graph(model, image));
    NN_TRY(saved_put_field(image, "input", &model->input, &model->input_scaling));
    NN_TRY(saved_put_encoding(image, "input", &model->input.encoding));
    for (int p = 0; p < model->input.part_count; p++) {
        char group[NN_ARCHIVE_PATH];
        snprintf(group, sizeof group, "input/parts/%d", p);
        NN_TRY(saved_put_field(image, group, &model->input.parts[p], &none));
        NN_TRY(saved_put_encoding(image, group, &model->input.parts[p].encoding));
    }
    if (model->has_lengths) NN_TRY(nn_store_image_put_attribute(image, "has_lengths", "yes"));
    for (int h = 0; h < model->head_count; h++) NN_TRY(saved_put_head(image, &model->heads[h]));
    return nn_model_put_names(&model->names, image);
}

static nn_status saved_compare_scaling(const nn_archive *archive, const char *group,
                                       const nn_scaling *scaling, bool *same)
{
    nn_scaling saved = {0};
    size_t size = (size_t)scaling->columns * sizeof(double);
    nn_status status = nn_archive_get_scaling(archive, group, &saved);
    *same = *same && status == NN_OK && saved.columns == scaling->columns;
    if (*same && size > 0)
        *same = memcmp(saved.scale, scaling->scale, size) == 0 &&
                memcmp(saved.offset, scaling->offset, size) == 0;
    nn_scaling_release(&saved);
    return status;
}

nn_status nn_model_compare_scalings(const nn_model *model, nn_store_file *file, bool *same)
{
    char group[NN_ARCHIVE_PATH];
    nn_archive archive = nn_archive_of_checkpoint(file);
    *same = true;
    NN_TRY(saved_compare_scaling(&archive, "input", &model->input_scaling, same));
    for (int h = 0; h < model->head_count; h++) {
        nn_archive_target_group(model->heads[h].given, group);
        NN_TRY(saved_compare_scaling(&archive, group, &model->heads[h].scaling, same));
    }
    return NN_OK;
}

nn_status nn_model_get(nn_store_file *file, nn_scalar scalar, nn_model **model)
{
    return nn_model_get_judged(file, scalar, NULL, model);
}

nn_status nn_model_get_judged(nn_store_file *file, nn_scalar scalar, const char *metrics, nn_model **model)
{
    nn_archive archive = nn_archive_of_checkpoint(file);
    int64_t microbatch = 0;
    archive.metrics = metrics;
    return nn_archive_get_model(&archive, scalar, false, &microbatch, model);
}

nn_status nn_model_get_to_predict(nn_store_file *file, nn_scalar scalar, int64_t *microbatch,
                                  nn_model **model)
{
    nn_archive archive = nn_archive_of_checkpoint(file);
    return nn_archive_get_model(&archive, scalar, true, microbatch, model);
}
