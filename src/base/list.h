/* A growing list of texts that owns them: names, paths. Zero-initialise; release with nn_list_release. A list
 * allocated by other code may be read and released here, but not extended. */
#ifndef NN_BASE_LIST_H
#define NN_BASE_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/options.h"
#include "base/status.h"
#include "base/text.h"

/* Appends a copy. */
nn_status nn_list_add(nn_text_list *list, const char *text);
nn_status nn_list_copy(const nn_text_list *from,
                       nn_text_list *to); /* does not release previous contents of `to` */
void nn_list_release(nn_text_list *list);
bool nn_list_equal(const nn_text_list *a, const nn_text_list *b);
int64_t nn_list_find(const nn_text_list *list, const char *name); /* -1: absent */

/* The number in `to` of every name in `from`; -1: absent. Fails if a name occurs twice in one list. `map` has
 * room for from->count numbers. */
nn_status nn_list_map(const nn_text_list *from, const nn_text_list *to, int32_t *map);

/* Adds the names of `from` that are not yet in `to`, in their order. */
nn_status nn_list_join(const nn_text_list *from, nn_text_list *to);

/* Whether all names are whole numbers of at least 0, written in the usual way. */
bool nn_list_is_numeric(const nn_text_list *list);

/* Appends "a, b, c"; a long list is cut, followed by the number of names. */
void nn_list_append(const nn_text_list *list, nn_text *text);

/* Appends one name per line;
 *  is a line feed in a name and \\ a backslash. */
void nn_list_append_lines(const nn_text_list *list, nn_text *text);

#endif
