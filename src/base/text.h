/* Growing texts, and the nearest of several words. */
#ifndef NN_BASE_TEXT_H
#define NN_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* A growing text. Zero-initialise; release with nn_text_free. A failed allocation sets `failed`, and later
 * appends do nothing. `bytes` is a valid C string once something has been appended. */
typedef struct nn_text {
    char *bytes;
    size_t length, capacity;
    bool failed;
} nn_text;

/* Appends as printf formats. */
void nn_text_append(nn_text *text, const char *format, ...) NN_PRINTF(2, 3);
void nn_text_append_json(nn_text *text, const char *string); /* quoted and escaped */
/* Frees the text and leaves an empty one. */
void nn_text_free(nn_text *text);

/* The candidate that `word` was probably meant to be: the shortest one that begins with it, otherwise the
 * nearest by edit distance; NULL if none is near enough. Borrowed. */
const char *nn_nearest(const char *word, const char *const *candidates, size_t count);

#endif
