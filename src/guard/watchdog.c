/* Ticks, the board on which the ranks of a node see each other, and the end of a job that hangs. */
#include "guard/watchdog.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "guard/heartbeats.h"
#include "host/threads.h"

/* Seconds between ticks, and between versions of a node's file: a fraction of the timeout, within limits. */
#define TICK_SHARE 0.05
#define TICK_LEAST 0.05
#define TICK_MOST 1.0
#define FILE_MOST 5.0

/* A tick that is late by this factor means that this process was suspended: the time does not count. */
#define TICK_LATE 4

/* Fraction of the timeout after which a waiting node starts to read the other nodes' heartbeats. */
#define ASK_SHARE 0.25

/* Seconds that another rank has to report first, and that the launcher has to end this rank. */
#define PATIENCE 10.0

/* Fraction of the timeout that a rank whose node has lost a link leaves another node to report. If the
 * launcher is on this node, it hears nothing of that report. */
#define CUT_SHARE 0.25

/* The state of one rank, read by the watchdogs of its node. */
typedef struct watchdog_beat {
    nn_pulse_marks marks;
    atomic_ullong ticks; /* of its own watchdog */
    atomic_int over;
} watchdog_beat;

typedef struct watchdog_board {
    _Alignas(64) atomic_int spoken; /* a rank of the node has taken over the report */
    atomic_int cut_off;             /* the node has lost a network link */
    watchdog_beat beats[];          /* by rank within the node */
} watchdog_board;

struct nn_watchdog {
    int rank, size, node_rank, node_size;
    double timeout, interval;
    int *ranks;               /* of this node */
    nn_rank_state *states;    /* of all ranks */
    uint64_t *ticks, *counts; /* of this node's ranks, as last seen */
    nn_shared *shared;
    watchdog_board *board;      /* followed by the names of all hosts, NN_HOST_SIZE bytes per node */
    nn_heartbeats *heartbeats;  /* NULL: there is one node, or another rank of this node has them */
    double clock;               /* sum of the ticks, in seconds, without suspensions */
    double found_at, spoken_at; /* by this clock; negative: not yet */
    atomic_bool idle;
    bool runs;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t stopped;
    bool stops;
};

/* ---- a tick ---- */

static void watchdog_show_alive(nn_watchdog *watchdog)
{
    watchdog_beat *beat = &watchdog->board->beats[watchdog->node_rank];
    atomic_fetch_add_explicit(&beat->ticks, 1, memory_order_relaxed);
    if (atomic_load_explicit(&watchdog->idle, memory_order_relaxed))
        atomic_fetch_add_explicit(&beat->marks.count, 1, memory_order_relaxed);
}

static void watchdog_observe(nn_watchdog *watchdog, int place)
{
    watchdog_beat *beat = &watchdog->board->beats[place];
    nn_rank_state *state = &watchdog->states[watchdog->ranks[place]];
    uint64_t ticks = atomic_load_explicit(&beat->ticks, memory_order_relaxed);
    uint64_t count = atomic_load_explicit(&beat->marks.count, memory_order_relaxed);
    state->known = ticks > 0;
    state->over = atomic_load_explicit(&beat->over, memory_order_relaxed);
    state->waits = atomic_load_explicit(&beat->marks.waits, memory_order_relaxed);
    state->phase = (nn_phase)atomic_load_explicit(&beat->marks.phase, memory_order_relaxed);
    state->step = atomic_load_explicit(&beat->marks.step, memory_order_relaxed);
    state->cut_off = atomic_load_explicit(&watchdog->board->cut_off, memory_order_relaxed);
    if (ticks != watchdog->ticks[place]) state->ticked = watchdog->clock;
    if (count != watchdog->counts[place]) state->moved = watchdog->clock;
    watchdog->ticks[place] = ticks;
    watchdog->counts[place] = count;
}

/* Whether nobody on this node has made progress for a while: then a rank elsewhere may be late. */
static bool watchdog_asks(const nn_watchdog *watchdog)
{
    for (int i = 0; i < watchdog->node_size; i++) {
        const nn_rank_state *state = &watchdog->states[watchdog->ranks[i]];
        if (!state->over && watchdog->clock - state->moved < ASK_SHARE * watchdog->timeout) return false;
    }
    return true;
}

/* The only place below the command line that ends the process: everything else may be what hangs. It touches
 * no stdio buffers and no locks, as a thread that hangs may hold them. */
