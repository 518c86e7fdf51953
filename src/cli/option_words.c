#include "cli/option_words.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"

#define KEY_MAX 64

static const nn_option *option_words_find(const nn_option *const *tables, const char *key)
{
    for (size_t i = 0; tables[i]; i++)
        for (const nn_option *option = tables[i]; option->name; option++)
            if (strcmp(option->name, key) == 0) return option;
    return NULL;
}

/* The key after the dashes, as tables write it; *value is what follows '=', or NULL. */
static void option_words_key(const char *word, char *key, const char **value)
{
    while (*word == '-') word++;
    size_t length = strcspn(word, "=");
    *value = word[length] ? word + length + 1 : NULL;
    snprintf(key, KEY_MAX, "%.*s", (int)(length < KEY_MAX ? length : KEY_MAX), word);
    for (char *at = key; *at; at++)
        if (*at == '-') *at = '_';
    if (strcmp(key, "o") == 0) snprintf(key, KEY_MAX, "output");
}

/* Copies of key and place; both are released with the list. */
static nn_status option_words_append(nn_option_words *words, const char *key, nn_text *place,
                                     const nn_config_word *word)
{
    char *copied_key = NULL, *copied_place = NULL;
    if (place->failed) NN_FAIL(NN_ERROR_MEMORY, "out of memory for the command line");
    NN_TRY(nn_reallocate((void **)&words->items, words->count, words->count + 1, sizeof *words->items,
                         "the command line"));
    nn_status status = nn_copy_text(key, &copied_key);
    if (status == NN_OK) status = nn_copy_text(place->bytes, &copied_place);
    if (status != NN_OK) {
        nn_free(copied_key);
        return status;
    }
    words->items[words->count] = *word;
    words->items[words->count].key = copied_key;
    words->items[words->count++].place = copied_place;
    return NN_OK;
}

nn_status nn_option_words_add(nn_option_words *words, const char *command, const nn_option *const *tables,
                              int argc, char **argv, int *used)
{
    char key[KEY_MAX];
    const char *value;
    nn_text place = {0};
    *used = 1;
    option_words_key(argv[0], key, &value);
    const nn_option *option = option_words_find(tables, key);
    nn_text_append(&place, "%s", argv[0]);
    if (!value && option && option->kind == NN_OPTION_BOOLEAN) {
        value = "true";
    } else if (!value && argc > 1) {
        value = argv[1];
        *used = 2;
        nn_text_append(&place, " %s", value);
    } else if (!value) {
        nn_text_free(&place);
        NN_FAIL(NN_ERROR_USAGE, "%s: %s needs a value: %s VALUE", command, argv[0], argv[0]);
    }
    bool list = option && option->kind == NN_OPTION_TEXT_LIST;
    nn_status status =
        option_words_append(words, key, &place, &(nn_config_word){.value = value, .list = list});
    nn_text_free(&place);
    return status;
}

void nn_option_words_release(nn_option_words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        nn_free((void *)words->items[i].key);
        nn_free((void *)words->items[i].place);
    }
    nn_free(words->items);
    *words = (nn_option_words){0};
}
