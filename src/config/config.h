/*
 * The configuration file: YAML (libyaml's document tree) with `include:`, ${VAR} and command-line overrides,
 * read section by section into structs through option tables. Mistakes are collected with file:line:column
 * and reported all at once by nn_config_finish.
 */
#ifndef NN_CONFIG_CONFIG_H
#define NN_CONFIG_CONFIG_H

#include "base/options.h"
#include "base/status.h"
#include "base/text.h"

struct nn_config_files;
typedef struct nn_config nn_config;           /* a complete configuration */
typedef struct nn_config_node nn_config_node; /* one value in it; borrowed from the configuration */

/* Parses the file. overrides are texts "a.b.c=VALUE" (VALUE is YAML), applied in order; a segment applied to
 * the `network` list is a layer's name, or its number from 0. A file that cannot be read or is not YAML fails
 * here; all other problems are collected. The caller owns the configuration. */
nn_status nn_config_load(const char *path, const char *const *overrides, size_t override_count,
                         nn_config **config);

/* As nn_config_load, but takes each file from *files (config/loaded_files.h) if it is there, and adds it
 * otherwise: a second load, or one of another process that has these files, opens none. A file that cannot be
 * read is not added. files may be NULL. */
nn_status nn_config_load_files(struct nn_config_files *files, const char *path, const char *const *overrides,
                               size_t override_count, nn_config **config);

/* As nn_config_load, from text; messages show `name` instead of a path. */
nn_status nn_config_parse(const char *text, const char *name, const char *const *overrides,
                          size_t override_count, nn_config **config);

/* Reads JSON of `length` bytes: no includes, no ${VAR}, no limit on the number of values. Fails on what is
 * not JSON or YAML; messages show `name`. For walking alone; the caller owns the tree. */
nn_status nn_config_parse_json(const char *text, size_t length, const char *name, nn_config **config);

/* An option of a command line. Its value is taken literally. */
typedef struct nn_config_word {
    const char *key, *value;
    bool list;         /* values separated by commas; \, is a literal comma */
    const char *place; /* as messages show it: "--key value" */
} nn_config_word;

/* A configuration whose root has these options; NN_ERROR_USAGE if one is given twice. Messages show
 * `name` as the command. The caller owns the configuration. */
nn_status nn_config_from_words(const char *name, const nn_config_word *words, size_t count,
                               nn_config **config);

void nn_config_destroy(nn_config *config); /* accepts NULL */

/* ---- walking ---- */

/* The path of the file that it was loaded from, borrowed; NULL: it is from a text. */
const char *nn_config_path(const nn_config *config);

/* The outermost value, a mapping. Borrowed. */
nn_config_node *nn_config_root(nn_config *config);

/* The value of `key` in a mapping, marked as known; NULL when absent (or when node is NULL or not a
 * mapping). */
nn_config_node *nn_config_get(nn_config_node *node, const char *key);

typedef enum nn_config_kind { NN_CONFIG_SCALAR, NN_CONFIG_LIST, NN_CONFIG_MAPPING } nn_config_kind;
nn_config_kind nn_config_kind_of(const nn_config_node *node); /* node is not NULL */

/* Number of entries of a list or mapping; 0 for others. */
size_t nn_config_count(const nn_config_node *node);

/* Value of an entry, marked as known; NULL when out of range. */
nn_config_node *nn_config_item(nn_config_node *node, size_t index);

/* Key of a mapping's entry, borrowed; NULL when there is none. */
const char *nn_config_key(const nn_config_node *node, size_t index);

/* Text of a scalar, borrowed; NULL for others. */
const char *nn_config_text(const nn_config_node *node);

/* The number that a scalar is; NaN where it is null, another text, or not there. */
double nn_config_number(const nn_config_node *node);

/* "file:line:column" of the node, for messages. Borrowed. */
const char *nn_config_place(const nn_config_node *node);

/* ---- reading ---- */

/*
 * Fills *options from a mapping through its table: defaults first, then what the mapping gives. `path` is the
 * dotted path of the section, for messages and for the resolved configuration. node may be NULL (all
 * defaults). A scalar in place of a mapping sets the first option of the table (`dropout: 0.2`), and so does
 * a list if that option is one (`reshape: [4, 4]`). Keys missing from the table are errors that suggest the
 * nearest valid name; keys in `extra` (NULL-terminated, may be NULL) are left to the caller. symbols may be
 * NULL. Problems are collected, never returned.
 */
