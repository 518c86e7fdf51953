/* What `nntrain help` says, as texts: made from the tables that the program itself works with. */
#ifndef NN_CLI_HELP_H
#define NN_CLI_HELP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/options.h"
#include "base/text.h"

/* ---- option tables ---- */

/* One row an option: type, default, limits, what a resumed run may change, and its help line. An empty table,
 * or NULL, says so. */
void nn_help_append_options(nn_text *text, const nn_option *table);

/* The same for options of a command line: --name, and no word of resumed runs. */
void nn_help_append_flags(nn_text *text, const nn_option *table);

/* ---- plug-ins ---- */

/* What all kinds of plug-ins have in common. */
typedef struct nn_help_item {
    const char *name, *summary;
    const char *example;      /* YAML; NULL: none */
    const nn_option *options; /* NULL: the kind has none */
    const char *undefined;    /* of a metric: when it has no value; NULL: nothing is said */
} nn_help_item;

/* A kind of plug-in: a topic, and each of its plug-ins a topic too. */
typedef struct nn_help_family {
    const char *topic; /* "layers"; NULL ends the list */
    const char *what;  /* "layer" */
    const char *place; /* where one stands in a configuration, up to the example; NULL: a command line */
    const char *use;   /* one line */
    bool (*item)(size_t index, nn_help_item *item); /* false: there are only `index` of them */
    const nn_option *(*common)(void);               /* keys of all beside their own; NULL: none */
} nn_help_family;

extern const nn_help_family nn_help_families[];

void nn_help_append_family(nn_text *text, const nn_help_family *family);
void nn_help_append_item(nn_text *text, const nn_help_family *family, const nn_help_item *item);

/* ---- sections of the configuration, and pages of reference ---- */

/* A topic that is a page: option tables (data, network, training, checkpoint), a text, or both. NULL ends the
 * list. */
typedef struct nn_help_page {
    const char *topic, *summary;
    const char *text; /* what tables cannot say; NULL: nothing */
} nn_help_page;

extern const nn_help_page nn_help_pages[];
extern const char nn_help_faults[], nn_help_performance[];

void nn_help_append_page(nn_text *text, const nn_help_page *page);
void nn_help_append_config(nn_text *text);

/* The topic of the first page that has this key, or a section of that name; NULL: none. */
const char *nn_help_page_of_key(const char *key);

/* A whole configuration that works. */
extern const char nn_help_example[];

/* ---- all topics ---- */

/* The name of a topic; NULL: there are only `index` of them. A name may come twice (a loss and a metric). */
const char *nn_help_topic(size_t index);

/* All that there is on a topic; NULL: the overview. Unknown: NN_ERROR_USAGE with the topic that tells about a
 * key of that name, or with the nearest. */
nn_status nn_help_append(nn_text *text, const char *topic);

#endif
