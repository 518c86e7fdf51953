/* Mean, sum of squares about the mean, minimum and maximum per column, taken over chunks of samples and
 * merged. Private to data. */
#ifndef NN_DATA_COLUMN_MOMENTS_H
#define NN_DATA_COLUMN_MOMENTS_H

#include "base/real.h"
#include "base/status.h"

/* The statistics of one column; the mean is relative to the center, so a large center costs no digits. */
enum {
    NN_COLUMN_COUNT,
    NN_COLUMN_CENTER,
    NN_COLUMN_MEAN,
    NN_COLUMN_SQUARES,
    NN_COLUMN_LEAST,
    NN_COLUMN_MOST,
    NN_COLUMN_MOMENTS
};

/* Sums over a chunk, one per value of a sample, relative to the chunk's first sample. */
typedef struct nn_places {
    int64_t values;
    double *count, *center, *sum, *square, *least, *most;
} nn_places;

/* Makes room for samples of `values` values; nn_places_release also after a failure. */
nn_status nn_places_create(int64_t values, nn_places *places);
void nn_places_release(nn_places *places);

/* Starts a chunk. */
void nn_places_begin(nn_places *places);

/* Adds values [at, at + count) of a sample. All samples of a chunk go through the same one of these two;
 * _known leaves NaN out. */
void nn_places_add(nn_places *places, int64_t at, int64_t count, const double *values);
void nn_places_add_known(nn_places *places, int64_t at, int64_t count, const double *values);

/* Folds the sums per value into statistics per column, columns x NN_COLUMN_FIGURES: value i belongs to column
 * i % columns. */
void nn_places_fold(const nn_places *places, int64_t columns, double *figures);

/* Merges into `figures` of a column those of the samples that follow (Chan, Golub, LeVeque 1979). */
void nn_column_moments_merge(double *figures, const double *other);

#endif
