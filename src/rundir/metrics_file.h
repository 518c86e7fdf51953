/* metrics.jsonl: a line is appended for each epoch, validation or logged step; a checkpoint's history holds
 * the same lines. */
#ifndef NN_RUNDIR_METRICS_FILE_H
#define NN_RUNDIR_METRICS_FILE_H

#include "base/text.h"
#include "rundir/rundir.h"

void nn_metrics_file_path(const nn_rundir *directory, char path[NN_PATH_SIZE + 32]);

/* Appends a line, which is in the history already. Where it cannot be written a warning says so; the file is
 * then rewritten from the history with the next line. NN_ERROR_BUSY where the directory is another job's by
 * now. Rank 0 calls it. */
nn_status nn_metrics_file_append(nn_rundir *directory, const nn_text *history, const char *line);

/* Rewrites the file from the history. Rank 0 calls it. */
nn_status nn_metrics_file_rewrite(const nn_rundir *directory, const nn_text *history);

#endif
