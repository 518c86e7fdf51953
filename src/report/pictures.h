/* Samples as pictures. */
#ifndef NN_REPORT_PICTURES_H
#define NN_REPORT_PICTURES_H

#include "judge/evaluation_read.h"
#include "report/html.h"

#define NN_PICTURES 24 /* at most in one place */

/* Rows x columns x channels: 1 (grey), 3 (red, green, blue) or 4 (and opacity). black and white: the values
 * that are shown as such. */
typedef struct nn_pictures {
    int64_t height, width, channels;
    double black, white;
} nn_pictures;

/* Whether the inputs of the samples are images, and then how they are shown: 0 is black where nothing is
 * negative, and 1 or 255 white where nothing is beyond it. */
bool nn_pictures_of_inputs(const nn_evaluation_samples *samples, nn_pictures *pictures);

/* For any values of one channel. */
nn_pictures nn_pictures_of_values(int64_t height, int64_t width, int64_t count, const double *values);

/* Appends <img> of one of them, at most 64 pixels wide and high; larger ones are means of squares. alt: what
 * it shows, escaped here. */
nn_status nn_pictures_append(nn_html *page, const nn_pictures *pictures, const double *values,
                             const char *alt);

/* Of classes, one colour each; a class < 0 is transparent. */
nn_status nn_pictures_append_classes(nn_html *page, int64_t height, int64_t width, const double *classes,
                                     const char *alt);
/* The colour of a class, "#rrggbb". */
void nn_pictures_colour(int64_t class_number, char colour[8]);

#endif
