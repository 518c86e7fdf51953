/* A model, from its spec and what is known of its data. */
#include "model/model.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "model/symbols.h"

nn_status nn_scaling_copy(const nn_scaling *from, nn_scaling *to)
{
    *to = (nn_scaling){0};
    if (!from || from->columns == 0) return NN_OK;
    size_t columns = (size_t)from->columns;
    NN_TRY(NN_ALLOCATE(&to->scale, columns, "normalisation"));
    nn_status status = NN_ALLOCATE(&to->offset, columns, "normalisation");
    if (status != NN_OK) {
        nn_scaling_release(to);
        return status;
    }
    memcpy(to->scale, from->scale, columns * sizeof *to->scale);
    memcpy(to->offset, from->offset, columns * sizeof *to->offset);
    to->columns = from->columns;
    return NN_OK;
}

void nn_scaling_release(nn_scaling *scaling)
{
    nn_free(scaling->scale);
    nn_free(scaling->offset);
    *scaling = (nn_scaling){0};
}

static nn_status model_copy_field(const nn_field *from, nn_field *to)
{
    *to = *from;
    to->name = NULL;
    to->seen = NULL;
    to->class_names = NULL;
    char *name = NULL;
    nn_status status = nn_copy_text(from->name, &name);
    to->name = name;
    if (status == NN_OK && from->class_names) status = nn_copy_text(from->class_names, &to->class_names);
    if (status != NN_OK || !from->seen) return status;
    size_t count = (size_t)nn_shape_count(from->shape);
    NN_TRY(NN_ALLOCATE(&to->seen, count, "a target"));
    memcpy(to->seen, from->seen, count * sizeof *to->seen);
    return NN_OK;
}

/* What the network's output must be for the loss and each metric. */
static nn_status model_check(const nn_model *model)
{
    const nn_layer *last = &model->network->layers[model->network->layer_count - 1];
    nn_status status = model->loss->check(model->loss_options, last->output_shape, &model->target);
    if (status != NN_OK)
        return nn_fail_context(status, "loss %s on the output of layer %s", model->loss->name, last->name);
    for (int m = 0; m < model->metric_count; m++) {
        status = model->metrics[m]->check(last->output_shape, &model->target);
        if (status != NN_OK)
            return nn_fail_context(status, "metric %s on the output of layer %s", model->metrics[m]->name,
                                   last->name);
    }
    return NN_OK;
}

static nn_status model_fill(nn_model *model, nn_model_spec *spec, const nn_field *input,
                            const nn_field *target, const nn_scaling *input_scaling,
                            const nn_scaling *target_scaling, int64_t microbatch_size)
{
    model->loss = spec->loss;
    model->loss_options = spec->loss_options;
    spec->loss_options = NULL;
    model->metric_count = spec->metric_count;
    memcpy(model->metrics, spec->metrics, sizeof model->metrics);
    NN_TRY(model_copy_field(input, &model->input));
    NN_TRY(model_copy_field(target, &model->target));
    NN_TRY(nn_scaling_copy(input_scaling, &model->input_scaling));
    NN_TRY(nn_scaling_copy(target_scaling, &model->target_scaling));
    spec->network.input = model->input;
    spec->network.microbatch_size = microbatch_size;
    NN_TRY(nn_symbols_resolve(&spec->network, target));
    NN_TRY(nn_network_create(&spec->network, &model->network));
    return model_check(model);
}

nn_status nn_model_create(nn_model_spec *spec, const nn_field *input, const nn_field *target,
                          const nn_scaling *input_scaling, const nn_scaling *target_scaling,
                          int64_t microbatch_size, nn_model **model)
{
    *model = NULL;
    nn_status status = NN_ALLOCATE(model, 1, "a model");
    if (status == NN_OK)
        status = model_fill(*model, spec, input, target, input_scaling, target_scaling, microbatch_size);
    nn_model_spec_release(spec);
    if (status != NN_OK) {
        nn_model_destroy(*model);
        *model = NULL;
    }
    return status;
}

void nn_model_destroy(nn_model *model)
{
    if (!model) return;
    nn_network_destroy(model->network);
    if (model->loss_options) nn_options_release(model->loss->options, model->loss_options);
    nn_free(model->loss_options);
    nn_free((void *)(uintptr_t)model->input.name);
    nn_free((void *)(uintptr_t)model->target.name);
    nn_free(model->target.seen);
    nn_free(model->target.class_names);
    nn_scaling_release(&model->input_scaling);
    nn_scaling_release(&model->target_scaling);
    nn_free(model);
}

void nn_model_undo(const nn_model *model, int64_t count, const nn_real *values, nn_real *units)
{
    const nn_scaling *scaling = &model->target_scaling;
    bool is_log = model->target.transform == NN_TRANSFORM_LOG;
    for (int64_t i = 0; i < count; i++) {
        double value = (double)values[i];
        int64_t column = scaling->columns > 0 ? i % scaling->columns : 0;
        if (scaling->columns > 0) value = (value - scaling->offset[column]) / scaling->scale[column];
        units[i] = (nn_real)(is_log ? exp(value) : value);
    }
}

/* From differences to values, where the input holds what they are differences to. */
static void model_add_seen(const nn_model *model, int64_t samples, const float *inputs, nn_real *output)
{
    int64_t values = nn_shape_count(model->target.shape), input_values = nn_shape_count(model->input.shape);
    for (int64_t i = 0; i < samples * values; i++) {
        int64_t seen = model->target.seen[i % values];
        if (seen >= 0)
            output[i] = (nn_real)((double)output[i] + (double)inputs[i / values * input_values + seen]);
    }
}

void nn_model_predict(const nn_model *model, nn_microbatch *microbatch, const float *inputs)
{
    int last = model->network->layer_count - 1;
    int64_t columns = nn_shape_count(model->network->layers[last].output_shape);
    nn_real *output = microbatch->outputs[last];
    if (model->loss->predict) model->loss->predict(model->loss_options, microbatch->samples, columns, output);
    if (model->target.is_class) return;
    nn_model_undo(model, microbatch->samples * columns, output, output);
    if (model->target.seen) model_add_seen(model, microbatch->samples, inputs, output);
}
