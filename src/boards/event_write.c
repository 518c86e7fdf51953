#include "boards/event_write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "boards/crc32c.h"
#include "host/files.h"
#include "host/system.h"

#define RECORD_HEAD 12 /* bytes before the event, and after it */
#define RECORD_TAIL 4

struct nn_event_file {
    int descriptor;
    char *path; /* owned */
};

/* ---- records ---- */

static void event_put(unsigned char *bytes, uint64_t value, int count)
{
    for (int b = 0; b < count; b++) bytes[b] = (unsigned char)(value >> 8 * b);
}

/* A checksum next to what it is of would be a bad checksum of both: it is rotated, and a constant added. */
static uint32_t event_masked(const void *bytes, size_t size)
{
    uint32_t crc = nn_crc32c(bytes, size);
    return (crc >> 15 | crc << 17) + UINT32_C(0xA282EAD8);
}

static int event_write_bytes(int descriptor, const unsigned char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(descriptor, bytes, size);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return written < 0 ? errno : ENOSPC;
        bytes += written;
        size -= (size_t)written;
    }
    return 0;
}

nn_status nn_event_write(nn_event_file *file, Board__Event *event)
{
    struct timespec now = {0};
    struct stat before;
    unsigned char *record;
    clock_gettime(CLOCK_REALTIME, &now);
    event->has_wall_time = true;
    event->wall_time = (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
    size_t size = board__event__get_packed_size(event);
    NN_TRY(NN_ALLOCATE(&record, RECORD_HEAD + size + RECORD_TAIL, "an event for TensorBoard"));
    event_put(record, size, 8);
    event_put(record + 8, event_masked(record, 8), 4);
    board__event__pack(event, record + RECORD_HEAD);
    event_put(record + RECORD_HEAD + size, event_masked(record + RECORD_HEAD, size), 4);
    int error = fstat(file->descriptor, &before) != 0 ? errno : 0;
    if (error == 0) {
        error = event_write_bytes(file->descriptor, record, RECORD_HEAD + size + RECORD_TAIL);
        if (error != 0 && ftruncate(file->descriptor, before.st_size) != 0) error = errno;
    }
    nn_free(record);
    return error == 0 ? NN_OK : nn_system_fail(NN_ERROR_IO, error, "cannot write %s", file->path);
}

nn_status nn_event_write_values(nn_event_file *file, int64_t step, Board__Summary__Value *values,
                                size_t count)
{
    Board__Event event = BOARD__EVENT__INIT;
    Board__Summary summary = BOARD__SUMMARY__INIT;
    NN_TRY(NN_ALLOCATE(&summary.value, count, "an event for TensorBoard"));
    for (size_t v = 0; v < count; v++) summary.value[v] = &values[v];
    summary.n_value = count;
    event.has_step = true;
    event.step = step;
    event.summary = &summary;
    nn_status status = nn_event_write(file, &event);
    nn_free(summary.value);
    return status;
}

/* ---- files ---- */

/* The time in the name of the newest file; 0: there is none. */
static nn_status event_newest(const char *folder, long long *newest)
{
    nn_text_list names = {0};
    bool there;
    *newest = 0;
    nn_status status = nn_folder_list(folder, &names, &there);
    for (size_t n = 0; n < names.count && status == NN_OK; n++) {
        if (strncmp(names.items[n], NN_EVENT_PREFIX, strlen(NN_EVENT_PREFIX)) != 0) continue;
        long long time = strtoll(names.items[n] + strlen(NN_EVENT_PREFIX), NULL, 10);
        if (time > *newest) *newest = time;
    }
    nn_list_release(&names);
    return status;
}

nn_status nn_event_file_exists(const char *run_directory, bool *there)
{
    nn_text folder = {0};
    long long newest = 0;
    nn_text_append(&folder, "%s/" NN_EVENT_FOLDER, run_directory);
    nn_status status = folder.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for a path")
                                     : event_newest(folder.bytes, &newest);
    *there = newest > 0;
    nn_text_free(&folder);
    return status;
}

/* The times in the names ascend even where the clock does not: two starts in one second, or a clock that was
 * set back. */
static nn_status event_open(nn_event_file *file, const char *folder, const char *host)
{
    nn_text path = {0};
    long long newest, now = (long long)time(NULL);
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return nn_system_fail(NN_ERROR_IO, errno, "cannot make the folder %s", folder);
    NN_TRY(event_newest(folder, &newest));
    nn_text_append(&path, "%s/" NN_EVENT_PREFIX "%010lld.%s", folder, now > newest ? now : newest + 1, host);
    if (path.failed) NN_FAIL(NN_ERROR_MEMORY, "out of memory for a path");
    file->path = path.bytes;
    file->descriptor = nn_file_open(file->path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND);
    if (file->descriptor < 0) return nn_system_fail(NN_ERROR_IO, errno, "cannot make %s", file->path);
    return NN_OK;
}

static nn_status event_begin(nn_event_file *file, int64_t first_step)
{
    Board__Event version = BOARD__EVENT__INIT, start = BOARD__EVENT__INIT;
    Board__SessionLog session = BOARD__SESSION_LOG__INIT;
    char text[] = "brain.Event:2";
    version.file_version = text;
    session.has_status = true;
    session.status = BOARD__SESSION_LOG__SESSION_STATUS__START;
    start.has_step = true;
    start.step = first_step;
    start.session_log = &session;
    NN_TRY(nn_event_write(file, &version));
    return nn_event_write(file, &start);
}

nn_status nn_event_file_create(const char *run_directory, const char *host, int64_t first_step,
                               nn_event_file **file)
{
    nn_text folder = {0};
    NN_TRY(NN_ALLOCATE(file, 1, "an event file"));
    (*file)->descriptor = -1;
    nn_text_append(&folder, "%s/" NN_EVENT_FOLDER, run_directory);
    nn_status status = folder.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for a path")
                                     : event_open(*file, folder.bytes, host);
    if (status == NN_OK) status = event_begin(*file, first_step);
    nn_text_free(&folder);
    if (status == NN_OK) return NN_OK;
    nn_event_file_destroy(*file);
    *file = NULL;
    return status;
}

void nn_event_file_destroy(nn_event_file *file)
{
    if (!file) return;
    if (file->descriptor >= 0) close(file->descriptor);
    nn_free(file->path);
    nn_free(file);
}
