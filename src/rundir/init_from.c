/* Weights from another run. */
#include "rundir/init_from.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "model/foreign.h"
#include "rundir/init_file.h"
#include "rundir/init_names.h"
#include "store/sharded.h"

/* What happened to the tensors, by name. */
typedef struct init_report {
    int64_t taken, tensors;
    bool *taken_layers; /* for each layer: whether some of it is taken */
    nn_text layers, shapes, missing, excluded;
} init_report;

static bool init_is_excluded(const nn_init_options *options, const char *layer)
{
    for (size_t i = 0; i < options->exclude.count; i++)
        if (strcmp(options->exclude.items[i], layer) == 0) return true;
    return false;
}

static nn_status init_check_excluded(const nn_init_options *options, const nn_network *network)
{
    for (size_t i = 0; i < options->exclude.count; i++) {
        int l = 0;
        while (l < network->layer_count && strcmp(network->layers[l].name, options->exclude.items[i]) != 0)
            l++;
        if (l == network->layer_count)
            NN_FAIL(NN_ERROR_USAGE,
                    "exclude: there is no layer '%s'; the summary of the network lists the names",
                    options->exclude.items[i]);
    }
    return NN_OK;
}

static void init_note(nn_text *list, const nn_layer *layer, const nn_parameter *parameter)
{
    nn_text_append(list, "%s%s.%s", list->length > 0 ? ", " : "", layer->name, parameter->name);
}

/* Where the other run's values are. */
typedef struct init_source {
    nn_store_file *file;
    nn_sharded *sharded; /* NULL: in the file */
    const char *group;
} init_source;

/* Records a tensor whose shape differs there. */
static bool init_same_shape(nn_shape there, const nn_layer *layer, const nn_parameter *parameter,
                            nn_text *list)
{
    char here_text[NN_SHAPE_TEXT], there_text[NN_SHAPE_TEXT];
    if (nn_shape_equal(there, parameter->shape)) return true;
    init_note(list, layer, parameter);
    nn_text_append(list, " (%s there, %s here)", nn_shape_text(there_text, there),
                   nn_shape_text(here_text, parameter->shape));
    return false;
}

static nn_status init_find_shape(nn_store_file *file, const char *path, nn_shape *shape)
{
    nn_store_array *array = NULL;
    NN_TRY(nn_store_array_open(file, path, &array));
    const nn_store_info *info = nn_store_array_info(array);
    shape->dimensions = info->dimensions < NN_MAX_DIMENSIONS ? info->dimensions : NN_MAX_DIMENSIONS;
    for (int d = 0; d < shape->dimensions; d++) shape->extents[d] = info->extents[d];
    nn_store_array_close(array);
    return NN_OK;
}

static nn_status init_take(const init_source *source, const nn_network *network, const nn_layer *layer,
                           const nn_parameter *parameter, nn_real *weights, init_report *report)
{
    char path[512];
    const char *name = path + strlen(source->group) + 1;
    nn_shape shape = {0};
    nn_store_type type = network->scalar == NN_SCALAR_F64 ? NN_STORE_F64 : NN_STORE_F32;
    nn_real *values = nn_scalar_at(network->scalar, weights, (size_t)(layer->offset + parameter->offset));
    snprintf(path, sizeof path, "%s/%s/%s", source->group, layer->name, parameter->name);
    int64_t index = source->sharded ? nn_sharded_find(source->sharded, name) : -1;
    if (source->sharded ? index < 0 : !nn_store_has(source->file, path)) {
        init_note(&report->missing, layer, parameter);
        return NN_OK;
    }
    if (source->sharded)
        shape = nn_sharded_content_of(source->sharded)->tensors[index].shape;
    else
        NN_TRY(init_find_shape(source->file, path, &shape));
    if (!init_same_shape(shape, layer, parameter, &report->shapes)) return NN_OK;
    if (source->sharded) {
        int64_t begin = nn_sharded_content_of(source->sharded)->tensors[index].begin;
        NN_TRY(nn_sharded_read(source->sharded, source->group, index, begin, begin + parameter->count, type,
                               values));
    } else {
        NN_TRY(nn_store_read_verified(source->file, path, type, (size_t)parameter->count, values));
    }
    init_note(&report->layers, layer, parameter);
    report->taken_layers[layer - network->layers] = true;
    report->taken++;
    return NN_OK;
}

static nn_status init_take_each(const nn_init_options *options, const init_source *source,
                                const nn_network *network, nn_real *weights, init_report *report)
{
    for (int l = 0; l < network->layer_count; l++)
        for (int p = 0; p < network->layers[l].parameter_count; p++) {
            const nn_layer *layer = &network->layers[l];
            report->tensors++;
            if (init_is_excluded(options, layer->name))
                init_note(&report->excluded, layer, &layer->parameters[p]);
            else
                NN_TRY(init_take(source, network, layer, &layer->parameters[p], weights, report));
        }
    return NN_OK;
}

