/* The folder of the examples. */
#include "cli/examples.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build.h"

#define PATH_SIZE 4096

static bool examples_is_folder(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

/* PREFIX/share/nntrain of a program PREFIX/bin/nntrain, if the system reports its path. */
static const char *examples_beside_program(void)
{
    static char folder[PATH_SIZE + 32];
    char program[PATH_SIZE];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length <= 0) return NULL;
    program[length] = '\0';
    for (int level = 0; level < 2; level++) {
        char *slash = strrchr(program, '/');
        if (!slash) return NULL;
        *slash = '\0';
    }
    snprintf(folder, sizeof folder, "%s/share/nntrain", program);
    return folder;
}

const char *nn_examples_folder(void)
{
    const char *const places[] = {examples_beside_program(), NN_DATA_DIR, NN_SOURCE_DATA_DIR};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (places[i] && examples_is_folder(places[i])) return places[i];
    return NULL;
}
