/* 64-bit hashes (XXH64, from libxxhash): checksums of arrays, and fingerprints of weights. */
#ifndef NN_BASE_HASH_H
#define NN_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* The hash of `size` bytes. */
uint64_t nn_hash(const void *bytes, size_t size, uint64_t seed);

#endif
