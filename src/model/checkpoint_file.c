/* Writes a file model.nn of a checkpoint: what prediction needs, and nothing else. */
#include "model/checkpoint_file.h"

#include <string.h>

#include "base/memory.h"
#include "base/plugins.h"
#include "model/checkpoint_archive.h"
#include "model/model_file.h"

/* A checkpoint that is copied section by section. */
typedef struct copy_work {
    nn_store_file *file;
    nn_archive archive;
    nn_model_file_writer *writer;
} copy_work;

static bool copy_takes(const char *name)
{
    static const char names[] = NN_ARCHIVE_NAMES "/";
    static const char *const groups[] = {"input/", "target/", "targets/", names, NULL};
    if (strcmp(name, NN_MODEL_GRAPH) == 0 || strcmp(name, "microbatch_size") == 0) return true;
    for (const char *const *group = groups; *group; group++)
        if (strncmp(name, *group, strlen(*group)) == 0) return true;
    return false;
}

static nn_status copy_text(const copy_work *work, const char *name)
{
    char *text = NULL;
    nn_status status = nn_archive_read_text(&work->archive, name, &text);
    if (status == NN_OK) status = nn_model_file_put_text(work->writer, name, text);
    nn_free(text);
    return status;
}

static nn_status copy_names(const copy_work *work, const char *name)
{
    nn_text_list names = {0};
    nn_status status = nn_archive_read_names(&work->archive, name, &names);
    size_t size = 0, at = 0;
    char *joined = NULL;
    for (size_t i = 0; i < names.count; i++) size += strlen(names.items[i]) + 1;
    if (status == NN_OK) status = NN_ALLOCATE(&joined, size, "a list of names");
    for (size_t i = 0; status == NN_OK && i < names.count; i++) {
        size_t length = strlen(names.items[i]) + 1;
        memcpy(joined + at, names.items[i], length);
        at += length;
    }
    if (status == NN_OK)
        status = nn_model_file_put(work->writer, name, NN_MODEL_FILE_TEXTS, names.count, joined, size);
    nn_free(joined);
    nn_list_release(&names);
    return status;
}

/* Lists of integers and of float64: fields and normalisation. */
static nn_status copy_numbers(const copy_work *work, const char *name, nn_store_type type, int64_t count)
{
    void *values = NULL;
    nn_model_file_kind kind = type == NN_STORE_F64 ? NN_MODEL_FILE_F64 : NN_MODEL_FILE_INTEGERS;
    uint64_t bytes = (uint64_t)count * sizeof(double);
    NN_TRY(nn_allocate(&values, (size_t)count, sizeof(double), "the contents of a checkpoint"));
    nn_status status = nn_archive_read(&work->archive, name, type, count, values);
    if (status == NN_OK) status = nn_model_file_put(work->writer, name, kind, (uint64_t)count, values, bytes);
    nn_free(values);
    return status;
}

static nn_status copy_visit(void *context, const char *name, const nn_store_info *info)
{
    const copy_work *work = context;
    if (!copy_takes(name)) return NN_OK;
    if (info->type == NN_STORE_TEXT)
        return info->dimensions == 0 ? copy_text(work, name) : copy_names(work, name);
    if (info->dimensions == 1 && (info->type == NN_STORE_F64 || info->type == NN_STORE_I64))
        return copy_numbers(work, name, info->type, info->extents[0]);
    NN_FAIL(NN_ERROR_CHECKPOINT, "%s: dataset \"%s\" is not one of a checkpoint; use another checkpoint",
            nn_store_path(work->file), name);
}

static nn_status copy_attributes(const copy_work *work)
{
    static const char *const names[] = {"@precision", "@" NN_MODEL_ENGINE, "@has_lengths", NULL};
    for (const char *const *name = names; *name; name++)
        if (nn_store_has(work->file, *name)) NN_TRY(copy_text(work, *name));
    return NN_OK;
}

