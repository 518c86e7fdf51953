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
#ifndef NN_STEP_INTEGRITY_H
#define NN_STEP_INTEGRITY_H

#include "step/step.h"

/* Room for hashes, in the stepper, which is complete otherwise. */
nn_status nn_integrity_create(nn_stepper *stepper);
void nn_integrity_destroy(nn_integrity *integrity); /* accepts NULL */

/* Before the first step of this process: takes the hashes of what it begins with. */
void nn_integrity_start(nn_stepper *stepper, int64_t step);

/* Before the gradient of a step: chooses the microbatch to watch. */
void nn_integrity_begin(nn_stepper *stepper, int64_t step, nn_batch batch);

/* Behind the gradient, while the data of the step is still held, and before the optimizer's state changes.
 * usable: whether this rank has its data.
 * NN_ERROR_CORRUPT on all ranks where something differs on any. Collective. */
nn_status nn_integrity_verify(nn_stepper *stepper, int64_t step, nn_batch batch, bool usable);

/* Behind the update: takes the hashes of what this rank has written; and behind the exchange of the weights
 * those of what it has received. requests: those that the step ends with. */
void nn_integrity_written(nn_stepper *stepper, int64_t step, unsigned requests);
void nn_integrity_received(nn_stepper *stepper, int64_t step);

/* Before a checkpoint behind `steps` steps. As nn_integrity_verify, without gradients. Collective. */
nn_status nn_integrity_check(nn_stepper *stepper, int64_t steps);

#endif
