/* The content of a lease file: one line that names its holder. */
#ifndef NN_STORE_LEASE_FILE_H
#define NN_STORE_LEASE_FILE_H

#include "base/status.h"

#define NN_LEASE_OWNER 512

/* "host n1, process 123, since 2026-01-31 12:00:00 UTC", of this process, into NN_LEASE_OWNER bytes. */
void nn_lease_describe_self(char *owner);
/* The holder's line without its end; empty when there is none. */
void nn_lease_read_owner(int descriptor, char *owner);
nn_status nn_lease_write_owner(int descriptor, const char *directory, const char *owner);
/* NN_ERROR_BUSY. `advice` follows what to do in general; it may be empty. */
nn_status nn_lease_fail_busy(const char *directory, const char *owner, const char *advice);

#endif
