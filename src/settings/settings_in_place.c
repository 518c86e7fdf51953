/* Training in place: the section data.in_place, and the sections that depend on it. */
#include "settings/settings_in_place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Samples have at most this many dimensions: the first one of an array counts them. */
#define IN_PLACE_DIMENSIONS (NN_MAX_DIMENSIONS - 1)

/* ---- shapes ---- */

static void in_place_add_extent(nn_config *config, nn_config_node *node, nn_shape *shape)
{
    const char *word = nn_config_text(node);
    char *end = NULL;
    long long extent = word ? strtoll(word, &end, 10) : 0;
    if (!word || end == word || *end || extent < 1 || extent > INT32_MAX)
        nn_config_error(config, node, "an extent of a shape is a number from 1 on, not '%s'",
                        word ? word : "a list");
    else if (shape->dimensions == IN_PLACE_DIMENSIONS)
        nn_config_error(config, node, "samples have at most %d dimensions", IN_PLACE_DIMENSIONS);
    else
        shape->extents[shape->dimensions++] = extent;
}

static void in_place_add(nn_config *config, nn_config_node *node, const char *key, const char *name,
                         nn_data_names *names, nn_shape *shapes)
{
    char path[96], text[NN_SHAPE_TEXT];
    if (names->count == NN_DATA_FIELDS) {
        nn_config_error(config, node, "more than %d fields", NN_DATA_FIELDS);
        return;
    }
    nn_shape *shape = &shapes[names->count];
    *shape = (nn_shape){0};
    if (nn_config_kind_of(node) == NN_CONFIG_MAPPING) {
        nn_config_error(config, node, "data.in_place.%s.%s: needs a shape, such as [4], or [] for one number",
                        key, name);
        return;
    }
    if (nn_config_kind_of(node) == NN_CONFIG_SCALAR) in_place_add_extent(config, node, shape);
    for (size_t i = 0; i < nn_config_count(node); i++)
        in_place_add_extent(config, nn_config_item(node, i), shape);
    /* Files that a network is used with later have datasets of these names. */
    if (!nn_config_check(config, node, nn_copy_text(name, &names->names[names->count])) ||
        !nn_config_check(config, node, nn_copy_text(name, &names->datasets[names->count])))
        return;
    names->count++;
    snprintf(path, sizeof path, "data.in_place.%s.%s", key, name);
    nn_config_record(config, path, nn_shape_text(text, *shape), NN_EFFECT_RESULT);
}

/* One shape, or a mapping of names to shapes. */
static void in_place_read_fields(nn_config *config, nn_config_node *section, const char *key,
                                 nn_data_names *names, nn_shape *shapes)
{
    nn_config_node *node = nn_config_get(section, key);
    if (!node) {
        nn_config_error(config, section,
                        "data.in_place.%s: is missing; give the shape of a sample, such as %s: [4]", key,
                        key);
        return;
    }
    if (nn_config_kind_of(node) != NN_CONFIG_MAPPING) {
        in_place_add(config, node, key, key, names, shapes);
        return;
    }
    if (nn_config_count(node) == 0) nn_config_error(config, node, "data.in_place.%s: names no field", key);
    for (size_t i = 0; i < nn_config_count(node); i++)
        in_place_add(config, nn_config_item(node, i), key, nn_config_key(node, i), names, shapes);
}

void nn_settings_read_in_place(nn_config *config, nn_config_node *data, nn_data_options *options)
{
    static const char *const fields[] = {"x", "y", NULL};
    nn_in_place_options *in_place = &options->in_place;
    nn_config_node *node = nn_config_get(data, "in_place");
    in_place->given = true;
    for (size_t i = 0; i < nn_config_count(data); i++) {
        const char *key = nn_config_key(data, i);
        if (!key || strcmp(key, "in_place") == 0 || strcmp(key, "fields") == 0) continue;
        nn_config_error(config, nn_config_item(data, i),
                        "data.%s: cannot be used with data.in_place, where the samples come from the program "
                        "that trains; remove one of the two",
                        key);
    }
    nn_config_read(config, node, "data.in_place", nn_in_place_options_table, NULL, fields, in_place);
    in_place_read_fields(config, node, "x", &options->parts[NN_TRAIN].x, in_place->x);
    in_place_read_fields(config, node, "y", &options->parts[NN_TRAIN].y, in_place->y);
    options->shuffle = NN_SHUFFLE_NONE;
}

