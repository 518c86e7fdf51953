/* The core of predictors from a checkpoint. */
#include "base/memory.h"
#include "model/checkpoint_archive.h"
#include "model/predictor.h"
#include "store/kept.h"

/* ---- a model in memory ---- */

/* What a core is restored from. */
static nn_status checkpoint_put(const nn_config *config, const nn_model *model, int64_t microbatch,
                                nn_store_image *image)
{
    nn_text text = {0};
    int64_t one = 1;
    nn_config_emit(config, &text);
    NN_TRY(nn_store_image_take_text(image, "config", &text));
    NN_TRY(nn_store_image_put_attribute(image, "precision", nn_model_precision(model)));
    NN_TRY(nn_store_image_put_attribute(image, NN_MODEL_ENGINE, nn_engine_name(model->network->engine)));
    NN_TRY(nn_store_image_put(image, "microbatch_size", NN_STORE_I64, 1, &one, &microbatch));
    return nn_model_put(model, image);
}

static nn_status checkpoint_restore(const void *bytes, size_t size, nn_predictor_core **core)
{
    nn_store_file *file = NULL;
    NN_TRY(nn_store_open_image(bytes, size, "a model in memory", &file));
    nn_archive archive = nn_archive_of_checkpoint(file);
    nn_status status = nn_predictor_core_restore(&archive, 0, core);
    nn_store_close(file);
    return status;
}

nn_status nn_predictor_of_model(const nn_config *config, const nn_model *model, int64_t microbatch,
                                const nn_real *weights, nn_predictor **predictor)
{
    nn_store_image *image = NULL;
    nn_predictor_core *core = NULL;
    void *bytes = NULL;
    size_t size = 0;
    nn_status status;
    *predictor = NULL;
    NN_TRY_TO(done, status, nn_store_image_create(&image));
    NN_TRY_TO(done, status, checkpoint_put(config, model, microbatch, image));
    NN_TRY_TO(done, status, nn_store_image_seal(image, &bytes, &size));
    NN_TRY_TO(done, status, checkpoint_restore(bytes, size, &core));
    core->weights = weights;
    status = nn_predictor_make(core, predictor);
done:
    nn_store_image_destroy(image);
    nn_free(bytes);
    nn_predictor_core_release(core);
    return status;
}

/* ---- a file ---- */

static nn_status checkpoint_load(nn_store_file *file, int64_t microbatch, nn_predictor_core **core)
{
    nn_archive archive = nn_archive_of_checkpoint(file);
    NN_TRY(nn_predictor_core_restore(&archive, microbatch, core));
    nn_predictor_core *made = *core;
    const nn_network *network = made->model->network;
    NN_TRY(NN_ALLOCATE_VALUES(network->scalar, &made->own_weights, network->value_count, "the weights"));
    NN_TRY(nn_model_get_values(made->model, file, "weights", made->own_weights));
    made->fingerprint = nn_network_fingerprint(network, made->own_weights);
    made->weights = made->own_weights;
    return nn_model_get_weights(made->model, file, made->own_weights);
}

nn_status nn_predictor_core_load_checkpoint(const char *path, int64_t microbatch, nn_predictor_core **core)
{
    char found[NN_PATH_SIZE];
    void *bytes = NULL;
    size_t size = 0;
    nn_store_file *file = NULL;
    nn_status status;
    nn_store_printing printing;
    nn_store_printing_keep(&printing);
    NN_TRY_TO(done, status, nn_store_expect_library());
    NN_TRY_TO(done, status, nn_kept_find(path, found, &bytes, &size));
    NN_TRY_TO(done, status, nn_store_open_image(bytes, size, found, &file));
    status = checkpoint_load(file, microbatch, core);
done:
    nn_store_close(file);
    nn_store_printing_restore(&printing);
    nn_free(bytes);
    return status;
}
