/* The section data: parts, split, window and fields. */
#include "settings/settings_data.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "settings/settings_augment.h"

static const char *const part_names[NN_PARTS] = {"train", "validation", "test"};

/* ---- datasets of a part ---- */

/* {file: FILE, path: DATASET}: a dataset in a separate file. */
static bool settings_has_own_file(nn_config_node *node)
{
    return node && nn_config_kind_of(node) == NN_CONFIG_MAPPING &&
           (nn_config_get(node, "path") || nn_config_get(node, "file"));
}

static void settings_check_own_file(nn_config *config, nn_config_node *node)
{
    static const char *const keys[] = {"file", "path", NULL};
    for (size_t i = 0; i < nn_config_count(node); i++) {
        const char *key = nn_config_key(node, i);
        if (!key || (strcmp(key, "file") != 0 && strcmp(key, "path") != 0))
            nn_config_unknown(config, nn_config_item(node, i), "key", key ? key : "", keys);
    }
    if (!nn_config_get(node, "file"))
        nn_config_error(
            config, node,
            "{path: DATASET} needs a file: {file: FILE, path: DATASET}; for a dataset in the part's "
            "files give only its path");
}

static void settings_add_name(nn_config *config, nn_config_node *node, const char *name, nn_data_names *names)
{
    const char *file = NULL;
    if (settings_has_own_file(node)) {
        settings_check_own_file(config, node);
        if (nn_config_get(node, "file")) file = nn_config_text(nn_config_get(node, "file"));
        if (nn_config_get(node, "file") && (!file || !*file)) {
            nn_config_error(config, nn_config_get(node, "file"),
                            "needs one file, or a pattern such as labels-*.h5");
            return;
        }
        node = nn_config_get(node, "path");
    }
    const char *dataset = node && nn_config_kind_of(node) == NN_CONFIG_SCALAR ? nn_config_text(node) : NULL;
    if (!dataset || !*dataset) {
        nn_config_error(config, node,
                        "needs the path of a dataset, such as train/data, or {file: FILE, path: DATASET}");
        return;
    }
    if (names->count == NN_DATA_FIELDS) {
        nn_config_error(config, node, "more than %d datasets", NN_DATA_FIELDS);
        return;
    }
    char *copy = NULL;
    if (!nn_config_check(config, node, nn_copy_text(dataset, &copy)) ||
        !nn_config_check(config, node, nn_copy_text(name, &names->names[names->count]))) {
        nn_free(copy);
        return;
    }
    if (file) nn_config_check(config, node, nn_copy_text(file, &names->files[names->count]));
    names->datasets[names->count++] = copy;
}

/* One dataset, or a mapping of names to datasets. */
static void settings_read_names(nn_config *config, nn_config_node *part, const char *path, const char *key,
                                nn_data_names *names)
{
    char full[96];
    nn_config_node *node = nn_config_get(part, key);
    if (!node) return;
    if (nn_config_kind_of(node) != NN_CONFIG_MAPPING || settings_has_own_file(node)) {
        settings_add_name(config, node, key, names);
    } else {
        for (size_t i = 0; i < nn_config_count(node); i++)
            settings_add_name(config, nn_config_item(node, i), nn_config_key(node, i), names);
    }
    for (int i = 0; i < names->count; i++) {
        snprintf(full, sizeof full, "%s.%s.%s", path, key, names->names[i]);
        nn_config_record(config, full, names->datasets[i], NN_EFFECT_RESULT);
        snprintf(full, sizeof full, "%s.%s.%s.file", path, key, names->names[i]);
        if (names->files[i]) nn_config_record(config, full, names->files[i], NN_EFFECT_SPEED);
    }
}

