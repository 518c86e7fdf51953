/* Vectors in plain C (tile_vector.h), without arithmetic. */
#include "tensor/vectorize.h"

#define TILE_TARGET
#define TILE_ROWS 6
#define TILE_LANES 4

typedef struct tile_vector {
    nn_real values[TILE_LANES];
} tile_vector;

NN_INLINE tile_vector tile_load_part(const nn_real *values, int64_t count)
{
    tile_vector result;
    for (int i = 0; i < TILE_LANES; i++) result.values[i] = i < count ? values[i] : 0;
    return result;
}

NN_INLINE void tile_store_part(nn_real *values, int64_t count, tile_vector vector)
{
    for (int i = 0; i < TILE_LANES && i < count; i++) values[i] = vector.values[i];
}

NN_INLINE tile_vector tile_load(const nn_real *values)
{
    return tile_load_part(values, TILE_LANES);
}

NN_INLINE tile_vector tile_spread(const nn_real *value)
{
    tile_vector result;
    for (int i = 0; i < TILE_LANES; i++) result.values[i] = *value;
    return result;
}

NN_INLINE tile_vector tile_zero(void)
{
    static const nn_real zero = 0;
    return tile_spread(&zero);
}
