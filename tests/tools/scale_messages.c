#include "scale_messages.h"

#include <math.h>
#include <mpi.h>
#include <simgrid/actor.h>
#include <simgrid/engine.h>
#include <simgrid/semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"

/* Seconds per link. The tree has switches of 16 hosts, groups of 16 such, and three levels. */
#define LINK_LATENCY 0.25e-6
#define SWITCH_HOSTS 16
#define CHAIN_BITS 18
#define GROUPS 4
#define BROADCAST_TAG 30001
/* SimGrid's clock may not advance by less. */
#define CLOCK_PRECISION 1e-9

/* A message, from when one end of it exists. */
typedef struct scale_message {
    struct scale_message *next; /* in its chain, while the other end does not exist */
    int sender, receiver, tag, group, size;
    bool sent, posted; /* its ends exist */
    bool travels;      /* it has started, and `left` and `arrived` are known */
    bool seen[2];      /* by its sender and its receiver */
    bool rings;        /* its sender does not know yet that it has started */
    double announced;  /* when the receiver can know of it */
    double left, arrived;
    void *to, *payload;
    int users;
} scale_message;

/* When a host receives. */
typedef struct scale_span {
    double begin, end;
} scale_span;

/* A small message that a host sends. */
typedef struct scale_small {
    double seconds, left;
} scale_small;

typedef struct scale_rank {
    scale_message **watched; /* on their way to or from this rank */
    int watched_count, watched_room;
    scale_span *receives; /* ascending and disjoint; not yet over */
    int receive_count, receive_room;
    double sends_until, large_until; /* all that it sends has left; all large messages have */
    scale_small *smalls;             /* not yet sent */
    int small_count, small_room;
    double debt; /* seconds */
    MPI_Comm groups[GROUPS];
    bool runs, waits;
    sg_sem_t news; /* unlike a condition, it may be rung before the wait has begun */
} scale_rank;

static scale_rank *scale_ranks;
static scale_hosts scale_described;
static int scale_running = -1; /* the rank whose turn it is, if known */
static scale_message *scale_chains[1 << CHAIN_BITS];

void scale_messages_start(int rank, int size, scale_hosts hosts)
{
    if (!scale_ranks) scale_ranks = calloc((size_t)size, sizeof *scale_ranks);
    scale_described = hosts;
    scale_ranks[rank].news = sg_sem_init(0);
}

/* Asking SimGrid takes much longer than all else here. */
static int scale_own_number(void)
{
    int rank = scale_running;
    if (rank < 0) PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank;
}

void scale_run_as(int rank)
{
    scale_ranks[rank].runs = true;
    scale_running = rank;
}

void scale_sleep(double seconds)
{
    int rank = scale_running;
    if (seconds > 0) sg_actor_sleep_for(seconds);
    scale_running = rank;
}

void scale_move(size_t bytes)
{
    scale_ranks[scale_own_number()].debt += (double)bytes / scale_described.memory;
}

static void scale_pay_of(scale_rank *own)
{
    double debt = own->debt;
    own->debt = 0;
    scale_sleep(debt);
}

void scale_pay(void)
{
    scale_pay_of(&scale_ranks[scale_own_number()]);
}

/* ---- the hosts and their links ---- */

static double scale_latency(int one, int other)
{
    int links = 2;
    while (one / SWITCH_HOSTS != other / SWITCH_HOSTS) one /= SWITCH_HOSTS, other /= SWITCH_HOSTS, links += 2;
    return links * LINK_LATENCY;
}

static void scale_put_span(scale_rank *host, int at, scale_span span)
{
    if (host->receive_count == host->receive_room) {
        host->receive_room = 2 * host->receive_room + 8;
        host->receives = realloc(host->receives, (size_t)host->receive_room * sizeof span);
    }
    memmove(&host->receives[at + 1], &host->receives[at], (size_t)(host->receive_count - at) * sizeof span);
    host->receives[at] = span;
    host->receive_count++;
}

/* Takes `seconds` of a host's free time from `from` on, in pieces between what it receives already. Returns
 * when they are over. */
