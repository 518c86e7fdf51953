/* Where a dotted path leads: keys of mappings, and layers in lists. */
#include <stdlib.h>
#include <string.h>

#include "config/config_internal.h"

const char *nn_config_layer_type(const nn_config_node *entry)
{
    if (entry->kind == NN_CONFIG_SCALAR) return entry->text;
    return entry->kind == NN_CONFIG_MAPPING && entry->count == 1 ? entry->entries[0].key->text : NULL;
}

const char *nn_config_layer_name(const nn_config_node *entry)
{
    if (entry->kind != NN_CONFIG_MAPPING || entry->count != 1) return NULL;
    const nn_config_entry *name = nn_config_find(entry->entries[0].value, "name");
    return name == NULL ? NULL : nn_config_text(name->value);
}

typedef const char *path_word(const nn_config_node *entry);

/* The layers that a list's entry `repeat: {layers: [...]}` holds; NULL for other entries. */
static const nn_config_node *path_inner(const nn_config_node *entry)
{
    const char *type = nn_config_layer_type(entry);
    if (type == NULL || strcmp(type, "repeat") != 0 || entry->kind != NN_CONFIG_MAPPING) return NULL;
    const nn_config_entry *layers = nn_config_find(entry->entries[0].value, "layers");
    return layers != NULL && layers->value->kind == NN_CONFIG_LIST ? layers->value : NULL;
}

/* Entries with that word, including those within repeats: their number, and the last of them with its level
 * (0: an entry of the list itself). */
static size_t path_find_all(const nn_config_node *list, path_word *word_of, const char *segment, size_t level,
                            nn_config_entry **found, size_t *found_level)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const nn_config_node *inner = path_inner(list->entries[i].value);
        const char *word = word_of(list->entries[i].value);
        if (inner != NULL) count += path_find_all(inner, word_of, segment, level + 1, found, found_level);
        if (word == NULL || strcmp(word, segment) != 0) continue;
        *found = &list->entries[i];
        *found_level = level;
        count++;
    }
    return count;
}

/* The only entry with that word. */
static nn_config_entry *path_unique(const nn_config_node *list, path_word *word_of, const char *segment,
                                    size_t *level)
{
    nn_config_entry *found = NULL;
    return path_find_all(list, word_of, segment, 0, &found, level) == 1 ? found : NULL;
}

static nn_config_entry *path_numbered(const nn_config_node *list, const char *segment)
{
    size_t digits = strlen(segment);
    if (digits == 0 || digits > 9 || strspn(segment, "0123456789") != digits) return NULL;
    unsigned long index = strtoul(segment, NULL, 10);
    return index < list->count ? &list->entries[index] : NULL;
}

nn_config_entry *nn_config_match_layer(const nn_config_node *list, const char *segment, size_t *level)
{
    size_t found_level = 0;
    nn_config_entry *entry = path_unique(list, nn_config_layer_name, segment, &found_level);
    if (entry == NULL) found_level = 0;
    if (entry == NULL) entry = path_numbered(list, segment);
    if (entry == NULL) entry = path_unique(list, nn_config_layer_type, segment, &found_level);
    if (level != NULL) *level = found_level;
    return entry;
}

/* The number of a repetition in a repeat: all of them are the same node. */
static bool path_is_repetition(const nn_config_node *at, const char *segment)
{
    return nn_config_find(at, "layers") != NULL && strspn(segment, "0123456789") == strlen(segment);
}

/* Follows one segment; NULL when there is no such entry. *type is the type of the layer just entered, whose
 * own name may follow. */
static const nn_config_node *path_step(const nn_config_node *at, const char *segment, const char **type)
{
    const char *entered = *type;
    *type = NULL;
    if (at->kind == NN_CONFIG_LIST) {
        const nn_config_entry *entry = nn_config_match_layer(at, segment, NULL);
        if (entry == NULL) return NULL;
        *type = nn_config_layer_type(entry->value);
        bool has_options = entry->value->kind == NN_CONFIG_MAPPING && *type != NULL;
        return has_options ? entry->value->entries[0].value : entry->value;
    }
    const nn_config_entry *entry = nn_config_find(at, segment);
    if (entry != NULL) return entry->value;
    if (entered != NULL && strcmp(entered, segment) == 0) return at;
    if (path_is_repetition(at, segment)) return at;
    const char *word = nn_config_text(at);
    return word != NULL && strcmp(word, segment) == 0 ? at : NULL;
}

const nn_config_node *nn_config_locate(const nn_config *config, const char *path)
{
    char segment[NN_CONFIG_KEY_MAX + 1];
    const nn_config_node *at = config->root, *next = at;
    const char *type = NULL;
    while (next != NULL && *path != '\0') {
        size_t length = strcspn(path, ".");
        if (length > NN_CONFIG_KEY_MAX) break;
        memcpy(segment, path, length);
        segment[length] = '\0';
        path += length + (path[length] == '.');
        next = path_step(at, segment, &type);
        if (next != NULL) at = next;
    }
    return at == config->root ? NULL : at;
}
