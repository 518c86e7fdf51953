/*
 * The lease as a lock on DIRECTORY/lease. It is a flock() lock, which belongs to the open file: unlike a
 * POSIX record lock, it is not dropped when another descriptor of the file is closed; Linux also supports it
 * over NFS. The file remains after a release: if it were removed, two jobs could lock two files of the same
 * name.
 */
#include "store/lease.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "host/files.h"
#include "host/system.h"
#include "store/durable.h"
#include "store/lease_file.h"
#include "store/lease_stamp.h"

struct nn_lease {
    int descriptor;
    char *directory;
    char owner[NN_LEASE_OWNER]; /* this process's line in the lease */
    nn_lease_stamp *stamp;      /* NULL if the lock is held */
};

void nn_lease_describe_self(char *owner)
{
    char host[256] = "", since[64] = "";
    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &now);
    if (gethostname(host, sizeof host - 1) != 0 || !*host) snprintf(host, sizeof host, "unknown");
    if (gmtime_r(&now.tv_sec, &parts)) strftime(since, sizeof since, "%Y-%m-%d %H:%M:%S UTC", &parts);
    const uint64_t moment[] = {(uint64_t)now.tv_sec, (uint64_t)now.tv_nsec, (uint64_t)getpid(),
                               (uint64_t)(uintptr_t)owner};
    snprintf(owner, NN_LEASE_OWNER, "host %s, process %ld, since %s, lease %016" PRIx64, host, (long)getpid(),
             since, nn_hash(moment, sizeof moment, nn_hash(host, strlen(host), 0)));
}

nn_status nn_lease_read_owner(int descriptor, const char *directory, char *owner)
{
    nn_patience patience = {0};
    ssize_t length;
    do {
        length = pread(descriptor, owner, NN_LEASE_OWNER - 1, 0);
    } while (length < 0 && nn_patience_lasts(&patience, errno, directory));
    owner[length > 0 ? length : 0] = '\0';
    owner[strcspn(owner, "\n")] = '\0';
    return length >= 0 ? NN_OK : nn_system_fail(NN_ERROR_IO, errno, "cannot read %s/lease", directory);
}

nn_status nn_lease_write_owner(int descriptor, const char *directory, const char *owner)
{
    char line[NN_LEASE_OWNER + 1];
    ssize_t length = snprintf(line, sizeof line, "%s\n", owner), done = 0, written = 0;
    if (ftruncate(descriptor, 0) != 0) written = -1;
    while (written >= 0 && done < length) {
        written = pwrite(descriptor, line + done, (size_t)(length - done), done);
        if (written > 0) done += written;
        if (written < 0 && errno == EINTR) written = 0;
    }
    if (written < 0 || nn_store_sync(descriptor) != 0)
        return nn_system_fail(NN_ERROR_IO, errno, "cannot write %s/lease", directory);
    return NN_OK;
}

nn_status nn_lease_fail_busy(const char *directory, const char *owner, const char *advice)
{
    NN_FAIL(NN_ERROR_BUSY,
            "%s is in use by another job (%s): wait for it, end it, or choose another run directory%s",
            directory, *owner ? owner : "holder unknown", advice);
}

/* *descriptor is negative, with errno set, if the lease cannot be opened. */
static nn_status lease_open(const char *directory, int flags, int *descriptor)
{
    nn_text path = {0};
    *descriptor = -1;
    nn_text_append(&path, "%s/lease", directory);
    if (path.failed) NN_FAIL(NN_ERROR_MEMORY, "out of memory for the name of the lease of %s", directory);
    *descriptor = nn_file_open(path.bytes, flags);
    int error = errno;
    nn_text_free(&path);
    errno = error;
    return NN_OK;
}

static nn_status lease_open_fail(const char *directory)
{
    return nn_system_fail(NN_ERROR_IO, errno, "cannot open %s/lease, which keeps other jobs out", directory);
}

nn_status nn_lease_expect_own(const char *directory, const char *owner)
{
    char found[NN_LEASE_OWNER];
    int descriptor = -1;
    NN_TRY(lease_open(directory, O_RDONLY, &descriptor));
    if (descriptor < 0) return nn_system_is_absence(errno) ? NN_OK : lease_open_fail(directory);
    nn_status status = nn_lease_read_owner(descriptor, directory, found);
    close(descriptor);
    NN_TRY(status);
    if (strcmp(found, owner) == 0) return NN_OK;
    NN_FAIL(
        NN_ERROR_BUSY,
        "%s was taken over by another job (%s) while this one was suspended: this one ends without another "
        "checkpoint",
        directory, *found ? found : "which has since ended");
}

/* Returns 0 or the error. nn_lease_look holds a lock for a moment: retry for that long. */
static int lease_try_lock(int descriptor)
{
    static const struct timespec moment = {.tv_nsec = 50000000};
    int outcome = -1;
    for (int tries = 0; tries < 4 && outcome != 0; tries++) {
        if (tries > 0) nanosleep(&moment, NULL);
        do {
            outcome = flock(descriptor, LOCK_EX | LOCK_NB);
        } while (outcome != 0 && errno == EINTR);
        if (outcome != 0 && errno != EWOULDBLOCK) break;
    }
    return outcome == 0 ? 0 : errno;
}

