/*
 * One microbatch of a step under watch: in the step its gradient is hashed part by part, on its way into the
 * sum, and afterwards every thread of every rank computes it again. All must come to the same bits: a core
 * that does not is faulty, or the memory that it reads.
 */
#ifndef NN_STEP_WITNESS_H
#define NN_STEP_WITNESS_H

#include "step/workers.h"

/* Bytes of nn_witness_create, but for lists. */
size_t nn_witness_memory(const nn_model *model, int threads, int64_t microbatch_size);

/* Room for all of it, in the workers. */
nn_status nn_witness_create(nn_workers *workers);

/* Before the gradient of a step: the leaf to watch; -1: none. */
void nn_witness_watch(nn_workers *workers, int64_t leaf);

/* Hashes that a computation of the leaf comes to, and the layer that one of them is of; layer_count: the
 * figures. */
int nn_witness_hash_count(const nn_workers *workers);
int nn_witness_layer(const nn_workers *workers, int hash);

/* The hashes of the step's own computation, on the rank whose leaf it is. */
const uint64_t *nn_witness_seen(const nn_workers *workers);

/* The bytes that the other ranks need to compute the leaf: filled in by the rank whose leaf it is, while the
 * data of the step is still held, and then sent to all. */
char *nn_witness_pack(nn_workers *workers, nn_batch batch, int64_t step, bool own, size_t *size);

/* Computes the leaf from those bytes, once on each thread; returns the hashes of all, thread after thread,
 * and how many threads there were. The microbatches in flight are overwritten. */
const uint64_t *nn_witness_repeat(nn_workers *workers, nn_batch batch, int64_t step,
                                  const double *denominators, const nn_real *weights, int *threads);

#endif