static nn_status init_take_all(const nn_init_options *options, nn_store_file *file, const nn_model *model,
                               nn_real *weights, init_report *report)
{
    init_source source = {.file = file, .group = nn_model_weights_group(file)};
    if (nn_sharded_is(file)) NN_TRY(nn_sharded_open(file, &source.sharded));
    nn_status status = init_take_each(options, &source, model->network, weights, report);
    nn_sharded_close(source.sharded);
    return status;
}

static void init_log(const char *label, const nn_text *list)
{
    if (list->length > 0) nn_log_line("  %s: %s", label, list->bytes);
}

static nn_status init_finish(const char *path, const init_report *report)
{
    if (report->taken == 0)
        NN_FAIL(NN_ERROR_USAGE,
                "%s has no weights for this network: no layer matches one there in name and shape%s%s; name "
                "the layers as they are named there (nntrain info %s lists them)",
                path, report->shapes.length > 0 ? "; different shapes: " : "",
                report->shapes.length > 0 ? report->shapes.bytes : "", path);
    nn_log_line("init_from %s: %lld of %lld tensors are taken", path, (long long)report->taken,
                (long long)report->tensors);
    init_log("taken", &report->layers);
    init_log("newly initialised, of another shape there", &report->shapes);
    init_log("newly initialised, not there", &report->missing);
    init_log("newly initialised, excluded", &report->excluded);
    return NN_OK;
}

void nn_init_name(const nn_init_options *options, const char *folder, char name[2 * NN_PATH_SIZE])
{
    const char *given = options->file ? options->file : options->run;
    bool absolute = given[0] == '/';
    snprintf(name, 2 * NN_PATH_SIZE, "%s%s%s", absolute ? "" : folder, absolute ? "" : "/", given);
}

nn_status nn_init_look(const nn_init_options *options, const char *folder)
{
    char name[2 * NN_PATH_SIZE], path[NN_PATH_SIZE];
    void *bytes = NULL;
    size_t size = 0;
    nn_foreign *foreign = NULL;
    nn_init_name(options, folder, name);
    nn_status status =
        options->file ? nn_foreign_open(name, &foreign) : nn_kept_find(name, path, &bytes, &size);
    nn_foreign_close(foreign);
    nn_free(bytes);
    return status == NN_OK ? NN_OK : nn_fail_context(status, "init_from");
}

/* On rank 0. */
static nn_status init_read_file(const nn_init_options *options, const char *folder, const nn_model *model,
                                nn_real *weights)
{
    char name[2 * NN_PATH_SIZE];
    nn_init_name(options, folder, name);
    nn_status status = nn_init_file_take(options, name, model, weights);
    return status == NN_OK ? NN_OK : nn_fail_context(status, "init_from");
}

/* On rank 0. */
static nn_status init_read(const nn_init_options *options, const char *folder, const nn_model *model,
                           nn_real *weights)
{
    char name[2 * NN_PATH_SIZE], path[NN_PATH_SIZE];
    void *bytes = NULL;
    size_t size = 0;
    nn_store_file *file = NULL;
    init_report report = {0};
    nn_status status;
    nn_init_name(options, folder, name);
    NN_TRY_TO(done, status,
              NN_ALLOCATE(&report.taken_layers, model->network->layer_count, "the names of layers"));
    NN_TRY_TO(done, status, init_check_excluded(options, model->network));
    NN_TRY_TO(done, status, nn_kept_find(name, path, &bytes, &size));
    NN_TRY_TO(done, status, nn_store_open_image(bytes, size, path, &file));
    NN_TRY_TO(done, status, init_take_all(options, file, model, weights, &report));
    NN_TRY_TO(done, status, nn_init_names_check(model, file, path, report.taken_layers));
    status = init_finish(path, &report);
done:
    nn_free(report.taken_layers);
    nn_text_free(&report.layers);
    nn_text_free(&report.shapes);
    nn_text_free(&report.missing);
    nn_text_free(&report.excluded);
    nn_store_close(file);
    nn_free(bytes);
    return status == NN_OK ? NN_OK : nn_fail_context(status, "init_from");
}

nn_status nn_init_from(nn_comm *comm, const nn_init_options *options, const char *folder,
                       const nn_model *model, nn_real *weights)
{
    nn_status status = NN_OK;
    if (nn_comm_rank(comm) == 0)
        status = options->file ? init_read_file(options, folder, model, weights)
                               : init_read(options, folder, model, weights);
    return nn_comm_agree(comm, status);
}
