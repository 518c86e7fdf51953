#include "guard/heartbeats.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "guard/heartbeat_file.h"
#include "host/clock.h"
#include "host/links.h"
#include "host/threads.h"

#define HEARTBEATS_FOLDER "heartbeat"

/* Seconds that reading the files may take before what was read counts as old. */
#define HEARTBEATS_FRESH 5

/* The nodes that watch all others: this many, the first ones that are well. */
#define HEARTBEATS_WATCHERS 3

/* A node is well as long as one of its ranks is not late by this fraction of the timeout: others have taken
 * over its part before a hang is found. */
#define HEARTBEATS_WELL 0.5

/* A round that took longer than this many intervals means that this process was suspended. */
#define HEARTBEATS_SUSPENDED 4

/* A node, as the thread last saw its file. */
typedef struct heartbeats_seen {
    uint64_t number;
    double changed; /* when that number was first seen, by the thread's clock */
} heartbeats_seen;

struct nn_heartbeats {
    char *folder;
    int *leaders;
    int count, rank;
    double seconds, timeout;
    nn_heartbeat_node *nodes; /* by leader */
    int node_count;
    nn_links *links;
    pthread_t thread;
    nn_heartbeat *scratch; /* of the thread, by rank */
    heartbeats_seen *seen; /* of the thread, by node */
    double clock, last;    /* of the thread: the sum of its rounds without suspensions; the last one */
    pthread_mutex_t mutex; /* guards all below */
    pthread_cond_t changed;
    bool stops, reads, cut;
    uint64_t number;                     /* of the last version written */
    nn_heartbeat *beats;                 /* by rank: those of this node to be written, others as read */
    uint64_t *noticed;                   /* by rank: the number of the last version that was taken over */
    uint64_t readings, readings_noticed; /* rounds of reading the other files; as last seen, ... */
    double read_at;                      /* ... and when that changed */
};

/* ---- what is read ---- */

static bool heartbeats_is_own(const nn_heartbeats *of, int node)
{
    return of->nodes[node].leader == of->rank;
}

/* Whether a rank of the node is alive, and not late for half the timeout. */
static bool heartbeats_is_well(const nn_heartbeats *of, int node)
{
    const nn_heartbeat_node *self = &of->nodes[node];
    bool own = heartbeats_is_own(of, node);
    double age = own ? 0 : of->clock - of->seen[node].changed;
    for (int r = self->leader; r < of->count; r++) {
        const nn_heartbeat *beat = &of->scratch[r];
        if (of->leaders[r] != self->leader || beat->over || (!own && beat->number == 0)) continue;
        const nn_rank_state state = {.known = true,
                                     .waits = beat->waits,
                                     .cut_off = beat->cut,
                                     .moved = -beat->silent - age,
                                     .ticked = -beat->still - age};
        if (!nn_rank_is_late(&state, 0, HEARTBEATS_WELL * of->timeout)) return true;
    }
    return false;
}

static void heartbeats_read_node(nn_heartbeats *of, int node)
{
    heartbeats_seen *seen = &of->seen[node];
    nn_heartbeat_read(&of->nodes[node], of->scratch);
    uint64_t number = of->scratch[of->nodes[node].leader].number;
    if (number != seen->number) seen->changed = of->clock;
    seen->number = number;
}

static void heartbeats_forget_node(nn_heartbeats *of, int node)
{
    for (int r = of->nodes[node].leader; r < of->count; r++)
        if (of->leaders[r] == of->nodes[node].leader) of->scratch[r].number = 0;
}

/* Reads nodes in order, until enough of them are well: those watch the others. If this node is one of them,
 * it reads all; so does every node once a hang was found that did not end the node which found it. */
static void heartbeats_read_others(nn_heartbeats *of)
{
    int watchers = 0;
    bool all = false;
    for (int n = 0; n < of->node_count; n++) {
        bool own = heartbeats_is_own(of, n), needed = all || watchers < HEARTBEATS_WATCHERS;
        if (!own && needed) heartbeats_read_node(of, n);
        if (!own && !needed) heartbeats_forget_node(of, n);
        if (!needed) continue;
        const nn_heartbeat *beat = &of->scratch[of->nodes[n].leader];
        all |= !own && beat->number > 0 && beat->found;
        if (!heartbeats_is_well(of, n)) continue;
        watchers++;
        all |= own;
    }
    pthread_mutex_lock(&of->mutex);
    for (int r = 0; r < of->count; r++)
        if (of->leaders[r] != of->rank) of->beats[r] = of->scratch[r];
    of->readings++;
    pthread_mutex_unlock(&of->mutex);
}

/* ---- the thread ---- */

static void heartbeats_warn(const nn_heartbeats *of)
{
    nn_log_warning("cannot write %s (%s): a node on which everything hangs will not be detected", of->folder,
                   strerror(errno));
}