static double scale_take_time(scale_rank *host, double from, double seconds)
{
    double now = simgrid_get_clock(), at = from;
    int over = 0, i = 0;
    while (over < host->receive_count && host->receives[over].end <= now) over++;
    host->receive_count -= over;
    memmove(host->receives, host->receives + over, (size_t)host->receive_count * sizeof *host->receives);
    while (i < host->receive_count && host->receives[i].end < at) i++;
    int first = i;
    double begin = i < host->receive_count && host->receives[i].begin < at ? host->receives[i].begin : at;
    for (; i < host->receive_count && host->receives[i].begin <= at + seconds; i++) {
        if (host->receives[i].begin > at) seconds -= host->receives[i].begin - at;
        at = host->receives[i].end;
    }
    /* All that it touches becomes one. */
    host->receive_count -= i - first;
    memmove(&host->receives[first], &host->receives[i],
            (size_t)(host->receive_count - first) * sizeof *host->receives);
    scale_put_span(host, first, (scale_span){begin, at + seconds});
    return at + seconds;
}

/* Ends the wait of a rank: there is something new for it to see. */
static void scale_ring(int rank)
{
    int running = scale_running;
    if (!scale_ranks[rank].waits) return;
    scale_ranks[rank].waits = false;
    sg_sem_release(scale_ranks[rank].news);
    scale_running = running;
}

/* Returns when a small message has left. It shares the link, packet by packet, with a large one and with each
 * small one before it, until one of the two has left. */
static double scale_send_small(scale_rank *host, double seconds)
{
    double now = simgrid_get_clock(), left = now + seconds;
    int kept = 0;
    for (int i = 0; i < host->small_count; i++)
        if (host->smalls[i].left > now) host->smalls[kept++] = host->smalls[i];
    for (int i = 0; i < kept; i++) left += fmin(seconds, host->smalls[i].seconds);
    if (host->large_until > now) left += seconds;
    if (kept == host->small_room) {
        host->small_room = 2 * host->small_room + 8;
        host->smalls = realloc(host->smalls, (size_t)host->small_room * sizeof *host->smalls);
    }
    host->smalls[kept] = (scale_small){seconds, left};
    host->small_count = kept + 1;
    host->sends_until = fmax(now, host->sends_until) + seconds;
    if (host->large_until > now) host->large_until += seconds;
    return left;
}

static void scale_start(scale_message *message)
{
    double now = simgrid_get_clock(), seconds = message->size / scale_described.link;
    double latency = scale_latency(message->sender, message->receiver);
    scale_rank *sender = &scale_ranks[message->sender];
    message->travels = true;
    if (message->size < SCALE_RENDEZVOUS) {
        message->left = scale_send_small(sender, seconds);
        message->arrived = message->left + latency;
    } else {
        double from = fmax(now, sender->sends_until);
        message->left = sender->sends_until = sender->large_until = from + seconds;
        message->arrived = scale_take_time(&scale_ranks[message->receiver], from + latency, seconds);
    }
}

/* ---- the two ends of a message ---- */

/* Duplicates are numbered in the order in which they are made, which is the same on all ranks. */
int __wrap_MPI_Comm_dup(MPI_Comm from, MPI_Comm *made);
int __wrap_MPI_Comm_dup(MPI_Comm from, MPI_Comm *made)
{
    int result = PMPI_Comm_dup(from, made), i = 0, rank;
    if (!scale_ranks) return result;
    PMPI_Comm_rank(*made, &rank);
    scale_rank *own = &scale_ranks[rank];
    while (i < GROUPS - 1 && own->groups[i]) i++;
    own->groups[i] = *made;
    return result;
}

static int scale_group(const scale_rank *own, MPI_Comm communicator)
{
    int i = 0;
    while (i < GROUPS && own->groups[i] != communicator) i++;
    return i;
}

static scale_message **scale_chain(int sender, int receiver, int tag)
{
    uint64_t hash = (uint64_t)sender * 0x9e3779b97f4a7c15u;
    hash = (hash ^ (uint64_t)receiver) * 0x9e3779b97f4a7c15u;
    hash = (hash ^ (uint64_t)tag) * 0x9e3779b97f4a7c15u;
    return &scale_chains[hash >> (64 - CHAIN_BITS)];
}

/* The message of which one end is `end`; the other end may exist already. */
static scale_message *scale_meet(scale_message end)
{
    scale_message **at = scale_chain(end.sender, end.receiver, end.tag);
    for (; *at; at = &(*at)->next) {
        scale_message *other = *at;
        if (other->sender == end.sender && other->receiver == end.receiver && other->tag == end.tag &&
            other->group == end.group && other->sent != end.sent) {
            *at = other->next;
            return other;
        }
    }
    *at = malloc(sizeof **at);
    **at = end;
    (*at)->users = 2; /* the requests of both ends */
    return *at;
}