static void watchdog_end(const char *text)
{
    size_t length = strlen(text);
    const char *clearing = nn_log_clearing(STDERR_FILENO);
    (void)!write(STDERR_FILENO, clearing, strlen(clearing));
    while (length > 0) {
        ssize_t written = write(STDERR_FILENO, text, length);
        if (written <= 0 && errno != EINTR) break;
        if (written > 0) {
            text += written;
            length -= (size_t)written;
        }
    }
    _exit(NN_ERROR_HANG);
}

static void watchdog_speak(nn_watchdog *watchdog, nn_hang hang)
{
    static const char start[] = "nntrain: ";
    char text[4096];
    int none = 0;
    if (!atomic_compare_exchange_strong(&watchdog->board->spoken, &none, 1)) return;
    memcpy(text, start, sizeof start);
    nn_hang_describe(watchdog->states, watchdog->size, watchdog->clock, watchdog->timeout, hang,
                     text + sizeof start - 1, sizeof text - sizeof start);
    strcat(text, "\n");
    watchdog_end(text);
}

/* Whether this rank reports although another one should, which has had time to. */
static bool watchdog_steps_in(const nn_watchdog *watchdog, bool own_late)
{
    double since = watchdog->clock - watchdog->found_at, share = CUT_SHARE * watchdog->timeout;
    if (!own_late) return since >= PATIENCE;
    return watchdog->states[watchdog->rank].cut_off && since >= (share < PATIENCE ? share : PATIENCE);
}

/* The lowest healthy rank reports and ends, and the launcher ends the others. If the launcher does not, they
 * end themselves; if nobody reports, another rank does. */
static void watchdog_judge(nn_watchdog *watchdog)
{
    double now = watchdog->clock;
    bool own_late = nn_rank_is_late(&watchdog->states[watchdog->rank], now, watchdog->timeout);
    nn_hang hang = nn_hang_judge(watchdog->states, watchdog->size, now, watchdog->timeout);
    if (atomic_load_explicit(&watchdog->board->spoken, memory_order_relaxed)) {
        if (watchdog->spoken_at < 0) watchdog->spoken_at = now;
        if (now - watchdog->spoken_at >= PATIENCE) watchdog_end("");
        return;
    }
    if (!hang.found) {
        watchdog->found_at = -1;
        return;
    }
    if (watchdog->found_at < 0) watchdog->found_at = now;
    if (hang.speaker == watchdog->rank || watchdog_steps_in(watchdog, own_late))
        watchdog_speak(watchdog, hang);
}

/* Whether a hang was found a while ago, and nothing has ended this rank: then the other nodes need to know.
 */
static bool watchdog_is_stuck(const nn_watchdog *watchdog)
{
    return watchdog->found_at >= 0 && watchdog->clock - watchdog->found_at >= PATIENCE / 2;
}

static void watchdog_tick(nn_watchdog *watchdog)
{
    watchdog_show_alive(watchdog);
    for (int place = 0; place < watchdog->node_size; place++) watchdog_observe(watchdog, place);
    if (watchdog->heartbeats) {
        atomic_store_explicit(&watchdog->board->cut_off, nn_heartbeats_cut_off(watchdog->heartbeats),
                              memory_order_relaxed);
        nn_heartbeats_publish(watchdog->heartbeats, watchdog->states, watchdog_is_stuck(watchdog),
                              watchdog->clock);
        nn_heartbeats_read(watchdog->heartbeats, watchdog_asks(watchdog), watchdog->states, watchdog->clock);
    }
    watchdog_judge(watchdog);
}

/* ---- the thread ---- */

static struct timespec watchdog_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now;
}

static struct timespec watchdog_after(struct timespec at, double seconds)
{
    double nanoseconds = (double)at.tv_nsec + seconds * 1e9;
    time_t whole = (time_t)(nanoseconds / 1e9);
    return (struct timespec){at.tv_sec + whole, (long)(nanoseconds - 1e9 * (double)whole)};
}

static double watchdog_between(struct timespec from, struct timespec to)
{
    return difftime(to.tv_sec, from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec);
}

