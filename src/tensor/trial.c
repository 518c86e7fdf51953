#include "tensor/trial.h"

#include <string.h>

#include "base/hash.h"
#include "tensor/kernels.h"

/* Large arrays are periodic: generating numbers takes longer than copying them. */
#define TRIAL_PERIOD ((int64_t)65521)

#define TRIAL_ROWS 61
#define TRIAL_COLUMNS 67 /* not a multiple of a vector: includes the scalar remainder of a loop */
#define TRIAL_VALUES (TRIAL_ROWS * TRIAL_COLUMNS)

void nn_trial_fill(uint64_t first, double low, double high, int64_t count, nn_real *values)
{
    uint64_t at = first * UINT64_C(0xd1342543de82ef95);
    int64_t made = count < TRIAL_PERIOD ? count : TRIAL_PERIOD;
    for (int64_t i = 0; i < made; i++) {
        uint64_t bits = at += UINT64_C(0x9e3779b97f4a7c15);
        bits = (bits ^ (bits >> 31)) * UINT64_C(0xbf58476d1ce4e5b9);
        values[i] = (nn_real)(low + (high - low) * (double)(bits >> 11) * 0x1p-53);
    }
    for (int64_t i = made; i < count; i += made)
        memcpy(values + i, values, (size_t)(count - i < made ? count - i : made) * sizeof *values);
}

uint64_t nn_trial_hash(int64_t count, nn_real *values, uint64_t seed)
{
    for (int64_t i = 0; i < count; i++)
        if (values[i] != values[i]) values[i] = 0;
    return nn_hash(values, (size_t)count * sizeof *values, seed);
}

uint64_t nn_trial_kernels(void)
{
    static void (*const functions[])(int64_t count, const nn_real *x, nn_real *y) = {
        nn_exp, nn_log, nn_tanh, nn_erf, nn_sigmoid, nn_gelu, nn_softplus, nn_elu};
    nn_real x[TRIAL_VALUES], y[TRIAL_VALUES], sums[TRIAL_COLUMNS];
    uint64_t hash = 0;
    for (size_t f = 0; f < sizeof functions / sizeof *functions; f++) {
        nn_trial_fill(f, functions[f] == nn_log ? 0 : -8, 8, TRIAL_VALUES, x);
        functions[f](TRIAL_VALUES, x, y);
        hash = nn_trial_hash(TRIAL_VALUES, y, hash);
    }
    nn_softmax_rows(TRIAL_ROWS, TRIAL_COLUMNS, x, y);
    hash = nn_trial_hash(TRIAL_VALUES, y, hash);
    nn_sum_rows(TRIAL_ROWS, TRIAL_COLUMNS, x, TRIAL_COLUMNS, false, sums);
    hash = nn_trial_hash(TRIAL_COLUMNS, sums, hash);
    double squares = nn_sum_squares(TRIAL_VALUES, x);
    return nn_hash(&squares, sizeof squares, hash);
}
