/* --set a.b.c=VALUE: follows the path, creating mappings where there are none, and puts the value there. */
#include <string.h>

#include "config/config_internal.h"

/* Levels from a list to that of a repeat in it: entry, options, layers. */
#define OVERRIDE_REPEAT_LEVELS 3

typedef struct override_walk {
    nn_config *config;
    nn_config_node *place; /* the override in messages */
    const char *path;      /* dotted path of the override */
    size_t walked;         /* bytes of it that lead to `at` */
    nn_config_node *at;
    const char
        *type;    /* of the layer whose options `at` is, if that was the last segment: its name may follow */
    size_t depth; /* of `at`; the root has 1 */
} override_walk;

static nn_status override_wrong(const override_walk *walk, const char *segment)
{
    char shown[NN_CONFIG_SHOWN_SIZE];
    nn_config_error(walk->config, walk->place,
                    "%.*s has no unique entry '%s'; use a name, a number from 0, or a type that occurs once "
                    "(%zu entries)",
                    (int)walk->walked, walk->path, nn_config_show(shown, segment), walk->at->count);
    return NN_ERROR_USAGE;
}

static nn_status override_add(override_walk *walk, nn_config_node *mapping, const char *key,
                              nn_config_node *value)
{
    nn_config_node *key_node;
    NN_TRY(nn_config_new_scalar(walk->config, walk->place->position, key, true, &key_node));
    key_node->quoted = false; /* never null; unquoted so that it is emitted plainly */
    return nn_config_add_entry(mapping, key_node, value);
}

/*
 * A scalar that a path goes through becomes a mapping. If the path repeats its word, it is a choice without
 * options: adam becomes {adam: }. Otherwise it is the short form of the first option, kept under the empty
 * key: 0.2 becomes {"": 0.2}.
 */
static nn_status override_open(override_walk *walk, nn_config_node *scalar, const char *segment)
{
    nn_config_node old = *scalar, *value, *key;
    bool is_choice = strcmp(old.text, segment) == 0;
    *scalar = (nn_config_node){.config = old.config, .position = old.position, .kind = NN_CONFIG_MAPPING};
    if (nn_config_is_null(&old)) return NN_OK;
    NN_TRY(nn_config_new_scalar(walk->config, old.position, is_choice ? old.text : "",
                                is_choice ? old.quoted : true, &key));
    NN_TRY(nn_config_new_scalar(walk->config, old.position, is_choice ? "" : old.text,
                                is_choice ? false : old.quoted, &value));
    value->broken = old.broken;
    return nn_config_add_entry(scalar, key, value);
}

/* Whether the segment repeats the type of the layer just entered: network.0.dense.units. */
static bool override_repeats_type(const override_walk *walk, const char *segment)
{
    return walk->type != NULL && strcmp(walk->type, segment) == 0 &&
           nn_config_find(walk->at, segment) == NULL;
}

/* Enters the options of a layer. */
static nn_status override_enter_layer(override_walk *walk, const char *segment)
{
    size_t level;
    nn_config_entry *entry = nn_config_match_layer(walk->at, segment, &level);
    if (entry == NULL) return override_wrong(walk, segment);
    walk->depth += level * OVERRIDE_REPEAT_LEVELS;
    nn_config_node *layer = entry->value;
    walk->type = nn_config_layer_type(layer);
    walk->at = layer;
    walk->depth++;
    if (walk->type == NULL) return NN_OK;
    if (layer->kind == NN_CONFIG_SCALAR) NN_TRY(override_open(walk, layer, layer->text));
    if (layer->count == 0) return NN_OK; /* it was null */
    walk->at = layer->entries[0].value;
    walk->depth++;
    return NN_OK;
}

static nn_status override_enter(override_walk *walk, const char *segment)
{
    if (walk->at->kind == NN_CONFIG_LIST) return override_enter_layer(walk, segment);
    bool stays = override_repeats_type(walk, segment);
    walk->type = NULL;
    if (stays) return NN_OK;
    if (walk->at->kind == NN_CONFIG_SCALAR) NN_TRY(override_open(walk, walk->at, segment));
    nn_config_entry *entry = nn_config_find(walk->at, segment);
    walk->depth++;
    if (entry != NULL) {
        walk->at = entry->value;
        return NN_OK;
    }
    nn_config_node *added;
    NN_TRY(nn_config_new_node(walk->config, walk->place->position, NN_CONFIG_MAPPING, &added));
    NN_TRY(override_add(walk, walk->at, segment, added));
    walk->at = added;
    return NN_OK;
}

