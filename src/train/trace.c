#include "train/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "host/clock.h"
#include "host/files.h"
#include "host/system.h"
#include "store/durable.h"
#include "store/kept.h"

#define TRACE_EVENTS (INT64_C(1) << 20)
#define TRACE_LEAST (INT64_C(1) << 10)
#define TRACE_MOST (INT64_C(1) << 17)
#define TRACE_TEMPORARY_SIZE (NN_PATH_SIZE + sizeof NN_STORE_TEMPORARY)

/* How a file begins before the run ends, and after. */
#define TRACE_BEGUN "{\"otherData\""
#define TRACE_WRITTEN "{\"traceEvents\""

/* ---- before the first step ---- */

/* Creates a file next to the one to be replaced; as nn_file_open. */
static int trace_open_temporary(const char *path, char temporary[TRACE_TEMPORARY_SIZE])
{
    snprintf(temporary, TRACE_TEMPORARY_SIZE, "%s" NN_STORE_TEMPORARY, path);
    return nn_file_open(temporary, O_WRONLY | O_CREAT | O_TRUNC);
}

static bool trace_begins(const char *head, const char *with)
{
    return strncmp(head, with, strlen(with)) == 0;
}

/* Whether a file may be replaced: it is empty or a trace. */
static nn_status trace_check_existing(const char *path)
{
    char head[16] = "";
    ssize_t got;
    int descriptor = nn_file_open(path, O_RDONLY);
    if (descriptor < 0) return nn_system_fail(NN_ERROR_IO, errno, "--trace: cannot read %s", path);
    do {
        got = read(descriptor, head, sizeof head - 1);
    } while (got < 0 && errno == EINTR);
    int error = errno;
    close(descriptor);
    if (got < 0) return nn_system_fail(NN_ERROR_IO, error, "--trace: cannot read %s", path);
    if (got == 0 || trace_begins(head, TRACE_BEGUN) || trace_begins(head, TRACE_WRITTEN)) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE,
            "--trace: %s exists and is not a trace; it is not overwritten: give another name, as in nntrain "
            "train --trace trace.json CONFIG.yaml",
            path);
}

nn_status nn_trace_check(const char *path)
{
    char temporary[TRACE_TEMPORARY_SIZE];
    struct stat facts;
    bool there;
    if (!*path) NN_FAIL(NN_ERROR_USAGE, "--trace needs a file: --trace FILE.json");
    NN_TRY(nn_file_look(path, &facts, &there));
    if (there && !S_ISREG(facts.st_mode)) NN_FAIL(NN_ERROR_USAGE, "--trace: %s is not a regular file", path);
    if (there) NN_TRY(trace_check_existing(path));
    int descriptor = trace_open_temporary(path, temporary);
    if (descriptor < 0)
        return nn_system_fail(nn_system_is_absence(errno) ? NN_ERROR_USAGE : NN_ERROR_IO, errno,
                              "--trace: cannot write %s", path);
    close(descriptor);
    unlink(temporary);
    return NN_OK;
}

nn_status nn_trace_open(const char *path)
{
    static const char begun[] = TRACE_BEGUN ":{\"state\":\"no trace yet: the run is in progress, or it "
                                            "failed\"},\"traceEvents\":[]}\n";
    nn_status status = nn_store_commit(path, begun, strlen(begun));
    return status == NN_OK ? NN_OK : nn_fail_context(status, "--trace");
}

int64_t nn_trace_events(int ranks, int threads)
{
    int64_t events = TRACE_EVENTS / ((int64_t)ranks * threads);
    return events < TRACE_LEAST ? TRACE_LEAST : events > TRACE_MOST ? TRACE_MOST : events;
}

nn_status nn_trace_begin(nn_comm *comm, nn_trace *trace)
{
    double *origins = NULL, own;
    nn_status status =
        nn_comm_agree(comm, NN_ALLOCATE(&origins, nn_comm_size(comm), "the clocks of the ranks"));
    if (status == NN_OK) status = nn_comm_barrier(comm);
    own = nn_seconds();
    if (status == NN_OK) status = nn_comm_gather_equal(comm, &own, sizeof own, origins);
    if (status == NN_OK) trace->origin = origins[nn_comm_node_leader(comm, nn_comm_rank(comm))];
    nn_free(origins);
    return status;
}

