/* Lists of types - layers, losses, metrics, transforms - that plug-ins extend. */
#ifndef NN_BASE_TYPE_LIST_H
#define NN_BASE_TYPE_LIST_H

#include "base/status.h"

/* A NULL-terminated list; the first member of each type is its name. Zero-initialise: there is none but the
 * built-in ones. */
typedef struct nn_type_list {
    const void **all; /* NULL: nothing was added */
} nn_type_list;

/* Adds a type to the list, which begins with the built-in ones. The type is borrowed for the life of the
 * process. Only while no other thread reads the list. */
nn_status nn_type_list_add(nn_type_list *list, const void *const *built_in, const void *type);

/* The list: the built-in one until something is added. */
const void *const *nn_type_list_of(const nn_type_list *list, const void *const *built_in);

/* The type of that name; NULL: there is none. */
const void *nn_type_list_find(const void *const *list, const char *name);

#endif
