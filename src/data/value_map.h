/* From the numbers of one file to those of the data set: columns in another order, and classes, indices and
 * categories that are numbered otherwise. Private to data. */
#ifndef NN_DATA_VALUE_MAP_H
#define NN_DATA_VALUE_MAP_H

#include "data/source_array.h"

/* What a number in the file becomes. */
typedef struct nn_codes {
    int64_t count;     /* numbers in the file, from 0; 0: numbers stay */
    int32_t *numbers;  /* owned */
    const char *names; /* of what, for messages: "column 'colour'"; owned */
} nn_codes;

struct nn_value_map {
    int64_t *places; /* of each value of a row in the row as it is stored, -1: nowhere; owned; NULL: as the
                        array has them */
    int64_t columns; /* that `codes` has one entry for each; 1: all values alike */
    nn_codes *codes; /* owned */
};

nn_status nn_value_map_create(int64_t columns, nn_value_map **map);
void nn_value_map_destroy(nn_value_map *map); /* accepts NULL */

/* Numbers of a column become others; takes what `numbers` points to. */
nn_status nn_value_map_codes(nn_value_map *map, int64_t column, int64_t count, int32_t *numbers,
                             const char *what);

/* The labels of a row, in place; and a row of values of the array's type, in place. Fail where a number has
 * no name. */
nn_status nn_value_map_labels(const nn_value_map *map, int64_t count, int32_t *labels);
nn_status nn_value_map_values(const nn_value_map *map, const nn_array *array, unsigned char *row);

#endif
