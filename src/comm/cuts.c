#include "comm/cuts.h"

#include "base/memory.h"

/* Divides blocks [begin, end) at the block boundaries nearest to an even division of their values. */
static void cuts_cut_bucket(const int64_t *block_begin, int64_t begin, int64_t end, int ranks,
                            int64_t *blocks)
{
    int64_t values = block_begin[end] - block_begin[begin], block = begin;

    blocks[0] = begin;
    for (int i = 1; i < ranks; i++) {
        int64_t target = block_begin[begin] + values * i / ranks;
        while (block < end && block_begin[block + 1] <= target) block++;
        blocks[i] = block;
        if (block < end && target - block_begin[block] > block_begin[block + 1] - target) blocks[i]++;
    }
    blocks[ranks] = end;
}

nn_status nn_cuts_create(const nn_reduction_layout *layout, int ranks, nn_cuts *cuts)
{
    int64_t row = (int64_t)ranks + 1;

    cuts->ranks = ranks;
    cuts->bucket_count = layout->bucket_count;
    NN_TRY(NN_ALLOCATE(&cuts->blocks, layout->bucket_count * row, "the slices of the buckets"));
    NN_TRY(NN_ALLOCATE(&cuts->values, layout->bucket_count * row, "the slices of the buckets"));
    for (int64_t bucket = 0; bucket < layout->bucket_count; bucket++) {
        cuts_cut_bucket(layout->block_begin, layout->bucket_begin[bucket], layout->bucket_begin[bucket + 1],
                        ranks, cuts->blocks + bucket * row);
    }
    for (int64_t i = 0; i < layout->bucket_count * row; i++)
        cuts->values[i] = layout->block_begin[cuts->blocks[i]];
    return NN_OK;
}

void nn_cuts_release(nn_cuts *cuts)
{
    nn_free(cuts->blocks);
    nn_free(cuts->values);
    cuts->blocks = cuts->values = NULL;
}

/* Ownership is rotated from bucket to bucket, so that the remainders do not always go to the same rank. */
nn_reduction_slice nn_cuts_slice(const nn_cuts *cuts, int64_t bucket, int rank)
{
    int64_t shift = bucket % cuts->ranks;
    int64_t place = (rank - shift + cuts->ranks) % cuts->ranks + bucket * ((int64_t)cuts->ranks + 1);

    return (nn_reduction_slice){.block_begin = cuts->blocks[place],
                                .block_end = cuts->blocks[place + 1],
                                .begin = cuts->values[place],
                                .end = cuts->values[place + 1]};
}

int64_t nn_cuts_slices(const nn_cuts *cuts, int rank, nn_reduction_slice *slices)
{
    int64_t count = 0;

    for (int64_t bucket = 0; bucket < cuts->bucket_count; bucket++) {
        nn_reduction_slice slice = nn_cuts_slice(cuts, bucket, rank);
        if (slice.begin < slice.end) slices[count++] = slice;
    }
    return count;
}
