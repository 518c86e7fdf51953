/* The sections of the configuration. */
#include <string.h>

#include "cli/help.h"
#include "data/dataset.h"
#include "train/settings.h"

const nn_help_page nn_help_pages[] = {
    {"data", "files, datasets, splits, windows, normalisation, streams"},
    {"training", "length, batch size, seed, precision, and what a rank may use"},
    {"checkpoint", "how often to save, how many to keep, which weights are the best"},
    {"init_from", "beginning with the weights of another run"},
    {.topic = NULL},
};

/* Which tables stand on a page, and for which paths of the configuration. */
static const struct {
    const char *topic, *path;
    const nn_option *table;
} pages_tables[] = {
    {"data", "data", nn_data_options_table},
    {"data", "data.train, data.validation, data.test", nn_part_options_table},
    {"data", "data.split", nn_split_options_table},
    {"data", "data.window", nn_window_options_table},
    {"data", "data.fields.x, data.fields.y, data.fields.NAME", nn_field_options_table},
    {"training", "training", nn_training_options_table},
    {"training", "training.early_stopping", nn_early_options_table},
    {"init_from", "init_from", nn_init_options_table},
    {"checkpoint", "checkpoint", nn_checkpoint_options_table},
};

/* The sections in the order in which people write them, and the topic that tells about each. */
static const struct {
    const char *section, *topic, *summary;
} pages_sections[] = {
    {"data", "data", "required: files, datasets, splits, windows, normalisation, streams"},
    {"network", "layers", "required: the list of layers, from the data on"},
    {"loss", "losses", "required: what training makes small"},
    {"metrics", "metrics", "figures shown beside the loss"},
    {"optimizer", "optimizers", "how a gradient changes the weights; default adam"},
    {"lr_schedule", "schedules", "how the learning rate changes in the run; default cosine"},
    {"training", "training", "length, batch size, seed, precision, threads"},
    {"checkpoint", "checkpoint", "how often to save, and which weights are the best"},
    {"init_from", "init_from", "a run or a checkpoint whose weights a new run begins with"},
};

const char nn_help_example[] = "data:\n"
                               "  file: digits.h5\n"
                               "  train: {x: x_train, y: y_train}\n"
                               "  split: {validation: 0.1}\n"
                               "network:\n"
                               "  - dense: {units: 64, activation: relu}\n"
                               "  - dense: {units: classes}\n"
                               "loss: cross_entropy\n"
                               "metrics: [accuracy]\n"
                               "optimizer: {adam: {learning_rate: 0.001}}\n"
                               "lr_schedule: {cosine: {warmup: 5%}}\n"
                               "training: {epochs: 30, batch_size: 64}\n"
                               "checkpoint: {every: 1 epoch, best: accuracy}\n";

void nn_help_append_page(nn_text *text, const nn_help_page *page)
{
    nn_text_append(text, "%s: %s\n", page->topic, page->summary);
    for (size_t i = 0; i < sizeof pages_tables / sizeof *pages_tables; i++) {
        if (strcmp(pages_tables[i].topic, page->topic) != 0) continue;
        nn_text_append(text, "\n%s:\n", pages_tables[i].path);
        nn_help_append_options(text, pages_tables[i].table);
    }
}

void nn_help_append_config(nn_text *text)
{
    nn_text_append(text, "config: a configuration is a YAML file with these sections\n\n");
    for (size_t i = 0; i < sizeof pages_sections / sizeof *pages_sections; i++)
        nn_text_append(text, "  %-12s %s (nntrain help %s)\n", pages_sections[i].section,
                       pages_sections[i].summary, pages_sections[i].topic);
    nn_text_append(text,
                   "\n`include: FILE` takes in another file, ${NAME} an environment variable. Names of data "
                   "files start from\nthe configuration's folder. --set changes any key from the command "
                   "line; a layer is called by its name,\nor by its number from 0: --set network.0.units=32\n"
                   "\nA run that is resumed may change what its options call free; what changes the result "
                   "stays the same.\n\nexample:\n\n%s",
                   nn_help_example);
}
