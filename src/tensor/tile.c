/* Selects the kernel sets that this CPU can run. */
#include "tensor/tile.h"

#include <stddef.h>

const nn_tile_kernels *nn_tile_kernels_at(int index)
{
    const nn_tile_kernels *found[4] = {NULL};
    int count = 0;
#ifdef NN_TILE_X86
    if (__builtin_cpu_supports("avx512f")) found[count++] = &nn_tile_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) found[count++] = &nn_tile_avx2;
#endif
#ifdef NN_TILE_NEON
    found[count++] = &nn_tile_neon;
#endif
    found[count++] = &nn_tile_portable;
    return index < count ? found[index] : NULL;
}