/* The sections of the configuration that describe the model: its metrics may be of a plug-in, which nobody
 * who reads the file has, and without them it predicts as well. It was written in block style, so that what
 * begins a line is the name of a section. */
static void copy_sections(const char *config, bool metrics, nn_text *text)
{
    const char *const sections[] = {"network:", "loss:", "losses:", metrics ? "metrics:" : NULL, NULL};
    bool taken = false;
    while (*config) {
        size_t length = strcspn(config, "\n");
        length += config[length] == '\n';
        for (const char *const *section = sections; config[0] != ' ' && *section; section++) {
            taken = strncmp(config, *section, strlen(*section)) == 0;
            if (taken) break;
        }
        if (taken) nn_text_append(text, "%.*s", (int)length, config);
        config += length;
    }
}

static nn_status copy_config(const copy_work *work)
{
    char *config = NULL;
    nn_text text = {0};
    nn_status status = nn_archive_read_text(&work->archive, "config", &config);
    if (status == NN_OK) {
        copy_sections(config, !nn_archive_has(&work->archive, NN_PLUGINS_NAME), &text);
        status = text.failed || !text.bytes ? nn_fail(NN_ERROR_MEMORY, "out of memory for the configuration")
                                            : nn_model_file_put_text(work->writer, "config", text.bytes);
    }
    nn_text_free(&text);
    nn_free(config);
    return status;
}

/* Who reads the file has no plug-ins. */
static nn_status copy_check_built_in(const nn_model *model, const char *path)
{
    const char *layer = NULL, *loss = NULL;
    for (int l = 0; l < model->network->layer_count; l++)
        if (nn_layer_is_loaded(model->network->layers[l].type->name)) layer = model->network->layers[l].name;
    for (int h = 0; h < model->head_count; h++)
        if (nn_loss_is_loaded(model->heads[h].loss->name)) loss = model->heads[h].loss->name;
    if (!layer && !loss) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE,
            "%s: the %s %s is of a plug-in and cannot be exported: what reads the file does not have it; use "
            "nntrain predict with --plugin FILE",
            path, layer ? "layer" : "loss", layer ? layer : loss);
}

/* Adds the weights and seals the file. */
static nn_status copy_weights(const copy_work *work, void **bytes, size_t *size)
{
    nn_scalar scalar;
    nn_model *model = NULL;
    nn_real *weights = NULL;
    int64_t microbatch = 0;
    uint64_t fingerprint;
    nn_status status;
    NN_TRY_TO(done, status, nn_archive_get_scalar(&work->archive, &scalar));
    NN_TRY_TO(done, status, nn_archive_get_model(&work->archive, scalar, true, &microbatch, &model));
    NN_TRY_TO(done, status, copy_check_built_in(model, nn_store_path(work->file)));
    NN_TRY_TO(done, status, NN_ALLOCATE_VALUES(scalar, &weights, model->network->value_count, "the weights"));
    NN_TRY_TO(done, status, nn_model_get_values(model, work->file, "weights", weights));
    fingerprint = nn_network_fingerprint(model->network, weights);
    NN_TRY_TO(done, status, nn_model_get_weights(model, work->file, weights));
    NN_TRY_TO(done, status, nn_model_file_put_weights(work->writer, model, fingerprint, weights));
    status = nn_model_file_seal(work->writer, bytes, size);
done:
    nn_free(weights);
    nn_model_destroy(model);
    return status;
}

nn_status nn_model_file_of_checkpoint(nn_store_file *file, void **bytes, size_t *size)
{
    copy_work work = {.file = file, .archive = nn_archive_of_checkpoint(file)};
    nn_status status;
    *bytes = NULL;
    NN_TRY_TO(done, status, nn_model_file_writer_create(&work.writer));
    NN_TRY_TO(done, status, copy_config(&work));
    NN_TRY_TO(done, status, copy_attributes(&work));
    NN_TRY_TO(done, status, nn_store_visit(file, copy_visit, &work));
    status = copy_weights(&work, bytes, size);
done:
    nn_model_file_writer_destroy(work.writer);
    return status;
}
