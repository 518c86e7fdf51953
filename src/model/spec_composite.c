/* Expands a composite into its layers. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "model/spec.h"
#include "model/symbols.h"

static const char *const common_keys[] = {"name", "inputs", "freeze", "learning_rate_factor", NULL};

/* The value of `$option`: the user's, or the default; NULL if out of memory (collected). */
static nn_config_node *composite_value(nn_spec_reader *reader, nn_config_node *entry,
                                       const nn_composite_type *type, const nn_option *option,
                                       nn_config_node *options)
{
    bool mapping = options && nn_config_kind_of(options) == NN_CONFIG_MAPPING;
    nn_config_node *given = mapping ? nn_config_get(options, option->name) : NULL;
    bool short_form = option == type->options;
    if (!given && short_form) given = mapping ? nn_config_get(options, "") : options;
    return given ? given : nn_config_insert(reader->config, entry, option->default_value);
}

static bool composite_set_variables(nn_spec_reader *reader, nn_config_node *entry,
                                    const nn_composite_type *type, nn_config_node *options,
                                    nn_spec_block *block)
{
    for (const nn_option *option = type->options; option->name; option++) {
        nn_config_node *value = composite_value(reader, entry, type, option, options);
        if (!value || block->variable_count == NN_SPEC_VARIABLES) return false;
        block->variables[block->variable_count++] = (nn_config_variable){option->name, value};
    }
    return true;
}

/* Reads the layers of the composite in a new block. */
static void composite_read_block(nn_spec_reader *reader, nn_config_node *entry, const nn_composite_type *type,
                                 const void *read, nn_config_node *options, nn_spec_block *block,
                                 const char *path)
{
    char inner[NN_SPEC_PATH];
    nn_spec_block *outer = reader->block;
    size_t names = reader->name_count;
    nn_config_node *layers = nn_config_insert(reader->config, entry, type->layers(read));
    snprintf(inner, sizeof inner, "%.800s.layers", path);
    if (layers && composite_set_variables(reader, entry, type, options, block)) {
        reader->block = block;
        nn_spec_read_list(reader, layers, inner);
        reader->block = outer;
        if (block->previous != block->input) outer->previous = block->previous;
    }
    nn_spec_forget_names(reader, names);
}

/* Makes the block's name, and the prefix of its layers' names. */
static nn_status composite_name(nn_spec_reader *reader, const nn_composite_type *type, const char *written,
                                bool numbered, char **name, nn_text *prefix)
{
    size_t kind = 0;
    while (nn_composite_types()[kind] != type) kind++;
    assert(kind < NN_SPEC_COMPOSITES);
    size_t number = ++reader->composite_counts[kind];
    NN_TRY(nn_spec_make_name(reader, written, numbered, type->name, number, name));
    nn_text_append(prefix, "%s-", *name);
    return prefix->failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the names of layers") : NN_OK;
}

static void composite_write_out(nn_spec_reader *reader, nn_config_node *entry, const nn_composite_type *type,
                                const nn_spec_common *common, const void *read, nn_config_node *options,
                                bool numbered, const char *path)
{
    const nn_spec_block *outer = reader->block;
    const char *input = common->inputs.count > 0 ? common->inputs.items[0] : outer->previous;
    char *name = NULL, empty[] = "";
    nn_text prefix = {0};
    nn_status status = composite_name(reader, type, common->name, numbered, &name, &prefix);
    nn_spec_block block = {.input = input,
                           .previous = input,
                           .name = name,
                           .prefix = prefix.bytes,
                           .suffix = empty,
                           .freeze = outer->freeze || common->freeze,
                           .rate_factor = outer->rate_factor * common->rate_factor,
                           .depth = outer->depth + 1};
    if (status == NN_OK) composite_read_block(reader, entry, type, read, options, &block, path);
    if (status == NN_OK && common->name && outer->input)
        status = nn_spec_note_name(reader, common->name, name);
    if (status != NN_OK) nn_config_error(reader->config, entry, "%s", nn_error_text());
    nn_text_free(&prefix);
    nn_free(name);
}

/* Whether the composite can be expanded; problems are collected. */
static bool composite_check(nn_spec_reader *reader, nn_config_node *entry, const nn_composite_type *type,
                            const nn_spec_common *common)
{
    if (common->inputs.count > 1)
        nn_config_error(reader->config, entry, "inputs: %s takes one input, not %zu", type->name,
                        common->inputs.count);
    else if (reader->block->depth == NN_SPEC_DEPTH)
        nn_config_error(reader->config, entry,
                        "%s: repeats and composites are nested too deeply (at most %d levels)", type->name,
                        NN_SPEC_DEPTH);
    else
        return true;
    return false;
}

void nn_spec_read_composite(nn_spec_reader *reader, nn_config_node *entry, const nn_composite_type *type,
                            nn_config_node *options, bool numbered, const char *path)
{
    nn_config *config = reader->config;
    nn_spec_common common = {0};
    size_t problems = nn_config_problem_count(config);
    void *read = nn_spec_options(config, type->options_size, "the options of a composite");
    if (read) nn_config_read(config, options, path, type->options, nn_unknown_symbols, common_keys, read);
    nn_spec_read_common(config, options, path, nn_model_composite_options(), type->options, &common);
    nn_spec_resolve_inputs(reader, entry, &common.inputs);
    bool good = read && composite_check(reader, entry, type, &common);
    if (good && nn_config_problem_count(config) == problems)
        composite_write_out(reader, entry, type, &common, read, options, numbered, path);
    if (read) nn_options_release(type->options, read);
    nn_free(read);
    nn_spec_release_common(&common);
}
