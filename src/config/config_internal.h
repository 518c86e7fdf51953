/*
 * The implementation of config.h: the tree of values with their positions, and the collected problems.
 * Private to config. Everything lives in the configuration's arena and is freed with it.
 *
 * A function here that returns NN_ERROR_USAGE has already collected the problem; its caller either continues
 * without the value or ends loading with nn_config_report.
 */
#ifndef NN_CONFIG_CONFIG_INTERNAL_H
#define NN_CONFIG_CONFIG_INTERNAL_H

#include "config/config.h"

enum {
    NN_CONFIG_DEPTH_MAX = 64,      /* levels of nesting; recursion over the tree relies on it */
    NN_CONFIG_NODES_MAX = 20000,   /* keys and values, with aliases expanded */
    NN_CONFIG_KEY_MAX = 200,       /* bytes of a key: escaped, it must stay below libyaml's 1024 */
    NN_CONFIG_BYTES_MAX = 4194304, /* per file */
    NN_CONFIG_FILES_MAX = 100,     /* per configuration */
    NN_CONFIG_SHOWN_SIZE = 64      /* size of a buffer for nn_config_show */
};

/* A file, or a command-line override, for which the name says enough. */
typedef struct nn_config_source {
    const char *name;
    size_t number; /* order of loading: problems are sorted by it */
    bool has_lines;
} nn_config_source;

typedef struct nn_config_position {
    const nn_config_source *source;
    size_t line, column; /* from 1; line 0: the source in general */
} nn_config_position;

typedef struct nn_config_entry {
    nn_config_node *key; /* NULL in a list */
    nn_config_node *value;
    bool known; /* some reader asked for it */
} nn_config_entry;

struct nn_config_node {
    nn_config *config;
    nn_config_position position;
    nn_config_kind kind;
    const char *text; /* of a scalar; "" for null */
    bool quoted;      /* an unquoted "" is null */
    bool broken;      /* its problem is collected: readers skip it */
    nn_config_entry *entries;
    size_t count, capacity;
};

typedef struct nn_config_problem {
    nn_config_position position;
    size_t number; /* order of detection */
    const char *text;
} nn_config_problem;

struct nn_config {
    struct nn_config_chunk *chunks;
    const nn_config_source *main_source;
    bool from_file; /* main_source is a path */
    size_t source_count, file_count, node_count;
    size_t nodes_max, key_max; /* NN_CONFIG_NODES_MAX and NN_CONFIG_KEY_MAX for what a user writes */
    nn_config_node *root;
    nn_config_problem *problems;
    size_t problem_count, problem_capacity, problems_left_out;
    nn_config_value *values;
    size_t value_count, value_capacity;
    const char **asked; /* keys of the root that readers asked for */
    size_t asked_count, asked_capacity;
    nn_status failure;             /* of a function that returns no status: reported by nn_config_finish */
    struct nn_config_files *files; /* while loading: those that were loaded before; may be NULL */
};

/* ---- node.c: memory, nodes ---- */

/* An empty configuration without sources; the caller owns it. */
nn_status nn_config_create(nn_config **config);

/* Zeroed memory that lives as long as the configuration. */
nn_status nn_config_allocate(nn_config *config, size_t size, void **block);

/* Makes room for one more element; `array` is the address of a pointer to elements of `size` bytes. */
nn_status nn_config_grow(nn_config *config, void *array, size_t count, size_t *capacity, size_t size);

/* A NUL-terminated copy in the arena. The next three put what they create there, too. */
nn_status nn_config_copy(nn_config *config, const char *bytes, size_t length, char **copy);

/* name is copied. has_lines: positions have a line and a column. *source lives in the arena. */
nn_status nn_config_add_source(nn_config *config, const char *name, bool has_lines,
                               const nn_config_source **source);

/* An empty list or mapping, or a scalar whose text is still to be set. */
nn_status nn_config_new_node(nn_config *config, nn_config_position position, nn_config_kind kind,
                             nn_config_node **node);

/* A scalar; text is copied, and an unquoted null, ~ or empty text becomes "". */
nn_status nn_config_new_scalar(nn_config *config, nn_config_position position, const char *text, bool quoted,
                               nn_config_node **node);

/* text must live as long as the configuration. */
void nn_config_set_text(nn_config_node *scalar, const char *text);

/* key is NULL for a list. Both nodes must belong to the same configuration. */
nn_status nn_config_add_entry(nn_config_node *node, nn_config_node *key, nn_config_node *value);

/* The entry of a mapping, or NULL; does not mark it as known. */
nn_config_entry *nn_config_find(const nn_config_node *node, const char *key);

