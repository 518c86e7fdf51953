/* Checks on a checkpoint before a run resumes from it. Rank 0 calls them; the run is not changed. */
#ifndef NN_RUNDIR_COMPARE_H
#define NN_RUNDIR_COMPARE_H

#include "rundir/checkpoint_state.h"

/* nn_config_identity of the run as it is configured now. */
nn_status nn_checkpoint_run(const nn_checkpoint_parts *parts, uint64_t *run);

/* NN_ERROR_USAGE, with all differences, if the data, or settings that change the result, differ from those
 * with which the checkpoint was made; other failures: the checkpoint does not say. */
nn_status nn_checkpoint_compare(const nn_checkpoint_parts *parts, nn_store_file *file);

/* That the weights read from it have the fingerprint that it notes: those of tensors of one shape that were
 * exchanged, checksums and all, have another. */
nn_status nn_checkpoint_compare_fingerprint(const nn_network *network, nn_store_file *file,
                                            const nn_real *weights);

/* That all that nn_checkpoint_load reads is there, of the right shape and as its checksums say. Before the
 * weights of the run have values: those of a checkpoint in shards are read to their place. Otherwise needs
 * the memory of one vector of weights. NN_OK without a stepper, as in a check, where it is not known what
 * must be there. */
nn_status nn_checkpoint_complete(const nn_checkpoint_parts *parts, nn_store_file *file);

#endif