static void *watchdog_run(void *context)
{
    nn_watchdog *watchdog = context;
    struct timespec last = watchdog_now();
    pthread_mutex_lock(&watchdog->mutex);
    while (!watchdog->stops) {
        struct timespec next = watchdog_after(last, watchdog->interval);
        if (pthread_cond_timedwait(&watchdog->stopped, &watchdog->mutex, &next) != ETIMEDOUT) continue;
        struct timespec now = watchdog_now();
        double passed = watchdog_between(last, now);
        watchdog->clock += passed < TICK_LATE * watchdog->interval ? passed : watchdog->interval;
        last = now;
        watchdog_tick(watchdog);
    }
    pthread_mutex_unlock(&watchdog->mutex);
    return NULL;
}

static nn_status watchdog_start_thread(nn_watchdog *watchdog)
{
    pthread_condattr_t attributes;
    pthread_mutex_init(&watchdog->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&watchdog->stopped, &attributes);
    pthread_condattr_destroy(&attributes);
    int error = nn_threads_start(&watchdog->thread, watchdog_run, watchdog);
    watchdog->runs = error == 0;
    if (error == 0) nn_pulse_move(&watchdog->board->beats[watchdog->node_rank].marks);
    if (error == 0) return NN_OK;
    pthread_cond_destroy(&watchdog->stopped);
    pthread_mutex_destroy(&watchdog->mutex);
    NN_FAIL(NN_ERROR_MEMORY, "cannot start a thread for the watchdog: %s", strerror(error));
}

static void watchdog_stop_thread(nn_watchdog *watchdog)
{
    if (!watchdog->runs) return;
    pthread_mutex_lock(&watchdog->mutex);
    watchdog->stops = true;
    pthread_cond_signal(&watchdog->stopped);
    pthread_mutex_unlock(&watchdog->mutex);
    pthread_join(watchdog->thread, NULL);
    pthread_cond_destroy(&watchdog->stopped);
    pthread_mutex_destroy(&watchdog->mutex);
    nn_pulse_move(NULL);
    atomic_store(&watchdog->board->beats[watchdog->node_rank].over, 1);
}

/* Another watchdog of this process may have had the marks meanwhile. */
void nn_watchdog_set_idle(nn_watchdog *watchdog, bool idle)
{
    if (!watchdog || !watchdog->runs) return;
    if (!idle) nn_pulse_move(&watchdog->board->beats[watchdog->node_rank].marks);
    nn_pulse();
    atomic_store_explicit(&watchdog->idle, idle, memory_order_relaxed);
}

/* ---- making ---- */

static nn_status watchdog_allocate(nn_watchdog *watchdog)
{
    NN_TRY(NN_ALLOCATE(&watchdog->states, watchdog->size, "the watchdog"));
    NN_TRY(NN_ALLOCATE(&watchdog->ranks, watchdog->node_size, "the watchdog"));
    NN_TRY(NN_ALLOCATE(&watchdog->ticks, watchdog->node_size, "the watchdog"));
    return NN_ALLOCATE(&watchdog->counts, watchdog->node_size, "the watchdog");
}

/* Rank 0 collects the host of every node, as its lowest rank calls it. Collective. */
static nn_status watchdog_collect_hosts(nn_comm *comm, nn_parcel *hosts)
{
    int size = nn_comm_size(comm), rank = nn_comm_rank(comm);
    bool first = rank == 0, leads = nn_comm_node_leader(comm, rank) == rank;
    char own[NN_HOST_SIZE] = "", *all = NULL;
    size_t *sizes = NULL;
    nn_status status = NN_ALLOCATE(&sizes, size, "the watchdog");
    if (status == NN_OK && first)
        status = NN_ALLOCATE(&all, nn_comm_node_count(comm) * NN_HOST_SIZE, "the watchdog");
    NN_TRY_TO(done, status, nn_comm_agree(comm, status));
    snprintf(own, sizeof own, "%s", nn_comm_host(comm));
    for (int r = 0; r < size; r++) sizes[r] = nn_comm_node_leader(comm, r) == r ? NN_HOST_SIZE : 0;
    NN_TRY_TO(done, status, nn_comm_gather(comm, leads ? own : NULL, sizes, all));
    if (first) nn_parcel_put(hosts, all, (size_t)nn_comm_node_count(comm) * NN_HOST_SIZE);
    status = nn_comm_share(comm, hosts);
done:
    nn_free(sizes);
    nn_free(all);
    return status;
}

