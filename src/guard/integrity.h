/*
 * Silent corruption: a bit that flips in memory, or an arithmetic unit that computes wrong bits. All ranks
 * have the same weights and get the same bits from the same microbatch, so any difference is a fault.
 *
 * A step is verified when training.verify_every says so, and when a checkpoint is planned after it. Between
 * its gradient and its update, each rank compares hashes of its weights and of its slice of the optimizer's
 * state with those taken when they were written, at the end of the step before; the ranks compare the hashes
 * of their weights; and every thread of every rank computes one microbatch of the step again, chosen at
 * random (step/witness.h). Before any checkpoint, the weights and the state to be saved are compared once
 * more. Changes of memory between two steps that are not verified are not detected.
 *
 * The ranks of a NUMA domain have one copy of the weights (comm/reduction.h). A bit that flips in it is
 * detected like any other, but no single rank can be named: the message names all ranks that have the copy,
 * and where copies are compared, each has one vote.
 *
 * All this is an observer of the step (step/observer.h). The hashing of blocks on the rank's threads is a
 * function of src/step (step/hashes.h), as only that folder uses OpenMP. Nothing is verified where
 * verify_every is 0, and with `allreduce: mpi`.
 */
#ifndef NN_GUARD_INTEGRITY_H
#define NN_GUARD_INTEGRITY_H

#include "step/stepper.h"

typedef struct nn_integrity nn_integrity;

/* Attaches to a stepper, which is borrowed; NULL where nothing is to be verified. NN_ERROR_CORRUPT from a
 * step, on all ranks, where something differs on any. */
nn_status nn_integrity_create(nn_stepper *stepper, nn_integrity **integrity);
void nn_integrity_destroy(nn_integrity *integrity); /* accepts NULL; run no further step with the stepper */

/* Before a checkpoint after `steps` steps: as in a step, without the microbatch. Accepts NULL. Collective. */
nn_status nn_integrity_check(nn_integrity *integrity, int64_t steps);

#endif
