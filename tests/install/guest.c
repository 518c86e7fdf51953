/* A host with habits of its own: guest plain|odd CONFIG RUN_DIR [KEY=VALUE ...], under mpirun. With `odd` it
 * sets whatever a program may have set in its process, and prints what any call of the library has changed.
 * Both print the results, whose bits do not depend on it. GUEST_LOCALE: a locale with another decimal point.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fenv.h>
#include <hdf5.h>
#include <inttypes.h>
#include <locale.h>
#include <omp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nntrain/nntrain_mpi.h"

extern char **environ;
extern int openblas_get_num_threads(void);
extern void openblas_set_num_threads(int threads);

#define TEAM 3
#define VALUES 64 /* of a digit */

/* ---- what is looked at ---- */

typedef struct surroundings {
    struct sigaction actions[65];
    sigset_t blocked;
    mode_t mask;
    char folder[4096], locale[256], number[32];
    int rounding, traps, flags;
    unsigned controls[TEAM]; /* of OpenMP's threads */
    int dynamic, threads, levels, chunk;
    omp_sched_t schedule;
    MPI_Errhandler handler;
    H5E_auto2_t print;
    void *context;
    ssize_t errors; /* in HDF5's stack */
    int blas_threads;
    struct rlimit limits[RLIM_NLIMITS];
    cpu_set_t cpus;
    size_t variables;
} surroundings;

static unsigned control_word(void)
{
#ifdef __x86_64__
    unsigned control;
    __asm__ volatile("stmxcsr %0" : "=m"(control));
    return control;
#else
    return (unsigned)fegetround();
#endif
}

static void flush_denormals(void)
{
#ifdef __x86_64__
    unsigned control = control_word() | 0x8040;
    __asm__ volatile("ldmxcsr %0" : : "m"(control));
#endif
}

static size_t count_variables(void)
{
    size_t sum = 0;
    for (char **variable = environ; *variable; variable++) sum += strlen(*variable) + 1;
    return sum;
}

static surroundings look_around(void)
{
    static surroundings seen;
    memset(&seen, 0, sizeof seen);
    /* First: what follows may raise flags. */
    seen.flags = fetestexcept(FE_ALL_EXCEPT);
    seen.traps = fegetexcept();
    seen.rounding = fegetround();
    seen.errors = H5Eget_num(H5E_DEFAULT);
#pragma omp parallel num_threads(TEAM)
    seen.controls[omp_get_thread_num()] = control_word();
    for (int i = 1; i < 65; i++) sigaction(i, NULL, &seen.actions[i]);
    sigprocmask(SIG_SETMASK, NULL, &seen.blocked);
    umask(seen.mask = umask(0));
    if (!getcwd(seen.folder, sizeof seen.folder)) abort();
    snprintf(seen.locale, sizeof seen.locale, "%s", setlocale(LC_ALL, NULL));
    snprintf(seen.number, sizeof seen.number, "%.1f", 1.5);
    seen.dynamic = omp_get_dynamic();
    seen.threads = omp_get_max_threads();
    seen.levels = omp_get_max_active_levels();
    omp_get_schedule(&seen.schedule, &seen.chunk);
    MPI_Comm_get_errhandler(MPI_COMM_WORLD, &seen.handler);
    H5Eget_auto2(H5E_DEFAULT, &seen.print, &seen.context);
    seen.blas_threads = openblas_get_num_threads();
    for (int i = 0; i < (int)RLIM_NLIMITS; i++) getrlimit((enum __rlimit_resource)i, &seen.limits[i]);
    sched_getaffinity(0, sizeof seen.cpus, &seen.cpus);
    seen.variables = count_variables();
    return seen;
}

static surroundings before;
static bool is_odd;
static int changes, printed, expected;

/* Leaves errors in HDF5's stack, as the last thing before a call: most functions of HDF5 clear it. */
static void begin(void)
{
    if (!is_odd) return;
    H5Fopen("no such file", H5F_ACC_RDONLY, H5P_DEFAULT);
    expected++;
    before.errors = H5Eget_num(H5E_DEFAULT);
}

static void changed(const char *call, const char *what)
{
    printf("changed by %s: %s\n", call, what);
    changes++;
}

#define COMPARE(member, what)                                                                                \
    if (memcmp(&before.member, &after.member, sizeof after.member) != 0) changed(call, what)

static void compare(const char *call)
{
    surroundings after = look_around();
    for (int i = 1; i < 65; i++)
        if (before.actions[i].sa_handler != after.actions[i].sa_handler ||
            before.actions[i].sa_flags != after.actions[i].sa_flags)
            changed(call, strsignal(i));
    COMPARE(blocked, "the blocked signals");
    COMPARE(mask, "umask");
    COMPARE(folder, "the working directory");
    COMPARE(locale, "the locale");
    COMPARE(number, "the decimal point");
    COMPARE(rounding, "the rounding mode");
    COMPARE(traps, "the traps");
    COMPARE(flags, "the flags of exceptions");
    COMPARE(controls, "the floating-point modes of threads");
    COMPARE(dynamic, "omp_get_dynamic");
    COMPARE(threads, "omp_get_max_threads");
    COMPARE(levels, "omp_get_max_active_levels");
    COMPARE(chunk, "the chunks of omp_get_schedule");
    COMPARE(schedule, "omp_get_schedule");
    COMPARE(handler, "the error handler of MPI_COMM_WORLD");
    COMPARE(errors, "HDF5's error stack");
    COMPARE(print, "HDF5's printing");
    COMPARE(context, "the context of HDF5's printing");
    COMPARE(blas_threads, "the threads of BLAS");
    COMPARE(limits, "the limits");
    COMPARE(cpus, "the affinity");
    COMPARE(variables, "the environment");
    before = after;
    begin();
}

