/* Resizing with a triangle filter that widens with the reduction: first along the rows, then along the
 * columns, in double precision and a fixed order, so that every machine produces the same values. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "import/image.h"

/* The part of the source that is used, and the size it is scaled to. */
typedef struct scale_window {
    double top, left, height, width;
    int64_t target_height, target_width;
} scale_window;

void nn_image_scaler_release(nn_image_scaler *scaler)
{
    nn_image_axis *axes[] = {&scaler->rows, &scaler->columns};
    for (int i = 0; i < 2; i++) {
        nn_free(axes[i]->begin);
        nn_free(axes[i]->count);
        nn_free(axes[i]->weights);
    }
    nn_free(scaler->middle);
    *scaler = (nn_image_scaler){0};
}

/* Makes room for `count` values, without keeping the old ones. */
static nn_status scale_grow(double **values, size_t *capacity, size_t count)
{
    if (count <= *capacity) return NN_OK;
    nn_free(*values);
    *capacity = 0;
    NN_TRY(NN_ALLOCATE(values, count, "resizing images"));
    *capacity = count;
    return NN_OK;
}

static nn_status scale_make_room(nn_image_axis *axis, int64_t targets, int64_t taps)
{
    axis->taps = taps;
    if ((size_t)targets > axis->targets_capacity) {
        nn_free(axis->begin);
        nn_free(axis->count);
        axis->begin = axis->count = NULL;
        axis->targets_capacity = 0;
        NN_TRY(NN_ALLOCATE(&axis->begin, targets, "resizing images"));
        NN_TRY(NN_ALLOCATE(&axis->count, targets, "resizing images"));
        axis->targets_capacity = (size_t)targets;
    }
    return scale_grow(&axis->weights, &axis->weights_capacity, (size_t)(targets * taps));
}

/* Target value t is centred at start + (t + 1/2) x step in the source; source value i at i + 1/2. */
static nn_status scale_fill_axis(nn_image_axis *axis, int64_t source, double start, double length,
                                 int64_t targets)
{
    double step = length / (double)targets;
    double reach = step > 1 ? step : 1;
    NN_TRY(scale_make_room(axis, targets, 2 * (int64_t)ceil(reach) + 1));
    for (int64_t t = 0; t < targets; t++) {
        double centre = start + ((double)t + 0.5) * step, sum = 0;
        int64_t begin = (int64_t)floor(centre - reach + 0.5), end = (int64_t)floor(centre + reach + 0.5);
        if (begin < 0) begin = 0;
        if (end > source) end = source;
        double *weights = axis->weights + t * axis->taps;
        for (int64_t i = begin; i < end; i++) {
            double distance = fabs((double)i + 0.5 - centre) / reach;
            weights[i - begin] = distance < 1 ? 1 - distance : 0;
            sum += weights[i - begin];
        }
        for (int64_t i = begin; i < end; i++) weights[i - begin] /= sum;
        axis->begin[t] = begin;
        axis->count[t] = end - begin;
    }
    return NN_OK;
}

static int64_t scale_round(double value)
{
    int64_t rounded = (int64_t)floor(value + 0.5);
    return rounded < 1 ? 1 : rounded;
}

static scale_window scale_choose(int64_t source_height, int64_t source_width, nn_image_fit fit,
                                 int64_t height, int64_t width)
{
    scale_window window = {0, 0, (double)source_height, (double)source_width, height, width};
    double vertical = (double)height / window.height, horizontal = (double)width / window.width;
    if (fit == NN_IMAGE_CROP) {
        double factor = vertical > horizontal ? vertical : horizontal;
        double used_height = (double)height / factor, used_width = (double)width / factor;
        window.top = (window.height - used_height) / 2;
        window.left = (window.width - used_width) / 2;
        window.height = used_height;
        window.width = used_width;
    } else if (fit == NN_IMAGE_PAD) {
        double factor = vertical < horizontal ? vertical : horizontal;
        window.target_height = scale_round(window.height * factor);
        window.target_width = scale_round(window.width * factor);
    }
    return window;
}

