#include "base/hash.h"

#include <xxhash.h>

uint64_t nn_hash(const void *bytes, size_t size, uint64_t seed)
{
    return XXH64(bytes, size, seed);
}
