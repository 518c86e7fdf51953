/* The public interface for prediction: a model, its weights and one microbatch. */
#include <string.h>

#include "base/memory.h"
#include "model/arithmetic.h"
#include "nntrain/nntrain.h"
#include "store/kept.h"
#include "tensor/matrix.h"

struct nn_predictor {
    nn_model *model;
    nn_real *weights, *scratch;
    nn_microbatch *microbatch;
    uint64_t fingerprint; /* of the weights that training continues from, also where an average is used */
    nn_text graph;
};

static nn_status predict_read_scalar(nn_store_file *file, nn_scalar *scalar)
{
    char *precision = NULL;
    NN_TRY(nn_store_read_text(file, "@precision", &precision));
    *scalar = strcmp(precision, nn_scalar_name(NN_SCALAR_F64)) == 0 ? NN_SCALAR_F64 : NN_SCALAR_F32;
    nn_free(precision);
    return NN_OK;
}

static nn_status predict_fill(nn_store_file *file, nn_predictor *predictor)
{
    int64_t microbatch_size = 0;
    nn_scalar scalar;
    NN_TRY(predict_read_scalar(file, &scalar));
    NN_TRY(nn_matrix_setup());
    NN_TRY(nn_model_get(file, scalar, &predictor->model));
    NN_TRY(nn_store_read_verified(file, "microbatch_size", NN_STORE_I64, 1, &microbatch_size));
    const nn_network *network = predictor->model->network;
    size_t size = nn_scalar_size(scalar);
    NN_TRY(nn_allocate((void **)&predictor->weights, (size_t)network->value_count, size, "the weights"));
    NN_TRY(nn_allocate((void **)&predictor->scratch, (size_t)network->scratch_values, size, "scratch"));
    NN_TRY(nn_model_get_values(predictor->model, file, "weights", predictor->weights));
    predictor->fingerprint = nn_network_fingerprint(network, predictor->weights);
    NN_TRY(nn_model_get_weights(predictor->model, file, predictor->weights));
    nn_model_graph(predictor->model, &predictor->graph);
    if (predictor->graph.failed) NN_FAIL(NN_ERROR_MEMORY, "out of memory for the graph of the network");
    return nn_microbatch_create(network, microbatch_size, false, &predictor->microbatch);
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
    NN_TRY_TO(done, status, nn_kept_find(run_directory_or_checkpoint, path, &bytes, &size));
    NN_TRY_TO(done, status, nn_store_open_image(bytes, size, path, &file));
    NN_TRY_TO(done, status, NN_ALLOCATE(predictor, 1, "a predictor"));
    status = predict_fill(file, *predictor);
done:
    nn_store_close(file);
    nn_store_printing_restore(&printing);
    nn_free(bytes);
    if (status != NN_OK) {
        nn_predictor_close(*predictor);
        *predictor = NULL;
    }
    return status;
}

void nn_predictor_close(nn_predictor *predictor)
{
    if (!predictor) return;
    nn_microbatch_destroy(predictor->microbatch);
    nn_free(predictor->weights);
    nn_free(predictor->scratch);
    nn_text_free(&predictor->graph);
    nn_model_destroy(predictor->model);
    nn_free(predictor);
}

size_t nn_predictor_input_count(const nn_predictor *predictor)
{
    return (size_t)nn_shape_count(predictor->model->input.shape);
}

size_t nn_predictor_output_count(const nn_predictor *predictor)
{
    return (size_t)nn_model_output_count(predictor->model);
}

size_t nn_predictor_class_count(const nn_predictor *predictor)
{
    return (size_t)nn_field_classes(&predictor->model->heads[0].target);
}

const char *nn_predictor_class_names(const nn_predictor *predictor)
{
    return predictor->model->heads[0].target.class_names;
}

uint64_t nn_predictor_fingerprint(const nn_predictor *predictor)
{
    return predictor->fingerprint;
}

const char *nn_predictor_graph(const nn_predictor *predictor)
{
    return predictor->graph.bytes;
}

size_t nn_predictor_microbatch(const nn_predictor *predictor)
{
    return (size_t)predictor->microbatch->capacity;
}

nn_status nn_predictor_run(nn_predictor *predictor, size_t samples, const float *inputs, float *outputs)
{
    const nn_model *model = predictor->model;
    const nn_model_arithmetic *arithmetic = nn_model_arithmetic_of(model->scalar);
    size_t input_count = nn_predictor_input_count(predictor),
           output_count = nn_predictor_output_count(predictor);
    nn_microbatch *microbatch = predictor->microbatch;
    for (size_t first = 0; first < samples; first += (size_t)microbatch->capacity) {
        int64_t left = (int64_t)(samples - first);
        microbatch->samples = left < microbatch->capacity ? left : microbatch->capacity;
        arithmetic->load(model, inputs + first * input_count, microbatch);
        for (int l = 1; l < model->network->layer_count; l++)
            nn_network_forward(model->network, l, predictor->weights, microbatch, predictor->scratch);
        arithmetic->predict(model, microbatch, inputs + first * input_count);
        arithmetic->store(model, microbatch, outputs + first * output_count);
    }
    return NN_OK;
}
