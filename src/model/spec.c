/* The section network of a configuration. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "model/model.h"
#include "model/symbols.h"

/* Keys that every layer has beside its own options. */
typedef struct common_options {
    char *name;
    nn_text_list inputs;
} common_options;

static const nn_option common_table[] = {
    {"name", NN_OPTION_TEXT, offsetof(common_options, name), "", 0, 0, NULL, NN_EFFECT_RESULT,
     "name of the layer: for inputs of others, --set, checkpoints and messages"},
    {"inputs", NN_OPTION_TEXT_LIST, offsetof(common_options, inputs), "", 0, 0, NULL, NN_EFFECT_RESULT,
     "names of the layers it reads (default: the layer before)"},
    {NULL, 0, 0, NULL, 0, 0, NULL, 0, NULL}};

const nn_option *nn_layer_common_options(void)
{
    return common_table;
}

static const char *const common_keys[] = {"name", "inputs", NULL};

/* The names of a plug-in list, for messages: every plug-in struct begins with its name. */
#define NAMES_MAX 128
static const char **spec_names(const void *const *types, const char **names)
{
    size_t count = 0;
    for (; types[count] && count + 1 < NAMES_MAX; count++) names[count] = *(const char *const *)types[count];
    names[count] = NULL;
    return names;
}

static void *spec_options(nn_config *config, size_t size, const char *what)
{
    void *options = NULL;
    if (size && nn_allocate(&options, size, 1, what) != NN_OK)
        nn_config_error(config, NULL, "%s", nn_error_text());
    return options;
}

/* The names and inputs of a layer: only these two keys, picked out of the layer's mapping. */
static void spec_read_common(nn_config *config, nn_config_node *options, const char *path,
                             const nn_option *own, common_options *common)
{
    const char *own_keys[NAMES_MAX];
    size_t count = 0;
    for (; own && own[count].name && count + 1 < NAMES_MAX; count++) own_keys[count] = own[count].name;
    own_keys[count] = NULL;
    nn_config_node *mapping = options && nn_config_kind_of(options) == NN_CONFIG_MAPPING ? options : NULL;
    nn_config_read(config, mapping, path, common_table, NULL, own_keys, common);
}

static void spec_read_layer(nn_config *config, nn_config_node *node, size_t index, nn_model_spec *spec)
{
    nn_config_node *options_node = NULL;
    const char *word = nn_config_read_choice(config, node, &options_node);
    if (!word) return;
    const nn_layer_type *type = nn_layer_find(word);
    if (!type || strcmp(word, "input") == 0) {
        const char *names[NAMES_MAX];
        nn_config_unknown(config, node, "layer", word,
                          spec_names((const void *const *)nn_layer_types(), names));
        return;
    }
    char path[96];
    snprintf(path, sizeof path, "network.%zu.%s", index, type->name);
    common_options common = {0};
    spec_read_common(config, options_node, path, type->options, &common);
    void *options = spec_options(config, type->options_size, "the options of a layer");
    if (options || !type->options_size)
        nn_config_read(config, options_node, path, type->options, nn_unknown_symbols, common_keys, options);
    nn_layer_spec layer = {.type = type, .name = common.name, .options = options, .inputs = common.inputs};
    if (nn_network_spec_add(&spec->network, layer) != NN_OK)
        nn_config_error(config, node, "%s", nn_error_text());
}

static void spec_read_network(nn_config *config, nn_config_node *root, nn_model_spec *spec)
{
    nn_config_node *network = nn_config_get(root, "network");
    if (!network || nn_config_kind_of(network) != NN_CONFIG_LIST || nn_config_count(network) == 0) {
        nn_config_error(config, network ? network : NULL,
                        "network: a list of layers is needed, such as [dense: {units: 64, activation: relu}, "
                        "dense: {units: classes}]");
        return;
    }
    for (size_t i = 0; i < nn_config_count(network); i++)
        spec_read_layer(config, nn_config_item(network, i), i, spec);
}

void nn_model_spec_read(nn_config *config, nn_model_spec *spec)
{
    spec_read_network(config, nn_config_root(config), spec);
    nn_model_spec_read_heads(config, spec);
}

void nn_model_spec_release(nn_model_spec *spec)
{
    nn_network_spec_release(&spec->network);
    nn_model_spec_release_heads(spec);
    *spec = (nn_model_spec){0};
}
