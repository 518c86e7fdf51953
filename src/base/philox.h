/*
 * Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy
 * as 1, 2, 3; SC 2011). A number is a function of (seed, purpose, a, b) and of nothing else: no state, so no
 * dependence on ranks, threads or history.
 */
#ifndef NN_BASE_PHILOX_H
#define NN_BASE_PHILOX_H

#include <stdint.h>

/* Known purposes. Layers use NN_RANDOM_LAYER + index of the layer. */
enum nn_random_purpose {
    NN_RANDOM_ORDER = 1,
    NN_RANDOM_SPLIT = 2,
    NN_RANDOM_BLOCKS = 3,         /* the order of the file's blocks */
    NN_RANDOM_GENERATE = 4,       /* symbols of a text */
    NN_RANDOM_WITNESS = 5,        /* which microbatch is recomputed */
    NN_RANDOM_EXPLAIN = 6,        /* + step: which samples a column's values come from */
    NN_RANDOM_SEARCH = 7,         /* + step: the number of a setting; its value in a run */
    NN_RANDOM_STRATA = 8,         /* likewise: which of equal strata a run is in */
    NN_RANDOM_RESAMPLE = 9,       /* + replicate: the samples of a bootstrap */
    NN_RANDOM_GRADIENTS = 10,     /* + step: numbers of a layer for the check of its gradients */
    NN_RANDOM_EVALUATION = 0xE7,  /* which samples evaluation.h5 has */
    NN_RANDOM_INITIAL = 0x10000,  /* + index of the parameter */
    NN_RANDOM_LAYER = 0x20000,    /* + index of the layer */
    NN_RANDOM_TRANSFORM = 0x30000 /* + 16 x number of the input + index in its list */
};

/* The block function: maps counter and key to four words. Its constants are public for kernels that compute
 * many words at once. */
#define NN_PHILOX_ROUNDS 10
#define NN_PHILOX_MULTIPLIER_0 UINT64_C(0xD2511F53)
#define NN_PHILOX_MULTIPLIER_1 UINT64_C(0xCD9E8D57)
#define NN_PHILOX_WEYL_0 UINT32_C(0x9E3779B9)
#define NN_PHILOX_WEYL_1 UINT32_C(0xBB67AE85)
void nn_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t words[4]);

/* A stream of numbers: word i of the stream (seed, purpose, step) is a pure function. */
typedef struct nn_random {
    uint64_t seed;
    uint32_t purpose;
    uint32_t step; /* step, epoch or 0 */
} nn_random;

/* The four words at `index`. */
void nn_random_words(nn_random stream, uint64_t index, uint32_t words[4]);

/* Uniform in [0, 1) with 24 bits (float-exact), uniform in (0, 1) with 53 bits, and standard normal. */
float nn_random_uniform24(nn_random stream, uint64_t index);
double nn_random_uniform(nn_random stream, uint64_t index);
double nn_random_normal(nn_random stream, uint64_t index);

/* Many standard normal numbers, each at half the cost: number i is computed from word i % 4 at index + i / 4,
 * so its magnitude stays below 6.4. */
void nn_random_normals(nn_random stream, uint64_t index, int64_t count, double *normals);

/* A bijection of [0, count) selected by the stream: a Feistel network of Philox rounds with cycle walking, so
 * that a shuffled order of 10^10 samples needs no table. `position` is in [0, count). */
uint64_t nn_random_permute(nn_random stream, uint64_t count, uint64_t position);

#endif
