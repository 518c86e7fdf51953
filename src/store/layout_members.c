/*
 * A dataset, or an attribute, in each of many groups: "sample_*" "/image" or "sample_*" "@label". Each member
 * is a sample, or its rows are samples, those of all members concatenated. Members are in natural order, in
 * which numbers count as such: sample_2 before sample_10. Which members there are, and how many rows each
 * has, are the facts of the array: finding them opens every member once.
 */
#include <ctype.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/least.h"
#include "base/list.h"
#include "base/memory.h"
#include "host/pulse.h"
#include "store/layout.h"

/* Members that are missing, as listed in a message. */
#define MEMBERS_LISTED 5
/* Members that are looked for, before all of them are. */
#define MEMBERS_TRIED 16

typedef struct members_facts { /* followed by the first row of each member and their end; then by the names */
    int64_t count;
    int64_t dimensions, alike; /* of the first member; whether all have its extents */
} members_facts;

typedef struct members {
    char **names; /* within the facts; the list is owned */
    int64_t *firsts;
    nn_store_array *opened;
    int64_t number; /* of the opened member */
} members;

/* ---- names ---- */

/* Digits are compared as numbers. */
static int members_compare(const void *a, const void *b)
{
    const char *left = *(char *const *)a, *right = *(char *const *)b;
    while (*left && *right) {
        size_t digits[2] = {strspn(left, "0123456789"), strspn(right, "0123456789")};
        if (digits[0] == 0 || digits[1] == 0) {
            if (*left != *right) return (unsigned char)*left < (unsigned char)*right ? -1 : 1;
            left++;
            right++;
            continue;
        }
        size_t zeros[2] = {strspn(left, "0"), strspn(right, "0")};
        size_t length[2] = {digits[0] - zeros[0], digits[1] - zeros[1]};
        if (length[0] != length[1]) return length[0] < length[1] ? -1 : 1;
        int order = memcmp(left + zeros[0], right + zeros[1], length[0]);
        if (order != 0) return order;
        left += digits[0];
        right += digits[1];
    }
    if (*left || *right) return *left ? 1 : -1;
    return strcmp(*(char *const *)a, *(char *const *)b); /* 01 and 1 */
}

typedef struct members_level {
    const char *pattern;
    size_t most; /* no more are wanted; 0: all */
    nn_text_list found;
    nn_status status;
} members_level;

static herr_t members_take(hid_t group, const char *name, const H5L_info_t *link, void *context)
{
    members_level *level = context;
    (void)group, (void)link;
    if (fnmatch(level->pattern, name, 0) != 0) return 0;
    level->status = nn_list_add(&level->found, name);
    if (level->status != NN_OK) return -1;
    return level->most > 0 && level->found.count == level->most;
}

/* The names in a group that match, in natural order; or some of them. */
static nn_status members_list(nn_store_file *file, const char *group, const char *pattern, size_t most,
                              nn_text_list *found)
{
    members_level level = {.pattern = pattern, .most = most};
    hid_t id = H5Gopen2(file->id, *group ? group : "/", H5P_DEFAULT);
    herr_t walked = id >= 0 ? H5Literate(id, H5_INDEX_NAME, H5_ITER_INC, NULL, members_take, &level) : -1;
    if (id >= 0) nn_store_note_close(H5Gclose(id));
    if (walked < 0 && id >= 0 && level.status == NN_OK)
        level.status = nn_store_fail_hdf5(
            NN_ERROR_DATA, "the group \"%s\" of %s cannot be read: it is damaged; copy or recreate the file",
            *group ? group : "/", file->path);
    if (level.found.count > 1)
        qsort(level.found.items, level.found.count, sizeof *level.found.items, members_compare);
    *found = level.found;
    return level.status;
}

static nn_status members_expand(nn_store_file *file, const char *group, const char *pattern, size_t most,
                                nn_text_list *names);

/* Appends a path, or those below it. What is not a group has nothing below it; after the last wildcard that
 * is found out when the member is opened. */
static nn_status members_descend(nn_store_file *file, const char *path, const char *rest, size_t most,
                                 nn_text_list *names)
{
    nn_text member = {0};
    if (strpbrk(rest, "*?"))
        return nn_store_has_group(file, path) ? members_expand(file, path, rest + 1, most, names) : NN_OK;
    nn_text_append(&member, "%s%s", path, rest);
    nn_status status = member.failed ? NN_ERROR_MEMORY : nn_list_add(names, member.bytes);
    nn_text_free(&member);
    return status;
}

/* Appends the paths that match `pattern` below a group; what follows the last wildcard is not looked for. Of
 * names after the last wildcard, about `most` are enough; 0: all. */
