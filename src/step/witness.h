/* One microbatch of a step under watch: its gradient is hashed part by part, on the way into the sum, and
 * afterwards every thread of every rank computes it again. All must get the same bits: where a core does not,
 * the core or its memory is faulty.
 */
#ifndef NN_STEP_WITNESS_H
#define NN_STEP_WITNESS_H

#include "step/workers.h"

/* Bytes that nn_witness_create takes, without small lists. */
size_t nn_witness_memory(const nn_model *model, int threads, int64_t microbatch_size);

/* Makes room, in the workers. */
nn_status nn_witness_create(nn_workers *workers);

/* Before the gradient of a step: the microbatch to watch; -1: none. */
void nn_witness_watch(nn_workers *workers, int64_t index);

/* The number of hashes of a microbatch, and the layer that a hash is of; layer_count: the results. */
int nn_witness_hash_count(const nn_workers *workers);
int nn_witness_layer(const nn_workers *workers, int hash);

/* The hashes from the step itself, on the rank that has the microbatch. */
const uint64_t *nn_witness_seen(const nn_workers *workers);

/* What a rank needs to compute the microbatch again, as bytes. The rank that has the microbatch (own) fills
 * them in while the data of the step is still held; the caller sends them to all. */
char *nn_witness_pack(nn_workers *workers, nn_batch batch, int64_t step, bool own, size_t *size);

/* Computes the microbatch from those bytes, once on each thread; returns the hashes, thread after thread, and
 * the number of threads. Overwrites the microbatches of the last wave. */
const uint64_t *nn_witness_repeat(nn_workers *workers, nn_batch batch, int64_t step,
                                  const double *denominators, const nn_real *weights, int *threads);

#endif
