/* Reads a checkpoint in several files. */
#include "store/sharded.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "host/files.h"
#include "store/seal.h"
#include "store/sharded_names.h"

struct nn_sharded {
    nn_sharded_content content;
    char *main_path; /* for messages, and where the shards are */
    char *folder;
    nn_shard *shards;
    nn_shard_tensor *tensors;
    char **names, **groups;
    size_t name_count, group_count;
    int loaded; /* the shard in memory; -1: none */
    void *bytes;
    nn_store_file *file;
};

/* ---- the lists of the main file ---- */

bool nn_sharded_is(nn_store_file *main_file)
{
    return nn_store_has(main_file, NN_SHARDED_FACTS);
}

static nn_status sharded_invalid(const nn_sharded *sharded)
{
    NN_FAIL(NN_ERROR_CHECKPOINT, "%s: its list of shards is not valid; use another checkpoint",
            sharded->main_path);
}

/* Reads a table of integers with `width` columns, owned by the caller, and its number of rows. */
static nn_status sharded_read_table(nn_store_file *file, const char *dataset, int64_t width, int64_t **table,
                                    int64_t *rows)
{
    nn_store_array *array;
    NN_TRY(nn_store_array_open(file, dataset, &array));
    const nn_store_info *info = nn_store_array_info(array);
    bool fits = info->dimensions == 2 && info->extents[1] == width && info->extents[0] > 0 &&
                info->extents[0] <= NN_STORE_MOST_NAMES;
    *rows = fits ? info->extents[0] : 0;
    nn_store_array_close(array);
    if (!fits)
        NN_FAIL(NN_ERROR_CHECKPOINT, "%s: %s is not valid; use another checkpoint", nn_store_path(file),
                dataset);
    NN_TRY(NN_ALLOCATE(table, *rows * width, "the shards of a checkpoint"));
    return nn_store_read_verified(file, dataset, NN_STORE_I64, (size_t)(*rows * width), *table);
}

static nn_status sharded_take_shards(nn_sharded *sharded, const int64_t *table, int64_t rows)
{
    nn_sharded_content *content = &sharded->content;
    int64_t end = 0;
    NN_TRY(NN_ALLOCATE(&sharded->shards, rows, "the shards of a checkpoint"));
    content->shard_count = (int)rows;
    content->shards = sharded->shards;
    for (int64_t i = 0; i < rows; i++, table += NN_SHARDED_COLUMNS) {
        sharded->shards[i] = (nn_shard){table[0], table[1], (uint64_t)table[2], (uint64_t)table[3]};
        if (table[0] != end || table[1] < end) return sharded_invalid(sharded);
        end = table[1];
    }
    return end == content->values ? NN_OK : sharded_invalid(sharded);
}

static bool sharded_is_tensor(const nn_shard_tensor *tensor, int64_t values)
{
    for (int d = 0; d < tensor->shape.dimensions; d++)
        if (tensor->shape.extents[d] <= 0 || tensor->shape.extents[d] > values) return false;
    int64_t count = nn_shape_count(tensor->shape);
    return tensor->begin >= 0 && count > 0 && count <= values && tensor->begin <= values - count;
}

static nn_status sharded_take_tensors(nn_sharded *sharded, const int64_t *table, int64_t rows)
{
    nn_sharded_content *content = &sharded->content;
    if ((size_t)rows != sharded->name_count) return sharded_invalid(sharded);
    NN_TRY(NN_ALLOCATE(&sharded->tensors, rows, "the tensors of a checkpoint"));
    content->tensor_count = rows;
    content->tensors = sharded->tensors;
    for (int64_t i = 0; i < rows; i++, table += NN_SHARDED_SHAPE) {
        nn_shard_tensor *tensor = &sharded->tensors[i];
        *tensor = (nn_shard_tensor){.name = sharded->names[i], .begin = table[0]};
        if (table[1] < 0 || table[1] > NN_MAX_DIMENSIONS) return sharded_invalid(sharded);
        tensor->shape.dimensions = (int)table[1];
        for (int d = 0; d < tensor->shape.dimensions; d++) tensor->shape.extents[d] = table[2 + d];
        if (!sharded_is_tensor(tensor, content->values)) return sharded_invalid(sharded);
    }
    return NN_OK;
}

