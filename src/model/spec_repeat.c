/* repeat: {times: 3, layers: [...]} and repeat: {with: {f: [16, 32]}, layers: [...]}. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "model/spec.h"
#include "model/symbols.h"

typedef struct repeat_options {
    int64_t times;
} repeat_options;

static const nn_option repeat_table[] = {
    {"times", NN_OPTION_INTEGER, offsetof(repeat_options, times), "", 0, 1000, NULL, NN_EFFECT_RESULT,
     "number of repetitions; give this or `with`"},
    {"with", NN_OPTION_SECTION, 0, "", 0, 0, NULL, NN_EFFECT_RESULT,
     "names with lists of equal length, such as {f: [16, 32], s: [1, 2]}: $f is 16 in the first repetition "
     "and 32 in the second; $i is the number of the repetition, from 1"},
    {"layers", NN_OPTION_SECTION, 0, "", 0, 0, NULL, NN_EFFECT_RESULT,
     "the list of layers; a name `conv` becomes conv-1, conv-2, ..., unless it contains a $; `block_input` "
     "is the layer that a repetition reads"},
    {0}};

const nn_option *nn_model_repeat_options(void)
{
    return repeat_table;
}

/* ---- checks ---- */

static bool repeat_name_is_good(const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
    return name[0] && name[strspn(name, letters)] == '\0' && !strchr("0123456789", name[0]);
}

/* Checks one name of `with` and its values; false if they cannot be used (collected). */
static bool repeat_check_values(nn_config *config, nn_config_node *with, size_t index)
{
    const char *name = nn_config_key(with, index), *first = nn_config_key(with, 0);
    nn_config_node *values = nn_config_item(with, index);
    size_t count = nn_config_count(values), expected = nn_config_count(nn_config_item(with, 0));
    if (!repeat_name_is_good(name))
        nn_config_error(config, values,
                        "with: '%s' cannot follow a $; use letters, digits and _, not starting with a digit",
                        name);
    else if (strcmp(name, "i") == 0)
        nn_config_error(config, values, "with: $i is the number of the repetition; choose another name");
    else if (nn_config_kind_of(values) != NN_CONFIG_LIST || count == 0)
        nn_config_error(config, values, "with: %s needs a list of values, one per repetition", name);
    else if (count != expected)
        nn_config_error(config, values,
                        "with: the list of %s has length %zu, but that of %s has length %zu; all lists need "
                        "the same length",
                        name, count, first, expected);
    else
        return true;
    return false;
}

static bool repeat_check_with(nn_config *config, nn_config_node *with)
{
    bool good = nn_config_kind_of(with) == NN_CONFIG_MAPPING && nn_config_count(with) > 0;
    if (!good) nn_config_error(config, with, "with must map names to lists of values, such as {f: [16, 32]}");
    for (size_t i = 0; good && i < nn_config_count(with); i++) good = repeat_check_values(config, with, i);
    return good;
}

/* The number of repetitions; -1 if it cannot be determined (collected). */
static int64_t repeat_count(nn_spec_reader *reader, nn_config_node *entry, nn_config_node *options,
                            const char *path)
{
    nn_config *config = reader->config;
    repeat_options read = {0};
    size_t problems = nn_config_problem_count(config);
    nn_config_read(config, options, path, repeat_table, NULL, NULL, &read);
    nn_config_node *with = nn_config_get(options, "with"), *layers = nn_config_get(options, "layers");
    bool has_times = nn_config_get(options, "times") != NULL;
    if (nn_config_problem_count(config) > problems) return -1;
    if (has_times == (with != NULL))
        nn_config_error(config, entry,
                        "repeat: give either `times: 3` or `with: {f: [16, 32]}`, not both or neither");
    else if (!layers || nn_config_kind_of(layers) != NN_CONFIG_LIST || nn_config_count(layers) == 0)
        nn_config_error(config, entry, "repeat: `layers` needs a list of layers");
    else if (reader->block->depth == NN_SPEC_DEPTH)
        nn_config_error(config, entry,
                        "repeat: repeats and composites are nested too deeply (at most %d levels)",
                        NN_SPEC_DEPTH);
    else if (!with || repeat_check_with(config, with))
        return with ? (int64_t)nn_config_count(nn_config_item(with, 0)) : read.times;
    return -1;
}

/* ---- expansion ---- */

/* Names of the repeat hide those of outer blocks. False: too many (collected). */
static bool repeat_set_variables(nn_spec_reader *reader, nn_config_node *entry, nn_config_node *with,
                                 size_t index, nn_spec_block *block)
{
    char number[32];
    const nn_spec_block *outer = reader->block;
    size_t own = nn_config_count(with);
    if (own + 1 + outer->variable_count > NN_SPEC_VARIABLES) {
        nn_config_error(reader->config, entry, "with: more than %d names are visible here; use fewer",
                        NN_SPEC_VARIABLES);
        return false;
    }
    snprintf(number, sizeof number, "%zu", index + 1);
    for (size_t v = 0; v < own; v++)
        block->variables[v] =
            (nn_config_variable){nn_config_key(with, v), nn_config_item(nn_config_item(with, v), index)};
    block->variables[own] = (nn_config_variable){"i", nn_config_insert(reader->config, entry, number)};
    memcpy(block->variables + own + 1, outer->variables, outer->variable_count * sizeof *outer->variables);
    block->variable_count = own + 1 + outer->variable_count;
    return block->variables[own].value != NULL;
}

/* Reads one repetition in a new block. */
static void repeat_read_block(nn_spec_reader *reader, nn_config_node *entry, nn_config_node *options,
                              size_t index, const char *path)
{
    nn_spec_block *outer = reader->block;
    nn_spec_block block = {.input = outer->previous,
                           .previous = outer->previous,
                           .prefix = outer->prefix,
                           .freeze = outer->freeze,
                           .rate_factor = outer->rate_factor,
                           .depth = outer->depth + 1};
    nn_text suffix = {0};
    char inner[NN_SPEC_PATH];
    nn_text_append(&suffix, "%s-%zu", outer->suffix, index + 1);
    if (suffix.failed) {
        nn_config_error(reader->config, entry, "out of memory for the names of layers");
        return;
    }
    block.suffix = suffix.bytes;
    snprintf(inner, sizeof inner, "%.800s.repeat.%zu.layers", path, index + 1);
    size_t names = reader->name_count;
    if (repeat_set_variables(reader, entry, nn_config_get(options, "with"), index, &block)) {
        reader->block = &block;
        nn_spec_read_list(reader, nn_config_get(options, "layers"), inner);
        reader->block = outer;
    }
    nn_spec_forget_names(reader, names);
    outer->previous = block.previous;
    nn_text_free(&suffix);
}

/* Stops after a repetition with problems, so that they are reported once. */
void nn_spec_read_repeat(nn_spec_reader *reader, nn_config_node *entry, nn_config_node *written,
                         const char *path)
{
    const nn_spec_block *outer = reader->block;
    nn_config *config = reader->config;
    char inner[NN_SPEC_PATH];
    nn_config_node *options = NULL;
    if (written) options = nn_config_fill(config, written, outer->variables, outer->variable_count, "layers");
    if (written && !options) return;
    snprintf(inner, sizeof inner, "%.800s.repeat", path);
    int64_t times = repeat_count(reader, entry, options, inner);
    size_t problems = nn_config_problem_count(config);
    for (int64_t r = 0; r < times && nn_config_problem_count(config) == problems; r++)
        repeat_read_block(reader, entry, options, (size_t)r, path);
}
