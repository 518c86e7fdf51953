#include "comm/cuts.h"

#include <string.h>

#include "base/memory.h"

nn_status nn_cuts_create(const nn_reduction_layout *layout, int positions, nn_cuts *cuts)
{
    size_t buckets = (size_t)layout->bucket_count + 1, blocks = (size_t)layout->block_count + 1;

    *cuts = (nn_cuts){.positions = positions, .bucket_count = layout->bucket_count};
    NN_TRY(NN_ALLOCATE(&cuts->bucket_begin, layout->bucket_count + 1, "the slices of the buckets"));
    NN_TRY(NN_ALLOCATE(&cuts->block_begin, layout->block_count + 1, "the slices of the buckets"));
    memcpy(cuts->bucket_begin, layout->bucket_begin, buckets * sizeof *cuts->bucket_begin);
    memcpy(cuts->block_begin, layout->block_begin, blocks * sizeof *cuts->block_begin);
    return NN_OK;
}

void nn_cuts_release(nn_cuts *cuts)
{
    nn_free(cuts->bucket_begin);
    nn_free(cuts->block_begin);
    *cuts = (nn_cuts){0};
}

/* The first block of slice i of a bucket: the block boundary nearest to an even division of its values. */
static int64_t cuts_block(const nn_cuts *cuts, int64_t bucket, int64_t i)
{
    const int64_t *block_begin = cuts->block_begin;
    int64_t low = cuts->bucket_begin[bucket], high = cuts->bucket_begin[bucket + 1], target;

    if (i == cuts->positions) return high;
    target = block_begin[low];
    /* Without overflow for any number of values. */
    target += (block_begin[high] - block_begin[low]) / cuts->positions * i +
              (block_begin[high] - block_begin[low]) % cuts->positions * i / cuts->positions;
    while (low < high) { /* the last boundary that is not above the target, in [low, high] */
        int64_t middle = low + (high - low + 1) / 2;
        if (block_begin[middle] <= target)
            low = middle;
        else
            high = middle - 1;
    }
    if (low < cuts->bucket_begin[bucket + 1] && target - block_begin[low] > block_begin[low + 1] - target)
        low++;
    return low;
}

static nn_stretch cuts_piece(const nn_cuts *cuts, int64_t bucket, int first, int last)
{
    int64_t begin = cuts_block(cuts, bucket, first), end = cuts_block(cuts, bucket, last);

    return (nn_stretch){begin, end, cuts->block_begin[begin], cuts->block_begin[end]};
}

/* Slices are rotated from bucket to bucket, so that the remainders do not always go to the same rank. */
static int cuts_index(const nn_cuts *cuts, int64_t bucket, int position)
{
    int shift = (int)(bucket % cuts->positions);

    return (position - shift + cuts->positions) % cuts->positions;
}

nn_reduction_slice nn_cuts_slice(const nn_cuts *cuts, int64_t bucket, int position)
{
    int index = cuts_index(cuts, bucket, position);
    nn_stretch piece = cuts_piece(cuts, bucket, index, index + 1);

    return (nn_reduction_slice){.block_begin = piece.block_begin,
                                .block_end = piece.block_end,
                                .begin = piece.begin,
                                .end = piece.end};
}

int64_t nn_cuts_slices(const nn_cuts *cuts, int position, nn_reduction_slice *slices)
{
    int64_t count = 0;

    for (int64_t bucket = 0; bucket < cuts->bucket_count; bucket++) {
        nn_reduction_slice slice = nn_cuts_slice(cuts, bucket, position);
        if (slice.begin < slice.end) slices[count++] = slice;
    }
    return count;
}

int nn_cuts_pieces(const nn_cuts *cuts, int64_t bucket, nn_cell cell, nn_stretch pieces[2])
{
    int first = cuts_index(cuts, bucket, cell.first), last = first + cell.count, count = 0;
    int wrapped = last > cuts->positions ? last - cuts->positions : 0;

    pieces[count] = cuts_piece(cuts, bucket, first, last - wrapped);
    count += pieces[count].begin < pieces[count].end;
    if (wrapped == 0) return count;
    pieces[count] = cuts_piece(cuts, bucket, 0, wrapped);
    return count + (pieces[count].begin < pieces[count].end);
}

int64_t nn_cuts_count(const nn_cuts *cuts, int64_t bucket, nn_cell cell)
{
    nn_stretch pieces[2];
    int64_t values = 0;

    for (int i = nn_cuts_pieces(cuts, bucket, cell, pieces); i-- > 0;)
        values += pieces[i].end - pieces[i].begin;
    return values;
}
