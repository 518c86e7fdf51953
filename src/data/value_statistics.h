/* Smallest and largest values of a dataset, what is not finite in it, what never changes, and how often each
 * class comes. */
#ifndef NN_DATA_VALUE_STATISTICS_H
#define NN_DATA_VALUE_STATISTICS_H

#include "store/packing.h"
#include "store/store.h"

#define NN_VALUE_CLASSES 1000

/* Of a dataset's values, unpacked as its attributes say, read as doubles: integers beyond 2^53 are rounded.
 */
typedef struct nn_value_statistics {
    bool measured;      /* false: no numbers, or rows too long to be read here */
    int64_t count, row; /* elements of the dataset, and of a row */
    int64_t rows_read;  /* fewer than there are: evenly spread samples, and all results are theirs */
    bool sampled;
    int64_t nans, infinities;
    int64_t missing; /* values that attributes call missing, or that were never written; not NaN as stored */
    int64_t unwritten; /* elements of the whole dataset that were never written */
    char cause[512];   /* of the first of these */
    bool packed;       /* attributes say how values are to be understood: `packing` */
    nn_store_packing packing;
    int64_t first_bad;       /* element that is missing, NaN or Inf, in row-major order; -1: none */
    double minimum, maximum; /* of the finite values, unpacked; NaN when there is none */
    int64_t constants;       /* values of a row that are the same in all rows, of at least two rows */
    int64_t first_constant;
    size_t class_count; /* of a list of integers, of which some come more than once; 0: it is none */
    struct nn_value_class {
        double label;
        int64_t count;
    } classes[NN_VALUE_CLASSES];
} nn_value_statistics;

/* Reads the values, some MiB at a time; of large datasets a sample unless `full`. */
nn_status nn_value_statistics_read(nn_store_file *file, const char *dataset, bool full,
                                   nn_value_statistics *statistics);

#endif
