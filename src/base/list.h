/* A list of texts that owns them and grows: names, paths. Zero-initialise; release with nn_list_release. A
 * list that other code has allocated may be read and released here, but not added to. */
#ifndef NN_BASE_LIST_H
#define NN_BASE_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/options.h"
#include "base/status.h"
#include "base/text.h"

/* Appends a copy. */
nn_status nn_list_add(nn_text_list *list, const char *text);
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

#endif
