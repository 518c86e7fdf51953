/*
 * Composites: names that stand for several layers, such as a residual block. A composite's plug-in is one
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
    /* The layers, by the options that are given: a YAML list as a user would write it. `$option` stands for
     * an option's value, `block_input` for the layer that the composite reads (the first entry reads it
     * unless told otherwise), and names are the composite's own: a layer `conv` of a composite `block`
     * becomes block-conv. The last entry gets the composite's name: it is what others read. */
    const char *(*layers)(const void *options);
} nn_composite_type;

/* The list of composites, NULL-terminated; and one by name, or NULL. */
const nn_composite_type *const *nn_composite_types(void);
const nn_composite_type *nn_composite_find(const char *name);

#endif
