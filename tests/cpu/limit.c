/*
 * A CPU with fewer instructions: linked into a program, this hides AVX-512 from the selection of kernels and,
 * unless NN_CPU_AVX2 is defined, AVX, AVX2 and FMA. The selection is libgcc's: __builtin_cpu_supports and the
 * resolvers of target_clones read variables that __cpu_indicator_init fills in, and the linker calls ours in
 * its place (--wrap). The C library and OpenBLAS look at the CPU themselves.
 */
#include <stdlib.h>

/* libgcc's. The numbers of the features, from gcc's i386-cpuinfo.h, are part of every compiled program. */
extern struct cpu_model {
    unsigned vendor, type, subtype, features;
} __cpu_model;
extern unsigned __cpu_features2[];

enum {
    CPU_AVX = 9,
    CPU_AVX2 = 10,
    CPU_FMA4 = 12,
    CPU_XOP = 13,
    CPU_FMA = 14,
    CPU_AVX512F = 15,
    CPU_AVX512VL = 20
};

int __real___cpu_indicator_init(void);
int __wrap___cpu_indicator_init(void);

/* Called by the resolvers, while the program is loaded. libgcc's own call, later, changes nothing. */
int __wrap___cpu_indicator_init(void)
{
    int result = __real___cpu_indicator_init();
    unsigned hidden = 1U << CPU_AVX512F | ~0U << CPU_AVX512VL;
#ifndef NN_CPU_AVX2
    hidden |= 1U << CPU_AVX | 1U << CPU_AVX2 | 1U << CPU_FMA4 | 1U << CPU_XOP | 1U << CPU_FMA;
#endif
    __cpu_model.features &= ~hidden;
    __cpu_features2[0] = 0;
    return result;
}

/* A sanitized build has no resolvers: then this is the first call. */
__attribute__((constructor)) static void limit_check(void)
{
    __wrap___cpu_indicator_init();
    if (__builtin_cpu_supports("avx512f")) abort();
#ifndef NN_CPU_AVX2
    if (__builtin_cpu_supports("avx2") || __builtin_cpu_supports("fma")) abort();
#endif
}
