/* Text that grows, and small helpers for messages. */
#ifndef NN_BASE_TEXT_H
#define NN_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* A growing text. Zero-initialise; release with nn_text_free. An allocation failure makes `failed` true and
 * later appends do nothing. bytes is always a valid C string once something was appended. */
typedef struct nn_text {
    char *bytes;
    size_t length, capacity;
    bool failed;
} nn_text;

void nn_text_append(nn_text *text, const char *format, ...) NN_PRINTF(2, 3);
void nn_text_append_json(nn_text *text, const char *string); /* quoted and escaped */
void nn_text_free(nn_text *text);

/* The candidate that `word` was meant to be: the shortest that begins with it, else the nearest one by edit
 * distance; NULL when none is near enough. */
const char *nn_nearest(const char *word, const char *const *candidates, size_t count);

/* "1.5 GiB", "3 min 20 s": into a buffer of at least 32 bytes, which is returned. */
#define NN_FORMAT_SIZE 32
char *nn_format_bytes(char *buffer, double bytes);
char *nn_format_seconds(char *buffer, double seconds);

#endif
