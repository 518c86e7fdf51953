/* The lease on a run directory: two jobs never write one, and the lease of a job that crashed does not
 * outlive it. */
#ifndef NN_STORE_LEASE_H
#define NN_STORE_LEASE_H

#include "base/status.h"

typedef struct nn_lease nn_lease;

/* Takes the lease of a directory for this process (a lock on DIRECTORY/lease that the kernel drops when the
 * process ends, also after kill -9; the file names host, process and time for the message). NN_ERROR_BUSY
 * names the holder. Falls back to a renewed time stamp where the file system has no locks. One rank of a job
 * takes it. */
nn_status nn_lease_take(const char *directory, nn_lease **lease);
/* NN_ERROR_BUSY where the lease is taken, as far as can be told without writing anything; a directory that
 * has no lease yet, or that this user may not read, is free. */
nn_status nn_lease_look(const char *directory);
/* Whether the lease that was taken is still the directory's: NN_ERROR_BUSY where another job has taken it
 * meanwhile, or the directory was removed under way and another job has made and leased a new one of that
 * name. To be asked before anything is written; where locks work it cannot be lost but by a failure of the
 * file server, but a time stamp is lost while this process is suspended. A directory that is gone is left to
 * whoever writes there; NN_ERROR_IO where it cannot be told. Any thread may call it. */
nn_status nn_lease_check(const nn_lease *lease);
/* Leaves a lease alone that another job has taken meanwhile. */
void nn_lease_release(nn_lease *lease); /* accepts NULL */

#endif
