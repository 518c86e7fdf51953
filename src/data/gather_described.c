/* Makes up the samples of a described data set. */
#include <math.h>

#include "data/dataset_internal.h"

/* Numbers of mean 0 and variance 1: a low-discrepancy sequence, steps of the golden ratio. */
static void described_spread(int64_t count, int64_t first, nn_real *values)
{
    for (int64_t i = 0; i < count; i++) {
        double turns = (double)(first + i) * 0.6180339887498949;
        values[i] = (nn_real)((turns - floor(turns) - 0.5) * 3.4641016151377544);
    }
}

static void described_input(const nn_view *view, int64_t indices, int64_t sample, nn_real *values)
{
    if (view->index)
        for (int64_t i = 0; i < view->values; i++)
            values[i] = (nn_real)((sample * 31 + i * 7) % (indices > 0 ? indices : 1));
    else
        described_spread(view->values, sample * view->values, values);
}

static int64_t described_indices(const nn_dataset *dataset, int v)
{
    const nn_field *input = &dataset->input;
    return input->part_count > 0 ? input->parts[v].classes : input->classes;
}

static void described_sample(const nn_dataset *dataset, int64_t i, int64_t sample,
                             const nn_gathered *gathered)
{
    for (int v = 0; v < dataset->view_count; v++) {
        const nn_view *view = &dataset->views[v];
        if (view->input) {
            if (gathered->inputs)
                described_input(view, described_indices(dataset, v), sample,
                                gathered->inputs + i * dataset->input_values + view->begin);
        } else if (dataset->first->arrays[v].label) {
            int64_t classes = dataset->targets[view->target].field.classes;
            for (int64_t l = 0; gathered->labels && l < view->values; l++)
                gathered->labels[i * dataset->label_values + view->begin + l] = (sample + l) % classes;
        } else if (gathered->targets) {
            described_spread(view->values, sample,
                             gathered->targets + i * dataset->target_values + view->begin);
        }
    }
}

void nn_describe_gather(const nn_dataset *dataset, nn_data_span span, const nn_gathered *gathered)
{
    int64_t targets = gathered->targets && gathered->observed ? span.count * dataset->target_values : 0;
    for (int64_t i = 0; i < span.count; i++) {
        int64_t sample = span.first + i;
        if (gathered->samples) gathered->samples[i] = sample;
        if (gathered->lengths) gathered->lengths[i] = dataset->views[0].shape.extents[0];
        if (gathered->weights) gathered->weights[i] = 1;
        described_sample(dataset, i, sample, gathered);
    }
    for (int64_t i = 0; i < targets; i++) gathered->observed[i] = (double)gathered->targets[i];
}
