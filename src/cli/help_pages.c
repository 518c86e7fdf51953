/* The sections of the configuration, and the pages of reference. */
#include <string.h>

#include "cli/help.h"
#include "data/dataset.h"
#include "model/symbols.h"
#include "settings/settings.h"

static const char pages_data[] =
    "An HDF5 file in another layout needs no conversion; `nntrain help layouts` has sequences of different\n"
    "lengths, a group or a file per sample, and sparse matrices. A few of the keys:\n"
    "\n"
    "  data:\n"
    "    file: part-*.h5                         # several files are one data set\n"
    "    # several inputs: joined, or each by its name\n"
    "    train: {x: {rho: density, par: params}, y: labels}\n"
    "    split: {validation: 0.1, stratified: true}  # or order: chronological\n"
    "           # {folds: 5, fold: 1, test: 0.1}: the first of 5 folds is for validation\n"
    "    window: {length: 7, targets: [close]}   # windows over the rows of a series\n"
    "            # by: episode, starts: first_rows, or by_time: time, gap: 3600: they stay in a series\n"
    "    fields:\n"
    "      # NCHW becomes N x H x W x C\n"
    "      x: {layout: NCHW, augment: [flip, {shift: 2}], missing: mean}\n"
    "      y: {first_label: 1}                   # one-hot labels are recognised\n"
    "    cache: auto                             # or memory, stream: the same bits\n"
    "    on_bad_sample: skip\n"
    "\n"
    "Missing values are never trained on silently. They are: NaN; what the attributes of a NetCDF-4\n"
    "file call missing (_FillValue, missing_value, valid_range; packed values are unpacked by\n"
    "scale_factor, add_offset, _Unsigned); a fill value that was set in HDF5, or the default one of\n"
    "NetCDF-4 (not of bytes); chunks never written;\n"
    "gaps and absent sources of a virtual dataset. fields.NAME.missing says how to treat them: error\n"
    "(the default), mean, mask, drop or impute. `nntrain info FILE` shows their share.\n"
    "missing_indicator: true adds for each column (or channel) of an input one that is 1 where the value\n"
    "was missing. The network itself then replaces NaN, in exported models too.\n"
    "\n"
    "What other programs write is read as it is; `nntrain info FILE [FILE ...]` proposes the section:\n"
    "\n"
    "    # files of two patterns are paired by what their wildcards match, lists in\n"
    "    # their order; lengths, weights and split.group may be in other files too\n"
    "    train: {x: {file: x-*.h5, path: x}, y: {file: y-*.h5, path: y}}\n"
    "    # fields of records, as h5py, PyTables and pandas write them; a list is\n"
    "    # joined: columns, or maps (N x H x W) as channels\n"
    "    test: {x: [df/table.open, df/table.close], y: df/table.side}\n"
    "\n"
    "Texts as labels are classes in the order of their bytes, or of fields.y.labels: [no, yes]; an empty\n"
    "one is missing. As an input with kind: index they are symbols for an embedding. Booleans and\n"
    "enumerations are classes with their names. A complex number is two values, real and imaginary part,\n"
    "along one more dimension. One-hot labels at every pixel or step are classes (kind: one_hot or class\n"
    "says so); rows that sum to 1 are class probabilities for cross_entropy, and metrics count the most\n"
    "probable class. Files and parts may differ in type; a warning says where their ranges differ.\n"
    "\n"
    "Columns of words, which import numbers and names (NAME_categories/COLUMN), are one-hot up to 20\n"
    "categories, and looked up in a trained table (an embedding) above; fields.NAME.categorical: one_hot,\n"
    "embedding or code (numbers like others) says otherwise, and the log lists them. A missing category is\n"
    "one of its own: all zeros, or a row of the table. Runs of before there was a choice used code.\n";

