#include "base/type_list.h"

#include <string.h>

#include "base/memory.h"

nn_status nn_type_list_add(nn_type_list *list, const void *const *built_in, const void *type)
{
    const void *const *old = nn_type_list_of(list, built_in);
    const void **all;
    size_t count = 0;
    while (old[count]) count++;
    NN_TRY(NN_ALLOCATE(&all, count + 2, "the types of a plug-in"));
    memcpy(all, old, count * sizeof *all);
    all[count] = type;
    nn_free(list->all);
    list->all = all;
    return NN_OK;
}

const void *const *nn_type_list_of(const nn_type_list *list, const void *const *built_in)
{
    return list->all ? list->all : built_in;
}

const void *nn_type_list_find(const void *const *list, const char *name)
{
    while (*list && strcmp(*(const char *const *)*list, name) != 0) list++;
    return *list;
}
