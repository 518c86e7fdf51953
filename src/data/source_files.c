/* Lists the files of the parts, and pairs the separate files of arrays with them. */
#include <ctype.h>
#include <string.h>

#include "base/list.h"
#include "base/log.h"
#include "base/memory.h"
#include "data/source.h"
#include "host/pattern.h"

/* ---- the files of a part ---- */

static nn_status files_add_piece(nn_source *source, const char *path)
{
    nn_piece *pieces;
    NN_TRY(NN_ALLOCATE(&pieces, source->piece_count + 1, "the list of files"));
    for (int i = 0; i < source->piece_count; i++) pieces[i] = source->pieces[i];
    nn_free(source->pieces);
    source->pieces = pieces;
    pieces[source->piece_count] = (nn_piece){.rows = -1};
    NN_TRY(nn_copy_text(path, &pieces[source->piece_count].path));
    source->piece_count++;
    return NN_OK;
}

static nn_status files_add_pattern(nn_source *source, const char *pattern)
{
    nn_text_list found;
    nn_status status = nn_pattern_list(pattern, &found);
    if (status == NN_OK && found.count == 0)
        status =
            nn_fail(NN_ERROR_IO,
                    "no file matches %s: check the path (relative to the configuration's folder)", pattern);
    for (size_t i = 0; i < found.count && status == NN_OK; i++)
        status = files_add_piece(source, found.items[i]);
    nn_list_release(&found);
    return status;
}

static void files_append_path(const char *directory, const char *name, nn_text *path)
{
    bool relative = name[0] != '/' && directory && *directory;
    nn_text_append(path, "%s%s%s", relative ? directory : "", relative ? "/" : "", name);
}

static nn_status files_add(nn_source *source, const char *directory, const char *name)
{
    nn_text path = {0};
    files_append_path(directory, name, &path);
    nn_status status = NN_OK;
    if (path.failed)
        status = nn_fail(NN_ERROR_MEMORY, "out of memory for the path of %s", name);
    else if (nn_path_is_pattern(name))
        status = files_add_pattern(source, path.bytes);
    else
        status = files_add_piece(source, path.bytes);
    nn_text_free(&path);
    return status;
}

/* The list that the files of a part are from; empty: there is none. */
static const nn_text_list *files_of_part(const nn_data_options *options, int part)
{
    const nn_part_options *of = &options->parts[part];
    if (of->file.count > 0) return &of->file;
    return options->file.count > 0 || of->x.count == 0 ? &options->file : &of->x.files[0];
}

nn_status nn_source_list_files(const nn_data_options *options, const char *directory, int part,
                               nn_source *source)
{
    const nn_text_list *files = files_of_part(options, part);
    if (files->count == 0)
        NN_FAIL(NN_ERROR_USAGE,
                "data.%s: no file is given; set data.file to an HDF5 file, such as data.file: data.h5 (or "
                "data.%s.file for this part only, or x: {file: data.h5, path: DATASET} for one dataset)",
                nn_part_names[part], nn_part_names[part]);
    for (size_t i = 0; i < files->count; i++) NN_TRY(files_add(source, directory, files->items[i]));
    return NN_OK;
}

/* ---- pairs ---- */

/* Appends the words of a path that the wildcards of a pattern match, numbers without leading zeros; false:
 * the path does not match. */
static bool files_match(const char *pattern, const char *path, nn_text *key)
{
    size_t length = key->length;
    if (!*pattern) return !*path;
    if (*pattern == '*') {
        for (size_t n = 0;; n++) {
            nn_text_append(key, "%.*s|", (int)n, path);
            if (files_match(pattern + 1, path + n, key)) return true;
            if (key->bytes) key->bytes[key->length = length] = '\0';
            if (!path[n] || path[n] == '/') return false;
        }
    }
    const char *end = *pattern == '[' ? strchr(pattern + 2, ']') : NULL;
    if (*pattern == '?' || end) {
        if (!*path || *path == '/') return false;
        nn_text_append(key, "%c|", *path);
        if (files_match(end ? end + 1 : pattern + 1, path + 1, key)) return true;
        if (key->bytes) key->bytes[key->length = length] = '\0';
        return false;
    }
    return *pattern == *path && files_match(pattern + 1, path + 1, key);
}