static nn_status sharded_read_lists(nn_sharded *sharded, nn_store_file *file)
{
    int64_t *table = NULL, rows = 0, facts[2];
    nn_sharded_content *content = &sharded->content;
    nn_status status;
    NN_TRY(nn_copy_text(nn_store_path(file), &sharded->main_path));
    NN_TRY(nn_store_read_verified(file, NN_SHARDED_FACTS, NN_STORE_I64, 2, facts));
    content->step = facts[0];
    content->values = facts[1];
    NN_TRY(nn_store_read_text(file, NN_SHARDED_FOLDER, &sharded->folder));
    content->folder = sharded->folder;
    NN_TRY(nn_store_read_names(file, NN_SHARDED_GROUPS, &sharded->groups, &sharded->group_count));
    content->groups = (const char *const *)sharded->groups;
    content->group_count = (int)sharded->group_count;
    NN_TRY(nn_store_read_names(file, NN_SHARDED_TENSORS, &sharded->names, &sharded->name_count));
    status = sharded_read_table(file, NN_SHARDED_FILES, NN_SHARDED_COLUMNS, &table, &rows);
    if (status == NN_OK) status = sharded_take_shards(sharded, table, rows);
    nn_free(table);
    table = NULL;
    if (status == NN_OK)
        status = sharded_read_table(file, NN_SHARDED_SHAPES, NN_SHARDED_SHAPE, &table, &rows);
    if (status == NN_OK) status = sharded_take_tensors(sharded, table, rows);
    nn_free(table);
    return status;
}

nn_status nn_sharded_open(nn_store_file *main_file, nn_sharded **sharded)
{
    NN_TRY(NN_ALLOCATE(sharded, 1, "the shards of a checkpoint"));
    (*sharded)->loaded = -1;
    nn_status status = sharded_read_lists(*sharded, main_file);
    if (status == NN_OK) return NN_OK;
    nn_sharded_close(*sharded);
    *sharded = NULL;
    return status == NN_ERROR_MEMORY ? status : NN_ERROR_CHECKPOINT;
}

static void sharded_unload(nn_sharded *sharded)
{
    nn_store_close(sharded->file);
    nn_free(sharded->bytes);
    sharded->file = NULL;
    sharded->bytes = NULL;
    sharded->loaded = -1;
}

void nn_sharded_close(nn_sharded *sharded)
{
    if (!sharded) return;
    sharded_unload(sharded);
    nn_store_free_names(sharded->names, sharded->name_count);
    nn_store_free_names(sharded->groups, sharded->group_count);
    nn_free(sharded->shards);
    nn_free(sharded->tensors);
    nn_free(sharded->folder);
    nn_free(sharded->main_path);
    nn_free(sharded);
}

const nn_sharded_content *nn_sharded_content_of(const nn_sharded *sharded)
{
    return &sharded->content;
}

void nn_sharded_path(const nn_sharded *sharded, int index, nn_text *path)
{
    char name[NN_SHARD_NAME];
    const char *slash = strrchr(sharded->main_path, '/');
    int folder = slash ? (int)(slash - sharded->main_path) + 1 : 0;
    nn_sharded_name(sharded->content.step, index, sharded->content.shard_count, name);
    nn_text_append(path, "%.*s%s%s", folder, sharded->main_path, sharded->folder, name);
}

int64_t nn_sharded_find(const nn_sharded *sharded, const char *tensor)
{
    for (int64_t i = 0; i < sharded->content.tensor_count; i++)
        if (strcmp(sharded->tensors[i].name, tensor) == 0) return i;
    return -1;
}

/* ---- one shard ---- */

