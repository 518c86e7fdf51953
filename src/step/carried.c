/* In a checkpoint, carried state is one array in the order of microbatches: each rank has a contiguous range.
 */
#include "step/carried.h"

#include <string.h>

#include "base/memory.h"

#define CARRIED_NAME "state/carried"

nn_status nn_carried_check(const nn_model *model, const nn_settings *settings, const nn_plan *plan)
{
    if (model->network->carried_values == 0) return NN_OK;
    if (settings->data.shuffle != NN_SHUFFLE_STATEFUL)
        NN_FAIL(NN_ERROR_USAGE,
                "a layer has carry: true, but the samples of a batch do not continue "
                "where those of the previous batch ended; set data.shuffle: stateful, or carry: false");
    if (plan->samples % plan->batch_size != 0 && settings->training.last_batch == NN_LAST_BATCH_KEEP)
        NN_FAIL(NN_ERROR_USAGE,
                "a layer has carry: true, which needs batches of one size, but the last of %lld samples in "
                "batches of %lld is short; set training.last_batch: drop",
                (long long)plan->samples, (long long)plan->batch_size);
    return NN_OK;
}

/* State is ordered by layer, then by sample. */
void nn_carried_restart(const nn_network *network, const nn_dataset *data, const nn_loaded_place *place,
                        nn_microbatch *microbatch)
{
    if (!microbatch->carried) return;
    for (int64_t i = 0; i < place->range.end - place->range.begin; i++) {
        if (nn_dataset_continues(data, place->epoch, place->batch_first + place->range.begin + i)) continue;
        for (int l = 0; l < network->layer_count; l++) {
            const nn_layer *layer = &network->layers[l];
            int64_t begin = microbatch->capacity * layer->carried_offset + i * layer->carried_per_sample;
            memset(nn_scalar_at(network->scalar, microbatch->carried, (size_t)begin), 0,
                   (size_t)layer->carried_per_sample * nn_scalar_size(network->scalar));
        }
    }
}

static nn_store_type carried_type(const nn_stepper *stepper)
{
    return stepper->scalar == NN_SCALAR_F64 ? NN_STORE_F64 : NN_STORE_F32;
}

/* Writes the bytes of each rank to stepper->sizes; returns the number of values of all ranks. */
static int64_t carried_sizes(nn_stepper *stepper, int64_t per_microbatch)
{
    const nn_shares *shares = nn_stepper_shares(stepper, stepper->plan.microbatches);
    for (int r = 0; r < shares->size; r++)
        stepper->sizes[r] =
            (size_t)(nn_shares_length(shares, r) * per_microbatch) * nn_scalar_size(stepper->scalar);
    return stepper->plan.microbatches * per_microbatch;
}

nn_status nn_carried_put(nn_stepper *stepper, nn_store_image *image)
{
    int64_t per_microbatch;
    nn_real *own = nn_workers_carried(stepper->workers, &per_microbatch), *all = NULL;
    if (!own) return NN_OK;
    int64_t count = carried_sizes(stepper, per_microbatch);
    nn_store_type type = carried_type(stepper);
    nn_status status =
        image ? NN_ALLOCATE_VALUES(stepper->scalar, &all, count, "gathering carried state") : NN_OK;
    NN_TRY_TO(done, status, nn_comm_agree(stepper->comm, status));
    NN_TRY_TO(done, status, nn_comm_gather(stepper->comm, own, stepper->sizes, all));
    if (image) status = nn_store_image_put(image, CARRIED_NAME, type, 1, &count, all);
    status = nn_comm_agree(stepper->comm, status);
done:
    nn_free(all);
    return status;
}

nn_status nn_carried_get(nn_stepper *stepper, nn_store_file *file)
{
    int64_t per_microbatch;
    nn_real *own = nn_workers_carried(stepper->workers, &per_microbatch), *all = NULL;
    if (!own) return NN_OK;
    int64_t count = carried_sizes(stepper, per_microbatch);
    int rank = nn_comm_rank(stepper->comm);
    nn_store_type type = carried_type(stepper);
    nn_status status = NN_ALLOCATE_VALUES(stepper->scalar, &all, count, "reading carried state");
    if (status == NN_OK && rank == 0)
        status = nn_store_read_verified(file, CARRIED_NAME, type, (size_t)count, all);
    NN_TRY_TO(done, status, nn_comm_agree(stepper->comm, status));
    NN_TRY_TO(done, status,
              nn_comm_broadcast(stepper->comm, all, (size_t)count * nn_scalar_size(stepper->scalar), 0));
    nn_tree_node share = nn_shares_of(nn_stepper_shares(stepper, stepper->plan.microbatches), rank);
    memcpy(own, nn_scalar_at(stepper->scalar, all, (size_t)(share.begin * per_microbatch)),
           stepper->sizes[rank]);
done:
    nn_free(all);
    return status;
}

nn_status nn_carried_complete(nn_stepper *stepper, nn_store_file *file)
{
    int64_t per_microbatch;
    nn_real *all;
    if (!nn_workers_carried(stepper->workers, &per_microbatch)) return NN_OK;
    int64_t count = stepper->plan.microbatches * per_microbatch;
    nn_store_type type = carried_type(stepper);
    NN_TRY(NN_ALLOCATE_VALUES(stepper->scalar, &all, count, "verifying carried state"));
    nn_status status = nn_store_read_verified(file, CARRIED_NAME, type, (size_t)count, all);
    nn_free(all);
    return status;
}
