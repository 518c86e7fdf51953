/* Groups that are one array: sparse matrices, and columns of categories. */
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text.h"
#include "data/layouts.h"

/* The group of a dataset of this name, owned; NULL: it has another. */
static nn_status groups_of(const char *name, const char *member, char **group)
{
    size_t length = strlen(name), tail = strlen(member);
    *group = NULL;
    if (length <= tail + 1 || strcmp(name + length - tail, member) != 0 || name[length - tail - 1] != '/')
        return NN_OK;
    NN_TRY(nn_copy_text(name, group));
    (*group)[length - tail - 1] = '\0';
    return NN_OK;
}

static bool groups_have(const nn_layouts *layouts, const char *group, const char *member)
{
    size_t length = strlen(group);
    for (size_t i = 0; i < layouts->count; i++) {
        const char *name = layouts->datasets[i].name;
        if (strncmp(name, group, length) == 0 && name[length] == '/' &&
            strcmp(name + length + 1, member) == 0)
            return true;
    }
    return false;
}

/* Adds the arrays that are groups with some members. */
static nn_status groups_add(nn_store_file *file, nn_layouts *layouts, const char *const members[3],
                            bool texts)
{
    nn_status status = NN_OK;
    for (size_t i = 0; i < layouts->count && status == NN_OK; i++) {
        char *group;
        bool added = false;
        if (layouts->datasets[i].part) continue;
        NN_TRY(groups_of(layouts->datasets[i].name, members[0], &group));
        bool whole = group && groups_have(layouts, group, members[1]) &&
                     (!members[2] || groups_have(layouts, group, members[2]));
        const nn_layouts_array array = {.name = group, .texts = texts};
        if (whole) status = nn_layouts_add(file, layouts, &array, &added);
        if (added) nn_layouts_take_group(layouts, group);
        nn_free(group);
    }
    return status;
}

/* ---- AnnData: X (cells x genes), and what is known of each cell, obs/... ---- */

static bool groups_is_anndata(const nn_layouts *layouts)
{
    bool x = false, cells = false, genes = false;
    for (size_t i = 0; i < layouts->count; i++) {
        const char *name = layouts->datasets[i].name;
        x |= strcmp(name, "X") == 0 || strncmp(name, "X/", 2) == 0;
        cells |= strncmp(name, "obs/", 4) == 0;
        genes |= strncmp(name, "var/", 4) == 0;
    }
    return x && cells && genes;
}

/* Whether a column of categories is rather what cells are than where they come from. */
static bool groups_is_answer(const char *name)
{
    static const char *const words[] = {"type", "label", "class", "cluster", "leiden", "louvain", "annot"};
    for (const char *at = name; *at; at++)
        for (size_t w = 0; w < sizeof words / sizeof *words; w++)
            if (strncasecmp(at, words[w], strlen(words[w])) == 0) return true;
    return false;
}

/* Leaves X and one column of categories. */
static void groups_choose(nn_layouts *layouts)
{
    const char *chosen = NULL;
    size_t kept = 0;
    for (size_t i = 0; i < layouts->found; i++) {
        const nn_layouts_array *array = &layouts->arrays[i];
        if (!array->texts || strncmp(array->name, "obs/", 4) != 0) continue;
        if (!chosen || (!groups_is_answer(chosen) && groups_is_answer(array->name))) chosen = array->name;
    }
    for (size_t i = 0; i < layouts->found; i++) {
        nn_layouts_array *array = &layouts->arrays[i];
        if (strcmp(array->name, "X") == 0 || array->name == chosen) {
            layouts->arrays[kept++] = *array;
            continue;
        }
        nn_free(array->name);
        nn_free(array->option);
    }
    layouts->found = kept;
    for (size_t i = 0; i < layouts->count; i++) {
        const char *name = layouts->datasets[i].name;
        bool cells = !chosen && strncmp(name, "obs/", 4) == 0;
        if (strcmp(name, "X") != 0 && !cells) layouts->datasets[i].part = true;
    }
}

nn_status nn_layouts_find_groups(nn_store_file *file, nn_layouts *layouts)
{
    static const char *const sparse[3] = {"indptr", "indices", "data"};
    static const char *const categories[3] = {"codes", "categories", NULL};
    NN_TRY(groups_add(file, layouts, sparse, false));
    NN_TRY(groups_add(file, layouts, categories, true));
    if (groups_is_anndata(layouts)) groups_choose(layouts);
    return NN_OK;
}
