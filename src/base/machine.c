#include "base/machine.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MACHINE_PATH 4096

/* A file of one number; `none` where there is no file, or no number ("max"). */
static double machine_read_number(const char *path, double none)
{
    double number = none;
    FILE *file = fopen(path, "r");
    if (!file) return none;
    if (fscanf(file, "%lf", &number) != 1) number = none;
    fclose(file);
    return number;
}

/* The least limit of a control group and those above it. `group` is cut to pieces. */
static double machine_least_limit(const char *root, char *group, const char *name, double least)
{
    char path[2 * MACHINE_PATH];
    for (;;) {
        snprintf(path, sizeof path, "%s%s/%s", root, group, name);
        double limit = machine_read_number(path, least);
        if (limit < least) least = limit;
        char *slash = strrchr(group, '/');
        if (!slash) return least;
        *slash = '\0';
    }
}

/* Lines of /proc/self/cgroup: "0::/group" of version 2, "7:memory:/group" of version 1. */
static double machine_group_limit(double least)
{
    char line[MACHINE_PATH];
    FILE *file = fopen("/proc/self/cgroup", "r");
    if (!file) return least;
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        char *group = strrchr(line, ':');
        if (!group) continue;
        if (strncmp(line, "0::", 3) == 0)
            least = machine_least_limit("/sys/fs/cgroup", group + 1, "memory.max", least);
        else if (strstr(line, ":memory:"))
            least = machine_least_limit("/sys/fs/cgroup/memory", group + 1, "memory.limit_in_bytes", least);
    }
    fclose(file);
    return least;
}

double nn_machine_memory(const char **of)
{
    double memory = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    double limit = machine_group_limit(memory);
    *of = limit < memory ? "limit of this control group" : "memory of this machine";
    return limit;
}
