/*
 * Reading along another dimension than the first: block by block, each permuted on the way to its
 * destination. A block in row-major order is traversed dimension by dimension; `strides` say where its
 * elements go.
 */
#include <inttypes.h>
#include <string.h>

#include "base/least.h"
#include "base/memory.h"
#include "store/block.h"
#include "store/store_internal.h"

/* Memory for a block, and the edge of the tiles in which a matrix is transposed, so that its columns stay in
 * cache. */
#define SLAB_BLOCK_BYTES ((int64_t)4 << 20)
#define SLAB_TILE 32

typedef struct slab {
    const nn_store_block *block;
    int axis;
    size_t element;
    size_t strides[NN_STORE_MAX_DIMENSIONS]; /* bytes in the result, by dimension of the array */
    int run;          /* dimensions from this one are contiguous both in block and result */
    size_t run_bytes; /* bytes of such a run in the block */
} slab;

/* The sample dimension comes first, followed by the others in their order. */
static void slab_set_strides(slab *self, const nn_store_info *info)
{
    size_t stride = self->element;
    for (int d = info->dimensions - 1; d >= 0; d--) {
        if (d == self->axis) continue;
        self->strides[d] = stride;
        stride *= (size_t)info->extents[d];
    }
    self->strides[self->axis] = stride;
}

/* Finds the contiguous dimensions: the last ones that the block covers completely, and the one before
 * them. */
static void slab_find_run(slab *self, const nn_store_info *info)
{
    self->run = info->dimensions;
    self->run_bytes = self->element;
    while (self->run - 1 > self->axis) {
        int d = --self->run;
        self->run_bytes *= (size_t)self->block->count[d];
        if (self->block->count[d] < info->extents[d]) break;
    }
}

static inline void slab_move_tile(const char *from, size_t row_bytes, char *to, size_t row_stride,
                                  size_t column_stride, int64_t rows, int64_t columns, size_t size)
{
    for (int64_t c = 0; c < columns; c++)
        for (int64_t r = 0; r < rows; r++)
            memcpy(to + (size_t)c * column_stride + (size_t)r * row_stride,
                   from + (size_t)r * row_bytes + (size_t)c * size, size);
}

/* The compiler knows the sizes of single elements, so that a copy is one instruction. */
static void slab_turn_tile(const char *from, size_t row_bytes, char *to, size_t row_stride,
                           size_t column_stride, int64_t rows, int64_t columns, size_t size)
{
    if (size == 1)
        slab_move_tile(from, row_bytes, to, row_stride, column_stride, rows, columns, 1);
    else if (size == 2)
        slab_move_tile(from, row_bytes, to, row_stride, column_stride, rows, columns, 2);
    else if (size == 4)
        slab_move_tile(from, row_bytes, to, row_stride, column_stride, rows, columns, 4);
    else if (size == 8)
        slab_move_tile(from, row_bytes, to, row_stride, column_stride, rows, columns, 8);
    else
        slab_move_tile(from, row_bytes, to, row_stride, column_stride, rows, columns, size);
}

/* Transposes the dimension before the axis and the axis itself, a matrix of runs, tile by tile. */
static void slab_turn(const slab *self, const char *from, char *to)
{
    int64_t rows = self->block->count[self->axis - 1], columns = self->block->count[self->axis];
    size_t row_bytes = (size_t)columns * self->run_bytes;
    size_t row_stride = self->strides[self->axis - 1], column_stride = self->strides[self->axis];
    for (int64_t r = 0; r < rows; r += SLAB_TILE)
        for (int64_t c = 0; c < columns; c += SLAB_TILE)
            slab_turn_tile(from + (size_t)r * row_bytes + (size_t)c * self->run_bytes, row_bytes,
                           to + (size_t)r * row_stride + (size_t)c * column_stride, row_stride, column_stride,
                           nn_smaller(SLAB_TILE, rows - r), nn_smaller(SLAB_TILE, columns - c),
                           self->run_bytes);
}

/* Moves the block's contents from dimension `d` on; returns the position after them in the block. */
static const char *slab_scatter(const slab *self, int d, const char *from, char *to)
{
    const nn_store_block *block = self->block;
    if (d == self->axis - 1 && self->run == self->axis + 1) {
        slab_turn(self, from, to);
        return from + (size_t)(block->count[d] * block->count[self->axis]) * self->run_bytes;
    }
    if (d == self->run) {
        memcpy(to, from, self->run_bytes);
        return from + self->run_bytes;
    }
    for (int64_t i = 0; i < block->count[d]; i++)
        from = slab_scatter(self, d + 1, from, to + (size_t)i * self->strides[d]);
    return from;
}

static nn_status slab_check(const nn_store_array *array, int axis, int64_t first, int64_t count,
                            nn_store_type type)
{
    const nn_store_info *info = &array->info;
    NN_TRY(nn_store_array_expect_numeric(array, type));
    if (axis < 0 || axis >= info->dimensions)
        NN_FAIL(NN_ERROR_DATA, "dataset \"%s\" of %s has no dimension %d: it has %d", array->name,
                array->file->path, axis, info->dimensions);
    if (first < 0 || count < 0 || first > info->extents[axis] || count > info->extents[axis] - first)
        NN_FAIL(NN_ERROR_DATA,
                "%" PRId64 " indices from %" PRId64
                " of dimension %d were requested from dataset \"%s\" of %s, which has %" PRId64 " there",
                count, first, axis, array->name, array->file->path, info->extents[axis]);
    return NN_OK;
}

static nn_status slab_read(nn_store_array *array, int axis, int64_t first, int64_t count, nn_store_type type,
                           char *values)
{
    nn_store_block block;
    slab self = {.block = &block, .axis = axis, .element = nn_store_type_size(type)};
    char *piece, reason[NN_STORE_REASON];
    bool read;
    nn_store_block_begin(&block, &array->info, axis, first, count, SLAB_BLOCK_BYTES / (int64_t)self.element);
    NN_TRY(nn_allocate((void **)&piece, (size_t)block.largest, self.element, "a block of an array"));
    slab_set_strides(&self, &array->info);
    do {
        read = nn_store_read_block(array, block.start, block.count, type, piece, reason);
        if (!read) break;
        slab_find_run(&self, &array->info);
        char *to = values;
        for (int d = 0; d < block.dimensions; d++)
            to += (size_t)(block.start[d] - (d == axis ? first : 0)) * self.strides[d];
        slab_scatter(&self, 0, piece, to);
    } while (nn_store_block_next(&block));
    nn_free(piece);
    return read ? NN_OK : nn_store_fail_read(array, axis, first, count, reason);
}

nn_status nn_store_read_slab(nn_store_array *array, int axis, int64_t first, int64_t count,
                             nn_store_type type, void *values)
{
    if (axis == 0) return nn_store_read_rows(array, first, count, type, values);
    NN_TRY(slab_check(array, axis, first, count, type));
    if (count == 0 || nn_store_count(&array->info) == 0) return NN_OK;
    return slab_read(array, axis, first, count, type, values);
}
