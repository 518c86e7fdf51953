/* The lease on a run directory: two jobs never write to one, and the lease of a job that crashed does not
 * outlive it. */
#ifndef NN_STORE_LEASE_H
#define NN_STORE_LEASE_H

#include "base/status.h"

typedef struct nn_lease nn_lease;

/* Takes the lease of a directory for this process: a lock on DIRECTORY/lease, which the kernel drops when the
 * process ends, even by kill -9; the file names host, process and time for the message. NN_ERROR_BUSY names
 * the holder. Falls back to a renewed time stamp if the file system has no locks. One rank of a job takes the
 * lease. The caller owns *lease. */
nn_status nn_lease_take(const char *directory, nn_lease **lease);
/* NN_ERROR_BUSY if the lease is taken, as far as this can be determined without writing; a directory without
 * a lease, or with one that this user may not read, is free. */
nn_status nn_lease_look(const char *directory);
/* Whether the process still holds the directory's lease: NN_ERROR_BUSY if another job has taken it, or if the
 * directory was removed and another job has created and leased a new one of that name. To be called before
 * anything is written. A lock is lost only by a failure of the file server, but a time stamp is lost when
 * this process is suspended. A directory that no longer exists is not an error here, but for whoever writes
 * to it; NN_ERROR_IO if the state cannot be determined. Any thread may call it. */
nn_status nn_lease_check(const nn_lease *lease);
/* Leaves the lease unchanged if another job has taken it. */
void nn_lease_release(nn_lease *lease); /* accepts NULL */

#endif
