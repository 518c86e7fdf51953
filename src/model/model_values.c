/* From inputs to the values of a network, and from its outputs to predictions. */
#include "model/model_values.h"

void nn_model_undo(const nn_head *head, int64_t count, const nn_real *values, double *units)
{
    for (int64_t i = 0; i < count; i++) units[i] = nn_model_undo_value(head, i, (double)values[i]);
}

/* Undoes the normalisation; turns a difference back into a value by adding the input value it refers to. */
static void model_restore(const nn_model *model, const nn_head *head, int64_t samples, const float *inputs,
                          nn_real *output)
{
    int64_t values = nn_shape_count(head->target.shape), input_values = nn_shape_count(model->input.shape);
    for (int64_t i = 0; i < samples * values; i++) {
        int64_t seen = head->target.seen ? head->target.seen[i % values] : -1;
        double value = nn_model_undo_value(head, i, (double)output[i]);
        if (seen >= 0) value += (double)inputs[i / values * input_values + seen];
        output[i] = (nn_real)value;
    }
}

void nn_model_predict(const nn_model *model, nn_microbatch *microbatch, const float *inputs)
{
    for (int h = 0; h < model->head_count; h++) {
        const nn_head *head = &model->heads[h];
        nn_real *output = microbatch->outputs[head->layer];
        int64_t rows = microbatch->samples * head->rows;
        if (head->loss->predict)
            head->loss->predict(head->loss_options, rows, head->columns, output);
        else
            model_restore(model, head, microbatch->samples, inputs, output);
    }
}

void nn_model_load(const nn_model *model, const float *inputs, nn_microbatch *microbatch)
{
    const nn_scaling *scaling = &model->input_scaling;
    int64_t count = microbatch->samples * nn_shape_count(model->input.shape);
    nn_real *values = microbatch->outputs[0];
    for (int64_t i = 0; i < count; i++) {
        int64_t column = scaling->columns ? i % scaling->columns : 0;
        values[i] = scaling->columns
                        ? (nn_real)((double)inputs[i] * scaling->scale[column] + scaling->offset[column])
                        : (nn_real)inputs[i];
    }
    int64_t *lengths = microbatch->lengths[0];
    for (int64_t i = 0; lengths && i < microbatch->samples; i++) lengths[i] = nn_model_steps(model);
}

void nn_model_store(const nn_model *model, const nn_microbatch *microbatch, float *outputs)
{
    int64_t begin = 0, output_count = nn_model_output_count(model);
    for (int h = 0; h < model->head_count; h++) {
        const nn_real *output = microbatch->outputs[model->heads[h].layer];
        int64_t count = nn_head_output(model, h);
        for (int64_t i = 0; i < microbatch->samples * count; i++)
            outputs[i / count * output_count + begin + i % count] = (float)output[i];
        begin += count;
    }
}
