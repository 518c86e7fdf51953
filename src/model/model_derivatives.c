/* Derivatives between the units of the data file and the values of a network. Indices have none. */
#include <math.h>
#include <string.h>

#include "model/model_values.h"

/* ---- inputs ---- */

/* The part of the input that value `i` of a sample belongs to, and its field. */
static int derivatives_part(const nn_model *model, int64_t i, const nn_field **field)
{
    int p = model->input.part_count - 1;
    *field = &model->input;
    if (p < 0) return 0;
    while (p > 0 && model->input.parts[p].begin > i) p--;
    *field = &model->input.parts[p];
    return p;
}

/* d(value of the network) / d(value in the file). */
static double derivatives_slope(const nn_model *model, const nn_field *field, int64_t i)
{
    const nn_scaling *scaling = &model->input_scaling;
    if (field->is_class) return 0;
    return scaling->columns > 0 ? scaling->scale[i % scaling->columns] : 1;
}

/* Whether value `i` of a sample comes before its end. */
static bool derivatives_is_before_end(const nn_model *model, int part, const nn_field *field,
                                      const nn_microbatch *microbatch, int64_t sample, int64_t i)
{
    return i - (part > 0 ? field->begin : 0) < nn_model_input_end(model, part, microbatch, sample);
}

/* The place of value `i` of a sample's joined input. */
static double derivatives_get(const nn_model *model, const nn_model_array *inputs, int64_t sample, int64_t i)
{
    const nn_field *field;
    int p = derivatives_part(model, i, &field);
    return field->is_class ? 0 : nn_model_array_get(&inputs[p], sample, i - (p > 0 ? field->begin : 0));
}

void nn_model_load_tangents(const nn_model *model, const nn_model_array *inputs, int64_t first,
                            nn_microbatch *microbatch, const bool *bad)
{
    int64_t count = nn_shape_count(model->input.shape);
    for (int64_t sample = 0; sample < microbatch->samples; sample++)
        for (int64_t i = 0; i < count; i++) {
            const nn_field *field;
            int p = derivatives_part(model, i, &field);
            bool read = !bad[sample] && derivatives_is_before_end(model, p, field, microbatch, sample, i);
            double slope = read ? derivatives_slope(model, field, i) : 0;
            double value = slope != 0 ? slope * derivatives_get(model, inputs, first + sample, i) : 0;
            microbatch->tangents[0][sample * count + i] = (nn_real)value;
        }
}

/* The cotangent of a difference reaches the input value that is added to it, too. */
static void derivatives_add_seen(const nn_model *model, const nn_model_array *outputs,
                                 const nn_model_array *inputs, int64_t sample)
{
    for (int h = 0; h < model->head_count; h++) {
        const int64_t *seen = model->heads[h].target.seen;
        int64_t count = nn_head_output(model, h);
        for (int64_t i = 0; seen && outputs[h].values && i < count; i++) {
            const nn_field *field;
            if (seen[i] < 0) continue;
            int p = derivatives_part(model, seen[i], &field);
            int64_t at = seen[i] - (p > 0 ? field->begin : 0);
            nn_model_array_put(&inputs[p], sample, at,
                               nn_model_array_get(&inputs[p], sample, at) +
                                   nn_model_array_get(&outputs[h], sample, i));
        }
    }
}

void nn_model_store_gradients(const nn_model *model, const nn_model_array *outputs,
                              const nn_model_array *inputs, int64_t first, nn_microbatch *microbatch,
                              const bool *bad)
{
    int64_t count = nn_shape_count(model->input.shape);
    for (int64_t sample = 0; sample < microbatch->samples; sample++) {
        for (int64_t i = 0; i < count; i++) {
            const nn_field *field;
            int p = derivatives_part(model, i, &field);
            bool read = derivatives_is_before_end(model, p, field, microbatch, sample, i);
            double slope = read ? derivatives_slope(model, field, i) : 0;
            double value = slope != 0 ? slope * (double)microbatch->gradients[0][sample * count + i] : 0;
            nn_model_array_put(&inputs[p], first + sample, i - (p > 0 ? field->begin : 0),
                               bad[sample] ? (double)NAN : value);
        }
        if (!bad[sample]) derivatives_add_seen(model, outputs, inputs, first + sample);
    }
}

/* ---- outputs ---- */

/* Multiplies by the derivatives of predictions with respect to the outputs, in place. predicted: room for
 * them. */
static void derivatives_of_head(const nn_head *head, int64_t samples, int64_t count, const nn_real *outputs,
                                nn_real *predicted, nn_real *values)
{
    if (head->loss->predict) {
        if (predicted != outputs) memcpy(predicted, outputs, (size_t)(samples * count) * sizeof *predicted);
        head->loss->predict(head->loss_options, samples * head->rows, head->columns, predicted);
        head->loss->predict_derivative(samples * head->rows, head->columns, predicted, values);
        return;
    }
    for (int64_t i = 0; nn_head_has_units(head) && i < samples * count; i++)
        values[i] = (nn_real)((double)values[i] * nn_model_undo_slope(head, i % count, (double)outputs[i]));
}

/* The outputs are still read by vjp: predictions go to the tangents, which it does not need. */
void nn_model_load_cotangents(const nn_model *model, const nn_model_array *outputs, int64_t first,
                              nn_microbatch *microbatch)
{
    for (int h = 0; h < model->head_count; h++) {
        int layer = model->heads[h].layer;
        int64_t count = nn_head_output(model, h);
        nn_real *values = microbatch->gradients[layer];
        for (int64_t i = 0; i < microbatch->samples * count; i++) {
            bool read = outputs[h].values && i % count < nn_model_output_end(model, h, microbatch, i / count);
            values[i] = read ? (nn_real)nn_model_array_get(&outputs[h], first + i / count, i % count) : 0;
        }
        derivatives_of_head(&model->heads[h], microbatch->samples, count, microbatch->outputs[layer],
                            microbatch->tangents[layer], values);
    }
}

static double derivatives_seen(const nn_model *model, const nn_head *head, const nn_model_array *inputs,
                               int64_t sample, int64_t i)
{
    bool seen = head->target.seen && head->target.seen[i] >= 0;
    return seen ? derivatives_get(model, inputs, sample, head->target.seen[i]) : 0;
}

/* Predictions go to the gradients, which jvp does not need. */
void nn_model_store_tangents(const nn_model *model, const nn_model_array *inputs,
                             const nn_model_array *outputs, int64_t first, nn_microbatch *microbatch,
                             const bool *bad)
{
    for (int h = 0; h < model->head_count; h++) {
        const nn_head *head = &model->heads[h];
        int64_t count = nn_head_output(model, h);
        nn_real *values = microbatch->tangents[head->layer];
        if (!outputs[h].values) continue;
        derivatives_of_head(head, microbatch->samples, count, microbatch->outputs[head->layer],
                            microbatch->gradients[head->layer], values);
        for (int64_t at = 0; at < microbatch->samples * count; at++) {
            int64_t sample = at / count, i = at % count;
            double value = (double)values[at] + derivatives_seen(model, head, inputs, first + sample, i);
            bool none = bad[sample] || i >= nn_model_output_end(model, h, microbatch, sample);
            nn_model_array_put(&outputs[h], first + sample, i, none ? (double)NAN : value);
        }
    }
}
