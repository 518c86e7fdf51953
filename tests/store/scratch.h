/* A directory for one test program, and checks that its tests share. Include after cmocka.h. */
#ifndef NN_TESTS_STORE_SCRATCH_H
#define NN_TESTS_STORE_SCRATCH_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nntrain/nntrain.h"

static char scratch_directory[256];

static inline int scratch_make(void **state)
{
    (void)state;
    const char *parent = getenv("TMPDIR");
    snprintf(scratch_directory, sizeof scratch_directory, "%s/nn-store-XXXXXX", parent ? parent : "/tmp");
    return mkdtemp(scratch_directory) ? 0 : -1;
}

/* A path in the directory; the fourth call from now overwrites the text. */
static inline const char *scratch_path(const char *name)
{
    static char paths[4][512];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", scratch_directory, name);
    return path;
}

/* Number of entries in the directory, except "." and "..". */
static inline int scratch_count(void)
{
    int count = 0;
    DIR *directory = opendir(scratch_directory);
    assert_non_null(directory);
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory))
        count += entry->d_name[0] != '.';
    closedir(directory);
    return count;
}

static inline int scratch_remove(void **state)
{
    (void)state;
    DIR *directory = opendir(scratch_directory);
    if (!directory) return -1;
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            remove(scratch_path(entry->d_name));
    closedir(directory);
    return rmdir(scratch_directory);
}

static inline void scratch_write(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* The contents of the file; to be released with free. */
static inline unsigned char *scratch_read(const char *path, size_t *size)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    *size = (size_t)status.st_size;
    unsigned char *bytes = malloc(*size + 1);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

static inline void expect_message(const char *part)
{
    if (!strstr(nn_error_text(), part)) fail_msg("the message lacks \"%s\": %s", part, nn_error_text());
}

static inline void expect_ok(nn_status status)
{
    if (status != NN_OK) fail_msg("status %d: %s", (int)status, nn_error_text());
}

#endif