/* Scales the source rows from `first` to the width of the target. */
static void scale_along_rows(const nn_image_scaler *scaler, const nn_image *image, int64_t first,
                             int64_t count, int64_t targets)
{
    const nn_image_axis *axis = &scaler->columns;
    int channels = image->channels;
    double *middle = scaler->middle;
    for (int64_t row = first; row < first + count; row++) {
        const unsigned char *source = image->values + row * image->width * channels;
        for (int64_t t = 0; t < targets; t++) {
            const double *weights = axis->weights + t * axis->taps;
            for (int c = 0; c < channels; c++) {
                const unsigned char *value = source + axis->begin[t] * channels + c;
                double sum = 0;
                for (int64_t i = 0; i < axis->count[t]; i++) sum += weights[i] * value[i * channels];
                *middle++ = sum;
            }
        }
    }
}

/* One row of `length` values of the target. */
static void scale_along_columns(const nn_image_axis *axis, int64_t target, const double *middle,
                                int64_t length, unsigned char *values)
{
    const double *weights = axis->weights + target * axis->taps;
    for (int64_t j = 0; j < length; j++) {
        double sum = 0;
        for (int64_t i = 0; i < axis->count[target]; i++) sum += weights[i] * middle[i * length + j];
        values[j] = (unsigned char)(sum + 0.5); /* a mean of bytes: 0 to 255 */
    }
}

nn_status nn_image_scale(nn_image_scaler *scaler, const nn_image *image, nn_image_fit fit, int64_t height,
                         int64_t width, unsigned char *values)
{
    int64_t channels = image->channels;
    size_t size = (size_t)(height * width * channels);
    if (image->height == height && image->width == width) {
        memcpy(values, image->values, size);
        return NN_OK;
    }
    scale_window window = scale_choose(image->height, image->width, fit, height, width);
    int64_t rows = window.target_height, columns = window.target_width;
    NN_TRY(scale_fill_axis(&scaler->rows, image->height, window.top, window.height, rows));
    NN_TRY(scale_fill_axis(&scaler->columns, image->width, window.left, window.width, columns));
    int64_t first = scaler->rows.begin[0], length = columns * channels;
    int64_t count = scaler->rows.begin[rows - 1] + scaler->rows.count[rows - 1] - first;
    NN_TRY(scale_grow(&scaler->middle, &scaler->middle_capacity, (size_t)(count * length)));
    scale_along_rows(scaler, image, first, count, columns);
    int64_t top = (height - rows) / 2, left = (width - columns) / 2;
    if (rows < height || columns < width) memset(values, 0, size);
    for (int64_t t = 0; t < rows; t++)
        scale_along_columns(&scaler->rows, t, scaler->middle + (scaler->rows.begin[t] - first) * length,
                            length, values + ((top + t) * width + left) * channels);
    return NN_OK;
}

static int64_t scale_nearest(double start, double length, int64_t targets, int64_t target, int64_t source)
{
    int64_t at = (int64_t)floor(start + ((double)target + 0.5) * length / (double)targets);
    return at < 0 ? 0 : at < source ? at : source - 1;
}

void nn_image_scale_codes(const unsigned char *codes, int64_t source_height, int64_t source_width,
                          nn_image_fit fit, int64_t height, int64_t width, unsigned char outside,
                          unsigned char *values)
{
    scale_window window = scale_choose(source_height, source_width, fit, height, width);
    int64_t rows = window.target_height, columns = window.target_width;
    int64_t top = (height - rows) / 2, left = (width - columns) / 2;
    memset(values, outside, (size_t)(height * width));
    for (int64_t t = 0; t < rows; t++) {
        const unsigned char *row =
            codes + scale_nearest(window.top, window.height, rows, t, source_height) * source_width;
        unsigned char *to = values + (top + t) * width + left;
        for (int64_t c = 0; c < columns; c++)
            to[c] = row[scale_nearest(window.left, window.width, columns, c, source_width)];
    }
}
