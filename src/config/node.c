/* The arena of a configuration, and the nodes that live in it. */
#include "config/config_internal.h"

#include <stdalign.h>
#include <string.h>

#include "base/memory.h"

typedef struct nn_config_chunk {
    struct nn_config_chunk *next;
    size_t used, size;
} nn_config_chunk;

#define CHUNK_SIZE ((size_t)16384)

static size_t node_align(size_t size)
{
    size_t unit = alignof(max_align_t);
    return (size + unit - 1) / unit * unit;
}

nn_status nn_config_create(nn_config **config)
{
    NN_TRY(NN_ALLOCATE(config, 1, "the configuration"));
    (*config)->nodes_max = NN_CONFIG_NODES_MAX;
    (*config)->key_max = NN_CONFIG_KEY_MAX;
    return NN_OK;
}

void nn_config_destroy(nn_config *config)
{
    if (config == NULL) return;
    nn_config_chunk *chunk = config->chunks;
    while (chunk != NULL) {
        nn_config_chunk *next = chunk->next;
        nn_free(chunk);
        chunk = next;
    }
    nn_free(config);
}

nn_status nn_config_allocate(nn_config *config, size_t size, void **block)
{
    size_t header = node_align(sizeof(nn_config_chunk));
    size = node_align(size);
    nn_config_chunk *chunk = config->chunks;
    if (chunk == NULL || chunk->size - chunk->used < size) {
        size_t chunk_size = header + (size > CHUNK_SIZE ? size : CHUNK_SIZE);
        NN_TRY(nn_allocate((void **)&chunk, chunk_size, 1, "the configuration"));
        *chunk = (nn_config_chunk){.next = config->chunks, .used = header, .size = chunk_size};
        config->chunks = chunk;
    }
    *block = (char *)chunk + chunk->used;
    chunk->used += size;
    return NN_OK;
}

nn_status nn_config_grow(nn_config *config, void *array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity) return NN_OK;
    size_t larger = *capacity == 0 ? 4 : 2 * *capacity;
    void *block;
    NN_TRY(nn_config_allocate(config, larger * size, &block));
    void *old;
    memcpy(&old, array, sizeof old);
    if (count > 0) memcpy(block, old, count * size);
    memcpy(array, &block, sizeof block);
    *capacity = larger;
    return NN_OK;
}

nn_status nn_config_copy(nn_config *config, const char *bytes, size_t length, char **copy)
{
    void *block;
    NN_TRY(nn_config_allocate(config, length + 1, &block));
    memcpy(block, bytes, length);
    *copy = block;
    return NN_OK;
}

nn_status nn_config_add_source(nn_config *config, const char *name, bool has_lines,
                               const nn_config_source **source)
{
    void *block;
    char *copy;
    NN_TRY(nn_config_allocate(config, sizeof(nn_config_source), &block));
    NN_TRY(nn_config_copy(config, name, strlen(name), &copy));
    nn_config_source *added = block;
    *added = (nn_config_source){.name = copy, .number = config->source_count++, .has_lines = has_lines};
    *source = added;
    return NN_OK;
}

nn_status nn_config_new_node(nn_config *config, nn_config_position position, nn_config_kind kind,
                             nn_config_node **node)
{
    void *block;
    NN_TRY(nn_config_allocate(config, sizeof(nn_config_node), &block));
    *node = block;
    **node = (nn_config_node){.config = config, .position = position, .kind = kind};
    config->node_count++;
    return NN_OK;
}

nn_status nn_config_new_scalar(nn_config *config, nn_config_position position, const char *text, bool quoted,
                               nn_config_node **node)
{
    char *copy;
    NN_TRY(nn_config_new_node(config, position, NN_CONFIG_SCALAR, node));
    NN_TRY(nn_config_copy(config, text, strlen(text), &copy));
    (*node)->quoted = quoted;
    nn_config_set_text(*node, copy);
    return NN_OK;
}

void nn_config_set_text(nn_config_node *scalar, const char *text)
{
    static const char *const nulls[] = {"~", "null", "Null", "NULL"};
    scalar->text = text;
    for (size_t i = 0; !scalar->quoted && i < sizeof nulls / sizeof nulls[0]; i++)
        if (strcmp(text, nulls[i]) == 0) scalar->text = "";
}

nn_status nn_config_add_entry(nn_config_node *node, nn_config_node *key, nn_config_node *value)
{
    NN_TRY(nn_config_grow(node->config, &node->entries, node->count, &node->capacity, sizeof *node->entries));
    node->entries[node->count++] = (nn_config_entry){.key = key, .value = value};
    return NN_OK;
}

nn_config_entry *nn_config_find(const nn_config_node *node, const char *key)
{
    if (node == NULL || node->kind != NN_CONFIG_MAPPING) return NULL;
    for (size_t i = 0; i < node->count; i++)
        if (strcmp(node->entries[i].key->text, key) == 0) return &node->entries[i];
    return NULL;
}

bool nn_config_is_null(const nn_config_node *node)
{
    return node->kind == NN_CONFIG_SCALAR && !node->quoted && !node->broken && node->text[0] == '\0';
}

size_t nn_config_height(const nn_config_node *node)
{
    size_t highest = 0;
    for (size_t i = 0; i < node->count; i++) {
        size_t height = nn_config_height(node->entries[i].value);
        if (height > highest) highest = height;
    }
    return highest + 1;
}

void nn_config_keep_failure(nn_config *config, nn_status status)
{
    if (config->failure == NN_OK) config->failure = status;
}
