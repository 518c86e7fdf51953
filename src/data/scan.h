/* What can only be seen in the values themselves: one pass over the samples of a part. Private to data. */
#ifndef NN_DATA_SCAN_H
#define NN_DATA_SCAN_H

#include "data/dataset_internal.h"

/* Of every column of a view: value i of a sample is in column i % columns. */
typedef struct nn_statistics {
    int64_t columns; /* 0: not measured */
    double *mean, *variance, *least, *most;
    double seen; /* values that are not missing, in all columns */
} nn_statistics;

nn_status nn_statistics_create(int64_t columns, nn_statistics *statistics);
void nn_statistics_release(nn_statistics *statistics);

/* Scale and offset of each column, into a scaling that has room for them: to mean 0 and deviation 1, or to 0
 * .. 1. A column without variance is only moved to 0. Fails where a scale would be 0 or not finite. */
nn_status nn_statistics_scaling(const nn_statistics *statistics, nn_normalize normalize,
                                const nn_array *array, nn_scaling *scaling);

/*
 * Looks at all samples of a part once, the ranks at a share each. Values must be finite, and labels whole
 * numbers from 0 up; what is wrong is collected on all ranks alike, the first of each array. largest[view]
 * becomes the largest label of the view, if it is larger. statistics: one a view, to be measured where
 * columns are set, with the same bits on any number of ranks; NULL: none. Collective.
 */
nn_status nn_scan_part(nn_comm *comm, nn_dataset *dataset, nn_part part, nn_statistics *statistics,
                       int64_t *largest, nn_problems *problems);

/* The same for any samples, without statistics. */
nn_status nn_scan_samples(nn_comm *comm, nn_dataset *dataset, const nn_samples *samples, int64_t *largest,
                          nn_problems *problems);

/* Finds the rows of a source that are to be skipped: dataset->sources[part].bad. Collective. */
nn_status nn_scan_bad_rows(nn_comm *comm, nn_dataset *dataset, nn_part part);

#endif
