/*
 * How the section `network` becomes a flat list of layers: repeats and composites are written out, and names
 * made unique. Private to model.
 */
#ifndef NN_MODEL_SPEC_H
#define NN_MODEL_SPEC_H

#include "config/config.h"
#include "model/composite.h"
#include "nn/network.h"

enum {
    NN_SPEC_PATH = 1024,      /* bytes of a dotted path */
    NN_SPEC_VARIABLES = 64,   /* in sight at one place */
    NN_SPEC_COMPOSITES = 64,  /* kinds of them */
    NN_SPEC_DEPTH = 16,       /* blocks within blocks */
    NN_SPEC_LAYERS_MAX = 5000 /* of a network, repeats written out */
};

/* Keys that every layer and composite has beside its own options. */
typedef struct nn_spec_common {
    char *name;
    nn_text_list inputs;
    char *share;
    bool freeze;
    double rate_factor;
} nn_spec_common;

/* One repetition of a repeat, one composite, or the whole network. */
typedef struct nn_spec_block {
    const char *input;     /* name of the layer that it reads; NULL: of the whole network */
    const char *previous;  /* name of the layer that stands before the next one */
    const char *name;      /* of a composite: its last entry has it; NULL: of others */
    bool closes;           /* its last entry is being read */
    char *prefix, *suffix; /* around the names of its layers; owned */
    nn_config_variable variables[NN_SPEC_VARIABLES];
    size_t variable_count;
    bool freeze; /* all its layers */
    double rate_factor;
    int depth;
} nn_spec_block;

/* A name as it was written in a block, and the one that the layer has; both owned. */
typedef struct nn_spec_name {
    char *written, *unique;
} nn_spec_name;

/* The network being read. */
typedef struct nn_spec_reader {
    nn_config *config;
    nn_network_spec *network;
    nn_spec_block *block; /* the innermost */
    nn_spec_name *names;  /* of all blocks that are being read, the innermost last */
    size_t name_count;
    size_t composite_counts[NN_SPEC_COMPOSITES]; /* how often each of the list stands there so far */
} nn_spec_reader;

/* ---- spec_network.c ---- */

/* Reads the section; problems are collected. */
void nn_spec_read_network(nn_config *config, nn_config_node *root, nn_network_spec *network);

/* Reads the entries of a list in the reader's block. */
void nn_spec_read_list(nn_spec_reader *reader, nn_config_node *list, const char *path);

/* The common keys of `table`, picked out of a mapping that has `own` keys too, into the struct of the table.
 */
void nn_spec_read_common(nn_config *config, nn_config_node *options, const char *path, const nn_option *table,
                         const nn_option *own, void *common);

/* What the common keys of a layer or composite hold. */
void nn_spec_release_common(nn_spec_common *common);

/* Room for an options struct; NULL without memory (collected), or where size is 0. */
void *nn_spec_options(nn_config *config, size_t size, const char *what);

/* ---- spec_repeat.c, spec_composite.c: what stands for several layers ---- */

/* written: the options as they stand in the file, with `$name` in them; NULL: there are none. */
void nn_spec_read_repeat(nn_spec_reader *reader, nn_config_node *entry, nn_config_node *written,
                         const char *path);
void nn_spec_read_composite(nn_spec_reader *reader, nn_config_node *entry, const nn_composite_type *type,
                            nn_config_node *options, bool numbered, const char *path);

/* ---- spec_names.c ---- */

/* The name of the layer that was added last; "input" before the first. */
const char *nn_spec_last(const nn_spec_reader *reader);

/* The name of the next layer or composite, owned by the caller: what was `written` (NULL: `type` and
 * `number`) between the block's prefix and suffix; without the suffix where it is `numbered`: has a $name in
 * it. */
nn_status nn_spec_make_name(const nn_spec_reader *reader, const char *written, bool numbered,
                            const char *type, size_t number, char **name);

/* Remembers what was written for which name (copied), until the names above `count` are forgotten. */
nn_status nn_spec_note_name(nn_spec_reader *reader, const char *written, const char *unique);
void nn_spec_forget_names(nn_spec_reader *reader, size_t count);

/* Puts the layer's own name in the place of a written one: that of the innermost block which has it. `node`
 * is the place for messages. */
void nn_spec_resolve(nn_spec_reader *reader, const nn_config_node *node, char **name);

/* The same for all inputs; where none are written, what the block says. */
void nn_spec_resolve_inputs(nn_spec_reader *reader, const nn_config_node *node, nn_text_list *inputs);

#endif
