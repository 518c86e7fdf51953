/* The sections network, loss and metrics of a configuration. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "model/model.h"
#include "model/spec.h"
#include "model/symbols.h"

/* The names of a plug-in list, for messages: every plug-in struct begins with its name. */
#define NAMES_MAX 128
static const char **spec_names(const void *const *types, const char **names)
{
    size_t count = 0;
    for (; types[count] && count + 1 < NAMES_MAX; count++) names[count] = *(const char *const *)types[count];
    names[count] = NULL;
    return names;
}

static void spec_read_loss(nn_config *config, nn_config_node *root, nn_model_spec *spec)
{
    nn_config_node *node = nn_config_get(root, "loss");
    if (!node) {
        nn_config_error(config, NULL, "loss: is missing; cross_entropy for classes, mse for values");
        return;
    }
    nn_config_node *options_node = NULL;
    const char *word = nn_config_read_choice(config, node, &options_node);
    if (!word) return;
    const nn_loss_type *type = nn_loss_find(word);
    if (!type) {
        const char *names[NAMES_MAX];
        nn_config_unknown(config, node, "loss", word,
                          spec_names((const void *const *)nn_loss_types(), names));
        return;
    }
    char path[64];
    snprintf(path, sizeof path, "loss.%s", type->name);
    nn_config_record(config, "loss", type->name, NN_EFFECT_RESULT);
    spec->loss = type;
    spec->loss_options = nn_spec_options(config, type->options_size, "the options of the loss");
    if (spec->loss_options || !type->options_size)
        nn_config_read(config, options_node, path, type->options, nn_unknown_symbols, NULL,
                       spec->loss_options);
}

static void spec_read_metric(nn_config *config, nn_config_node *node, nn_model_spec *spec)
{
    const char *word = nn_config_text(node);
    const nn_metric_type *type = word ? nn_metric_find(word) : NULL;
    if (!type) {
        const char *names[NAMES_MAX];
        nn_config_unknown(config, node, "metric", word ? word : "(not a word)",
                          spec_names((const void *const *)nn_metric_types(), names));
        return;
    }
    if (spec->metric_count == NN_MODEL_METRICS) {
        nn_config_error(config, node, "metrics: at most %d", NN_MODEL_METRICS);
        return;
    }
    spec->metrics[spec->metric_count++] = type;
}

static void spec_read_metrics(nn_config *config, nn_config_node *root, nn_model_spec *spec)
{
    nn_config_node *node = nn_config_get(root, "metrics");
    if (!node) return;
    if (nn_config_kind_of(node) != NN_CONFIG_LIST)
        spec_read_metric(config, node, spec);
    else
        for (size_t i = 0; i < nn_config_count(node); i++)
            spec_read_metric(config, nn_config_item(node, i), spec);
    nn_text names = {0};
    for (int m = 0; m < spec->metric_count; m++)
        nn_text_append(&names, "%s%s", m ? ", " : "", spec->metrics[m]->name);
    nn_config_record(config, "metrics", names.bytes ? names.bytes : "", NN_EFFECT_RESULT);
    nn_text_free(&names);
}

void nn_model_spec_read(nn_config *config, nn_model_spec *spec)
{
    nn_config_node *root = nn_config_root(config);
    nn_spec_read_network(config, root, &spec->network);
    spec_read_loss(config, root, spec);
    spec_read_metrics(config, root, spec);
}

void nn_model_spec_release(nn_model_spec *spec)
{
    nn_network_spec_release(&spec->network);
    if (spec->loss && spec->loss_options) nn_options_release(spec->loss->options, spec->loss_options);
    nn_free(spec->loss_options);
    *spec = (nn_model_spec){0};
}