void nn_config_read(nn_config *config, nn_config_node *node, const char *path, const nn_option *table,
                    const nn_symbol *symbols, const char *const *extra, void *options);

/*
 * Reads the choice of a plug-in: `adam`, or `adam: {options}` (a mapping with one key). Returns its name,
 * borrowed, and the node of its options (NULL when there are none); returns NULL, with the error collected,
 * when the node is neither.
 */
const char *nn_config_read_choice(nn_config *config, nn_config_node *node, nn_config_node **options);

/* Collects an error about a node: "file:line:column: message". node may be NULL (then only the file is
 * named). */
void nn_config_error(nn_config *config, const nn_config_node *node, const char *format, ...) NN_PRINTF(3, 4);

/* The same with the error text of a failed call; does nothing if it succeeded. Running out of memory is not
 * an error of the configuration: it ends the reading with NN_ERROR_MEMORY. Returns whether the call
 * succeeded. */
bool nn_config_check(nn_config *config, const nn_config_node *node, nn_status status);

/* Collects "unknown WHAT 'word'; did you mean 'near'? (known: a, b, c)". names: NULL-terminated. */
void nn_config_unknown(nn_config *config, const nn_config_node *node, const char *what, const char *word,
                       const char *const *names);

/* The same with names from a list of plug-ins (NULL-terminated): the first member of each struct is its
 * name. */
void nn_config_unknown_type(nn_config *config, const nn_config_node *node, const char *what, const char *word,
                            const void *const *types);

/* Collects an error for every key of a mapping that is not in `known` (NULL-terminated). */
void nn_config_check_keys(nn_config *config, nn_config_node *node, const char *const *known);

/* NN_OK, or NN_ERROR_USAGE with every collected problem in the error text, one per line, in file order. */
nn_status nn_config_finish(nn_config *config);

/* How many problems have been collected so far. */
size_t nn_config_problem_count(const nn_config *config);

/* ---- parts written once and read several times ---- */

/* `$name` is replaced by the value. */
typedef struct nn_config_variable {
    const char *name;
    nn_config_node *value;
} nn_config_variable;

/* A copy of the node, with positions kept, in which `$name` is replaced by the variable's value. A variable
 * that is the entire text may have a value of any kind; one within a longer text must be a scalar. `$$` is a
 * literal `$`. Unknown names are collected, and readers skip the values that contain them. The value of the
 * key `except` (may be NULL) is left unchanged. NULL: out of memory, which nn_config_finish reports. */
nn_config_node *nn_config_fill(nn_config *config, const nn_config_node *node,
                               const nn_config_variable *variables, size_t count, const char *except);

/* Parses YAML text generated by the program as if it occurred at `place` (NULL: at the root). Lives as long
 * as the configuration and is not emitted. NULL when it cannot be parsed or memory runs out (collected). */
nn_config_node *nn_config_insert(nn_config *config, const nn_config_node *place, const char *text);

/* ---- what was read ---- */

/* One resolved option: compared on resume and shown by `info`. */
typedef struct nn_config_value {
    const char *path;  /* "optimizer.adam.learning_rate" */
    const char *value; /* canonical text */
    nn_option_effect effect;
} nn_config_value;

/* All values that nn_config_read has resolved, including defaults, in the order of reading. Borrowed. */
size_t nn_config_values(const nn_config *config, const nn_config_value **values);

/* Adds one such value directly, for what is not read through a table. Texts are copied. */
void nn_config_record(nn_config *config, const char *path, const char *value, nn_option_effect effect);

/* Replaces the recorded value of an option that leaves a choice open (0, or "not given") with the choice
 * made, so that a resume compares what was used. */
void nn_config_resolve(nn_config *config, const char *path, const char *value);

/* Appends the configuration to *text as YAML, with includes and overrides applied (but not the defaults).
 * Parsing it gives the same configuration. */
void nn_config_emit(const nn_config *config, nn_text *text);

/* Appends one value in flow style, on one line: what --set takes. */
void nn_config_emit_flow(const nn_config_node *node, nn_text *text);

#endif
