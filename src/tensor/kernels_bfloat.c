#include "tensor/kernels_bfloat.h"

#include "tensor/bfloat.h"
#include "tensor/vectorize.h"

NN_VECTORIZED
void nn_bfloat_round_all(int64_t count, float *values)
{
    for (int64_t i = 0; i < count; i++) values[i] = nn_bfloat_round(values[i]);
}

NN_VECTORIZED
void nn_bfloat_narrow(int64_t count, const float *values, uint16_t *halves)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        halves[i] = (uint16_t)(bits >> 16);
    }
}

NN_VECTORIZED
void nn_bfloat_widen(int64_t count, const uint16_t *halves, float *values)
{
    NN_INDEPENDENT
    for (int64_t i = 0; i < count; i++) {
        uint32_t bits = (uint32_t)halves[i] << 16;
        memcpy(&values[i], &bits, sizeof bits);
    }
}
