/* The public interface for prediction: opening, sharing and running predictors. */
#include "base/memory.h"
#include "host/surroundings.h"
#include "model/predictor.h"

/* ---- opening ---- */

static nn_status predict_make(nn_predictor_core *core, nn_predictor **predictor)
{
    const nn_network *network = core->model->network;
    NN_TRY(NN_ALLOCATE(predictor, 1, "a predictor"));
    nn_predictor *made = *predictor;
    made->core = core;
    atomic_fetch_add(&core->users, 1);
    NN_TRY(nn_microbatch_create(network, core->capacity, false, &made->microbatch));
    NN_TRY(NN_ALLOCATE_VALUES(network->scalar, &made->scratch, network->scratch_values, "scratch"));
    NN_TRY(nn_prepared_create(network, core->weights, made->microbatch, made->scratch, &made->prepared));
    NN_TRY(NN_ALLOCATE(&made->bad, core->capacity, "the samples of a microbatch"));
    NN_TRY(NN_ALLOCATE(&made->inputs, nn_predictor_model_inputs(core->model), "the inputs of a predictor"));
    return NN_ALLOCATE(&made->outputs, core->model->head_count, "the outputs of a predictor");
}

nn_status nn_predictor_make(nn_predictor_core *core, nn_predictor **predictor)
{
    nn_status status = predict_make(core, predictor);
    if (status == NN_OK) return NN_OK;
    nn_predictor_close(*predictor);
    *predictor = NULL;
    return status;
}

nn_status nn_predictor_open_sized(const char *path, size_t microbatch, nn_predictor **predictor)
{
    nn_predictor_core *core = NULL;
    if (!predictor) NN_FAIL(NN_ERROR_USAGE, "predictor is NULL: pass the address of an nn_predictor pointer");
    *predictor = NULL;
    if (!path)
        NN_FAIL(NN_ERROR_USAGE,
                "no path was given; pass that of a model.nn, a run directory or a checkpoint");
    if (microbatch > INT32_MAX)
        NN_FAIL(NN_ERROR_USAGE, "a microbatch of %zu samples is too large; choose at most %d", microbatch,
                INT32_MAX);
    nn_surroundings surroundings;
    nn_surroundings_enter(&surroundings);
    nn_status status = nn_predictor_core_load(path, (int64_t)microbatch, &core);
    if (status == NN_OK) status = nn_predictor_make(core, predictor);
    nn_predictor_core_release(core);
    nn_surroundings_leave(&surroundings);
    return status;
}

nn_status nn_predictor_open(const char *path, nn_predictor **predictor)
{
    return nn_predictor_open_sized(path, 0, predictor);
}

static nn_status predict_expect(const nn_predictor *predictor)
{
    if (!predictor) NN_FAIL(NN_ERROR_USAGE, "the predictor is NULL; open one with nn_predictor_open");
    return NN_OK;
}

nn_status nn_predictor_share(const nn_predictor *predictor, nn_predictor **other)
{
    if (!other) NN_FAIL(NN_ERROR_USAGE, "other is NULL: pass the address of an nn_predictor pointer");
    *other = NULL;
    NN_TRY(predict_expect(predictor));
    nn_surroundings surroundings;
    nn_surroundings_enter(&surroundings);
    nn_status status = nn_predictor_make(predictor->core, other);
    nn_surroundings_leave(&surroundings);
    return status;
}

void nn_predictor_close(nn_predictor *predictor)
{
    if (!predictor) return;
    nn_prepared_destroy(predictor->prepared);
    nn_microbatch_destroy(predictor->microbatch);
    nn_free(predictor->scratch);
    nn_free(predictor->bad);
    nn_free(predictor->inputs);
    nn_free(predictor->outputs);
    nn_predictor_release_derivatives(predictor);
    nn_predictor_core_release(predictor->core);
    nn_free(predictor);
}

/* ---- running ---- */