static void files_strip_zeros(char *key)
{
    char *to = key;
    for (char *from = key; from && *from; from++) {
        bool begins = from == key || !isdigit((unsigned char)from[-1]);
        if (*from == '0' && begins && isdigit((unsigned char)from[1])) {
            while (*from == '0' && isdigit((unsigned char)from[1])) from++;
        }
        *to++ = *from;
    }
    if (key) *to = '\0';
}

/* The keys of the files that a pattern matches. */
static nn_status files_keys(const nn_source *source, const char *pattern, nn_text_list *keys)
{
    nn_status status = NN_OK;
    for (int i = 0; i < source->piece_count && status == NN_OK; i++) {
        nn_text key = {0};
        bool matches = files_match(pattern, source->pieces[i].path, &key);
        files_strip_zeros(key.bytes);
        status = key.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the names of files")
                            : nn_list_add(keys, matches && key.bytes ? key.bytes : source->pieces[i].path);
        nn_text_free(&key);
    }
    return status;
}

static void files_append_names(const nn_source *source, nn_text *text)
{
    for (int i = 0; i < source->piece_count && i < 8; i++) {
        const char *slash = strrchr(source->pieces[i].path, '/');
        nn_text_append(text, "%s%s", i > 0 ? ", " : "", slash ? slash + 1 : source->pieces[i].path);
    }
    if (source->piece_count > 8) nn_text_append(text, ", ... (%d files)", source->piece_count);
}

/* why: "matches 1 files, but the part has 2", ... */
static nn_status files_refuse(const nn_source *source, const nn_source *own, int part, const char *key,
                              const char *pattern, const char *why)
{
    nn_text here = {0}, there = {0};
    files_append_names(own, &here);
    files_append_names(source, &there);
    nn_status status = nn_fail(
        NN_ERROR_DATA,
        "data.%s.%s: %s %s; the files of %s: %s; those of the part: %s; to pair them in order, give lists: "
        "{file: [FILE, FILE], path: DATASET}",
        nn_part_names[part], key, pattern, why, key, here.bytes ? here.bytes : "",
        there.bytes ? there.bytes : "");
    nn_text_free(&here);
    nn_text_free(&there);
    return status;
}

/* Pairs the files of two patterns that differ in the same words. Fails if each does not have exactly one. */
static nn_status files_pair_names(const nn_source *source, const nn_source *own, const char *of,
                                  const char *pattern, int32_t *order, bool *paired)
{
    nn_text_list keys = {0}, own_keys = {0};
    nn_status status = files_keys(source, of, &keys);
    if (status == NN_OK) status = files_keys(own, pattern, &own_keys);
    if (status == NN_OK) status = nn_list_map(&keys, &own_keys, order);
    *paired = status == NN_OK;
    for (size_t i = 0; i < keys.count && *paired; i++) *paired = order[i] >= 0;
    nn_list_release(&keys);
    nn_list_release(&own_keys);
    if (status == NN_ERROR_MEMORY) return status;
    nn_error_clear(); /* a name that occurs twice */
    return NN_OK;
}

/* order[i]: the separate file for file i of the part. */
static nn_status files_pair(const nn_data_options *options, const char *directory, int part, const char *key,
                            const nn_text_list *files, nn_source *source, const nn_source *own,
                            int32_t *order, int *how)
{
    const nn_text_list *of = files_of_part(options, part);
    bool patterns = of->count == 1 && files->count == 1 && source->piece_count > 1;
    bool paired = true;
    nn_text a = {0}, b = {0};
    nn_status status = NN_OK;
    for (int i = 0; i < source->piece_count; i++) order[i] = i;
    *how = source->piece_count > 1 ? NN_PAIRED_IN_ORDER : NN_PAIRED_ALONE;
    if (patterns) {
        files_append_path(directory, of->items[0], &a);
        files_append_path(directory, files->items[0], &b);
        if (a.failed || b.failed) status = nn_fail(NN_ERROR_MEMORY, "out of memory for a pattern");
        if (status == NN_OK) status = files_pair_names(source, own, a.bytes, b.bytes, order, &paired);
        *how = NN_PAIRED_BY_NAME;
    }
    if (status == NN_OK && !paired)
        status = files_refuse(source, own, part, key, files->items[0],
                              "matches files that differ in other words than those of the part");
    nn_text_free(&a);
    nn_text_free(&b);
    return status;
}

