/*
 * The names for the numbers of a dataset: of its columns, of the classes of its labels, and of the
 * categories that the numbers in a column represent.
 *
 * In a data file, the names of a dataset x are lists of strings next to it, as written by importers:
 *   x_columns            names along its last extent
 *   x_classes            for labels or an index, in order of their numbers from 0 (or first_label)
 *   x_units              of its columns, in order; or the attribute `units` of x, for all of its values
 *   x_categories/COLUMN  for the numbers 0, 1, ... of a column; '/' and '.' in COLUMN become '_'
 * x_train, x_validation and x_test share those of x unless they have their own. A checkpoint has the same
 * lists as names/KEY/columns, names/KEY/units (one for all, or one per column), names/KEY/classes and
 * names/KEY/categories/COLUMN, where KEY is the configuration's name for the dataset (x, y, ...), and the
 * keys in order as names/keys: inputs first, then targets.
 */
#ifndef NN_BASE_NAMES_H
#define NN_BASE_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

typedef struct nn_names {
    char *key; /* NULL: none */
    nn_text_list columns, classes;
    nn_text_list units; /* of each column, or one for all values; not compared: it does not affect results */
    nn_text_list *categories; /* one list per column, possibly empty; NULL: no column has categories */
} nn_names;

/* Allocates the lists of categories of all columns, if this has not been done. */
nn_status nn_names_make_categories(nn_names *names);
const nn_text_list *nn_names_categories(const nn_names *names, int64_t column); /* never NULL */
nn_status nn_names_copy(const nn_names *from, nn_names *to);
/* Frees the names and leaves none. */
void nn_names_release(nn_names *names);
bool nn_names_equal(const nn_names *a, const nn_names *b);
bool nn_names_given(const nn_names *names); /* whether anything has a name */

/* Appends the dataset name of a column's categories: PREFIX/COLUMN. */
void nn_names_append_path(nn_text *text, const char *prefix, const char *column);

/* ---- the names of all datasets of a part ---- */

#define NN_NAMES_MOST 16

typedef struct nn_names_set {
    int count;
    nn_names items[NN_NAMES_MOST];
} nn_names_set;

/* As nn_names_copy and nn_names_release, for all datasets. */
nn_status nn_names_set_copy(const nn_names_set *from, nn_names_set *to);
void nn_names_set_release(nn_names_set *set);
const nn_names *nn_names_set_find(const nn_names_set *set, const char *key); /* NULL: absent */

#endif
