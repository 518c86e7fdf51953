/*
 * The lease on file systems without locks: a time stamp (the modification time of the lease file), renewed by
 * a thread. It is weaker than a lock: a dead holder is detected only once its stamp has expired, and a holder
 * suspended for longer than that loses the lease, and finds another job's line when it looks again.
 */
#ifndef NN_STORE_LEASE_STAMP_H
#define NN_STORE_LEASE_STAMP_H

#include "base/status.h"

/* Seconds. */
#define NN_LEASE_RENEWED_EVERY 20
#define NN_LEASE_OLD_AFTER 120

typedef struct nn_lease_stamp nn_lease_stamp;

/* `descriptor` is the open lease file, `owner` the line that identifies this process; these and `directory`
 * are borrowed until the release. The caller owns *stamp. */
nn_status nn_lease_stamp_take(int descriptor, const char *directory, const char *owner,
                              nn_lease_stamp **stamp);
/* NN_ERROR_BUSY if another holder's stamp is fresh. */
nn_status nn_lease_stamp_expect_free(int descriptor, const char *directory);
/* Checks that this process still has the lease: NN_ERROR_BUSY if another job has taken it for good. If the
 * stamp was not renewed for long, another job may be about to take it: then it is renewed, and checked again
 * after two seconds. */
nn_status nn_lease_stamp_hold(nn_lease_stamp *stamp);
void nn_lease_stamp_release(nn_lease_stamp *stamp); /* accepts NULL */

#endif
