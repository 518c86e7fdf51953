#include "comm/rounds.h"

#include <stdbool.h>

int nn_rounds_plan(int size, size_t bytes, nn_round rounds[NN_ROUNDS_MAX])
{
    bool scatters = size >= NN_ROUND_RADIX && bytes >= NN_ROUND_SCATTER_BYTES;
    size_t each = scatters ? bytes / NN_ROUND_RADIX : bytes;
    int count = 0;
    for (int step = 1, radix; step < size; step *= radix) {
        radix = size / step < NN_ROUND_RADIX ? size / step : NN_ROUND_RADIX;
        nn_round_kind kind = scatters && step == 1 ? NN_ROUND_SCATTER : NN_ROUND_SWAP;
        rounds[count++] = (nn_round){kind, step, radix, each};
    }
    if (scatters) rounds[count++] = (nn_round){NN_ROUND_GATHER, 1, NN_ROUND_RADIX, each};
    return count;
}
