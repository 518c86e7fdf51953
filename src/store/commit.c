/*
 * The atomic commit: a temporary file next to the target is preallocated, written, fsynced, closed and
 * renamed, and the directory is fsynced. A reader of `path` always finds either the old file or the new one,
 * complete.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/format.h"
#include "base/memory.h"
#include "host/files.h"
#include "host/pulse.h"
#include "host/system.h"
#include "store/durable.h"
#include "store/reread.h"
#include "store/store.h"

/* Small enough for a slow disk to show progress; and how much may accumulate before it is synced, since a
 * long sync at the end would show none. */
#define COMMIT_LARGEST_WRITE ((size_t)1 << 20)
#define COMMIT_SYNC_EVERY ((size_t)1 << 28)

typedef struct commit {
    const char *path;
    const void *bytes;
    size_t size;
    char *temporary; /* path with NN_STORE_TEMPORARY */
    int directory_descriptor, descriptor;
    bool verify;
} commit;

static nn_status commit_fail(const commit *job, int error, const char *doing)
{
    char amount[NN_FORMAT_SIZE];
    return nn_system_fail(NN_ERROR_IO, error, "cannot write %s (%s): %s %s failed", job->path,
                          nn_format_bytes(amount, (double)job->size), doing, job->temporary);
}

/* The directory first: opening it must not fail once the file has been renamed. */
static nn_status commit_open(commit *job)
{
    NN_TRY(nn_store_name_temporary(job->path, &job->temporary));
    NN_TRY(nn_store_open_directory(job->path, &job->directory_descriptor));
    job->descriptor = nn_file_open(job->temporary, O_WRONLY | O_CREAT | O_TRUNC);
    return job->descriptor >= 0 ? NN_OK : commit_fail(job, errno, "creating");
}

/* A full disk is detected here, before any byte is written. File systems that cannot preallocate detect it
 * while writing. */
static nn_status commit_reserve(commit *job)
{
    int error;
    if (job->size == 0) return NN_OK;
    do {
        error = posix_fallocate(job->descriptor, 0, (off_t)job->size);
    } while (error == EINTR);
    bool cannot_reserve = error == EOPNOTSUPP || error == ENOTSUP || error == EINVAL || error == ENOSYS;
    return error == 0 || cannot_reserve ? NN_OK : commit_fail(job, error, "reserving space for");
}

static nn_status commit_write(commit *job)
{
    const char *bytes = job->bytes;
    for (size_t done = 0; done < job->size;) {
        size_t part = job->size - done < COMMIT_LARGEST_WRITE ? job->size - done : COMMIT_LARGEST_WRITE;
        ssize_t written = write(job->descriptor, bytes + done, part);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return commit_fail(job, written < 0 ? errno : ENOSPC, "writing");
        done += (size_t)written;
        nn_fault("commit.writing", NULL, 0);
        nn_pulse();
        if (done < job->size && done / COMMIT_SYNC_EVERY > (done - (size_t)written) / COMMIT_SYNC_EVERY &&
            nn_store_sync(job->descriptor) != 0)
            return commit_fail(job, errno, "fsync of");
    }
    return NN_OK;
}

/* On NFS, a full disk or quota may be reported only here. After EINTR the descriptor is closed, and the data
 * was already synced. */
static nn_status commit_finish_file(commit *job)
{
    if (nn_store_sync(job->descriptor) != 0) return commit_fail(job, errno, "fsync of");
    int outcome = close(job->descriptor);
    job->descriptor = -1;
    return outcome == 0 || errno == EINTR ? NN_OK : commit_fail(job, errno, "closing");
}

/* After a long suspension, another job may have taken over the directory and be writing a file of this
 * name. */
static nn_status commit_rename(const commit *job, const struct stat *written)
{
    struct stat named;
    if (stat(job->temporary, &named) != 0) return commit_fail(job, errno, "renaming");
    if (named.st_dev != written->st_dev || named.st_ino != written->st_ino)
        NN_FAIL(NN_ERROR_IO, "cannot write %s: another process writes %s", job->path, job->temporary);
    if (rename(job->temporary, job->path) != 0) return commit_fail(job, errno, "renaming");
    return NN_OK;
}

static nn_status commit_perform(commit *job)
{
    struct stat written;
    nn_fault("commit.begun", NULL, 0);
    NN_TRY(commit_open(job));
    if (fstat(job->descriptor, &written) != 0) return commit_fail(job, errno, "creating");
    nn_fault("commit.opened", NULL, 0);
    NN_TRY(commit_reserve(job));
    nn_fault("commit.reserved", NULL, 0);
    nn_fault("commit.bytes", (void *)(uintptr_t)job->bytes, job->size);
    NN_TRY(commit_write(job));
    nn_fault("commit.written", NULL, 0);
    NN_TRY(commit_finish_file(job));
    nn_fault("commit.synced", NULL, 0);
    if (job->verify) NN_TRY(nn_store_reread(job->temporary, job->path, job->bytes, job->size));
    NN_TRY(commit_rename(job, &written));
    nn_fault("commit.renamed", NULL, 0);
    NN_TRY(nn_store_sync_directory(job->directory_descriptor, job->path));
    nn_fault("commit.done", NULL, 0);
    return NN_OK;
}

static nn_status commit_run(commit job)
{
    job.directory_descriptor = job.descriptor = -1;
    nn_status status = commit_perform(&job);
    bool temporary_made = job.directory_descriptor >= 0;
    if (job.descriptor >= 0) close(job.descriptor);
    if (status != NN_OK && temporary_made) unlink(job.temporary);
    if (job.directory_descriptor >= 0) close(job.directory_descriptor);
    nn_free(job.temporary);
    return status;
}

nn_status nn_store_commit(const char *path, const void *bytes, size_t size)
{
    return commit_run((commit){.path = path, .bytes = bytes, .size = size});
}

nn_status nn_store_commit_verified(const char *path, const void *bytes, size_t size)
{
    return commit_run((commit){.path = path, .bytes = bytes, .size = size, .verify = true});
}
