#include "cli/probe_saved.h"

#include "base/log.h"
#include "cli/probe.h"
#include "train/engine.h"

nn_status nn_probe_saved(const char *run_or_checkpoint, const char *data_file)
{
    nn_text_list files;
    if (data_file) return nn_probe_files(1, &data_file);
    if (!nn_probe_is_first()) return NN_OK;
    bool spoke = nn_log_enabled();
    nn_log_enable(false); /* its warnings come again when the run is opened */
    nn_status status = nn_saved_files(run_or_checkpoint, &files);
    nn_log_enable(spoke);
    status = status == NN_OK ? nn_probe_files(files.count, (const char *const *)files.items) : NN_OK;
    nn_job_files_release(&files);
    return status;
}
