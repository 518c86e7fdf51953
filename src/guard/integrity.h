/*
 * Silent corruption: a bit that flips in memory, or an arithmetic unit that gives wrong bits. All ranks hold
 * the same weights and come to the same bits from the same microbatch, so what differs is wrong.
 *
 * A step is verified when training.verify_every says so, and when a checkpoint is planned behind it: between
 * its gradient and its update each rank compares hashes of its weights and of its share of the optimizer's
 * state with those taken when they were written, at the end of the step before; the hashes of the weights are
 * compared among ranks; and every thread of every rank computes one microbatch of the step again (see
 * witness.h), chosen at random. Before any checkpoint the weights and the state that it will hold are
 * compared once more. What happened to memory between two steps that are not verified is not seen.
 *
 * Everything here does nothing where verify_every is 0, and with `allreduce: mpi`.
 */
#ifndef NN_GUARD_INTEGRITY_H
#define NN_GUARD_INTEGRITY_H

#include "step/step.h"

typedef struct nn_integrity nn_integrity;

/* Attaches to a stepper, which is borrowed; NULL where nothing is to be verified. NN_ERROR_CORRUPT from a
 * step, on all ranks, where something differs on any. */
nn_status nn_integrity_create(nn_stepper *stepper, nn_integrity **integrity);
void nn_integrity_destroy(nn_integrity *integrity); /* accepts NULL; run no further step with the stepper */

/* Before a checkpoint after `steps` steps: as in a step, without the microbatch. Accepts NULL. Collective. */
nn_status nn_integrity_check(nn_integrity *integrity, int64_t steps);

#endif
