/* Vectors of 256 bits, for tiles in 16 registers (tile_vector.h). */
#include <immintrin.h>

#define TILE_TARGET __attribute__((target("avx2,fma")))
#define TILE_ROWS 6

/* Lanes i < count are active. */
#ifdef NN_REAL_DOUBLE
#define TILE_LANES 4
typedef __m256d tile_vector;
#define tile_mask(count) _mm256_cmpgt_epi64(_mm256_set1_epi64x(count), _mm256_set_epi64x(3, 2, 1, 0))
#define tile_zero() _mm256_setzero_pd()
#define tile_load(p) _mm256_loadu_pd(p)
#define tile_load_part(p, count) _mm256_maskload_pd(p, tile_mask(count))
#define tile_store_part(p, count, v) _mm256_maskstore_pd(p, tile_mask(count), v)
#define tile_spread(p) _mm256_broadcast_sd(p)
#define tile_multiply_add(a, b, c) _mm256_fmadd_pd(a, b, c)
#define tile_add(a, b) _mm256_add_pd(a, b)
#else
#define TILE_LANES 8
typedef __m256 tile_vector;
#define tile_mask(count)                                                                                     \
    _mm256_cmpgt_epi32(_mm256_set1_epi32((int)(count)), _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0))
#define tile_zero() _mm256_setzero_ps()
#define tile_load(p) _mm256_loadu_ps(p)
#define tile_load_part(p, count) _mm256_maskload_ps(p, tile_mask(count))
#define tile_store_part(p, count, v) _mm256_maskstore_ps(p, tile_mask(count), v)
#define tile_spread(p) _mm256_broadcast_ss(p)
#define tile_multiply_add(a, b, c) _mm256_fmadd_ps(a, b, c)
#define tile_add(a, b) _mm256_add_ps(a, b)
#endif
