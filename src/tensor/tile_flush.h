/*
 * Kernels in a floating-point mode of their own: denormal operands and results count as 0, rounding to
 * nearest, no traps. The mode of the caller is restored. To be included after tile_template.h.
 */
#define TILE_FLUSH_MODE 0x9fc0 /* of MXCSR: flush to zero, all exceptions masked, denormals are zero */

static void tile_flushed_product(const nn_tile_product *call)
{
    unsigned mode = _mm_getcsr();
    _mm_setcsr(TILE_FLUSH_MODE);
    tile_product(call);
    _mm_setcsr(mode);
}

static void tile_flushed_gradient(const nn_tile_gradient *call)
{
    unsigned mode = _mm_getcsr();
    _mm_setcsr(TILE_FLUSH_MODE);
    tile_gradient(call);
    _mm_setcsr(mode);
}
