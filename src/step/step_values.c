/* What a step does with single values. */
#include "step/step_values.h"

#include <math.h>

#include "tensor/kernels.h"
#include "tensor/kernels_bfloat.h"

void nn_step_add_values(int64_t count, const void *values, void *sum)
{
    nn_add(count, values, sum);
}

void nn_step_round_values(int64_t count, void *values)
{
    nn_bfloat_round_all(count, values);
}

void nn_step_narrow_values(int64_t count, const void *values, void *halves)
{
    nn_bfloat_narrow(count, values, halves);
}

void nn_step_widen_values(int64_t count, const void *halves, void *values)
{
    nn_bfloat_widen(count, halves, values);
}

void nn_repeat_values(int64_t samples, int64_t count, const double *constant, nn_real *output)
{
    for (int64_t i = 0; i < samples * count; i++) output[i] = (nn_real)constant[i % count];
}

void nn_index_values(int64_t count, int64_t classes, nn_real *values)
{
    for (int64_t i = 0; i < count; i++)
        values[i] = (nn_real)floor((double)values[i] * 0.999999 * (double)classes);
}

void nn_find_dominant_values(nn_loaded *loaded, const nn_model *model)
{
    for (int h = 0; h < model->head_count; h++) {
        const nn_head *head = &model->heads[h];
        for (int64_t r = 0; head->target.shares && r < loaded->microbatch->samples * head->rows; r++) {
            const nn_real *shares = loaded->heads[h].targets + r * head->columns;
            int64_t dominant = 0;
            bool missing = false;
            for (int64_t c = 0; c < head->columns; c++) {
                missing |= isnan(shares[c]);
                if (shares[c] > shares[dominant]) dominant = c;
            }
            loaded->heads[h].labels[r] = missing ? -1 : dominant;
        }
    }
}

/* The first layer that has a non-finite output, and in it the first sample. */
nn_nonfinite nn_find_nonfinite_values(const nn_loaded *loaded, const nn_model *model)
{
    const nn_microbatch *microbatch = loaded->microbatch;
    int mixed = 0;
    for (int l = 0; l < model->network->layer_count; l++) {
        mixed += microbatch->statistics && nn_network_collects(model->network, l, NN_FORWARD);
        if (nn_network_may_miss(model->network, l)) continue;
        int64_t count = nn_shape_count(model->network->layers[l].output_shape);
        for (int64_t i = 0; i < microbatch->samples; i++)
            if (!nn_all_finite(count, microbatch->outputs[l] + i * count))
                return (nn_nonfinite){loaded->first_position + i, l, mixed};
    }
    return (nn_nonfinite){loaded->first_position, model->network->layer_count, mixed};
}

/* Adds values to a summary; returns whether all of them are finite. */
bool nn_summarise_values(int64_t count, const nn_real *values, nn_value_facts *facts)
{
    int64_t before = facts->nans + facts->infinities;
    for (int64_t i = 0; i < count; i++) {
        double value = (double)values[i];
        bool first = facts->count + i == facts->nans + facts->infinities;
        if (isnan(value)) {
            facts->nans++;
        } else if (isinf(value)) {
            facts->infinities++;
        } else {
            if (first || value < facts->minimum) facts->minimum = value;
            if (first || value > facts->maximum) facts->maximum = value;
        }
    }
    facts->count += count;
    return facts->nans + facts->infinities == before;
}
