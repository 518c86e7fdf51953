/* Vectors of 512 bits, for tiles in 32 registers (tile_vector.h). */
#include <immintrin.h>

#define TILE_TARGET __attribute__((target("avx512f")))
#define TILE_ROWS 14

#ifdef NN_REAL_DOUBLE
#define TILE_LANES 8
typedef __m512d tile_vector;
#define tile_zero() _mm512_setzero_pd()
#define tile_load(p) _mm512_loadu_pd(p)
#define tile_load_part(p, count) _mm512_maskz_loadu_pd((__mmask8)((1u << (count)) - 1), p)
#define tile_store_part(p, count, v) _mm512_mask_storeu_pd(p, (__mmask8)((1u << (count)) - 1), v)
#define tile_spread(p) _mm512_set1_pd(*(p))
#define tile_multiply_add(a, b, c) _mm512_fmadd_pd(a, b, c)
#define tile_add(a, b) _mm512_add_pd(a, b)
#else
#define TILE_LANES 16
typedef __m512 tile_vector;
#define tile_zero() _mm512_setzero_ps()
#define tile_load(p) _mm512_loadu_ps(p)
#define tile_load_part(p, count) _mm512_maskz_loadu_ps((__mmask16)((1u << (count)) - 1), p)
#define tile_store_part(p, count, v) _mm512_mask_storeu_ps(p, (__mmask16)((1u << (count)) - 1), v)
#define tile_spread(p) _mm512_set1_ps(*(p))
#define tile_multiply_add(a, b, c) _mm512_fmadd_ps(a, b, c)
#define tile_add(a, b) _mm512_add_ps(a, b)
#endif
