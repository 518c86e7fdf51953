/* Threads and cores: the effects of variables, limits and hyperthreads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/cpus.h"
#include "host/threads.h"

/* Fails when an invalid variable is used, or a valid one is not. */
static void test_number(void **state)
{
    (void)state;
    static const struct {
        nn_threads_given given;
        int threads;
        nn_threads_source source;
        bool ignored, limited;
    } cases[] = {
        {{0, NULL, 0, 6}, 6, NN_THREADS_CORES, false, false},
        {{0, "", 0, 6}, 6, NN_THREADS_CORES, false, false},
        {{0, "  ", 0, 6}, 6, NN_THREADS_CORES, false, false},
        {{0, "4", 0, 6}, 4, NN_THREADS_VARIABLE, false, false},
        {{0, " 4 ", 0, 6}, 4, NN_THREADS_VARIABLE, false, false},
        {{0, "4,2", 0, 6}, 4, NN_THREADS_VARIABLE, false, false},
        {{0, "4 , 2,1", 0, 6}, 4, NN_THREADS_VARIABLE, false, false},
        {{0, "4,", 0, 6}, 6, NN_THREADS_CORES, true, false},
        {{0, "4,x", 0, 6}, 6, NN_THREADS_CORES, true, false},
        {{0, "4 cores", 0, 6}, 6, NN_THREADS_CORES, true, false},
        {{0, "garbage", 0, 6}, 6, NN_THREADS_CORES, true, false},
        {{0, "0", 0, 6}, 6, NN_THREADS_CORES, true, false},
        {{0, "-2", 0, 6}, 6, NN_THREADS_CORES, true, false},
        {{0, "99999999999999999999", 0, 6}, 6, NN_THREADS_CORES, true, false},
        {{0, "1000000", 0, 6}, NN_THREADS_MAX, NN_THREADS_VARIABLE, false, true},
        {{3, "8", 0, 6}, 3, NN_THREADS_CONFIGURED, false, false},
        {{3, "garbage", 0, 6}, 3, NN_THREADS_CONFIGURED, false, false},
        {{8, NULL, 2, 6}, 2, NN_THREADS_CONFIGURED, false, true},
        {{0, "8", 2, 6}, 2, NN_THREADS_VARIABLE, false, true},
        {{0, NULL, 2, 6}, 2, NN_THREADS_CORES, false, true},
        {{0, NULL, 0, 0}, 1, NN_THREADS_CORES, false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        nn_threads_decision decision = nn_threads_decide(cases[i].given);
        if (decision.threads != cases[i].threads || decision.source != cases[i].source ||
            decision.ignored != cases[i].ignored || decision.limited != cases[i].limited)
            fail_msg("case %zu: %d threads by source %d, ignored %d, limited %d", i, decision.threads,
                     (int)decision.source, decision.ignored, decision.limited);
    }
}

/* Fails when a stack size is read differently than by OpenMP. */
static void test_stack_size(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t bytes;
    } cases[] = {{"64k", 65536},     {"64", 65536},
                 {" 2 M ", 2097152}, {"4096B", 4096},
                 {"1g", 1073741824}, {"", 0},
                 {NULL, 0},          {"k", 0},
                 {"-1", 0},          {"1.5M", 0},
                 {"8 MB", 0},        {"0", 0},
                 {"8x", 0},          {"99999999999999G", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(nn_threads_stack_size(cases[i].text), cases[i].bytes);
}

/* Fails when it is left to OpenMP to discover that threads cannot be started. */
static void test_trial(void **state)
{
    (void)state;
    assert_int_equal(nn_threads_try(1, 1), NN_OK);
    assert_int_equal(nn_threads_try(4, (size_t)8 << 20), NN_OK);
    assert_int_equal(nn_threads_try(2, 65536), NN_ERROR_USAGE);
    assert_non_null(strstr(nn_error_text(), "OMP_STACKSIZE=8M"));
    assert_int_equal(nn_threads_try(2, (size_t)1 << 50), NN_ERROR_MEMORY);
    assert_non_null(strstr(nn_error_text(), "cannot be started"));
    setenv("OMP_STACKSIZE", "64k", 1);
    assert_int_equal(nn_threads_stack(), 65536);
    setenv("OMP_STACKSIZE", "nothing", 1);
    unsetenv("GOMP_STACKSIZE");
    assert_true(nn_threads_stack() > 65536);
}

/* ---- cores ---- */

/* A folder like the kernel's, with a list of hyperthreads per processor. */
static void cores_write(const char *folder, int cpu, const char *list)
{
    char path[512];
    snprintf(path, sizeof path, "%s/cpu%d", folder, cpu);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/cpu%d/topology", folder, cpu);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/cpu%d/topology/thread_siblings_list", folder, cpu);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "%s\n", list);
    fclose(file);
}

static void cores_remove(const char *folder, int cpus)
{
    char path[512];
    for (int cpu = 0; cpu < cpus; cpu++) {
        snprintf(path, sizeof path, "%s/cpu%d/topology/thread_siblings_list", folder, cpu);
        unlink(path);
        snprintf(path, sizeof path, "%s/cpu%d/topology", folder, cpu);
        rmdir(path);
        snprintf(path, sizeof path, "%s/cpu%d", folder, cpu);
        rmdir(path);
    }
    rmdir(folder);
}