static nn_status files_take_own(const nn_data_options *options, const char *directory, int part,
                                const char *key, const nn_text_list *files, int array, nn_source *source,
                                nn_source *own)
{
    int32_t *order = NULL;
    nn_text why = {0};
    nn_status status = NN_OK;
    for (size_t i = 0; i < files->count && status == NN_OK; i++)
        status = files_add(own, directory, files->items[i]);
    if (status == NN_OK && own->piece_count != source->piece_count) {
        nn_text_append(&why, "matches %d files, but the part has %d", own->piece_count, source->piece_count);
        status = files_refuse(source, own, part, key, files->items[0], why.bytes ? why.bytes : "");
    }
    nn_text_free(&why);
    NN_TRY(status);
    NN_TRY(NN_ALLOCATE(&order, source->piece_count, "the list of files"));
    status = files_pair(options, directory, part, key, files, source, own, order, &source->paired[array]);
    for (int i = 0; i < source->piece_count && status == NN_OK; i++) {
        source->pieces[i].own_path[array] = own->pieces[order[i]].path;
        own->pieces[order[i]].path = NULL;
    }
    nn_free(order);
    return status;
}

/* Lists the files of one array in a temporary source, and pairs them with the pieces. */
static nn_status files_add_own(const nn_data_options *options, const char *directory, int part,
                               const char *key, const nn_text_list *files, int array, nn_source *source)
{
    nn_source own = {0};
    if (files->count == 0) return NN_OK;
    nn_status status = files_take_own(options, directory, part, key, files, array, source, &own);
    for (int i = 0; i < own.piece_count; i++) nn_free(own.pieces[i].path);
    nn_free(own.pieces);
    return status;
}

nn_status nn_source_list_own(const nn_data_options *options, const char *directory, int part,
                             nn_source *source)
{
    const nn_part_options *of = &options->parts[part];
    const nn_data_names *const both[] = {&of->x, &of->y};
    for (int b = 0; b < 2; b++)
        for (int i = 0; i < both[b]->count; i++)
            for (int a = 0; a < source->fields; a++)
                if ((a < source->inputs) == (b == 0) && strcmp(source->arrays[a].key, both[b]->names[i]) == 0)
                    NN_TRY(files_add_own(options, directory, part, both[b]->names[i], &both[b]->files[i], a,
                                         source));
    bool stored = source->arrays[NN_DATA_LENGTH].spec.lengths; /* with the first input */
    for (int i = 0; stored && i < source->piece_count; i++)
        if (source->pieces[i].own_path[0])
            NN_TRY(nn_copy_text(source->pieces[i].own_path[0], &source->pieces[i].own_path[NN_DATA_LENGTH]));
    if (source->arrays[NN_DATA_LENGTH].given)
        NN_TRY(
            files_add_own(options, directory, part, "lengths", &of->lengths_files, NN_DATA_LENGTH, source));
    if (source->arrays[NN_DATA_WEIGHT].given)
        NN_TRY(
            files_add_own(options, directory, part, "weights", &of->weights_files, NN_DATA_WEIGHT, source));
    if (!source->arrays[NN_DATA_GROUP].given) return NN_OK;
    return files_add_own(options, directory, part, "group", &options->split.group_files, NN_DATA_GROUP,
                         source);
}

static const char *files_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

void nn_source_tell_pairs(const nn_source *source)
{
    for (int a = 0; a < NN_DATA_ARRAYS; a++) {
        const nn_piece *first = &source->pieces[0], *last = &source->pieces[source->piece_count - 1];
        if (!source->arrays[a].given || source->paired[a] == NN_PAIRED_ALONE || !first->own_path[a]) continue;
        if (strcmp(first->own_path[a], first->path) == 0) continue;
        nn_log_line("data.%s.%s: %d files are paired with those of the part %s: %s with %s, ..., %s with %s",
                    source->arrays[a].part, source->arrays[a].key, source->piece_count,
                    source->paired[a] == NN_PAIRED_BY_NAME ? "by name" : "in the order of the lists",
                    files_name(first->own_path[a]), files_name(first->path), files_name(last->own_path[a]),
                    files_name(last->path));
    }
}
