#include "guard/heartbeats.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "host/links.h"
#include "host/threads.h"

#define HEARTBEATS_FOLDER "heartbeat"

/* Seconds that reading the files may take before what was read counts as old. */
#define HEARTBEATS_FRESH 5

/* A file contains its number, one line per rank, and its number again: where the two differ, it was being
 * written while it was read. All lines have the same length, so that each version overwrites the previous
 * one. */
#define NUMBER_LINE 21
#define RANK_LINE 80

typedef struct heartbeat {
    uint64_t number; /* of the version that contains it; 0: none was read */
    int waits, over, phase, cut;
    int64_t step;
    double silent, still; /* seconds without progress, and without a tick, when it was written */
} heartbeat;

struct nn_heartbeats {
    char *folder;
    int *leaders;
    int count, rank;
    double seconds;
    nn_links *links;
    pthread_t thread;
    pthread_mutex_t mutex; /* guards all below */
    pthread_cond_t changed;
    bool stops, reads, cut;
    uint64_t number;                     /* of the last version written */
    heartbeat *beats;                    /* by rank: those of this node to be written, others as read */
    uint64_t *noticed;                   /* by rank: the number of the last version that was taken over */
    uint64_t readings, readings_noticed; /* rounds of reading the other files; as last seen, ... */
    double read_at;                      /* ... and when that changed */
    heartbeat *scratch;                  /* of the thread */
};

/* ---- one file ---- */

static int heartbeats_on_node(const nn_heartbeats *of, int leader)
{
    int ranks = 0;
    for (int r = 0; r < of->count; r++) ranks += of->leaders[r] == leader;
    return ranks;
}

static void heartbeats_path(const nn_heartbeats *of, int leader, nn_text *path)
{
    nn_text_append(path, "%s/node-of-rank-%d", of->folder, leader);
}

static void heartbeats_format(const nn_heartbeats *of, const heartbeat *beats, uint64_t number, nn_text *text)
{
    nn_text_append(text, "%020" PRIu64 "\n", number);
    for (int r = 0; r < of->count; r++) {
        const heartbeat *beat = &beats[r];
        if (of->leaders[r] != of->rank) continue;
        nn_text_append(text, "%9d %2d %1d %1d %20lld %18.3f %18.3f %1d  \n", r, beat->phase, beat->waits,
                       beat->over, (long long)beat->step, beat->silent, beat->still, beat->cut);
    }
    nn_text_append(text, "%020" PRIu64 "\n", number);
}

static bool heartbeats_parse_line(const nn_heartbeats *of, int leader, const char *line, heartbeat *beats,
                                  uint64_t number)
{
    heartbeat beat = {.number = number};
    long long step;
    int rank;
    if (sscanf(line, "%d %d %d %d %lld %lf %lf %d", &rank, &beat.phase, &beat.waits, &beat.over, &step,
               &beat.silent, &beat.still, &beat.cut) != 8)
        return false;
    if (rank < 0 || rank >= of->count || of->leaders[rank] != leader) return false;
    beat.step = step;
    beats[rank] = beat;
    return true;
}

/* Takes the beats of a node, if its file is consistent. */
static void heartbeats_parse(const nn_heartbeats *of, int leader, const char *text, heartbeat *beats)
{
    int ranks = heartbeats_on_node(of, leader);
    const char *lines = text + NUMBER_LINE, *last = lines + (size_t)ranks * RANK_LINE;
    uint64_t number = strtoull(text, NULL, 10);
    if (strtoull(last, NULL, 10) != number) return;
    for (int i = 0; i < ranks; i++)
        if (!heartbeats_parse_line(of, leader, lines + (size_t)i * RANK_LINE, beats, number)) return;
}

