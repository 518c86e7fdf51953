/* Reads values of a graph and checks them: private to model. The first failure is kept, and what follows does
 * nothing. */
#ifndef NN_MODEL_DESCRIPTION_INTERNAL_H
#define NN_MODEL_DESCRIPTION_INTERNAL_H

#include "model/description.h"

#define NN_DESCRIPTION_LARGEST ((int64_t)1 << 40)

typedef struct nn_description_reader {
    nn_description *description;
    nn_status status;
} nn_description_reader;

/* Records that the graph cannot be used: a text without the checkpoint's path. */
void nn_description_wrong(nn_description_reader *reader, const char *format, ...) NN_PRINTF(2, 3);

/* Allocates a list, to be released by the owner of the description; false: not, or nothing to read. */
bool nn_description_room(nn_description_reader *reader, void **list, size_t count, size_t size);

/* The value of a key, which must be there; a number is at least `least`. Texts are borrowed, "" on failure.
 */
const char *nn_description_text(nn_description_reader *reader, nn_config_node *node, const char *key);
int64_t nn_description_integer(nn_description_reader *reader, nn_config_node *node, const char *key,
                               int64_t least);

/* A list of exactly `count` whole numbers; and the key `shape`. */
void nn_description_integers(nn_description_reader *reader, nn_config_node *list, int64_t count,
                             int64_t least, int64_t *values);
void nn_description_shape(nn_description_reader *reader, nn_config_node *node, nn_shape *shape);

void nn_description_field(nn_description_reader *reader, nn_config_node *node, nn_described_field *field);

#endif
