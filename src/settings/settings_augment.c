/* A list of transforms, read through their tables. */
#include "settings/settings_augment.h"

#include <stdio.h>

#include "base/memory.h"

#define PATH_SIZE 256

static void augment_read_entry(nn_config *config, nn_config_node *node, const char *path,
                               nn_transform *transforms, int *count)
{
    nn_config_node *options_node = NULL;
    const char *word = nn_config_read_choice(config, node, &options_node);
    if (!word) return;
    int number = nn_transform_find(word);
    if (number < 0) {
        nn_config_unknown_type(config, node, "transform", word, (const void *const *)nn_transform_types());
        return;
    }
    if (*count == NN_TRANSFORMS) {
        nn_config_error(config, node, "%s: at most %d transforms", path, NN_TRANSFORMS);
        return;
    }
    const nn_transform_type *type = nn_transform_types()[number];
    nn_transform *transform = &transforms[*count];
    if (!nn_config_check(
            config, node,
            nn_allocate(&transform->options, type->options_size, 1, "the options of a transform")))
        return;
    transform->type = number;
    char entry_path[PATH_SIZE];
    snprintf(entry_path, sizeof entry_path, "%s.%d.%s", path, *count, type->name);
    (*count)++;
    nn_config_read(config, options_node, entry_path, type->options, NULL, NULL, transform->options);
}

/* The order matters: a resumed run must have the same. */
static void augment_record(nn_config *config, const char *path, const nn_transform *transforms, int count)
{
    nn_text names = {0};
    for (int t = 0; t < count; t++)
        nn_text_append(&names, "%s%s", t ? ", " : "", nn_transform_types()[transforms[t].type]->name);
    nn_config_record(config, path, names.bytes ? names.bytes : "", NN_EFFECT_RESULT);
    nn_text_free(&names);
}

void nn_settings_read_augment(nn_config *config, nn_config_node *list, const char *path,
                              nn_transform *transforms, int *count)
{
    *count = 0;
    if (list && nn_config_kind_of(list) == NN_CONFIG_MAPPING && nn_config_count(list) > 1)
        nn_config_error(config, list, "%s: give several transforms as a list, in order: [flip, shift: 2]",
                        path);
    else if (list && nn_config_kind_of(list) != NN_CONFIG_LIST)
        augment_read_entry(config, list, path, transforms, count);
    else if (list)
        for (size_t i = 0; i < nn_config_count(list); i++)
            augment_read_entry(config, nn_config_item(list, i), path, transforms, count);
    augment_record(config, path, transforms, *count);
}
