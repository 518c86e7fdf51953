/* Saves a model in a checkpoint, and restores it. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "model/checkpoint_names.h"
#include "model/model.h"
#include "tensor/matrix.h"

#define PATH_SIZE 512
#define SAVED_PARTS 16 /* limit for the number of parts of an input */
/* Integers saved per field: classes, transform, number of dimensions, extents, outputs, whether the extents
 * are features.
 */
#define FIELD_FACTS (5 + NN_MAX_DIMENSIONS)

#define FIELD_MOST_VALUES ((int64_t)1 << 40)

/* ---- fields and normalisation ---- */

static nn_status saved_put_field(nn_store_image *image, const char *group, const nn_field *field,
                                 const nn_scaling *scaling)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/name", group);
    NN_TRY(nn_store_image_put_text(image, path, field->name));
    int64_t facts[FIELD_FACTS] = {field->classes, field->transform, field->shape.dimensions};
    for (int d = 0; d < field->shape.dimensions; d++) facts[3 + d] = field->shape.extents[d];
    facts[FIELD_FACTS - 2] = field->outputs;
    facts[FIELD_FACTS - 1] = field->features;
    int64_t extent = FIELD_FACTS;
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

/* The group of a head's target in a checkpoint; name NULL: the only one. */
static void saved_target_group(const char *name, char group[PATH_SIZE])
{
    if (name)
        snprintf(group, PATH_SIZE, "targets/%s", name);
    else
        snprintf(group, PATH_SIZE, "target");
}

static nn_status saved_put_head(nn_store_image *image, const nn_head *head)
{
    char group[PATH_SIZE], path[PATH_SIZE + 32];
    saved_target_group(head->given, group);
    NN_TRY(saved_put_field(image, group, &head->target, &head->scaling));
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
    for (int p = 0; p < model->input.part_count; p++) {
        char group[PATH_SIZE];
        snprintf(group, sizeof group, "input/parts/%d", p);
        NN_TRY(saved_put_field(image, group, &model->input.parts[p], &none));
    }
    if (model->has_lengths) NN_TRY(nn_store_image_put_attribute(image, "has_lengths", "yes"));
    for (int h = 0; h < model->head_count; h++) NN_TRY(saved_put_head(image, &model->heads[h]));
    return nn_model_put_names(&model->names, image);
}

/* Reads a list of `count` values, owned by the caller. Checks the count before it allocates memory. */
static nn_status saved_get_list(nn_store_file *file, const char *path, nn_store_type type, int64_t count,
                                void **values)
{
    nn_store_array *array;
    NN_TRY(nn_store_array_open(file, path, &array));
    const nn_store_info *info = nn_store_array_info(array);
    int64_t found = info->dimensions == 1 ? info->extents[0] : -1;
    nn_store_array_close(array);
    if (found != count)
        NN_FAIL(NN_ERROR_CHECKPOINT, "%s: %s is not a list of %lld values; use another checkpoint",
                nn_store_path(file), path, (long long)count);
    NN_TRY(nn_allocate(values, (size_t)count, nn_store_type_size(type), "the contents of a checkpoint"));
    return nn_store_read_verified(file, path, type, (size_t)count, *values);
}

static nn_status saved_get_scaling(nn_store_file *file, const char *group, nn_scaling *scaling)
{
    char path[PATH_SIZE];
    int64_t columns = 0;
    snprintf(path, sizeof path, "%s/columns", group);
    NN_TRY(nn_store_read_verified(file, path, NN_STORE_I64, 1, &columns));
    if (columns == 0) return NN_OK;
    if (columns < 0)
        NN_FAIL(NN_ERROR_CHECKPOINT, "%s: %s is negative; use another checkpoint", nn_store_path(file), path);
    scaling->columns = columns;
    snprintf(path, sizeof path, "%s/scale", group);
    NN_TRY(saved_get_list(file, path, NN_STORE_F64, columns, (void **)&scaling->scale));
    snprintf(path, sizeof path, "%s/offset", group);
    return saved_get_list(file, path, NN_STORE_F64, columns, (void **)&scaling->offset);
}

/* A field as read, with what it owns: release it in any case. */
typedef struct saved_field {
    nn_field field;
    char *name;
    nn_scaling scaling;
    double *class_weights; /* NULL: none */
} saved_field;

static void saved_release_field(saved_field *saved)
{
    nn_free(saved->name);
    nn_free(saved->field.seen);
    nn_free(saved->field.class_names);
    nn_free(saved->class_weights);
    nn_scaling_release(&saved->scaling);
}

/* Whether the integers are valid. */
static bool saved_are_facts(const int64_t facts[FIELD_FACTS])
{
    nn_shape shape = {.dimensions = (int)facts[2]};
    bool counts = facts[0] >= 0 && facts[0] <= INT32_MAX && facts[1] >= NN_TRANSFORM_NONE &&
                  facts[1] <= NN_TRANSFORM_DIFFERENCE && facts[2] >= 0 && facts[2] <= NN_MAX_DIMENSIONS;
    for (int d = 0; counts && d < shape.dimensions; d++) {
        shape.extents[d] = facts[3 + d];
        counts = shape.extents[d] > 0;
    }
    return counts && nn_shape_count(shape) <= FIELD_MOST_VALUES && facts[FIELD_FACTS - 2] >= 0 &&
           facts[FIELD_FACTS - 2] <= nn_shape_count(shape);
}

