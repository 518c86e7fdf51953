/* Growing texts, and the nearest of several words. */
#ifndef NN_BASE_TEXT_H
#define NN_BASE_TEXT_H

#include <stdarg.h>
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
void nn_text_append_list(nn_text *text, const char *format, va_list arguments) NN_PRINTF(2, 0);
void nn_text_append_json(nn_text *text, const char *string); /* quoted and escaped */
/* Appends a text that a terminal shows as it is: line feeds and tabs stay, other control characters, and
 * those that reverse the direction of what follows, become "\x1b" or "\u202e", what is not UTF-8 "\xff". */
void nn_text_append_printable(nn_text *text, const char *string);
bool nn_text_is_printable(const char *string);
/* Appends a word as a shell reads it: quoted where it needs to be. */
void nn_text_append_shell(nn_text *text, const char *word);
/* Frees the text and leaves an empty one. */
void nn_text_free(nn_text *text);

/* The candidate that `word` was probably meant to be: the shortest one that begins with it, otherwise the
 * nearest by edit distance; NULL if none is near enough. Borrowed. */
const char *nn_nearest(const char *word, const char *const *candidates, size_t count);

#endif
