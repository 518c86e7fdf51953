/* Symbols and their numbers. */
#include "model/alphabet.h"

#include <stdbool.h>
#include <string.h>

#include "base/memory.h"

#define BYTES 256

/* Copies a name up to the end of its line, escapes undone; returns what follows it. */
static const char *alphabet_copy(const char *name, char *text, size_t *at)
{
    for (; *name && *name != '\n'; name++) {
        bool escaped = *name == '\\' && name[1];
        if (escaped) name++;
        text[(*at)++] = escaped && *name == 'n' ? '\n' : *name;
    }
    return *name ? name + 1 : name;
}

nn_status nn_alphabet_create(const char *names, size_t count, nn_alphabet *alphabet)
{
    size_t at = 0;
    *alphabet = (nn_alphabet){.count = count};
    if (!names && count > BYTES)
        NN_FAIL(NN_ERROR_USAGE, "its %zu classes have no names, so they cannot be the symbols of a text",
                count);
    if (!names) return NN_OK;
    nn_status status = NN_ALLOCATE(&alphabet->text, strlen(names) + 1, "an alphabet");
    if (status == NN_OK) status = NN_ALLOCATE(&alphabet->begins, count + 1, "an alphabet");
    for (size_t i = 0; i < count && status == NN_OK; i++) {
        names = alphabet_copy(names, alphabet->text, &at);
        alphabet->begins[i + 1] = at;
    }
    if (status != NN_OK) nn_alphabet_release(alphabet);
    return status;
}

void nn_alphabet_release(nn_alphabet *alphabet)
{
    nn_free(alphabet->text);
    nn_free(alphabet->begins);
    *alphabet = (nn_alphabet){0};
}

/* The longest symbol that the text begins with; its length, 0 where there is none. */
static size_t alphabet_match(const nn_alphabet *alphabet, const char *text, size_t *symbol)
{
    size_t longest = 0;
    if (!alphabet->text) {
        *symbol = (unsigned char)*text;
        return *symbol < alphabet->count ? 1 : 0;
    }
    for (size_t i = 0; i < alphabet->count; i++) {
        size_t length = alphabet->begins[i + 1] - alphabet->begins[i];
        if (length > longest && strncmp(text, alphabet->text + alphabet->begins[i], length) == 0) {
            longest = length;
            *symbol = i;
        }
    }
    return longest;
}

nn_status nn_alphabet_read(const nn_alphabet *alphabet, const char *text, size_t **symbols, size_t *count)
{
    const char *begin = text;
    *count = 0;
    NN_TRY(NN_ALLOCATE(symbols, strlen(text), "the prompt"));
    while (*text) {
        size_t length = alphabet_match(alphabet, text, &(*symbols)[*count]);
        if (length == 0) {
            nn_free(*symbols);
            *symbols = NULL;
            NN_FAIL(
                NN_ERROR_USAGE,
                "the prompt has at byte %zu a symbol that does not occur in the text of the training: %.12s",
                (size_t)(text - begin) + 1, text);
        }
        text += length;
        (*count)++;
    }
    return NN_OK;
}

void nn_alphabet_append(const nn_alphabet *alphabet, size_t symbol, nn_text *text)
{
    if (!alphabet->text) {
        nn_text_append(text, symbol > 0 ? "%c" : "\xef\xbf\xbd", (int)symbol); /* no text has a 0 in it */
        return;
    }
    size_t begin = alphabet->begins[symbol];
    nn_text_append(text, "%.*s", (int)(alphabet->begins[symbol + 1] - begin), alphabet->text + begin);
}

void nn_alphabet_write(const nn_alphabet *alphabet, size_t symbol, FILE *file)
{
    if (!alphabet->text) {
        fputc((int)symbol, file);
        return;
    }
    size_t begin = alphabet->begins[symbol];
    fwrite(alphabet->text + begin, 1, alphabet->begins[symbol + 1] - begin, file);
}
