/* Restores a model from what it was saved in. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/plugins.h"
#include "model/archive.h"

#define SAVED_PARTS 16 /* limit for the number of parts of an input */
#define FIELD_MOST_VALUES ((int64_t)1 << 40)

/* ---- fields and normalisation ---- */

void nn_archive_target_group(const char *name, char group[NN_ARCHIVE_PATH])
{
    if (name)
        snprintf(group, NN_ARCHIVE_PATH, "targets/%s", name);
    else
        snprintf(group, NN_ARCHIVE_PATH, "target");
}

/* Reads a list of `count` values, owned by the caller. Checks the count before it allocates memory. */
static nn_status archive_get_list(const nn_archive *archive, const char *path, nn_store_type type,
                                  int64_t count, void **values)
{
    int64_t found;
    NN_TRY(nn_archive_count(archive, path, &found));
    if (found != count)
        NN_FAIL(NN_ERROR_CHECKPOINT, "%s: %s is not a list of %lld values; use another checkpoint",
                archive->path, path, (long long)count);
    NN_TRY(nn_allocate(values, (size_t)count, sizeof(double), "the contents of a checkpoint"));
    return nn_archive_read(archive, path, type, count, *values);
}

nn_status nn_archive_get_scaling(const nn_archive *archive, const char *group, nn_scaling *scaling)
{
    char path[NN_ARCHIVE_PATH];
    int64_t columns = 0;
    snprintf(path, sizeof path, "%s/columns", group);
    NN_TRY(nn_archive_read(archive, path, NN_STORE_I64, 1, &columns));
    if (columns == 0) return NN_OK;
    if (columns < 0)
        NN_FAIL(NN_ERROR_CHECKPOINT, "%s: %s is negative; use another checkpoint", archive->path, path);
    scaling->columns = columns;
    snprintf(path, sizeof path, "%s/scale", group);
    NN_TRY(archive_get_list(archive, path, NN_STORE_F64, columns, (void **)&scaling->scale));
    snprintf(path, sizeof path, "%s/offset", group);
    return archive_get_list(archive, path, NN_STORE_F64, columns, (void **)&scaling->offset);
}

/* A field as read, with what it owns: release it in any case. */
typedef struct archive_field {
    nn_field field;
    char *name;
    nn_scaling scaling;
    double *class_weights; /* NULL: none */
    double *prior;         /* NULL: unknown */
} archive_field;

static void archive_release_field(archive_field *saved)
{
    nn_free(saved->name);
    nn_free(saved->field.seen);
    nn_free(saved->field.class_names);
    nn_encoding_release(&saved->field.encoding);
    nn_free(saved->class_weights);
    nn_free(saved->prior);
    nn_scaling_release(&saved->scaling);
}

/* Whether the integers are valid. */
static bool archive_are_facts(const int64_t facts[NN_ARCHIVE_FACTS])
{
    nn_shape shape = {.dimensions = (int)facts[2]};
    bool counts = facts[0] >= 0 && facts[0] <= INT32_MAX && facts[1] >= NN_TRANSFORM_NONE &&
                  facts[1] <= NN_TRANSFORM_DIFFERENCE && facts[2] >= 0 && facts[2] <= NN_MAX_DIMENSIONS;
    for (int d = 0; counts && d < shape.dimensions; d++) {
        shape.extents[d] = facts[3 + d];
        counts = shape.extents[d] > 0;
    }
    return counts && nn_shape_count(shape) <= FIELD_MOST_VALUES && facts[NN_ARCHIVE_FACTS - 2] >= 0 &&
           facts[NN_ARCHIVE_FACTS - 2] <= nn_shape_count(shape);
}

