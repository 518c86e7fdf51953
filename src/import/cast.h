/* Converts numbers from one type to another, value by value, and fails if a value does not fit. Private to
 * import. */
#ifndef NN_IMPORT_CAST_H
#define NN_IMPORT_CAST_H

#include "store/store.h"

typedef struct nn_import_cast {
    nn_store_type from, to;
    bool half; /* to F32, but within the range of float16 */
} nn_import_cast;

/* Converts `count` values; returns the index of the first one that does not fit, or -1. Integers do not
 * accept fractions, NaN or infinity; floats round, but a finite number must not become infinite. */
int64_t nn_import_cast_values(nn_import_cast cast, int64_t count, const void *from, void *to);

/* A value as text; and as a class label, -1 if it is not one. */
#define NN_IMPORT_VALUE_TEXT 40
char *nn_import_value_text(char *buffer, nn_store_type type, const void *values, int64_t index);
int64_t nn_import_value_label(nn_store_type type, const void *values, int64_t index);

/* "uint8", "float16", ... */
const char *nn_import_type_name(nn_store_type type, bool half);

#endif
