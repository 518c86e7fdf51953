/* The section network: its list of layers. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "model/spec.h"
#include "model/symbols.h"

#define COMMON_OPTIONS                                                                                       \
    {"name",                                                                                                 \
     NN_OPTION_TEXT,                                                                                         \
     offsetof(nn_spec_common, name),                                                                         \
     "",                                                                                                     \
     0,                                                                                                      \
     0,                                                                                                      \
     NULL,                                                                                                   \
     NN_EFFECT_RESULT,                                                                                       \
     "name of the layer, used in `inputs` of others, --set, checkpoints and messages"},                      \
        {"inputs",                                                                                           \
         NN_OPTION_TEXT_LIST,                                                                                \
         offsetof(nn_spec_common, inputs),                                                                   \
         "",                                                                                                 \
         0,                                                                                                  \
         0,                                                                                                  \
         NULL,                                                                                               \
         NN_EFFECT_RESULT,                                                                                   \
         "names of the layers it reads (default: the layer before); `previous` is the layer listed "         \
         "before, `block_input` the layer that a repetition reads, `input` the data"},                       \
        {"freeze", NN_OPTION_BOOLEAN, offsetof(nn_spec_common, freeze), "false", 0, 0,                       \
         NULL,     NN_EFFECT_RESULT,  "do not train its weights"},                                           \
    {                                                                                                        \
        "learning_rate_factor", NN_OPTION_REAL, offsetof(nn_spec_common, rate_factor), "1", 1e-6, 1e6, NULL, \
            NN_EFFECT_RESULT, "factor on the learning rate of its weights"                                   \
    }

static const nn_option composite_table[] = {COMMON_OPTIONS, {NULL, 0, 0, NULL, 0, 0, NULL, 0, NULL}};

static const nn_option layer_table[] = {
    COMMON_OPTIONS,
    {"share", NN_OPTION_TEXT, offsetof(nn_spec_common, share), "", 0, 0, NULL, NN_EFFECT_RESULT,
     "name of an earlier layer whose weights this one shares; both train them"},
    {NULL, 0, 0, NULL, 0, 0, NULL, 0, NULL}};

static const char *const common_keys[] = {"name", "inputs", "freeze", "learning_rate_factor", "share", NULL};

const nn_option *nn_model_layer_options(void)
{
    return layer_table;
}

const nn_option *nn_model_composite_options(void)
{
    return composite_table;
}

/* ---- common to layers and composites ---- */

#define NAMES_MAX 256

void *nn_spec_options(nn_config *config, size_t size, const char *what)
{
    void *options = NULL;
    if (size) nn_config_check(config, NULL, nn_allocate(&options, size, 1, what));
    return options;
}

void nn_spec_read_common(nn_config *config, nn_config_node *options, const char *path, const nn_option *table,
                         const nn_option *own, void *common)
{
    const char *own_keys[NAMES_MAX];
    size_t count = 0;
    for (; own && own[count].name && count + 1 < NAMES_MAX; count++) own_keys[count] = own[count].name;
    own_keys[count] = NULL;
    nn_config_node *mapping = options && nn_config_kind_of(options) == NN_CONFIG_MAPPING ? options : NULL;
    nn_config_read(config, mapping, path, table, NULL, own_keys, common);
}

void nn_spec_release_common(nn_spec_common *common)
{
    nn_options_release(layer_table, common);
}

/* ---- one layer ---- */

static size_t network_count_type(const nn_network_spec *network, const nn_layer_type *type)
{
    size_t count = 0;
    for (size_t i = 0; i < network->count; i++)
        if (network->layers[i].type == type) count++;
    return count;
}

/* Adds the layer; takes options, and inputs and share of *common. */
static nn_status network_add_layer(nn_spec_reader *reader, const nn_layer_type *type, nn_spec_common *common,
                                   void *options, bool numbered)
{
    nn_spec_block *block = reader->block;
    nn_layer_spec layer = {.type = type,
                           .options = options,
                           .inputs = common->inputs,
                           .share = common->share,
                           .freeze = common->freeze || block->freeze,
                           .rate_factor = common->rate_factor * block->rate_factor};
    common->inputs = (nn_text_list){0};
    common->share = NULL;
    size_t number = network_count_type(reader->network, type) + 1;
    nn_status status = nn_spec_make_name(reader, common->name, numbered, type->name, number, &layer.name);
    if (status == NN_OK)
        status = nn_network_spec_add(reader->network, layer);
    else
        nn_network_spec_drop(&layer);
    if (status == NN_OK) block->previous = nn_spec_last(reader);
    if (status == NN_OK && common->name && block->input)
        status = nn_spec_note_name(reader, common->name, block->previous);
    return status;
}