bool nn_config_is_null(const nn_config_node *node);  /* an unquoted "", ~ or null */
size_t nn_config_height(const nn_config_node *node); /* levels: 1 for a scalar */

/* Records the first failure of a function that returns no status. */
void nn_config_keep_failure(nn_config *config, nn_status status);

/* ---- document.c, expand.c: from text to a tree ---- */

/* Parses one YAML document; an empty one gives a null. */
nn_status nn_config_parse_document(nn_config *config, const nn_config_source *source, const char *bytes,
                                   size_t length, nn_config_node **root);

/* The same for text generated by the program: its values do not count towards the limit for files. */
nn_status nn_config_parse_own(nn_config *config, const nn_config_source *source, const char *text,
                              nn_config_node **root);

/* Replaces ${VAR} with the environment's value in all scalars below node; $${ is a literal ${. Runs last, so
 * that variables in values replaced by an override or an including file need not be set. */
nn_status nn_config_expand(nn_config_node *node);

/* ---- utf8.c ---- */

/* Decodes the character at the start of text; returns its number of bytes, 0 when it is not UTF-8. */
size_t nn_config_decode(const char *text, unsigned long *code);

/* Whether the entire text is UTF-8. */
bool nn_config_is_utf8(const char *text);

/* ---- path.c, override.c ---- */

/* What a path's segment means in a list: a layer's name, a number from 0, or a type that occurs once; names
 * and types within repeats count, too. NULL when it is none of these. *level (may be NULL): how many repeats
 * enclose the entry. */
nn_config_entry *nn_config_match_layer(const nn_config_node *list, const char *segment, size_t *level);

/* The type of a list's entry `relu` or `relu: {…}`; NULL when it is neither. */
const char *nn_config_layer_type(const nn_config_node *entry);

/* The `name:` among a layer's options, or NULL. */
const char *nn_config_layer_name(const nn_config_node *entry);

/* The deepest value on a dotted path, for a message; NULL when not even its first segment exists. */
const nn_config_node *nn_config_locate(const nn_config *config, const char *path);

/* Applies "a.b.c=VALUE". NN_ERROR_USAGE: collected. */
nn_status nn_config_override(nn_config *config, const char *text);

/* ---- value.c: one option ---- */

/* What is read, and for which option. */
typedef struct nn_config_reading {
    nn_config *config;
    const nn_option *option;
    const nn_symbol *symbols;
    const char *path; /* dotted path of the option */
    bool is_default;  /* the value comes from the table, so limits do not apply */
} nn_config_reading;

/* Zeroes the option's field, whatever it held: not given. */
void nn_config_clear_value(const nn_option *option, void *options);

/* Sets the option's field, which must have been cleared. False when the value was wrong (collected). */
bool nn_config_read_value(const nn_config_reading *reading, const nn_config_node *node, void *options);

/* Appends the canonical text of the option's field. */
void nn_config_show_value(const nn_option *option, const void *options, nn_text *text);

/* As nn_config_read_value and nn_config_show_value, for the field of a duration. */
bool nn_config_read_duration(const nn_config_reading *reading, const nn_config_node *node, void *field);
void nn_config_show_duration(const nn_option *option, const void *field, nn_text *text);

/* Whether all of text is a decimal number, as strtod reads it. */
bool nn_config_parse_number(const char *text, double *number);

/* "12", "0.1": the shortest decimal that reads back as the same double. */
void nn_config_show_number(double number, nn_text *text);

/* Whether number is within the option's limits; collects the problem if not. */
bool nn_config_check_limits(const nn_config_reading *reading, const nn_config_node *node, double number);

/* ---- report.c ---- */

/* "PATH: unknown WHAT 'word'; did you mean …": path may be NULL. */
void nn_config_report_unknown(nn_config *config, const nn_config_node *node, const char *path,
                              const char *what, const char *word, const char *const *names, size_t count);

/* Replaces control characters with blanks: a problem takes one line. */
void nn_config_flatten(char *text);

/* Fails with `status`, with the collected problems as the error text; NN_ERROR_MEMORY without memory. */
nn_status nn_config_report(nn_config *config, nn_status status);

/* "file:line:column", "file", or the override. Borrowed. */
const char *nn_config_position_text(nn_config *config, nn_config_position position);

/* The text as messages show it, cut when long. Written to a buffer of NN_CONFIG_SHOWN_SIZE, which is
 * returned. */
const char *nn_config_show(char *buffer, const char *text);

/* The same for a node: "a list", "a mapping", "'word'", "nothing". */
const char *nn_config_show_node(char *buffer, const nn_config_node *node);

#endif