static const char pages_network[] =
    "The section is a list of layers, each of which reads the one before unless `inputs` names others:\n"
    "\n"
    "  network:\n"
    "    - dense: {units: 64, activation: relu, name: stem}\n"
    "    - dense: {units: 64, activation: relu}\n"
    "    - add: {inputs: [previous, stem]}\n"
    "    - dense: {units: classes}\n"
    "\n"
    "`nntrain help layers` lists the layers, `nntrain help composites` those that expand to\n"
    "several layers. `repeat` repeats a list of layers. ResNet-20\n"
    "(He et al. 2016) for small images:\n"
    "\n"
    "  network:\n"
    "    - conv2d: {filters: 16, kernel: 3, padding: same, bias: false}\n"
    "    - batch_norm: {activation: relu}\n"
    "    - repeat:\n"
    "        with: {f: [16, 32, 64], s: [1, 2, 2]}\n"
    "        layers:\n"
    "          - residual_block: {filters: $f, stride: $s}\n"
    "          - repeat: {times: 2, layers: [residual_block: {filters: $f}]}\n"
    "    - global_average_pool\n"
    "    - dense: {units: classes}\n"
    "\n"
    "Inside a repeat, a name refers to the layer of the same repetition. Outside, layers have their\n"
    "final names, such as conv-2 for `conv` of the second repetition, or block-conv1 for the first\n"
    "convolution of a residual_block named `block`, whose last layer is `block` itself. --set uses the\n"
    "name as written: --set network.conv.filters=8\n"
    "\n"
    "A network with two inputs and two outputs, each output with its own loss:\n"
    "\n"
    "  data:\n"
    "    file: wings.h5\n"
    "    train: {x: {shape: outlines, flow: conditions}, y: {drag: cd, stalls: stall}}\n"
    "  network:\n"
    "    - lstm: {units: 64, inputs: shape}\n"
    "    - concat: {inputs: [previous, flow]}\n"
    "    - dense: {units: 32, activation: relu, name: trunk}\n"
    "    - dense: {units: 1, name: drag, inputs: trunk}\n"
    "    - dense: {units: classes, name: stalls, inputs: trunk}\n"
    "  losses: {drag: huber, stalls: {cross_entropy: {weight: 0.3}}}\n"
    "  metrics: [drag.rmse, stalls.f1]\n";

const nn_help_page nn_help_pages[] = {
    {"data", "files, datasets, splits, windows, normalisation, streams", pages_data},
    {"formats", "NetCDF-4 files and those of MATLAB as data", nn_help_formats},
    {"layouts", "sequences of different lengths, a group or a file per sample, sparse matrices",
     nn_help_layouts},
    {"network", "the list of layers: names, inputs, repeat, shared and frozen weights", pages_network},
    {"training", "length, batch size, seed, kernels, precision, and what a rank may use", nn_help_training},
    {"checkpoint", "how often to save, how many to keep, which weights are the best", nn_help_checkpoint},
    {"logging", "what metrics.jsonl has of each epoch, validation and step", nn_help_logging},
    {"checkpoint-format", "how to read a checkpoint in other programs: graph, weights, normalisation",
     nn_help_format},
    {"results", "what a run leaves about its quality: results.json and evaluation.h5", nn_help_results},
    {"plugins", "layers, losses, metrics and transforms of your own, as shared objects", nn_help_plugins},
    {"init_from", "starting from the weights of another run, of PyTorch or of Keras", nn_help_init},
    {"faults", "what happens when a job is killed, a disk is full, a file is damaged, ...", nn_help_faults},
    {"performance", "what was measured, and with which command", nn_help_performance},
    {"pytorch", "from PyTorch's names to those used here, and back with the trained network",
     nn_help_pytorch},
    {"keras", "from Keras's names to those used here", nn_help_keras},
    {"python", "nntrain.py: predictions, derivatives and results in Python", nn_help_python},
    {"c-library", "predicting from C and C++", nn_help_c_library},
    {"fortran", "predicting and training from Fortran", nn_help_fortran},
    {"in-place", "training on the samples of a running program, such as a simulation", nn_help_in_place},
    {"scaling", "several nodes: what communication costs, large batches", nn_help_scaling},
    {.topic = NULL},
};

/* The tables of each page, and their paths in the configuration. The network's are returned by functions:
 * they are compiled once per precision. */