/* The names of the hosts, once per node. Collective. */
static nn_status watchdog_learn_hosts(nn_comm *comm, nn_watchdog *watchdog)
{
    nn_parcel hosts = {0};
    char *names = (char *)(watchdog->board->beats + watchdog->node_size);
    nn_status status = watchdog_collect_hosts(comm, &hosts);
    if (status == NN_OK && watchdog->node_rank == 0)
        nn_parcel_take(&hosts, names, (size_t)nn_comm_node_count(comm) * NN_HOST_SIZE);
    nn_parcel_free(&hosts);
    NN_TRY(status);
    for (int r = 0; r < watchdog->size; r++) {
        int leader = nn_comm_node_leader(comm, r);
        watchdog->states[r].host = leader == r ? names : watchdog->states[leader].host;
        if (leader == r) names += NN_HOST_SIZE;
    }
    return nn_shared_barrier(comm);
}

static nn_status watchdog_start_heartbeats(nn_comm *comm, const char *run_directory, nn_watchdog *watchdog)
{
    int *leaders = NULL;
    double seconds = TICK_SHARE * watchdog->timeout;
    if (!run_directory || nn_comm_node_count(comm) == 1 || watchdog->node_rank != 0) return NN_OK;
    NN_TRY(NN_ALLOCATE(&leaders, watchdog->size, "heartbeats"));
    for (int r = 0; r < watchdog->size; r++) leaders[r] = nn_comm_node_leader(comm, r);
    nn_status status = nn_heartbeats_start(run_directory, leaders, watchdog->size, watchdog->rank,
                                           seconds < FILE_MOST ? seconds : FILE_MOST, watchdog->timeout,
                                           &watchdog->heartbeats);
    nn_free(leaders);
    return status;
}

static void watchdog_find_node(nn_comm *comm, nn_watchdog *watchdog)
{
    int leader = nn_comm_node_leader(comm, watchdog->rank), place = 0;
    for (int r = 0; r < watchdog->size; r++)
        if (nn_comm_node_leader(comm, r) == leader) watchdog->ranks[place++] = r;
}

static nn_status watchdog_make(nn_comm *comm, const char *run_directory, nn_watchdog *watchdog)
{
    size_t size = sizeof *watchdog->board + (size_t)watchdog->node_size * sizeof(watchdog_beat) +
                  (size_t)nn_comm_node_count(comm) * NN_HOST_SIZE;
    NN_TRY(nn_comm_agree(comm, watchdog_allocate(watchdog)));
    watchdog_find_node(comm, watchdog);
    NN_TRY(nn_comm_agree(comm, nn_shared_create(comm, size, &watchdog->shared)));
    watchdog->board = nn_shared_memory(watchdog->shared);
    if (watchdog->rank == 0 && run_directory) nn_heartbeats_clear(run_directory);
    NN_TRY(watchdog_learn_hosts(comm, watchdog));
    NN_TRY(nn_comm_agree(comm, watchdog_start_heartbeats(comm, run_directory, watchdog)));
    watchdog_show_alive(watchdog);
    return nn_comm_agree(comm, watchdog_start_thread(watchdog));
}

nn_status nn_watchdog_start(nn_comm *comm, double timeout, const char *run_directory, nn_watchdog **watchdog)
{
    nn_watchdog *made = NULL;
    *watchdog = NULL;
    if (timeout <= 0) return NN_OK;
    NN_TRY(nn_comm_agree(comm, NN_ALLOCATE(&made, 1, "the watchdog")));
    double interval = TICK_SHARE * timeout;
    made->rank = nn_comm_rank(comm);
    made->size = nn_comm_size(comm);
    made->node_rank = nn_comm_node_rank(comm);
    made->node_size = nn_comm_node_size(comm);
    made->timeout = timeout;
    made->interval = interval < TICK_LEAST ? TICK_LEAST : interval > TICK_MOST ? TICK_MOST : interval;
    made->found_at = made->spoken_at = -1;
    nn_status status = watchdog_make(comm, run_directory, made);
    if (status != NN_OK) {
        nn_watchdog_stop(made);
        if (status != NN_ERROR_MEMORY) return status;
        nn_log_warning("hang detection is off: %s", nn_error_text());
        nn_error_clear();
        return NN_OK;
    }
    *watchdog = made;
    return NN_OK;
}

void nn_watchdog_stop(nn_watchdog *watchdog)
{
    if (!watchdog) return;
    watchdog_stop_thread(watchdog);
    nn_heartbeats_stop(watchdog->heartbeats);
    nn_shared_destroy(watchdog->shared);
    nn_free(watchdog->states);
    nn_free(watchdog->ranks);
    nn_free(watchdog->ticks);
    nn_free(watchdog->counts);
    nn_free(watchdog);
}
