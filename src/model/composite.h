/*
 * Composites: names for several layers, such as a residual block. A composite's plug-in is one
 * file src/model/composite_NAME.c with one exported object nn_composite_NAME and one line in
 * composite_list.h.
 */
#ifndef NN_MODEL_COMPOSITE_H
#define NN_MODEL_COMPOSITE_H

#include "base/options.h"
#include "base/real.h"

typedef struct nn_composite_type {
    const char *name;
    const char *summary; /* one line for help */
    const char *example; /* a YAML list entry */
    const nn_option *options;
    size_t options_size;
    /* Returns the layers for the given options, as a YAML list (static). `$option` is replaced by an option's
     * value, `block_input` by the layer that the composite reads (by default the first entry reads it). Names
     * are local: a layer `conv` of a composite `block` becomes block-conv. The last entry gets the
     * composite's name, so that other layers can read it. */
    const char *(*layers)(const void *options);
} nn_composite_type;

/* The composites, NULL-terminated; and the one with the given name, or NULL. */
const nn_composite_type *const *nn_composite_types(void);
const nn_composite_type *nn_composite_find(const char *name);

#endif
