/*
 * Turns the section `network` into a flat list of layers: repeats and composites are expanded, and names made
 * unique. Private to model.
 */
#ifndef NN_MODEL_SPEC_H
#define NN_MODEL_SPEC_H

#include "config/config.h"
#include "model/composite.h"
#include "nn/network.h"

enum {
    NN_SPEC_PATH = 1024,      /* bytes of a dotted path */
    NN_SPEC_VARIABLES = 64,   /* visible at one place */
    NN_SPEC_COMPOSITES = 64,  /* types of composites */
    NN_SPEC_DEPTH = 16,       /* nested blocks */
    NN_SPEC_LAYERS_MAX = 5000 /* per network, after expansion */
};

/* Keys common to all layers and composites. */
typedef struct nn_spec_common {
    char *name;
    nn_text_list inputs;
    char *share;
    bool freeze;
    double rate_factor;
} nn_spec_common;

/* One repetition of a repeat, one composite, or the complete network. */
typedef struct nn_spec_block {
    const char *input;     /* name of the layer that it reads; NULL for the network */
    const char *previous;  /* name of the layer before the next one */
    const char *name;      /* of a composite: the name for its last entry; NULL for others */
    bool closes;           /* its last entry is being read */
    char *prefix, *suffix; /* around the names of its layers; owned */
    nn_config_variable variables[NN_SPEC_VARIABLES];
    size_t variable_count;
    bool freeze; /* all its layers */
    double rate_factor;
    int depth;
} nn_spec_block;

/* A name as given in a block, and the layer's unique name; both owned. */
typedef struct nn_spec_name {
    char *written, *unique;
} nn_spec_name;

/* The network being read. */
typedef struct nn_spec_reader {
    nn_config *config;
    nn_network_spec *network;
    nn_spec_block *block; /* the innermost */
    nn_spec_name *names;  /* of all blocks being read, the innermost last */
    size_t name_count;
    size_t composite_counts[NN_SPEC_COMPOSITES]; /* number of each type so far */
} nn_spec_reader;

/* ---- spec_network.c ---- */

/* Reads the section; problems are collected. */
void nn_spec_read_network(nn_config *config, nn_config_node *root, nn_network_spec *network);

/* Reads the entries of a list in the reader's block. */
void nn_spec_read_list(nn_spec_reader *reader, nn_config_node *list, const char *path);

/* Reads the common keys of `table` into its struct `common`, from a mapping that also has the keys of `own`.
 */
void nn_spec_read_common(nn_config *config, nn_config_node *options, const char *path, const nn_option *table,
                         const nn_option *own, void *common);

/* Releases what the common keys own. */
void nn_spec_release_common(nn_spec_common *common);

/* Allocates an options struct, owned by the caller; NULL if out of memory (collected) or if size is 0. */
void *nn_spec_options(nn_config *config, size_t size, const char *what);

/* ---- spec_repeat.c, spec_composite.c: entries that expand to several layers ---- */

/* written: the options as given in the file, with `$name` in them; NULL: none. Problems are collected. */
void nn_spec_read_repeat(nn_spec_reader *reader, nn_config_node *entry, nn_config_node *written,
                         const char *path);
void nn_spec_read_composite(nn_spec_reader *reader, nn_config_node *entry, const nn_composite_type *type,
                            nn_config_node *options, bool numbered, const char *path);

/* ---- spec_names.c ---- */

/* The name of the layer that was added last; "input" before the first. */
const char *nn_spec_last(const nn_spec_reader *reader);

/* The name of the next layer or composite, owned by the caller: `written` (NULL: `type` and `number`) between
 * the block's prefix and suffix; without the suffix if it is `numbered`: contains a $name. */
nn_status nn_spec_make_name(const nn_spec_reader *reader, const char *written, bool numbered,
                            const char *type, size_t number, char **name);

/* Records that `written` refers to `unique` (both copied), until the names from `count` on are forgotten. */
nn_status nn_spec_note_name(nn_spec_reader *reader, const char *written, const char *unique);
void nn_spec_forget_names(nn_spec_reader *reader, size_t count);

/* Replaces a name as written by the layer's unique name, from the innermost block that has it. node: position
 * for messages. */
void nn_spec_resolve(nn_spec_reader *reader, const nn_config_node *node, char **name);

/* The same for all inputs; if there are none, uses the block's default. */
void nn_spec_resolve_inputs(nn_spec_reader *reader, const nn_config_node *node, nn_text_list *inputs);

#endif
