#include "host/threads.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/format.h"
#include "base/memory.h"
#include "host/surroundings.h"

/* ---- how many ---- */

static const char *threads_skip_blanks(const char *text)
{
    while (isspace((unsigned char)*text)) text++;
    return text;
}

/* The first number of a comma-separated list of positive numbers; 0: not such a list. */
static int64_t threads_read_list(const char *text)
{
    int64_t first = 0;
    for (;;) {
        char *end;
        text = threads_skip_blanks(text);
        if (!isdigit((unsigned char)*text)) return 0;
        errno = 0;
        long long number = strtoll(text, &end, 10);
        if (errno != 0 || number < 1) return 0;
        if (first == 0) first = number;
        text = threads_skip_blanks(end);
        if (*text == '\0') return first;
        if (*text++ != ',') return 0;
    }
}

nn_threads_decision nn_threads_decide(nn_threads_given given)
{
    nn_threads_decision decision = {.source = NN_THREADS_CONFIGURED};
    int64_t threads = given.configured;
    bool has_variable = given.variable && *threads_skip_blanks(given.variable) != '\0';
    if (threads == 0 && has_variable) {
        decision.source = NN_THREADS_VARIABLE;
        threads = threads_read_list(given.variable);
        decision.ignored = threads == 0;
    }
    if (threads == 0) {
        decision.source = NN_THREADS_CORES;
        threads = given.cores > 0 ? given.cores : 1;
    }
    int limit = given.limit > 0 && given.limit < NN_THREADS_MAX ? given.limit : NN_THREADS_MAX;
    decision.limited = threads > limit;
    decision.threads = decision.limited ? limit : (int)threads;
    return decision;
}

/* ---- stack ---- */

size_t nn_threads_stack_size(const char *text)
{
    static const char units[] = "bkmg";
    char *end;
    text = text ? threads_skip_blanks(text) : "";
    if (!isdigit((unsigned char)*text)) return 0;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    const char *rest = threads_skip_blanks(end);
    int shift = 10;
    if (*rest) {
        const char *unit = strchr(units, tolower((unsigned char)*rest));
        if (!unit || *threads_skip_blanks(rest + 1) != '\0') return 0;
        shift = 10 * (int)(unit - units);
    }
    if (errno != 0 || number > (SIZE_MAX >> shift)) return 0;
    return (size_t)number << shift;
}

size_t nn_threads_stack(void)
{
    static const char *const variables[] = {"OMP_STACKSIZE", "GOMP_STACKSIZE"};
    pthread_attr_t defaults;
    size_t size = 0;
    for (size_t i = 0; i < sizeof variables / sizeof *variables && size == 0; i++)
        size = nn_threads_stack_size(getenv(variables[i]));
    /* OpenMP ignores a value below the system's minimum. */
    if (size >= (size_t)PTHREAD_STACK_MIN || pthread_attr_init(&defaults) != 0) return size;
    if (pthread_attr_getstacksize(&defaults, &size) != 0) size = 0;
    pthread_attr_destroy(&defaults);
    return size;
}

/* ---- whether they can be started ---- */

/* The threads of a trial wait for one another, so that all exist at the same time. */
typedef struct threads_trial {
    pthread_mutex_t lock;
    pthread_cond_t over;
    bool is_over;
} threads_trial;

static void *threads_wait(void *context)
{
    threads_trial *trial = context;
    pthread_mutex_lock(&trial->lock);
    while (!trial->is_over) pthread_cond_wait(&trial->over, &trial->lock);
    pthread_mutex_unlock(&trial->lock);
    return NULL;
}

/* Returns the error of the first thread that cannot be started, or 0. */
static int threads_start_all(int count, size_t stack, pthread_t *started)
{
    threads_trial trial = {.lock = PTHREAD_MUTEX_INITIALIZER, .over = PTHREAD_COND_INITIALIZER};
    pthread_attr_t attributes;
    int running = 0, error = pthread_attr_init(&attributes);
    if (error != 0) return error;
    if (stack > 0) error = pthread_attr_setstacksize(&attributes, stack);
    while (error == 0 && running < count) {
        error = pthread_create(&started[running], &attributes, threads_wait, &trial);
        running += error == 0;
    }
    pthread_mutex_lock(&trial.lock);
    trial.is_over = true;
    pthread_cond_broadcast(&trial.over);
    pthread_mutex_unlock(&trial.lock);
    for (int t = 0; t < running; t++) pthread_join(started[t], NULL);
    pthread_attr_destroy(&attributes);
    return error;
}

nn_status nn_threads_try(int threads, size_t stack)
{
    pthread_t *started = NULL;
    char size[NN_FORMAT_SIZE], least[NN_FORMAT_SIZE], reason[128];
    if (threads < 2) return NN_OK;
    nn_format_bytes(size, (double)stack);
    if (stack > 0 && stack < NN_THREADS_STACK)
        NN_FAIL(
            NN_ERROR_USAGE,
            "a thread would have a stack of %s, but needs %s: set OMP_STACKSIZE=8M, or unset it and raise "
            "the limit (ulimit -s 8192)",
            size, nn_format_bytes(least, (double)NN_THREADS_STACK));
    NN_TRY(NN_ALLOCATE(&started, threads - 1, "a trial of the threads"));
    int error = threads_start_all(threads - 1, stack, started);
    nn_free(started);
    if (error == 0) return NN_OK;
    if (strerror_r(error, reason, sizeof reason) != 0) reason[0] = '\0';
    NN_FAIL(NN_ERROR_MEMORY,
            "%d threads with a stack of %s each cannot be started: %s; lower OMP_NUM_THREADS or "
            "training.threads, set OMP_STACKSIZE=8M if it is larger, or raise the limits "
            "(ulimit -u, ulimit -v)",
            threads, size, reason);
}

/* ---- helpers ---- */

typedef struct threads_helper {
    void *(*run)(void *context);
    void *context;
} threads_helper;

static void *threads_help(void *context)
{
    threads_helper helper = *(threads_helper *)context;
    nn_free(context);
    nn_surroundings_plain_texts();
    return helper.run(helper.context);
}

int nn_threads_start(pthread_t *thread, void *(*run)(void *), void *context)
{
    sigset_t all, before;
    threads_helper *helper;
    if (NN_ALLOCATE(&helper, 1, "a helper thread") != NN_OK) return ENOMEM;
    *helper = (threads_helper){run, context};
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(thread, NULL, threads_help, helper);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0) nn_free(helper);
    return error;
}
