/* Tiles in 32 registers of 128 bits, on aarch64. */
#include "tensor/tile.h"

#ifdef NN_TILE_NEON

#include <arm_neon.h>

#define TILE_TARGET
#define TILE_ROWS 14

#ifdef NN_REAL_DOUBLE
#define TILE_LANES 2
typedef float64x2_t tile_vector;
#define tile_zero() vdupq_n_f64(0)
#define tile_load(p) vld1q_f64(p)
#define tile_store(p, v) vst1q_f64(p, v)
#define tile_spread(p) vld1q_dup_f64(p)
#define tile_multiply_add(a, b, c) vfmaq_f64(c, a, b)
#define tile_add(a, b) vaddq_f64(a, b)
#else
#define TILE_LANES 4
typedef float32x4_t tile_vector;
#define tile_zero() vdupq_n_f32(0)
#define tile_load(p) vld1q_f32(p)
#define tile_store(p, v) vst1q_f32(p, v)
#define tile_spread(p) vld1q_dup_f32(p)
#define tile_multiply_add(a, b, c) vfmaq_f32(c, a, b)
#define tile_add(a, b) vaddq_f32(a, b)
#endif

#include "tensor/vectorize.h"

NN_INLINE tile_vector tile_load_part(const nn_real *values, int64_t count)
{
    nn_real part[TILE_LANES] = {0};
    if (count >= TILE_LANES) return tile_load(values);
    for (int i = 0; i < TILE_LANES; i++) part[i] = i < count ? values[i] : 0;
    return tile_load(part);
}

NN_INLINE void tile_store_part(nn_real *values, int64_t count, tile_vector vector)
{
    nn_real part[TILE_LANES];
    if (count >= TILE_LANES) {
        tile_store(values, vector);
        return;
    }
    tile_store(part, vector);
    for (int i = 0; i < TILE_LANES && i < count; i++) values[i] = part[i];
}

#define TILE_PAIRED 0
#include "tensor/tile_channels.h"
#include "tensor/tile_row.h"
#include "tensor/tile_template.h"

const nn_tile_kernels nn_tile_neon = {
    .name = "NEON",
    .lanes = TILE_LANES,
    .rows = TILE_ROWS,
    .product = tile_product,
    .gradient = tile_gradient,
    .row = tile_row,
    .channel_product = tile_channel_product,
    .channel_gradient = tile_channel_gradient,
};

#endif