/* A missing file is a fact about the checkpoint; one that the system cannot look at is not. */
static nn_status sharded_expect_file(const nn_sharded *sharded, int index, const char *path)
{
    struct stat facts;
    bool there;
    NN_TRY(nn_file_look(path, &facts, &there));
    if (there && S_ISREG(facts.st_mode)) return NN_OK;
    NN_FAIL(NN_ERROR_CHECKPOINT,
            "%s, shard %d of %d of %s, %s; restore it from a copy, or use another checkpoint", path,
            index + 1, sharded->content.shard_count, sharded->main_path,
            there ? "is not a regular file" : "is missing");
}

static nn_status sharded_load_file(nn_sharded *sharded, int index, const char *path)
{
    size_t size;
    const nn_shard *shard = &sharded->shards[index];
    NN_TRY(sharded_expect_file(sharded, index, path));
    NN_TRY(nn_store_read_sealed(path, &sharded->bytes, &size));
    if (size != shard->size || nn_store_seal_of(sharded->bytes, size) != shard->seal)
        NN_FAIL(NN_ERROR_CHECKPOINT, "%s is not the shard %d that %s lists; use another checkpoint", path,
                index + 1, sharded->main_path);
    return nn_store_open_image(sharded->bytes, size, path, &sharded->file);
}

static nn_status sharded_load(nn_sharded *sharded, int index)
{
    nn_text path = {0};
    if (sharded->loaded == index) return NN_OK;
    sharded_unload(sharded);
    nn_sharded_path(sharded, index, &path);
    nn_status status = path.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for a file name")
                                   : sharded_load_file(sharded, index, path.bytes);
    nn_text_free(&path);
    if (status == NN_OK)
        sharded->loaded = index;
    else
        sharded_unload(sharded);
    return status;
}

nn_status nn_sharded_check(nn_sharded *sharded)
{
    for (int i = 0; i < sharded->content.shard_count; i++) NN_TRY(sharded_load(sharded, i));
    sharded_unload(sharded);
    return NN_OK;
}

/* ---- values ---- */

/* Values [from, to) of the part [first, end) of a tensor that a loaded shard has. */
static nn_status sharded_read_part(nn_sharded *sharded, const char *dataset, int64_t first, int64_t end,
                                   int64_t from, int64_t to, nn_store_type type, void *values)
{
    void *part;
    size_t width = nn_store_type_size(type);
    if (first == from && end == to)
        return nn_store_read_verified(sharded->file, dataset, type, (size_t)(end - first), values);
    NN_TRY(nn_allocate(&part, (size_t)(end - first), width, "a tensor of a checkpoint"));
    nn_status status = nn_store_read_verified(sharded->file, dataset, type, (size_t)(end - first), part);
    if (status == NN_OK)
        memcpy(values, (char *)part + (size_t)(from - first) * width, (size_t)(to - from) * width);
    nn_free(part);
    return status;
}

nn_status nn_sharded_read(nn_sharded *sharded, const char *group, int64_t tensor, int64_t from, int64_t to,
                          nn_store_type type, void *values)
{
    const nn_shard_tensor *of = &sharded->tensors[tensor];
    nn_text dataset = {0};
    nn_status status = NN_OK;
    nn_text_append(&dataset, "%s/%s", group, of->name);
    if (dataset.failed) status = nn_fail(NN_ERROR_MEMORY, "out of memory for the name of a tensor");
    for (int i = 0; status == NN_OK && i < sharded->content.shard_count; i++) {
        int64_t first, end;
        nn_sharded_overlap(of, sharded->shards[i].begin, sharded->shards[i].end, &first, &end);
        int64_t begin = first > from ? first : from, until = end < to ? end : to;
        if (begin >= until) continue;
        void *at = (char *)values + (size_t)(begin - from) * nn_store_type_size(type);
        status = sharded_load(sharded, i);
        if (status == NN_OK)
            status = sharded_read_part(sharded, dataset.bytes, first, end, begin, until, type, at);
    }
    nn_text_free(&dataset);
    return status;
}