static nn_status members_expand(nn_store_file *file, const char *group, const char *pattern, size_t most,
                                nn_text_list *names)
{
    size_t length = strcspn(pattern, "/@");
    bool last = !strpbrk(pattern + length, "*?");
    char part[256];
    nn_text_list found = {0};
    if (length >= sizeof part)
        NN_FAIL(NN_ERROR_USAGE, "\"%s\": a name is longer than %zu characters", pattern, sizeof part - 1);
    snprintf(part, sizeof part, "%.*s", (int)length, pattern);
    nn_status status = strpbrk(part, "*?") ? members_list(file, group, part, last ? most : 0, &found)
                                           : nn_list_add(&found, part);
    for (size_t i = 0; i < found.count && status == NN_OK; i++) {
        nn_text path = {0};
        nn_text_append(&path, "%s%s%s", group, *group ? "/" : "", found.items[i]);
        status = path.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for a name")
                             : members_descend(file, path.bytes, pattern + length, most, names);
        nn_text_free(&path);
        if (most > 0 && names->count >= most) break;
    }
    nn_list_release(&found);
    return status;
}

/* ---- one member ---- */

/* Whether there is such a dataset, or "OBJECT@ATTRIBUTE". */
static bool members_has(nn_store_file *file, const char *name)
{
    const char *at = strrchr(name, '@');
    nn_text object = {0};
    if (!at) return nn_store_has_dataset(file, name);
    nn_text_append(&object, "%.*s", (int)(at - name), name);
    bool has = !object.failed && H5Lexists(file->id, object.bytes, H5P_DEFAULT) > 0 &&
               H5Aexists_by_name(file->id, object.bytes, at + 1, H5P_DEFAULT) > 0;
    nn_text_free(&object);
    return has;
}

static hid_t members_open_attribute(const nn_store_file *file, const char *name)
{
    const char *at = strrchr(name, '@');
    nn_text object = {0};
    nn_text_append(&object, "%.*s", (int)(at - name), name);
    hid_t attribute = object.failed
                          ? H5I_INVALID_HID
                          : H5Aopen_by_name(file->id, object.bytes, at + 1, H5P_DEFAULT, H5P_DEFAULT);
    nn_text_free(&object);
    return attribute;
}

/* An attribute has one number. */
static nn_status members_describe_attribute(const nn_store_file *file, const char *name, nn_store_info *info)
{
    *info = (nn_store_info){.type = NN_STORE_UNSUPPORTED, .written = true};
    hid_t attribute = members_open_attribute(file, name);
    hid_t type = attribute >= 0 ? H5Aget_type(attribute) : H5I_INVALID_HID;
    hid_t space = attribute >= 0 ? H5Aget_space(attribute) : H5I_INVALID_HID;
    bool one = space >= 0 && H5Sget_simple_extent_npoints(space) == 1;
    if (type >= 0) nn_store_describe_type(type, info);
    if (space >= 0) H5Sclose(space);
    if (type >= 0) nn_store_note_close(H5Tclose(type));
    if (attribute >= 0) nn_store_note_close(H5Aclose(attribute));
    if (one && nn_store_type_is_numeric(info->type)) return NN_OK;
    NN_FAIL(
        NN_ERROR_DATA,
        "attribute \"%s\" of %s is not one number, but of type %s: number the classes, or store a dataset",
        name, file->path, info->type_name);
}

static nn_status members_describe_one(nn_store_file *file, const char *name, nn_store_info *info)
{
    hid_t dataset;
    if (strchr(name, '@')) return members_describe_attribute(file, name, info);
    NN_TRY(nn_store_dataset_open(file, name, &dataset));
    nn_status status = nn_store_describe(file, dataset, name, info);
    nn_store_note_close(H5Dclose(dataset));
    NN_TRY(status);
    if (!nn_store_type_is_numeric(info->type))
        NN_FAIL(NN_ERROR_DATA, "dataset \"%s\" of %s has elements of type %s: store integers or floats", name,
                file->path, info->type_name);
    if (!info->written)
        NN_FAIL(NN_ERROR_DATA, "dataset \"%s\" of %s was never written; write it, or remove the group", name,
                file->path);
    return NN_OK;
}

/* ---- the index ---- */

static int64_t *members_firsts(const nn_store_array *array)
{
    return (int64_t *)(void *)((char *)array->facts.bytes + sizeof(members_facts));
}

/* Whether a member is not there because what has the name of its group is not a group, such as a dataset
 * next to the groups. */
