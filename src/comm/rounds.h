/*
 * How 2^k ranks merge vectors level by level of the canonical tree, so that each of them has the result: in
 * rounds, each of which has the latency of one message.
 *
 * A round is among `radix` ranks that differ in one digit of their numbers. They swap what they have, and
 * each merges all of it: four ranks take two levels in one round, but send three vectors each instead of two.
 * So longer vectors are scattered first: in the first round each rank receives, and merges, a quarter of the
 * channels; later rounds swap quarters; the last one gathers them. That is one round more (cf. Rabenseifner
 * 2004, which scatters at each level: fewer bytes still, but twice the rounds).
 */
#ifndef NN_COMM_ROUNDS_H
#define NN_COMM_ROUNDS_H

#include <stddef.h>

#define NN_ROUND_RADIX 4
#define NN_ROUNDS_MAX 32
/* Vectors of at least this many bytes are scattered. In steps of ResNet-50 simulated on 4 to 256 nodes
 * (scripts/scale.sh), that is the best limit, or takes 0.1 % longer at most than the best; without scattering
 * a step on 256 nodes takes 0.4 % longer with 200 Gb/s, and 2.8 % with 10 Gb/s. */
#define NN_ROUND_SCATTER_BYTES 1024

typedef enum nn_round_kind { NN_ROUND_SWAP, NN_ROUND_SCATTER, NN_ROUND_GATHER } nn_round_kind;

typedef struct nn_round {
    nn_round_kind kind;
    int step, radix; /* the partners of rank r are r ^ i step, i = 1 .. radix - 1 */
    size_t bytes;    /* that a rank sends to each of them; a quarter is rounded */
} nn_round;

/* The rounds in which `size` = 2^k ranks merge vectors of `bytes` bytes. Returns their number. */
int nn_rounds_plan(int size, size_t bytes, nn_round rounds[NN_ROUNDS_MAX]);

#endif
