#include "base/memory_limits.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/format.h"

#define LIMITS_PATH 4096

/* A version 1 limit above this means no limit. */
#define LIMITS_NONE 4e18

/* Reads the number after a word at the beginning of a line in a file of the kernel. */
static bool limits_read_number(const char *path, const char *word, double *number)
{
    char line[LIMITS_PATH];
    bool found = false;
    FILE *file = fopen(path, "r");
    if (!file) return false;
    while (!found && fgets(line, sizeof line, file))
        found = strncmp(line, word, strlen(word)) == 0 && sscanf(line + strlen(word), "%lf", number) == 1;
    fclose(file);
    return found;
}

/* The files of one version of control groups. */
typedef struct limits_version {
    const char *controller; /* middle part of the line in /proc/self/cgroup */
    const char *mount, *limit, *used, *cached;
} limits_version;

static const limits_version versions[] = {
    {"::", "/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file "},
    {":memory:", "/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes",
     "total_inactive_file "},
};

/* The path of this process's group; "" if it is in none. */
static void limits_find_group(const char *root, const limits_version *version, char group[LIMITS_PATH])
{
    char path[LIMITS_PATH], line[LIMITS_PATH];
    group[0] = '\0';
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        const char *found = strstr(line, version->controller);
        if (!found || found != strchr(line, ':')) continue;
        snprintf(group, LIMITS_PATH, "%.*s", (int)strcspn(found + strlen(version->controller), "\n"),
                 found + strlen(version->controller));
    }
    if (file) fclose(file);
}

static bool limits_read_in_group(const char *root, const limits_version *version, const char *group,
                                 const char *name, const char *word, double *number)
{
    char path[3 * LIMITS_PATH];
    snprintf(path, sizeof path, "%s%s%s/%s", root, version->mount, group, name);
    return limits_read_number(path, word, number);
}

static void limits_take_group(const char *root, const limits_version *version, const char *group,
                              nn_memory_limits *limits)
{
    double limit, used = 0, cached = 0;
    if (!limits_read_in_group(root, version, group, version->limit, "", &limit) || !(limit < LIMITS_NONE))
        return;
    if (limit < limits->group_least) limits->group_least = limit;
    limits_read_in_group(root, version, group, version->used, "", &used);
    limits_read_in_group(root, version, group, "memory.stat", version->cached, &cached);
    used = used > cached ? used - cached : 0;
    if (limit - used >= limits->group_limit - limits->group_used) return;
    limits->group_limit = limit;
    limits->group_used = used;
}

/* A group is also limited by all groups above it. Inside a container the path may not exist, but its last
 * part does. */
static void limits_read_groups(const char *root, const limits_version *version, nn_memory_limits *limits)
{
    char group[LIMITS_PATH];
    limits_find_group(root, version, group);
    for (;;) {
        size_t length = strlen(group);
        while (length > 0 && group[length - 1] == '/') group[--length] = '\0';
        limits_take_group(root, version, group, limits);
        char *slash = strrchr(group, '/');
        if (!slash) return;
        *slash = '\0';
    }
}

nn_memory_limits nn_memory_limits_read(const char *root)
{
    nn_memory_limits limits = {HUGE_VAL, HUGE_VAL, 0, HUGE_VAL, HUGE_VAL};
    struct rlimit address;
    char path[LIMITS_PATH];
    double kibibytes;
    snprintf(path, sizeof path, "%s/proc/meminfo", root);
    if (limits_read_number(path, "MemAvailable:", &kibibytes)) limits.available = 1024 * kibibytes;
    for (size_t v = 0; v < sizeof versions / sizeof *versions; v++)
        limits_read_groups(root, &versions[v], &limits);
    if (getrlimit(RLIMIT_AS, &address) == 0 && address.rlim_cur != RLIM_INFINITY)
        limits.address = (double)address.rlim_cur;
    double given = (double)nn_fault_value("memory.spare");
    if (given > 0) limits.available = given;
    return limits;
}

double nn_memory_limits_spare(const nn_memory_limits *limits)
{
    double group = limits->group_limit - limits->group_used;
    if (group < 0) group = 0;
    return group < limits->available ? group : limits->available;
}

double nn_memory_limits_whole(const nn_memory_limits *limits, const char **of)
{
    double memory = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    bool limited = limits->group_least < memory;
    *of = limited ? "limit of this control group" : "memory of this machine";
    return limited ? limits->group_least : memory;
}

char *nn_memory_limits_text(char *buffer, const nn_memory_limits *limits)
{
    char amount[NN_FORMAT_SIZE], used[NN_FORMAT_SIZE];
    int length = 0;
    buffer[0] = '\0';
    if (limits->available < HUGE_VAL)
        length = snprintf(buffer, NN_LIMITS_TEXT, "the node has %s left",
                          nn_format_bytes(amount, limits->available));
    if (limits->group_limit < HUGE_VAL)
        length +=
            snprintf(buffer + length, (size_t)(NN_LIMITS_TEXT - length),
                     "%sthe job's control group is limited to %s and uses %s", length > 0 ? ", " : "",
                     nn_format_bytes(amount, limits->group_limit), nn_format_bytes(used, limits->group_used));
    if (limits->address < HUGE_VAL)
        snprintf(buffer + length, (size_t)(NN_LIMITS_TEXT - length),
                 "%sthe address space of a process is limited to %s (ulimit -v)", length > 0 ? ", " : "",
                 nn_format_bytes(amount, limits->address));
    return buffer;
}