static nn_status saved_get_field(nn_store_file *file, const char *group, saved_field *saved)
{
    nn_field *field = &saved->field;
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/name", group);
    NN_TRY(nn_store_read_text(file, path, &saved->name));
    field->name = saved->name;
    int64_t facts[FIELD_FACTS] = {0};
    snprintf(path, sizeof path, "%s/classes_transform_and_shape", group);
    NN_TRY(nn_store_read_verified(file, path, NN_STORE_I64, FIELD_FACTS, facts));
    if (!saved_are_facts(facts))
        NN_FAIL(NN_ERROR_CHECKPOINT, "%s: %s does not describe a field; use another checkpoint",
                nn_store_path(file), path);
    field->classes = facts[0];
    field->is_class = facts[0] > 0;
    field->transform = (int)facts[1];
    field->shape.dimensions = (int)facts[2];
    for (int d = 0; d < field->shape.dimensions; d++) field->shape.extents[d] = facts[3 + d];
    field->outputs = facts[FIELD_FACTS - 2];
    field->features = facts[FIELD_FACTS - 1] != 0;
    if (field->transform == NN_TRANSFORM_DIFFERENCE) {
        snprintf(path, sizeof path, "%s/difference_to", group);
        NN_TRY(saved_get_list(file, path, NN_STORE_I64, nn_shape_count(field->shape), (void **)&field->seen));
    }
    return saved_get_scaling(file, group, &saved->scaling);
}

static nn_status saved_get_target(nn_store_file *file, const nn_head_spec *head, saved_field *saved)
{
    char group[PATH_SIZE], path[PATH_SIZE + 32];
    saved_target_group(head->name, group);
    NN_TRY(saved_get_field(file, group, saved));
    saved->field.shares = head->loss->domain.shares && !saved->field.is_class;
    snprintf(path, sizeof path, "%s/class_weights", group);
    if (!nn_store_has(file, path)) return NN_OK;
    int64_t count = nn_head_class_weights(head->loss, &saved->field);
    return saved_get_list(file, path, NN_STORE_F64, count, (void **)&saved->class_weights);
}

/* Reads the parts of an input, which are stored in order. */
static nn_status saved_get_parts(nn_store_file *file, saved_field *input, saved_field *parts,
                                 nn_field *fields)
{
    int64_t begin = 0;
    int count = 0;
    for (; count < SAVED_PARTS; count++) {
        char group[PATH_SIZE], path[PATH_SIZE + 32];
        snprintf(group, sizeof group, "input/parts/%d", count);
        snprintf(path, sizeof path, "%s/name", group);
        if (!nn_store_has(file, path)) break;
        NN_TRY(saved_get_field(file, group, &parts[count]));
        fields[count] = parts[count].field;
        fields[count].begin = begin;
        begin += nn_shape_count(fields[count].shape);
    }
    input->field.parts = fields;
    input->field.part_count = count;
    if (count > 0 && begin != nn_shape_count(input->field.shape))
        NN_FAIL(NN_ERROR_CHECKPOINT,
                "%s: the parts of the input do not add up to the input; use another checkpoint",
                nn_store_path(file));
    return NN_OK;
}

/* Checks that a target that is a difference refers to values of the input. */
static nn_status saved_check_seen(nn_store_file *file, const nn_field *input, const nn_field *target)
{
    int64_t values = nn_shape_count(input->shape);
    for (int64_t i = 0; target->seen && i < nn_shape_count(target->shape); i++)
        if (target->seen[i] < -1 || target->seen[i] >= values)
            NN_FAIL(NN_ERROR_CHECKPOINT,
                    "%s: the target %s is a difference to a value that the input does not have; use another "
                    "checkpoint",
                    nn_store_path(file), target->name);
    return NN_OK;
}

/* Sets the class names of targets, and of inputs that are indices. */
static nn_status saved_name_classes(const nn_names_set *names, saved_field *input, saved_field *parts,
                                    nn_field *fields, saved_field *targets, int target_count)
{
    int inputs = input->field.part_count > 0 ? input->field.part_count : 1;
    if (inputs == 1 && input->field.is_class)
        NN_TRY(nn_model_class_lines(names, 0, &input->field.class_names));
    for (int p = 0; p < input->field.part_count; p++)
        if (fields[p].is_class) {
            NN_TRY(nn_model_class_lines(names, p, &parts[p].field.class_names));
            fields[p].class_names = parts[p].field.class_names;
        }
    for (int t = 0; t < target_count; t++)
        if (targets[t].field.is_class)
            NN_TRY(nn_model_class_lines(names, inputs + t, &targets[t].field.class_names));
    return NN_OK;
}

