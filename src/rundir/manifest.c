/* The manifest of a run directory:
 *
 *     nntrain manifest 1
 *     run 0123456789abcdef
 *     best size 123456 xxh64 0123456789abcdef
 *     best-auc.h5 size 123456 xxh64 0123456789abcdef
 *     step 42 size 123456 xxh64 0123456789abcdef
 *     shard 1 of 2 of step 42 size 123456 seal 0123456789abcdef
 *     manifest xxh64 0123456789abcdef          (of all bytes before this line)
 */
#include "rundir/manifest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/text.h"
#include "host/files.h"
#include "store/sharded.h"

#define MANIFEST_TITLE "nntrain manifest 1\n"
#define MANIFEST_LAST "manifest xxh64 %016" PRIx64 "\n"
#define MANIFEST_LAST_LENGTH ((size_t)32)
#define MANIFEST_LARGEST ((size_t)256 << 20)

void nn_manifest_release(nn_manifest *manifest)
{
    nn_free(manifest->entries);
    nn_free(manifest->shards);
    *manifest = (nn_manifest){0};
}

/* ---- entries ---- */

void nn_manifest_best_path(const char *run_directory, const char *best, char path[NN_PATH_SIZE])
{
    snprintf(path, NN_PATH_SIZE, "%.3900s/%.*s", run_directory, NN_KEPT_NAME, best);
}

void nn_manifest_entry_path(const char *run_directory, const nn_manifest_entry *entry,
                            char path[NN_PATH_SIZE])
{
    if (entry->step == NN_MANIFEST_BEST)
        nn_manifest_best_path(run_directory, entry->best, path);
    else
        nn_kept_path(run_directory, entry->step, path);
}

static bool manifest_is(const nn_manifest_entry *entry, int64_t step, const char *best)
{
    return best ? strcmp(entry->best, best) == 0 : entry->step == step && step >= 0;
}

const nn_manifest_entry *nn_manifest_find(const nn_manifest *manifest, int64_t step, const char *best)
{
    for (size_t i = 0; i < manifest->count; i++)
        if (manifest_is(&manifest->entries[i], step, best)) return &manifest->entries[i];
    return NULL;
}

static nn_status manifest_add(nn_manifest *manifest, nn_manifest_entry entry)
{
    if (manifest->count == manifest->capacity) {
        size_t capacity = manifest->capacity ? 2 * manifest->capacity : 8;
        NN_TRY(nn_reallocate((void **)&manifest->entries, manifest->capacity, capacity, sizeof entry,
                             "the manifest"));
        manifest->capacity = capacity;
    }
    manifest->entries[manifest->count++] = entry;
    return NN_OK;
}

void nn_manifest_remove(nn_manifest *manifest, int64_t step, const char *best)
{
    size_t kept = 0;
    for (size_t i = 0; i < manifest->count; i++)
        if (!manifest_is(&manifest->entries[i], step, best)) manifest->entries[kept++] = manifest->entries[i];
    manifest->count = kept;
}

nn_status nn_manifest_put(nn_manifest *manifest, int64_t step, const char *best, const void *bytes,
                          size_t size)
{
    nn_manifest_entry entry = {best ? NN_MANIFEST_BEST : step, size, nn_hash(bytes, size, 0), ""};
    if (best) snprintf(entry.best, sizeof entry.best, "%s", best);
    for (size_t i = 0; i < manifest->count; i++)
        if (manifest_is(&manifest->entries[i], step, best)) {
            manifest->entries[i] = entry;
            return NN_OK;
        }
    return manifest_add(manifest, entry);
}

bool nn_manifest_fits(const nn_manifest_entry *entry, const void *bytes, size_t size)
{
    return entry->size == size && entry->hash == nn_hash(bytes, size, 0);
}

/* ---- shards ---- */

void nn_manifest_shard_path(const char *run_directory, const nn_manifest_shard *shard,
                            char path[NN_PATH_SIZE])
{
    char name[NN_SHARD_NAME];
    nn_sharded_name(shard->step, shard->index, shard->count, name);
    snprintf(path, NN_PATH_SIZE, "%.3900s/" NN_KEPT_FOLDER "/%s", run_directory, name);
}

