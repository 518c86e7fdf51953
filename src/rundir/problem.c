#include "rundir/problem.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/format.h"
#include "base/status.h"

void nn_problem_note(const char *run_directory, const char *path, char problem[NN_PROBLEM_SIZE])
{
    struct statvfs room;
    char free_bytes[NN_FORMAT_SIZE];
    size_t length = strlen(problem);
    if (length > 0) {
        snprintf(problem + length, NN_PROBLEM_SIZE - length, "; %s could not be written either", path);
        return;
    }
    length = (size_t)snprintf(problem, NN_PROBLEM_SIZE, "%.1200s", nn_error_text());
    if (statvfs(run_directory, &room) != 0) return;
    nn_format_bytes(free_bytes, (double)room.f_bavail * (double)room.f_frsize);
    bool no_files = room.f_files > 0 && room.f_favail == 0;
    snprintf(problem + length, NN_PROBLEM_SIZE - length, "; the disk has %s free%s", free_bytes,
             no_files ? ", but no more files can be created (out of inodes)" : "");
}
