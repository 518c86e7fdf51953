/* All kinds of plug-ins in one form. */
#include <string.h>

#include "cli/help.h"
#include "data/transform.h"
#include "export/exporter.h"
#include "import/import.h"
#include "loss/metric.h"
#include "model/composite.h"
#include "model/model.h"
#include "model/symbols.h"
#include "nn/initializer.h"
#include "optim/optimizer.h"
#include "optim/schedule.h"

/* The network creates the layer `input` itself: an example of it would be refused. */
static bool families_layer(size_t index, nn_help_item *item)
{
    const nn_layer_type *type = nn_layer_types(NN_SCALAR_F32)[index];
    if (!type) return false;
    bool written = strcmp(type->name, "input") != 0;
    *item =
        (nn_help_item){type->name, type->summary, written ? type->example : NULL, type->options, NULL, NULL};
    return true;
}

static bool families_composite(size_t index, nn_help_item *item)
{
    const nn_composite_type *type = nn_composite_types()[index];
    if (!type) return false;
    *item = (nn_help_item){type->name, type->summary, type->example, type->options, NULL, NULL};
    return true;
}

static bool families_loss(size_t index, nn_help_item *item)
{
    const nn_loss_type *type = nn_loss_types(NN_SCALAR_F32)[index];
    if (!type) return false;
    *item = (nn_help_item){type->name, type->summary, type->example, type->options, NULL, NULL};
    return true;
}

static bool families_metric(size_t index, nn_help_item *item)
{
    const nn_metric_type *type = nn_metric_types(NN_SCALAR_F32)[index];
    if (!type) return false;
    *item = (nn_help_item){type->name, type->summary, type->example, type->options, type, NULL};
    return true;
}

static bool families_initializer(size_t index, nn_help_item *item)
{
    const nn_initializer_type *type = nn_initializer_types(NN_SCALAR_F32)[index];
    if (!type) return false;
    *item = (nn_help_item){type->name, type->summary, type->name, NULL, NULL, NULL};
    return true;
}

static bool families_optimizer(size_t index, nn_help_item *item)
{
    const nn_optimizer_type *type = nn_optimizer_types(NN_SCALAR_F32)[index];
    if (!type) return false;
    *item = (nn_help_item){type->name, type->summary, type->example, type->options, NULL, NULL};
    return true;
}

static bool families_schedule(size_t index, nn_help_item *item)
{
    const nn_schedule_type *type = nn_schedule_types()[index];
    if (!type) return false;
    *item = (nn_help_item){type->name, type->summary, type->example, type->options, NULL, NULL};
    return true;
}

static bool families_transform(size_t index, nn_help_item *item)
{
    const nn_transform_type *type = nn_transform_types()[index];
    if (!type) return false;
    *item = (nn_help_item){type->name, type->summary, type->example, type->options, NULL, NULL};
    return true;
}

static bool families_importer(size_t index, nn_help_item *item)
{
    const nn_importer *importer = nn_importers()[index];
    if (!importer) return false;
    *item =
        (nn_help_item){importer->name, importer->summary, importer->example, importer->options, NULL, NULL};
    return true;
}

static bool families_exporter(size_t index, nn_help_item *item)
{
    const nn_exporter *exporter = nn_exporters()[index];
    if (!exporter) return false;
    *item = (nn_help_item){exporter->name, exporter->summary, exporter->example, exporter->options,
                           NULL,           exporter->about};
    return true;
}

static const nn_option *families_import_options(void)
{
    return nn_import_settings_table;
}

const nn_help_family nn_help_families[] = {
    {"layers", "layer", "layers", "network:\n    - ",
     "entries of the list `network`, in order; a bare word where no option is needed", families_layer,
     nn_model_layer_options},
    {"composites", "composite", "composites", "network:\n    - ",
     "entries of the list `network` that expand to several layers", families_composite,
     nn_model_composite_options},
    {"losses", "loss", "losses", "loss:\n    ",
     "the quantity that training minimises: the section `loss`, or entries of `losses` by target",
     families_loss, nn_model_loss_options},
    {"metrics", "metric", "metrics", "metrics:\n    - ",
     "results reported next to the loss: entries of the list `metrics`", families_metric, NULL},
    {"initializers", "initializer", "initializers",
     "initializer: ", "initial values of a layer's weights: the option `initializer` of layers that have it",
     families_initializer, NULL},
    {"optimizers", "optimizer", "optimizers", "optimizer:\n    ",
     "how the gradient updates the weights: the section `optimizer`", families_optimizer, NULL},
    {"schedules", "learning-rate schedule", "learning-rate schedules", "lr_schedule:\n    ",
     "how the learning rate changes during a run: the section `lr_schedule`", families_schedule, NULL},
    {"augment", "transform", "transforms", "data:\n    fields:\n      x:\n        augment:\n          - ",
     "random changes to training samples: entries of the list `augment` of data.fields.x, in order",
     families_transform, NULL},
    {"import", "format", "formats", NULL,
     "formats that `nntrain import` reads: nntrain import FORMAT SOURCE... -o OUT.h5. Zarr is not read: "
     "`nntrain info STORE.zarr` prints the command that converts a store to HDF5",
     families_importer, families_import_options},
    {"export", "format", "formats", NULL,
     "formats that `nntrain export` writes: nntrain export RUN_DIR FILE, by the ending of FILE",
     families_exporter, NULL},
    {.topic = NULL},
};

