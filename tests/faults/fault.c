/* What base/fault.h promises to the tests. */
#include "base/fault.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FAULT_PLACES 16
#define FAULT_NAME 64

/* One item of NN_FAULT. */
typedef struct fault {
    char place[FAULT_NAME], action[FAULT_NAME];
    long visit; /* 0: every one */
    long visits;
    bool here; /* on this rank */
} fault;

static pthread_mutex_t fault_mutex = PTHREAD_MUTEX_INITIALIZER;
static fault faults[FAULT_PLACES];
static int fault_count = -1; /* not read yet */

/* This process's rank as the launchers tell it, before and after MPI has started. */
static long fault_rank(void)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "SLURM_PROCID"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *rank = getenv(names[i]);
        if (rank) return strtol(rank, NULL, 10);
    }
    return 0;
}

/* A fault that is written wrongly would be a test that tests nothing. */
static void fault_refuse(const char *item)
{
    fprintf(stderr, "NN_FAULT: cannot read \"%s\"\n", item);
    abort();
}

static void fault_parse(const char *item, fault *made)
{
    *made = (fault){.here = true};
    size_t place = strcspn(item, "@/="), left = strcspn(item, "=");
    if (place == 0 || place >= FAULT_NAME || !item[left] || strlen(item + left + 1) >= FAULT_NAME)
        fault_refuse(item);
    memcpy(made->place, item, place);
    snprintf(made->action, sizeof made->action, "%s", item + left + 1);
    const char *visit = strchr(item, '@'), *rank = strchr(item, '/');
    if (visit && visit < item + left) made->visit = strtol(visit + 1, NULL, 10);
    if (rank && rank < item + left) made->here = strtol(rank + 1, NULL, 10) == fault_rank();
}

static void fault_read(void)
{
    char items[1024];
    const char *given = getenv("NN_FAULT");
    fault_count = 0;
    snprintf(items, sizeof items, "%s", given ? given : "");
    for (char *rest = items, *item; (item = strtok_r(rest, ",", &rest)) && fault_count < FAULT_PLACES;)
        fault_parse(item, &faults[fault_count++]);
}

static void fault_flip(const char *place, unsigned char *bytes, size_t size)
{
    struct timespec now;
    if (!bytes || size == 0) return;
    clock_gettime(CLOCK_MONOTONIC, &now);
    unsigned seed = (unsigned)now.tv_nsec ^ (unsigned)getpid();
    size_t at = (((size_t)(unsigned)rand_r(&seed) << 31) ^ (size_t)(unsigned)rand_r(&seed)) % size;
    unsigned bit = (unsigned)rand_r(&seed) >> 8 & 7U;
    bytes[at] ^= (unsigned char)(1U << bit);
    fprintf(stderr, "fault: %s: flipped bit %u of byte %zu of %zu on rank %ld\n", place, bit, at, size,
            fault_rank());
}

static void fault_flip_always(const fault *found, unsigned char *bytes, size_t size)
{
    size_t bit = (size_t)strtol(found->action + 5, NULL, 10);
    if (!bytes || bit / 8 >= size) return;
    bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
    if (found->visits == 1)
        fprintf(stderr, "fault: %s: flips bit %zu on rank %ld\n", found->place, bit, fault_rank());
}

static void fault_act(const fault *found, void *bytes, size_t size)
{
    if (strcmp(found->action, "kill") == 0) {
        raise(SIGKILL);
    } else if (strcmp(found->action, "stop") == 0) {
        raise(SIGSTOP);
    } else if (strcmp(found->action, "flip") == 0) {
        fault_flip(found->place, bytes, size);
    } else if (strncmp(found->action, "flip:", 5) == 0) {
        fault_flip_always(found, bytes, size);
    } else if (strncmp(found->action, "sleep:", 6) == 0) {
        long milliseconds = strtol(found->action + 6, NULL, 10);
        struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000};
        nanosleep(&pause, NULL);
    } else {
        fault_refuse(found->action);
    }
}

/* What happens at this visit; returns how many. */
static int fault_visit(const char *place, fault due[FAULT_PLACES])
{
    int due_count = 0;
    pthread_mutex_lock(&fault_mutex);
    if (fault_count < 0) fault_read();
    for (int i = 0; i < fault_count; i++)
        if (faults[i].here && strcmp(faults[i].place, place) == 0) {
            faults[i].visits++;
            if (faults[i].visit == 0 || faults[i].visit == faults[i].visits) due[due_count++] = faults[i];
        }
    pthread_mutex_unlock(&fault_mutex);
    return due_count;
}

void nn_fault(const char *place, void *bytes, size_t size)
{
    fault due[FAULT_PLACES];
    int due_count = fault_visit(place, due);
    for (int i = 0; i < due_count; i++) fault_act(&due[i], bytes, size);
}

long nn_fault_value(const char *place)
{
    fault due[FAULT_PLACES];
    long value = 0;
    int due_count = fault_visit(place, due);
    for (int i = 0; i < due_count; i++)
        if (strncmp(due[i].action, "value:", 6) == 0)
            value = strtol(due[i].action + 6, NULL, 10);
        else
            fault_refuse(due[i].action);
    return value;
}
