/* What tells one train part from another: all of a small one, rows from all over a large one. */
#include "base/hash.h"
#include "data/internal.h"

#define IDENTITY_BYTES ((size_t)64 << 20)
#define IDENTITY_ROWS 4096

static uint64_t identity_array(const nn_array *array, uint64_t hash)
{
    int64_t extents[NN_MAX_DIMENSIONS + 2] = {array->rows, (int64_t)array->type};
    for (int d = 0; d < array->shape.dimensions; d++) extents[d + 2] = array->shape.extents[d];
    hash = nn_hash(extents, sizeof extents, hash);
    if ((size_t)array->rows * array->row_size <= IDENTITY_BYTES)
        return nn_hash(array->raw, (size_t)array->rows * array->row_size, hash);
    int64_t count = (int64_t)(IDENTITY_BYTES / array->row_size);
    if (count < IDENTITY_ROWS) count = nn_array_smaller(IDENTITY_ROWS, array->rows);
    for (int64_t i = 0; i < count; i++) {
        int64_t row = (int64_t)((double)i / (double)count * (double)array->rows);
        hash = nn_hash(array->raw + (size_t)row * array->row_size, array->row_size, hash);
    }
    return hash;
}

uint64_t nn_identity_hash(const nn_source *train)
{
    uint64_t hash = 0;
    for (int a = 0; train->given && a < NN_ARRAYS; a++) hash = identity_array(&train->arrays[a], hash);
    return hash;
}

uint64_t nn_dataset_identity(const nn_dataset *dataset)
{
    return dataset->identity;
}
