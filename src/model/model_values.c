/* From inputs to the values of a network, and from its outputs to predictions. */
#include "model/model_values.h"

#include <math.h>
#include <string.h>

#include "model/encode.h"
#include "tensor/kernels.h"

void nn_model_undo(const nn_head *head, int64_t count, const nn_real *values, double *units)
{
    for (int64_t i = 0; i < count; i++) units[i] = nn_model_undo_value(head, i, (double)values[i]);
}

/* ---- inputs ---- */

/* value x scale + offset, for values whose columns are `columns` consecutive ones. */
static void values_scale(int64_t columns, const nn_model_array *array, int64_t at, const double *scale,
                         const double *offset, nn_real *to)
{
    const double *doubles = (const double *)array->values + (array->doubles ? at : 0);
    const float *floats = (const float *)array->values + (array->doubles ? 0 : at);
    if (array->doubles)
        for (int64_t c = 0; c < columns; c++) to[c] = (nn_real)(doubles[c] * scale[c] + offset[c]);
    else
        for (int64_t c = 0; c < columns; c++) to[c] = (nn_real)((double)floats[c] * scale[c] + offset[c]);
}

static void values_convert(int64_t count, const nn_model_array *array, int64_t at, nn_real *to)
{
    if (array->doubles)
        for (int64_t i = 0; i < count; i++) to[i] = (nn_real)((const double *)array->values)[at + i];
    else
        for (int64_t i = 0; i < count; i++) to[i] = (nn_real)((const float *)array->values)[at + i];
}

/* Values of a part of a sample, the first of which is value `begin` of the joined input. */
static void values_normalise(const nn_scaling *scaling, int64_t begin, int64_t count,
                             const nn_model_array *array, int64_t at, nn_real *to)
{
    if (scaling->columns == 0) {
        values_convert(count, array, at, to);
        return;
    }
    int64_t column = begin % scaling->columns;
    for (int64_t i = 0; i < count;) {
        int64_t run = scaling->columns - column;
        if (run > count - i) run = count - i;
        values_scale(run, array, at + i, scaling->scale + column, scaling->offset + column, to + i);
        i += run;
        column = 0;
    }
}

/* Whether a network can compute with the values of a field. */
static bool values_fit(const nn_field *field, int64_t count, const nn_real *values)
{
    if (!field->is_class && field->encoding.places == 0) return nn_all_finite(count, values);
    for (int64_t i = 0; !field->is_class && i < count; i++)
        if (isinf(values[i]) || !nn_encode_takes(&field->encoding, i, (double)values[i])) return false;
    if (!field->is_class) return true;
    for (int64_t i = 0; i < count; i++)
        if (!(values[i] >= 0 && values[i] < (nn_real)field->classes) ||
            values[i] != (nn_real)(int64_t)values[i])
            return false;
    return true;
}

/* The values of a field before the end of the sample. */
static int64_t values_before_end(const nn_model *model, int layer, const nn_field *field, int64_t length)
{
    int64_t count = nn_shape_count(field->shape);
    if (!model->has_lengths || !model->network->layers[layer].time.kept) return count;
    return count / field->shape.extents[0] * length;
}

int64_t nn_model_input_end(const nn_model *model, int part, const nn_microbatch *microbatch, int64_t sample)
{
    bool parts = model->input.part_count > 0;
    const nn_field *field = parts ? &model->input.parts[part] : &model->input;
    int64_t length = microbatch->lengths[0] ? microbatch->lengths[0][sample] : 0;
    return microbatch->lengths[0] ? values_before_end(model, parts ? part + 1 : 0, field, length)
                                  : nn_shape_count(field->shape);
}

int64_t nn_model_output_end(const nn_model *model, int head, const nn_microbatch *microbatch, int64_t sample)
{
    int layer = model->heads[head].layer;
    const int64_t *lengths = microbatch->lengths[layer];
    int64_t count = nn_head_output(model, head);
    return lengths ? count / model->network->layers[layer].output_shape.extents[0] * lengths[sample] : count;
}

/* One field of one sample; false if the network cannot compute with it. */
static bool values_load_field(const nn_model *model, int layer, const nn_field *field,
                              const nn_model_array *array, int64_t sample, int64_t length, nn_real *to)
{
    int64_t begin = layer > 0 ? field->begin : 0, count = nn_shape_count(field->shape);
    int64_t end = values_before_end(model, layer, field, length);
    values_normalise(&model->input_scaling, begin, end, array, sample * array->stride, to + begin);
    memset(to + begin + end, 0, (size_t)(count - end) * sizeof *to);
    return values_fit(field, end, to + begin);
}

