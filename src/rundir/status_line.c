#include "rundir/status_line.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "host/files.h"
#include "store/kept.h"

#define STATUS_PATH (NN_PATH_SIZE + 32)
#define STATUS_TIME 40

/* An incomplete line must not be mistaken for that of another attempt: it is removed. No fsync: if the node
 * is lost, so is the exit code. */
static void status_write(const nn_rundir *directory, const char *host, const char *how, const char *text)
{
    char path[STATUS_PATH], when[STATUS_TIME] = "";
    struct tm local;
    time_t now = time(NULL);
    if (!directory->lease) return;
    if (localtime_r(&now, &local)) strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S%z", &local);
    snprintf(path, sizeof path, "%s/" NN_KEPT_STATUS, directory->path);
    int descriptor = nn_file_open(path, O_WRONLY | O_CREAT | O_TRUNC);
    FILE *file = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
    if (descriptor >= 0 && !file) close(descriptor);
    bool whole = file && fprintf(file, "%s %s %s:%ld %.*s\n", how, when, host, (long)getpid(),
                                 (int)strcspn(text, "\n"), text) > 0;
    if (file && fclose(file) != 0) whole = false;
    if (!whole && descriptor >= 0) unlink(path);
}

void nn_status_line_begin(const nn_rundir *directory, const char *host, int ranks, int nodes)
{
    char text[64];
    snprintf(text, sizeof text, "begun with %d rank%s on %d node%s", ranks, ranks > 1 ? "s" : "", nodes,
             nodes > 1 ? "s" : "");
    status_write(directory, host, "running", text);
}

/* Another job may have the directory by now, and writes its own line. The text of the failure is kept.
 */
void nn_status_line_end(const nn_rundir *directory, const char *host, nn_status status, const char *ended)
{
    char code[16], *text = NULL;
    if (status == NN_ERROR_BUSY || nn_copy_text(nn_error_text(), &text) != NN_OK) return;
    snprintf(code, sizeof code, "%d", (int)status);
    if (nn_rundir_check_lease(directory) != NN_ERROR_BUSY)
        status_write(directory, host, code, status == NN_OK ? ended : text);
    nn_error_clear();
    if (status != NN_OK) (void)nn_fail(status, "%s", text);
    nn_free(text);
}
