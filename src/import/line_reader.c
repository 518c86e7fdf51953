#include "import/line_reader.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/memory.h"
#include "import/sources.h"

#define READER_BYTES ((size_t)262144)
#define READER_LONGEST ((size_t)1 << 28)

struct nn_line_reader {
    char *path;
    gzFile file;
    char *bytes; /* from the file; READER_BYTES */
    size_t at, count;
    bool ended;
    char *line;
    size_t length, capacity;
    int64_t number;
};

static nn_status reader_fill(nn_line_reader *lines)
{
    int error = Z_OK;
    int got = gzread(lines->file, lines->bytes, (unsigned)READER_BYTES);
    const char *reason = gzerror(lines->file, &error);
    lines->at = 0;
    lines->count = got > 0 ? (size_t)got : 0;
    lines->ended = got < (int)READER_BYTES;
    if (error == Z_BUF_ERROR && lines->ended)
        NN_FAIL(NN_ERROR_IO, "%s: the compressed file is cut short", lines->path);
    if (got < 0)
        NN_FAIL(NN_ERROR_IO, "%s: cannot be read: %s", lines->path,
                error == Z_ERRNO ? strerror(errno) : reason);
    return NN_OK;
}

/* Appends to the line; keeps room for the final NUL. */
static nn_status reader_append(nn_line_reader *lines, const char *bytes, size_t count)
{
    if (lines->length + count + 1 > lines->capacity) {
        size_t capacity = 2 * (lines->length + count) + 1024;
        if (capacity > READER_LONGEST)
            NN_FAIL(NN_ERROR_DATA, "%s:%lld: the line is longer than %zu MiB: is this a text file?",
                    lines->path, (long long)lines->number, READER_LONGEST >> 21);
        NN_TRY(nn_reallocate((void **)&lines->line, lines->capacity, capacity, 1, "a line"));
        lines->capacity = capacity;
    }
    memcpy(lines->line + lines->length, bytes, count);
    lines->length += count;
    return NN_OK;
}

nn_status nn_line_reader_next(nn_line_reader *lines, char **line, int64_t *number)
{
    bool any = false, whole = false;
    *line = NULL;
    lines->length = 0;
    lines->number++;
    while (!whole) {
        if (lines->at == lines->count && lines->ended) break;
        if (lines->at == lines->count) NN_TRY(reader_fill(lines));
        if (lines->count == 0) break;
        const char *begin = lines->bytes + lines->at;
        const char *end = memchr(begin, '\n', lines->count - lines->at);
        size_t size = end ? (size_t)(end - begin) : lines->count - lines->at;
        NN_TRY(reader_append(lines, begin, size));
        lines->at += size + (end != NULL);
        any = true;
        whole = end != NULL;
    }
    if (!any) return NN_OK;
    if (memchr(lines->line, '\0', lines->length))
        NN_FAIL(NN_ERROR_DATA, "%s:%lld: the line contains a zero byte: is this a text file?", lines->path,
                (long long)lines->number);
    if (lines->length > 0 && lines->line[lines->length - 1] == '\r') lines->length--;
    lines->line[lines->length] = '\0';
    *line = lines->line;
    *number = lines->number;
    return NN_OK;
}

/* zlib would pass the bytes of other compressed files on. */
static nn_status reader_check_kind(const nn_line_reader *lines)
{
    static const struct {
        const char *begin, *program;
    } kinds[] = {{"BZh", "bunzip2"},
                 {"\xfd"
                  "7zXZ",
                  "unxz"},
                 {"\x28\xb5\x2f\xfd", "unzstd"},
                 {"PK\x03\x04", "unzip"}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t length = strlen(kinds[i].begin);
        if (lines->count >= length && memcmp(lines->bytes, kinds[i].begin, length) == 0)
            NN_FAIL(NN_ERROR_DATA,
                    "%s: the file is compressed in a way that is not read here: unpack it with %s "
                    "first",
                    lines->path, kinds[i].program);
    }
    return NN_OK;
}

static nn_status reader_open(nn_line_reader *lines)
{
    struct stat about;
    int descriptor;
    if (stat(lines->path, &about) != 0)
        NN_FAIL(NN_ERROR_IO, "%s: cannot be read: %s", lines->path, strerror(errno));
    if (S_ISDIR(about.st_mode)) NN_FAIL(NN_ERROR_USAGE, "%s is a folder: give the files in it", lines->path);
    NN_TRY(nn_import_source_open(lines->path, &descriptor));
    lines->file = gzdopen(descriptor, "rb");
    if (!lines->file) {
        close(descriptor);
        NN_FAIL(NN_ERROR_MEMORY, "out of memory for reading %s", lines->path);
    }
    NN_TRY(NN_ALLOCATE(&lines->bytes, READER_BYTES, "a file's text"));
    NN_TRY(reader_append(lines, "", 0));
    NN_TRY(reader_fill(lines));
    return reader_check_kind(lines);
}

nn_status nn_line_reader_open(const char *path, nn_line_reader **lines)
{
    nn_line_reader *made;
    *lines = NULL;
    NN_TRY(NN_ALLOCATE(&made, 1, "a reader of lines"));
    nn_status status = nn_copy_text(path, &made->path);
    if (status == NN_OK) status = reader_open(made);
    if (status == NN_OK)
        *lines = made;
    else
        nn_line_reader_close(made);
    return status;
}

void nn_line_reader_close(nn_line_reader *lines)
{
    if (!lines) return;
    if (lines->file) (void)gzclose(lines->file);
    nn_free(lines->path);
    nn_free(lines->bytes);
    nn_free(lines->line);
    nn_free(lines);
}