static bool members_is_outside(nn_store_file *file, const char *name)
{
    const char *end = strrchr(name, '@') ? strrchr(name, '@') : strrchr(name, '/');
    nn_text object = {0};
    if (!end || *end == '@') return false;
    nn_text_append(&object, "%.*s", (int)(end - name), name);
    bool outside = !object.failed && !nn_store_has_group(file, object.bytes);
    nn_text_free(&object);
    return outside;
}

static nn_status members_fail_missing(const nn_store_array *array, nn_store_file *file,
                                      const nn_text_list *names, size_t first)
{
    nn_text list = {0};
    size_t missing = 0;
    for (size_t i = first; i < names->count; i++) {
        if (members_has(file, names->items[i]) || members_is_outside(file, names->items[i])) continue;
        if (missing++ < MEMBERS_LISTED)
            nn_text_append(&list, "%s%s", missing > 1 ? ", " : "", names->items[i]);
    }
    if (missing > MEMBERS_LISTED) nn_text_append(&list, " and %zu more", missing - MEMBERS_LISTED);
    nn_status status =
        nn_fail(NN_ERROR_DATA,
                "%zu of the %zu members of \"%s\" are missing in %s: %s: add them, or remove their groups",
                missing, names->count, array->name, file->path, list.failed ? "" : list.bytes);
    nn_text_free(&list);
    return status;
}

static nn_status members_fail_shape(const nn_store_array *array, const nn_store_file *file, const char *name)
{
    NN_FAIL(NN_ERROR_DATA,
            "\"%s\" of %s has another shape than the first member of \"%s\": all must have the same, or, if "
            "their "
            "rows are samples, differ in the number of rows alone",
            name, file->path, array->name);
}

/* Takes the description of one more member; array->info is that of the first, with a type that holds the
 * values of all. */
static nn_status members_join(nn_store_array *array, const nn_store_file *file, const char *name, bool first,
                              const nn_store_info *info, bool *alike)
{
    uint64_t bytes = info->storage_bytes + (first ? 0 : array->info.storage_bytes);
    if (first) array->info = *info;
    if (info->dimensions != array->info.dimensions) return members_fail_shape(array, file, name);
    for (int d = 1; d < info->dimensions; d++)
        if (info->extents[d] != array->info.extents[d]) return members_fail_shape(array, file, name);
    if (info->dimensions > 0 && info->extents[0] != array->info.extents[0]) *alike = false;
    array->info.type = nn_store_type_common(array->info.type, info->type);
    array->info.storage_bytes = bytes;
    return NN_OK;
}

/* Describes all members, and drops from the list what is outside the groups. */
static nn_status members_describe_all(nn_store_array *array, nn_store_file *file, nn_text_list *names,
                                      int64_t *firsts, bool *alike)
{
    nn_store_info info;
    size_t kept = 0;
    nn_status status = NN_OK;
    *alike = true;
    for (size_t i = 0; i < names->count && status == NN_OK; i++) {
        char *name = names->items[i];
        nn_pulse();
        status = members_describe_one(file, name, &info);
        bool missing = status != NN_OK && !members_has(file, name);
        if (missing && members_is_outside(file, name)) {
            nn_error_clear();
            status = NN_OK;
            continue;
        }
        if (missing) status = members_fail_missing(array, file, names, i);
        if (status == NN_OK) status = members_join(array, file, name, kept == 0, &info, alike);
        firsts[kept + 1] = firsts[kept] + (info.dimensions > 0 ? info.extents[0] : 1);
        names->items[i] = names->items[kept];
        names->items[kept++] = name;
    }
    for (size_t i = kept; i < names->count && status == NN_OK; i++) nn_free(names->items[i]);
    if (status == NN_OK) names->count = kept;
    return status;
}

static nn_status members_keep_facts(nn_store_array *array, const nn_text_list *names, const int64_t *firsts,
                                    bool alike)
{
    size_t numbers = (names->count + 1) * sizeof *firsts, texts = 0;
    for (size_t i = 0; i < names->count; i++) texts += strlen(names->items[i]) + 1;
    const members_facts facts = {
        .count = (int64_t)names->count, .dimensions = array->info.dimensions, .alike = alike};
    array->facts.size = sizeof facts + numbers + texts;
    NN_TRY(nn_allocate(&array->facts.bytes, array->facts.size, 1, "an index of members"));
    char *to = array->facts.bytes;
    memcpy(to, &facts, sizeof facts);
    memcpy(to + sizeof facts, firsts, numbers);
    to += sizeof facts + numbers;
    for (size_t i = 0; i < names->count; i++) {
        size_t length = strlen(names->items[i]) + 1;
        memcpy(to, names->items[i], length);
        to += length;
    }
    return NN_OK;
}

