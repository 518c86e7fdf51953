/* Copies the data to a node-local disk. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/memory.h"
#include "data/node_memory.h"
#include "host/files.h"
#include "host/pulse.h"
#include "host/system.h"

#define STAGE_BLOCK ((size_t)4 << 20)

static nn_status stage_fail(const char *what, const char *path)
{
    int error = errno;
    NN_FAIL(NN_ERROR_IO, "data.stage: cannot %s %s: %s; %s", what, path, strerror(error),
            error == ENOSPC ? "choose a folder with more room, or remove data.stage"
                            : "choose a folder that is writable on every node");
}

/* Of a file, as seen on this node. */
typedef struct stage_facts {
    int64_t is_file; /* what does not exist or is not a regular file is reported when it is opened */
    int64_t state[5];
    int64_t size;
} stage_facts;

static nn_status stage_look(const char *path, stage_facts *facts)
{
    struct stat found;
    bool there;
    NN_TRY(nn_file_look(path, &found, &there));
    facts->is_file = there && S_ISREG(found.st_mode);
    if (!facts->is_file) return NN_OK;
    const int64_t state[] = {(int64_t)found.st_dev, (int64_t)found.st_ino, (int64_t)found.st_size,
                             (int64_t)found.st_mtim.tv_sec, (int64_t)found.st_mtim.tv_nsec};
    memcpy(facts->state, state, sizeof state);
    facts->size = (int64_t)found.st_size;
    return NN_OK;
}

/* FOLDER/HASH-NAME: a different or modified file gets a different name. */
static nn_status stage_name(const char *folder, const char *path, const stage_facts *facts, char **staged)
{
    nn_text text = {0};
    const char *slash = strrchr(path, '/');
    uint64_t hash = nn_hash(facts->state, sizeof facts->state, nn_hash(path, strlen(path), 0));
    nn_text_append(&text, "%s/%016" PRIx64 "-%s", folder, hash, slash ? slash + 1 : path);
    *staged = text.bytes;
    if (text.failed) NN_FAIL(NN_ERROR_MEMORY, "out of memory for the path of %s", path);
    return NN_OK;
}

/* Checks the size: a truncated copy would be used in place of the file from then on. */
static nn_status stage_copy_bytes(int from, int to, const char *path, const char *temporary, off_t size)
{
    unsigned char *block;
    nn_status status = NN_OK;
    nn_patience patience = {0};
    off_t copied = 0;
    ssize_t count;
    NN_TRY(nn_allocate((void **)&block, STAGE_BLOCK, 1, "a block of a copy"));
    while (status == NN_OK && (count = read(from, block, STAGE_BLOCK)) != 0) {
        if (count < 0 && nn_patience_lasts(&patience, errno, path)) continue;
        if (count < 0) status = stage_fail("read", path);
        if (count > 0) copied += count;
        for (ssize_t done = 0; status == NN_OK && done < count;) {
            ssize_t written = write(to, block + done, (size_t)(count - done));
            if (written < 0 && errno != EINTR) status = stage_fail("write", temporary);
            if (written > 0) done += written;
            nn_pulse();
        }
    }
    nn_free(block);
    NN_TRY(status);
    if (copied != size)
        NN_FAIL(NN_ERROR_IO, "data.stage: %s changed size while it was being copied: try again", path);
    return NN_OK;
}

static nn_status stage_copy_to(const char *path, const char *temporary, off_t size)
{
    nn_status status = NN_OK;
    int from = nn_file_open(path, O_RDONLY);
    if (from < 0) return stage_fail("open", path);
    int to = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (to < 0) status = stage_fail("make", temporary);
    if (status == NN_OK) status = stage_copy_bytes(from, to, path, temporary, size);
    if (to >= 0 && close(to) != 0 && status == NN_OK) status = stage_fail("write", temporary);
    close(from);
    return status;
}

/* Copies to a temporary name and renames, so that the final name is always a complete copy. */
static nn_status stage_copy(const char *path, const char *staged, off_t size)
{
    nn_text temporary = {0};
    if (access(staged, R_OK) == 0) return NN_OK;
    nn_text_append(&temporary, "%s.tmp.%ld", staged, (long)getpid());
    nn_status status = NN_OK;
    if (temporary.failed) status = nn_fail(NN_ERROR_MEMORY, "out of memory for the path of %s", path);
    if (status == NN_OK) {
        nn_log_line("copying %s to %s", path, staged);
        status = stage_copy_to(path, temporary.bytes, size);
        if (status == NN_OK && rename(temporary.bytes, staged) != 0) status = stage_fail("name", staged);
        if (status != NN_OK) unlink(temporary.bytes);
    }
    nn_text_free(&temporary);
    return status;
}

/* Whether the same path occurs earlier, in this part or another. */
static bool stage_is_repeated(const nn_source *sources, int part, int piece)
{
    const char *path = sources[part].pieces[piece].path;
    for (int p = 0; p <= part; p++)
        for (int i = 0; i < (p < part ? sources[p].piece_count : piece); i++)
            if (strcmp(sources[p].pieces[i].path, path) == 0) return true;
    return false;
}

static nn_status stage_look_at_all(const nn_source *sources, stage_facts *facts)
{
    for (int p = 0; p < NN_PARTS; p++)
        for (int i = 0; i < sources[p].piece_count; i++)
            NN_TRY(stage_look(sources[p].pieces[i].path, facts++));
    return NN_OK;
}

/* The ranks of a node share the copying. */
static nn_status stage_copy_share(const nn_comm *comm, const char *folder, nn_source *sources,
                                  const stage_facts *facts)
{
    int64_t turn = 0;
    for (int p = 0; p < NN_PARTS; p++)
        for (int i = 0; i < sources[p].piece_count; i++, facts++) {
            nn_piece *piece = &sources[p].pieces[i];
            bool first = !stage_is_repeated(sources, p, i);
            bool own = first && turn++ % nn_comm_node_size(comm) == nn_comm_node_rank(comm);
            if (!facts->is_file) continue;
            NN_TRY(stage_name(folder, piece->path, facts, &piece->staged));
            if (own) NN_TRY(stage_copy(piece->path, piece->staged, (off_t)facts->size));
        }
    return NN_OK;
}

nn_status nn_sources_stage(nn_comm *comm, const char *folder, nn_source *sources)
{
    nn_node_memory memory = {0};
    size_t count = 0;
    for (int p = 0; p < NN_PARTS; p++) count += (size_t)sources[p].piece_count;
    nn_status status;
    NN_TRY_TO(done, status,
              nn_node_memory_create(comm, count * sizeof(stage_facts), "facts about files", &memory));
    status = memory.writes ? stage_look_at_all(sources, memory.bytes) : NN_OK;
    NN_TRY_TO(done, status, nn_node_memory_publish(comm, &memory, status));
    NN_TRY_TO(done, status, nn_comm_agree(comm, stage_copy_share(comm, folder, sources, memory.bytes)));
    status = nn_comm_barrier(comm);
done:
    nn_node_memory_release(&memory);
    return status;
}
