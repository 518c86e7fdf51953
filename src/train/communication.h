/* What the exchange of gradients and weights costs a run: how long it takes, how much of that is hidden
 * behind computation, and how many bytes it sends between nodes. */
#ifndef NN_TRAIN_COMMUNICATION_H
#define NN_TRAIN_COMMUNICATION_H

#include "base/text.h"
#include "step/stepper.h"

/* Of all steps since some moment. */
typedef struct nn_communication {
    double passing; /* seconds in which gradients or weights were on their way: the mean of all ranks */
    double waiting; /* seconds in which a rank did nothing but wait for them: the mean of all ranks */
    double sent;    /* bytes that a node sent to others: the mean of all nodes. Unknown, 0, with `mpi` */
} nn_communication;

/* Since the stepper was made. Collective. */
nn_status nn_communication_read(const nn_stepper *stepper, nn_communication *total);

/* From `before` to `after`. */
nn_communication nn_communication_between(nn_communication before, nn_communication after);

/* The share of the time on the way during which ranks computed: 0 to 1; NAN if nothing was on its way. */
double nn_communication_hidden(nn_communication of);

/* A member of an epoch's "time", with a comma before it; nothing for one rank. */
void nn_communication_json(const nn_stepper *stepper, nn_communication of, nn_text *text);

/* Logs what `steps` steps have cost in `seconds`, evaluations included; nothing for one node. */
void nn_communication_show(const nn_stepper *stepper, nn_communication of, int64_t steps, double seconds);

#endif
