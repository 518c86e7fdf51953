#include "train/trained.h"

#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "base/log.h"
#include "base/memory.h"
#include "tensor/matrix.h"
#include "train/trained_data.h"

/* Rank 0 finds the file; all get its bytes, since all need model and weights. */
static nn_status trained_read(nn_comm *comm, const char *run_or_checkpoint, nn_trained *trained)
{
    bool first = nn_comm_rank(comm) == 0;
    nn_status status =
        first ? nn_kept_find(run_or_checkpoint, trained->path, &trained->bytes, &trained->size) : NN_OK;
    NN_TRY(nn_comm_agree(comm, status));
    NN_TRY(nn_comm_broadcast(comm, &trained->size, sizeof trained->size, 0));
    NN_TRY(nn_comm_broadcast(comm, trained->path, sizeof trained->path, 0));
    if (!first) status = nn_allocate(&trained->bytes, trained->size, 1, "a checkpoint");
    NN_TRY(nn_comm_agree(comm, status));
    return nn_comm_broadcast(comm, trained->bytes, trained->size, 0);
}

/* Whether a KEY=VALUE sets something that is fixed by training and cannot differ in another file. */
static bool trained_is_trained(const char *set)
{
    static const char *const keys[] = {".normalize", ".scale", ".offset", ".transform"};
    size_t length = strcspn(set, "=");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        size_t tail = strlen(keys[i]);
        if (length > tail && strncmp(set + length - tail, keys[i], tail) == 0) return true;
    }
    return false;
}

/* Only how the data is read may differ from the run. */
static nn_status trained_check_sets(const nn_text_list *sets)
{
    for (size_t i = 0; sets && i < sets->count; i++) {
        if (strncmp(sets->items[i], "data.", strlen("data.")) != 0)
            NN_FAIL(NN_ERROR_USAGE,
                    "--set %s: only keys of data can be set here, such as data.fields.x.missing=drop; the "
                    "rest stays as in the run",
                    sets->items[i]);
        if (trained_is_trained(sets->items[i]))
            NN_FAIL(NN_ERROR_USAGE,
                    "--set %s: values are normalised and transformed as in training; remove this",
                    sets->items[i]);
    }
    return NN_OK;
}

static nn_status trained_open(const nn_trained_request *request, nn_trained *trained)
{
    const nn_text_list *sets = request->sets;
    NN_TRY(trained_check_sets(sets));
    NN_TRY(nn_store_open_image(trained->bytes, trained->size, trained->path, &trained->file));
    NN_TRY(nn_store_read_text(trained->file, "config", &trained->config_text));
    NN_TRY(nn_store_read_text(trained->file, "@data_folder", &trained->folder));
    NN_TRY(nn_config_parse(trained->config_text, trained->path,
                           sets ? (const char *const *)sets->items : NULL, sets ? sets->count : 0,
                           &trained->config));
    NN_TRY(nn_settings_read(trained->config, &trained->settings));
    NN_TRY(nn_model_get(trained->file, trained->settings.model.network.scalar, &trained->model));
    NN_TRY(
        nn_store_read_verified(trained->file, "microbatch_size", NN_STORE_I64, 1, &trained->microbatch_size));
    return NN_ALLOCATE_VALUES(trained->model->scalar, &trained->weights, trained->model->network->value_count,
                              "the weights");
}

/* Rank 0 reads the weights, which may be in other files. Collective. */
static nn_status trained_get_weights(nn_comm *comm, nn_trained *trained)
{
    const nn_model *model = trained->model;
    bool first = nn_comm_rank(comm) == 0;
    size_t size = (size_t)model->network->value_count * nn_scalar_size(model->scalar);
    nn_status status = first ? nn_model_get_weights(model, trained->file, trained->weights) : NN_OK;
    NN_TRY(nn_comm_agree(comm, status));
    return nn_comm_broadcast(comm, trained->weights, size, 0);
}

static nn_status trained_check_shape(const nn_trained *trained, const char *what, nn_shape found,
                                     nn_shape expected)
{
    const char *path;
    int64_t row;
    char have[NN_SHAPE_TEXT], want[NN_SHAPE_TEXT];
    if (nn_shape_equal(found, expected)) return NN_OK;
    nn_dataset_locate(trained->data, trained->part, 0, &path, &row);
    NN_FAIL(NN_ERROR_DATA, "%s: the %s are %s, but %s was trained on %s: use data of that shape", path, what,
            nn_shape_text(have, found), trained->path, nn_shape_text(want, expected));
}

static nn_status trained_check_shapes(const nn_trained *trained)
{
    NN_TRY(trained_check_shape(trained, "samples", nn_dataset_input(trained->data)->shape,
                               trained->model->input.shape));
    for (int h = 0; h < trained->model->head_count; h++)
        NN_TRY(trained_check_shape(trained, "targets", nn_dataset_target(trained->data, h)->shape,
                                   trained->model->heads[h].target.shape));
    return NN_OK;
}

nn_status nn_trained_open(nn_comm *comm, const char *run_or_checkpoint, const nn_trained_request *request,
                          nn_trained *trained)
{
    nn_part part = request->files ? NN_TEST : request->part;
    *trained = (nn_trained){0};
    NN_TRY(nn_comm_agree(comm, nn_matrix_setup()));
    NN_TRY(trained_read(comm, run_or_checkpoint, trained));
    NN_TRY(nn_comm_agree(comm, trained_open(request, trained)));
    NN_TRY(trained_get_weights(comm, trained));
    NN_TRY(nn_trained_open_data(comm, request, trained));
    trained->part = part == NN_PARTS ? NN_TEST : part;
    while (part == NN_PARTS && trained->part > NN_TRAIN &&
           nn_dataset_count(trained->data, trained->part) == 0)
        trained->part--;
    if (nn_dataset_count(trained->data, trained->part) == 0)
        NN_FAIL(NN_ERROR_USAGE, "%s: the run has no %s part; choose another one", trained->path,
                nn_trained_part_name(trained->part));
    return trained_check_shapes(trained);
}

void nn_trained_close(nn_trained *trained)
{
    nn_workers_destroy(trained->workers);
    nn_dataset_close(trained->data);
    nn_model_destroy(trained->model);
    nn_settings_release(&trained->settings);
    nn_config_destroy(trained->config);
    nn_store_close(trained->file);
    nn_free(trained->config_text);
    nn_free(trained->folder);
    nn_free(trained->weights);
    nn_free(trained->bytes);
}

void nn_trained_describe(const nn_trained *trained, const nn_text_list *files, nn_text *text)
{
    if (!files)
        nn_text_append(text, "the %s part", nn_trained_part_name(trained->part));
    else
        nn_list_append(files, text);
}