/* Reads the rest and builds the model. */
static nn_status saved_make(nn_store_file *file, nn_model_spec *spec, nn_model **model)
{
    saved_field input = {0}, *targets = NULL;
    nn_names_set names = {0};
    nn_field fields[SAVED_PARTS];
    nn_model_target facts[NN_MODEL_HEADS];
    int64_t microbatch_size = 0;
    int count = spec->head_count;
    /* The targets, then the parts of the input. */
    NN_TRY(NN_ALLOCATE(&targets, count + SAVED_PARTS, "the fields of a checkpoint"));
    nn_status status = saved_get_field(file, "input", &input);
    if (status == NN_OK) status = saved_get_parts(file, &input, targets + count, fields);
    for (int h = 0; status == NN_OK && h < count; h++) {
        status = saved_get_target(file, &spec->heads[h], &targets[h]);
        if (status == NN_OK) status = saved_check_seen(file, &input.field, &targets[h].field);
        facts[h] = (nn_model_target){&targets[h].field, &targets[h].scaling, NULL, targets[h].class_weights};
    }
    if (status == NN_OK) status = nn_model_get_names(file, &names);
    if (status == NN_OK) status = saved_name_classes(&names, &input, targets + count, fields, targets, count);
    if (status == NN_OK)
        status = nn_store_read_verified(file, "microbatch_size", NN_STORE_I64, 1, &microbatch_size);
    if (status == NN_OK)
        status = nn_model_create(spec, &input.field, &input.scaling, facts,
                                 nn_store_has(file, "@has_lengths"), microbatch_size, model);
    if (status == NN_OK)
        (*model)->names = names;
    else
        nn_names_set_release(&names);
    saved_release_field(&input);
    for (int f = 0; f < count + SAVED_PARTS; f++) saved_release_field(&targets[f]);
    nn_free(targets);
    return status;
}

static nn_status saved_compare_scaling(nn_store_file *file, const char *group, const nn_scaling *scaling,
                                       bool *same)
{
    nn_scaling saved = {0};
    size_t size = (size_t)scaling->columns * sizeof(double);
    nn_status status = saved_get_scaling(file, group, &saved);
    *same = *same && status == NN_OK && saved.columns == scaling->columns;
    if (*same && size > 0)
        *same = memcmp(saved.scale, scaling->scale, size) == 0 &&
                memcmp(saved.offset, scaling->offset, size) == 0;
    nn_scaling_release(&saved);
    return status;
}

nn_status nn_model_compare_scalings(const nn_model *model, nn_store_file *file, bool *same)
{
    char group[PATH_SIZE];
    *same = true;
    NN_TRY(saved_compare_scaling(file, "input", &model->input_scaling, same));
    for (int h = 0; h < model->head_count; h++) {
        saved_target_group(model->heads[h].given, group);
        NN_TRY(saved_compare_scaling(file, group, &model->heads[h].scaling, same));
    }
    return NN_OK;
}

const char *nn_model_precision(const nn_model *model)
{
    return model->network->engine == NN_ENGINE_MIXED ? "mixed" : nn_scalar_name(model->scalar);
}

const char *nn_model_kernels(const nn_model *model)
{
    return model->network->engine == NN_ENGINE_BLAS ? nn_matrix_kernels() : "portable";
}

/* Checkpoints of before there was a choice do not name it. */
static nn_status saved_get_engine(nn_store_file *file, nn_engine *engine)
{
    char *name = NULL;
    *engine = NN_ENGINE_BLAS;
    if (!nn_store_has(file, "@" NN_MODEL_ENGINE)) return NN_OK;
    NN_TRY(nn_store_read_text(file, "@" NN_MODEL_ENGINE, &name));
    *engine = nn_engine_named(name);
    nn_status status = NN_OK;
    if (*engine == NN_ENGINES)
        status = nn_fail(NN_ERROR_CHECKPOINT,
                         "%s was computed by kernels '%.40s', which this version does not have; use the "
                         "version of nntrain that wrote it",
                         nn_store_path(file), name);
    nn_free(name);
    return status;
}

nn_status nn_model_get(nn_store_file *file, nn_scalar scalar, nn_model **model)
{
    *model = NULL;
    char *text = NULL;
    nn_config *config = NULL;
    nn_model_spec spec = {0};
    nn_status status;
    NN_TRY_TO(done, status, nn_store_read_text(file, "config", &text));
    NN_TRY_TO(done, status, nn_config_parse(text, nn_store_path(file), NULL, 0, &config));
    /* Mark all sections as known: the model does not read the others. */
    for (size_t i = 0; i < nn_config_count(nn_config_root(config)); i++)
        nn_config_item(nn_config_root(config), i);
    nn_model_spec_read(config, scalar, &spec);
    NN_TRY_TO(done, status, nn_config_finish(config));
    NN_TRY_TO(done, status, saved_get_engine(file, &spec.network.engine));
    if (scalar == NN_SCALAR_F64 && spec.network.engine == NN_ENGINE_MIXED)
        spec.network.engine = NN_ENGINE_PORTABLE; /* a step is replayed in double */
    status = saved_make(file, &spec, model);
done:
    nn_model_spec_release(&spec);
    nn_config_destroy(config);
    nn_free(text);
    return status;
}
