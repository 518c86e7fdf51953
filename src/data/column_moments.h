/* Mean, squares about the mean, least and most of columns: taken over chunks of samples, and merged. Private
 * to data. */
#ifndef NN_DATA_COLUMN_MOMENTS_H
#define NN_DATA_COLUMN_MOMENTS_H

#include "base/real.h"
#include "base/status.h"

/* Of one column; the mean is that above the center, so that a large center costs it no digits. */
enum {
    NN_COLUMN_COUNT,
    NN_COLUMN_CENTER,
    NN_COLUMN_MEAN,
    NN_COLUMN_SQUARES,
    NN_COLUMN_LEAST,
    NN_COLUMN_MOST,
    NN_COLUMN_MOMENTS
};

/* Sums over a chunk, one a value of a sample, about the chunk's first. */
typedef struct nn_places {
    int64_t values;
    double *count, *center, *sum, *square, *least, *most;
} nn_places;

nn_status nn_places_create(int64_t values, nn_places *places);
void nn_places_release(nn_places *places);

/* Begins a chunk. */
void nn_places_begin(nn_places *places);

/* Adds values [at, at + count) of a sample; all samples of a chunk by the one function or by the other, which
 * leaves NaN out. */
void nn_places_add(nn_places *places, int64_t at, int64_t count, const double *values);
void nn_places_add_known(nn_places *places, int64_t at, int64_t count, const double *values);

/* From the places of a sample's values to the figures of `columns`: value i is in column i % columns. */
void nn_places_fold(const nn_places *places, int64_t columns, double *figures);

/* Merges the figures of a column with those of others that come behind (Chan, Golub, LeVeque 1979). */
void nn_column_moments_merge(double *figures, const double *other);

#endif
