/* The sections loss, losses and metrics of a configuration. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "model/model.h"
#include "model/spec.h"
#include "model/symbols.h"

/* Keys common to all losses. */
typedef struct common_options {
    double weight;
} common_options;

static const nn_option common_table[] = {{"weight", NN_OPTION_REAL, offsetof(common_options, weight), "1",
                                          1e-12, 1e12, NULL, NN_EFFECT_RESULT,
                                          "factor on the loss, relative to the other losses"},
                                         {NULL, 0, 0, NULL, 0, 0, NULL, 0, NULL}};

const nn_option *nn_model_loss_options(void)
{
    return common_table;
}

static const char *const common_keys[] = {"weight", NULL};

static void *heads_options(nn_config *config, const nn_option *table, size_t size, nn_config_node *node,
                           const char *path, const char *const *extra)
{
    void *options = nn_spec_options(config, size, "the options of losses and metrics");
    if (options || !size) nn_config_read(config, node, path, table, nn_unknown_symbols, extra, options);
    return options;
}

/* ---- losses ---- */

/* section: "loss", or "losses.NAME". */
static void heads_read_loss(nn_config *config, nn_config_node *node, const char *section, const char *name,
                            nn_model_spec *spec)
{
    nn_config_node *options_node = NULL;
    const char *word = nn_config_read_choice(config, node, &options_node);
    if (!word) return;
    const nn_loss_type *type = nn_loss_find(spec->network.scalar, word);
    if (!type) {
        nn_config_unknown_type(config, node, "loss", word,
                               (const void *const *)nn_loss_types(spec->network.scalar));
        return;
    }
    if (spec->head_count == NN_MODEL_HEADS) {
        nn_config_error(config, node, "losses: at most %d are possible", NN_MODEL_HEADS);
        return;
    }
    char path[160];
    snprintf(path, sizeof path, "%s.%s", section, type->name);
    nn_config_record(config, section, type->name, NN_EFFECT_RESULT);
    nn_head_spec *head = &spec->heads[spec->head_count++];
    common_options common = {.weight = 1};
    nn_spec_read_common(config, options_node, path, common_table, type->options, &common);
    *head = (nn_head_spec){.loss = type, .weight = common.weight};
    head->options = heads_options(config, type->options, type->options_size, options_node, path, common_keys);
    if (name) nn_config_check(config, node, nn_copy_text(name, &head->name));
}

/* Makes the layers named like the heads the outputs of the network. */
static nn_status heads_name_outputs(nn_model_spec *spec)
{
    nn_text_list *outputs = &spec->network.outputs;
    NN_TRY(NN_ALLOCATE(&outputs->items, spec->head_count, "the outputs of a network"));
    for (int h = 0; h < spec->head_count; h++) {
        NN_TRY(nn_copy_text(spec->heads[h].name ? spec->heads[h].name : "", &outputs->items[h]));
        outputs->count = (size_t)h + 1;
    }
    return NN_OK;
}

static void heads_read_losses(nn_config *config, nn_config_node *node, nn_model_spec *spec)
{
    if (nn_config_kind_of(node) != NN_CONFIG_MAPPING || nn_config_count(node) == 0) {
        nn_config_error(
            config, node,
            "losses must map targets to losses, such as {label: cross_entropy, box: {mae: {weight: 0.3}}}");
        return;
    }
    for (size_t i = 0; i < nn_config_count(node); i++) {
        char section[96];
        const char *name = nn_config_key(node, i);
        snprintf(section, sizeof section, "losses.%s", name ? name : "");
        heads_read_loss(config, nn_config_item(node, i), section, name ? name : "", spec);
    }
    nn_config_check(config, node, heads_name_outputs(spec));
}

static void heads_read_all_losses(nn_config *config, nn_config_node *root, nn_model_spec *spec)
{
    nn_config_node *one = nn_config_get(root, "loss"), *several = nn_config_get(root, "losses");
    if (one && several)
        nn_config_error(config, several, "loss and losses cannot both be given; remove one");
    else if (several)
        heads_read_losses(config, several, spec);
    else if (one)
        heads_read_loss(config, one, "loss", NULL, spec);
    else
        nn_config_error(
            config, NULL,
            "loss is missing; set cross_entropy for classes, mse for values, or losses for several targets");
}

/* ---- metrics ---- */

/* The head of "label.accuracy"; *word becomes the part after the dot. -1: an error, collected.
 */
