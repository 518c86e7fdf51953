/* The text files next to the test data: lines "name dimensions extents values", written by other programs. */
#ifndef NN_TESTS_IMPORT_EXPECTED_H
#define NN_TESTS_IMPORT_EXPECTED_H

#include <stdio.h>

#include "base/shape.h"

typedef struct expected {
    char name[64];
    nn_shape shape;
    int64_t count;
    double values[4096];
} expected;

/* The next line; false at the end of the file. */
static inline bool expected_next(FILE *file, expected *line)
{
    if (fscanf(file, "%63s %d", line->name, &line->shape.dimensions) != 2) return false;
    for (int d = 0; d < line->shape.dimensions; d++)
        assert_int_equal(fscanf(file, "%" SCNd64, &line->shape.extents[d]), 1);
    line->count = nn_shape_count(line->shape);
    assert_in_range(line->count, 1, sizeof line->values / sizeof line->values[0]);
    for (int64_t i = 0; i < line->count; i++) assert_int_equal(fscanf(file, "%lf", &line->values[i]), 1);
    return true;
}

#endif