static void scale_drop(scale_message *message)
{
    if (--message->users > 0) return;
    free(message->payload);
    free(message);
}

static bool scale_is_seen(const scale_message *message, int rank)
{
    return message->seen[message->receiver == rank];
}

static void scale_watch(int rank, scale_message *message)
{
    scale_rank *own = &scale_ranks[rank];
    if (own->watched_count == own->watched_room) {
        int kept = 0;
        for (int i = 0; i < own->watched_count; i++) {
            if (scale_is_seen(own->watched[i], rank))
                scale_drop(own->watched[i]);
            else
                own->watched[kept++] = own->watched[i];
        }
        own->watched_count = kept;
        if (2 * kept >= own->watched_room) own->watched_room = 2 * own->watched_room + 16;
        own->watched = realloc(own->watched, (size_t)own->watched_room * sizeof *own->watched);
    }
    own->watched[own->watched_count++] = message;
    message->users++;
}

/* A request is the address of its message; the lowest bit is set. */
static MPI_Request scale_request(scale_message *message)
{
    return (MPI_Request)((uintptr_t)message | 1);
}

int __wrap_MPI_Isend(const void *bytes, int size, MPI_Datatype type, int receiver, int tag, MPI_Comm group,
                     MPI_Request *request);
int __wrap_MPI_Isend(const void *bytes, int size, MPI_Datatype type, int receiver, int tag, MPI_Comm group,
                     MPI_Request *request)
{
    int rank = scale_own_number();
    scale_rank *own = &scale_ranks[rank];
    (void)type;
    scale_pay_of(own);
    scale_message *message = scale_meet((scale_message){
        .sender = rank, .receiver = receiver, .tag = tag, .group = scale_group(own, group), .sent = true});
    message->sent = true;
    message->size = size;
    message->announced = simgrid_get_clock() + scale_latency(rank, receiver);
    if (size <= SCALE_PAYLOAD) {
        message->payload = malloc((size_t)size);
        memcpy(message->payload, bytes, (size_t)size);
    }
    if (size < SCALE_RENDEZVOUS) scale_start(message);
    *request = scale_request(message);
    scale_watch(rank, message);
    if (message->posted) scale_watch(receiver, message);
    scale_ring(receiver);
    return MPI_SUCCESS;
}

int __wrap_MPI_Irecv(void *bytes, int size, MPI_Datatype type, int sender, int tag, MPI_Comm group,
                     MPI_Request *request);
int __wrap_MPI_Irecv(void *bytes, int size, MPI_Datatype type, int sender, int tag, MPI_Comm group,
                     MPI_Request *request)
{
    int rank = scale_own_number();
    (void)size, (void)type;
    scale_message *message = scale_meet((scale_message){
        .sender = sender, .receiver = rank, .tag = tag, .group = scale_group(&scale_ranks[rank], group)});
    message->posted = true;
    message->to = bytes;
    *request = scale_request(message);
    if (message->sent) scale_watch(rank, message);
    return MPI_SUCCESS;
}

/* ---- what a call of MPI sees ---- */

/* When a rank can see something of a message next. */
static double scale_next(const scale_message *message, int rank)
{
    if (message->receiver != rank) return message->travels ? message->left : INFINITY;
    return message->travels ? message->arrived : message->announced;
}

/* Whether a rank sees that the message has left, or has arrived. */
static bool scale_look(scale_message *message, int rank)
{
    double now = simgrid_get_clock();
    bool receives = message->receiver == rank;
    if (message->seen[receives]) return true;
    if (!message->sent) return false;
    if (receives && !message->travels && now >= message->announced) {
        scale_start(message);
        message->rings = true;
    }
    if (!message->travels || now < scale_next(message, rank)) return false;
    message->seen[receives] = true;
    if (receives && message->payload) memcpy(message->to, message->payload, (size_t)message->size);
    return true;
}

/* Other ranks may run meanwhile. */
static bool scale_tell(scale_message *message)
{
    bool rings = message->rings;
    message->rings = false;
    if (rings) scale_ring(message->sender);
    return rings;
}

