/* The network links of this host: whether one that was there at the start has been lost, as by a pulled
 * cable. */
#ifndef NN_HOST_LINKS_H
#define NN_HOST_LINKS_H

#include <stdbool.h>

#include "base/status.h"

/* The interfaces that had a link when this was made, other than loopback. */
typedef struct nn_links nn_links;

nn_status nn_links_create(nn_links **links); /* returns owned */
void nn_links_destroy(nn_links *links);      /* accepts NULL */

/* Whether one of them has no link now. If the system does not say: false. */
bool nn_links_are_down(const nn_links *links);

#endif
