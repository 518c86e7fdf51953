#include "host/pattern.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "host/files.h"

bool nn_path_is_pattern(const char *path)
{
    return strpbrk(path, "*?[") != NULL;
}

static int pattern_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static nn_status pattern_walk(const char *before, const char *rest, nn_text_list *paths);

/* Continues with one name in place of the first part of the pattern. `rest` is empty or begins with '/'. */
static nn_status pattern_enter(const char *before, const char *name, size_t length, const char *rest,
                               nn_text_list *paths)
{
    nn_text path = {0};
    size_t slashes = strspn(rest, "/");
    bool there = true;
    nn_text_append(&path, "%s%.*s", before, (int)length, name);
    nn_status status = path.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for a list of files") : NN_OK;
    if (status == NN_OK && !rest[slashes]) status = nn_file_exists(path.bytes, &there);
    nn_text_append(&path, "%.*s", (int)slashes, rest);
    if (path.failed) status = nn_fail(NN_ERROR_MEMORY, "out of memory for a list of files");
    if (status == NN_OK && there)
        status =
            rest[slashes] ? pattern_walk(path.bytes, rest + slashes, paths) : nn_list_add(paths, path.bytes);
    nn_text_free(&path);
    return status;
}

static nn_status pattern_match(const char *before, const char *part, const char *rest, nn_text_list *paths)
{
    nn_text_list names;
    bool there;
    nn_status status = nn_folder_list(*before ? before : ".", &names, &there);
    for (size_t i = 0; i < names.count && status == NN_OK; i++)
        if (fnmatch(part, names.items[i], FNM_PERIOD) == 0)
            status = pattern_enter(before, names.items[i], strlen(names.items[i]), rest, paths);
    nn_list_release(&names);
    return status;
}

/* The first part of `rest` is a plain name if it has no pattern characters, or if a file has exactly that
 * name. */
static nn_status pattern_walk(const char *before, const char *rest, nn_text_list *paths)
{
    nn_text part = {0}, named = {0};
    size_t length = strcspn(rest, "/");
    bool there = false;
    nn_text_append(&part, "%.*s", (int)length, rest);
    nn_text_append(&named, "%s%.*s", before, (int)length, rest);
    nn_status status = NN_OK;
    if (part.failed || named.failed) status = nn_fail(NN_ERROR_MEMORY, "out of memory for a list of files");
    bool is_pattern = status == NN_OK && nn_path_is_pattern(part.bytes);
    if (is_pattern) status = nn_file_exists(named.bytes, &there);
    if (status == NN_OK)
        status = is_pattern && !there ? pattern_match(before, part.bytes, rest + length, paths)
                                      : pattern_enter(before, rest, length, rest + length, paths);
    nn_text_free(&part);
    nn_text_free(&named);
    return status;
}

nn_status nn_pattern_list(const char *pattern, nn_text_list *paths)
{
    *paths = (nn_text_list){0};
    NN_TRY(pattern_walk("", pattern, paths));
    if (paths->count) qsort(paths->items, paths->count, sizeof *paths->items, pattern_compare);
    return NN_OK;
}
