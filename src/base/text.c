#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/characters.h"
#include "base/memory.h"

#define TEXT_FIRST_CAPACITY ((size_t)128)

/* Makes room for `extra` more bytes and the final NUL. */
static bool text_reserve(nn_text *text, size_t extra)
{
    size_t needed = text->length + extra + 1;
    if (needed <= text->capacity) return true;
    size_t capacity = text->capacity ? text->capacity : TEXT_FIRST_CAPACITY;
    while (capacity < needed) capacity *= 2;
    text->failed = nn_reallocate((void **)&text->bytes, text->length, capacity, 1, "a text") != NN_OK;
    if (text->failed) return false;
    text->capacity = capacity;
    return true;
}

void nn_text_append_list(nn_text *text, const char *format, va_list arguments)
{
    if (text->failed) return;
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length < 0) {
        text->failed = true;
    } else if (text_reserve(text, (size_t)length)) {
        (void)vsnprintf(text->bytes + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
}

void nn_text_append(nn_text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    nn_text_append_list(text, format, arguments);
    va_end(arguments);
}

void nn_text_append_json(nn_text *text, const char *string)
{
    nn_text_append(text, "\"");
    const unsigned char *at = (const unsigned char *)string;
    while (*at) {
        int length = nn_character_length((const char *)at);
        if (length == 0) {
            nn_text_append(text, "\\ufffd");
        } else if (*at < 0x20 || *at == 0x7F) {
            nn_text_append(text, "\\u%04x", (unsigned)*at);
        } else {
            nn_text_append(text, "%s%.*s", *at == '"' || *at == '\\' ? "\\" : "", length, (const char *)at);
        }
        at += length ? length : 1;
    }
    nn_text_append(text, "\"");
}

/* The bytes at `at` that a terminal shows as they are; 0: those of one character, or one byte, to be escaped.
 */
static int text_printable_length(const unsigned char *at)
{
    int length = nn_character_length((const char *)at);
    if (length == 0 || (*at < 0x20 && *at != '\n' && *at != '\t') || *at == 0x7F) return 0;
    if (length == 2 && at[0] == 0xC2 && at[1] < 0xA0) return 0; /* U+0080 to U+009F: control characters */
    if (length == 3 && at[0] == 0xE2) /* U+202A to U+202E, U+2066 to U+2069: direction */
        return (at[1] == 0x80 && at[2] >= 0xAA && at[2] <= 0xAE) ||
                       (at[1] == 0x81 && at[2] >= 0xA6 && at[2] <= 0xA9)
                   ? 0
                   : length;
    return length;
}

bool nn_text_is_printable(const char *string)
{
    for (const unsigned char *at = (const unsigned char *)string; *at;) {
        int length = text_printable_length(at);
        if (length == 0) return false;
        at += length;
    }
    return true;
}

void nn_text_append_printable(nn_text *text, const char *string)
{
    for (const unsigned char *at = (const unsigned char *)string; *at;) {
        int length = text_printable_length(at), whole = nn_character_length((const char *)at);
        if (length > 0)
            nn_text_append(text, "%.*s", length, (const char *)at);
        else if (whole == 3)
            nn_text_append(text, "\\u%04x",
                           (unsigned)(at[0] & 0x0F) << 12 | (unsigned)(at[1] & 0x3F) << 6 | (at[2] & 0x3FU));
        else
            nn_text_append(text, "\\x%02x", whole == 2 ? at[1] : *at);
        at += whole > 0 ? whole : 1;
    }
}

void nn_text_append_shell(nn_text *text, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+,:@%";
    if (*word && strspn(word, plain) == strlen(word)) {
        nn_text_append(text, "%s", word);
        return;
    }
    nn_text_append(text, "'");
    for (const char *at = word; *at; at++)
        if (*at == '\'')
            nn_text_append(text, "'\\''");
        else
            nn_text_append(text, "%c", *at);
    nn_text_append(text, "'");
}

void nn_text_free(nn_text *text)
{
    nn_free(text->bytes);
    *text = (nn_text){0};
}
