#include "cli/saved_probe.h"

#include <unistd.h>

#include "base/list.h"
#include "base/log.h"
#include "settings/job.h"
#include "store/probe.h"

nn_status nn_saved_probe(const char *run_or_checkpoint, const nn_text_list *names)
{
    nn_text_list files;
    if (!nn_probe_is_first()) return NN_OK;
    bool spoke = nn_log_enabled();
    nn_log_enable(false); /* its warnings come again when the run is opened */
    nn_status status =
        names ? nn_job_files_listed(names, &files) : nn_job_files_of(run_or_checkpoint, &files);
    nn_log_enable(spoke);
    status = status == NN_OK ? nn_probe_files(files.count, (const char *const *)files.items) : NN_OK;
    nn_list_release(&files);
    return status;
}

nn_status nn_saved_probe_output(const char *path)
{
    return path && access(path, R_OK) == 0 ? nn_probe_files(1, &path) : NN_OK;
}