int __wrap_MPI_Testall(int count, MPI_Request *requests, int *done, MPI_Status *statuses);
int __wrap_MPI_Testall(int count, MPI_Request *requests, int *done, MPI_Status *statuses)
{
    int rank = scale_own_number();
    (void)statuses;
    *done = 1;
    for (int i = 0; i < count; i++) {
        if (requests[i] == MPI_REQUEST_NULL) continue;
        scale_message *message = (scale_message *)((uintptr_t)requests[i] & ~(uintptr_t)1);
        bool seen = scale_look(message, rank);
        scale_tell(message);
        if (seen) {
            scale_drop(message);
            requests[i] = MPI_REQUEST_NULL;
        } else {
            *done = 0;
        }
    }
    return MPI_SUCCESS;
}

/* A turn of a wait: blocks until a message has arrived, has left, or has been announced. */
nn_status __wrap_nn_comm_pause(MPI_Comm group, unsigned *turns);
nn_status __wrap_nn_comm_pause(MPI_Comm group, unsigned *turns)
{
    int rank = scale_own_number(), running = scale_running, kept = 0;
    scale_rank *own = &scale_ranks[rank];
    (void)group, (void)turns;
    scale_pay_of(own);
    double now = simgrid_get_clock(), next = INFINITY;
    for (int i = 0; i < own->watched_count; i++) {
        scale_message *message = own->watched[i];
        if (scale_look(message, rank)) {
            scale_drop(message);
            continue;
        }
        own->watched[kept++] = message;
        if (scale_next(message, rank) < next) next = scale_next(message, rank);
    }
    bool news = kept < own->watched_count;
    own->watched_count = kept;
    for (int i = 0; i < own->watched_count; i++) news = scale_tell(own->watched[i]) || news;
    if (news || next <= now) return NN_OK;
    own->waits = true;
    if (isinf(next))
        sg_sem_acquire(own->news);
    else
        sg_sem_acquire_timeout(own->news, next - now + CLOCK_PRECISION);
    own->waits = false;
    scale_running = running;
    return NN_OK;
}

/* ---- what blocks ---- */

static int scale_await(MPI_Request request, MPI_Comm group)
{
    unsigned turns = 0;
    for (int done = 0;;) {
        __wrap_MPI_Testall(1, &request, &done, MPI_STATUSES_IGNORE);
        if (done) return MPI_SUCCESS;
        (void)__wrap_nn_comm_pause(group, &turns);
    }
}

int __wrap_MPI_Send(const void *bytes, int size, MPI_Datatype type, int receiver, int tag, MPI_Comm group);
int __wrap_MPI_Send(const void *bytes, int size, MPI_Datatype type, int receiver, int tag, MPI_Comm group)
{
    MPI_Request request;
    __wrap_MPI_Isend(bytes, size, type, receiver, tag, group, &request);
    return scale_await(request, group);
}

int __wrap_MPI_Recv(void *bytes, int size, MPI_Datatype type, int sender, int tag, MPI_Comm group,
                    MPI_Status *status);
int __wrap_MPI_Recv(void *bytes, int size, MPI_Datatype type, int sender, int tag, MPI_Comm group,
                    MPI_Status *status)
{
    MPI_Request request;
    (void)status;
    __wrap_MPI_Irecv(bytes, size, type, sender, tag, group, &request);
    return scale_await(request, group);
}

/* Along a binomial tree. */
int __wrap_MPI_Bcast(void *bytes, int count, MPI_Datatype type, int root, MPI_Comm group);
int __wrap_MPI_Bcast(void *bytes, int count, MPI_Datatype type, int root, MPI_Comm group)
{
    int rank, size, width, step = 1;
    PMPI_Comm_rank(group, &rank);
    PMPI_Comm_size(group, &size);
    PMPI_Type_size(type, &width);
    if (!scale_ranks || !scale_ranks[rank].runs) return PMPI_Bcast(bytes, count, type, root, group);
    int place = (rank - root + size) % size;
    while (step < size && !(place & step)) step *= 2;
    if (place > 0) {
        __wrap_MPI_Recv(bytes, count * width, MPI_BYTE, (place - step + root) % size, BROADCAST_TAG, group,
                        MPI_STATUS_IGNORE);
    }
    for (step /= 2; step > 0; step /= 2) {
        if (place + step < size)
            __wrap_MPI_Send(bytes, count * width, MPI_BYTE, (place + step + root) % size, BROADCAST_TAG,
                            group);
    }
    return MPI_SUCCESS;
}

/* New memory is zero, and must stay untouched. */
void *__real_memset(void *memory, int value, size_t size);
void *__wrap_memset(void *memory, int value, size_t size);
void *__wrap_memset(void *memory, int value, size_t size)
{
    return size >= (size_t)1 << 20 ? memory : __real_memset(memory, value, size);
}