static const nn_heartbeat_node *heartbeats_own(const nn_heartbeats *of)
{
    int node = 0;
    while (!heartbeats_is_own(of, node)) node++;
    return &of->nodes[node];
}

static void heartbeats_advance(nn_heartbeats *of)
{
    double now = nn_seconds(), passed = now - of->last;
    of->clock += passed < HEARTBEATS_SUSPENDED * of->seconds ? passed : of->seconds;
    of->last = now;
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
    heartbeats_advance(of);
    if (!nn_heartbeat_write(heartbeats_own(of), of->scratch, number) && !*warned) {
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

/* Leaders are the lowest ranks of their nodes, so a node is listed before its other ranks come. */
static void heartbeats_list_nodes(nn_heartbeats *made)
{
    for (int r = 0; r < made->count; r++) {
        if (made->leaders[r] == r)
            made->nodes[made->node_count++] = (nn_heartbeat_node){
                .folder = made->folder, .leaders = made->leaders, .count = made->count, .leader = r};
        int node = made->node_count - 1;
        while (made->nodes[node].leader != made->leaders[r]) node--;
        made->nodes[node].ranks++;
    }
}

static nn_status heartbeats_allocate(nn_heartbeats *made, const char *run_directory, const int *leaders)
{
    nn_text folder = {0};
    nn_text_append(&folder, "%s/" HEARTBEATS_FOLDER, run_directory);
    made->folder = folder.bytes;
    if (folder.failed) NN_FAIL(NN_ERROR_MEMORY, "out of memory for the name of a folder");
    NN_TRY(NN_ALLOCATE(&made->leaders, made->count, "heartbeats"));
    int nodes = 0;
    for (int r = 0; r < made->count; r++) nodes += leaders[r] == r;
    NN_TRY(NN_ALLOCATE(&made->nodes, nodes, "heartbeats"));
    NN_TRY(NN_ALLOCATE(&made->seen, nodes, "heartbeats"));
    NN_TRY(NN_ALLOCATE(&made->beats, made->count, "heartbeats"));
    NN_TRY(NN_ALLOCATE(&made->scratch, made->count, "heartbeats"));
    NN_TRY(NN_ALLOCATE(&made->noticed, made->count, "heartbeats"));
    NN_TRY(nn_links_create(&made->links));
    memcpy(made->leaders, leaders, (size_t)made->count * sizeof *leaders);
    heartbeats_list_nodes(made);
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
    nn_free(heartbeats->nodes);
    nn_free(heartbeats->seen);
    nn_free(heartbeats->beats);
    nn_free(heartbeats->scratch);
    nn_free(heartbeats->noticed);
    nn_links_destroy(heartbeats->links);
    nn_free(heartbeats);
}

nn_status nn_heartbeats_start(const char *run_directory, const int *leaders, int count, int rank,
                              double seconds, double timeout, nn_heartbeats **heartbeats)
{
    nn_heartbeats *made;
    *heartbeats = NULL;
    NN_TRY(NN_ALLOCATE(&made, 1, "heartbeats"));
    made->count = count;
    made->rank = rank;
    made->seconds = seconds;
    made->timeout = timeout;
    made->last = nn_seconds();
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
    if (!heartbeats) return;
    pthread_mutex_lock(&heartbeats->mutex);
    heartbeats->stops = true;
    pthread_cond_signal(&heartbeats->changed);
    pthread_mutex_unlock(&heartbeats->mutex);
    pthread_join(heartbeats->thread, NULL);
    pthread_cond_destroy(&heartbeats->changed);
    pthread_mutex_destroy(&heartbeats->mutex);
    nn_heartbeat_remove(heartbeats_own(heartbeats));
    rmdir(heartbeats->folder); /* succeeds for the last node */
    heartbeats_free(heartbeats);
}

void nn_heartbeats_publish(nn_heartbeats *heartbeats, const nn_rank_state *states, bool found, double now)
{
    pthread_mutex_lock(&heartbeats->mutex);
    for (int r = 0; r < heartbeats->count; r++) {
        const nn_rank_state *state = &states[r];
        if (heartbeats->leaders[r] != heartbeats->rank) continue;
        heartbeats->beats[r] = (nn_heartbeat){.phase = (int)state->phase,
                                              .waits = state->waits,
                                              .over = state->over,
                                              .found = found,
                                              .step = state->step,
                                              .silent = now - state->moved,
                                              .still = now - state->ticked};
    }
    pthread_mutex_unlock(&heartbeats->mutex);
}

static void heartbeats_notice(const nn_heartbeat *beat, nn_rank_state *state, double now)
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
        nn_heartbeat *beat = &heartbeats->beats[r];
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
        if (!nn_heartbeat_is_file(entry->d_name)) continue;
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