static nn_status predict_check_lengths(const nn_predictor *predictor, size_t samples, const int64_t *lengths)
{
    const nn_model *model = predictor->core->model;
    if (!lengths) return NN_OK;
    if (!model->has_lengths)
        NN_FAIL(NN_ERROR_USAGE,
                "lengths were given, but the network was trained on samples of one length; pass NULL");
    for (size_t i = 0; i < samples; i++)
        if (lengths[i] < 1 || lengths[i] > nn_model_steps(model))
            NN_FAIL(NN_ERROR_USAGE, "the length of sample %zu is %lld; lengths are from 1 to %lld steps", i,
                    (long long)lengths[i], (long long)nn_model_steps(model));
    return NN_OK;
}

void nn_predictor_forward(nn_predictor *predictor, const nn_model_call *call, int64_t first, int64_t count)
{
    const nn_predictor_core *core = predictor->core;
    predictor->microbatch->samples = count;
    nn_model_arithmetic_of(core->model->scalar)
        ->load(core->model, call, first, predictor->microbatch, predictor->bad);
    if (count == 1 && predictor->prepared) {
        nn_prepared_forward(predictor->prepared);
        return;
    }
    for (int l = 1; l < core->model->network->layer_count; l++)
        nn_network_forward(core->model->network, l, core->weights, predictor->microbatch, predictor->scratch);
}

static void predict_run(nn_predictor *predictor, size_t samples, const int64_t *lengths)
{
    const nn_predictor_core *core = predictor->core;
    const nn_model_call call = {predictor->inputs, predictor->outputs, lengths};
    nn_float_mode mode;
    nn_float_mode_enter(&mode);
    for (int64_t first = 0; first < (int64_t)samples; first += core->capacity) {
        int64_t left = (int64_t)samples - first;
        nn_predictor_forward(predictor, &call, first, left < core->capacity ? left : core->capacity);
        nn_model_arithmetic_of(core->model->scalar)
            ->store(core->model, &call, first, predictor->microbatch, predictor->bad);
    }
    nn_float_mode_leave(&mode);
}

static nn_status predict_check_samples(const nn_predictor *predictor, size_t samples)
{
    if (samples <= predictor->core->most_samples) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE, "%zu samples do not fit into any memory; pass fewer", samples);
}

nn_status nn_predictor_check(const nn_predictor *predictor, size_t samples)
{
    NN_TRY(predict_expect(predictor));
    return predict_check_samples(predictor, samples);
}

void nn_predictor_cut_inputs(const nn_predictor_core *core, bool doubles, const void *values,
                             nn_model_array *arrays)
{
    const nn_model *model = core->model;
    size_t size = doubles ? sizeof(double) : sizeof(float), at = 0;
    for (int i = 0; i < nn_predictor_model_inputs(model); i++) {
        void *part = (char *)(uintptr_t)values + at * size;
        arrays[i] = (nn_model_array){doubles, part, (int64_t)core->input_count};
        at += (size_t)nn_shape_count(nn_predictor_model_input(model, i)->shape);
    }
}

void nn_predictor_cut_outputs(const nn_predictor_core *core, bool doubles, const void *values,
                              nn_model_array *arrays)
{
    const nn_model *model = core->model;
    size_t size = doubles ? sizeof(double) : sizeof(float), at = 0;
    for (int h = 0; h < model->head_count; h++) {
        void *part = (char *)(uintptr_t)values + at * size;
        arrays[h] = (nn_model_array){doubles, part, (int64_t)core->output_count};
        at += (size_t)nn_head_output(model, h);
    }
}

/* The arrays of all inputs, or outputs, of samples that follow one another. */
static nn_status predict_run_joined(nn_predictor *predictor, size_t samples, bool doubles, const void *inputs,
                                    void *outputs)
{
    NN_TRY(predict_expect(predictor));
    if (samples == 0) return NN_OK;
    NN_TRY(predict_check_samples(predictor, samples));
    if (!inputs || !outputs)
        NN_FAIL(NN_ERROR_USAGE, "the array of %s is NULL; pass one of %zu samples x %zu values",
                inputs ? "outputs" : "inputs", samples,
                inputs ? nn_predictor_output_count(predictor) : nn_predictor_input_count(predictor));
    nn_predictor_cut_inputs(predictor->core, doubles, inputs, predictor->inputs);
    nn_predictor_cut_outputs(predictor->core, doubles, outputs, predictor->outputs);
    predict_run(predictor, samples, NULL);
    return NN_OK;
}

