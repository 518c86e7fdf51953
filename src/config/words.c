/* Options of a command line as a configuration: a mapping from keys to values. */
#include <string.h>

#include "config/config_internal.h"

/* Splits the value at its commas; \, is a literal comma. */
static nn_status words_split(nn_config *config, nn_config_position position, const char *value,
                             nn_config_node **list)
{
    char *item, *end;
    NN_TRY(nn_config_new_node(config, position, NN_CONFIG_LIST, list));
    if (value[0] == '\0') return NN_OK;
    NN_TRY(nn_config_copy(config, value, strlen(value), &item));
    for (char *from = item; from; from = end) {
        nn_config_node *entry;
        char *to = from, *begin = from;
        while (*from && *from != ',') {
            if (from[0] == '\\' && from[1] == ',') from++;
            *to++ = *from++;
        }
        end = *from ? from + 1 : NULL;
        *to = '\0';
        NN_TRY(nn_config_new_scalar(config, position, begin, true, &entry));
        NN_TRY(nn_config_add_entry(*list, NULL, entry));
    }
    return NN_OK;
}

static nn_status words_add(nn_config *config, const nn_config_word *word)
{
    nn_config_position position = {.source = NULL};
    nn_config_node *key, *value;
    NN_TRY(nn_config_add_source(config, word->place, false, &position.source));
    if (!nn_config_is_utf8(word->key) || !nn_config_is_utf8(word->value))
        NN_FAIL(NN_ERROR_USAGE, "%s: this is not UTF-8", word->place);
    if (word->list)
        NN_TRY(words_split(config, position, word->value, &value));
    else
        NN_TRY(nn_config_new_scalar(config, position, word->value, true, &value));
    if (nn_config_find(config->root, word->key))
        NN_FAIL(NN_ERROR_USAGE, "%s: this option is given twice: remove one of them%s", word->place,
                word->list ? "; several values are separated by commas" : "");
    NN_TRY(nn_config_new_scalar(config, position, word->key, true, &key));
    return nn_config_add_entry(config->root, key, value);
}

static nn_status words_fill(nn_config *config, const char *name, const nn_config_word *words, size_t count)
{
    nn_config_position position = {.source = NULL};
    NN_TRY(nn_config_add_source(config, name, false, &config->main_source));
    position.source = config->main_source;
    NN_TRY(nn_config_new_node(config, position, NN_CONFIG_MAPPING, &config->root));
    for (size_t i = 0; i < count; i++) NN_TRY(words_add(config, &words[i]));
    return NN_OK;
}

nn_status nn_config_from_words(const char *name, const nn_config_word *words, size_t count,
                               nn_config **config)
{
    nn_config *created;
    *config = NULL;
    NN_TRY(nn_config_create(&created));
    nn_status status = words_fill(created, name, words, count);
    if (status == NN_OK)
        *config = created;
    else
        nn_config_destroy(created);
    return status;
}
