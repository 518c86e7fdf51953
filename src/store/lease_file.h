/* The content of a lease file: one line that names its holder. */
#ifndef NN_STORE_LEASE_FILE_H
#define NN_STORE_LEASE_FILE_H

#include "base/status.h"

#define NN_LEASE_OWNER 512

/* What the line of a holder without a lock ends in: its time stamp counts. */
#define NN_LEASE_STAMPED ", by time stamp"

/* "host n1, process 123, since 2026-01-31 12:00:00 UTC, lease 0123456789abcdef", of this process and this
 * moment and of no other, into NN_LEASE_OWNER bytes. */
void nn_lease_describe_self(char *owner);
/* The holder's line without its end; empty when there is none. */
nn_status nn_lease_read_owner(int descriptor, const char *directory, char *owner);
nn_status nn_lease_write_owner(int descriptor, const char *directory, const char *owner);
/* That the directory's lease, opened anew as network file systems ask for, has this very line: NN_ERROR_BUSY
 * where another job has taken it. One that is gone is left to whoever writes there. */
nn_status nn_lease_expect_own(const char *directory, const char *owner);
/* NN_ERROR_BUSY. `advice` follows what to do in general; it may be empty. */
nn_status nn_lease_fail_busy(const char *directory, const char *owner, const char *advice);

#endif
