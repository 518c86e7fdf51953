/* The section data: parts, split, window and fields. */
#include "settings/settings_data.h"

#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "base/memory.h"
#include "settings/settings_augment.h"
#include "settings/settings_in_place.h"

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

/* One file or pattern, or a list of them. */
static bool settings_read_files(nn_config *config, nn_config_node *node, nn_text_list *files)
{
    bool list = nn_config_kind_of(node) == NN_CONFIG_LIST;
    size_t count = list ? nn_config_count(node) : 1;
    bool read = count > 0;
    for (size_t i = 0; i < count && read; i++) {
        nn_config_node *item = list ? nn_config_item(node, i) : node;
        const char *name = nn_config_kind_of(item) == NN_CONFIG_SCALAR ? nn_config_text(item) : NULL;
        read = name && *name && nn_config_check(config, item, nn_list_add(files, name));
    }
    if (!read)
        nn_config_error(config, node, "needs a file, a list of files, or a pattern such as labels-*.h5");
    return read;
}

/* A dataset, or a list of several that are joined: "[a, b]". */
static const char *settings_dataset(nn_config *config, nn_config_node *node, nn_text *joined)
{
    if (!node) return NULL;
    if (nn_config_kind_of(node) == NN_CONFIG_SCALAR) return nn_config_text(node);
    if (nn_config_kind_of(node) != NN_CONFIG_LIST || nn_config_count(node) == 0) return NULL;
    for (size_t i = 0; i < nn_config_count(node); i++) {
        nn_config_node *item = nn_config_item(node, i);
        const char *name = nn_config_kind_of(item) == NN_CONFIG_SCALAR ? nn_config_text(item) : NULL;
        if (!name || !*name) return NULL;
        nn_text_append(joined, "%s%s", i == 0 ? "[" : ", ", name);
    }
    nn_text_append(joined, "]");
    if (joined->failed) nn_config_error(config, node, "out of memory for a list of datasets");
    return joined->failed ? NULL : joined->bytes;
}

/* A dataset, or {file: FILE, path: DATASET} with a file, a list of files or a pattern. *dataset stays NULL if
 * it cannot be used. */
static void settings_read_dataset(nn_config *config, nn_config_node *node, nn_text_list *files,
                                  char **dataset)
{
    nn_text joined = {0};
    if (settings_has_own_file(node)) {
        settings_check_own_file(config, node);
        if (nn_config_get(node, "file") && !settings_read_files(config, nn_config_get(node, "file"), files))
            return;
        node = nn_config_get(node, "path");
    }
    const char *name = settings_dataset(config, node, &joined);
    if (name && *name)
        nn_config_check(config, node, nn_copy_text(name, dataset));
    else
        nn_config_error(config, node,
                        "needs the path of a dataset, such as train/data, or {file: FILE, path: DATASET}");
    nn_text_free(&joined);
}

static void settings_add_name(nn_config *config, nn_config_node *node, const char *name, nn_data_names *names)
{
    if (names->count == NN_DATA_FIELDS) {
        nn_config_error(config, node, "more than %d datasets", NN_DATA_FIELDS);
        return;
    }
    char **dataset = &names->datasets[names->count];
    settings_read_dataset(config, node, &names->files[names->count], dataset);
    if (*dataset && nn_config_check(config, node, nn_copy_text(name, &names->names[names->count]))) {
        names->count++;
        return;
    }
    nn_free(*dataset);
    *dataset = NULL;
    nn_list_release(&names->files[names->count]);
}

static void settings_record_files(nn_config *config, const char *path, const nn_text_list *files)
{
    nn_text text = {0};
    nn_list_append(files, &text);
    if (files->count > 0) nn_config_record(config, path, text.bytes ? text.bytes : "", NN_EFFECT_SPEED);
    nn_text_free(&text);
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
        settings_record_files(config, full, &names->files[i]);
    }
}

