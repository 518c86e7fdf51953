/* Values in one block of bytes, to be sent to other processes of this program. What is taken must be taken in
 * the order, and with the sizes, in which it was put. Zero-initialise; release with nn_parcel_free. */
#ifndef NN_BASE_PARCEL_H
#define NN_BASE_PARCEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

typedef struct nn_parcel {
    unsigned char *bytes; /* allocated by base/memory.h; owned */
    size_t size, room, taken;
    bool failed; /* out of memory while putting, or taken beyond the end: what follows does nothing */
} nn_parcel;

void nn_parcel_free(nn_parcel *parcel); /* leaves an empty one */

/* Put copies; a text may be NULL. */
void nn_parcel_put(nn_parcel *parcel, const void *values, size_t size);
void nn_parcel_put_number(nn_parcel *parcel, int64_t number);
void nn_parcel_put_text(nn_parcel *parcel, const char *text);
void nn_parcel_put_list(nn_parcel *parcel, const nn_text_list *list);

/* Beyond the end, zeros. */
void nn_parcel_take(nn_parcel *parcel, void *values, size_t size);
int64_t nn_parcel_take_number(nn_parcel *parcel);

/* Return owned copies, *text NULL if NULL was put; *list is extended. */
nn_status nn_parcel_take_text(nn_parcel *parcel, char **text);
nn_status nn_parcel_take_list(nn_parcel *parcel, nn_text_list *list);

/* Fails if an earlier put or take did. */
nn_status nn_parcel_status(const nn_parcel *parcel);

#endif
