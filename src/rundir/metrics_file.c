#include "rundir/metrics_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "host/files.h"
#include "host/system.h"
#include "store/kept.h"
#include "store/store.h"

void nn_metrics_file_path(const nn_rundir *directory, char path[NN_PATH_SIZE + 32])
{
    snprintf(path, NN_PATH_SIZE + 32, "%s/metrics.jsonl", directory->path);
}

/* Returns 0, or the error. */
static int metrics_write(int descriptor, const char *line)
{
    for (size_t length = strlen(line); length > 0;) {
        ssize_t written = write(descriptor, line, length);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return written < 0 ? errno : ENOSPC;
        line += written;
        length -= (size_t)written;
    }
    return 0;
}

/* Half a line is cut off again: readers of the file see complete lines only. Where that fails too, the file
 * is repaired with the next line, or when the run is resumed. */
static nn_status metrics_append(const char *path, const char *line)
{
    struct stat before;
    int descriptor = nn_file_open(path, O_WRONLY | O_CREAT | O_APPEND);
    int error = descriptor < 0 || fstat(descriptor, &before) != 0 ? errno : 0;
    if (error == 0) {
        error = metrics_write(descriptor, line);
        if (error != 0 && ftruncate(descriptor, before.st_size) != 0) error = errno;
    }
    if (descriptor >= 0 && close(descriptor) != 0 && errno != EINTR && error == 0) error = errno;
    return error == 0 ? NN_OK : nn_system_fail(NN_ERROR_IO, error, "cannot write %s", path);
}

nn_status nn_metrics_file_rewrite(const nn_rundir *directory, const nn_text *history)
{
    char path[NN_PATH_SIZE + 32];
    nn_metrics_file_path(directory, path);
    return nn_store_commit(path, history->bytes ? history->bytes : "", history->length);
}

nn_status nn_metrics_file_append(nn_rundir *directory, const nn_text *history, const char *line)
{
    char path[NN_PATH_SIZE + 32];
    nn_saving *saving = &directory->saving;
    nn_metrics_file_path(directory, path);
    nn_status status = nn_rundir_check_lease(directory);
    if (status == NN_ERROR_BUSY) return status;
    if (saving->unsaved & NN_UNSAVED_METRICS) {
        if (nn_metrics_file_rewrite(directory, history) != NN_OK) return NN_OK;
        saving->unsaved &= ~(unsigned)NN_UNSAVED_METRICS;
        nn_log_line("%s is complete again", path);
    } else if (metrics_append(path, line) != NN_OK) {
        saving->unsaved |= NN_UNSAVED_METRICS;
        nn_log_warning("%s; training continues: checkpoints hold the metrics too, and the file is rewritten "
                       "with the next line",
                       nn_error_text());
    }
    return NN_OK;
}