static const struct {
    const char *topic, *path;
    const nn_option *table;
    const nn_option *(*find)(void); /* in place of table */
} pages_tables[] = {
    {"data", "data", nn_data_options_table, NULL},
    {"data", "data.train, data.validation, data.test", nn_part_options_table, NULL},
    {"data", "data.split", nn_split_options_table, NULL},
    {"data", "data.window", nn_data_window_options_table, NULL},
    {"data", "data.in_place", nn_in_place_options_table, NULL},
    {"data", "data.fields.x, data.fields.y, data.fields.NAME", nn_data_field_options_table, NULL},
    {"network", "repeat", NULL, nn_model_repeat_options},
    {"network", "each layer", NULL, nn_model_layer_options},
    {"training", "training", nn_training_options_table, NULL},
    {"training", "training.early_stopping", nn_early_options_table, NULL},
    {"init_from", "init_from", nn_init_options_table, NULL},
    {"checkpoint", "checkpoint", nn_checkpoint_options_table, NULL},
    {"results", "evaluation", nn_evaluation_options_table, NULL},
    {"logging", "logging", nn_logging_options_table, NULL},
};

static const nn_option *pages_options(size_t table)
{
    return pages_tables[table].find ? pages_tables[table].find() : pages_tables[table].table;
}

/* Whether the last of the words of a path, separated by dots, is `key`. */
static bool pages_path_ends(const char *path, const char *key)
{
    const char *dot = strrchr(path, '.');
    return strcmp(dot ? dot + 1 : path, key) == 0;
}

const char *nn_help_page_of_key(const char *key)
{
    for (size_t i = 0; i < sizeof pages_tables / sizeof *pages_tables; i++) {
        if (pages_path_ends(pages_tables[i].path, key)) return pages_tables[i].topic;
        for (const nn_option *option = pages_options(i); option && option->name; option++)
            if (strcmp(option->name, key) == 0) return pages_tables[i].topic;
    }
    return NULL;
}

/* The sections in their usual order, and the topic that describes each. */
static const struct {
    const char *section, *topic, *summary;
} pages_sections[] = {
    {"data", "data", "required: files, datasets, splits, windows, normalisation, streams"},
    {"network", "network", "required: the list of layers, from input to output"},
    {"loss", "losses", "required: the quantity that training minimises"},
    {"metrics", "metrics", "results reported next to the loss"},
    {"optimizer", "optimizers", "how the gradient updates the weights; default adam"},
    {"lr_schedule", "schedules", "how the learning rate changes during the run; default cosine"},
    {"training", "training", "length, batch size, seed, precision, threads"},
    {"checkpoint", "checkpoint", "how often to save, and which weights are the best"},
    {"evaluation", "results", "what is kept of the final evaluation, for reports"},
    {"logging", "logging", "lines of metrics.jsonl by step, norms by layer"},
    {"init_from", "init_from", "the weights that a new run starts from: of a run, PyTorch or Keras"},
    {"plugins", "plugins", "shared objects with layers, losses, metrics and transforms of your own"},
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
    bool tables = false;
    nn_text_append(text, "%s: %s\n", page->topic, page->summary);
    if (page->text) nn_text_append(text, "\n%s", page->text);
    for (size_t i = 0; i < sizeof pages_tables / sizeof *pages_tables; i++) {
        if (strcmp(pages_tables[i].topic, page->topic) != 0) continue;
        nn_text_append(text, "\n%s:\n", pages_tables[i].path);
        nn_help_append_options(text, pages_options(i));
        tables = true;
    }
    if (tables) nn_help_append_resume_note(text);
}

void nn_help_append_config(nn_text *text)
{
    nn_text_append(text, "config: a configuration is a YAML file with these sections\n\n");
    for (size_t i = 0; i < sizeof pages_sections / sizeof *pages_sections; i++)
        nn_text_append(text, "  %-12s %s (nntrain help %s)\n", pages_sections[i].section,
                       pages_sections[i].summary, pages_sections[i].topic);
    nn_text_append(
        text,
        "\n`include: FILE` includes another file, ${NAME} is replaced by an environment variable. Paths "
        "of data files are\nrelative to the configuration's folder. --set changes any key from the "
        "command line; layers are addressed by name,\nor by number from 0: --set network.0.units=32\n"
        "\nA resumed run may change only the options that their help marks `may change on resume`, "
        "`speed only` or\n`output only`.\n\nexample:\n\n%s",
        nn_help_example);
}
