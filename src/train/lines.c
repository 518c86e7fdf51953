#include "train/lines.h"

#include "rundir/metrics_file.h"
#include "train/showing.h"

nn_status nn_run_append_line(nn_run *run, nn_text *line)
{
    nn_status status = NN_OK;
    nn_text_append(&run->state.history, "%s", line->bytes ? line->bytes : "");
    if (line->failed || run->state.history.failed)
        status = nn_fail(NN_ERROR_MEMORY, "out of memory for the metrics");
    else if (run->directory.writer)
        status = nn_metrics_file_append(&run->directory, &run->state.history, line->bytes);
    if (status == NN_OK) nn_showing_follow(run);
    nn_text_free(line);
    return status;
}