/* Whether this many more levels may be added. */
static nn_status override_check_depth(const override_walk *walk, size_t levels)
{
    if (walk->depth + levels <= NN_CONFIG_DEPTH_MAX) return NN_OK;
    nn_config_error(walk->config, walk->place, "too many levels of nesting: at most %d",
                    (int)NN_CONFIG_DEPTH_MAX);
    return NN_ERROR_USAGE;
}

static nn_status override_set(override_walk *walk, const char *segment, nn_config_node *value)
{
    NN_TRY(override_check_depth(walk, nn_config_height(value)));
    if (override_repeats_type(walk, segment)) {
        *walk->at = *value;
        return NN_OK;
    }
    if (walk->at->kind == NN_CONFIG_SCALAR) NN_TRY(override_open(walk, walk->at, segment));
    bool is_list = walk->at->kind == NN_CONFIG_LIST;
    size_t level = 0;
    nn_config_entry *entry =
        is_list ? nn_config_match_layer(walk->at, segment, &level) : nn_config_find(walk->at, segment);
    if (entry == NULL && is_list) return override_wrong(walk, segment);
    NN_TRY(override_check_depth(walk, nn_config_height(value) + level * OVERRIDE_REPEAT_LEVELS));
    if (entry == NULL) return override_add(walk, walk->at, segment, value);
    entry->value = value;
    return NN_OK;
}

/* Cuts `path` into its segments. */
static nn_status override_walk_to(override_walk *walk, char *path, nn_config_node *value)
{
    for (char *segment = path;;) {
        size_t length = strcspn(segment, ".");
        bool is_last = segment[length] == '\0';
        segment[length] = '\0';
        if (is_last) return override_set(walk, segment, value);
        NN_TRY(override_enter(walk, segment));
        walk->walked = (size_t)(segment - path) + length;
        segment += length + 1;
        NN_TRY(override_check_depth(walk, 1));
    }
}

/* Whether the left side is a list of keys separated by dots; if not, collects the problem. */
static bool override_path_is_good(nn_config *config, const nn_config_node *place, const char *path)
{
    if (strcmp(path, "include") == 0 || strncmp(path, "include.", 8) == 0) {
        nn_config_error(config, place, "include is allowed only in a file");
        return false;
    }
    if (!nn_config_is_utf8(path)) {
        nn_config_error(config, place, "the key is not UTF-8");
        return false;
    }
    for (const char *segment = path;;) {
        size_t length = strcspn(segment, ".");
        if (length == 0 || length > NN_CONFIG_KEY_MAX) {
            nn_config_error(config, place, "expected keys separated by dots, and a value: a.b.c=VALUE");
            return false;
        }
        if (segment[length] == '\0') return true;
        segment += length + 1;
    }
}

/* A node that represents the override in messages. */
static nn_status override_place(nn_config *config, const char *text, nn_config_node **place)
{
    const nn_config_source *source = NULL;
    nn_text name = {0};
    nn_text_append(&name, "--set %s", text);
    if (!name.failed) nn_config_flatten(name.bytes);
    nn_status status = name.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for --set %s", text)
                                   : nn_config_add_source(config, name.bytes, false, &source);
    nn_text_free(&name);
    if (status != NN_OK) return status;
    return nn_config_new_scalar(config, (nn_config_position){.source = source}, "", true, place);
}

nn_status nn_config_override(nn_config *config, const char *text)
{
    nn_config_node *place, *value;
    char *path, *whole;
    size_t length = strcspn(text, "=");
    const char *right = text[length] == '\0' ? "" : text + length + 1;
    NN_TRY(override_place(config, text, &place));
    NN_TRY(
        nn_config_copy(config, text, text[length] == '\0' ? 0 : length, &path)); /* "" is refused as a path */
    NN_TRY(nn_config_copy(config, path, strlen(path), &whole));
    if (!override_path_is_good(config, place, path)) return NN_ERROR_USAGE;
    NN_TRY(nn_config_parse_document(config, place->position.source, right, strlen(right), &value));
    override_walk walk = {.config = config, .place = place, .path = whole, .at = config->root, .depth = 1};
    return override_walk_to(&walk, path, value);
}
