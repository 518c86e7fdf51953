#include "settings/init_options.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "model/foreign.h"

static const char *const init_normalization[] = {"keep", "new", NULL};
static const char *const init_orders[] = {"auto", "channels_first", "channels_last", NULL};

#define FIELD(member) offsetof(nn_init_options, member)
const nn_option nn_init_options_table[] = {
    {"run", NN_OPTION_TEXT, FIELD(run), "", 0, 0, NULL, NN_EFFECT_RESULT,
     "run directory or checkpoint whose weights a new run starts from, where names and shapes match; or a "
     "file, as under `file`"},
    {"file", NN_OPTION_TEXT, FIELD(file), "", 0, 0, NULL, NN_EFFECT_RESULT,
     "weights of another program: .safetensors (PyTorch, Hugging Face) or .weights.h5 (Keras 3)"},
    {"map", NN_OPTION_SECTION, 0, "", 0, 0, NULL, NN_EFFECT_RESULT,
     "for a file, {LAYER: THEIRS} or {LAYER.TENSOR: THEIRS}: the names there, where they differ; each * "
     "takes any text"},
    {"exclude", NN_OPTION_TEXT_LIST, FIELD(exclude), "", 0, 0, NULL, NN_EFFECT_RESULT,
     "names of layers that are initialised anyway; for a file, also LAYER.TENSOR and patterns with *"},
    {"order", NN_OPTION_CHOICE, FIELD(order), "auto", 0, 0, init_orders, NN_EFFECT_RESULT,
     "of the values that a dense layer reads flattened, in the other program; auto: channels_first after "
     "convolutions and pools of PyTorch, channels_last otherwise where that is certain"},
    {"normalization", NN_OPTION_CHOICE, FIELD(normalization), "keep", 0, 0, init_normalization,
     NN_EFFECT_RESULT,
     "keep: normalise each input and target as in that run if its shape and column names match and its "
     "output layer is not excluded, regardless of which weights are taken; new: compute it from this data"},
    {.name = NULL}};
#undef FIELD

/* init_from: model.safetensors; or what can only be meant as such a file, so that it is refused as one. */
static void init_move_run(nn_init_options *options)
{
    static const char *const others[] = {".bin", ".ckpt", ".keras", ".npz", ".onnx", ".pt", ".pth", NULL};
    if (!options->run || options->file) return;
    const char *dot = strrchr(options->run, '.');
    bool other = false;
    for (size_t i = 0; dot && others[i]; i++) other |= strcmp(dot, others[i]) == 0;
    if (!other && !nn_foreign_is_name(options->run)) return;
    options->file = options->run;
    options->run = NULL;
}

static void init_read_map(nn_config *config, nn_config_node *node, nn_init_options *options)
{
    if (!node) return;
    if (nn_config_kind_of(node) != NN_CONFIG_MAPPING) {
        nn_config_error(config, node, "init_from.map: expected a mapping {LAYER: NAME IN THE FILE}");
        return;
    }
    for (size_t i = 0; i < nn_config_count(node); i++) {
        nn_config_node *value = nn_config_item(node, i);
        const char *ours = nn_config_key(node, i), *theirs = nn_config_text(value);
        nn_text path = {0};
        if (!theirs) {
            nn_config_error(config, value, "init_from.map.%s: expected the name of a module or tensor", ours);
            continue;
        }
        nn_config_check(config, value, nn_name_map_add(&options->map, ours, theirs));
        nn_text_append(&path, "init_from.map.%s", ours);
        if (!path.failed) nn_config_record(config, path.bytes, theirs, NN_EFFECT_RESULT);
        nn_text_free(&path);
    }
}

void nn_settings_init_read(nn_config *config, nn_init_options *options)
{
    static const char *const extra[] = {"map", NULL};
    nn_config_node *node = nn_config_get(nn_config_root(config), "init_from");
    if (!node) return;
    nn_config_read(config, node, "init_from", nn_init_options_table, NULL, extra, options);
    init_move_run(options);
    init_read_map(config, nn_config_get(node, "map"), options);
    if (options->run && options->file)
        nn_config_error(config, node, "init_from: weights come from a run or from a file, not from both");
    if (!nn_settings_init_given(options))
        nn_config_error(config, node, "init_from: give run: RUN_DIR, or file: NAME.safetensors");
    if (options->run && options->map.ours.count > 0)
        nn_config_error(config, node,
                        "init_from.map is for a file; the layers of a run are found under their own names");
}

void nn_settings_init_release(nn_init_options *options)
{
    nn_options_release(nn_init_options_table, options);
    nn_name_map_release(&options->map);
}

bool nn_settings_init_given(const nn_init_options *options)
{
    return options->run || options->file;
}

bool nn_settings_init_excludes(const nn_init_options *options, const char *layer, const char *tensor)
{
    char name[512];
    snprintf(name, sizeof name, "%s.%s", layer, tensor);
    for (size_t i = 0; i < options->exclude.count; i++)
        if (nn_name_matches(options->exclude.items[i], layer) ||
            nn_name_matches(options->exclude.items[i], name))
            return true;
    return false;
}