nn_status nn_predictor_run(nn_predictor *predictor, size_t samples, const float *inputs, float *outputs)
{
    return predict_run_joined(predictor, samples, false, inputs, outputs);
}

nn_status nn_predictor_run_f64(nn_predictor *predictor, size_t samples, const double *inputs, double *outputs)
{
    return predict_run_joined(predictor, samples, true, inputs, outputs);
}

nn_status nn_predictor_place_inputs(const nn_predictor *predictor, const nn_predictor_arrays *arrays,
                                    const char *name, const void *const *list, nn_model_array *places)
{
    bool doubles = arrays->type == NN_PREDICTOR_DOUBLE;
    if (!list) NN_FAIL(NN_ERROR_USAGE, "the list of %ss is NULL; pass an array of pointers", name);
    for (int i = 0; i < nn_predictor_model_inputs(predictor->core->model); i++) {
        const nn_field *field = nn_predictor_model_input(predictor->core->model, i);
        if (!list[i])
            NN_FAIL(NN_ERROR_USAGE, "the array of %s %d, %s, is NULL; pass one of %zu samples x %lld values",
                    name, i, field->name, arrays->samples, (long long)nn_shape_count(field->shape));
        places[i] = (nn_model_array){doubles, (void *)(uintptr_t)list[i], nn_shape_count(field->shape)};
    }
    return NN_OK;
}

nn_status nn_predictor_place_outputs(const nn_predictor *predictor, const nn_predictor_arrays *arrays,
                                     const char *name, const void *const *list, nn_model_array *places)
{
    const nn_model *model = predictor->core->model;
    bool doubles = arrays->type == NN_PREDICTOR_DOUBLE;
    if (!list) NN_FAIL(NN_ERROR_USAGE, "the list of %ss is NULL; pass an array of pointers", name);
    for (int h = 0; h < model->head_count; h++)
        places[h] = (nn_model_array){doubles, (void *)(uintptr_t)list[h], nn_head_output(model, h)};
    return NN_OK;
}

nn_status nn_predictor_place_arrays(nn_predictor *predictor, const nn_predictor_arrays *arrays, bool outputs)
{
    NN_TRY(predict_expect(predictor));
    if (!arrays) NN_FAIL(NN_ERROR_USAGE, "the arrays are NULL; pass the address of an nn_predictor_arrays");
    if (arrays->samples == 0) return NN_OK;
    if (arrays->type != NN_PREDICTOR_FLOAT && arrays->type != NN_PREDICTOR_DOUBLE)
        NN_FAIL(NN_ERROR_USAGE, "%d is not a type of arrays; pass NN_PREDICTOR_FLOAT or NN_PREDICTOR_DOUBLE",
                (int)arrays->type);
    NN_TRY(predict_check_samples(predictor, arrays->samples));
    if (arrays->inputs && outputs)
        NN_TRY(nn_predictor_place_outputs(predictor, arrays, "output", (const void *const *)arrays->outputs,
                                          predictor->outputs));
    NN_TRY(nn_predictor_place_inputs(predictor, arrays, "input", arrays->inputs, predictor->inputs));
    return predict_check_lengths(predictor, arrays->samples, arrays->lengths);
}

nn_status nn_predictor_run_arrays(nn_predictor *predictor, const nn_predictor_arrays *arrays)
{
    NN_TRY(nn_predictor_place_arrays(predictor, arrays, true));
    if (arrays->samples > 0) predict_run(predictor, arrays->samples, arrays->lengths);
    return NN_OK;
}
