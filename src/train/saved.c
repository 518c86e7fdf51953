/* Evaluating what an earlier run has left: on a checkpoint's own configuration, and on this data or another.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "tensor/matrix.h"
#include "train/run.h"

/* What is opened for an evaluation. */
typedef struct saved_model {
    void *bytes;
    size_t size;
    char path[NN_PATH_SIZE];
    nn_store_file *file;
    char *config_text, *folder;
    nn_config *config;
    nn_settings settings;
    nn_model *model;
    nn_dataset *data;
    nn_workers *workers;
    nn_real *weights;
    int64_t microbatch_size;
} saved_model;

/* Rank 0 finds the file; all get its bytes, since all need model and weights. */
static nn_status saved_read(nn_comm *comm, const char *run_or_checkpoint, saved_model *saved)
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

static nn_status saved_open(saved_model *saved)
{
    NN_TRY(nn_store_open_image(saved->bytes, saved->size, saved->path, &saved->file));
    NN_TRY(nn_store_read_text(saved->file, "config", &saved->config_text));
    NN_TRY(nn_store_read_text(saved->file, "@data_folder", &saved->folder));
    NN_TRY(nn_config_parse(saved->config_text, saved->path, NULL, 0, &saved->config));
    NN_TRY(nn_settings_read(saved->config, &saved->settings));
    NN_TRY(nn_model_get(saved->file, &saved->model));
    NN_TRY(nn_store_read_verified(saved->file, "microbatch_size", NN_STORE_I64, 1, &saved->microbatch_size));
    NN_TRY(NN_ALLOCATE(&saved->weights, saved->model->network->value_count, "the weights"));
    return nn_model_get_weights(saved->model, saved->file, saved->weights);
}

/* Only the test part is opened where it is one of its own; a split needs the whole. */
static nn_status saved_open_data(nn_comm *comm, const char *data_file, saved_model *saved)
{
    nn_data_options *options = &saved->settings.data;
    if (data_file) NN_TRY(nn_comm_agree(comm, nn_data_options_set_file(options, data_file)));
    if (options->parts[NN_TEST].x.count > 0) {
        nn_part_options_release(&options->parts[NN_TRAIN]);
        nn_part_options_release(&options->parts[NN_VALIDATION]);
        options->balanced = false;
        options->split.validation = options->split.test = 0;
    }
    nn_known_target target = {&saved->model->target_scaling, saved->model->target.classes};
    nn_data_known known = {.input = &saved->model->input_scaling, .targets = &target};
    nn_target_wanted wanted = {.classes = saved->model->target.is_class};
    return nn_dataset_open(comm, options, data_file ? "." : saved->folder,
                           (uint64_t)saved->settings.training.seed, &wanted, 1, &known, &saved->data);
}

static nn_status saved_evaluate(nn_comm *comm, const char *data_file, saved_model *saved)
{
    static const char *const names[NN_PARTS] = {"training", "validation", "test"};
    NN_TRY(nn_comm_agree(comm, saved_open(saved)));
    NN_TRY(saved_open_data(comm, data_file, saved));
    nn_part part = NN_TEST;
    while (part > NN_TRAIN && nn_dataset_count(saved->data, part) == 0) part--;
    if (!nn_shape_equal(nn_dataset_input(saved->data)->shape, saved->model->input.shape)) {
        char have[NN_SHAPE_TEXT], want[NN_SHAPE_TEXT];
        NN_FAIL(NN_ERROR_DATA, "the samples are %s, but %s was trained on %s",
                nn_shape_text(have, nn_dataset_input(saved->data)->shape), saved->path,
                nn_shape_text(want, saved->model->input.shape));
    }
    int threads = nn_threads_choose(comm, 0);
    NN_TRY(nn_comm_agree(comm, nn_workers_create(saved->model, saved->data, threads, threads,
                                                 saved->microbatch_size, 1e9, 0, &saved->workers)));
    nn_figures figures;
    NN_TRY(nn_evaluate_part(comm, saved->workers, saved->model, saved->data, part, saved->microbatch_size,
                            saved->weights, &figures));
    nn_text text = {0};
    nn_figures_text(saved->model, &figures, &text);
    nn_log_line("%s: %lld samples of the %s part: %s", saved->path,
                (long long)nn_dataset_count(saved->data, part), names[part], text.bytes ? text.bytes : "");
    nn_text_free(&text);
    return NN_OK;
}

static void saved_close(saved_model *saved)
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

nn_status nn_evaluate_saved(nn_comm *comm, const char *run_or_checkpoint, const char *data_file)
{
    saved_model saved = {0};
    nn_status status = nn_comm_agree(comm, nn_matrix_setup());
    if (status == NN_OK) status = saved_read(comm, run_or_checkpoint, &saved);
    if (status == NN_OK) status = saved_evaluate(comm, data_file, &saved);
    saved_close(&saved);
    return status;
}
