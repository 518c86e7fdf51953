/* The memory that a job may still use, from simulated files of the kernel. */
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

#include "base/memory_limits.h"

#define MIB 1048576.0

static char root[64];

/* Writes a file below the root, and creates its parent folders. */
static void put(const char *name, const char *content)
{
    char path[512];
    snprintf(path, sizeof path, "%s%s", root, name);
    for (char *at = path + strlen(root) + 1; *at; at++) {
        if (*at != '/') continue;
        *at = '\0';
        mkdir(path, 0777);
        *at = '/';
    }
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
}

static int make_root(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/nn-limits-XXXXXX");
    if (!mkdtemp(root)) return 1;
    put("/proc/meminfo", "MemTotal:  8388608 kB\nMemFree:  100 kB\nMemAvailable:   2097152 kB\n");
    return 0;
}

static int remove_root(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    return system(command);
}

static void expect(double group_limit, double group_used, double spare)
{
    nn_memory_limits limits = nn_memory_limits_read(root);
    assert_true(limits.group_limit == group_limit);
    if (group_limit < 1e18) assert_true(limits.group_used == group_used);
    assert_true(nn_memory_limits_spare(&limits) == spare);
}

static void test_no_group(void **state)
{
    (void)state;
    expect(1.0 / 0.0, 0, 2048 * MIB);
}

/* Version 2: reclaimable file pages do not count, and a group above may leave less. */
static void test_version_2(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "0::/job/step\n");
    put("/sys/fs/cgroup/job/step/memory.max", "max\n");
    expect(1.0 / 0.0, 0, 2048 * MIB);
    put("/sys/fs/cgroup/job/memory.max", "1073741824\n");
    put("/sys/fs/cgroup/job/memory.current", "629145600\n");
    put("/sys/fs/cgroup/job/memory.stat", "anon 5\nfile 3\ninactive_file 104857600\n");
    expect(1024 * MIB, 500 * MIB, 524 * MIB);
    put("/sys/fs/cgroup/job/step/memory.max", "536870912\n");
    put("/sys/fs/cgroup/job/step/memory.current", "0\n");
    expect(512 * MIB, 0, 512 * MIB);
}

/* In a container, the path of the process may not exist: its own group is the root. */
static void test_container(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "0::/system.slice/docker-123.scope\n");
    put("/sys/fs/cgroup/memory.max", "268435456\n");
    put("/sys/fs/cgroup/memory.current", "1048576\n");
    expect(256 * MIB, 1 * MIB, 255 * MIB);
}

static void test_version_1(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "9:cpu,cpuacct:/x\n4:memory:/slurm/job_7\n0::/\n");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    put("/sys/fs/cgroup/memory/slurm/job_7/memory.limit_in_bytes", "1073741824\n");
    put("/sys/fs/cgroup/memory/slurm/job_7/memory.usage_in_bytes", "1073741824\n");
    put("/sys/fs/cgroup/memory/slurm/job_7/memory.stat", "inactive_file 1\ntotal_inactive_file 524288000\n");
    expect(1024 * MIB, 524 * MIB, 500 * MIB);
}

static void test_text(void **state)
{
    (void)state;
    char text[NN_LIMITS_TEXT];
    put("/proc/self/cgroup", "0::/\n");
    put("/sys/fs/cgroup/memory.max", "268435456\n");
    nn_memory_limits limits = nn_memory_limits_read(root);
    limits.address = 3 * MIB;
    assert_string_equal(
        nn_memory_limits_text(text, &limits),
        "the node has 2.0 GiB left, the job's control group is limited to 256.0 MiB and uses 0 B, "
        "the address space of a process is limited to 3.0 MiB (ulimit -v)");
}

static void test_whole(void **state)
{
    (void)state;
    const char *of;
    nn_memory_limits limits = nn_memory_limits_read(root);
    assert_true(nn_memory_limits_whole(&limits, &of) > 0);
    assert_string_equal(of, "memory of this machine");
    put("/proc/self/cgroup", "0::/job/step\n");
    put("/sys/fs/cgroup/job/memory.max", "1048576\n");
    put("/sys/fs/cgroup/job/step/memory.max", "2097152\n");
    put("/sys/fs/cgroup/job/step/memory.current", "2097152\n");
    limits = nn_memory_limits_read(root);
    assert_true(nn_memory_limits_whole(&limits, &of) == MIB);
    assert_string_equal(of, "limit of this control group");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_no_group, make_root, remove_root),
        cmocka_unit_test_setup_teardown(test_version_2, make_root, remove_root),
        cmocka_unit_test_setup_teardown(test_container, make_root, remove_root),
        cmocka_unit_test_setup_teardown(test_version_1, make_root, remove_root),
        cmocka_unit_test_setup_teardown(test_text, make_root, remove_root),
        cmocka_unit_test_setup_teardown(test_whole, make_root, remove_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
