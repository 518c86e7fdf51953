/* The contents of a lease file: one line that names its holder. */
#ifndef NN_STORE_LEASE_FILE_H
#define NN_STORE_LEASE_FILE_H

#include "base/status.h"

#define NN_LEASE_OWNER 512

/* The end of the line of a holder without a lock, whose time stamp counts. */
#define NN_LEASE_STAMPED ", by time stamp"

/* Writes "host n1, process 123, since 2026-01-31 12:00:00 UTC, lease 0123456789abcdef", unique to this
 * process and moment, to NN_LEASE_OWNER bytes. */
void nn_lease_describe_self(char *owner);
/* The holder's line without its line end; empty if there is none. */
nn_status nn_lease_read_owner(int descriptor, const char *directory, char *owner);
nn_status nn_lease_write_owner(int descriptor, const char *directory, const char *owner);
/* Checks that the directory's lease, reopened as network file systems require, still has this line:
 * NN_ERROR_BUSY if another job has taken it. A missing lease is not an error here, but for whoever writes to
 * the directory. */
nn_status nn_lease_expect_own(const char *directory, const char *owner);
/* Fails with NN_ERROR_BUSY. `advice` is appended to the general advice; may be empty. */
nn_status nn_lease_fail_busy(const char *directory, const char *owner, const char *advice);

#endif