static void settings_read_part(nn_config *config, nn_config_node *data, int p, nn_part_options *part)
{
    static const char *const keys[] = {"x", "y", NULL};
    char path[64];
    snprintf(path, sizeof path, "data.%s", part_names[p]);
    nn_config_node *node = nn_config_get(data, part_names[p]);
    if (!node && p != NN_TRAIN) return;
    nn_config_read(config, node, path, nn_part_options_table, NULL, keys, part);
    if (!node) {
        nn_config_error(config, data,
                        "data.train: is missing; give its datasets, such as train: {x: x_train, y: y_train}");
        return;
    }
    settings_read_names(config, node, path, "x", &part->x);
    settings_read_names(config, node, path, "y", &part->y);
}

/* ---- fields ---- */

static void settings_read_field(nn_config *config, nn_config_node *node, const char *name,
                                nn_data_fields_options *fields)
{
    static const char *const keys[] = {"augment", NULL};
    char path[96];
    if (fields->count == NN_DATA_FIELDS) {
        nn_config_error(config, node, "more than %d fields", NN_DATA_FIELDS);
        return;
    }
    nn_data_field_options *field = &fields->fields[fields->count];
    if (!nn_config_check(config, node, nn_copy_text(name, &fields->names[fields->count]))) return;
    fields->count++;
    snprintf(path, sizeof path, "data.fields.%s", name);
    nn_config_read(config, node, path, nn_data_field_options_table, NULL, keys, field);
    snprintf(path, sizeof path, "data.fields.%s.augment", name);
    nn_settings_read_augment(config, nn_config_get(node, "augment"), path, field->augment.transforms,
                             &field->augment.count);
}

/* Whether a part has a field of this name. */
static bool settings_has_field(const nn_data_options *data, const char *name)
{
    if (strcmp(name, "x") == 0 || strcmp(name, "y") == 0) return true;
    for (int p = 0; p < NN_PARTS; p++) {
        const nn_data_names *const both[] = {&data->parts[p].x, &data->parts[p].y};
        for (int b = 0; b < 2; b++)
            for (int i = 0; i < both[b]->count; i++)
                if (strcmp(both[b]->names[i], name) == 0) return true;
    }
    return false;
}

static void settings_read_fields(nn_config *config, nn_config_node *node, nn_data_options *data)
{
    for (size_t i = 0; node && i < nn_config_count(node); i++) {
        const char *name = nn_config_key(node, i);
        nn_config_node *field = nn_config_item(node, i);
        if (name && settings_has_field(data, name)) {
            settings_read_field(config, field, name, &data->fields);
            continue;
        }
        const char *names[2 * NN_DATA_FIELDS + 3] = {"x", "y"};
        int count = 2;
        for (int n = 0; n < data->parts[NN_TRAIN].x.count; n++)
            names[count++] = data->parts[NN_TRAIN].x.names[n];
        for (int n = 0; n < data->parts[NN_TRAIN].y.count; n++)
            names[count++] = data->parts[NN_TRAIN].y.names[n];
        nn_config_unknown(config, field, "field", name ? name : "", names);
    }
}

/* ---- the section ---- */

void nn_settings_read_data(nn_config *config, nn_config_node *root, nn_data_options *data)
{
    static const char *const sections[] = {"train", "validation", "test", "split", "window", "fields", NULL};
    nn_config_node *node = nn_config_get(root, "data");
    if (!node) {
        nn_config_error(config, NULL,
                        "data: is missing; it names the file and the datasets, such as {file: data.h5, "
                        "train: {x: x_train, y: y_train}}");
        return;
    }
    nn_config_read(config, node, "data", nn_data_options_table, NULL, sections, data);
    for (int p = 0; p < NN_PARTS; p++) settings_read_part(config, node, p, &data->parts[p]);
    nn_config_read(config, nn_config_get(node, "split"), "data.split", nn_split_options_table, NULL, NULL,
                   &data->split);
    nn_config_node *window = nn_config_get(node, "window");
    nn_config_read(config, window, "data.window", nn_data_window_options_table, NULL, NULL, &data->window);
    if (window && data->window.length == 0)
        nn_config_error(config, window, "data.window.length: is missing; give the number of rows per window");
    settings_read_fields(config, nn_config_get(node, "fields"), data);
}
