/* Selects the kernel sets of mixed precision. vdpbf16ps is twice as fast as two fused multiply-adds on some
 * CPUs, and slower on others: a trial decides. The bits are the same. */
#include <pthread.h>

#include "host/clock.h"
#include "tensor/tile.h"

#ifdef NN_REAL_FLOAT

/* The product of the trial: it stays in the first-level cache. */
enum { TRIAL_TERMS = 128, TRIAL_TILES = 4, TRIAL_ROUNDS = 12 };

static const nn_tile_kernels *mixed_sets[5];
static pthread_once_t mixed_once = PTHREAD_ONCE_INIT;

#ifdef NN_TILE_BF16
static double mixed_seconds(const nn_tile_kernels *kernels)
{
    static float a[TRIAL_TILES * 14 * TRIAL_TERMS], panel[(TRIAL_TERMS + 1) * 16 * NN_TILE_VECTORS],
        c[TRIAL_TILES * 14 * 16 * NN_TILE_VECTORS];
    const nn_tile_run run = {0, TRIAL_TERMS};
    nn_tile_product product = {.rows = TRIAL_TILES * kernels->rows,
                               .lda = TRIAL_TERMS,
                               .ldc = kernels->lanes * NN_TILE_VECTORS,
                               .columns = kernels->lanes * NN_TILE_VECTORS,
                               .run_count = 1,
                               .runs = &run,
                               .a = a,
                               .panel = panel,
                               .c = c};
    double start = nn_seconds();
    kernels->product(&product);
    return nn_seconds() - start;
}

/* Compares the shortest of several runs, taken in turn. */
static bool mixed_has_fast_pairs(void)
{
    double pairs = 1e9, rounded = 1e9;
    for (int round = 0; round < TRIAL_ROUNDS; round++) {
        double seconds = mixed_seconds(&nn_tile_mixed_bf16);
        if (seconds < pairs) pairs = seconds;
        seconds = mixed_seconds(&nn_tile_mixed_avx512);
        if (seconds < rounded) rounded = seconds;
    }
    return pairs < rounded;
}
#endif

static void mixed_select(void)
{
    int count = 0;
#ifdef NN_TILE_X86
    bool avx512 = __builtin_cpu_supports("avx512f");
#ifdef NN_TILE_BF16
    bool bf16 = avx512 && __builtin_cpu_supports("avx512bf16"), fast = bf16 && mixed_has_fast_pairs();
    if (fast) mixed_sets[count++] = &nn_tile_mixed_bf16;
#endif
    if (avx512) mixed_sets[count++] = &nn_tile_mixed_avx512;
#ifdef NN_TILE_BF16
    if (bf16 && !fast) mixed_sets[count++] = &nn_tile_mixed_bf16;
#endif
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        mixed_sets[count++] = &nn_tile_mixed_avx2;
#endif
    mixed_sets[count++] = &nn_tile_mixed_portable;
}

const nn_tile_kernels *nn_tile_mixed_at(int index)
{
    pthread_once(&mixed_once, mixed_select);
    return index < (int)(sizeof mixed_sets / sizeof *mixed_sets) ? mixed_sets[index] : NULL;
}

#else

const nn_tile_kernels *nn_tile_mixed_at(int index)
{
    (void)index;
    return NULL;
}

#endif

static const nn_tile_kernels *mixed_preferred;

void nn_tile_mixed_prefer(const nn_tile_kernels *kernels)
{
    mixed_preferred = kernels;
}

const nn_tile_kernels *nn_tile_kernels_of(nn_engine engine)
{
    if (engine != NN_ENGINE_MIXED) return nn_tile_kernels_at(0);
    return mixed_preferred ? mixed_preferred : nn_tile_mixed_at(0);
}