static void network_read_layer(nn_spec_reader *reader, nn_config_node *entry, const nn_layer_type *type,
                               nn_config_node *options_node, bool numbered, const char *path)
{
    nn_config *config = reader->config;
    nn_spec_common common = {0};
    void *options = nn_spec_options(config, type->options_size, "the options of a layer");
    if (options || !type->options_size)
        nn_config_read(config, options_node, path, type->options, nn_unknown_symbols, common_keys, options);
    nn_spec_read_common(config, options_node, path, layer_table, type->options, &common);
    nn_spec_resolve_inputs(reader, entry, &common.inputs);
    if (common.share) nn_spec_resolve(reader, entry, &common.share);
    nn_config_check(config, entry, network_add_layer(reader, type, &common, options, numbered));
    nn_spec_release_common(&common);
}

/* ---- entries ---- */

/* The first member of every plug-in struct is its name. */
static size_t network_add_names(const void *const *types, const char **names, size_t count)
{
    for (; *types && count + 2 < NAMES_MAX; types++) names[count++] = *(const char *const *)*types;
    return count;
}

static void network_unknown(nn_spec_reader *reader, const nn_config_node *entry, const char *word)
{
    const char *names[NAMES_MAX];
    size_t count = network_add_names((const void *const *)nn_layer_types(reader->network->scalar), names, 0);
    count = network_add_names((const void *const *)nn_composite_types(), names, count);
    names[count++] = "repeat";
    names[count] = NULL;
    nn_config_unknown(reader->config, entry, "layer", word, names);
}

/* The word of an entry as given in the file, and its options (NULL: a bare word); NULL if it is neither. */
static const char *network_written(nn_config_node *entry, nn_config_node **options)
{
    bool single = nn_config_kind_of(entry) == NN_CONFIG_MAPPING && nn_config_count(entry) == 1;
    *options = single ? nn_config_item(entry, 0) : NULL;
    return single ? nn_config_key(entry, 0) : nn_config_text(entry);
}

/* Whether the name contains a $name: then it already differs between repetitions. */
static bool network_name_is_numbered(nn_config_node *written)
{
    const char *name = written ? nn_config_text(nn_config_get(written, "name")) : NULL;
    return name && strchr(name, '$');
}

static void network_read_entry(nn_spec_reader *reader, nn_config_node *entry, const char *path)
{
    const nn_spec_block *block = reader->block;
    nn_config_node *written, *options = NULL;
    const char *name = network_written(entry, &written);
    if (name && strcmp(name, "repeat") == 0) {
        nn_spec_read_repeat(reader, entry, written, path);
        return;
    }
    nn_config_node *filled =
        nn_config_fill(reader->config, entry, block->variables, block->variable_count, NULL);
    const char *word = filled ? nn_config_read_choice(reader->config, filled, &options) : NULL;
    if (!word) return;
    char inner[NN_SPEC_PATH];
    snprintf(inner, sizeof inner, "%.800s.%.200s", path, word);
    const nn_layer_type *layer = nn_layer_find(reader->network->scalar, word);
    const nn_composite_type *composite = nn_composite_find(word);
    bool numbered = network_name_is_numbered(written);
    if (composite)
        nn_spec_read_composite(reader, filled, composite, options, numbered, inner);
    else if (layer && strcmp(word, "input") != 0)
        network_read_layer(reader, filled, layer, options, numbered, inner);
    else
        network_unknown(reader, filled, word);
}

void nn_spec_read_list(nn_spec_reader *reader, nn_config_node *list, const char *path)
{
    char inner[NN_SPEC_PATH];
    for (size_t i = 0; i < nn_config_count(list); i++) {
        if (reader->network->count >= NN_SPEC_LAYERS_MAX) {
            nn_config_error(reader->config, nn_config_item(list, i),
                            "network: more than %d layers; use fewer repetitions", NN_SPEC_LAYERS_MAX);
            return;
        }
        snprintf(inner, sizeof inner, "%.800s.%zu", path, i);
        reader->block->closes = reader->block->name && i + 1 == nn_config_count(list);
        network_read_entry(reader, nn_config_item(list, i), inner);
    }
}

/* ---- the section ---- */

void nn_spec_read_network(nn_config *config, nn_config_node *root, nn_network_spec *network)
{
    nn_config_node *list = nn_config_get(root, "network");
    if (!list || nn_config_kind_of(list) != NN_CONFIG_LIST || nn_config_count(list) == 0) {
        nn_config_error(config, list,
                        "network must be a list of layers, such as [dense: {units: 64, activation: relu}, "
                        "dense: {units: classes}]");
        return;
    }
    char empty[] = "";
    nn_spec_block block = {.previous = "input", .prefix = empty, .suffix = empty, .rate_factor = 1};
    nn_spec_reader reader = {.config = config, .network = network, .block = &block};
    nn_spec_read_list(&reader, list, "network");
    nn_free(reader.names);
}