static nn_manifest_shard *manifest_shard(const nn_manifest *manifest, int64_t step, int index, int count)
{
    for (size_t i = 0; i < manifest->shard_count; i++) {
        nn_manifest_shard *shard = &manifest->shards[i];
        if (shard->step == step && shard->index == index && shard->count == count) return shard;
    }
    return NULL;
}

const nn_manifest_shard *nn_manifest_find_shard(const nn_manifest *manifest, int64_t step, int index,
                                                int count)
{
    return manifest_shard(manifest, step, index, count);
}

static nn_status manifest_add_shard(nn_manifest *manifest, const nn_manifest_shard *shard)
{
    if (manifest->shard_count == manifest->shard_capacity) {
        size_t capacity = manifest->shard_capacity ? 2 * manifest->shard_capacity : 8;
        NN_TRY(nn_reallocate((void **)&manifest->shards, manifest->shard_capacity, capacity, sizeof *shard,
                             "the manifest"));
        manifest->shard_capacity = capacity;
    }
    manifest->shards[manifest->shard_count++] = *shard;
    return NN_OK;
}

nn_status nn_manifest_put_shard(nn_manifest *manifest, const nn_manifest_shard *shard)
{
    nn_manifest_shard *listed = manifest_shard(manifest, shard->step, shard->index, shard->count);
    if (!listed) return manifest_add_shard(manifest, shard);
    *listed = *shard;
    return NN_OK;
}

void nn_manifest_remove_shards(nn_manifest *manifest, int64_t step)
{
    size_t kept = 0;
    for (size_t i = 0; i < manifest->shard_count; i++)
        if (manifest->shards[i].step != step) manifest->shards[kept++] = manifest->shards[i];
    manifest->shard_count = kept;
}

/* ---- writing ---- */

static void manifest_path(const char *run_directory, nn_text *path)
{
    nn_text_append(path, "%s/" NN_MANIFEST_NAME, run_directory);
}

static void manifest_append(nn_text *text, const nn_manifest_entry *entry)
{
    if (entry->step == NN_MANIFEST_BEST)
        nn_text_append(text, "%s", strcmp(entry->best, NN_KEPT_BEST) == 0 ? "best" : entry->best);
    else
        nn_text_append(text, "step %" PRId64, entry->step);
    nn_text_append(text, " size %" PRIu64 " xxh64 %016" PRIx64 "\n", entry->size, entry->hash);
}

nn_status nn_manifest_write(const char *run_directory, const nn_manifest *manifest)
{
    nn_text text = {0}, path = {0};
    manifest_path(run_directory, &path);
    nn_text_append(&text, MANIFEST_TITLE "run %016" PRIx64 "\n", manifest->run);
    for (size_t i = 0; i < manifest->count; i++) manifest_append(&text, &manifest->entries[i]);
    for (size_t i = 0; i < manifest->shard_count; i++) {
        const nn_manifest_shard *shard = &manifest->shards[i];
        nn_text_append(&text, "shard %d of %d of step %" PRId64 " size %" PRIu64 " seal %016" PRIx64 "\n",
                       shard->index + 1, shard->count, shard->step, shard->size, shard->seal);
    }
    if (!text.failed) nn_text_append(&text, MANIFEST_LAST, nn_hash(text.bytes, text.length, 0));
    nn_status status = text.failed || path.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for a manifest")
                                                  : nn_store_commit(path.bytes, text.bytes, text.length);
    nn_text_free(&text);
    nn_text_free(&path);
    return status;
}

/* ---- reading ---- */

