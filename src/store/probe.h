/* A first look at files in a child process of its own: some malformed files crash or hang HDF5 itself, which
 * would take the program down without a word. */
#ifndef NN_STORE_PROBE_H
#define NN_STORE_PROBE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/* Opens each file, visits its datasets, and reads small ones whole and some elements of the others, for some
 * seconds at most. NN_ERROR_DATA names the file that HDF5 does not survive; any other failure is left to the
 * caller that opens it. Takes some ms per file. What is damaged where this does not look may still bring the
 * program down. To be called before MPI starts; does nothing where launchers say that this process is not the
 * first of its job. */
nn_status nn_probe_files(size_t count, const char *const *paths);

/* Whether this process is the first of its job, as launchers tell before MPI has started. */
bool nn_probe_is_first(void);

/* The look itself, in this process: what a file makes HDF5 do, it does. */
void nn_probe_look_at(const char *path);

/* The mechanism: calls `look` in a child with limits and without an output; the failure says how it ended. */
typedef void (*nn_probe_look)(const char *path);
nn_status nn_probe_with(const char *path, nn_probe_look look, unsigned cpu_seconds);

#endif
