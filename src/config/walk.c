/* How readers walk the tree of a configuration, and which keys of the root they ask for. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_internal.h"

/* Kept for nn_config_finish, which suggests the nearest of them for an unknown key. */
static void walk_remember(nn_config *config, const char *key)
{
    for (size_t i = 0; i < config->asked_count; i++)
        if (strcmp(config->asked[i], key) == 0) return;
    char *copy;
    nn_status status = nn_config_copy(config, key, strlen(key), &copy);
    if (status == NN_OK)
        status = nn_config_grow(config, &config->asked, config->asked_count, &config->asked_capacity,
                                sizeof *config->asked);
    if (status == NN_OK)
        config->asked[config->asked_count++] = copy;
    else
        nn_config_keep_failure(config, status);
}

const char *nn_config_path(const nn_config *config)
{
    return config->from_file ? config->main_source->name : NULL;
}

nn_config_node *nn_config_root(nn_config *config)
{
    return config->root;
}

nn_config_node *nn_config_get(nn_config_node *node, const char *key)
{
    if (node == NULL) return NULL;
    if (node == node->config->root) walk_remember(node->config, key);
    nn_config_entry *entry = nn_config_find(node, key);
    if (entry == NULL) return NULL;
    entry->known = true;
    return entry->value;
}

nn_config_kind nn_config_kind_of(const nn_config_node *node)
{
    return node->kind;
}

size_t nn_config_count(const nn_config_node *node)
{
    return node == NULL ? 0 : node->count;
}

nn_config_node *nn_config_item(nn_config_node *node, size_t index)
{
    if (node == NULL || index >= node->count) return NULL;
    node->entries[index].known = true;
    return node->entries[index].value;
}

const char *nn_config_key(const nn_config_node *node, size_t index)
{
    if (node == NULL || node->kind != NN_CONFIG_MAPPING || index >= node->count) return NULL;
    return node->entries[index].key->text;
}

const char *nn_config_text(const nn_config_node *node)
{
    return node == NULL || node->kind != NN_CONFIG_SCALAR ? NULL : node->text;
}

double nn_config_number(const nn_config_node *node)
{
    const char *text = nn_config_text(node);
    char *end;
    if (text == NULL || *text == '\0') return (double)NAN;
    double number = strtod(text, &end);
    return *end == '\0' ? number : (double)NAN;
}

const char *nn_config_place(const nn_config_node *node)
{
    return node == NULL ? "the configuration" : nn_config_position_text(node->config, node->position);
}
