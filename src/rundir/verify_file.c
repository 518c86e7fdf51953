#include "rundir/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "base/memory.h"
#include "config/identity.h"
#include "host/files.h"
#include "model/checkpoint_names.h"
#include "rundir/expected.h"
#include "store/kept.h"
#include "store/probe.h"
#include "store/seal.h"
#include "store/sharded.h"

#define VERIFY_CPU_SECONDS 600
#define VERIFY_LONGEST 4096

void nn_verified_release(nn_verified *verified)
{
    nn_text_free(&verified->problems);
}

void nn_verified_note(nn_verified *verified, const char *format, ...)
{
    char line[VERIFY_LONGEST];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (verified->problems.length > 0 && strstr(verified->problems.bytes, line)) return;
    nn_text_append(&verified->problems, "    %s\n", line);
    verified->problem_count++;
}

static void verify_report(void *context, const char *problem)
{
    nn_verified_note(context, "%s", problem);
}

/* ---- arrays ---- */

typedef struct verify_visit {
    nn_store_file *file;
    nn_verified *verified;
} verify_visit;

/* Results of a run may be NaN; what enters the next step may not. */
static bool verify_must_be_finite(const char *dataset)
{
    return strncmp(dataset, "state/", strlen("state/")) != 0 || strcmp(dataset, "state/carried") == 0;
}

static nn_status verify_array(void *context, const char *dataset, const nn_store_info *info)
{
    const verify_visit *visit = context;
    int64_t nonfinite;
    if (info->type == NN_STORE_TEXT) return NN_OK; /* has no checksum */
    visit->verified->arrays++;
    nn_status status = nn_store_check_array(visit->file, dataset, &nonfinite);
    if (status == NN_ERROR_MEMORY) return status;
    if (status != NN_OK) {
        visit->verified->damaged_arrays++;
        nn_verified_note(visit->verified, "%s", nn_error_text());
    } else if (nonfinite > 0 && verify_must_be_finite(dataset)) {
        nn_verified_note(visit->verified, "dataset \"%s\": NaN or Inf values: %lld", dataset,
                         (long long)nonfinite);
    }
    return NN_OK;
}

/* ---- the file ---- */

static nn_status verify_identity(nn_store_file *file, nn_verified *verified)
{
    char *lines = NULL;
    NN_TRY(nn_checkpoint_get_progress(file, &verified->progress));
    NN_TRY(nn_store_read_text(file, "config_values", &lines));
    verified->run = nn_config_identity(lines, verified->progress.data_identity);
    nn_free(lines);
    return NN_OK;
}

static void verify_note_failure(nn_verified *verified, nn_status status)
{
    if (status != NN_OK) nn_verified_note(verified, "%s", nn_error_text());
}

/* The arrays of the other files of a checkpoint. Those that are missing or not the ones listed are found
 * where the vectors are read. */
static void verify_shards(nn_store_file *file, nn_verified *verified)
{
    nn_sharded *sharded = NULL;
    nn_status status = nn_sharded_open(file, &sharded);
    verify_note_failure(verified, status);
    for (int i = 0; status == NN_OK && i < nn_sharded_content_of(sharded)->shard_count; i++) {
        nn_text path = {0};
        void *bytes = NULL;
        size_t size;
        nn_sharded_path(sharded, i, &path);
        nn_store_file *shard = NULL;
        status = path.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for a file name")
                             : nn_kept_read(path.bytes, &bytes, &size);
        if (status == NN_OK) status = nn_store_open_image(bytes, size, path.bytes, &shard);
        verify_visit visit = {shard, verified};
        if (status == NN_OK) status = nn_store_visit(shard, verify_array, &visit);
        verify_note_failure(verified, status);
        if (status == NN_ERROR_CHECKPOINT || status == NN_ERROR_DATA) status = NN_OK;
        nn_store_close(shard);
        nn_free(bytes);
        nn_text_free(&path);
    }
    nn_sharded_close(sharded);
}

static void verify_content(nn_store_file *file, nn_verified *verified)
{
    verify_visit visit = {file, verified};
    verify_note_failure(verified, nn_store_visit(file, verify_array, &visit));
    if (nn_sharded_is(file)) verify_shards(file, verified);
    nn_status status = verify_identity(file, verified);
    verified->opens = status == NN_OK;
    verify_note_failure(verified, status);
    verify_note_failure(verified, nn_expected_verify(file, verify_report, verified));
}

static void verify_image(const char *path, const void *bytes, size_t size, nn_verified *verified)
{
    nn_store_file *file = NULL;
    nn_status status = nn_store_open_image(bytes, size, path, &file);
    verify_note_failure(verified, status);
    if (status == NN_OK) verify_content(file, verified);
    nn_store_close(file);
}

/* *bytes stays NULL where there is no file to be read. */
static nn_status verify_load(const char *path, void **bytes, size_t *size)
{
    struct stat facts;
    bool there;
    *bytes = NULL;
    *size = 0;
    NN_TRY(nn_file_look(path, &facts, &there));
    if (!there || !S_ISREG(facts.st_mode)) return NN_OK;
    return nn_file_load(path, SIZE_MAX / 2, "a checkpoint", bytes, size);
}

/* What HDF5 makes of a damaged file is found out by a child first: it may crash. */
static void verify_look(const char *path)
{
    nn_verified unused = {0};
    void *bytes = NULL;
    size_t size;
    if (verify_load(path, &bytes, &size) == NN_OK) verify_image(path, bytes, size, &unused);
    nn_verified_release(&unused);
    nn_free(bytes);
}

static nn_status verify_damaged(const char *path, nn_verified *verified)
{
    void *bytes;
    size_t size;
    NN_TRY(verify_load(path, &bytes, &size));
    verified->bytes = size;
    if (size > 0 && nn_probe_with(path, verify_look, VERIFY_CPU_SECONDS) == NN_OK)
        verify_image(path, bytes, size, verified);
    else if (size > 0)
        nn_verified_note(verified, "HDF5 cannot read what remains of it");
    nn_free(bytes);
    return NN_OK;
}

/* Without them it cannot be said what the file should have: that is not damage. */
static nn_status verify_expect_plugins(const char *path, const void *bytes, size_t size)
{
    nn_store_file *file = NULL;
    nn_status status = NN_OK;
    if (nn_store_open_image(bytes, size, path, &file) == NN_OK) status = nn_model_expect_plugins(file);
    nn_store_close(file);
    return status == NN_ERROR_USAGE ? status : NN_OK;
}

nn_status nn_verify_file(const char *path, nn_verified *verified)
{
    void *bytes = NULL;
    size_t size = 0;
    *verified = (nn_verified){0};
    nn_status status = nn_kept_read(path, &bytes, &size);
    verified->sealed = status == NN_OK;
    if (status == NN_ERROR_MEMORY || status == NN_ERROR_IO) return status;
    if (!verified->sealed) {
        nn_verified_note(verified, "%s", nn_error_text());
        return verify_damaged(path, verified);
    }
    verified->bytes = size;
    verified->hash = nn_hash(bytes, size, 0);
    status = verify_expect_plugins(path, bytes, size);
    if (status == NN_OK) verify_image(path, bytes, size, verified);
    nn_free(bytes);
    return status;
}