/* ---- writing ---- */

/* What a rank sends before the events of its threads. */
typedef struct trace_rank {
    char host[NN_HOST_SIZE];
    double origin;
    int threads;
} trace_rank;

/* The file, on rank 0. */
typedef struct trace_file {
    const char *path;
    char temporary[TRACE_TEMPORARY_SIZE];
    FILE *file;
    int error; /* of the system; 0: none so far */
    const nn_network *network;
    nn_text name, quoted; /* room */
    nn_profile_event *received;
    int64_t end; /* events of this step and later ones are left out; -1: none are */
    int64_t first_step, last_step, events;
} trace_file;

static const char *trace_quote(trace_file *of)
{
    of->quoted.length = 0;
    nn_text_append_json(&of->quoted, of->name.bytes ? of->name.bytes : "");
    return of->quoted.bytes ? of->quoted.bytes : "\"\"";
}

static void trace_event(trace_file *of, int rank, int thread, double origin, const nn_profile_event *event)
{
    const char *kind = nn_profile_kind_name((nn_profile_kind)event->kind);
    if (of->end >= 0 && event->step >= of->end) return;
    of->name.length = 0;
    if (event->kind == NN_PROFILE_STEP)
        nn_text_append(&of->name, "step %" PRId64, event->step + 1);
    else if (event->layer > 0)
        nn_text_append(&of->name, "%s %s", of->network->layers[event->layer].name, kind);
    else
        nn_text_append(&of->name, "%s", kind);
    fprintf(of->file,
            ",\n{\"ph\":\"X\",\"name\":%s,\"cat\":\"%s\",\"ts\":%.3f,\"dur\":%.3f,\"pid\":%d,\"tid\":%d}",
            trace_quote(of), kind, 1e6 * (event->begin - origin), 1e6 * (event->end - event->begin), rank,
            thread);
    if (event->step < of->first_step || of->events == 0) of->first_step = event->step;
    if (event->step > of->last_step || of->events == 0) of->last_step = event->step;
    of->events++;
}

static void trace_events(trace_file *of, int rank, int thread, double origin, const nn_profile_event *events,
                         int64_t count)
{
    fprintf(of->file,
            ",\n{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":%d,\"tid\":%d,"
            "\"args\":{\"name\":\"thread %d\"}}",
            rank, thread, thread);
    for (int64_t i = 0; i < count; i++) trace_event(of, rank, thread, origin, &events[i]);
}

static void trace_lanes(trace_file *of, int rank, const char *host)
{
    of->name.length = 0;
    nn_text_append(&of->name, "rank %d on %s", rank, host);
    fprintf(of->file, "%s{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":%d,\"args\":{\"name\":%s}}",
            rank > 0 ? ",\n" : "", rank, trace_quote(of));
    fprintf(of->file,
            ",\n{\"ph\":\"M\",\"name\":\"process_sort_index\",\"pid\":%d,\"args\":{\"sort_index\":%d}}", rank,
            rank);
}

static nn_status trace_receive(nn_comm *comm, trace_file *of, int rank)
{
    trace_rank about;
    int64_t count;
    NN_TRY(nn_comm_receive(comm, &about, sizeof about, rank));
    trace_lanes(of, rank, about.host);
    for (int t = 0; t < about.threads; t++) {
        NN_TRY(nn_comm_receive(comm, &count, sizeof count, rank));
        NN_TRY(nn_comm_receive(comm, of->received, (size_t)count * sizeof *of->received, rank));
        trace_events(of, rank, t, about.origin, of->received, count);
    }
    return NN_OK;
}

static nn_status trace_send(nn_comm *comm, const trace_rank *about, const nn_profile *profile)
{
    int64_t count;
    NN_TRY(nn_comm_send(comm, about, sizeof *about, 0));
    for (int t = 0; t < about->threads; t++) {
        const nn_profile_event *events = nn_profile_events(profile, t, &count);
        NN_TRY(nn_comm_send(comm, &count, sizeof count, 0));
        NN_TRY(nn_comm_send(comm, events, (size_t)count * sizeof *events, 0));
    }
    return NN_OK;
}

