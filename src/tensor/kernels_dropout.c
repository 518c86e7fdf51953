/* Dropout factors: the rounds of nn_philox on a group of counters at a time. */
#include "tensor/kernels_dropout.h"

#include <string.h>

#include "tensor/vectorize.h"

#define GROUP 32 /* counters */
#define GROUP_NUMBERS (4 * GROUP)

typedef struct dropout_counters {
    uint32_t words[4][GROUP];
} dropout_counters;

typedef struct dropout_choice {
    uint32_t threshold; /* random numbers below it are dropped */
    nn_real kept;
} dropout_choice;

NN_INLINE void dropout_round(dropout_counters *at, uint32_t key0, uint32_t key1)
{
    for (int i = 0; i < GROUP; i++) {
        uint64_t product0 = NN_PHILOX_MULTIPLIER_0 * at->words[0][i];
        uint64_t product1 = NN_PHILOX_MULTIPLIER_1 * at->words[2][i];
        at->words[0][i] = (uint32_t)(product1 >> 32) ^ at->words[1][i] ^ key0;
        at->words[1][i] = (uint32_t)product1;
        at->words[2][i] = (uint32_t)(product0 >> 32) ^ at->words[3][i] ^ key1;
        at->words[3][i] = (uint32_t)product0;
    }
}

/* The numbers at index .. index + GROUP - 1. */
NN_INLINE void dropout_group(nn_random stream, uint64_t index, dropout_choice choice, nn_real *factors)
{
    dropout_counters at;
    for (int i = 0; i < GROUP; i++) {
        at.words[0][i] = (uint32_t)(index + (uint64_t)i);
        at.words[1][i] = (uint32_t)((index + (uint64_t)i) >> 32);
        at.words[2][i] = stream.step;
        at.words[3][i] = stream.purpose;
    }
    uint32_t key0 = (uint32_t)stream.seed, key1 = (uint32_t)(stream.seed >> 32);
    for (int round = 0; round < NN_PHILOX_ROUNDS; round++) {
        dropout_round(&at, key0, key1);
        key0 += NN_PHILOX_WEYL_0;
        key1 += NN_PHILOX_WEYL_1;
    }
    for (int i = 0; i < GROUP; i++) {
        for (int word = 0; word < 4; word++)
            factors[4 * i + word] = at.words[word][i] < choice.threshold ? 0 : choice.kept;
    }
}

NN_VECTORIZED
void nn_dropout_factors(nn_random stream, double rate, uint64_t begin, int64_t count, nn_real *factors)
{
    dropout_choice choice = {(uint32_t)(rate * 0x1p32), (nn_real)(1.0 / (1.0 - rate))};
    nn_real group[GROUP_NUMBERS];
    for (int64_t i = 0; i < count;) {
        uint64_t index = (begin + (uint64_t)i) / 4;
        int64_t skipped = (int64_t)((begin + (uint64_t)i) % 4), left = count - i;
        if (skipped == 0 && left >= GROUP_NUMBERS) {
            dropout_group(stream, index, choice, factors + i);
            i += GROUP_NUMBERS;
            continue;
        }
        int64_t taken = left < GROUP_NUMBERS - skipped ? left : GROUP_NUMBERS - skipped;
        dropout_group(stream, index, choice, group);
        memcpy(factors + i, group + skipped, (size_t)taken * sizeof *factors);
        i += taken;
    }
}
