/* Checks and statistics of the values: one pass over the samples of a part. Private to data. */
#ifndef NN_DATA_SCAN_H
#define NN_DATA_SCAN_H

#include "data/dataset_internal.h"

/* Statistics per column of a view: value i of a sample belongs to column i % columns. */
typedef struct nn_statistics {
    int64_t columns; /* 0: not measured */
    double *mean, *variance, *least, *most;
    double seen; /* number of values not missing, over all columns */
} nn_statistics;

/* Makes room for `columns`; nn_statistics_release also after a failure. */
nn_status nn_statistics_create(int64_t columns, nn_statistics *statistics);
void nn_statistics_release(nn_statistics *statistics);

/* Computes scale and offset of each column, for mean 0 and deviation 1 or for 0 .. 1, into a scaling with
 * room for them. A column without variance is only shifted to 0. Fails if a scale is 0 or not finite. */
nn_status nn_statistics_scaling(const nn_statistics *statistics, nn_normalize normalize,
                                const nn_array *array, nn_scaling *scaling);

/*
 * Scans all samples of a part once, divided among the ranks. Values must be finite, and labels integers from
 * 0; the first bad value of each array is collected as a problem, the same on all ranks. largest[view] is
 * raised to the largest label of the view. statistics: one per view, measured if its columns are set, with
 * the same bits on any number of ranks; NULL: none. Collective.
 */
nn_status nn_scan_part(nn_comm *comm, nn_dataset *dataset, nn_part part, nn_statistics *statistics,
                       int64_t *largest, nn_problems *problems);

/* The same for any samples, without statistics. Collective. */
nn_status nn_scan_samples(nn_comm *comm, nn_dataset *dataset, const nn_samples *samples, int64_t *largest,
                          nn_problems *problems);

/* Finds the rows of a source to be skipped: dataset->sources[part].bad. Collective. */
nn_status nn_scan_bad_rows(nn_comm *comm, nn_dataset *dataset, nn_part part);

#endif
