/* Shared by tools that fill a folder with HDF5 files: the folder, and failures, the first of which is
 * reported. */
#ifndef NN_TESTS_TOOLS_FOLDER_H
#define NN_TESTS_TOOLS_FOLDER_H

#include <hdf5.h>
#include <stdbool.h>
#include <stdio.h>

static const char *tool, *folder;
static int failures = 0;

static inline void check(bool done, const char *what)
{
    if (!done && failures++ == 0) fprintf(stderr, "%s: cannot write %s/%s\n", tool, folder, what);
}

static inline const char *path_of(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static inline hid_t open_file(const char *name)
{
    hid_t file = H5Fcreate(path_of(name), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    check(file >= 0, name);
    return file;
}

/* Parses the command line of a tool called as NAME FOLDER. */
static inline bool take_folder(const char *name, int argc, char **argv)
{
    tool = name;
    if (argc == 2) folder = argv[1];
    if (argc != 2) fprintf(stderr, "usage: %s FOLDER\n", name);
    return argc == 2;
}

#endif