static nn_cpus cpus;

/* Wrong: a process is not in the NUMA domain of the first processor that it may use, or domains without such
 * processors count. */
static void test_domains(void **state)
{
    static const struct {
        unsigned mask;
        int domain, count;
    } cases[] = {{0x3, 0, 1},  {0xc, 1, 1},  {0xe, 0, 2}, {0xf, 0, 2},
                 {0x10, 3, 1}, {0x18, 1, 2}, {0x20, 0, 1}};
    static const int domain_of[] = {0, 0, 1, 1, 3};
    char folder[] = "/tmp/nn_domains_XXXXXX", path[64];
    (void)state;
    assert_non_null(mkdtemp(folder));
    for (int cpu = 0; cpu < 5; cpu++) {
        snprintf(path, sizeof path, "%s/cpu%d", folder, cpu);
        assert_int_equal(mkdir(path, 0700), 0);
        snprintf(path, sizeof path, "%s/cpu%d/node%d", folder, cpu, domain_of[cpu]);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memset(&cpus, 0, sizeof cpus);
        for (int cpu = 0; cpu < 8; cpu++) cpus.may_use[cpu] = (cases[i].mask >> cpu) & 1u;
        assert_int_equal(nn_cpus_find_domain(&cpus, folder), cases[i].domain);
        assert_int_equal(nn_cpus_count_domains(&cpus, folder), cases[i].count);
    }
    for (int cpu = 0; cpu < 5; cpu++) {
        snprintf(path, sizeof path, "%s/cpu%d/node%d", folder, cpu, domain_of[cpu]);
        assert_int_equal(rmdir(path), 0);
        snprintf(path, sizeof path, "%s/cpu%d", folder, cpu);
        assert_int_equal(rmdir(path), 0);
    }
    assert_int_equal(rmdir(folder), 0);
}
static int cpu_users[NN_CPUS_MAX], core_users[NN_CPUS_MAX];

/* A node with 4 cores, core c having processors c and c + 4; the affinity mask of a rank, and how many ranks
 * share it. */
static nn_cpus_share cores_of(const char *folder, unsigned mask, int ranks)
{
    memset(&cpus, 0, sizeof cpus);
    memset(cpu_users, 0, sizeof cpu_users);
    memset(core_users, 0, sizeof core_users);
    for (int cpu = 0; cpu < 8; cpu++) cpus.may_use[cpu] = (mask >> cpu) & 1u;
    nn_cpus_find_cores(&cpus, folder);
    for (int cpu = 0; cpu < 8; cpu++) {
        if (!cpus.may_use[cpu]) continue;
        cpu_users[cpu] = ranks;
        core_users[cpus.core[cpu]] = ranks;
    }
    return nn_cpus_divide(&cpus, cpu_users, core_users);
}

/* Fails when two hyperthreads count as two cores, or the ranks of a node are confused. */
static void test_cores(void **state)
{
    (void)state;
    static const struct {
        unsigned mask;
        int ranks, cores, threads;
        bool shared;
    } cases[] = {{0xff, 1, 4, 8, false}, {0x0f, 1, 4, 4, false}, {0x11, 1, 1, 2, false},
                 {0x03, 1, 2, 2, false}, {0xff, 2, 2, 4, true},  {0xff, 3, 1, 2, true},
                 {0xff, 16, 1, 1, true}, {0x10, 1, 1, 1, false}, {0x33, 1, 2, 4, false}};
    char folder[] = "/tmp/nn-cores-XXXXXX", list[16];
    assert_non_null(mkdtemp(folder));
    for (int cpu = 0; cpu < 8; cpu++) {
        snprintf(list, sizeof list, "%d,%d", cpu % 4, cpu % 4 + 4);
        cores_write(folder, cpu, list);
    }
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        nn_cpus_share share = cores_of(folder, cases[i].mask, cases[i].ranks);
        if (share.cores != cases[i].cores || share.threads != cases[i].threads ||
            share.shared != cases[i].shared)
            fail_msg("case %zu: %d cores, %d threads, shared %d", i, share.cores, share.threads,
                     share.shared);
    }
    cores_remove(folder, 8);
    assert_int_equal(cores_of(folder, 0xff, 1).cores, 8); /* nothing is listed */
}

/* Fails when a rank on the second hyperthread of another rank's core counts the core as its own. */
static void test_neighbours(void **state)
{
    (void)state;
    memset(&cpus, 0, sizeof cpus);
    memset(cpu_users, 0, sizeof cpu_users);
    memset(core_users, 0, sizeof core_users);
    cpus.may_use[4] = true;
    cpus.core[4] = 0;
    cpu_users[0] = cpu_users[4] = 1;
    core_users[0] = 2;
    nn_cpus_share share = nn_cpus_divide(&cpus, cpu_users, core_users);
    assert_int_equal(share.cores, 1);
    assert_int_equal(share.threads, 1);
    assert_true(share.shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_number),  cmocka_unit_test(test_stack_size), cmocka_unit_test(test_trial),
        cmocka_unit_test(test_domains), cmocka_unit_test(test_cores),      cmocka_unit_test(test_neighbours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