/* Files are opened each time: only then does a network file system show what other nodes have written. */
static bool heartbeats_write(const nn_heartbeats *of, const heartbeat *beats, uint64_t number)
{
    nn_text path = {0}, text = {0};
    heartbeats_path(of, of->rank, &path);
    heartbeats_format(of, beats, number, &text);
    bool wrote = false;
    int file =
        path.failed || text.failed ? -1 : open(path.bytes, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
    if (file >= 0) {
        wrote = pwrite(file, text.bytes, text.length, 0) == (ssize_t)text.length;
        wrote = close(file) == 0 && wrote;
    }
    nn_text_free(&path);
    nn_text_free(&text);
    return wrote;
}

static void heartbeats_read(const nn_heartbeats *of, int leader, heartbeat *beats)
{
    nn_text path = {0};
    char *text = NULL;
    size_t size = 2 * NUMBER_LINE + (size_t)heartbeats_on_node(of, leader) * RANK_LINE;
    heartbeats_path(of, leader, &path);
    int file = path.failed ? -1 : open(path.bytes, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) { /* that node has ended, or its file cannot be read: nothing is known */
        for (int r = 0; r < of->count; r++)
            if (of->leaders[r] == leader) beats[r].number = 0;
    } else {
        if (NN_ALLOCATE(&text, size + 1, "heartbeats") == NN_OK &&
            pread(file, text, size, 0) == (ssize_t)size)
            heartbeats_parse(of, leader, text, beats);
        close(file);
    }
    nn_free(text);
    nn_text_free(&path);
}

/* ---- the thread ---- */

static void heartbeats_read_others(nn_heartbeats *of)
{
    for (int r = 0; r < of->count; r++)
        if (of->leaders[r] == r && r != of->rank) heartbeats_read(of, r, of->scratch);
    pthread_mutex_lock(&of->mutex);
    for (int r = 0; r < of->count; r++)
        if (of->leaders[r] != of->rank) of->beats[r] = of->scratch[r];
    of->readings++;
    pthread_mutex_unlock(&of->mutex);
}

static void heartbeats_warn(const nn_heartbeats *of)
{
    nn_log_warning("cannot write %s (%s): a node on which everything hangs will not be detected", of->folder,
                   strerror(errno));
}

/* One round, without the mutex, as files may be slow. */
static void heartbeats_round(nn_heartbeats *of, uint64_t number, bool reads, bool *warned)
{
    bool cut = nn_links_are_down(of->links);
    pthread_mutex_lock(&of->mutex);
    of->cut = cut;
    pthread_mutex_unlock(&of->mutex);
    for (int r = 0; r < of->count; r++)
        if (of->leaders[r] == of->rank) of->scratch[r].cut = cut;
    if (!heartbeats_write(of, of->scratch, number) && !*warned) {
        heartbeats_warn(of);
        *warned = true;
    }
    if (reads) heartbeats_read_others(of);
}

static struct timespec heartbeats_next(double seconds)
{
    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    double nanoseconds = (double)next.tv_nsec + seconds * 1e9;
    next.tv_sec += (time_t)(nanoseconds / 1e9);
    next.tv_nsec = (long)(nanoseconds - 1e9 * (double)(time_t)(nanoseconds / 1e9));
    return next;
}

static void *heartbeats_run(void *context)
{
    nn_heartbeats *of = context;
    bool warned = false;
    pthread_mutex_lock(&of->mutex);
    while (!of->stops) {
        struct timespec next = heartbeats_next(of->seconds);
        uint64_t number = ++of->number;
        bool reads = of->reads;
        memcpy(of->scratch, of->beats, (size_t)of->count * sizeof *of->beats);
        pthread_mutex_unlock(&of->mutex);
        heartbeats_round(of, number, reads, &warned);
        pthread_mutex_lock(&of->mutex);
        while (!of->stops && pthread_cond_timedwait(&of->changed, &of->mutex, &next) == 0) {
        }
    }
    pthread_mutex_unlock(&of->mutex);
    return NULL;
}

/* ---- the public functions ---- */

static nn_status heartbeats_allocate(nn_heartbeats *made, const char *run_directory, const int *leaders)
{
    nn_text folder = {0};
    nn_text_append(&folder, "%s/" HEARTBEATS_FOLDER, run_directory);
    made->folder = folder.bytes;
    if (folder.failed) NN_FAIL(NN_ERROR_MEMORY, "out of memory for the name of a folder");
    NN_TRY(NN_ALLOCATE(&made->leaders, made->count, "heartbeats"));
    NN_TRY(NN_ALLOCATE(&made->beats, made->count, "heartbeats"));
    NN_TRY(NN_ALLOCATE(&made->scratch, made->count, "heartbeats"));
    NN_TRY(NN_ALLOCATE(&made->noticed, made->count, "heartbeats"));
    NN_TRY(nn_links_create(&made->links));
    memcpy(made->leaders, leaders, (size_t)made->count * sizeof *leaders);
    (void)mkdir(made->folder, 0777); /* it may exist already; other failures show when writing */
    return NN_OK;
}

static int heartbeats_start_thread(nn_heartbeats *made)
{
    pthread_condattr_t attributes;
    pthread_mutex_init(&made->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&made->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    int error = nn_threads_start(&made->thread, heartbeats_run, made);
    if (error == 0) return 0;
    pthread_cond_destroy(&made->changed);
    pthread_mutex_destroy(&made->mutex);
    return error;
}

static void heartbeats_free(nn_heartbeats *heartbeats)
{
    nn_free(heartbeats->folder);
    nn_free(heartbeats->leaders);
    nn_free(heartbeats->beats);
    nn_free(heartbeats->scratch);
    nn_free(heartbeats->noticed);
    nn_links_destroy(heartbeats->links);
    nn_free(heartbeats);
}

nn_status nn_heartbeats_start(const char *run_directory, const int *leaders, int count, int rank,
                              double seconds, nn_heartbeats **heartbeats)
{
    nn_heartbeats *made;
    *heartbeats = NULL;
    NN_TRY(NN_ALLOCATE(&made, 1, "heartbeats"));
    made->count = count;
    made->rank = rank;
    made->seconds = seconds;
    nn_status status = heartbeats_allocate(made, run_directory, leaders);
    int error = status == NN_OK ? heartbeats_start_thread(made) : 0;
    if (error) status = nn_fail(NN_ERROR_MEMORY, "cannot start a thread for heartbeats: %s", strerror(error));
    if (status == NN_OK)
        *heartbeats = made;
    else
        heartbeats_free(made);
    return status;
}

void nn_heartbeats_stop(nn_heartbeats *heartbeats)
{
    nn_text path = {0};
    if (!heartbeats) return;
    pthread_mutex_lock(&heartbeats->mutex);
    heartbeats->stops = true;
    pthread_cond_signal(&heartbeats->changed);
    pthread_mutex_unlock(&heartbeats->mutex);
    pthread_join(heartbeats->thread, NULL);
    pthread_cond_destroy(&heartbeats->changed);
    pthread_mutex_destroy(&heartbeats->mutex);
    heartbeats_path(heartbeats, heartbeats->rank, &path);
    if (!path.failed) unlink(path.bytes);
    rmdir(heartbeats->folder); /* succeeds for the last node */
    nn_text_free(&path);
    heartbeats_free(heartbeats);
}

void nn_heartbeats_publish(nn_heartbeats *heartbeats, const nn_rank_state *states, double now)
{
    pthread_mutex_lock(&heartbeats->mutex);
    for (int r = 0; r < heartbeats->count; r++) {
        const nn_rank_state *state = &states[r];
        if (heartbeats->leaders[r] != heartbeats->rank) continue;
        heartbeats->beats[r] = (heartbeat){.phase = (int)state->phase,
                                           .waits = state->waits,
                                           .over = state->over,
                                           .step = state->step,
                                           .silent = now - state->moved,
                                           .still = now - state->ticked};
    }
    pthread_mutex_unlock(&heartbeats->mutex);
}

static void heartbeats_notice(const heartbeat *beat, nn_rank_state *state, double now)
{
    state->phase = (nn_phase)beat->phase;
    state->waits = beat->waits;
    state->over = beat->over;
    state->cut_off = beat->cut;
    state->step = beat->step;
    state->moved = now - beat->silent;
    state->ticked = now - beat->still;
}

/* Old data says something about the file system, not about the other nodes. */
static bool heartbeats_are_fresh(nn_heartbeats *heartbeats, bool reads, double now)
{
    if (!heartbeats->reads || heartbeats->readings != heartbeats->readings_noticed) heartbeats->read_at = now;
    heartbeats->readings_noticed = heartbeats->readings;
    return reads && now - heartbeats->read_at < HEARTBEATS_FRESH + 4 * heartbeats->seconds;
}

void nn_heartbeats_read(nn_heartbeats *heartbeats, bool reads, nn_rank_state *states, double now)
{
    pthread_mutex_lock(&heartbeats->mutex);
    bool fresh = heartbeats_are_fresh(heartbeats, reads, now);
    for (int r = 0; r < heartbeats->count; r++) {
        heartbeat *beat = &heartbeats->beats[r];
        if (heartbeats->leaders[r] == heartbeats->rank) continue;
        if (!fresh) beat->number = heartbeats->noticed[r] = 0;
        states[r].known = beat->number > 0;
        if (beat->number == heartbeats->noticed[r]) continue;
        heartbeats->noticed[r] = beat->number;
        if (beat->number > 0) heartbeats_notice(beat, &states[r], now);
    }
    heartbeats->reads = reads;
    pthread_mutex_unlock(&heartbeats->mutex);
}

bool nn_heartbeats_cut_off(nn_heartbeats *heartbeats)
{
    pthread_mutex_lock(&heartbeats->mutex);
    bool cut = heartbeats->cut;
    pthread_mutex_unlock(&heartbeats->mutex);
    return cut;
}

void nn_heartbeats_clear(const char *run_directory)
{
    nn_text folder = {0}, path = {0};
    nn_text_append(&folder, "%s/" HEARTBEATS_FOLDER, run_directory);
    DIR *directory = folder.failed ? NULL : opendir(folder.bytes);
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        if (strncmp(entry->d_name, "node-of-rank-", 13) != 0) continue;
        nn_text_free(&path);
        nn_text_append(&path, "%s/%s", folder.bytes, entry->d_name);
        if (!path.failed) unlink(path.bytes);
    }
    if (directory) {
        closedir(directory);
        rmdir(folder.bytes);
    }
    nn_text_free(&folder);
    nn_text_free(&path);
}