void nn_model_load(const nn_model *model, const nn_model_call *call, int64_t first, nn_microbatch *microbatch,
                   bool *bad)
{
    const nn_field *input = &model->input;
    int64_t count = nn_shape_count(input->shape), steps = model->has_lengths ? nn_model_steps(model) : 0;
    for (int64_t i = 0; i < microbatch->samples; i++) {
        nn_real *to = microbatch->outputs[0] + i * count;
        int64_t length = call->lengths ? call->lengths[first + i] : steps;
        bool fits = true;
        if (input->part_count == 0)
            fits = values_load_field(model, 0, input, call->inputs, first + i, length, to);
        for (int p = 0; p < input->part_count; p++)
            fits &=
                values_load_field(model, p + 1, &input->parts[p], &call->inputs[p], first + i, length, to);
        bad[i] = !fits;
        if (!fits) memset(to, 0, (size_t)count * sizeof *to);
        if (microbatch->lengths[0]) microbatch->lengths[0][i] = length;
    }
}

/* ---- outputs ---- */

/* Value `i` of a sample's joined input, before normalisation. */
static double values_seen(const nn_model *model, const nn_model_call *call, int64_t sample, int64_t i)
{
    const nn_field *input = &model->input;
    int p = input->part_count - 1;
    if (input->part_count == 0) return nn_model_array_get(call->inputs, sample, i);
    while (p > 0 && input->parts[p].begin > i) p--;
    return nn_model_array_get(&call->inputs[p], sample, i - input->parts[p].begin);
}

/* Undoes the normalisation; turns a difference back into a value by adding the input value it refers to. */
static double values_restore(const nn_model *model, const nn_head *head, const nn_model_call *call,
                             int64_t sample, int64_t i, nn_real value)
{
    int64_t seen = head->target.seen ? head->target.seen[i] : -1;
    double units = nn_model_undo_value(head, i, (double)value);
    return seen >= 0 ? units + values_seen(model, call, sample, seen) : units;
}

/* (value - offset) / scale, for values whose columns are `columns` consecutive ones. */
static void values_unscale(int64_t columns, const nn_real *from, const double *scale, const double *offset,
                           const nn_model_array *array, int64_t at)
{
    double *doubles = (double *)array->values + (array->doubles ? at : 0);
    float *floats = (float *)array->values + (array->doubles ? 0 : at);
    if (array->doubles)
        for (int64_t c = 0; c < columns; c++) doubles[c] = ((double)from[c] - offset[c]) / scale[c];
    else
        for (int64_t c = 0; c < columns; c++) floats[c] = (float)(((double)from[c] - offset[c]) / scale[c]);
}

static void values_store_scaled(const nn_scaling *scaling, const nn_model_array *array, int64_t sample,
                                int64_t end, const nn_real *output)
{
    for (int64_t i = 0; i < end; i += scaling->columns) {
        int64_t columns = end - i < scaling->columns ? end - i : scaling->columns;
        values_unscale(columns, output + i, scaling->scale, scaling->offset, array,
                       sample * array->stride + i);
    }
}

/* Values before `end`; NaN after it. */
static void values_store_sample(const nn_model *model, const nn_head *head, const nn_model_call *call,
                                const nn_model_array *array, int64_t sample, int64_t count, int64_t end,
                                const nn_real *output)
{
    bool as_is = head->loss->predict || (!nn_head_has_units(head) && !head->target.seen);
    bool scaled = !as_is && !head->target.seen && head->target.transform != NN_TRANSFORM_LOG;
    if (scaled) {
        values_store_scaled(&head->scaling, array, sample, end, output);
    } else if (as_is && !array->doubles) {
        float *to = (float *)array->values + sample * array->stride;
        for (int64_t i = 0; i < end; i++) to[i] = (float)output[i];
    } else {
        for (int64_t i = 0; i < end; i++)
            nn_model_array_put(array, sample, i,
                               as_is ? (double)output[i]
                                     : values_restore(model, head, call, sample, i, output[i]));
    }
    for (int64_t i = end; i < count; i++) nn_model_array_put(array, sample, i, (double)NAN);
}

void nn_model_store(const nn_model *model, const nn_model_call *call, int64_t first,
                    nn_microbatch *microbatch, const bool *bad)
{
    for (int h = 0; h < model->head_count; h++) {
        const nn_head *head = &model->heads[h];
        nn_real *output = microbatch->outputs[head->layer];
        int64_t count = nn_head_output(model, h);
        if (!call->outputs[h].values) continue;
        if (head->loss->predict)
            head->loss->predict(head->loss_options, microbatch->samples * head->rows, head->columns, output);
        for (int64_t i = 0; i < microbatch->samples; i++) {
            int64_t end = nn_model_output_end(model, h, microbatch, i);
            values_store_sample(model, head, call, &call->outputs[h], first + i, count, bad[i] ? 0 : end,
                                output + i * count);
        }
    }
}