/* ---- other sections ---- */

const char *nn_settings_default_schedule(const nn_data_options *data)
{
    return data->in_place.given && data->in_place.steps == 0 ? "constant" : "cosine";
}

/* Whether the factors of the first steps are others in a run of another length. */
static bool in_place_needs_end(const nn_settings *settings)
{
    const nn_schedule_memory memory = {.observed = 0};
    for (int64_t step = 0; step < 100; step++) {
        double one = nn_schedule_factor(settings->schedule, settings->schedule_options, &memory, step,
                                        (nn_schedule_length){100, 100});
        double other = nn_schedule_factor(settings->schedule, settings->schedule_options, &memory, step,
                                          (nn_schedule_length){1000, 1000});
        if (one != other) return true;
    }
    return false;
}

static bool in_place_counts_epochs(const nn_settings *settings)
{
    for (const nn_option *option = settings->schedule->options; option->name; option++) {
        const void *field = (const char *)settings->schedule_options + option->offset;
        if (option->kind == NN_OPTION_DURATION && ((const nn_duration *)field)->unit == NN_DURATION_EPOCHS)
            return true;
    }
    return false;
}

static void in_place_check_schedule(nn_config *config, nn_config_node *root, const nn_settings *settings)
{
    nn_config_node *node = nn_config_get(root, "lr_schedule");
    if (!settings->schedule || !settings->schedule_options) return;
    const char *name = settings->schedule->name;
    if (settings->schedule->observe)
        nn_config_error(config, node,
                        "lr_schedule.%s: needs validations, which training in place leaves to the program; "
                        "choose another schedule",
                        name);
    else if (in_place_counts_epochs(settings))
        nn_config_error(config, node,
                        "lr_schedule.%s: training in place has no epochs; give durations in steps, such as "
                        "'1000 steps'",
                        name);
    else if (settings->data.in_place.steps == 0 && in_place_needs_end(settings))
        nn_config_error(config, node,
                        "lr_schedule.%s: refers to the end of the run, which is not known; set "
                        "data.in_place.steps, or choose constant",
                        name);
}

/* auto needs samples to measure. */
static void in_place_check_fields(nn_config *config, nn_config_node *root, const nn_settings *settings)
{
    nn_config_node *fields = nn_config_get(nn_config_get(root, "data"), "fields");
    const nn_data_fields_options *options = &settings->data.fields;
    for (int f = 0; f < options->count; f++) {
        const nn_data_field_options *field = &options->fields[f];
        nn_config_node *node = nn_config_get(fields, options->names[f]);
        if (field->missing != NN_MISSING_ERROR && field->missing != NN_MISSING_MASK)
            nn_config_error(config, node,
                            "data.fields.%s.missing: in place, missing values are an error or, of targets, "
                            "masked: set error or mask",
                            options->names[f]);
        if (field->augment.count > 0)
            nn_config_error(config, node,
                            "data.fields.%s.augment: the program that trains augments its own samples: "
                            "remove it",
                            options->names[f]);
    }
}

void nn_settings_check_in_place(nn_config *config, nn_config_node *root, const nn_settings *settings)
{
    static const char *const unused[] = {"epochs",         "validate_every",  "limit_batches", "last_batch",
                                         "early_stopping", "nonfinite_limit", "on_nonfinite",  NULL};
    nn_config_node *training = nn_config_get(root, "training");
    if (!settings->data.in_place.given) return;
    for (size_t i = 0; unused[i]; i++)
        if (nn_config_get(training, unused[i]))
            nn_config_error(config, nn_config_get(training, unused[i]),
                            "training.%s: training in place leaves this to the program; remove it%s",
                            unused[i], i == 0 ? ", and set data.in_place.steps" : "");
    if (settings->training.batch_size == 0)
        nn_config_error(config, training,
                        "training.batch_size: is missing; give the most samples that the ranks bring to a "
                        "step together");
    if (settings->training.average > 0)
        nn_config_error(config, nn_config_get(training, "average"),
                        "training.average: cannot be used in place; average weights with nn_trainer_copy");
    if (nn_config_get(root, "init_from"))
        nn_config_error(config, nn_config_get(root, "init_from"),
                        "init_from: cannot be used in place; load a checkpoint with nn_trainer_load");
    in_place_check_schedule(config, root, settings);
    in_place_check_fields(config, root, settings);
}
