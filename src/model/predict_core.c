/* What the predictors of the same weights share: a model and its weights. */
#include "base/memory.h"
#include "config/yaml_library.h"
#include "model/predictor.h"

nn_status nn_predictor_core_restore(const nn_archive *archive, int64_t microbatch, nn_predictor_core **core)
{
    nn_scalar scalar;
    NN_TRY(nn_config_expect_library());
    NN_TRY(nn_archive_get_scalar(archive, &scalar));
    NN_TRY(NN_ALLOCATE(core, 1, "a predictor"));
    nn_predictor_core *made = *core;
    made->users = 1;
    made->capacity = microbatch;
    NN_TRY(nn_archive_get_model(archive, scalar, true, &made->capacity, &made->model));
    made->input_count = (size_t)nn_shape_count(made->model->input.shape);
    made->output_count = (size_t)nn_model_output_count(made->model);
    size_t larger = made->input_count > made->output_count ? made->input_count : made->output_count;
    made->most_samples = (size_t)INT64_MAX / sizeof(double) / larger;
    nn_model_graph(made->model, &made->graph);
    if (made->graph.failed) NN_FAIL(NN_ERROR_MEMORY, "out of memory for the graph of the network");
    return NN_OK;
}

static nn_status core_load_file(const char *path, int64_t microbatch, nn_predictor_core **core)
{
    nn_model_file *file;
    NN_TRY(nn_model_file_open(path, &file));
    nn_archive archive = nn_model_file_archive(file);
    nn_status status = nn_predictor_core_restore(&archive, microbatch, core);
    if (*core)
        (*core)->file = file;
    else
        nn_model_file_close(file);
    NN_TRY(status);
    return nn_model_file_weights(file, (*core)->model, &(*core)->weights, &(*core)->fingerprint);
}

nn_status nn_predictor_core_load(const char *path, int64_t microbatch, nn_predictor_core **core)
{
    *core = NULL;
    nn_status status = nn_model_file_is(path) ? core_load_file(path, microbatch, core)
                                              : nn_predictor_core_load_checkpoint(path, microbatch, core);
    if (status != NN_OK) {
        nn_predictor_core_release(*core);
        *core = NULL;
    }
    return status;
}

void nn_predictor_core_release(nn_predictor_core *core)
{
    if (!core || atomic_fetch_sub(&core->users, 1) > 1) return;
    nn_free(core->own_weights);
    nn_model_file_close(core->file);
    nn_text_free(&core->graph);
    nn_model_destroy(core->model);
    nn_free(core);
}
