#include "import/sources.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "host/files.h"
#include "host/system.h"
#include "store/zarr.h"

bool nn_import_source_is_folder(const char *path)
{
    struct stat status;
    bool there;
    if (nn_file_look(path, &status, &there) != NN_OK) return true;
    return there && S_ISDIR(status.st_mode);
}

nn_status nn_import_source_open(const char *path, int *descriptor)
{
    *descriptor = nn_file_open(path, O_RDONLY);
    if (*descriptor >= 0) return NN_OK;
    return nn_system_fail(NN_ERROR_IO, errno, "'%s' cannot be opened", path);
}

nn_status nn_import_source_join(const char *folder, const char *name, char **path)
{
    nn_text text = {0};
    size_t length = strlen(folder);
    nn_text_append(&text, "%s%s%s", folder, length > 0 && folder[length - 1] == '/' ? "" : "/", name);
    nn_status status = text.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the path of '%s'", name)
                                   : nn_copy_text(text.bytes, path);
    nn_text_free(&text);
    return status;
}

const char *nn_import_source_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool nn_import_source_ends(const char *text, const char *ending)
{
    size_t length = strlen(text), wanted = strlen(ending);
    return length >= wanted && strcasecmp(text + length - wanted, ending) == 0;
}

nn_status nn_import_source_list(const char *folder, nn_import_source_filter *takes, nn_text_list *names,
                                size_t *left)
{
    nn_text_list all;
    bool there;
    NN_TRY(nn_folder_list(folder, &all, &there));
    nn_status status = NN_OK;
    if (!there) status = nn_fail(NN_ERROR_IO, "the folder '%s' cannot be read: %s", folder, strerror(errno));
    for (size_t i = 0; i < all.count && status == NN_OK; i++) {
        if (takes(folder, all.items[i]))
            status = nn_list_add(names, all.items[i]);
        else if (left)
            ++*left;
    }
    nn_list_release(&all);
    return status;
}

static nn_status sources_add_folder(const char *folder, nn_import_source_filter *takes, const char *what,
                                    nn_text_list *paths)
{
    nn_text_list names = {0};
    nn_status status = nn_import_source_list(folder, takes, &names, NULL);
    if (status == NN_OK && names.count == 0 && nn_store_is_zarr(folder))
        status = nn_store_fail_zarr(folder);
    else if (status == NN_OK && names.count == 0)
        status = nn_fail(NN_ERROR_DATA, "the folder '%s' contains no %s: check the path, or give the files",
                         folder, what);
    for (size_t i = 0; i < names.count && status == NN_OK; i++) {
        char *path = NULL;
        status = nn_import_source_join(folder, names.items[i], &path);
        if (status == NN_OK) status = nn_list_add(paths, path);
        nn_free(path);
    }
    nn_list_release(&names);
    return status;
}

nn_status nn_import_source_files(const nn_import *import, nn_import_source_filter *takes, const char *what,
                                 nn_text_list *paths)
{
    for (size_t i = 0; i < import->source_count; i++) {
        struct stat status;
        const char *source = import->sources[i];
        if (stat(source, &status) != 0)
            NN_FAIL(NN_ERROR_IO, "'%s' cannot be opened: %s", source, strerror(errno));
        if (S_ISDIR(status.st_mode))
            NN_TRY(sources_add_folder(source, takes, what, paths));
        else
            NN_TRY(nn_list_add(paths, source));
    }
    if (paths->count == 0) NN_FAIL(NN_ERROR_USAGE, "no source given: name %s, or a folder of them", what);
    return NN_OK;
}

/* Words that name a part; `whole`: followed by more letters, it is another word ("values"). */
static const struct {
    const char *word, *part;
    bool whole;
} sources_words[] = {
    {"t10k", "test", false},       {"test", "test", false},
    {"train", "train", false},     {"validation", "validation", true},
    {"valid", "validation", true}, {"val", "validation", true},
};

nn_import_source_word nn_import_source_part(const char *name)
{
    for (size_t i = 0; name[i]; i++) {
        if (i > 0 && isalpha((unsigned char)name[i - 1])) continue;
        for (size_t w = 0; w < sizeof(sources_words) / sizeof(sources_words[0]); w++) {
            size_t length = strlen(sources_words[w].word);
            if (strncasecmp(name + i, sources_words[w].word, length) != 0) continue;
            if (sources_words[w].whole && isalpha((unsigned char)name[i + length])) continue;
            while (isalpha((unsigned char)name[i + length])) length++;
            return (nn_import_source_word){sources_words[w].part, i, length};
        }
    }
    return (nn_import_source_word){0};
}

nn_status nn_import_source_table(nn_import *import, const char *path, const char *part, int64_t rows,
                                 int *table)
{
    for (int t = 0; t < import->table_count; t++) {
        nn_import_table *known = &import->tables[t];
        if (!part != !known->part)
            NN_FAIL(NN_ERROR_DATA,
                    "some names say train or test, but others, such as '%s', do not: import them one by one, "
                    "or rename them",
                    path);
        if (part && strcmp(part, known->part) != 0) continue;
        if (known->rows != rows)
            NN_FAIL(NN_ERROR_DATA,
                    "'%s' has %" PRId64 " rows, but the other sources%s%s have %" PRId64
                    ": they do not belong together",
                    path, rows, part ? " of part " : "", part ? part : "", known->rows);
        *table = t;
        return NN_OK;
    }
    nn_import_table *made;
    *table = import->table_count;
    return nn_import_add_table(import, part, rows, &made);
}