static void trace_create(trace_file *of)
{
    int descriptor = trace_open_temporary(of->path, of->temporary);
    if (descriptor >= 0) of->file = fdopen(descriptor, "w");
    if (!of->file) of->error = errno;
    if (descriptor >= 0 && !of->file) close(descriptor);
    if (of->file) fprintf(of->file, TRACE_WRITTEN ":[\n");
}

static nn_status trace_collect(nn_comm *comm, trace_file *of, const trace_rank *about,
                               const nn_profile *profile)
{
    int64_t count;
    if (nn_comm_rank(comm) > 0) return trace_send(comm, about, profile);
    trace_lanes(of, 0, about->host);
    for (int t = 0; t < about->threads; t++) {
        const nn_profile_event *events = nn_profile_events(profile, t, &count);
        trace_events(of, 0, t, about->origin, events, count);
    }
    for (int r = 1; r < nn_comm_size(comm); r++) NN_TRY(trace_receive(comm, of, r));
    return NN_OK;
}

/* Puts the file in place if it is complete and has steps. */
static void trace_finish(trace_file *of, int ranks, bool complete)
{
    int64_t steps = of->events > 0 ? of->last_step - of->first_step + 1 : 0;
    const char *cut = of->end >= 0 ? ", as many as there was room for" : "";
    fprintf(
        of->file,
        "\n],\"displayTimeUnit\":\"ms\",\"otherData\":{\"steps\":\"%" PRId64 " from step %" PRId64
        " on%s\",\"clock\":\"microseconds since a barrier of all ranks; the clocks of different nodes may "
        "differ by some microseconds\"}}\n",
        steps, of->first_step + 1, cut);
    if (ferror(of->file)) of->error = errno ? errno : EIO;
    if (fclose(of->file) != 0 && of->error == 0) of->error = errno;
    if (of->name.failed || of->quoted.failed) of->error = ENOMEM;
    bool placed = complete && steps > 0 && of->error == 0;
    if (placed && rename(of->temporary, of->path) != 0) {
        of->error = errno;
        placed = false;
    }
    if (!placed) unlink(of->temporary);
    if (complete && steps == 0 && of->error == 0) nn_log_line("no trace: no step was left to run");
    if (placed)
        nn_log_line("trace: %" PRId64 " step%s of %d rank%s, from step %" PRId64
                    " on%s; open %s in https://ui.perfetto.dev",
                    steps, steps == 1 ? "" : "s", ranks, ranks == 1 ? "" : "s", of->first_step + 1, cut,
                    of->path);
}

/* The first step whose events are not complete on every rank; of the very first one, all that there are are
 * written. Collective. */
static nn_status trace_find_end(nn_comm *comm, const nn_profile *profile, int64_t *end)
{
    int64_t lost = nn_profile_first_lost(profile), first = nn_profile_first_step(profile);
    *end = lost < 0 ? INT64_MIN : -(lost > first ? lost : first + 1);
    NN_TRY(nn_comm_maximum(comm, end, 1));
    *end = *end == INT64_MIN ? -1 : -*end;
    return NN_OK;
}

nn_status nn_trace_write(nn_comm *comm, const nn_trace *trace, const nn_profile *profile, int threads,
                         const nn_network *network)
{
    bool first = nn_comm_rank(comm) == 0;
    trace_file of = {.path = trace->path, .network = network};
    trace_rank about = {.origin = trace->origin, .threads = threads};
    snprintf(about.host, sizeof about.host, "%s", nn_comm_host(comm));
    if (first) trace_create(&of);
    int error = of.error;
    nn_status status = first ? NN_ALLOCATE(&of.received, TRACE_MOST, "the trace") : NN_OK;
    NN_TRY_TO(done, status, nn_comm_agree(comm, status));
    NN_TRY_TO(done, status, nn_comm_broadcast(comm, &error, sizeof error, 0));
    NN_TRY_TO(done, status, trace_find_end(comm, profile, &of.end));
    if (error == 0) status = trace_collect(comm, &of, &about, profile);
done:
    if (of.file) trace_finish(&of, nn_comm_size(comm), status == NN_OK);
    if (of.error != 0)
        nn_log_warning("the trace could not be written to %s: %s", of.path, strerror(of.error));
    nn_free(of.received);
    nn_text_free(&of.name);
    nn_text_free(&of.quoted);
    return status;
}
