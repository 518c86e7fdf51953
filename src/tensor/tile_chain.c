#include "tensor/tile_chain.h"

#include "base/least.h"
#include "tensor/tile_pack.h"

bool nn_tile_chains_next(nn_tile_chains *chains, nn_tile_run *cut, int *count)
{
    int64_t taken = 0;
    chains->add = chains->started;
    chains->started = true;
    chains->row = chains->next;
    for (*count = 0; chains->run < chains->run_count && taken < NN_TILE_CHAIN;) {
        nn_tile_run rest = chains->runs[chains->run];
        rest.offset += chains->done;
        int64_t left = rest.length - chains->done;
        rest.length = nn_smaller(left, NN_TILE_CHAIN - taken);
        if (rest.length > 0) cut[(*count)++] = rest;
        taken += (rest.length + 1) / 2 * 2;
        chains->next += nn_tile_pack_height(chains->operands, rest.length);
        chains->done += rest.length;
        if (rest.length == left) {
            chains->done = 0;
            chains->run++;
        }
    }
    return *count > 0 || !chains->add;
}
