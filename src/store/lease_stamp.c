#include "store/lease_stamp.h"
#include "host/threads.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "host/files.h"
#include "host/system.h"
#include "store/lease_file.h"

struct nn_lease_stamp {
    int descriptor;
    const char *directory, *owner;
    time_t renewed; /* by this node's clock */
    bool lost;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t ended;
    bool end;
};

/* The age of the stamp by the clock of the file system, which may differ from this node's: compared with a
 * file created now. */
static nn_status stamp_age(int descriptor, const char *directory, double *age)
{
    struct stat stamp, now;
    nn_text path = {0};
    nn_text_append(&path, "%s/lease.clock.%ld", directory, (long)getpid());
    if (path.failed) NN_FAIL(NN_ERROR_MEMORY, "out of memory for the name of the lease of %s", directory);
    nn_status status = NN_OK;
    int clock = nn_file_open(path.bytes, O_WRONLY | O_CREAT | O_TRUNC);
    if (clock < 0 || write(clock, "\n", 1) != 1 || fsync(clock) != 0 || fstat(clock, &now) != 0 ||
        fstat(descriptor, &stamp) != 0)
        status =
            nn_system_fail(NN_ERROR_IO, errno, "cannot read the file system's clock from %s", path.bytes);
    else
        *age = difftime(now.st_mtime, stamp.st_mtime);
    if (clock >= 0) {
        close(clock);
        unlink(path.bytes);
    }
    nn_text_free(&path);
    return status;
}

nn_status nn_lease_stamp_expect_free(int descriptor, const char *directory)
{
    char holder[NN_LEASE_OWNER], advice[128];
    double age = 0;
    NN_TRY(nn_lease_read_owner(descriptor, directory, holder));
    if (!*holder) return NN_OK;
    NN_TRY(stamp_age(descriptor, directory, &age));
    if (age > NN_LEASE_OLD_AFTER) return NN_OK;
    snprintf(advice, sizeof advice, "; if that job crashed, try again %d s after the crash",
             NN_LEASE_OLD_AFTER);
    return nn_lease_fail_busy(directory, holder, advice);
}

static void stamp_pause(time_t seconds)
{
    struct timespec left = {.tv_sec = seconds};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

/* Two jobs that start at the same time both write; after a second, both see whose line remains. */
static nn_status stamp_win(int descriptor, const char *directory, const char *owner)
{
    char holder[NN_LEASE_OWNER];
    NN_TRY(nn_lease_write_owner(descriptor, directory, owner));
    stamp_pause(1);
    NN_TRY(nn_lease_read_owner(descriptor, directory, holder));
    return strcmp(holder, owner) == 0 ? NN_OK : nn_lease_fail_busy(directory, holder, "");
}

/* More time has passed since the last renewal than this thread's cycles explain: the process was
 * suspended. */
static bool stamp_is_late(const nn_lease_stamp *stamp)
{
    double passed = difftime(time(NULL), stamp->renewed);
    return passed < 0 || passed > NN_LEASE_OLD_AFTER / 2;
}

/* A job that has just found the stamp expired writes its line at once: after two seconds it is visible. */
static nn_status stamp_hold(nn_lease_stamp *stamp, bool renews)
{
    bool late = stamp_is_late(stamp);
    NN_TRY(nn_lease_expect_own(stamp->directory, stamp->owner));
    if (renews || late) {
        futimens(stamp->descriptor, NULL); /* the file server's current time */
        stamp->renewed = time(NULL);
    }
    if (!late) return NN_OK;
    stamp_pause(2);
    return nn_lease_expect_own(stamp->directory, stamp->owner);
}

nn_status nn_lease_stamp_hold(nn_lease_stamp *stamp)
{
    pthread_mutex_lock(&stamp->mutex);
    nn_status status = stamp_hold(stamp, false);
    stamp->lost = stamp->lost || status == NN_ERROR_BUSY;
    pthread_mutex_unlock(&stamp->mutex);
    return status;
}

static void *stamp_run(void *context)
{
    nn_lease_stamp *stamp = context;
    struct timespec next;
    pthread_mutex_lock(&stamp->mutex);
    while (!stamp->end) {
        clock_gettime(CLOCK_REALTIME, &next);
        next.tv_sec += NN_LEASE_RENEWED_EVERY;
        int outcome = pthread_cond_timedwait(&stamp->ended, &stamp->mutex, &next);
        if (outcome == ETIMEDOUT && !stamp->lost) stamp->lost = stamp_hold(stamp, true) == NN_ERROR_BUSY;
    }
    pthread_mutex_unlock(&stamp->mutex);
    return NULL;
}

nn_status nn_lease_stamp_take(int descriptor, const char *directory, const char *owner,
                              nn_lease_stamp **stamp)
{
    *stamp = NULL;
    nn_lease_stamp *made;
    NN_TRY(nn_lease_stamp_expect_free(descriptor, directory));
    NN_TRY(stamp_win(descriptor, directory, owner));
    NN_TRY(NN_ALLOCATE(&made, 1, "a lease"));
    made->descriptor = descriptor;
    made->directory = directory;
    made->owner = owner;
    made->renewed = time(NULL);
    pthread_mutex_init(&made->mutex, NULL);
    pthread_cond_init(&made->ended, NULL);
    int error = nn_threads_start(&made->thread, stamp_run, made);
    if (error != 0) {
        pthread_cond_destroy(&made->ended);
        pthread_mutex_destroy(&made->mutex);
        nn_free(made);
        return nn_system_fail(NN_ERROR_IO, error, "cannot start the thread that renews %s/lease", directory);
    }
    *stamp = made;
    return NN_OK;
}

void nn_lease_stamp_release(nn_lease_stamp *stamp)
{
    if (!stamp) return;
    pthread_mutex_lock(&stamp->mutex);
    stamp->end = true;
    pthread_cond_signal(&stamp->ended);
    pthread_mutex_unlock(&stamp->mutex);
    pthread_join(stamp->thread, NULL);
    pthread_cond_destroy(&stamp->ended);
    pthread_mutex_destroy(&stamp->mutex);
    nn_free(stamp);
}