/* A dataset with something about each sample; it may be left out. */
static void settings_read_per_sample(nn_config *config, nn_config_node *section, const char *path,
                                     const char *key, nn_text_list *files, char **dataset)
{
    char full[96];
    nn_config_node *node = nn_config_get(section, key);
    bool given = node && !(nn_config_text(node) && !*nn_config_text(node));
    if (given) settings_read_dataset(config, node, files, dataset);
    snprintf(full, sizeof full, "%s.%s", path, key);
    nn_config_record(config, full, *dataset ? *dataset : "", NN_EFFECT_RESULT);
    snprintf(full, sizeof full, "%s.%s.file", path, key);
    settings_record_files(config, full, files);
}

static void settings_read_part(nn_config *config, nn_config_node *data, int p, nn_part_options *part)
{
    static const char *const keys[] = {"x", "y", "lengths", "weights", NULL};
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
    settings_read_per_sample(config, node, path, "lengths", &part->lengths_files, &part->lengths);
    settings_read_per_sample(config, node, path, "weights", &part->weights_files, &part->weights);
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

/* ---- split ---- */

static void settings_check_folds(nn_config *config, nn_config_node *node, const nn_split_options *split)
{
    nn_config_node *folds = nn_config_get(node, "folds"), *fold = nn_config_get(node, "fold");
    if (split->folds == 1)
        nn_config_error(config, folds,
                        "data.split.folds: one fold leaves nothing to train on: use 2 or more");
    else if (split->folds > 0 && !fold)
        nn_config_error(config, folds, "data.split.fold: is missing; give the fold to validate on, 1 to %lld",
                        (long long)split->folds);
    else if (split->folds > 0 && (split->fold < 1 || split->fold > split->folds))
        nn_config_error(config, fold, "data.split.fold: folds are counted from 1 to %lld: there is no %lld",
                        (long long)split->folds, (long long)split->fold);
    else if (split->folds == 0 && split->fold != 0)
        nn_config_error(config, fold, "data.split.fold: needs data.split.folds, the number of folds");
    if (split->folds > 0 && split->validation > 0)
        nn_config_error(config, nn_config_get(node, "validation"),
                        "data.split.validation: cannot be used with folds: the fold is the validation part; "
                        "remove one of them");
}

/* After a mistake the nearest split without it takes its place, so that no problem of the data follows from
 * it. */
static void settings_read_split(nn_config *config, nn_config_node *node, nn_split_options *split)
{
    size_t problems = nn_config_problem_count(config);
    static const char *const keys[] = {"group", NULL};
    nn_config_read(config, node, "data.split", nn_split_options_table, NULL, keys, split);
    settings_read_per_sample(config, node, "data.split", "group", &split->group_files, &split->group);
    if (nn_config_problem_count(config) == problems) settings_check_folds(config, node, split);
    if (nn_config_problem_count(config) == problems) return;
    if (split->folds == 1) split->folds = 2;
    if (split->folds == 0)
        split->fold = 0;
    else if (split->fold < 1 || split->fold > split->folds)
        split->fold = 1;
    if (split->folds > 0) split->validation = 0;
}

/* ---- the section ---- */

void nn_settings_read_data(nn_config *config, nn_config_node *root, nn_data_options *data)
{
    static const char *const sections[] = {"train",  "validation", "test",     "split",
                                           "window", "fields",     "in_place", NULL};
    nn_config_node *node = nn_config_get(root, "data");
    if (!node) {
        nn_config_error(config, NULL,
                        "data: is missing; it names the file and the datasets, such as {file: data.h5, "
                        "train: {x: x_train, y: y_train}}");
        return;
    }
    nn_config_read(config, node, "data", nn_data_options_table, NULL, sections, data);
    nn_config_node *in_place = nn_config_get(node, "in_place");
    if (in_place) {
        nn_settings_read_in_place(config, node, data);
        settings_read_fields(config, nn_config_get(node, "fields"), data);
        return;
    }
    for (int p = 0; p < NN_PARTS; p++) settings_read_part(config, node, p, &data->parts[p]);
    settings_read_split(config, nn_config_get(node, "split"), &data->split);
    nn_config_node *window = nn_config_get(node, "window");
    nn_config_read(config, window, "data.window", nn_data_window_options_table, NULL, NULL, &data->window);
    if (window && data->window.length == 0)
        nn_config_error(config, window, "data.window.length: is missing; give the number of rows per window");
    settings_read_fields(config, nn_config_get(node, "fields"), data);
}
