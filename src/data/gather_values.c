/* Converts samples to numbers for the network, inside the training step. */
#include <math.h>
#include <string.h>

#include "base/maths.h"
#include "data/dataset_internal.h"

/* ---- one sample ---- */

/* The rows of a view: in memory, or in the bytes read by a stream. */
static const unsigned char *gather_raw(const nn_dataset *dataset, nn_part part, int view, int64_t sample,
                                       const unsigned char *staged)
{
    const nn_view *self = &dataset->views[view];
    if (dataset->streams) return staged + dataset->raw_offsets[view];
    const nn_samples *samples = &dataset->parts[part];
    const nn_array *array = &samples->source->arrays[self->array];
    return array->raw + (size_t)(nn_samples_row(samples, sample) + self->first_row) * array->row_size;
}

/* array: that of the part, whose element type may differ from the first part's. */
static void gather_input(const nn_dataset *dataset, const nn_view *view, const nn_array *array,
                         const unsigned char *raw, bool training, int64_t epoch, int64_t sample,
                         nn_real *values, nn_real *scratch)
{
    nn_view_numbers(view, array, raw, values);
    if (!training) return;
    nn_augment augment = *nn_dataset_augment(dataset, view);
    augment.field = view->array;
    if (augment.count > 0)
        nn_augment_sample(&augment, dataset->seed, epoch, sample, view->shape, values, scratch);
}

/* After the end of a sequence comes padding: 0 for inputs, NaN for targets. */
static void gather_cut(const nn_view *view, int64_t length, nn_real *values)
{
    for (int64_t i = nn_view_end(view, length); i < view->values; i++)
        values[i] = view->input ? 0 : (nn_real)NAN;
}

static void gather_cut_labels(const nn_view *view, int64_t length, int64_t *labels)
{
    for (int64_t i = nn_view_end(view, length); i < view->values; i++) labels[i] = NN_LABEL_IGNORED;
}

/* The values of a target in its own units, at position `at` among those of all targets. */
static void gather_observed(const nn_view *view, const nn_array *array, const unsigned char *raw,
                            int64_t length, int64_t at, const nn_gathered *gathered)
{
    double *values = gathered->observed + at;
    nn_view_observed(view, array, raw, values, gathered->bases ? gathered->bases + at : NULL);
    for (int64_t i = nn_view_end(view, length); i < view->values; i++) values[i] = (double)NAN;
}

/* ---- a microbatch ---- */

static void gather_sample(const nn_dataset *dataset, nn_part part, int64_t epoch, int64_t sample,
                          bool training, const unsigned char *staged, int64_t i, const nn_gathered *gathered)
{
    const nn_source *source = dataset->parts[part].source;
    int64_t length = nn_dataset_length(dataset, part, sample);
    for (int v = 0; v < dataset->view_count; v++) {
        const nn_view *view = &dataset->views[v];
        const nn_array *array = &source->arrays[view->array];
        if (view->input    ? !gathered->inputs && !gathered->given
            : array->label ? !gathered->labels
                           : !gathered->targets)
            continue;
        const unsigned char *raw = gather_raw(dataset, part, v, sample, staged);
        if (view->input && gathered->given)
            nn_view_values(view, array, raw, 0, view->values,
                           gathered->given + i * dataset->input_values + view->begin);
        if (view->input && !gathered->inputs) continue;
        if (array->label) {
            int64_t *labels = gathered->labels + i * dataset->label_values + view->begin;
            nn_view_labels(view, array, raw, labels);
            gather_cut_labels(view, length, labels);
            continue;
        }
        nn_real *values = view->input ? gathered->inputs + i * dataset->input_values
                                      : gathered->targets + i * dataset->target_values;
        values += view->begin;
        if (view->input)
            gather_input(dataset, view, array, raw, training, epoch, sample, values, gathered->scratch);
        else
            nn_view_numbers(view, array, raw, values);
        gather_cut(view, length, values);
        if (!view->input && gathered->observed)
            gather_observed(view, array, raw, length, i * dataset->target_values + view->begin, gathered);
    }
}