static nn_status archive_get_field(const nn_archive *archive, const char *group, archive_field *saved)
{
    nn_field *field = &saved->field;
    char path[NN_ARCHIVE_PATH];
    snprintf(path, sizeof path, "%s/name", group);
    NN_TRY(nn_archive_read_text(archive, path, &saved->name));
    field->name = saved->name;
    int64_t facts[NN_ARCHIVE_FACTS] = {0};
    snprintf(path, sizeof path, "%s/classes_transform_and_shape", group);
    NN_TRY(nn_archive_read(archive, path, NN_STORE_I64, NN_ARCHIVE_FACTS, facts));
    if (!archive_are_facts(facts))
        NN_FAIL(NN_ERROR_CHECKPOINT, "%s: %s does not describe a field; use another checkpoint",
                archive->path, path);
    field->classes = facts[0];
    field->is_class = facts[0] > 0;
    field->transform = (int)facts[1];
    field->shape.dimensions = (int)facts[2];
    for (int d = 0; d < field->shape.dimensions; d++) field->shape.extents[d] = facts[3 + d];
    field->outputs = facts[NN_ARCHIVE_FACTS - 2];
    field->features = facts[NN_ARCHIVE_FACTS - 1] != 0;
    if (field->transform == NN_TRANSFORM_DIFFERENCE) {
        snprintf(path, sizeof path, "%s/difference_to", group);
        NN_TRY(archive_get_list(archive, path, NN_STORE_I64, nn_shape_count(field->shape),
                                (void **)&field->seen));
    }
    return nn_archive_get_scaling(archive, group, &saved->scaling);
}

/* Reads how the places of an input's last extent are encoded: the layers that do it check the numbers. */
static nn_status archive_get_encoding(const nn_archive *archive, const char *group, archive_field *saved)
{
    char path[NN_ARCHIVE_PATH + 32];
    nn_shape shape = saved->field.shape;
    nn_encoding *encoding = &saved->field.encoding;
    int64_t places = shape.dimensions > 0 ? shape.extents[shape.dimensions - 1] : 1, indicates = 0;
    snprintf(path, sizeof path, "%s/" NN_ARCHIVE_CATEGORIES, group);
    if (nn_archive_has(archive, path)) {
        encoding->places = places;
        NN_TRY(archive_get_list(archive, path, NN_STORE_I64, places, (void **)&encoding->categories));
        snprintf(path, sizeof path, "%s/" NN_ARCHIVE_UNITS, group);
        NN_TRY(archive_get_list(archive, path, NN_STORE_I64, places, (void **)&encoding->units));
    }
    snprintf(path, sizeof path, "%s/" NN_ARCHIVE_FILLS, group);
    if (!nn_archive_has(archive, path)) return NN_OK;
    encoding->places = places;
    NN_TRY(archive_get_list(archive, path, NN_STORE_F64, places, (void **)&encoding->fills));
    snprintf(path, sizeof path, "%s/" NN_ARCHIVE_INDICATES, group);
    NN_TRY(nn_archive_read(archive, path, NN_STORE_I64, 1, &indicates));
    encoding->indicates = indicates != 0;
    return NN_OK;
}

static nn_status archive_get_target(const nn_archive *archive, const nn_head_spec *head, archive_field *saved)
{
    char group[NN_ARCHIVE_PATH], path[NN_ARCHIVE_PATH + 32];
    nn_archive_target_group(head->name, group);
    NN_TRY(archive_get_field(archive, group, saved));
    saved->field.shares = head->loss->domain.shares && !saved->field.is_class;
    snprintf(path, sizeof path, "%s/" NN_ARCHIVE_PRIOR, group);
    if (nn_archive_has(archive, path)) /* not in checkpoints of older versions, nor in files model.nn */
        NN_TRY(archive_get_list(archive, path, NN_STORE_F64,
                                saved->field.is_class ? saved->field.classes
                                                      : nn_shape_count(saved->field.shape),
                                (void **)&saved->prior));
    snprintf(path, sizeof path, "%s/class_weights", group);
    if (!nn_archive_has(archive, path)) return NN_OK;
    int64_t count = nn_head_class_weights(head->loss, &saved->field);
    return archive_get_list(archive, path, NN_STORE_F64, count, (void **)&saved->class_weights);
}

