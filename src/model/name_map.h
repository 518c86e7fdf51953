/* From our names of layers and tensors to those of another program. */
#ifndef NN_MODEL_NAME_MAP_H
#define NN_MODEL_NAME_MAP_H

#include "base/list.h"
#include "base/text.h"

/* Entries "stage*_conv*" -> "layer*.*.conv". Zero-initialise. */
typedef struct nn_name_map {
    nn_text_list ours, theirs;
} nn_name_map;

/* Whether a name matches a pattern, in which each * takes any text. */
bool nn_name_matches(const char *pattern, const char *name);

/* Appends an entry. Fails if theirs has a * and ours a different number of them. */
nn_status nn_name_map_add(nn_name_map *map, const char *ours, const char *theirs);
void nn_name_map_release(nn_name_map *map);

typedef enum nn_name_entry { NN_NAME_NONE, NN_NAME_LAYER, NN_NAME_TENSOR } nn_name_entry;

/* The entry for a tensor, called "LAYER.TENSOR", or for its layer: a literal one, otherwise the first
 * pattern; those for the tensor first. A pattern without a . is for layers alone. theirs: becomes what the
 * entry gives, with the text that a * of the pattern has taken in place of the same * there. */
nn_name_entry nn_name_map_find(const nn_name_map *map, const char *layer, const char *tensor,
                               nn_text *theirs);

#endif