/* Whether the text ends in a last line with the right checksum. */
static bool manifest_is_sealed(const char *text, size_t size)
{
    uint64_t hash;
    int end = 0;
    if (size < MANIFEST_LAST_LENGTH || strlen(text) != size) return false;
    size_t before = size - MANIFEST_LAST_LENGTH;
    return sscanf(text + before, "manifest xxh64 %16" SCNx64 "\n%n", &hash, &end) == 1 &&
           (size_t)end == MANIFEST_LAST_LENGTH && hash == nn_hash(text, before, 0);
}

static bool manifest_take_line(const char *line, nn_manifest_entry *entry)
{
    *entry = (nn_manifest_entry){.step = NN_MANIFEST_BEST, .best = NN_KEPT_BEST};
    if (sscanf(line, "best size %" SCNu64 " xxh64 %" SCNx64, &entry->size, &entry->hash) == 2) return true;
    if (sscanf(line, "%95s size %" SCNu64 " xxh64 %" SCNx64, entry->best, &entry->size, &entry->hash) == 3)
        return nn_kept_is_best(entry->best) && !strchr(entry->best, '/');
    *entry = (nn_manifest_entry){0};
    return sscanf(line, "step %" SCNd64 " size %" SCNu64 " xxh64 %" SCNx64, &entry->step, &entry->size,
                  &entry->hash) == 3 &&
           entry->step >= 0;
}

static bool manifest_take_shard(const char *line, nn_manifest_shard *shard)
{
    bool is = sscanf(line, "shard %d of %d of step %" SCNd64 " size %" SCNu64 " seal %" SCNx64, &shard->index,
                     &shard->count, &shard->step, &shard->size, &shard->seal) == 5;
    shard->index--;
    return is && shard->index >= 0 && shard->index < shard->count && shard->step >= 0;
}

static nn_status manifest_take(const char *path, const char *text, size_t size, nn_manifest *manifest)
{
    size_t title = strlen(MANIFEST_TITLE);
    if (!manifest_is_sealed(text, size))
        NN_FAIL(NN_ERROR_CHECKPOINT, "%s is damaged: its checksum differs", path);
    if (strncmp(text, MANIFEST_TITLE, title) != 0 ||
        sscanf(text + title, "run %" SCNx64, &manifest->run) != 1)
        NN_FAIL(NN_ERROR_CHECKPOINT, "%s is the manifest of another version of nntrain", path);
    const char *end = text + size - MANIFEST_LAST_LENGTH;
    for (const char *line = strchr(text + title, '\n') + 1; line < end; line = strchr(line, '\n') + 1) {
        nn_manifest_entry entry;
        nn_manifest_shard shard;
        if (manifest_take_line(line, &entry))
            NN_TRY(manifest_add(manifest, entry));
        else if (manifest_take_shard(line, &shard))
            NN_TRY(manifest_add_shard(manifest, &shard));
        else
            NN_FAIL(NN_ERROR_CHECKPOINT, "%s is the manifest of another version of nntrain", path);
    }
    return NN_OK;
}

static nn_status manifest_read(const char *path, nn_manifest *manifest, bool *there)
{
    void *text;
    size_t size;
    struct stat facts;
    NN_TRY(nn_file_look(path, &facts, there));
    if (!*there) return NN_OK;
    if (!S_ISREG(facts.st_mode)) NN_FAIL(NN_ERROR_CHECKPOINT, "%s is not a regular file: move it away", path);
    nn_status status = nn_file_load(path, MANIFEST_LARGEST, "a manifest", &text, &size);
    if (status == NN_ERROR_DATA) NN_FAIL(NN_ERROR_CHECKPOINT, "%s is damaged: it is too large", path);
    if (status == NN_OK) status = manifest_take(path, text, size, manifest);
    if (status != NN_OK) nn_manifest_release(manifest);
    nn_free(text);
    return status;
}

nn_status nn_manifest_read(const char *run_directory, nn_manifest *manifest, bool *there)
{
    nn_text path = {0};
    *manifest = (nn_manifest){0};
    *there = false;
    manifest_path(run_directory, &path);
    nn_status status = path.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for a manifest")
                                   : manifest_read(path.bytes, manifest, there);
    nn_text_free(&path);
    return status;
}