static nn_status members_index(nn_store_array *array, nn_store_file *file)
{
    nn_text_list names = {0};
    int64_t *firsts = NULL;
    bool alike = true;
    nn_status status = members_expand(file, "", array->name, 0, &names);
    if (status == NN_OK) status = NN_ALLOCATE(&firsts, names.count + 1, "an index of members");
    if (status == NN_OK) status = members_describe_all(array, file, &names, firsts, &alike);
    if (status == NN_OK && names.count == 0)
        status = nn_fail(NN_ERROR_DATA, "nothing in %s matches \"%s\"", file->path, array->name);
    if (status == NN_OK) status = members_keep_facts(array, &names, firsts, alike);
    nn_free(firsts);
    nn_list_release(&names);
    return status;
}

/* ---- opening ---- */

/* Whether one of some names that match is there; `most`: of how many, 0: all. */
static bool members_find_any(nn_store_file *file, const char *pattern, size_t most)
{
    nn_text_list names = {0};
    bool found = false;
    if (members_expand(file, "", pattern, most, &names) != NN_OK) nn_error_clear();
    for (size_t i = 0; i < names.count && !found; i++) found = members_has(file, names.items[i]);
    nn_list_release(&names);
    return found;
}

static bool members_recognise(nn_store_file *file, const nn_store_spec *spec)
{
    const char *name = nn_store_bare_name(spec->dataset);
    if (!strpbrk(name, "*?")) return false;
    return spec->facts.bytes || members_find_any(file, name, MEMBERS_TRIED) ||
           members_find_any(file, name, 0);
}

static nn_status members_take_facts(nn_store_array *array, nn_store_file *file, const nn_store_spec *spec)
{
    const members_facts *facts = spec->facts.bytes;
    const char *first = (const char *)facts + sizeof *facts + (size_t)(facts->count + 1) * sizeof(int64_t);
    NN_TRY(nn_allocate(&array->facts.bytes, spec->facts.size, 1, "an index of members"));
    array->facts.size = spec->facts.size;
    memcpy(array->facts.bytes, spec->facts.bytes, spec->facts.size);
    return members_describe_one(file, first, &array->info);
}

static nn_status members_find_names(nn_store_array *array)
{
    members *self = array->state;
    const members_facts *facts = array->facts.bytes;
    NN_TRY(NN_ALLOCATE(&self->names, facts->count, "an index of members"));
    self->firsts = members_firsts(array);
    char *at = (char *)(self->firsts + facts->count + 1);
    for (int64_t i = 0; i < facts->count; i++) {
        self->names[i] = at;
        at += strlen(at) + 1;
    }
    return NN_OK;
}

static nn_status members_shape(nn_store_array *array, const nn_store_spec *spec)
{
    nn_store_info *info = &array->info;
    const members_facts *facts = array->facts.bytes;
    bool rows =
        spec->members == NN_STORE_MEMBERS_ROWS || (spec->members == NN_STORE_MEMBERS_AUTO && !facts->alike);
    if (rows && facts->dimensions == 0)
        NN_FAIL(NN_ERROR_DATA,
                "the members of \"%s\" of %s are single numbers, and have no rows: set members: "
                "samples",
                array->name, array->file->path);
    if (!rows && !facts->alike)
        NN_FAIL(NN_ERROR_DATA,
                "the members of \"%s\" of %s have different numbers of rows, so that each cannot be a "
                "sample: set "
                "members: rows if their rows are samples, or store sequences (values by offsets)",
                array->name, array->file->path);
    if (!rows && info->dimensions == NN_STORE_MAX_DIMENSIONS)
        NN_FAIL(NN_ERROR_DATA, "the members of \"%s\" of %s have too many dimensions", array->name,
                array->file->path);
    for (int d = info->dimensions; d > 0 && !rows; d--) info->extents[d] = info->extents[d - 1];
    if (!rows) info->dimensions++;
    info->extents[0] = rows ? members_firsts(array)[facts->count] : facts->count;
    info->chunked = false;
    info->filters[0] = '\0';
    if (nn_store_count(info) >= 0) return NN_OK;
    NN_FAIL(NN_ERROR_DATA, "\"%s\" of %s is too large: check its extents", array->name, array->file->path);
}

static nn_status members_open(nn_store_array *array, nn_store_file *file, const nn_store_spec *spec)
{
    members *self;
    NN_TRY(NN_ALLOCATE(&self, 1, "members"));
    array->state = self;
    self->number = -1;
    NN_TRY(spec->facts.bytes ? members_take_facts(array, file, spec) : members_index(array, file));
    NN_TRY(members_find_names(array));
    return members_shape(array, spec);
}

