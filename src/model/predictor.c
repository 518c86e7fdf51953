/* Prediction in one precision: a model, its weights and one microbatch. */
#include "model/predictor.h"

#include "base/memory.h"
#include "model/model.h"
#include "tensor/matrix.h"

typedef struct predictor_state {
    nn_model *model;
    nn_real *weights, *scratch;
    nn_microbatch *microbatch;
    uint64_t fingerprint; /* of the weights that training continues from, even if their average is used */
} predictor_state;

static void predictor_destroy(void *state)
{
    predictor_state *self = state;
    if (!self) return;
    nn_microbatch_destroy(self->microbatch);
    nn_free(self->weights);
    nn_free(self->scratch);
    nn_model_destroy(self->model);
    nn_free(self);
}

static nn_status predictor_fill(predictor_state *self, nn_store_file *file)
{
    int64_t microbatch_size = 0;
    NN_TRY(nn_matrix_setup());
    NN_TRY(nn_model_get(file, &self->model));
    NN_TRY(nn_store_read_verified(file, "microbatch_size", NN_STORE_I64, 1, &microbatch_size));
    const nn_network *network = self->model->network;
    NN_TRY(NN_ALLOCATE(&self->weights, network->value_count, "the weights"));
    NN_TRY(NN_ALLOCATE(&self->scratch, network->scratch_values, "scratch"));
    NN_TRY(nn_model_get_values(self->model, file, "weights", self->weights));
    self->fingerprint = nn_network_fingerprint(network, self->weights);
    NN_TRY(nn_model_get_weights(self->model, file, self->weights));
    return nn_microbatch_create(network, microbatch_size, false, &self->microbatch);
}

static nn_status predictor_create(nn_store_file *file, void **state)
{
    predictor_state *self = NULL;
    NN_TRY(NN_ALLOCATE(&self, 1, "a predictor"));
    nn_status status = predictor_fill(self, file);
    if (status != NN_OK) {
        predictor_destroy(self);
        return status;
    }
    *state = self;
    return NN_OK;
}

static size_t predictor_input_count(const void *state)
{
    const predictor_state *self = state;
    return (size_t)nn_shape_count(self->model->input.shape);
}

static size_t predictor_output_count(const void *state)
{
    return (size_t)nn_model_output_count(((const predictor_state *)state)->model);
}

static size_t predictor_class_count(const void *state)
{
    const nn_field *target = &((const predictor_state *)state)->model->heads[0].target;
    return (size_t)nn_field_classes(target);
}

static const char *predictor_class_names(const void *state)
{
    return ((const predictor_state *)state)->model->heads[0].target.class_names;
}

static uint64_t predictor_fingerprint(const void *state)
{
    return ((const predictor_state *)state)->fingerprint;
}

static void predictor_load(const predictor_state *self, const float *inputs, int64_t count)
{
    const nn_scaling *scaling = &self->model->input_scaling;
    nn_real *values = self->microbatch->outputs[0];
    for (int64_t i = 0; i < count; i++) {
        int64_t column = scaling->columns ? i % scaling->columns : 0;
        values[i] = scaling->columns
                        ? (nn_real)((double)inputs[i] * scaling->scale[column] + scaling->offset[column])
                        : (nn_real)inputs[i];
    }
    /* All sequences are assumed to have the full length. */
    int64_t *lengths = self->microbatch->lengths[0];
    for (int64_t i = 0; lengths && i < self->microbatch->samples; i++)
        lengths[i] = nn_model_steps(self->model);
}

/* Writes the outputs of the heads one after the other, sample by sample. */
static void predictor_store(const predictor_state *self, int64_t output_count, float *outputs)
{
    const nn_microbatch *microbatch = self->microbatch;
    int64_t begin = 0;
    for (int h = 0; h < self->model->head_count; h++) {
        const nn_real *output = microbatch->outputs[self->model->heads[h].layer];
        int64_t count = nn_head_output(self->model, h);
        for (int64_t i = 0; i < microbatch->samples * count; i++)
            outputs[i / count * output_count + begin + i % count] = (float)output[i];
        begin += count;
    }
}

static nn_status predictor_run(void *state, size_t samples, const float *inputs, float *outputs)
{
    predictor_state *self = state;
    const nn_network *network = self->model->network;
    int64_t input_count = (int64_t)predictor_input_count(self),
            output_count = (int64_t)predictor_output_count(self);
    nn_microbatch *microbatch = self->microbatch;
    for (int64_t first = 0; first < (int64_t)samples; first += microbatch->capacity) {
        int64_t left = (int64_t)samples - first;
        microbatch->samples = left < microbatch->capacity ? left : microbatch->capacity;
        predictor_load(self, inputs + first * input_count, microbatch->samples * input_count);
        for (int l = 1; l < network->layer_count; l++)
            nn_network_forward(network, l, self->weights, microbatch, self->scratch);
        nn_model_predict(self->model, microbatch, inputs + first * input_count);
        predictor_store(self, output_count, outputs + first * output_count);
    }
    return NN_OK;
}

const nn_predictor_engine NN_REAL_SYMBOL(nn_predictor_engine) = {
    .scalar = NN_SCALAR_REAL,
    .create = predictor_create,
    .destroy = predictor_destroy,
    .input_count = predictor_input_count,
    .output_count = predictor_output_count,
    .class_count = predictor_class_count,
    .class_names = predictor_class_names,
    .fingerprint = predictor_fingerprint,
    .run = predictor_run,
};
