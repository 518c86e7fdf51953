/* The public interface for derivatives of predictions with respect to inputs. */
#include "base/memory.h"
#include "host/surroundings.h"
#include "model/predictor.h"

/* ---- memory ---- */

void nn_predictor_release_derivatives(nn_predictor *predictor)
{
    nn_microbatch_destroy(predictor->derived);
    nn_free(predictor->derived_scratch);
    nn_free(predictor->input_derivatives);
    nn_free(predictor->output_derivatives);
    predictor->derived = NULL;
    predictor->derived_scratch = NULL;
    predictor->input_derivatives = predictor->output_derivatives = NULL;
}

static nn_status derivatives_allocate(nn_predictor *predictor)
{
    const nn_model *model = predictor->core->model;
    const nn_network *network = model->network;
    int64_t scratch = network->scratch_values;
    if (network->tangent_scratch_values > scratch) scratch = network->tangent_scratch_values;
    NN_TRY(NN_ALLOCATE(&predictor->input_derivatives, nn_predictor_model_inputs(model), "derivatives"));
    NN_TRY(NN_ALLOCATE(&predictor->output_derivatives, model->head_count, "derivatives"));
    NN_TRY(NN_ALLOCATE_VALUES(network->scalar, &predictor->derived_scratch, scratch, "scratch"));
    return nn_microbatch_create_derivatives(network, predictor->core->capacity, &predictor->derived);
}

nn_status nn_predictor_prepare_derivatives(nn_predictor *predictor)
{
    NN_TRY(nn_predictor_check(predictor, 0));
    if (predictor->derived) return NN_OK;
    nn_status status = derivatives_allocate(predictor);
    if (status != NN_OK) nn_predictor_release_derivatives(predictor);
    return status;
}

/* ---- arguments ---- */

/* An array of a call, with the number of its values per sample. */
typedef struct derivatives_argument {
    const char *name;
    const void *values;
    size_t count;
} derivatives_argument;

static nn_status derivatives_check(nn_predictor *predictor, size_t samples,
                                   const derivatives_argument *arguments, int count)
{
    NN_TRY(nn_predictor_check(predictor, samples));
    for (int i = 0; samples > 0 && i < count; i++)
        if (!arguments[i].values)
            NN_FAIL(NN_ERROR_USAGE, "the array of %s is NULL; pass one of %zu samples x %zu values",
                    arguments[i].name, samples, arguments[i].count);
    return nn_predictor_prepare_derivatives(predictor);
}

/* ---- running ---- */

/* Makes the samples of a call from `first` on the contents of the microbatch for derivatives. */
static void derivatives_load(nn_predictor *predictor, const nn_model_call *call, size_t samples,
                             int64_t first)
{
    const nn_predictor_core *core = predictor->core;
    int64_t left = (int64_t)samples - first;
    predictor->derived->samples = left < core->capacity ? left : core->capacity;
    nn_model_arithmetic_of(core->model->scalar)
        ->load(core->model, call, first, predictor->derived, predictor->bad);
}

static void derivatives_pull(nn_predictor *predictor, size_t samples, const int64_t *lengths, int64_t first)
{
    const nn_predictor_core *core = predictor->core;
    const nn_model *model = core->model;
    const nn_model_arithmetic *arithmetic = nn_model_arithmetic_of(model->scalar);
    const nn_model_call call = {.inputs = predictor->inputs, .lengths = lengths};
    derivatives_load(predictor, &call, samples, first);
    for (int l = 1; l < model->network->layer_count; l++)
        nn_network_forward(model->network, l, core->weights, predictor->derived, predictor->derived_scratch);
    arithmetic->load_cotangents(model, predictor->output_derivatives, first, predictor->derived);
    nn_network_vjp(model->network, core->weights, predictor->derived, predictor->derived_scratch);
    arithmetic->store_gradients(model, predictor->output_derivatives, predictor->input_derivatives, first,
                                predictor->derived, predictor->bad);
}

/* `derive` for each microbatch. */
static void derivatives_each(nn_predictor *predictor, size_t samples, const int64_t *lengths,
                             void (*derive)(nn_predictor *predictor, size_t samples, const int64_t *lengths,
                                            int64_t first))
{
    nn_float_mode mode;
    nn_float_mode_enter(&mode);
    for (int64_t first = 0; first < (int64_t)samples; first += predictor->core->capacity)
        derive(predictor, samples, lengths, first);
    nn_float_mode_leave(&mode);
}

static nn_status derivatives_vjp(nn_predictor *predictor, size_t samples, bool doubles, const void *inputs,
                                 const void *output_cotangents, void *input_gradients)
{
    const size_t from = nn_predictor_input_count(predictor), to = nn_predictor_output_count(predictor);
    const derivatives_argument arguments[] = {{"inputs", inputs, from},
                                              {"output_cotangents", output_cotangents, to},
                                              {"input_gradients", input_gradients, from}};
    NN_TRY(derivatives_check(predictor, samples, arguments, 3));
    const nn_predictor_core *core = predictor->core;
    nn_predictor_cut_inputs(core, doubles, inputs, predictor->inputs);
    nn_predictor_cut_outputs(core, doubles, output_cotangents, predictor->output_derivatives);
    nn_predictor_cut_inputs(core, doubles, input_gradients, predictor->input_derivatives);
    derivatives_each(predictor, samples, NULL, derivatives_pull);
    return NN_OK;
}

