/* What the two ways have in common. */
#ifndef NN_COMM_ROUTE_INTERNAL_H
#define NN_COMM_ROUTE_INTERNAL_H

#include "comm/route.h"

/* Phases are numbered sparsely while a route is written: STEPS for each level, one for each doubling. */
#define NN_ROUTE_STEPS 64

/* Writes a route twice: first only counting (`route` has no arrays yet), then in earnest. */
typedef struct nn_route_writer {
    const nn_route_call *call;
    nn_route *route;
    int *index; /* scratch, one for each rank */
    void *context;
} nn_route_writer;

typedef void (*nn_route_visit)(nn_route_writer *writer);

/* Runs `visit` twice, allocates in between, and numbers the phases. */
nn_status nn_route_write(const nn_route_call *call, nn_route_visit visit, nn_route *route);

void nn_route_send(nn_route_writer *writer, nn_hop hop);
void nn_route_receive(nn_route_writer *writer, nn_hop hop);
void nn_route_join(nn_route_writer *writer, nn_join join);
int nn_route_hold(nn_route_writer *writer, nn_holding holding); /* returns its number */

/* Doublings from a subset of `part` ranks to all `count` ranks of a set; 0 if they are the same. */
int nn_route_doublings(int part, int count);

/* The ranks that have a part after `step` of `steps` doublings from `part` to the ranks [begin, end). Fills
 * the writer's index. */
nn_holders nn_route_part(nn_route_writer *writer, nn_holders part, int begin, int end, int step, int steps);

#endif
