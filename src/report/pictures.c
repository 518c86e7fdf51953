#include "report/pictures.h"

#include <math.h>
#include <stdio.h>

#include "base/memory.h"
#include "draw/png.h"
#include "draw/svg.h"

#define PICTURES_SIDE 64      /* pixels of the file, */
#define PICTURES_SHOWN 112    /* and about what it is enlarged to */
#define PICTURES_LEAST_SIDE 6 /* of what may be an image though it has no channels */

/* ---- what values are shown as ---- */

static void pictures_range(nn_pictures *pictures, double least, double most)
{
    pictures->black = least >= 0 ? 0 : least;
    pictures->white = least >= 0 && most <= 1 ? 1 : least >= 0 && most > 16 && most <= 255 ? 255 : most;
    if (!(pictures->white > pictures->black)) pictures->white = pictures->black + 1;
}

bool nn_pictures_of_inputs(const nn_evaluation_samples *samples, nn_pictures *pictures)
{
    const nn_shape *shape = &samples->input;
    double least = INFINITY, most = -INFINITY;
    if (!samples->inputs || shape->dimensions < 2 || shape->dimensions > 3) return false;
    *pictures = (nn_pictures){.height = shape->extents[0], .width = shape->extents[1], .channels = 1};
    if (shape->dimensions == 3) pictures->channels = shape->extents[2];
    if (pictures->channels != 1 && pictures->channels != 3 && pictures->channels != 4) return false;
    if (shape->dimensions == 2 && /* steps and features, unless it looks like an image */
        (pictures->height != pictures->width || pictures->height < PICTURES_LEAST_SIDE))
        return false;
    if (pictures->height < 2 || pictures->width < 2) return false;
    for (int64_t i = 0; i < samples->count * nn_shape_count(*shape); i++) {
        least = fmin(least, samples->inputs[i]);
        most = fmax(most, samples->inputs[i]);
    }
    /* Normalisation was undone, to single precision. */
    double slack = 1e-5 * (most - least);
    pictures_range(pictures, fabs(least) < slack ? 0 : least, most - slack);
    return isfinite(least) && isfinite(most);
}

nn_pictures nn_pictures_of_values(int64_t height, int64_t width, int64_t count, const double *values)
{
    nn_pictures pictures = {height, width, 1, 0, 1};
    double least = INFINITY, most = -INFINITY;
    for (int64_t i = 0; i < count; i++) {
        least = fmin(least, values[i]);
        most = fmax(most, values[i]);
    }
    if (isfinite(least) && isfinite(most)) pictures_range(&pictures, least, most);
    return pictures;
}

/* ---- images ---- */

static void pictures_append_image(nn_html *page, int64_t height, int64_t width, const char *alt)
{
    int64_t times = PICTURES_SHOWN / (height > width ? height : width);
    if (times < 1) times = 1;
    nn_html_append(page, "<img class=\"pixels\" width=\"%lld\" height=\"%lld\" alt=\"",
                   (long long)(width * times), (long long)(height * times));
    nn_html_append_text(page, "Image: %s", alt); /* not the same as a caption next to it */
    nn_html_append(page, "\" src=\"");
}

static nn_status pictures_append_pixels(nn_html *page, int64_t height, int64_t width, int channels,
                                        const unsigned char *pixels, const char *alt)
{
    pictures_append_image(page, height, width, alt);
    nn_status status = nn_png_append(&page->text, height, width, channels, pixels);
    nn_html_append(page, "\">");
    return status;
}

/* The factor by which an image is made smaller. */
static int64_t pictures_factor(int64_t height, int64_t width)
{
    int64_t side = height > width ? height : width;
    return (side + PICTURES_SIDE - 1) / PICTURES_SIDE;
}

static double pictures_mean(const nn_pictures *pictures, const double *values, int64_t factor, int64_t y,
                            int64_t x, int64_t channel)
{
    double sum = 0;
    int64_t count = 0;
    for (int64_t i = y * factor; i < (y + 1) * factor && i < pictures->height; i++)
        for (int64_t j = x * factor; j < (x + 1) * factor && j < pictures->width; j++, count++)
            sum += values[(i * pictures->width + j) * pictures->channels + channel];
    return sum / (double)count;
}

nn_status nn_pictures_append(nn_html *page, const nn_pictures *pictures, const double *values,
                             const char *alt)
{
    int64_t factor = pictures_factor(pictures->height, pictures->width), channels = pictures->channels;
    int64_t height = (pictures->height + factor - 1) / factor,
            width = (pictures->width + factor - 1) / factor;
    unsigned char *pixels = NULL;
    NN_TRY(NN_ALLOCATE(&pixels, height * width * channels, "an image"));
    for (int64_t i = 0; i < height * width * channels; i++) {
        int64_t at = i / channels;
        double value = pictures_mean(pictures, values, factor, at / width, at % width, i % channels);
        double share = (value - pictures->black) / (pictures->white - pictures->black);
        pixels[i] = (unsigned char)(share > 0 ? lround(255 * fmin(share, 1)) : 0);
    }
    nn_status status = pictures_append_pixels(page, height, width, (int)channels, pixels, alt);
    nn_free(pixels);
    return status;
}

/* ---- classes ---- */

void nn_pictures_colour(int64_t class_number, char colour[8])
{
    /* Class 0 is often the background. The others: Okabe and Ito (2008). */
    static const char *const colours[] = {"#20242a", "#e69f00", "#56b4e9", "#009e73", "#f0e442",
                                          "#0072b2", "#d55e00", "#cc79a7", "#bbbbbb"};
    size_t count = sizeof colours / sizeof *colours;
    if (class_number < 0) class_number = 0;
    if ((size_t)class_number < count) {
        snprintf(colour, 8, "%s", colours[class_number]);
        return;
    }
    /* Further ones: far from one another, by the golden ratio. */
    unsigned mixed = (unsigned)class_number * 2654435769u;
    snprintf(colour, 8, "#%02x%02x%02x", 64 + (mixed >> 24) % 160, 64 + (mixed >> 16 & 255) % 160,
             64 + (mixed >> 8 & 255) % 160);
}

nn_status nn_pictures_append_classes(nn_html *page, int64_t height, int64_t width, const double *classes,
                                     const char *alt)
{
    int64_t factor = pictures_factor(height, width);
    int64_t rows = (height + factor - 1) / factor, columns = (width + factor - 1) / factor;
    unsigned char *pixels = NULL;
    NN_TRY(NN_ALLOCATE(&pixels, rows * columns * 4, "an image"));
    for (int64_t i = 0; i < rows * columns; i++) {
        double own = classes[i / columns * factor * width + i % columns * factor];
        unsigned red = 0, green = 0, blue = 0;
        char colour[8];
        if (!(own >= 0)) continue;
        nn_pictures_colour((int64_t)own, colour);
        if (sscanf(colour, "#%2x%2x%2x", &red, &green, &blue) != 3) continue;
        pixels[4 * i] = (unsigned char)red;
        pixels[4 * i + 1] = (unsigned char)green;
        pixels[4 * i + 2] = (unsigned char)blue;
        pixels[4 * i + 3] = 255;
    }
    nn_status status = pictures_append_pixels(page, rows, columns, 4, pixels, alt);
    nn_free(pixels);
    return status;
}
