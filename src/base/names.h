/*
 * What the numbers of a dataset are called: its columns, the classes of its labels, and the categories that
 * the numbers of a column stand for.
 *
 * In a data file the names of a dataset x are lists of strings next to it, as importers write them:
 *   x_columns            names along its last extent
 *   x_classes            of labels, or of an index, in the order of their numbers from 0 (or first_label)
 *   x_categories/COLUMN  of the numbers 0, 1, ... of a column; '/' and '.' in COLUMN are written as '_'
 * x_train, x_validation and x_test share those of x unless they have their own. A checkpoint has the same
 * lists as names/KEY/columns, names/KEY/classes and names/KEY/categories/COLUMN, where KEY is what the
 * configuration calls the dataset (x, y, ...), and the keys in order as names/keys: inputs first, then
 * targets.
 */
#ifndef NN_BASE_NAMES_H
#define NN_BASE_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/options.h"
#include "base/status.h"
#include "base/text.h"

/* ---- a list of names ---- */

nn_status nn_list_add(nn_text_list *list, const char *name);
nn_status nn_list_copy(const nn_text_list *from, nn_text_list *to); /* to: what it held is not released */
void nn_list_release(nn_text_list *list);
bool nn_list_equal(const nn_text_list *a, const nn_text_list *b);
int64_t nn_list_find(const nn_text_list *list, const char *name); /* -1: not there */

/* The number in `to` of every name in `from`; -1: not there. Fails where a name occurs twice in a list. `map`
 * has room for from->count numbers. */
nn_status nn_list_map(const nn_text_list *from, const nn_text_list *to, int32_t *map);

/* Adds the names of `from` that are not in `to` yet, in their order. */
nn_status nn_list_join(const nn_text_list *from, nn_text_list *to);

/* Whether all names are whole numbers, 0 or more, as they are usually written. */
bool nn_list_is_numeric(const nn_text_list *list);

/* "a, b, c": cut after some, and then with their number. */
void nn_list_append(const nn_text_list *list, nn_text *text);

/* One per line, in which \n is a line feed of the name and \\ a backslash. */
void nn_list_append_lines(const nn_text_list *list, nn_text *text);

/* ---- all names of a dataset ---- */

typedef struct nn_names {
    char *key; /* NULL: none */
    nn_text_list columns, classes;
    nn_text_list *categories; /* one per column, some of them empty; NULL: no column has any */
} nn_names;

/* Room for the categories of each column, where there is none yet. */
nn_status nn_names_make_categories(nn_names *names);
const nn_text_list *nn_names_categories(const nn_names *names, int64_t column); /* never NULL */
nn_status nn_names_copy(const nn_names *from, nn_names *to);
void nn_names_release(nn_names *names);
bool nn_names_equal(const nn_names *a, const nn_names *b);
bool nn_names_given(const nn_names *names); /* whether anything has a name */

/* The name of the dataset of a column's categories: PREFIX/COLUMN. */
void nn_names_append_path(nn_text *text, const char *prefix, const char *column);

/* ---- those of all datasets of a part ---- */

#define NN_NAMES_MOST 16

typedef struct nn_names_set {
    int count;
    nn_names items[NN_NAMES_MOST];
} nn_names_set;

nn_status nn_names_set_copy(const nn_names_set *from, nn_names_set *to);
void nn_names_set_release(nn_names_set *set);
const nn_names *nn_names_set_find(const nn_names_set *set, const char *key); /* NULL: not there */

#endif