static void members_close(nn_store_array *array)
{
    members *self = array->state;
    if (!self) return;
    nn_store_array_close(self->opened);
    nn_free(self->names);
    nn_free(self);
}

/* ---- reading ---- */

static bool members_read_attribute(const nn_store_array *array, const char *name, nn_store_type type,
                                   void *value, char *reason)
{
    hid_t attribute = members_open_attribute(array->file, name);
    bool read = attribute >= 0 && H5Aread(attribute, nn_store_memory_type(type), value) >= 0;
    if (!read) nn_store_hdf5_reason(reason);
    if (attribute >= 0) nn_store_note_close(H5Aclose(attribute));
    return read;
}

/* Reads part of a member. */
static bool members_read_one(nn_store_array *array, int64_t number, const int64_t *start,
                             const int64_t *count, nn_store_type type, void *values, char *reason)
{
    members *self = array->state;
    const char *name = self->names[number];
    const members_facts *facts = array->facts.bytes;
    if (strchr(name, '@')) return members_read_attribute(array, name, type, values, reason);
    if (self->number != number) {
        nn_store_array_close(self->opened);
        self->opened = NULL;
        self->number = -1;
        nn_status status = nn_store_array_open((nn_store_file *)array->file, name, &self->opened);
        if (status == NN_OK) status = nn_layout_check_part(self->opened);
        if (status != NN_OK) {
            snprintf(reason, NN_STORE_REASON, "%s", nn_error_text());
            nn_error_clear();
            return false;
        }
        self->number = number;
    }
    const nn_store_info *info = &self->opened->info;
    bool same = info->dimensions == facts->dimensions;
    for (int d = 0; d < info->dimensions && same; d++) same = start[d] + count[d] <= info->extents[d];
    if (same) return nn_store_read_block(self->opened, start, count, type, values, reason);
    snprintf(reason, NN_STORE_REASON, "\"%.100s\" was changed since the file was opened", name);
    return false;
}

/* The member that has a row, which is not the last end. */
static int64_t members_find(const nn_store_array *array, int64_t row)
{
    const members *self = array->state;
    int64_t low = 0, high = ((const members_facts *)array->facts.bytes)->count - 1;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (self->firsts[middle + 1] > row)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static bool members_read(nn_store_array *array, const int64_t *start, const int64_t *count,
                         nn_store_type type, void *values, char *reason)
{
    const members *self = array->state;
    const members_facts *facts = array->facts.bytes;
    bool rows = array->info.dimensions == facts->dimensions, read = true;
    int64_t from[NN_STORE_MAX_DIMENSIONS], some[NN_STORE_MAX_DIMENSIONS], done = 1;
    size_t row = nn_store_type_size(type);
    char *to = values;
    for (int d = 1; d < array->info.dimensions; d++) row *= (size_t)count[d];
    for (int64_t at = start[0]; at < start[0] + count[0] && read; at += done) {
        int64_t number = rows ? members_find(array, at) : at;
        done = rows ? nn_smaller(self->firsts[number + 1] - at, start[0] + count[0] - at) : 1;
        for (int d = 0; d < facts->dimensions; d++) {
            from[d] = start[rows ? d : d + 1];
            some[d] = count[rows ? d : d + 1];
        }
        if (rows) from[0] = at - self->firsts[number];
        if (rows) some[0] = done;
        read = members_read_one(array, number, from, some, type, to, reason);
        to += (size_t)done * row;
    }
    return read;
}

static void members_tell(const nn_store_array *array, nn_store_members *found)
{
    const members_facts *facts = array->facts.bytes;
    *found = (nn_store_members){
        .count = facts->count, .single = facts->dimensions == 0, .alike = facts->alike != 0};
}

static void members_describe(const nn_store_array *array, nn_text *text)
{
    const members *self = array->state;
    const members_facts *facts = array->facts.bytes;
    bool rows = array->info.dimensions == facts->dimensions;
    nn_text_append(text, "%" PRId64 " members, from %s to %s, %s", facts->count, self->names[0],
                   self->names[facts->count - 1],
                   rows ? "whose rows are the samples" : "each of which is a sample");
    nn_text_append(text, "; each is opened to be read, which is slow: one dataset is fast");
}

const nn_store_layout nn_layout_members = {
    .name = "members",
    .recognise = members_recognise,
    .open = members_open,
    .close = members_close,
    .read = members_read,
    .members = members_tell,
    .describe = members_describe,
};
