/* The public interface for prediction. */
#include <string.h>

#include "base/memory.h"
#include "model/find.h"
#include "model/predictor.h"
#include "nntrain/nntrain.h"

struct nn_predictor {
    const nn_predictor_engine *engine;
    void *state;
};

static const nn_predictor_engine *const engines[] = {&nn_predictor_engine_f32, &nn_predictor_engine_f64};

static nn_status predict_create(nn_store_file *file, nn_predictor *predictor)
{
    char *precision = NULL;
    NN_TRY(nn_store_read_text(file, "@precision", &precision));
    predictor->engine = engines[strcmp(precision, nn_scalar_name(NN_SCALAR_F64)) == 0];
    nn_free(precision);
    return predictor->engine->create(file, &predictor->state);
}

nn_status nn_predictor_open(const char *run_directory_or_checkpoint, nn_predictor **predictor)
{
    char path[NN_PATH_SIZE];
    void *bytes = NULL;
    size_t size = 0;
    nn_store_file *file = NULL;
    nn_status status;
    nn_store_printing printing;
    nn_store_printing_keep(&printing);
    *predictor = NULL;
    NN_TRY_TO(done, status, nn_saved_find(run_directory_or_checkpoint, path, &bytes, &size));
    NN_TRY_TO(done, status, nn_store_open_image(bytes, size, path, &file));
    NN_TRY_TO(done, status, NN_ALLOCATE(predictor, 1, "a predictor"));
    status = predict_create(file, *predictor);
done:
    nn_store_close(file);
    nn_store_printing_restore(&printing);
    nn_free(bytes);
    if (status != NN_OK) {
        nn_free(*predictor);
        *predictor = NULL;
    }
    return status;
}

void nn_predictor_close(nn_predictor *predictor)
{
    if (!predictor) return;
    predictor->engine->destroy(predictor->state);
    nn_free(predictor);
}

size_t nn_predictor_input_count(const nn_predictor *predictor)
{
    return predictor->engine->input_count(predictor->state);
}

size_t nn_predictor_output_count(const nn_predictor *predictor)
{
    return predictor->engine->output_count(predictor->state);
}

size_t nn_predictor_class_count(const nn_predictor *predictor)
{
    return predictor->engine->class_count(predictor->state);
}

const char *nn_predictor_class_names(const nn_predictor *predictor)
{
    return predictor->engine->class_names(predictor->state);
}

uint64_t nn_predictor_fingerprint(const nn_predictor *predictor)
{
    return predictor->engine->fingerprint(predictor->state);
}

nn_status nn_predictor_run(nn_predictor *predictor, size_t samples, const float *inputs, float *outputs)
{
    return predictor->engine->run(predictor->state, samples, inputs, outputs);
}
