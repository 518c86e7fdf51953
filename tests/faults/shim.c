/*
 * A library for LD_PRELOAD that makes system calls fail on the files of one folder, as a full or broken disk
 * or a file server would. The environment says what fails:
 *
 *     NN_SHIM_FOLDER=/absolute/folder   only files below it, and itself
 *     NN_SHIM_CALL=write                open, read (pread too), write (pwrite too), stat, opendir, readdir,
 *                                       flock, posix_fallocate, fsync, close, rename or mkdir
 *     NN_SHIM_FIRST=3 NN_SHIM_LAST=5    the 3rd to the 5th of these calls, over all threads
 *     NN_SHIM_ERROR=28                  the value of errno; 0: a read or write that is cut short; -1: a read
 *                                       that finds the end of the file
 *     NN_SHIM_HURRY=1                   pauses take no time
 *     NN_SHIM_RECORD=/another/file      gets a line "RANK open PATH" or "RANK opendir PATH" for each of these
 * calls
 *
 * A close that fails has closed the file, as on Linux. Each failure is reported on stderr.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define SHIM_DESCRIPTORS 4096

static atomic_bool shim_inside[SHIM_DESCRIPTORS]; /* descriptors of files below the folder */
static atomic_long shim_calls;

/* The function that ours replaces; ISO C has no cast from an object pointer to a function's. */
static void shim_find(const char *name, void *function, size_t size)
{
    void *found = dlsym(RTLD_NEXT, name);
    memcpy(function, &found, size);
}

static long shim_number(const char *name)
{
    const char *text = getenv(name);
    return text ? strtol(text, NULL, 10) : 0;
}

static bool shim_is_below(const char *path)
{
    const char *folder = getenv("NN_SHIM_FOLDER");
    return folder && strncmp(path, folder, strlen(folder)) == 0;
}

static bool shim_is_inside(int descriptor)
{
    return descriptor >= 0 && descriptor < SHIM_DESCRIPTORS && atomic_load(&shim_inside[descriptor]);
}

/* Lines of different ranks do not mix: each is one write to the end of the file. */
static void shim_record(const char *call, const char *path)
{
    int (*real)(const char *, int, ...);
    const char *record = getenv("NN_SHIM_RECORD"), *rank = getenv("OMPI_COMM_WORLD_RANK");
    shim_find("open", &real, sizeof real);
    int descriptor = record ? real(record, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666) : -1;
    if (descriptor < 0) return;
    dprintf(descriptor, "%s %s %s\n", rank ? rank : "-", call, path);
    close(descriptor);
}

/* Whether this call fails; then *error is how. */
static bool shim_fails(const char *call, int *error)
{
    const char *wanted = getenv("NN_SHIM_CALL");
    if (!wanted || strcmp(wanted, call) != 0) return false;
    long now = atomic_fetch_add(&shim_calls, 1) + 1;
    if (now < shim_number("NN_SHIM_FIRST") || now > shim_number("NN_SHIM_LAST")) return false;
    *error = (int)shim_number("NN_SHIM_ERROR");
    fprintf(stderr, "shim: %s number %ld: %s\n", call, now, *error > 0 ? strerror(*error) : "cut short");
    return true;
}

int open(const char *path, int flags, ...)
{
    int (*real)(const char *, int, ...), error;
    mode_t mode = 0;
    shim_find("open", &real, sizeof real);
    if (flags & (O_CREAT | O_TMPFILE)) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    bool below = shim_is_below(path);
    if (below) shim_record("open", path);
    if (below && shim_fails("open", &error)) {
        errno = error;
        return -1;
    }
    int descriptor = real(path, flags, mode);
    if (descriptor >= 0 && descriptor < SHIM_DESCRIPTORS) atomic_store(&shim_inside[descriptor], below);
    return descriptor;
}

ssize_t read(int descriptor, void *bytes, size_t size)
{
    ssize_t (*real)(int, void *, size_t);
    int error;
    shim_find("read", &real, sizeof real);
    if (!shim_is_inside(descriptor) || !shim_fails("read", &error)) return real(descriptor, bytes, size);
    if (error <= 0) return error ? 0 : real(descriptor, bytes, (size + 1) / 2);
    errno = error;
    return -1;
}

ssize_t pread(int descriptor, void *bytes, size_t size, off_t offset)
{
    ssize_t (*real)(int, void *, size_t, off_t);
    int error;
    shim_find("pread", &real, sizeof real);
    if (!shim_is_inside(descriptor) || !shim_fails("read", &error))
        return real(descriptor, bytes, size, offset);
    if (error <= 0) return error ? 0 : real(descriptor, bytes, (size + 1) / 2, offset);
    errno = error;
    return -1;
}

