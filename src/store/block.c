#include "store/block.h"

#include "base/least.h"

/* Sets the end of the block from its start. */
static void block_measure(nn_store_block *block, int d)
{
    int64_t step = block->step[d], start = block->start[d];
    int64_t room = step - start % step;
    block->count[d] = nn_smaller(room, block->end[d] - start);
}

/* Blocks consist of entire chunks, as many along the last dimensions as fit; a chunk above the limit is one
 * block. */
static void block_choose_steps(nn_store_block *block, const nn_store_info *info, int64_t limit)
{
    double size = 1;
    for (int d = 0; d < block->dimensions; d++) {
        int64_t unit = info->chunked ? nn_smaller(info->chunk[d], info->extents[d]) : 1;
        block->step[d] = unit > 0 ? unit : 1;
        size *= (double)block->step[d];
    }
    for (int d = block->dimensions - 1; d >= 0; d--) {
        int64_t unit = block->step[d], times = (int64_t)((double)limit / size);
        int64_t needed = (info->extents[d] - 1) / unit + 1;
        if (times > needed) times = needed;
        if (times > 1) block->step[d] = unit * times;
        size = size / (double)unit * (double)block->step[d];
        if (times < needed) break;
    }
}

void nn_store_block_begin(nn_store_block *block, const nn_store_info *info, int axis, int64_t first,
                          int64_t count, int64_t limit)
{
    *block = (nn_store_block){.dimensions = info->dimensions, .largest = 1};
    for (int d = 0; d < block->dimensions; d++) block->end[d] = info->extents[d];
    block_choose_steps(block, info, limit);
    if (block->dimensions > 0) {
        block->first[axis] = first;
        block->end[axis] = first + count;
    }
    for (int d = 0; d < block->dimensions; d++) {
        block->start[d] = block->first[d];
        block_measure(block, d);
        block->largest *= nn_smaller(block->step[d], block->end[d] - block->first[d]);
    }
}

bool nn_store_block_next(nn_store_block *block)
{
    for (int d = block->dimensions - 1; d >= 0; d--) {
        bool more = block->start[d] + block->count[d] < block->end[d];
        block->start[d] = more ? block->start[d] + block->count[d] : block->first[d];
        block_measure(block, d);
        if (more) return true;
    }
    return false;
}