/* The stream failed: values are 0, and the failure is reported at the end of the step. */
static void gather_nothing(const nn_dataset *dataset, int64_t count, const nn_gathered *gathered)
{
    size_t inputs = (size_t)(count * dataset->input_values),
           targets = (size_t)(count * dataset->target_values),
           labels = (size_t)(count * dataset->label_values);
    if (gathered->inputs) memset(gathered->inputs, 0, inputs * sizeof(nn_real));
    if (gathered->given) memset(gathered->given, 0, inputs * sizeof(double));
    if (gathered->targets) memset(gathered->targets, 0, targets * sizeof(nn_real));
    if (gathered->observed) memset(gathered->observed, 0, targets * sizeof(double));
    if (gathered->bases) memset(gathered->bases, 0, targets * sizeof(double));
    if (gathered->labels) memset(gathered->labels, 0, labels * sizeof(int64_t));
}

/* Mixed targets in their own units: computed back, since the file does not contain them. */
static void gather_observe_mixed(const nn_dataset *dataset, int64_t count, const nn_gathered *gathered)
{
    const nn_scaling *scaling = &dataset->targets[0].scaling;
    bool is_log = dataset->targets[0].field.transform == NN_TRANSFORM_LOG;
    for (int64_t i = 0; i < count * dataset->target_values; i++) {
        int64_t column = scaling->columns > 0 ? i % scaling->columns : 0;
        double value = (double)gathered->targets[i];
        if (scaling->columns > 0) value = (value - scaling->offset[column]) / scaling->scale[column];
        gathered->observed[i] = is_log ? nn_maths_exp(value) : value;
    }
}

/* Mixes samples with each other; class targets become soft targets. */
static void gather_mix(const nn_dataset *dataset, nn_data_span span, const nn_gathered *gathered)
{
    int64_t classes = nn_dataset_mixed_classes(dataset);
    if (classes > 0) nn_augment_soften(span.count, classes, gathered->labels, gathered->soft);
    nn_transform_batch batch = {.samples = span.count,
                                .input_values = dataset->input_values,
                                .target_values = classes > 0 ? classes : dataset->target_values,
                                .inputs = gathered->inputs,
                                .targets = classes > 0 ? gathered->soft : gathered->targets,
                                .scratch = gathered->scratch,
                                .numbers = gathered->samples};
    nn_augment_mix(nn_dataset_augment(dataset, &dataset->views[0]), dataset->seed, span.epoch, &batch);
    if (classes > 0) nn_augment_dominant(span.count, classes, gathered->soft, gathered->labels);
    if (classes == 0 && gathered->observed) gather_observe_mixed(dataset, span.count, gathered);
}

void nn_gather_values(const nn_dataset *dataset, nn_part part, nn_data_span span, bool training,
                      const nn_gathered *gathered)
{
    const unsigned char *staged = NULL;
    if (dataset->describes) {
        nn_describe_gather(dataset, span, gathered);
        if (training && gathered->inputs && nn_dataset_mixes(dataset)) gather_mix(dataset, span, gathered);
        return;
    }
    if (dataset->streams) {
        staged = nn_feed_find(dataset->feeds[part], span);
        if (!staged) {
            gather_nothing(dataset, span.count, gathered);
            return;
        }
    }
    for (int64_t i = 0; i < span.count; i++) {
        int64_t sample = nn_dataset_order(dataset, part, span.epoch, span.first + i);
        if (gathered->samples) gathered->samples[i] = sample;
        if (gathered->lengths) gathered->lengths[i] = nn_dataset_length(dataset, part, sample);
        if (gathered->weights) gathered->weights[i] = ((const nn_real *)dataset->weights[part].bytes)[sample];
        gather_sample(dataset, part, span.epoch, sample, training,
                      staged ? staged + (size_t)i * dataset->raw_size : NULL, i, gathered);
    }
    if (training && gathered->inputs && nn_dataset_mixes(dataset)) gather_mix(dataset, span, gathered);
}
