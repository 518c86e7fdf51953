#include "base/libm.h"

#include <math.h>
#include <stddef.h>

#include "base/hash.h"

/* glibc's versions with and without fused multiply-add differ in 3 to 8 of 10,000 results. */
#define LIBM_ARGUMENTS ((uint64_t)65536)
#define LIBM_CHUNK 1024

/* Number `index` of a sequence that fills [0, 1) evenly, with 53 bits. */
static double libm_share(uint64_t index)
{
    return (double)((index * UINT64_C(0x9e3779b97f4a7c15)) >> 11) * 0x1p-53;
}

static double libm_exp(uint64_t i)
{
    return exp(20 * libm_share(i) - 10);
}

/* Near 1, where implementations differ most often. */
static double libm_log(uint64_t i)
{
    return log(0.9 + 0.2 * libm_share(i));
}

/* Decay factors raised to the power of up to some thousand steps. */
static double libm_pow(uint64_t i)
{
    return pow(0.5 + 0.4999 * libm_share(i), 1 + floor(3000 * libm_share(i * 7 + 3)));
}

static double libm_cos(uint64_t i)
{
    return cos(6.2831853071795865 * libm_share(i));
}

static double libm_sin(uint64_t i)
{
    return sin(6.2831853071795865 * libm_share(i));
}

static const struct {
    const char *name;
    double (*result)(uint64_t index);
} libm_functions[NN_LIBM_FUNCTIONS] = {
    {"exp", libm_exp}, {"log", libm_log}, {"pow", libm_pow}, {"cos", libm_cos}, {"sin", libm_sin}};

const char *nn_libm_name(int index)
{
    return libm_functions[index].name;
}

uint64_t nn_libm_hash(int index)
{
    double results[LIBM_CHUNK];
    uint64_t hash = 0;
    for (uint64_t i = 0; i < LIBM_ARGUMENTS; i += LIBM_CHUNK) {
        for (uint64_t j = 0; j < LIBM_CHUNK; j++) results[j] = libm_functions[index].result(1 + i + j);
        hash = nn_hash(results, sizeof results, hash);
    }
    return hash;
}
