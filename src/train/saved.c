/* Evaluating what an earlier run has left: on a checkpoint's own configuration, and on this data or another.
 */
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "base/log.h"
#include "base/memory.h"
#include "tensor/matrix.h"
#include "train/saved.h"
#include "train/saved_data.h"

/* Rank 0 finds the file; all get its bytes, since all need model and weights. */
static nn_status saved_read(nn_comm *comm, const char *run_or_checkpoint, nn_saved *saved)
{
    bool first = nn_comm_rank(comm) == 0;
    nn_status status =
        first ? nn_saved_find(run_or_checkpoint, saved->path, &saved->bytes, &saved->size) : NN_OK;
    NN_TRY(nn_comm_agree(comm, status));
    NN_TRY(nn_comm_broadcast(comm, &saved->size, sizeof saved->size, 0));
    NN_TRY(nn_comm_broadcast(comm, saved->path, sizeof saved->path, 0));
    if (!first) status = nn_allocate(&saved->bytes, saved->size, 1, "a checkpoint");
    NN_TRY(nn_comm_agree(comm, status));
    return nn_comm_broadcast(comm, saved->bytes, saved->size, 0);
}

/* Whether a KEY=VALUE sets what the weights were trained with, which a file that is looked at cannot have
 * otherwise. */
static bool saved_is_trained(const char *set)
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
static nn_status saved_check_sets(const nn_text_list *sets)
{
    for (size_t i = 0; sets && i < sets->count; i++) {
        if (strncmp(sets->items[i], "data.", strlen("data.")) != 0)
            NN_FAIL(NN_ERROR_USAGE,
                    "--set %s: only keys of data can be set here, such as data.fields.x.missing=drop: the "
                    "rest is the "
                    "run's",
                    sets->items[i]);
        if (saved_is_trained(sets->items[i]))
            NN_FAIL(NN_ERROR_USAGE,
                    "--set %s: values are normalised and transformed as the run was trained; leave this out",
                    sets->items[i]);
    }
    return NN_OK;
}

static nn_status saved_open(const nn_saved_request *request, nn_saved *saved)
{
    const nn_text_list *sets = request->sets;
    NN_TRY(saved_check_sets(sets));
    NN_TRY(nn_store_open_image(saved->bytes, saved->size, saved->path, &saved->file));
    NN_TRY(nn_store_read_text(saved->file, "config", &saved->config_text));
    NN_TRY(nn_store_read_text(saved->file, "@data_folder", &saved->folder));
    NN_TRY(nn_config_parse(saved->config_text, saved->path, sets ? (const char *const *)sets->items : NULL,
                           sets ? sets->count : 0, &saved->config));
    NN_TRY(nn_settings_read(saved->config, &saved->settings));
    NN_TRY(nn_model_get(saved->file, NN_SCALAR_REAL, &saved->model));
    NN_TRY(nn_store_read_verified(saved->file, "microbatch_size", NN_STORE_I64, 1, &saved->microbatch_size));
    NN_TRY(NN_ALLOCATE(&saved->weights, saved->model->network->value_count, "the weights"));
    return nn_model_get_weights(saved->model, saved->file, saved->weights);
}

static nn_status saved_check_shape(const nn_saved *saved, const char *what, nn_shape found, nn_shape trained)
{
    const char *path;
    int64_t row;
    char have[NN_SHAPE_TEXT], want[NN_SHAPE_TEXT];
    if (nn_shape_equal(found, trained)) return NN_OK;
    nn_dataset_locate(saved->data, saved->part, 0, &path, &row);
    NN_FAIL(NN_ERROR_DATA, "%s: the %s are %s, but %s was trained on %s: use data of that shape", path, what,
            nn_shape_text(have, found), saved->path, nn_shape_text(want, trained));
}

static nn_status saved_check_shapes(const nn_saved *saved)
{
    NN_TRY(
        saved_check_shape(saved, "samples", nn_dataset_input(saved->data)->shape, saved->model->input.shape));
    for (int h = 0; h < saved->model->head_count; h++)
        NN_TRY(saved_check_shape(saved, "targets", nn_dataset_target(saved->data, h)->shape,
                                 saved->model->heads[h].target.shape));
    return NN_OK;
}