int stat(const char *path, struct stat *facts)
{
    int (*real)(const char *, struct stat *), error;
    shim_find("stat", &real, sizeof real);
    if (!shim_is_below(path) || !shim_fails("stat", &error)) return real(path, facts);
    errno = error;
    return -1;
}

DIR *opendir(const char *path)
{
    DIR *(*real)(const char *), *directory;
    int error;
    shim_find("opendir", &real, sizeof real);
    bool below = shim_is_below(path);
    if (below) shim_record("opendir", path);
    if (below && shim_fails("opendir", &error)) {
        errno = error;
        return NULL;
    }
    directory = real(path);
    if (directory && dirfd(directory) < SHIM_DESCRIPTORS) atomic_store(&shim_inside[dirfd(directory)], below);
    return directory;
}

struct dirent *readdir(DIR *directory)
{
    struct dirent *(*real)(DIR *);
    int error;
    shim_find("readdir", &real, sizeof real);
    if (!shim_is_inside(dirfd(directory)) || !shim_fails("readdir", &error)) return real(directory);
    errno = error;
    return NULL;
}

int closedir(DIR *directory)
{
    int (*real)(DIR *);
    shim_find("closedir", &real, sizeof real);
    if (shim_is_inside(dirfd(directory))) atomic_store(&shim_inside[dirfd(directory)], false);
    return real(directory);
}

int flock(int descriptor, int operation)
{
    int (*real)(int, int), error;
    shim_find("flock", &real, sizeof real);
    if (!shim_is_inside(descriptor) || !shim_fails("flock", &error)) return real(descriptor, operation);
    errno = error;
    return -1;
}

int nanosleep(const struct timespec *asked, struct timespec *left)
{
    int (*real)(const struct timespec *, struct timespec *);
    shim_find("nanosleep", &real, sizeof real);
    return getenv("NN_SHIM_HURRY") ? 0 : real(asked, left);
}

ssize_t write(int descriptor, const void *bytes, size_t size)
{
    ssize_t (*real)(int, const void *, size_t);
    int error;
    shim_find("write", &real, sizeof real);
    if (!shim_is_inside(descriptor) || !shim_fails("write", &error)) return real(descriptor, bytes, size);
    if (error == 0) return real(descriptor, bytes, (size + 1) / 2);
    errno = error;
    return -1;
}

ssize_t pwrite(int descriptor, const void *bytes, size_t size, off_t offset)
{
    ssize_t (*real)(int, const void *, size_t, off_t);
    int error;
    shim_find("pwrite", &real, sizeof real);
    if (!shim_is_inside(descriptor) || !shim_fails("write", &error))
        return real(descriptor, bytes, size, offset);
    if (error == 0) return real(descriptor, bytes, (size + 1) / 2, offset);
    errno = error;
    return -1;
}

int posix_fallocate(int descriptor, off_t offset, off_t length)
{
    int (*real)(int, off_t, off_t), error;
    shim_find("posix_fallocate", &real, sizeof real);
    if (shim_is_inside(descriptor) && shim_fails("posix_fallocate", &error)) return error;
    return real(descriptor, offset, length);
}

int fsync(int descriptor)
{
    int (*real)(int), error;
    shim_find("fsync", &real, sizeof real);
    if (!shim_is_inside(descriptor) || !shim_fails("fsync", &error)) return real(descriptor);
    errno = error;
    return -1;
}

int close(int descriptor)
{
    int (*real)(int), error;
    shim_find("close", &real, sizeof real);
    bool fails = shim_is_inside(descriptor) && shim_fails("close", &error);
    if (shim_is_inside(descriptor)) atomic_store(&shim_inside[descriptor], false);
    int outcome = real(descriptor);
    if (!fails) return outcome;
    errno = error;
    return -1;
}

int mkdir(const char *path, mode_t mode)
{
    int (*real)(const char *, mode_t), error;
    shim_find("mkdir", &real, sizeof real);
    if (!shim_is_below(path) || !shim_fails("mkdir", &error)) return real(path, mode);
    errno = error;
    return -1;
}

int rename(const char *from, const char *to)
{
    int (*real)(const char *, const char *), error;
    shim_find("rename", &real, sizeof real);
    if (!shim_is_below(to) || !shim_fails("rename", &error)) return real(from, to);
    errno = error;
    return -1;
}