/* Reads the parts of an input, which are stored in order. */
static nn_status archive_get_parts(const nn_archive *archive, archive_field *input, archive_field *parts,
                                   nn_field *fields)
{
    int64_t begin = 0;
    int count = 0;
    for (; count < SAVED_PARTS; count++) {
        char group[NN_ARCHIVE_PATH], path[NN_ARCHIVE_PATH + 32];
        snprintf(group, sizeof group, "input/parts/%d", count);
        snprintf(path, sizeof path, "%s/name", group);
        if (!nn_archive_has(archive, path)) break;
        NN_TRY(archive_get_field(archive, group, &parts[count]));
        NN_TRY(archive_get_encoding(archive, group, &parts[count]));
        fields[count] = parts[count].field;
        fields[count].begin = begin;
        begin += nn_shape_count(fields[count].shape);
    }
    input->field.parts = fields;
    input->field.part_count = count;
    if (count > 0 && begin != nn_shape_count(input->field.shape))
        NN_FAIL(NN_ERROR_CHECKPOINT,
                "%s: the parts of the input do not add up to the input; use another checkpoint",
                archive->path);
    return NN_OK;
}

/* Checks that a target that is a difference refers to values of the input. */
static nn_status archive_check_seen(const nn_archive *archive, const nn_field *input, const nn_field *target)
{
    int64_t values = nn_shape_count(input->shape);
    for (int64_t i = 0; target->seen && i < nn_shape_count(target->shape); i++)
        if (target->seen[i] < -1 || target->seen[i] >= values)
            NN_FAIL(NN_ERROR_CHECKPOINT,
                    "%s: the target %s is a difference to a value that the input does not have; use another "
                    "checkpoint",
                    archive->path, target->name);
    return NN_OK;
}

/* Sets the class names of targets, and of inputs that are indices. */
static nn_status archive_name_classes(const nn_names_set *names, archive_field *input, archive_field *parts,
                                      nn_field *fields, archive_field *targets, int target_count)
{
    int inputs = input->field.part_count > 0 ? input->field.part_count : 1;
    if (inputs == 1 && input->field.is_class)
        NN_TRY(nn_archive_class_lines(names, 0, &input->field.class_names));
    for (int p = 0; p < input->field.part_count; p++)
        if (fields[p].is_class) {
            NN_TRY(nn_archive_class_lines(names, p, &parts[p].field.class_names));
            fields[p].class_names = parts[p].field.class_names;
        }
    for (int t = 0; t < target_count; t++)
        if (targets[t].field.is_class)
            NN_TRY(nn_archive_class_lines(names, inputs + t, &targets[t].field.class_names));
    return NN_OK;
}

/* Reads the rest and builds the model. */
static nn_status archive_make(const nn_archive *archive, nn_model_spec *spec, int64_t *microbatch,
                              nn_model **model)
{
    archive_field input = {0}, *targets = NULL;
    nn_names_set names = {0};
    nn_field fields[SAVED_PARTS];
    nn_model_target facts[NN_MODEL_HEADS];
    int count = spec->head_count;
    /* The targets, then the parts of the input. */
    NN_TRY(NN_ALLOCATE(&targets, count + SAVED_PARTS, "the fields of a checkpoint"));
    nn_status status = archive_get_field(archive, "input", &input);
    if (status == NN_OK) status = archive_get_encoding(archive, "input", &input);
    if (status == NN_OK) status = archive_get_parts(archive, &input, targets + count, fields);
    for (int h = 0; status == NN_OK && h < count; h++) {
        status = archive_get_target(archive, &spec->heads[h], &targets[h]);
        if (status == NN_OK) status = archive_check_seen(archive, &input.field, &targets[h].field);
        facts[h] = (nn_model_target){&targets[h].field, &targets[h].scaling, targets[h].prior,
                                     targets[h].class_weights};
    }
    if (status == NN_OK) status = nn_archive_get_names(archive, &names);
    if (status == NN_OK)
        status = archive_name_classes(&names, &input, targets + count, fields, targets, count);
    if (status == NN_OK && *microbatch == 0)
        status = nn_archive_read(archive, "microbatch_size", NN_STORE_I64, 1, microbatch);
    if (status == NN_OK)
        status = nn_model_create(spec, &input.field, &input.scaling, facts,
                                 nn_archive_has(archive, "@has_lengths"), *microbatch, model);
    if (status == NN_OK)
        (*model)->names = names;
    else
        nn_names_set_release(&names);
    archive_release_field(&input);
    for (int f = 0; f < count + SAVED_PARTS; f++) archive_release_field(&targets[f]);
    nn_free(targets);
    return status;
}

