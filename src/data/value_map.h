/* Maps the numbers of one file to those of the data set: columns in another order; classes, indices and
 * categories numbered differently. Private to data. */
#ifndef NN_DATA_VALUE_MAP_H
#define NN_DATA_VALUE_MAP_H

#include "data/source_array.h"

/* The new number for each number in the file. */
typedef struct nn_codes {
    int64_t count;     /* numbers in the file, from 0; 0: no change */
    int32_t *numbers;  /* owned */
    const char *names; /* what they number, for messages: "column 'colour'"; owned */
} nn_codes;

struct nn_value_map {
    int64_t place_count;
    int64_t *places; /* index of each value in the stored row, -1: nowhere; owned; NULL: as in the array */
    int64_t columns; /* entries of `codes`, one per column; 1: the same for all values */
    nn_codes *codes; /* owned */
};

/* A map that changes nothing yet, for `columns` columns. Returns owned. */
nn_status nn_value_map_create(int64_t columns, nn_value_map **map);
void nn_value_map_destroy(nn_value_map *map); /* accepts NULL */

/* Sets the new numbers of a column; takes `numbers`. what: for messages. */
nn_status nn_value_map_codes(nn_value_map *map, int64_t column, int64_t count, int32_t *numbers,
                             const char *what);

/* Map in place: the labels of a row; a row of values of the array's type. Fail on a number without a name. */
nn_status nn_value_map_labels(const nn_value_map *map, int64_t count, int32_t *labels);
nn_status nn_value_map_values(const nn_value_map *map, const nn_array *array, unsigned char *row);

#endif
