#include "base/philox.h"

#define PERMUTE_ROUNDS 8

/* The minimum width of a half: with halves of 2 bits, some orders stay 10 % too frequent after any number of
 * rounds; with 4 bits, no deviation can be measured after 8 rounds. */
#define PERMUTE_LEAST_BITS 4
#define PERMUTE_FEW 64

/* Separates the counters of a permutation's rounds from those of the numbers in the same stream. */
#define PERMUTE_MARK (UINT64_C(1) << 63)

void nn_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t words[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < NN_PHILOX_ROUNDS; round++) {
        uint64_t product0 = NN_PHILOX_MULTIPLIER_0 * c0;
        uint64_t product1 = NN_PHILOX_MULTIPLIER_1 * c2;
        c0 = (uint32_t)(product1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)product1;
        c2 = (uint32_t)(product0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)product0;
        k0 += NN_PHILOX_WEYL_0;
        k1 += NN_PHILOX_WEYL_1;
    }
    words[0] = c0;
    words[1] = c1;
    words[2] = c2;
    words[3] = c3;
}

void nn_random_words(nn_random stream, uint64_t index, uint32_t words[4])
{
    const uint32_t counter[4] = {(uint32_t)index, (uint32_t)(index >> 32), stream.step, stream.purpose};
    const uint32_t key[2] = {(uint32_t)stream.seed, (uint32_t)(stream.seed >> 32)};
    nn_philox(counter, key, words);
}

float nn_random_uniform24(nn_random stream, uint64_t index)
{
    uint32_t words[4];
    nn_random_words(stream, index, words);
    return (float)(words[0] >> 8) * 0x1p-24f;
}

/* An odd number of 53 bits divided by 2^53: exact, and neither 0 nor 1. */
double nn_random_uniform(nn_random stream, uint64_t index)
{
    uint32_t words[4];
    nn_random_words(stream, index, words);
    uint64_t bits = (uint64_t)words[1] << 32 | words[0];
    return (double)(bits >> 11 | 1) * 0x1p-53;
}

/* One round of the Feistel network: maps `half` of the bits to as many others. */
static uint64_t permute_round(nn_random stream, int round, uint64_t half, uint64_t mask)
{
    uint32_t words[4];
    nn_random_words(stream, PERMUTE_MARK | (uint64_t)round << 32 | half, words);
    return words[0] & mask;
}

/* A bijection of [0, 4^half_bits). */
static uint64_t permute_domain(nn_random stream, int half_bits, uint64_t value)
{
    uint64_t mask = (UINT64_C(1) << half_bits) - 1;
    uint64_t left = value >> half_bits;
    uint64_t right = value & mask;
    for (int round = 0; round < PERMUTE_ROUNDS; round++) {
        uint64_t mixed = left ^ permute_round(stream, round, right, mask);
        left = right;
        right = mixed;
    }
    return left << half_bits | right;
}

static int permute_half_bits(uint64_t count)
{
    int half_bits = PERMUTE_LEAST_BITS;
    while (half_bits < 32 && (count - 1) >> (2 * half_bits)) half_bits++;
    return half_bits;
}

/* For small counts: each position gets a random number, and goes to its rank among them; cheaper than cycle
 * walking through a domain many times as large. */
static uint64_t permute_few(nn_random stream, uint64_t count, uint64_t position)
{
    uint64_t keys[PERMUTE_FEW], rank = 0;
    for (uint64_t i = 0; i < count; i += 2) {
        uint32_t words[4];
        nn_random_words(stream, PERMUTE_MARK | i, words);
        keys[i] = (uint64_t)words[1] << 32 | words[0];
        if (i + 1 < count) keys[i + 1] = (uint64_t)words[3] << 32 | words[2];
    }
    for (uint64_t i = 0; i < count; i++)
        rank += keys[i] < keys[position] || (keys[i] == keys[position] && i < position);
    return rank;
}

uint64_t nn_random_permute(nn_random stream, uint64_t count, uint64_t position)
{
    if (count <= 1) return 0;
    if (count <= PERMUTE_FEW) return permute_few(stream, count, position);
    int half_bits = permute_half_bits(count);
    /* The cycle through `position` returns to it, and so meets [0, count) again: on average after fewer than
     * four steps if count > 64, because the domain is then less than four times as large. */
    uint64_t value = position;
    do {
        value = permute_domain(stream, half_bits, value);
    } while (value >= count);
    return value;
}
