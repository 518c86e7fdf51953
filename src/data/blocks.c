/* A cache of the blocks read last. */
#include "data/blocks.h"

#include <string.h>

#include "base/least.h"
#include "base/memory.h"

#define BLOCKS_BYTES ((size_t)1 << 20)

typedef struct blocks_slot {
    int64_t block; /* -1: empty */
    int64_t used;
    unsigned char *raw;
} blocks_slot;

struct nn_blocks {
    nn_source *source;
    unsigned arrays;
    int64_t block_rows, capacity, clock;
    blocks_slot *slots;
    blocks_slot *last; /* found last: most rows are consecutive */
};

/* Aligns the arrays of a block, as labels need it. */
static size_t blocks_aligned(size_t size)
{
    return (size + 7) / 8 * 8;
}

static size_t blocks_row_size(const nn_source *source, unsigned arrays)
{
    size_t size = 0;
    for (int a = 0; a < NN_DATA_ARRAYS; a++)
        if (arrays >> a & 1) size += source->arrays[a].row_size;
    return size;
}

int64_t nn_blocks_rows(const nn_source *source)
{
    size_t row = blocks_row_size(source, (1u << source->fields) - 1);
    int64_t rows = row > 0 && row < BLOCKS_BYTES ? (int64_t)(BLOCKS_BYTES / row) : 1;
    int64_t chunk = source->chunk_rows;
    rows = (rows + chunk - 1) / chunk * chunk;
    return rows < source->rows ? rows : source->rows;
}

size_t nn_blocks_size(const nn_source *source, unsigned arrays, int64_t rows)
{
    size_t size = 0;
    for (int a = 0; a < NN_DATA_ARRAYS; a++)
        if (arrays >> a & 1) size += blocks_aligned((size_t)rows * source->arrays[a].row_size);
    return size;
}

nn_status nn_blocks_create(nn_source *source, unsigned arrays, int64_t capacity, nn_blocks **blocks)
{
    return nn_blocks_create_of(source, arrays, nn_blocks_rows(source), capacity, blocks);
}

nn_status nn_blocks_create_of(nn_source *source, unsigned arrays, int64_t rows, int64_t capacity,
                              nn_blocks **blocks)
{
    NN_TRY(NN_ALLOCATE(blocks, 1, "the blocks of a stream"));
    nn_blocks *made = *blocks;
    *made = (nn_blocks){.source = source, .arrays = arrays, .capacity = capacity};
    made->block_rows = rows;
    nn_status status = NN_ALLOCATE(&made->slots, capacity, "the blocks of a stream");
    for (int64_t i = 0; i < capacity && status == NN_OK; i++) made->slots[i].block = -1;
    if (status == NN_OK) return NN_OK;
    nn_free(made);
    *blocks = NULL;
    return status;
}

void nn_blocks_destroy(nn_blocks *blocks)
{
    if (!blocks) return;
    for (int64_t i = 0; i < blocks->capacity; i++) nn_free(blocks->slots[i].raw);
    nn_free(blocks->slots);
    nn_free(blocks);
}

static nn_status blocks_read(nn_blocks *blocks, int64_t block, blocks_slot *slot)
{
    nn_source *source = blocks->source;
    int64_t first = block * blocks->block_rows;
    int64_t rows = nn_smaller(blocks->block_rows, source->rows - first);
    slot->block = -1;
    if (!slot->raw)
        NN_TRY(nn_allocate((void **)&slot->raw, nn_blocks_size(source, blocks->arrays, blocks->block_rows), 1,
                           "a block of a stream"));
    unsigned char *raw = slot->raw;
    for (int a = 0; a < NN_DATA_ARRAYS; a++) {
        if (!(blocks->arrays >> a & 1)) continue;
        NN_TRY(nn_source_read(source, a, first, rows, raw));
        raw += blocks_aligned((size_t)blocks->block_rows * source->arrays[a].row_size);
    }
    slot->block = block;
    return NN_OK;
}

static nn_status blocks_find(nn_blocks *blocks, int64_t block, blocks_slot **found)
{
    blocks_slot *oldest = &blocks->slots[0];
    *found = blocks->last;
    if (!*found || (*found)->block != block) {
        *found = NULL;
        for (int64_t i = 0; i < blocks->capacity; i++) {
            blocks_slot *slot = &blocks->slots[i];
            if (slot->block == block) *found = slot;
            if (slot->used < oldest->used) oldest = slot;
        }
    }
    if (!*found) {
        NN_TRY(blocks_read(blocks, block, oldest));
        *found = oldest;
    }
    (*found)->used = ++blocks->clock;
    blocks->last = *found;
    return NN_OK;
}

nn_status nn_blocks_copy(nn_blocks *blocks, int array, int64_t first, int64_t rows, unsigned char *raw)
{
    const nn_array *self = &blocks->source->arrays[array];
    if (self->raw) {
        memcpy(raw, self->raw + (size_t)first * self->row_size, (size_t)rows * self->row_size);
        return NN_OK;
    }
    if (blocks->capacity == 0) return nn_source_read(blocks->source, array, first, rows, raw);
    size_t before = 0;
    for (int a = 0; a < array; a++)
        if (blocks->arrays >> a & 1)
            before += blocks_aligned((size_t)blocks->block_rows * blocks->source->arrays[a].row_size);
    while (rows > 0) {
        blocks_slot *slot;
        int64_t block = first / blocks->block_rows, in_block = first - block * blocks->block_rows;
        int64_t count = nn_smaller(rows, blocks->block_rows - in_block);
        NN_TRY(blocks_find(blocks, block, &slot));
        const unsigned char *from = slot->raw + before + (size_t)in_block * self->row_size;
        memcpy(raw, from, (size_t)count * self->row_size);
        first += count;
        rows -= count;
        raw += (size_t)count * self->row_size;
    }
    return NN_OK;
}
