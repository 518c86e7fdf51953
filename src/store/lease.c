/*
 * The lease as a lock on DIRECTORY/lease. It is flock's kind of lock: it belongs to the open file, so closing
 * another descriptor of the same file does not drop it, as it would with POSIX record locks; Linux carries it
 * over NFS too. The file stays after a release: removing it would let two jobs lock two files of one name.
 */
#include "store/lease.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "store/durable.h"
#include "store/errors.h"
#include "store/lease_file.h"
#include "store/lease_stamp.h"

struct nn_lease {
    int descriptor;
    nn_lease_stamp *stamp; /* NULL where the lock holds */
};

void nn_lease_describe_self(char *owner)
{
    char host[256] = "", since[64] = "";
    time_t now = time(NULL);
    struct tm parts;
    if (gethostname(host, sizeof host - 1) != 0 || !*host) snprintf(host, sizeof host, "unknown");
    if (gmtime_r(&now, &parts)) strftime(since, sizeof since, "%Y-%m-%d %H:%M:%S UTC", &parts);
    snprintf(owner, NN_LEASE_OWNER, "host %s, process %ld, since %s", host, (long)getpid(), since);
}

void nn_lease_read_owner(int descriptor, char *owner)
{
    ssize_t length = pread(descriptor, owner, NN_LEASE_OWNER - 1, 0);
    owner[length > 0 ? length : 0] = '\0';
    owner[strcspn(owner, "\n")] = '\0';
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
        return nn_store_fail_system(NN_ERROR_IO, errno, "cannot write %s/lease", directory);
    return NN_OK;
}

nn_status nn_lease_fail_busy(const char *directory, const char *owner, const char *advice)
{
    NN_FAIL(NN_ERROR_BUSY,
            "%s is in use by another job (%s): wait for it, end it, or choose another run directory%s",
            directory, *owner ? owner : "it left no name", advice);
}

static nn_status lease_open(const char *directory, int *descriptor)
{
    nn_text path = {0};
    nn_text_append(&path, "%s/lease", directory);
    if (path.failed) NN_FAIL(NN_ERROR_MEMORY, "out of memory for the name of the lease of %s", directory);
    *descriptor = nn_store_descriptor(path.bytes, O_RDWR | O_CREAT | O_CLOEXEC);
    nn_status status = NN_OK;
    if (*descriptor < 0)
        status = nn_store_fail_system(NN_ERROR_IO, errno, "cannot open %s, which keeps other jobs out",
                                      path.bytes);
    nn_text_free(&path);
    return status;
}

static nn_status lease_lock(nn_lease *lease, const char *directory)
{
    char owner[NN_LEASE_OWNER];
    int outcome;
    do {
        outcome = flock(lease->descriptor, LOCK_EX | LOCK_NB);
    } while (outcome != 0 && errno == EINTR);
    int error = outcome == 0 ? 0 : errno;
    if (error == EWOULDBLOCK) {
        nn_lease_read_owner(lease->descriptor, owner);
        return nn_lease_fail_busy(directory, owner, "");
    }
    nn_lease_describe_self(owner);
    if (error == 0) return nn_lease_write_owner(lease->descriptor, directory, owner);
    NN_TRY(nn_lease_stamp_take(lease->descriptor, directory, owner, &lease->stamp));
    nn_log_warning(
        "%s/lease cannot be locked (%s): a time stamp stands in for the lock; after a crash the directory "
        "stays taken for %d s",
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
    NN_TRY_TO(failed, status, lease_open(directory, &made->descriptor));
    NN_TRY_TO(failed, status, lease_lock(made, directory));
    *lease = made;
    return NN_OK;
failed:
    if (made->descriptor >= 0) close(made->descriptor);
    nn_free(made);
    return status;
}

/* A shared lock is enough to see whether another holds an exclusive one, and is gone with the descriptor.
 * Where there are no locks, the line of a holder that renews its stamp tells. */
nn_status nn_lease_look(const char *directory)
{
    char owner[NN_LEASE_OWNER];
    struct stat facts;
    nn_text path = {0};
    nn_text_append(&path, "%s/lease", directory);
    if (path.failed) NN_FAIL(NN_ERROR_MEMORY, "out of memory for the name of the lease of %s", directory);
    int descriptor = open(path.bytes, O_RDONLY | O_CLOEXEC);
    nn_text_free(&path);
    if (descriptor < 0) return NN_OK;
    nn_lease_read_owner(descriptor, owner);
    int outcome = *owner ? flock(descriptor, LOCK_SH | LOCK_NB) : 0, error = errno;
    bool busy = outcome != 0 && error == EWOULDBLOCK;
    if (outcome != 0 && !busy && *owner && fstat(descriptor, &facts) == 0)
        busy = difftime(time(NULL), facts.st_mtime) < NN_LEASE_OLD_AFTER;
    close(descriptor);
    return busy ? nn_lease_fail_busy(directory, owner, "") : NN_OK;
}

nn_status nn_lease_check(const nn_lease *lease, const char *directory)
{
    struct stat own, found;
    nn_text path = {0};
    nn_text_append(&path, "%s/lease", directory);
    bool known = !path.failed && fstat(lease->descriptor, &own) == 0 && stat(path.bytes, &found) == 0;
    nn_text_free(&path);
    if (!known || (own.st_dev == found.st_dev && own.st_ino == found.st_ino)) return NN_OK;
    NN_FAIL(NN_ERROR_BUSY,
            "%s was removed under way, and another job writes one of that name now: this one ends without a "
            "further checkpoint",
            directory);
}

void nn_lease_release(nn_lease *lease)
{
    if (!lease) return;
    nn_lease_stamp_release(lease->stamp);
    /* To the time stamp an empty file is a free one. The lock needs no content, so a failure does no harm. */
    int emptied = ftruncate(lease->descriptor, 0);
    (void)emptied;
    close(lease->descriptor);
    nn_free(lease);
}
