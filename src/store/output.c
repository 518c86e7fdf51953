#include "store/output.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "host/files.h"
#include "store/store.h"

bool nn_output_begins(const char *begin, size_t length, const char *text)
{
    size_t size = strlen(text);
    return length >= size && memcmp(begin, text, size) == 0;
}

bool nn_output_has(const char *begin, size_t length, const char *text)
{
    for (size_t at = 0; at < length; at++)
        if (nn_output_begins(begin + at, length - at, text)) return true;
    return false;
}

bool nn_output_has_attribute(const char *path, const char *name, const char *text)
{
    nn_store_file *file;
    char at[64], *found = NULL;
    if (nn_store_open(path, &file) != NN_OK) {
        nn_error_clear();
        return false;
    }
    snprintf(at, sizeof at, "@%s", name);
    bool has =
        nn_store_has(file, at) && nn_store_read_text(file, at, &found) == NN_OK && strcmp(found, text) == 0;
    nn_error_clear();
    nn_free(found);
    nn_store_close(file);
    return has;
}

/* Reads the beginning of a file. */
static nn_status output_read(const char *path, char *begin, size_t *length)
{
    FILE *stream = fopen(path, "rb");
    *length = stream ? fread(begin, 1, NN_OUTPUT_BEGIN, stream) : 0;
    bool failed = !stream || ferror(stream);
    if (stream) fclose(stream);
    begin[*length] = '\0';
    if (failed) NN_FAIL(NN_ERROR_IO, "%s exists, and cannot be read: choose another name", path);
    return NN_OK;
}

nn_status nn_output_check(const char *command, const char *path, const nn_output_kind *kind)
{
    struct stat facts;
    bool there, is;
    char *begin = NULL;
    size_t length;
    NN_TRY(nn_file_look(path, &facts, &there));
    if (!there || !S_ISREG(facts.st_mode) || facts.st_size == 0) return NN_OK;
    NN_TRY(NN_ALLOCATE(&begin, NN_OUTPUT_BEGIN + 1, "the beginning of a file"));
    nn_status status = output_read(path, begin, &length);
    is = status == NN_OK && kind->is(kind->context, path, begin, length);
    nn_free(begin);
    NN_TRY(status);
    if (!is)
        NN_FAIL(NN_ERROR_USAGE, "%s: %s exists, and is not %s: move it away, or choose another name", command,
                path, kind->what);
    return NN_OK;
}
