/*
 * What the kernels of tile.h need of a vector type. Before including this, a file tile_SET.c defines
 *
 *     TILE_TARGET                     attributes of each function
 *     TILE_LANES, TILE_ROWS           values per vector; maximum height of a tile (6 or 14)
 *     tile_vector                     the type
 *     tile_zero(), tile_load(p), tile_load_part(p, count), tile_store_part(p, count, v)
 *     tile_spread(p)                  *p in all lanes
 *     tile_multiply_add(a, b, c)      a b + c, rounded once
 *     tile_add(a, b)
 */
#ifndef NN_TENSOR_TILE_VECTOR_H
#define NN_TENSOR_TILE_VECTOR_H

#include <stdbool.h>

#include "tensor/vectorize.h"

#define TILE_INLINE TILE_TARGET NN_INLINE

/* Before each loop over rows or vectors: sums stay in registers only if these loops are unrolled. */
#if defined(__clang__)
#define TILE_UNROLL _Pragma("unroll")
#elif defined(__GNUC__)
#define TILE_UNROLL _Pragma("GCC unroll 16")
#else
#define TILE_UNROLL
#endif

/* Values in the last of the `vectors` vectors of `columns` columns. */
#define TILE_LAST(columns, vectors) ((columns) - ((vectors)-1) * TILE_LANES)

#endif
