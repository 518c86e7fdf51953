/* Writes what a main file says about its shards; and the names of their files. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "store/sharded.h"
#include "store/sharded_names.h"

void nn_sharded_name(int64_t step, int index, int count, char name[NN_SHARD_NAME])
{
    snprintf(name, NN_SHARD_NAME, "step-%010" PRId64 ".shard-%d-of-%d.h5", step, index + 1, count);
}

bool nn_sharded_is_name(const char *name, int64_t *step, int *index, int *count)
{
    char expected[NN_SHARD_NAME];
    if (sscanf(name, "step-%" SCNd64 ".shard-%d-of-%d.h5", step, index, count) != 3) return false;
    nn_sharded_name(*step, --*index, *count, expected);
    return strcmp(name, expected) == 0;
}

void nn_sharded_overlap(const nn_shard_tensor *tensor, int64_t first, int64_t end, int64_t *from, int64_t *to)
{
    int64_t last = tensor->begin + nn_shape_count(tensor->shape);
    *from = tensor->begin > first ? tensor->begin : first;
    *to = last < end ? last : end;
    if (*to < *from) *to = *from;
}

static nn_status sharded_put_files(nn_store_image *image, const nn_sharded_content *content)
{
    int64_t *table, extents[2] = {content->shard_count, NN_SHARDED_COLUMNS};
    NN_TRY(NN_ALLOCATE(&table, extents[0] * extents[1], "the shards of a checkpoint"));
    for (int i = 0; i < content->shard_count; i++) {
        const nn_shard *shard = &content->shards[i];
        int64_t row[NN_SHARDED_COLUMNS] = {shard->begin, shard->end, (int64_t)shard->size,
                                           (int64_t)shard->seal};
        memcpy(table + i * NN_SHARDED_COLUMNS, row, sizeof row);
    }
    nn_status status = nn_store_image_put(image, NN_SHARDED_FILES, NN_STORE_I64, 2, extents, table);
    nn_free(table);
    return status;
}

static nn_status sharded_put_shapes(nn_store_image *image, const nn_sharded_content *content)
{
    int64_t *table, extents[2] = {content->tensor_count, NN_SHARDED_SHAPE};
    NN_TRY(NN_ALLOCATE(&table, extents[0] * extents[1], "the tensors of a checkpoint"));
    for (int64_t i = 0; i < content->tensor_count; i++) {
        const nn_shard_tensor *tensor = &content->tensors[i];
        int64_t *row = table + i * NN_SHARDED_SHAPE;
        row[0] = tensor->begin;
        row[1] = tensor->shape.dimensions;
        for (int d = 0; d < tensor->shape.dimensions; d++) row[2 + d] = tensor->shape.extents[d];
    }
    nn_status status = nn_store_image_put(image, NN_SHARDED_SHAPES, NN_STORE_I64, 2, extents, table);
    nn_free(table);
    return status;
}

static nn_status sharded_put_names(nn_store_image *image, const nn_sharded_content *content)
{
    char **names;
    NN_TRY(NN_ALLOCATE(&names, content->tensor_count, "the tensors of a checkpoint"));
    for (int64_t i = 0; i < content->tensor_count; i++) names[i] = (char *)content->tensors[i].name;
    nn_status status =
        nn_store_image_put_names(image, NN_SHARDED_TENSORS, (size_t)content->tensor_count, names);
    nn_free(names);
    return status;
}

/* The links of a tensor: one, or a group of one per part. */
static nn_status sharded_put_links(nn_store_image *image, const nn_sharded_content *content,
                                   const char *group, const nn_shard_tensor *tensor)
{
    int part = 0;
    nn_status status = NN_OK;
    for (int i = 0; status == NN_OK && i < content->shard_count; i++) {
        const nn_shard *shard = &content->shards[i];
        int64_t from, to;
        char name[NN_SHARD_NAME];
        nn_text link = {0}, file = {0}, target = {0};
        nn_sharded_overlap(tensor, shard->begin, shard->end, &from, &to);
        if (from == to) continue;
        nn_sharded_name(content->step, i, content->shard_count, name);
        nn_text_append(&target, "%s/%s", group, tensor->name);
        nn_text_append(&link, "%s/%s", group, tensor->name);
        if (to - from < nn_shape_count(tensor->shape)) nn_text_append(&link, "/part-%d", ++part);
        nn_text_append(&file, "%s%s", content->folder, name);
        if (link.failed || file.failed || target.failed)
            status = nn_fail(NN_ERROR_MEMORY, "out of memory for the names of a checkpoint");
        else
            status = nn_store_image_put_link(image, link.bytes, file.bytes, target.bytes);
        nn_text_free(&link);
        nn_text_free(&file);
        nn_text_free(&target);
    }
    return status;
}

nn_status nn_sharded_put(nn_store_image *image, const nn_sharded_content *content)
{
    int64_t facts[2] = {content->step, content->values}, extent = 2;
    NN_TRY(nn_store_image_put(image, NN_SHARDED_FACTS, NN_STORE_I64, 1, &extent, facts));
    NN_TRY(nn_store_image_put_text(image, NN_SHARDED_FOLDER, content->folder));
    NN_TRY(nn_store_image_put_names(image, NN_SHARDED_GROUPS, (size_t)content->group_count,
                                    (char *const *)content->groups));
    NN_TRY(sharded_put_names(image, content));
    NN_TRY(sharded_put_files(image, content));
    NN_TRY(sharded_put_shapes(image, content));
    for (int g = 0; g < content->group_count; g++)
        for (int64_t t = 0; t < content->tensor_count; t++)
            NN_TRY(sharded_put_links(image, content, content->groups[g], &content->tensors[t]));
    return NN_OK;
}
