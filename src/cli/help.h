/* The texts of `nntrain help`, generated from the tables that the program itself uses. */
#ifndef NN_CLI_HELP_H
#define NN_CLI_HELP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/options.h"
#include "base/text.h"
#include "loss/metric.h"

/* ---- option tables ---- */

/* One row per option: type, limits, default, a mark if a resumed run may change it, and its help line. States
 * that there are none if the table is empty or NULL. */
void nn_help_append_options(nn_text *text, const nn_option *table);

/* Explains the marks: once per topic, after its tables. */
void nn_help_append_resume_note(nn_text *text);

/* The same rows for options of a command line: --name, and no marks. */
void nn_help_append_flags(nn_text *text, const nn_option *table);

/* ---- plug-ins ---- */

/* What all kinds of plug-ins share. */
typedef struct nn_help_item {
    const char *name, *summary;
    const char *example;          /* YAML; NULL: none */
    const nn_option *options;     /* NULL: the kind has none */
    const nn_metric_type *metric; /* of a metric: what defines it; NULL: it is something else */
    const char *about;            /* more lines; NULL: none */
} nn_help_item;

/* A kind of plug-in: a topic, as is each of its plug-ins. */
typedef struct nn_help_family {
    const char *topic;         /* "layers"; NULL ends the list */
    const char *what, *plural; /* "layer", "layers" */
    const char
        *place;      /* YAML before the example, down to its place in a configuration; NULL: a command line */
    const char *use; /* one line */
    bool (*item)(size_t index, nn_help_item *item); /* false: index is past the last */
    const nn_option *(*common)(void);               /* options common to all; NULL: none */
} nn_help_family;

extern const nn_help_family nn_help_families[];

void nn_help_append_family(nn_text *text, const nn_help_family *family);
void nn_help_append_item(nn_text *text, const nn_help_family *family, const nn_help_item *item);

/* ---- sections of the configuration, and reference pages ---- */

/* A topic with option tables (data, network, training, checkpoint), a text, or both. topic NULL ends the
 * list. */
typedef struct nn_help_page {
    const char *topic, *summary;
    const char *text; /* in addition to the tables; NULL: none */
} nn_help_page;

extern const nn_help_page nn_help_pages[];
extern const char nn_help_faults[], nn_help_format[], nn_help_init[], nn_help_keras[], nn_help_performance[],
    nn_help_python[], nn_help_formats[], nn_help_c_library[], nn_help_fortran[], nn_help_pytorch[],
    nn_help_results[], nn_help_scaling[], nn_help_training[], nn_help_checkpoint[], nn_help_logging[],
    nn_help_in_place[], nn_help_layouts[], nn_help_plugins[];

void nn_help_append_page(nn_text *text, const nn_help_page *page);
void nn_help_append_config(nn_text *text);

/* The topic of the first page that has this key, or a section of that name; NULL: none. */
const char *nn_help_page_of_key(const char *key);

/* A complete configuration that works. */
extern const char nn_help_example[];

/* ---- all topics ---- */

/* The name of topic `index`; NULL past the last. A name may occur twice (a loss and a metric). */
const char *nn_help_topic(size_t index);

/* Appends everything about a topic; NULL: the overview. Unknown topic: NN_ERROR_USAGE with the topic that
 * describes a key of that name, or with the nearest topic. */
nn_status nn_help_append(nn_text *text, const char *topic);

/* The same, folded at `columns`. */
#define NN_HELP_COLUMNS 80
nn_status nn_help_append_folded(nn_text *text, const char *topic, int columns);

#endif
