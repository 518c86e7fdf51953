#include "store/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/clock.h"
#include "host/system.h"
#include "store/scales.h"

/* A look ends by itself after this long, so that files with very many datasets or on slow disks cost no more.
 */
#define PROBE_PATIENCE 2
/* What makes HDF5 hang burns processor time; a disk that does not answer is not the file's fault. */
#define PROBE_CPU_SECONDS 10
#define PROBE_LONGEST 120
/* Beyond what the process has already: far more than a chunk and its unpacked copy need. */
#define PROBE_MEMORY ((rlim_t)16 << 30)

bool nn_probe_is_first(void)
{
    static const char *const variables[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *rank = getenv(variables[i]);
        if (rank) return strcmp(rank, "0") == 0;
    }
    return true;
}

typedef struct probe_visit {
    nn_store_file *file;
    double end;
} probe_visit;

static nn_status probe_touch(void *context, const char *dataset, const nn_store_info *info)
{
    const probe_visit *visit = context;
    nn_store_array *array;
    (void)info;
    if (nn_seconds() > visit->end) return NN_ERROR_DATA; /* ends the visit */
    char **names;
    size_t count;
    if (nn_store_read_names(visit->file, dataset, &names, &count) == NN_OK) nn_store_free_names(names, count);
    nn_store_touch(visit->file, dataset);
    nn_store_axes axes;
    (void)nn_store_axes_read(visit->file, dataset, &axes);
    nn_store_axes_release(&axes);
    if (nn_store_array_open(visit->file, dataset, &array) == NN_OK) nn_store_array_close(array);
    return NN_OK;
}

void nn_probe_look_at(const char *path)
{
    probe_visit visit = {.end = nn_seconds() + PROBE_PATIENCE};
    if (nn_store_open(path, &visit.file) != NN_OK) return;
    (void)nn_store_has(visit.file, "@format"); /* the attributes of the file */
    nn_store_visit(visit.file, probe_touch, &visit);
    nn_store_close(visit.file);
}

static void probe_limit_memory(void)
{
#ifndef NN_SANITIZED /* sanitizers reserve terabytes */
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file) return;
    bool known = fscanf(file, "%lu", &pages) == 1;
    fclose(file);
    rlim_t used = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
    const struct rlimit memory = {used + PROBE_MEMORY, used + PROBE_MEMORY};
    if (known) setrlimit(RLIMIT_AS, &memory);
#endif
}

static void probe_set_limits(unsigned cpu_seconds)
{
    static const int deadly[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGXCPU, SIGALRM};
    const struct rlimit cpu = {cpu_seconds, cpu_seconds + 1}, none = {0, 0};
    for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++) signal(deadly[i], SIG_DFL);
    setrlimit(RLIMIT_CPU, &cpu);
    setrlimit(RLIMIT_CORE, &none);
    probe_limit_memory();
    alarm(PROBE_LONGEST);
}

/* What a dying library prints is not for the user. */
static void probe_silence(void)
{
    int nowhere = open("/dev/null", O_RDWR);
    if (nowhere < 0) return;
    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
}

static nn_status probe_judge(const char *path, int ending)
{
    if (!WIFSIGNALED(ending) || WTERMSIG(ending) == SIGALRM) return NN_OK;
    int number = WTERMSIG(ending);
    if (number == SIGXCPU || number == SIGKILL)
        NN_FAIL(NN_ERROR_DATA,
                "%s makes the HDF5 library itself hang: it is damaged or malformed; do not use it, make or "
                "copy it again, or try to repack it (h5repack IN OUT)",
                path);
    NN_FAIL(NN_ERROR_DATA,
            "%s makes the HDF5 library itself crash (signal %d, %s): it is damaged or malformed; do not use "
            "it, make or copy it again, or try to repack it (h5repack IN OUT)",
            path, number, strsignal(number));
}

nn_status nn_probe_with(const char *path, nn_probe_look look, unsigned cpu_seconds)
{
    int ending = 0;
    pid_t ended, child = fork();
    if (child < 0) return NN_OK; /* without a child there is no look */
    if (child == 0) {
        probe_set_limits(cpu_seconds);
        probe_silence();
        nn_patience_limit(0); /* whoever reads the file in earnest has it */
        look(path);
        _exit(0);
    }
    do {
        ended = waitpid(child, &ending, 0);
    } while (ended < 0 && errno == EINTR);
    return ended == child ? probe_judge(path, ending) : NN_OK;
}

nn_status nn_probe_files(size_t count, const char *const *paths)
{
    if (!nn_probe_is_first()) return NN_OK;
    for (size_t i = 0; i < count; i++) NN_TRY(nn_probe_with(paths[i], nn_probe_look_at, PROBE_CPU_SECONDS));
    return NN_OK;
}