/* With the lock held: a holder on a node where locks do not work has only a stamp. */
static nn_status lease_expect_no_stamp(int descriptor, const char *directory)
{
    char holder[NN_LEASE_OWNER];
    NN_TRY(nn_lease_read_owner(descriptor, directory, holder));
    size_t length = strlen(holder), end = strlen(NN_LEASE_STAMPED);
    bool stamped = length >= end && strcmp(holder + length - end, NN_LEASE_STAMPED) == 0;
    return stamped ? nn_lease_stamp_expect_free(descriptor, directory) : NN_OK;
}

static nn_status lease_lock(nn_lease *lease, const char *directory)
{
    char holder[NN_LEASE_OWNER];
    int error = lease_try_lock(lease->descriptor);
    if (error == EWOULDBLOCK) {
        NN_TRY(nn_lease_read_owner(lease->descriptor, directory, holder));
        return nn_lease_fail_busy(directory, holder, "");
    }
    nn_lease_describe_self(lease->owner);
    if (error == 0) {
        NN_TRY(lease_expect_no_stamp(lease->descriptor, directory));
        return nn_lease_write_owner(lease->descriptor, directory, lease->owner);
    }
    strcat(lease->owner, NN_LEASE_STAMPED);
    NN_TRY(nn_lease_stamp_take(lease->descriptor, lease->directory, lease->owner, &lease->stamp));
    nn_log_warning("%s/lease cannot be locked (%s): using a time stamp instead; after a crash, the directory "
                   "remains in use for %d s",
                   directory, strerror(error), NN_LEASE_OLD_AFTER);
    return NN_OK;
}

nn_status nn_lease_take(const char *directory, nn_lease **lease)
{
    nn_status status;
    *lease = NULL;
    nn_lease *made;
    NN_TRY(NN_ALLOCATE(&made, 1, "a lease"));
    made->descriptor = -1;
    NN_TRY_TO(failed, status, nn_copy_text(directory, &made->directory));
    NN_TRY_TO(failed, status, lease_open(directory, O_RDWR | O_CREAT, &made->descriptor));
    if (made->descriptor < 0) NN_TRY_TO(failed, status, lease_open_fail(directory));
    NN_TRY_TO(failed, status, lease_lock(made, directory));
    *lease = made;
    return NN_OK;
failed:
    if (made->descriptor >= 0) close(made->descriptor);
    nn_free(made->directory);
    nn_free(made);
    return status;
}

/* A shared lock is enough to detect an exclusive one, and is released with the descriptor. Where locks do not
 * work, the line of a holder that renews its stamp is checked. */
nn_status nn_lease_look(const char *directory)
{
    char owner[NN_LEASE_OWNER];
    struct stat facts;
    int descriptor = -1, outcome = 0;
    NN_TRY(lease_open(directory, O_RDONLY, &descriptor));
    if (descriptor < 0)
        return nn_system_is_absence(errno) || errno == EACCES ? NN_OK : lease_open_fail(directory);
    nn_status status = nn_lease_read_owner(descriptor, directory, owner);
    if (status == NN_OK && *owner) outcome = flock(descriptor, LOCK_SH | LOCK_NB);
    bool busy = outcome != 0 && errno == EWOULDBLOCK;
    if (outcome != 0 && !busy && fstat(descriptor, &facts) == 0)
        busy = difftime(time(NULL), facts.st_mtime) < NN_LEASE_OLD_AFTER;
    close(descriptor);
    NN_TRY(status);
    return busy ? nn_lease_fail_busy(directory, owner, "") : NN_OK;
}

nn_status nn_lease_check(const nn_lease *lease)
{
    struct stat own, found;
    bool there = false;
    nn_text path = {0};
    nn_text_append(&path, "%s/lease", lease->directory);
    nn_status status = path.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the name of the lease of %s",
                                             lease->directory)
                                   : nn_file_look(path.bytes, &found, &there);
    nn_text_free(&path);
    NN_TRY(status);
    if (!there || fstat(lease->descriptor, &own) != 0) return NN_OK;
    if (own.st_dev != found.st_dev || own.st_ino != found.st_ino)
        NN_FAIL(NN_ERROR_BUSY,
                "%s was removed while this job ran, and another job now owns a directory of that name: this "
                "one ends without another checkpoint",
                lease->directory);
    return lease->stamp ? nn_lease_stamp_hold(lease->stamp)
                        : nn_lease_expect_own(lease->directory, lease->owner);
}

void nn_lease_release(nn_lease *lease)
{
    char found[NN_LEASE_OWNER];
    if (!lease) return;
    nn_lease_stamp_release(lease->stamp);
    /* When stamps are used, an empty file means that the lease is free; one taken over by another job belongs
     * to that job. A lock needs no content, so a failure here is harmless. */
    bool ours = nn_lease_read_owner(lease->descriptor, lease->directory, found) == NN_OK &&
                strcmp(found, lease->owner) == 0;
    int emptied = ours ? ftruncate(lease->descriptor, 0) : 0;
    (void)emptied;
    close(lease->descriptor);
    nn_free(lease->directory);
    nn_free(lease);
}
