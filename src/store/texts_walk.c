#include "store/texts_walk.h"

#include <string.h>

#include "base/memory.h"

/* Texts read at a time. */
#define WALK_AT_ONCE ((int64_t)8192)

/* Texts of some elements. Zero-initialise. */
typedef struct walk_block {
    size_t size;  /* of a text of fixed length */
    bool blanks;  /* those at its end do not count */
    char *fixed;  /* owned */
    char **words; /* of variable length, allocated by HDF5; owned */
    char *word;   /* the last one that was asked for, if fixed; owned */
} walk_block;

static bool walk_read(const nn_store_field *field, int64_t width, const int64_t *start, const int64_t *count,
                      int64_t elements, walk_block *block)
{
    size_t size = width > 0 ? (size_t)width : H5Tget_size(field->type);
    block->size = size;
    block->blanks = width > 0 || H5Tget_strpad(field->type) == H5T_STR_SPACEPAD;
    nn_status status = field->variable ? NN_ALLOCATE(&block->words, elements * field->values, "texts")
                                       : nn_allocate((void **)&block->fixed,
                                                     (size_t)(elements * field->values), size, "texts");
    if (status == NN_OK) status = nn_allocate((void **)&block->word, size + 1, 1, "a text");
    return status == NN_OK &&
           nn_store_field_read(field, start, count, field->type,
                               field->variable ? (void *)block->words : (void *)block->fixed);
}

static void walk_release(int64_t texts, walk_block *block)
{
    for (int64_t i = 0; block->words && i < texts; i++) H5free_memory(block->words[i]);
    nn_free(block->words);
    nn_free(block->fixed);
    nn_free(block->word);
    *block = (walk_block){0};
}

/* Borrowed until the next call. */
static const char *walk_at(const nn_store_field *field, const walk_block *block, int64_t i)
{
    if (field->variable) return block->words[i] ? block->words[i] : "";
    memcpy(block->word, block->fixed + (size_t)i * block->size, block->size);
    block->word[block->size] = '\0';
    size_t length = strlen(block->word);
    while (block->blanks && length > 0 && block->word[length - 1] == ' ') block->word[--length] = '\0';
    return block->word;
}

/* Rows of the dataset that are read at a time, as many as have about WALK_AT_ONCE texts. */
static int64_t walk_rows(const nn_store_field *field, int own, const int64_t *count)
{
    int64_t each = field->values;
    for (int d = 1; d < own; d++) each *= count[d];
    return each > 0 && each < WALK_AT_ONCE ? WALK_AT_ONCE / each : 1;
}

nn_status nn_texts_walk(const nn_store_field *field, int64_t width, const int64_t *start,
                        const int64_t *count, nn_texts_taker take, void *context, bool *read)
{
    int own = H5Sget_simple_extent_ndims(field->space) - (width > 0);
    int64_t from[NN_STORE_MAX_DIMENSIONS], some[NN_STORE_MAX_DIMENSIONS], rows = walk_rows(field, own, count);
    nn_status status = NN_OK;
    *read = true;
    memcpy(from, start, (size_t)own * sizeof *from);
    memcpy(some, count, (size_t)own * sizeof *some);
    if (width > 0) {
        from[own] = 0;
        some[own] = width;
    }
    for (int64_t row = 0; row < count[0] && *read && status == NN_OK; row += rows) {
        walk_block block = {0};
        int64_t elements = 1;
        from[0] = start[0] + row;
        some[0] = count[0] - row < rows ? count[0] - row : rows;
        for (int d = 0; d < own; d++) elements *= some[d];
        *read = walk_read(field, width, from, some, elements, &block);
        for (int64_t i = 0; i < elements * field->values && *read && status == NN_OK; i++)
            status = take(context, walk_at(field, &block, i));
        walk_release(*read ? elements * field->values : 0, &block);
    }
    return status;
}

int64_t nn_texts_width(const nn_store_field *field, const nn_store_info *info)
{
    bool single = field->depth == 0 && field->inner == 0 && !field->variable && H5Tget_size(field->type) == 1;
    if (!single || info->dimensions < 2 || H5Aexists(field->dataset, "DIMENSION_LIST") <= 0) return 0;
    return info->extents[info->dimensions - 1];
}