/* Checkpoints of before there was a choice do not name it. */
static nn_status archive_get_engine(const nn_archive *archive, nn_engine *engine)
{
    char *name = NULL;
    *engine = NN_ENGINE_BLAS;
    if (!nn_archive_has(archive, "@" NN_MODEL_ENGINE)) return NN_OK;
    NN_TRY(nn_archive_read_text(archive, "@" NN_MODEL_ENGINE, &name));
    *engine = nn_engine_named(name);
    nn_status status = NN_OK;
    if (*engine == NN_ENGINES)
        status = nn_fail(NN_ERROR_CHECKPOINT,
                         "%s was computed by kernels '%.40s', which this version does not have; use the "
                         "version of nntrain that wrote it",
                         archive->path, name);
    nn_free(name);
    return status;
}

nn_status nn_archive_get_scalar(const nn_archive *archive, nn_scalar *scalar)
{
    char *precision = NULL;
    NN_TRY(nn_archive_read_text(archive, "@precision", &precision));
    *scalar = nn_scalar_named(precision);
    nn_free(precision);
    return NN_OK;
}

/* The plug-ins of the run, as base/plugins.h has them; NULL: none. The caller owns *lines. A prediction needs
 * the bytes that the run had; training may begin with weights that other bytes have trained. */
static nn_status archive_get_plugins(const nn_archive *archive, bool predicts, char **lines, bool *lacks)
{
    *lines = NULL;
    *lacks = false;
    if (!nn_archive_has(archive, NN_PLUGINS_NAME)) return NN_OK;
    NN_TRY(nn_archive_read_text(archive, NN_PLUGINS_NAME, lines));
    *lacks = nn_plugins_lack(*lines);
    return predicts && !*lacks ? nn_plugins_expect(*lines, archive->path) : NN_OK;
}

nn_status nn_archive_get_model(const nn_archive *archive, nn_scalar scalar, bool predicts,
                               int64_t *microbatch, nn_model **model)
{
    *model = NULL;
    char *text = NULL, *plugins = NULL;
    bool lacks = false;
    nn_config *config = NULL;
    nn_text metrics = {0};
    nn_model_spec spec = {0};
    nn_status status = NN_OK;
    NN_TRY_TO(done, status, nn_archive_read_text(archive, "config", &text));
    NN_TRY_TO(done, status, archive_get_plugins(archive, predicts, &plugins, &lacks));
    /* Predictions need no metrics, and so no plug-in that provides them alone. */
    if (lacks && predicts && !archive->metrics) nn_text_append(&metrics, "metrics=[]");
    if (archive->metrics) nn_text_append(&metrics, "metrics=%s", archive->metrics);
    const char *const override = metrics.bytes;
    if (metrics.failed) status = nn_fail(NN_ERROR_MEMORY, "out of memory for the metrics");
    NN_TRY_TO(done, status, status);
    NN_TRY_TO(done, status, nn_config_parse(text, archive->path, &override, override ? 1 : 0, &config));
    /* Mark all sections as known: the model does not read the others. */
    for (size_t i = 0; i < nn_config_count(nn_config_root(config)); i++)
        nn_config_item(nn_config_root(config), i);
    nn_model_spec_read(config, scalar, &spec);
    status = nn_config_finish(config);
    if (status == NN_ERROR_USAGE && lacks) status = nn_plugins_expect(plugins, archive->path);
    NN_TRY_TO(done, status, status);
    NN_TRY_TO(done, status, archive_get_engine(archive, &spec.network.engine));
    if (scalar == NN_SCALAR_F64 && spec.network.engine == NN_ENGINE_MIXED)
        spec.network.engine = NN_ENGINE_PORTABLE; /* a step is replayed in double */
    /* With a BLAS the bits of a row depend on its place in a product, and on how many rows that has. */
    if (predicts && spec.network.engine == NN_ENGINE_BLAS) spec.network.engine = NN_ENGINE_PORTABLE;
    spec.network.input_gradient = predicts;
    status = archive_make(archive, &spec, microbatch, model);
done:
    nn_model_spec_release(&spec);
    nn_config_destroy(config);
    nn_text_free(&metrics);
    nn_free(plugins);
    nn_free(text);
    return status;
}
