/*
 * The configuration file: YAML (libyaml's document tree) with `include:`, ${VAR} and command-line overrides,
 * read section by section into structs through option tables. Mistakes are collected with file:line:column,
 * and all reported in one go by nn_config_finish.
 */
#ifndef NN_CONFIG_CONFIG_H
#define NN_CONFIG_CONFIG_H

#include "base/options.h"
#include "base/status.h"
#include "base/text.h"

typedef struct nn_config nn_config;           /* a whole configuration */
typedef struct nn_config_node nn_config_node; /* a value in it; borrowed from the configuration */

/* Parses the file. overrides are "a.b.c=VALUE" texts (VALUE is YAML), applied in order; a segment that meets
 * the `network` list is a layer's name, or its number from 0. A file that cannot be read or is no YAML fails
 * here; everything else is collected. The configuration is owned by the caller. */
nn_status nn_config_load(const char *path, const char *const *overrides, size_t override_count,
                         nn_config **config);

/* As nn_config_load, from text; `name` stands where the path would stand in messages. */
nn_status nn_config_parse(const char *text, const char *name, const char *const *overrides,
                          size_t override_count, nn_config **config);

/* An option of a command line. Its value is taken as it stands. */
typedef struct nn_config_word {
    const char *key, *value;
    bool list;         /* values between commas; \, is a comma within one */
    const char *place; /* stands in messages: "--key value" */
} nn_config_word;

/* A configuration whose root has these options; of two with one key the later one counts. `name` stands for
 * the command in messages. */
nn_status nn_config_from_words(const char *name, const nn_config_word *words, size_t count,
                               nn_config **config);

void nn_config_destroy(nn_config *config); /* accepts NULL */

/* ---- walking ---- */

nn_config_node *nn_config_root(nn_config *config);

/* The value of `key` in a mapping, marked as known; NULL when absent (or when node is NULL or no mapping). */
nn_config_node *nn_config_get(nn_config_node *node, const char *key);

typedef enum nn_config_kind { NN_CONFIG_SCALAR, NN_CONFIG_LIST, NN_CONFIG_MAPPING } nn_config_kind;
nn_config_kind nn_config_kind_of(const nn_config_node *node);

size_t nn_config_count(const nn_config_node *node);                  /* entries of a list or mapping */
nn_config_node *nn_config_item(nn_config_node *node, size_t index);  /* value of an entry, marked as known */
const char *nn_config_key(const nn_config_node *node, size_t index); /* key of a mapping's entry */
const char *nn_config_text(const nn_config_node *node);              /* of a scalar; NULL for others */

/* "file:line:column" of the node, for messages. Borrowed. */
const char *nn_config_place(const nn_config_node *node);

/* ---- reading ---- */

/*
 * Fills *options from a mapping through its table: defaults first, then what stands in the mapping. `path` is
 * the dotted path of the section, for messages and the resolved configuration. node may be NULL (all
 * defaults). A scalar in place of a mapping sets the first option of the table (`dropout: 0.2`), and so does
 * a list where that option is one (`reshape: [4, 4]`). Keys that the table does not have are errors with the
 * nearest valid name; keys in `extra` (NULL-terminated, may be NULL) are left to the caller. symbols may be
 * NULL. Problems are collected, never returned.
 */
void nn_config_read(nn_config *config, nn_config_node *node, const char *path, const nn_option *table,
                    const nn_symbol *symbols, const char *const *extra, void *options);

/*
 * Reads a plug-in's choice: `adam`, or `adam: {options}` (a mapping with one key). Returns the name,
 * borrowed, and the node of its options (NULL when there are none); NULL when the node is neither (collected
 * as an error).
 */
const char *nn_config_read_choice(nn_config *config, nn_config_node *node, nn_config_node **options);

/* Collects an error about a node: "file:line:column: message". node may be NULL (then the file is the place).
 */
void nn_config_error(nn_config *config, const nn_config_node *node, const char *format, ...) NN_PRINTF(3, 4);

/* The same with the text of a call that has failed; nothing where it has not. Memory that is out is no error
 * of the configuration: it ends the reading as NN_ERROR_MEMORY. Returns whether the call was well. */
bool nn_config_check(nn_config *config, const nn_config_node *node, nn_status status);

/* Collects "unknown WHAT 'word'; did you mean 'near'? (known: a, b, c)". names: NULL-terminated. */
void nn_config_unknown(nn_config *config, const nn_config_node *node, const char *what, const char *word,
                       const char *const *names);

/* The same where the names are those of a list of plug-ins (NULL-terminated): their structs begin with the
 * name. */
void nn_config_unknown_type(nn_config *config, const nn_config_node *node, const char *what, const char *word,
                            const void *const *types);

/* Every key of a mapping that is not in `known` (NULL-terminated) is collected as an error. */
void nn_config_check_keys(nn_config *config, nn_config_node *node, const char *const *known);

/* NN_OK, or NN_ERROR_USAGE with every collected problem in the error text, one a line, in file order. */
nn_status nn_config_finish(nn_config *config);

/* How many problems have been collected so far. */
size_t nn_config_problem_count(const nn_config *config);

/* ---- parts that are written once and read several times ---- */

/* `$name` stands for the value. */
typedef struct nn_config_variable {
    const char *name;
    nn_config_node *value;
} nn_config_variable;

/* A copy of the node, each value at its old place, in which the texts have the variables' values for `$name`.
 * A value of any kind may be a whole text; within a longer one it must be a text itself. `$$` stands for one
 * `$`. Unknown names are collected, and what holds them is passed over by readers. What stands under the key
 * `except` (may be NULL) is left as it is. NULL: no memory, which nn_config_finish reports. */
nn_config_node *nn_config_fill(nn_config *config, const nn_config_node *node,
                               const nn_config_variable *variables, size_t count, const char *except);

/* A YAML text of the program's own as if it stood at `place` (NULL: at the root). Lives as long as the
 * configuration; is no part of what is emitted. NULL when it cannot be parsed, or without memory (collected).
 */
nn_config_node *nn_config_insert(nn_config *config, const nn_config_node *place, const char *text);

/* ---- what was read ---- */

/* One resolved option: what a resume compares and `info` shows. */
typedef struct nn_config_value {
    const char *path;  /* "optimizer.adam.learning_rate" */
    const char *value; /* canonical text */
    nn_option_effect effect;
} nn_config_value;

/* All values that nn_config_read has resolved, defaults included, in the order of reading. Borrowed. */
size_t nn_config_values(const nn_config *config, const nn_config_value **values);

/* Adds one such value by hand, for what is not read through a table. */
void nn_config_record(nn_config *config, const char *path, const char *value, nn_option_effect effect);

/* Replaces the recorded value of an option that leaves a choice open (0, or "not given") by what was chosen,
 * so that a resume compares what was used. */
void nn_config_resolve(nn_config *config, const char *path, const char *value);

/* The configuration as YAML, with includes and overrides worked in (not the defaults), appended to *text.
 * Parsing it gives the same configuration. */
void nn_config_emit(const nn_config *config, nn_text *text);

#endif