static int heads_find(nn_config *config, nn_config_node *node, const char **word, const nn_model_spec *spec)
{
    const char *dot = strrchr(*word, '.');
    if (!dot && spec->head_count <= 1) return 0;
    const char *names[NN_MODEL_HEADS + 1] = {NULL};
    for (int h = 0; h < spec->head_count; h++) names[h] = spec->heads[h].name ? spec->heads[h].name : "y";
    if (!dot) {
        nn_config_error(
            config, node,
            "metrics: %s: there are several targets; put the name of one before it, such as %s.%s", *word,
            names[0], *word);
        return -1;
    }
    char head[96];
    snprintf(head, sizeof head, "%.*s", (int)(dot - *word), *word);
    *word = dot + 1;
    for (int h = 0; h < spec->head_count; h++)
        if (strcmp(names[h], head) == 0) return h;
    nn_config_unknown(config, node, "target of a metric", head, names);
    return -1;
}

static nn_status heads_name_metric(const nn_model_spec *spec, nn_model_metric *metric)
{
    char name[160];
    const char *head = spec->heads[metric->head].name;
    if (spec->head_count > 1)
        snprintf(name, sizeof name, "%s.%s", head ? head : "y", metric->type->name);
    else
        snprintf(name, sizeof name, "%s", metric->type->name);
    return nn_copy_text(name, &metric->name);
}

static void heads_read_metric(nn_config *config, nn_config_node *node, nn_model_spec *spec)
{
    nn_config_node *options_node = NULL;
    const char *word = nn_config_read_choice(config, node, &options_node);
    if (!word) return;
    int head = heads_find(config, node, &word, spec);
    if (head < 0) return;
    const nn_metric_type *type = nn_metric_find(spec->network.scalar, word);
    if (!type) {
        nn_config_unknown_type(config, node, "metric", word,
                               (const void *const *)nn_metric_types(spec->network.scalar));
        return;
    }
    if (spec->metric_count == NN_MODEL_ASKED) {
        nn_config_error(config, node, "metrics: at most %d are possible", NN_MODEL_ASKED);
        return;
    }
    nn_model_metric *metric = &spec->metrics[spec->metric_count];
    *metric = (nn_model_metric){.type = type, .head = head};
    if (!nn_config_check(config, node, heads_name_metric(spec, metric))) return;
    spec->metric_count++;
    char path[192];
    snprintf(path, sizeof path, "metrics.%s", metric->name);
    metric->options = heads_options(config, type->options, type->options_size, options_node, path, NULL);
    for (int m = 0; m + 1 < spec->metric_count; m++)
        if (strcmp(spec->metrics[m].name, metric->name) == 0)
            nn_config_error(config, node, "metrics: %s is listed twice", metric->name);
}

static void heads_read_metrics(nn_config *config, nn_config_node *root, nn_model_spec *spec)
{
    nn_config_node *node = nn_config_get(root, "metrics");
    if (!node || spec->head_count == 0) return;
    if (nn_config_kind_of(node) != NN_CONFIG_LIST)
        heads_read_metric(config, node, spec);
    else
        for (size_t i = 0; i < nn_config_count(node); i++)
            heads_read_metric(config, nn_config_item(node, i), spec);
    nn_text names = {0};
    for (int m = 0; m < spec->metric_count; m++)
        nn_text_append(&names, "%s%s", m ? ", " : "", spec->metrics[m].name);
    if (names.failed) nn_config_check(config, node, NN_ERROR_MEMORY);
    nn_config_record(config, "metrics", names.bytes ? names.bytes : "", NN_EFFECT_RESULT);
    nn_text_free(&names);
}

/* ---- both ---- */

void nn_model_spec_read_heads(nn_config *config, nn_model_spec *spec)
{
    size_t problems = nn_config_problem_count(config);
    heads_read_all_losses(config, nn_config_root(config), spec);
    spec->losses_are_sound = spec->head_count > 0 && nn_config_problem_count(config) == problems;
    heads_read_metrics(config, nn_config_root(config), spec);
}

void nn_model_metric_release(nn_model_metric *metric)
{
    if (metric->options) nn_options_release(metric->type->options, metric->options);
    nn_free(metric->options);
    nn_free(metric->name);
    *metric = (nn_model_metric){0};
}

void nn_model_spec_release_heads(nn_model_spec *spec)
{
    for (int h = 0; h < spec->head_count; h++) {
        nn_head_spec *head = &spec->heads[h];
        if (head->options) nn_options_release(head->loss->options, head->options);
        nn_free(head->options);
        nn_free(head->name);
    }
    for (int m = 0; m < spec->metric_count; m++) nn_model_metric_release(&spec->metrics[m]);
    spec->head_count = spec->metric_count = 0;
}