const char *nn_part_name(nn_part part)
{
    static const char *const names[NN_PARTS] = {"training", "validation", "test"};
    return names[part];
}

nn_status nn_saved_open(nn_comm *comm, const char *run_or_checkpoint, const nn_saved_request *request,
                        nn_saved *saved)
{
    nn_part part = request->files ? NN_TEST : request->part;
    *saved = (nn_saved){0};
    NN_TRY(nn_comm_agree(comm, nn_matrix_setup()));
    NN_TRY(saved_read(comm, run_or_checkpoint, saved));
    NN_TRY(nn_comm_agree(comm, saved_open(request, saved)));
    NN_TRY(nn_saved_open_data(comm, request, saved));
    saved->part = part == NN_PARTS ? NN_TEST : part;
    while (part == NN_PARTS && saved->part > NN_TRAIN && nn_dataset_count(saved->data, saved->part) == 0)
        saved->part--;
    if (nn_dataset_count(saved->data, saved->part) == 0)
        NN_FAIL(NN_ERROR_USAGE, "%s: the run has no %s part; choose another part", saved->path,
                nn_part_name(saved->part));
    return saved_check_shapes(saved);
}

void nn_saved_close(nn_saved *saved)
{
    nn_workers_destroy(saved->workers);
    nn_dataset_close(saved->data);
    nn_model_destroy(saved->model);
    nn_settings_release(&saved->settings);
    nn_config_destroy(saved->config);
    nn_store_close(saved->file);
    nn_free(saved->config_text);
    nn_free(saved->folder);
    nn_free(saved->weights);
    nn_free(saved->bytes);
}

void nn_saved_describe(const nn_saved *saved, const nn_text_list *files, nn_text *text)
{
    if (!files)
        nn_text_append(text, "the %s part", nn_part_name(saved->part));
    else
        nn_list_append(files, text);
}

static nn_status saved_evaluate(nn_comm *comm, const nn_text_list *files, nn_saved *saved)
{
    int threads = 1;
    NN_TRY(nn_threads_choose(comm, 0, &threads));
    nn_workers_request workers = {
        .threads = threads, .leaves_max = threads, .microbatch_size = saved->microbatch_size, .memory = 1e9};
    NN_TRY(nn_comm_agree(comm, nn_workers_create(saved->model, saved->data, &workers, &saved->workers)));
    nn_figures figures;
    nn_evaluate_request request = {comm,        saved->workers, saved->model,
                                   saved->data, saved->part,    saved->microbatch_size};
    NN_TRY(nn_evaluate_part(&request, saved->weights, &figures));
    nn_status status = nn_evaluate_check(saved->model, saved->part, &figures);
    if (status != NN_OK) nn_figures_release(&figures);
    NN_TRY(status);
    nn_text text = {0}, source = {0};
    nn_figures_text(saved->model, &figures, true, &text);
    nn_saved_describe(saved, files, &source);
    nn_log_line("%s: %lld samples of %s: %s", saved->path,
                (long long)nn_dataset_count(saved->data, saved->part), source.bytes ? source.bytes : "",
                text.bytes ? text.bytes : "");
    nn_text_free(&source);
    nn_text_free(&text);
    nn_figures_show_outputs(saved->model, &figures, nn_part_name(saved->part));
    nn_figures_show_matrices(saved->model, &figures);
    nn_figures_release(&figures);
    return NN_OK;
}

nn_status nn_evaluate_saved(nn_comm *comm, const nn_evaluation *evaluation)
{
    nn_saved saved;
    const nn_saved_request request = {.files = evaluation->files, .part = NN_PARTS, .sets = evaluation->sets};
    nn_status status = nn_saved_open(comm, evaluation->run_or_checkpoint, &request, &saved);
    if (status == NN_OK) status = saved_evaluate(comm, evaluation->files, &saved);
    nn_saved_close(&saved);
    return status;
}
