/* Many datasets of one kind: in groups (sample_0/image, sample_1/image, ...), or next to one another (x_0,
 * x_1,
 * ...). The parts of the names that differ become wildcards. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/layouts.h"

/* With fewer they are listed one by one. */
#define MEMBERS_NUMBERED 4
#define MEMBERS_NAMED 8

typedef struct members_name {
    char *pattern; /* owned */
    size_t dataset;
} members_name;

/* Datasets whose names have one pattern. */
typedef struct members_set {
    const char *pattern;
    const members_name *names;
    size_t count;
    bool alike; /* all have the extents of the first */
} members_set;

/* What becomes a wildcard. */
typedef enum members_way {
    MEMBERS_GROUP_NUMBERS,
    MEMBERS_NUMBERS,
    MEMBERS_GROUP_NAMES,
    MEMBERS_WAYS
} members_way;

/* ---- patterns ---- */

static void members_append_numbers(nn_text *pattern, const char *name, size_t end)
{
    for (size_t i = 0; i < end; i++) {
        bool digit = isdigit((unsigned char)name[i]) != 0;
        if (digit && i > 0 && isdigit((unsigned char)name[i - 1])) continue;
        nn_text_append(pattern, "%c", digit ? '*' : name[i]);
    }
}

/* The pattern of a name, owned; NULL: nothing of it would be a wildcard. */
static nn_status members_pattern(const char *name, members_way way, char **pattern)
{
    const char *slash = strrchr(name, '/');
    size_t group = slash ? (size_t)(slash - name) : 0;
    nn_text text = {0};
    *pattern = NULL;
    if (way == MEMBERS_GROUP_NUMBERS) members_append_numbers(&text, name, group);
    if (way == MEMBERS_NUMBERS) {
        nn_text_append(&text, "%.*s", (int)group, name);
        members_append_numbers(&text, name + group, strlen(name + group));
    }
    if (way == MEMBERS_GROUP_NAMES && group > 0) {
        size_t begin = group;
        while (begin > 0 && name[begin - 1] != '/') begin--;
        nn_text_append(&text, "%.*s*", (int)begin, name);
    }
    if (way != MEMBERS_NUMBERS) nn_text_append(&text, "%s", name + group);
    if (text.failed) NN_FAIL(NN_ERROR_MEMORY, "out of memory for a pattern of names");
    if (text.bytes && strchr(text.bytes, '*'))
        *pattern = text.bytes;
    else
        nn_text_free(&text);
    return NN_OK;
}

static int members_compare(const void *a, const void *b)
{
    const members_name *one = a, *other = b;
    int order = strcmp(one->pattern, other->pattern);
    return order ? order : (one->dataset > other->dataset) - (one->dataset < other->dataset);
}

static nn_status members_list(const nn_layouts *layouts, members_way way, members_name **names, size_t *count)
{
    NN_TRY(NN_ALLOCATE(names, layouts->count, "patterns of names"));
    for (size_t i = 0; i < layouts->count; i++) {
        members_name *name = &(*names)[*count];
        if (!nn_layouts_is_free(&layouts->datasets[i], true)) continue;
        name->dataset = i;
        NN_TRY(members_pattern(layouts->datasets[i].name, way, &name->pattern));
        if (name->pattern) ++*count;
    }
    qsort(*names, *count, sizeof **names, members_compare);
    return NN_OK;
}

/* ---- sets ---- */

static bool members_is_alike(const nn_layouts *layouts, const members_name *a, const members_name *b)
{
    const nn_layouts_dataset *one = &layouts->datasets[a->dataset], *other = &layouts->datasets[b->dataset];
    return one->dimensions == other->dimensions &&
           memcmp(one->extents, other->extents, sizeof one->extents) == 0;
}

/* The sets that are large enough; owned. */
static nn_status members_sets(const nn_layouts *layouts, const members_name *names, size_t count,
                              size_t smallest, members_set **sets, size_t *found)
{
    NN_TRY(NN_ALLOCATE(sets, count / smallest + 1, "patterns of names"));
    for (size_t i = 0, end; i < count; i = end) {
        members_set set = {.pattern = names[i].pattern, .names = &names[i], .alike = true};
        for (end = i; end < count && strcmp(names[end].pattern, set.pattern) == 0; end++)
            set.alike &= members_is_alike(layouts, &names[i], &names[end]);
        set.count = end - i;
        if (set.count >= smallest) (*sets)[(*found)++] = set;
    }
    return NN_OK;
}

static const nn_layouts_dataset *members_first(const nn_layouts *layouts, const members_set *set)
{
    return &layouts->datasets[set->names[0].dataset];
}

/* Whether some dataset has one row per member. */
static bool members_have_rows(const nn_layouts *layouts, const members_set *set)
{
    for (size_t i = 0; i < layouts->count; i++) {
        const nn_layouts_dataset *dataset = &layouts->datasets[i];
        bool one = nn_layouts_is_free(dataset, false) && dataset->dimensions > 0 &&
                   dataset->extents[0] == (int64_t)set->count;
        for (size_t m = 0; m < set->count && one; m++) one = set->names[m].dataset != i;
        if (one) return true;
    }
    return false;
}