static void derivatives_push(nn_predictor *predictor, size_t samples, const int64_t *lengths, int64_t first)
{
    const nn_predictor_core *core = predictor->core;
    const nn_model *model = core->model;
    const nn_model_arithmetic *arithmetic = nn_model_arithmetic_of(model->scalar);
    const nn_model_call call = {predictor->inputs, predictor->outputs, lengths};
    derivatives_load(predictor, &call, samples, first);
    arithmetic->load_tangents(model, predictor->input_derivatives, first, predictor->derived, predictor->bad);
    nn_network_jvp(model->network, core->weights, predictor->derived, predictor->derived_scratch);
    arithmetic->store_tangents(model, predictor->input_derivatives, predictor->output_derivatives, first,
                               predictor->derived, predictor->bad);
    arithmetic->store(model, &call, first, predictor->derived, predictor->bad);
}

static nn_status derivatives_jvp(nn_predictor *predictor, size_t samples, bool doubles, const void *inputs,
                                 const void *input_tangents, void *outputs, void *output_tangents)
{
    const size_t from = nn_predictor_input_count(predictor), to = nn_predictor_output_count(predictor);
    const derivatives_argument arguments[] = {{"inputs", inputs, from},
                                              {"input_tangents", input_tangents, from},
                                              {"outputs", outputs, to},
                                              {"output_tangents", output_tangents, to}};
    NN_TRY(derivatives_check(predictor, samples, arguments, 4));
    const nn_predictor_core *core = predictor->core;
    nn_predictor_cut_inputs(core, doubles, inputs, predictor->inputs);
    nn_predictor_cut_inputs(core, doubles, input_tangents, predictor->input_derivatives);
    nn_predictor_cut_outputs(core, doubles, outputs, predictor->outputs);
    nn_predictor_cut_outputs(core, doubles, output_tangents, predictor->output_derivatives);
    derivatives_each(predictor, samples, NULL, derivatives_push);
    return NN_OK;
}

nn_status nn_predictor_vjp(nn_predictor *predictor, size_t samples, const float *inputs,
                           const float *output_cotangents, float *input_gradients)
{
    return derivatives_vjp(predictor, samples, false, inputs, output_cotangents, input_gradients);
}

nn_status nn_predictor_vjp_f64(nn_predictor *predictor, size_t samples, const double *inputs,
                               const double *output_cotangents, double *input_gradients)
{
    return derivatives_vjp(predictor, samples, true, inputs, output_cotangents, input_gradients);
}

nn_status nn_predictor_jvp(nn_predictor *predictor, size_t samples, const float *inputs,
                           const float *input_tangents, float *outputs, float *output_tangents)
{
    return derivatives_jvp(predictor, samples, false, inputs, input_tangents, outputs, output_tangents);
}

nn_status nn_predictor_jvp_f64(nn_predictor *predictor, size_t samples, const double *inputs,
                               const double *input_tangents, double *outputs, double *output_tangents)
{
    return derivatives_jvp(predictor, samples, true, inputs, input_tangents, outputs, output_tangents);
}

/* ---- an array per input and output ---- */

nn_status nn_predictor_vjp_arrays(nn_predictor *predictor, const nn_predictor_arrays *arrays,
                                  const void *const *output_cotangents, void *const *input_gradients)
{
    NN_TRY(nn_predictor_place_arrays(predictor, arrays, false));
    if (arrays->samples == 0) return NN_OK;
    NN_TRY(nn_predictor_prepare_derivatives(predictor));
    NN_TRY(nn_predictor_place_outputs(predictor, arrays, "output cotangent", output_cotangents,
                                      predictor->output_derivatives));
    NN_TRY(nn_predictor_place_inputs(predictor, arrays, "input gradient",
                                     (const void *const *)input_gradients, predictor->input_derivatives));
    derivatives_each(predictor, arrays->samples, arrays->lengths, derivatives_pull);
    return NN_OK;
}

nn_status nn_predictor_jvp_arrays(nn_predictor *predictor, const nn_predictor_arrays *arrays,
                                  const void *const *input_tangents, void *const *output_tangents)
{
    NN_TRY(nn_predictor_place_arrays(predictor, arrays, true));
    if (arrays->samples == 0) return NN_OK;
    NN_TRY(nn_predictor_prepare_derivatives(predictor));
    NN_TRY(nn_predictor_place_inputs(predictor, arrays, "input tangent", input_tangents,
                                     predictor->input_derivatives));
    NN_TRY(nn_predictor_place_outputs(predictor, arrays, "output tangent",
                                      (const void *const *)output_tangents, predictor->output_derivatives));
    derivatives_each(predictor, arrays->samples, arrays->lengths, derivatives_push);
    return NN_OK;
}
