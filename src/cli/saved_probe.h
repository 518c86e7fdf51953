/* The first look at the data that a trained network meets. */
#ifndef NN_CLI_SAVED_PROBE_H
#define NN_CLI_SAVED_PROBE_H

#include "base/options.h"
#include "base/status.h"

/* Probes the files that names and patterns match, or (NULL) at the data files of the run or checkpoint.
 * A run that cannot be read is reported later, by the caller that opens it. */
nn_status nn_saved_probe(const char *run_or_checkpoint, const nn_text_list *names);

/* The same for the file to write, if it exists: what it is decides whether it may be replaced. NULL: none. */
nn_status nn_saved_probe_output(const char *path);

#endif
