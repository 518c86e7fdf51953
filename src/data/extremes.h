/* For people who look at a run: the smallest and largest value of each column of the fields, by part, and how
 * many values are missing. */
#ifndef NN_DATA_EXTREMES_H
#define NN_DATA_EXTREMES_H

#include "data/dataset.h"

#define NN_EXTREMES_COLUMNS 100 /* of a field with more, all values together are one column */

/* Before normalisation, in the units of the data; an infinite value is neither of the two. */
typedef struct nn_extreme {
    double least, most;      /* NaN: there is no value */
    int64_t values, missing; /* looked at; those of them that are missing */
} nn_extreme;

typedef struct nn_field_extremes {
    const char *key; /* of the configuration: x, y, ...; borrowed */
    int64_t columns;
    nn_extreme *extremes;      /* NN_PARTS x columns; owned */
    int64_t samples[NN_PARTS]; /* looked at; 0: a part without samples */
} nn_field_extremes;

typedef struct nn_extremes {
    int count;
    nn_field_extremes fields[NN_DATA_FIELDS]; /* those of values; labels and indices have classes */
} nn_extremes;

/* Reads up to 2^24 values of each field of each part: of more, samples in 64 runs spread evenly over the
 * part. Of windows only the last row that each sees, so that a row counts once. The same on any number of
 * ranks. Collective. Release in any case. */
nn_status nn_extremes_measure(nn_comm *comm, const nn_dataset *dataset, nn_extremes *extremes);
void nn_extremes_release(nn_extremes *extremes);

#endif