/* ---- the habits ---- */

static void on_signal(int number)
{
    (void)number;
}

static void on_error(MPI_Comm *comm, int *code, ...)
{
    (void)comm;
    fprintf(stderr, "the host's handler saw MPI's error %d\n", *code);
}

static herr_t on_hdf5_error(hid_t stack, void *context)
{
    (void)stack;
    ++*(int *)context;
    return 0;
}

static void be_odd(void)
{
    const char *name = getenv("GUEST_LOCALE");
    if (name && !setlocale(LC_ALL, name)) printf("no locale %s\n", name);
    const int handled[] = {SIGUSR1, SIGUSR2, SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGBUS, SIGALRM};
    for (size_t i = 0; i < sizeof handled / sizeof *handled; i++) signal(handled[i], on_signal);
    signal(SIGPIPE, SIG_IGN);
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGWINCH);
    sigaddset(&blocked, SIGUSR2);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    umask(027);
    omp_set_dynamic(1);
    omp_set_num_threads(TEAM);
    omp_set_max_active_levels(2);
    omp_set_schedule(omp_sched_guided, 7);
    openblas_set_num_threads(2);
    MPI_Errhandler handler;
    MPI_Comm_create_errhandler(on_error, &handler);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, handler);
    H5Eset_auto2(H5E_DEFAULT, on_hdf5_error, &printed);
    is_odd = true;
    /* All threads that exist, and the main one. */
#pragma omp parallel num_threads(TEAM)
    {
        fesetround(FE_UPWARD);
        flush_denormals();
        feclearexcept(FE_ALL_EXCEPT);
        feenableexcept(FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW | FE_UNDERFLOW);
    }
    feraiseexcept(FE_INEXACT);
}

/* ---- the calls ---- */

static unsigned long long bits_of(const float *values, size_t count)
{
    unsigned long long hash = 1469598103934665603u;
    const unsigned char *bytes = (const unsigned char *)values;
    for (size_t i = 0; i < count * sizeof *values; i++) hash = (hash ^ bytes[i]) * 1099511628211u;
    return hash;
}

static void expect(nn_status status, const char *call)
{
    if (status == NN_OK) return;
    printf("failed: %s: %s\n", call, nn_error_text());
    changes++;
}

static void predict(const char *path)
{
    nn_predictor *predictor, *other, *none;
    float inputs[3][VALUES], outputs[3][10], cotangents[3][10], gradients[3][VALUES];
    for (int i = 0; i < 3 * VALUES; i++) (&inputs[0][0])[i] = (float)(i * 7 % 17);
    inputs[1][5] = 1e-42f; /* a denormal number */
    for (int i = 0; i < 30; i++) (&cotangents[0][0])[i] = i % 4 ? 0 : 1;
    before = look_around();
    begin();
    expect(nn_predictor_open(path, &predictor), "nn_predictor_open");
    compare("nn_predictor_open");
    if (nn_predictor_open("nowhere", &none) == NN_OK) expect(NN_ERROR_USAGE, "a run that is not there");
    compare("a failure of nn_predictor_open");
    if (!predictor) return;
    expect(nn_predictor_share(predictor, &other), "nn_predictor_share");
    compare("nn_predictor_share");
    expect(nn_predictor_run(predictor, 3, *inputs, *outputs), "nn_predictor_run");
    compare("nn_predictor_run");
    printf("result: outputs %016llx\n", bits_of(*outputs, 30));
    expect(nn_predictor_prepare_derivatives(other), "nn_predictor_prepare_derivatives");
    compare("nn_predictor_prepare_derivatives");
    expect(nn_predictor_vjp(other, 3, *inputs, *cotangents, *gradients), "nn_predictor_vjp");
    compare("nn_predictor_vjp");
    printf("result: gradients %016llx\n", bits_of(*gradients, 3 * VALUES));
    expect(nn_predictor_jvp(other, 3, *inputs, *inputs, *outputs, *cotangents), "nn_predictor_jvp");
    compare("nn_predictor_jvp");
    printf("result: tangents %016llx\n", bits_of(*cotangents, 30));
    nn_predictor_close(predictor);
    nn_predictor_close(other);
    compare("nn_predictor_close");
}

static void train(char **arguments, int count)
{
    nn_train_result result = {0};
    char folder[4096];
    before = look_around();
    begin();
    expect(nn_train(MPI_COMM_WORLD, arguments[0], arguments[1], (const char *const *)arguments + 2,
                    (size_t)count - 2, &result),
           "nn_train");
    compare("nn_train");
    if (result.steps) printf("result: fingerprint %016" PRIx64 "\n", result.fingerprint);
    snprintf(folder, sizeof folder, "%s-failed", arguments[1]);
    if (nn_train(MPI_COMM_WORLD, "nowhere.yaml", folder, NULL, 0, NULL) == NN_OK)
        expect(NN_ERROR_USAGE, "a configuration that is not there");
    compare("a failure of nn_train");
}

int main(int argc, char **argv)
{
    int provided, rank;
    if (argc < 4) return NN_ERROR_USAGE;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (strcmp(argv[1], "odd") == 0) be_odd();
    train(argv + 2, argc - 2);
    MPI_Barrier(MPI_COMM_WORLD);
    predict(argv[3]);
    if (printed != expected) changed("a call", "HDF5's errors were printed");
    fedisableexcept(FE_ALL_EXCEPT);
    MPI_Finalize();
    return changes > 0;
}