/* Whether the rows of members are samples, where all have the same number of them: they are if the other
 * members of a group have as many, but are not of the same height and width, as images and masks are. */
static bool members_are_rows(const nn_layouts *layouts, const members_set *sets, size_t count,
                             const members_set *set)
{
    const nn_layouts_dataset *own = members_first(layouts, set);
    bool rows = false;
    for (size_t s = 0; s < count; s++) {
        const nn_layouts_dataset *other = members_first(layouts, &sets[s]);
        if (&sets[s] == set || sets[s].count != set->count) continue;
        if (other->dimensions == 0 || !sets[s].alike || other->extents[0] != own->extents[0]) return false;
        if (own->dimensions > 1 && other->dimensions > 1 && other->extents[1] == own->extents[1])
            return false;
        rows = true;
    }
    return rows;
}

/* ---- adding them ---- */

static void members_take(nn_layouts *layouts, const members_set *set)
{
    for (size_t m = 0; m < set->count; m++) {
        layouts->datasets[set->names[m].dataset].part = true;
        layouts->datasets[set->names[m].dataset].member = m > 0;
    }
}

/* Attributes that are numbers, of the objects that match the pattern; *found: there are some. */
static nn_status members_add_attributes(nn_store_file *file, nn_layouts *layouts, const char *object,
                                        const char *pattern, bool *found)
{
    nn_text_list names = {0};
    nn_status status = nn_store_list_attributes(file, object, &names);
    for (size_t i = 0; i < names.count && status == NN_OK; i++) {
        nn_text name = {0};
        bool added = false;
        nn_text_append(&name, "%s@%s", pattern, names.items[i]);
        const nn_layouts_array array = {.name = name.bytes};
        status = name.failed ? NN_ERROR_MEMORY : nn_layouts_add(file, layouts, &array, &added);
        *found |= added;
        nn_text_free(&name);
    }
    nn_list_release(&names);
    return status;
}

/* The attributes of the groups, or of the datasets themselves. */
static nn_status members_find_attributes(nn_store_file *file, nn_layouts *layouts, const members_set *set,
                                         members_way way, bool *found)
{
    char *object = NULL, *pattern = NULL;
    nn_status status = nn_copy_text(members_first(layouts, set)->name, &object);
    if (status == NN_OK) status = nn_copy_text(set->pattern, &pattern);
    if (status == NN_OK && way != MEMBERS_NUMBERS) *strrchr(object, '/') = *strrchr(pattern, '/') = '\0';
    for (size_t i = 0; i < layouts->found && status == NN_OK && !*found; i++) {
        size_t length = strlen(pattern);
        const char *name = layouts->arrays[i].name;
        *found = strncmp(name, pattern, length) == 0 && name[length] == '@';
    }
    if (status == NN_OK && !*found) status = members_add_attributes(file, layouts, object, pattern, found);
    nn_free(object);
    nn_free(pattern);
    return status;
}

/* Members alone are not enough: something else must have one value, row or member for each. */
static nn_status members_add(nn_store_file *file, nn_layouts *layouts, const members_set *sets, size_t count,
                             size_t at, members_way way)
{
    const members_set *set = &sets[at];
    bool partner = members_have_rows(layouts, set), attributes = false, added = false;
    for (size_t s = 0; s < count; s++) partner |= s != at && sets[s].count == set->count;
    NN_TRY(members_find_attributes(file, layouts, set, way, &attributes));
    if (!partner && !attributes) return NN_OK;
    bool numbers = members_first(layouts, set)->dimensions == 0;
    bool rows = !numbers && (!set->alike || (!attributes && !members_have_rows(layouts, set) &&
                                             members_are_rows(layouts, sets, count, set)));
    nn_layouts_array array = {.name = (char *)set->pattern};
    if (!numbers) array.members = rows ? NN_STORE_MEMBERS_ROWS : NN_STORE_MEMBERS_SAMPLES;
    if (!numbers && set->alike) array.option = rows ? "members: rows" : "members: samples";
    NN_TRY(nn_layouts_add(file, layouts, &array, &added));
    if (added) members_take(layouts, set);
    return NN_OK;
}

static nn_status members_find(nn_store_file *file, nn_layouts *layouts, members_way way)
{
    members_name *names = NULL;
    members_set *sets = NULL;
    size_t count = 0, found = 0;
    nn_status status = members_list(layouts, way, &names, &count);
    size_t smallest = way == MEMBERS_GROUP_NAMES ? MEMBERS_NAMED : MEMBERS_NUMBERED;
    if (status == NN_OK) status = members_sets(layouts, names, count, smallest, &sets, &found);
    for (size_t s = 0; s < found && status == NN_OK; s++)
        status = members_add(file, layouts, sets, found, s, way);
    for (size_t i = 0; names && i < count; i++) nn_free(names[i].pattern);
    nn_free(names);
    nn_free(sets);
    return status;
}

nn_status nn_layouts_find_members(nn_store_file *file, nn_layouts *layouts)
{
    for (int way = 0; way < MEMBERS_WAYS; way++) NN_TRY(members_find(file, layouts, (members_way)way));
    return NN_OK;
}
