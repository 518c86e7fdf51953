/*
 * What the fuzzing harnesses share. A harness is one file fuzz_NAME.c with libFuzzer's function, which is
 * called with one input after the other; its inputs of interest are in corpus/NAME, one for each fault that
 * was found among them. The preset `fuzz` (clang) links it with libFuzzer, every other build with replay.c:
 *
 *     cmake --preset fuzz && cmake --build build/fuzz --target fuzz_config
 *     build/fuzz/tests/fuzz_config -timeout=10 -max_total_time=600 NEW_INPUTS tests/fuzz/corpus/config
 */
#ifndef NN_TESTS_FUZZ_FUZZ_H
#define NN_TESTS_FUZZ_FUZZ_H

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/status.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold for every input. */
static inline void fuzz_expect(bool holds, const char *what)
{
    if (holds) return;
    fprintf(stderr, "fuzz: %s; the last error text: %s\n", what, nn_error_text());
    abort();
}

/* A call that fails must say why. NN_FUZZ_SAY=1 shows what each says. */
static inline void fuzz_expect_told(nn_status status)
{
    if (getenv("NN_FUZZ_SAY")) fprintf(stderr, "status %d: %s\n", (int)status, nn_error_text());
    fuzz_expect(status == NN_OK || nn_error_text()[0], "a failure without a text");
    nn_error_clear();
}

/* ---- scratch files ---- */

static char fuzz_folder[256];

static inline const char *fuzz_path(const char *name)
{
    static char paths[4][512];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", fuzz_folder, name);
    return path;
}

/* Removes what is in a folder, and what is in the folders there. */
static inline void fuzz_clear(const char *folder)
{
    DIR *directory = opendir(folder);
    for (struct dirent *entry = directory ? readdir(directory) : NULL; entry; entry = readdir(directory)) {
        char path[1024];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        int length = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (length < 0 || (size_t)length >= sizeof path || unlink(path) == 0) continue;
        fuzz_clear(path);
        rmdir(path);
    }
    if (directory) closedir(directory);
}

static inline void fuzz_remove_folder(void)
{
    fuzz_clear(fuzz_folder);
    rmdir(fuzz_folder);
}

/* A scratch folder that goes with the process. */
static inline void fuzz_make_folder(void)
{
    const char *parent = getenv("TMPDIR");
    snprintf(fuzz_folder, sizeof fuzz_folder, "%s/nn-fuzz-XXXXXX", parent ? parent : "/tmp");
    fuzz_expect(mkdtemp(fuzz_folder) != NULL, "no scratch folder");
    atexit(fuzz_remove_folder);
}

static inline void fuzz_write(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    fuzz_expect(file && (size == 0 || fwrite(bytes, size, 1, file) == 1) && fclose(file) == 0,
                "a scratch file cannot be written");
}

/* ---- inputs of several pieces ---- */

/* An input that is made of files: what precedes the first line "%%NAME" has no name; each such line
 * begins the piece NAME, which the line break before the next one does not belong to. */
typedef struct fuzz_piece {
    char name[32]; /* letters, digits, '.', '-', '_', and at most two '/', each before a letter or digit */
    const uint8_t *bytes;
    size_t size;
} fuzz_piece;

#define FUZZ_PIECES 8

static inline bool fuzz_is_name(const uint8_t *bytes, size_t length)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789._-/";
    size_t slashes = 0;
    if (length == 0 || length >= sizeof((fuzz_piece *)0)->name || bytes[0] == '.' || bytes[0] == '/')
        return false;
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\0' || !strchr(allowed, bytes[i])) return false;
        if (bytes[i] == '/' &&
            (++slashes > 2 || i + 1 == length || bytes[i + 1] == '.' || bytes[i + 1] == '/'))
            return false;
    }
    return true;
}

/* Whether a piece begins at `at`; *after becomes where its bytes begin. */
static inline bool fuzz_begins_piece(const uint8_t *data, size_t size, size_t at, fuzz_piece *piece,
                                     size_t *after)
{
    if (size - at < 4 || data[at] != '%' || data[at + 1] != '%' || (at > 0 && data[at - 1] != '\n'))
        return false;
    const uint8_t *end = memchr(data + at, '\n', size - at);
    size_t length = end ? (size_t)(end - (data + at)) - 2 : 0;
    if (!end || !fuzz_is_name(data + at + 2, length)) return false;
    *piece = (fuzz_piece){.bytes = end + 1};
    memcpy(piece->name, data + at + 2, length);
    *after = (size_t)(end + 1 - data);
    return true;
}

/* Takes an input apart; the number of pieces, of which the first is the one without a name. */
static inline size_t fuzz_take_apart(const uint8_t *data, size_t size, fuzz_piece pieces[FUZZ_PIECES])
{
    size_t count = 1, after;
    pieces[0] = (fuzz_piece){.bytes = data, .size = size};
    for (size_t at = 0; at < size && count < FUZZ_PIECES; at++) {
        if (!fuzz_begins_piece(data, size, at, &pieces[count], &after)) continue;
        size_t begin = (size_t)(pieces[count - 1].bytes - data);
        pieces[count - 1].size = at > begin ? at - begin - 1 : 0;
        pieces[count].size = size - after;
        count++;
        at = after - 1;
    }
    return count;
}

/* Writes a named piece to the scratch folder. */
static inline void fuzz_write_piece(const fuzz_piece *piece)
{
    const char *path = fuzz_path(piece->name);
    struct stat found;
    for (const char *slash = strchr(piece->name, '/'); slash; slash = strchr(slash + 1, '/')) {
        char folder[64];
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - piece->name), piece->name);
        mkdir(fuzz_path(folder), 0700);
    }
    if (stat(path, &found) == 0 && S_ISDIR(found.st_mode)) return;
    FILE *file = fopen(path, "wb"); /* fails if a file has the name of its folder */
    if (!file) return;
    fuzz_expect(piece->size == 0 || fwrite(piece->bytes, piece->size, 1, file) == 1,
                "a scratch file is short");
    fclose(file);
}

/* A copy with a final NUL; nn_free. */
static inline char *fuzz_text(const fuzz_piece *piece)
{
    char *text;
    fuzz_expect(NN_ALLOCATE(&text, piece->size + 1, "an input") == NN_OK, "no memory");
    if (piece->size > 0) memcpy(text, piece->bytes, piece->size);
    return text;
}

/* ---- inputs that are read value by value ---- */

typedef struct fuzz_bytes {
    const uint8_t *at, *end;
} fuzz_bytes;

/* 0 after the end. */
static inline uint8_t fuzz_byte(fuzz_bytes *bytes)
{
    return bytes->at < bytes->end ? *bytes->at++ : 0;
}

/* A number below `count`, which is at most 256. */
static inline size_t fuzz_below(fuzz_bytes *bytes, size_t count)
{
    return fuzz_byte(bytes) % count;
}

static inline int64_t fuzz_int64(fuzz_bytes *bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++) value = value << 8 | fuzz_byte(bytes);
    return (int64_t)value;
}

#endif
