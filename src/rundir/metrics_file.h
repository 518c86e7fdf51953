/* metrics.jsonl: a line is appended for each epoch; a checkpoint's history holds the same lines. */
#ifndef NN_RUNDIR_METRICS_FILE_H
#define NN_RUNDIR_METRICS_FILE_H

#include "base/text.h"
#include "rundir/rundir.h"

/* Appends a line, which is in the history already. Where it cannot be written a warning says so; the file is
 * then rewritten from the history with the next line. NN_ERROR_BUSY where the directory is another job's by
 * now. Rank 0 calls it. */
nn_status nn_metrics_file_append(nn_rundir *directory, const nn_text *history, const char *line);

/* Rewrites the file from the history. Rank 0 calls it. */
nn_status nn_metrics_file_rewrite(const nn_rundir *directory, const nn_text *history);

#endif
