/* Raw values to numbers for the network: runs inside the training step. */
#include "base/memory.h"
#include "data/internal.h"
#include "tensor/vectorize.h"

/* In double, as a predictor does it: a value has the same bits in both. */
NN_VECTORIZED
static void gather_scaled(int64_t count, const double *values, const double *scales, const double *offsets,
                          nn_real *numbers)
{
    for (int64_t i = 0; i < count; i++) numbers[i] = (nn_real)(values[i] * scales[i] + offsets[i]);
}

NN_VECTORIZED
static void gather_plain(int64_t count, const double *values, nn_real *numbers)
{
    for (int64_t i = 0; i < count; i++) numbers[i] = (nn_real)values[i];
}

static void gather_row(const nn_array *array, const nn_data_field *field, int64_t row, nn_real *numbers)
{
    _Alignas(NN_ALIGNMENT) double values[NN_ARRAY_BLOCK];
    for (int64_t at = 0; at < array->values; at += NN_ARRAY_BLOCK) {
        int64_t count = nn_array_smaller(NN_ARRAY_BLOCK, array->values - at);
        nn_array_convert(array, row, at, count, values);
        if (field->scales) {
            int64_t column = at % field->scaling.columns;
            gather_scaled(count, values, field->scales + column, field->offsets + column, numbers + at);
        } else {
            gather_plain(count, values, numbers + at);
        }
    }
}

void nn_dataset_gather(const nn_dataset *dataset, nn_part part, int64_t count, const int64_t *samples,
                       nn_real *inputs, nn_real *targets, int64_t *labels)
{
    const nn_samples *of_part = &dataset->parts[part];
    const nn_array *x = &of_part->arrays[NN_X], *y = &of_part->arrays[NN_Y];
    for (int64_t i = 0; i < count; i++) {
        int64_t row = nn_samples_row(of_part, samples[i]);
        if (inputs) gather_row(x, &dataset->fields[NN_X], row, inputs + i * x->values);
        if (targets) gather_row(y, &dataset->fields[NN_Y], row, targets + i * y->values);
        if (labels) {
            double label;
            nn_array_convert(y, row, 0, 1, &label);
            labels[i] = (int64_t)label;
        }
    }
}

nn_status nn_gather_prepare(nn_data_field *field)
{
    const nn_scaling *scaling = &field->scaling;
    int64_t length = scaling->columns + NN_ARRAY_BLOCK;
    if (scaling->columns == 0) return NN_OK;
    NN_TRY(NN_ALLOCATE(&field->scales, length, "the normalisation"));
    NN_TRY(NN_ALLOCATE(&field->offsets, length, "the normalisation"));
    for (int64_t i = 0; i < length; i++) {
        field->scales[i] = scaling->scale[i % scaling->columns];
        field->offsets[i] = scaling->offset[i % scaling->columns];
    }
    return NN_OK;
}

void nn_gather_release(nn_data_field *field)
{
    nn_free(field->scales);
    nn_free(field->offsets);
    field->scales = field->offsets = NULL;
}
