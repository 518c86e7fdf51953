#include "train/trained.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/least.h"
#include "base/list.h"
#include "base/log.h"
#include "base/memory.h"
#include "model/checkpoint_names.h"
#include "tensor/matrix.h"
#include "train/trained_data.h"
#include "train/trained_sets.h"

/* Samples that a thread predicts together, at most, unless the run's microbatches are larger; and what they
 * may take. */
#define TRAINED_MICROBATCH ((int64_t)128)
#define TRAINED_MICROBATCH_BYTES ((int64_t)16 << 20)

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

/* The bits of a prediction do not depend on how many samples are computed together: a few more than in
 * training are faster. */
static nn_status trained_get_to_predict(nn_trained *trained)
{
    nn_scalar scalar = trained->settings.model.network.scalar;
    int64_t *size = &trained->microbatch_size;
    NN_TRY(nn_model_get_to_predict(trained->file, scalar, size, &trained->model));
    int64_t bytes = (int64_t)nn_microbatch_memory(trained->model->network, 1, false);
    int64_t larger = nn_smaller(TRAINED_MICROBATCH, TRAINED_MICROBATCH_BYTES / nn_larger(bytes, 1));
    if (larger <= *size) return NN_OK;
    *size = larger;
    nn_model_destroy(trained->model);
    trained->model = NULL;
    return nn_model_get_to_predict(trained->file, scalar, size, &trained->model);
}

static nn_status trained_open(const nn_trained_request *request, nn_trained *trained)
{
    const nn_text_list *sets = request->sets;
    NN_TRY(nn_trained_check_sets(sets, request->files != NULL));
    NN_TRY(nn_store_open_image(trained->bytes, trained->size, trained->path, &trained->file));
    NN_TRY(nn_store_read_text(trained->file, "config", &trained->config_text));
    NN_TRY(nn_store_read_text(trained->file, "@data_folder", &trained->folder));
    NN_TRY(nn_model_expect_plugins(trained->file));
    NN_TRY(nn_config_parse(trained->config_text, trained->path,
                           sets ? (const char *const *)sets->items : NULL, sets ? sets->count : 0,
                           &trained->config));
    NN_TRY(nn_settings_read(trained->config, &trained->settings));
    trained->weighted = trained->settings.data.parts[NN_TRAIN].weights != NULL;
    NN_TRY(
        nn_store_read_verified(trained->file, "microbatch_size", NN_STORE_I64, 1, &trained->microbatch_size));
    NN_TRY(request->predicts ? trained_get_to_predict(trained)
                             : nn_model_get_judged(trained->file, trained->settings.model.network.scalar,
                                                   request->metrics, &trained->model));
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

/* ---- what must not be overwritten ---- */

static bool trained_is_data(const nn_trained *trained, const struct stat *output)
{
    struct stat file;
    for (int p = 0; p < NN_PARTS; p++)
        for (int f = 0; f < nn_dataset_file_count(trained->data, (nn_part)p); f++)
            if (stat(nn_dataset_file(trained->data, (nn_part)p, f), &file) == 0 &&
                file.st_dev == output->st_dev && file.st_ino == output->st_ino)
                return true;
    return false;
}

/* Whether FOLDER/manifest is there: the folder is that of a run. */
static bool trained_is_run(char *folder)
{
    struct stat found;
    size_t length = strlen(folder);
    snprintf(folder + length, NN_PATH_SIZE - length, "/manifest");
    bool is = stat(folder, &found) == 0;
    folder[length] = 0;
    return is;
}

/* Cuts off the last part of an absolute path, and returns it. */
static const char *trained_cut(char *path)
{
    char *slash = strrchr(path, '/');
    *slash = 0;
    return slash + 1;
}

/* Whether an existing file is a checkpoint of any run directory: RUN/best.h5, RUN/best-auc.h5,
 * RUN/checkpoints/... */
static bool trained_is_checkpoint(const char *path)
{
    char folder[NN_PATH_SIZE];
    char *absolute = realpath(path, NULL);
    bool fits = absolute && strlen(absolute) < sizeof folder;
    if (fits) memcpy(folder, absolute, strlen(absolute) + 1);
    free(absolute);
    if (!fits) return false;
    if (nn_kept_is_best(trained_cut(folder))) return trained_is_run(folder);
    return strchr(folder, '/') && strcmp(trained_cut(folder), "checkpoints") == 0 && trained_is_run(folder);
}

nn_status nn_trained_check_output(const nn_trained *trained, const char *command, const char *path)
{
    struct stat output;
    if (stat(path, &output) != 0) return NN_OK;
    if (trained_is_data(trained, &output))
        NN_FAIL(NN_ERROR_USAGE, "%s: -o %s is a file of the data: choose another name", command, path);
    if (trained_is_checkpoint(path))
        NN_FAIL(NN_ERROR_USAGE, "%s: -o %s is a checkpoint of a run: choose another name", command, path);
    return NN_OK;
}
