/*
 * The lease where the file system has no locks: a time stamp (the time of the lease file) that a thread
 * renews. It is weaker than a lock. A holder that died is noticed only when its stamp is old; one that was
 * suspended for longer than that loses the lease, and finds another's line there when it looks again.
 */
#ifndef NN_STORE_LEASE_STAMP_H
#define NN_STORE_LEASE_STAMP_H

#include "base/status.h"

/* Seconds. */
#define NN_LEASE_RENEWED_EVERY 20
#define NN_LEASE_OLD_AFTER 120

typedef struct nn_lease_stamp nn_lease_stamp;

/* `descriptor` is the open lease file, borrowed until the release; `owner` the line that identifies this
 * process, and `directory` likewise. */
nn_status nn_lease_stamp_take(int descriptor, const char *directory, const char *owner,
                              nn_lease_stamp **stamp);
/* NN_ERROR_BUSY where another holder's stamp is fresh. */
nn_status nn_lease_stamp_expect_free(int descriptor, const char *directory);
/* That the lease is still this process's: NN_ERROR_BUSY where another has taken it, for good. Where the stamp
 * was not renewed for long another may be about to: then it is renewed, and looked at again after two
 * seconds. */
nn_status nn_lease_stamp_hold(nn_lease_stamp *stamp);
void nn_lease_stamp_release(nn_lease_stamp *stamp); /* accepts NULL */

#endif
