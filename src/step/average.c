/* The average of the weights on all ranks. */
#include "step/average.h"

#include <string.h>

#include "base/memory.h"

/* The owner of each block. */
static nn_status average_find_owners(const nn_stepper *stepper, int **owners)
{
    const int64_t *block = stepper->block_of_owned;
    NN_TRY(NN_ALLOCATE(owners, stepper->model->network->block_count, "the owners of blocks"));
    for (int r = 0; r < nn_comm_size(stepper->comm); r++)
        for (int64_t b = 0; b < stepper->blocks_of_rank[r]; b++) (*owners)[*block++] = r;
    return NN_OK;
}

/* Blocks from `first` on whose owners are in ascending order: one gather brings their values to their places.
 * Counts the bytes of each rank; returns the block after them. */
static int64_t average_run(const nn_stepper *stepper, const int *owners, int64_t first)
{
    const nn_network *network = stepper->model->network;
    int64_t end = first;
    for (int r = 0; r < nn_comm_size(stepper->comm); r++) {
        int64_t begin = end;
        while (end < network->block_count && owners[end] == r) end++;
        stepper->sizes[r] = (size_t)(network->block_begin[end] - network->block_begin[begin]) *
                            nn_scalar_size(stepper->scalar);
    }
    return end;
}

static nn_status average_gather_runs(nn_stepper *stepper, const int *owners, nn_real *values)
{
    const nn_network *network = stepper->model->network;
    const nn_real *own = stepper->update->average;
    nn_scalar scalar = stepper->scalar;
    int rank = nn_comm_rank(stepper->comm);
    for (int64_t block = 0; block < network->block_count;) {
        int64_t end = average_run(stepper, owners, block);
        NN_TRY(nn_comm_gather_all(stepper->comm, own, stepper->sizes,
                                  nn_scalar_at(scalar, values, (size_t)network->block_begin[block])));
        own = nn_scalar_at(scalar, own, stepper->sizes[rank] / nn_scalar_size(scalar));
        block = end;
    }
    return NN_OK;
}

nn_status nn_average_gather(nn_stepper *stepper, nn_real *values)
{
    int *owners = NULL;
    if (stepper->settings->training.allreduce == NN_REDUCE_MPI) {
        memcpy(values, stepper->update->average,
               (size_t)stepper->update->owned_values * nn_scalar_size(stepper->scalar));
        return NN_OK;
    }
    NN_TRY(nn_comm_agree(stepper->comm, average_find_owners(stepper, &owners)));
    nn_status status = average_gather_runs(stepper, owners, values);
    nn_free(owners);
    return status;
}