static void families_append_options(nn_text *text, const nn_help_family *family, const nn_option *table)
{
    if (family->place)
        nn_help_append_options(text, table);
    else
        nn_help_append_flags(text, table);
}

/* An importer's example is a complete command, and its datasets are listed too. */
static void families_append_example(nn_text *text, const nn_help_family *family, const nn_help_item *item)
{
    const nn_importer *importer = family->place ? NULL : nn_importer_find(item->name);
    if (item->example)
        nn_text_append(text, "\nexample:\n  %s%s\n", family->place ? family->place : "", item->example);
    if (importer && importer->writes) nn_text_append(text, "\nwrites:\n  %s\n", importer->writes);
}

/* An indented paragraph, broken between words. */
static void families_append_wrapped(nn_text *text, const char *before, const char *words)
{
    enum { WIDTH = 98, INDENT = 4 };
    size_t column = INDENT + strlen(before);
    nn_text_append(text, "%*s%s", INDENT, "", before);
    while (*words) {
        size_t length = strcspn(words, " ");
        if (column + length > WIDTH) {
            nn_text_append(text, "\n%*s", INDENT, "");
            column = INDENT;
        }
        nn_text_append(text, "%.*s", (int)length, words);
        words += length;
        column += length;
        if (*words++ != ' ') break;
        if (column + 1 + strcspn(words, " ") <= WIDTH) nn_text_append(text, " ");
        column++;
    }
    nn_text_append(text, "\n");
}

static void families_append_definition(nn_text *text, const nn_help_item *item)
{
    nn_text_append(text, "\n%s\n", item->name);
    families_append_wrapped(text, "", item->metric->definition);
    families_append_wrapped(text, "undefined: ", item->metric->undefined);
    families_append_wrapped(text, "", item->metric->reference);
}

void nn_help_append_family(nn_text *text, const nn_help_family *family)
{
    nn_help_item item;
    nn_text_append(text, "%s: %s\n\n", family->topic, family->use);
    for (size_t i = 0; family->item(i, &item); i++)
        nn_text_append(text, "  %-20s %s\n", item.name, item.summary);
    if (family->common) {
        nn_text_append(text, "\noptions common to all %s:\n", family->plural);
        families_append_options(text, family, family->common());
        if (family->place) nn_help_append_resume_note(text);
    }
    for (size_t i = 0; family->item(i, &item); i++)
        if (item.metric) families_append_definition(text, &item);
    nn_text_append(text, "\n`nntrain help NAME` describes one of them.\n");
}

/* The options common to the family are on its page; a command line needs them all. */
void nn_help_append_item(nn_text *text, const nn_help_family *family, const nn_help_item *item)
{
    nn_text_append(text, "%s (%s): %s\n", item->name, family->what, item->summary);
    families_append_example(text, family, item);
    if (item->metric)
        nn_text_append(text,
                       "\ndefinition:\n  %s\n\nundefined (in JSON null, and worse than any number):\n  %s\n\n"
                       "reference:\n  %s\n",
                       item->metric->definition, item->metric->undefined, item->metric->reference);
    if (item->about) nn_text_append(text, "\n%s", item->about);
    if (!item->options && !family->common) return;
    nn_text_append(text, "\noptions:\n");
    families_append_options(text, family, item->options);
    if (family->place && item->options && item->options->name) nn_help_append_resume_note(text);
    if (!family->common) return;
    if (family->place) {
        nn_text_append(text, "\nOptions common to all %s: nntrain help %s\n", family->plural, family->topic);
    } else {
        nn_text_append(text, "\noptions common to all %s:\n", family->plural);
        nn_help_append_flags(text, family->common());
    }
}
