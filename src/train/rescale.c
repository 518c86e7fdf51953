/* Normalisation that is measured, or comes from a checkpoint, after the model was made. */
#include "train/rescale.h"

#include <string.h>

#include "base/memory.h"
#include "data/in_place.h"

nn_status nn_rescale_model(nn_run *run)
{
    nn_model *model = run->model;
    nn_scaling_release(&model->input_scaling);
    NN_TRY(nn_scaling_copy(nn_dataset_input_scaling(run->data), &model->input_scaling));
    for (int h = 0; h < model->head_count; h++) {
        nn_scaling_release(&model->heads[h].scaling);
        NN_TRY(nn_scaling_copy(nn_dataset_target_scaling(run->data, h), &model->heads[h].scaling));
    }
    return NN_OK;
}

nn_status nn_rescale_like(nn_run *run, const nn_model *model)
{
    const nn_scaling *targets[NN_MODEL_HEADS];
    for (int h = 0; h < model->head_count; h++) targets[h] = &model->heads[h].scaling;
    NN_TRY(nn_in_place_know(run->data, &model->input_scaling, targets));
    return nn_rescale_model(run);
}

/* ---- from a checkpoint ---- */

static void rescale_put(const nn_scaling *scaling, nn_parcel *parcel)
{
    size_t size = (size_t)scaling->columns * sizeof(double);
    nn_parcel_put(parcel, &scaling->columns, sizeof scaling->columns);
    nn_parcel_put(parcel, scaling->scale, size);
    nn_parcel_put(parcel, scaling->offset, size);
}

static nn_status rescale_take(nn_parcel *parcel, nn_scaling *scaling)
{
    nn_scaling_release(scaling);
    nn_parcel_take(parcel, &scaling->columns, sizeof scaling->columns);
    NN_TRY(NN_ALLOCATE(&scaling->scale, scaling->columns, "the normalisation"));
    NN_TRY(NN_ALLOCATE(&scaling->offset, scaling->columns, "the normalisation"));
    nn_parcel_take(parcel, scaling->scale, (size_t)scaling->columns * sizeof(double));
    nn_parcel_take(parcel, scaling->offset, (size_t)scaling->columns * sizeof(double));
    return nn_parcel_status(parcel);
}

static nn_status rescale_read(const nn_run *run, nn_store_file *file, nn_parcel *parcel)
{
    nn_model *saved = NULL;
    NN_TRY(nn_model_get(file, run->model->scalar, &saved));
    nn_status status = NN_OK;
    if (saved->head_count != run->model->head_count)
        status = nn_fail(NN_ERROR_CHECKPOINT, "%s: has %d targets, the configuration %d", nn_store_path(file),
                         saved->head_count, run->model->head_count);
    rescale_put(&saved->input_scaling, parcel);
    for (int h = 0; h < saved->head_count; h++) rescale_put(&saved->heads[h].scaling, parcel);
    nn_model_destroy(saved);
    return status;
}

static nn_status rescale_apply(nn_run *run, nn_parcel *parcel)
{
    NN_TRY(rescale_take(parcel, &run->model->input_scaling));
    for (int h = 0; h < run->model->head_count; h++)
        NN_TRY(rescale_take(parcel, &run->model->heads[h].scaling));
    return nn_rescale_like(run, run->model);
}

nn_status nn_rescale_from(nn_run *run, nn_store_file *file)
{
    nn_parcel parcel = {0};
    nn_status status = nn_comm_rank(run->comm) == 0 ? rescale_read(run, file, &parcel) : NN_OK;
    status = nn_comm_agree(run->comm, status);
    if (status == NN_OK) status = nn_comm_share(run->comm, &parcel);
    if (status == NN_OK) status = nn_comm_agree(run->comm, rescale_apply(run, &parcel));
    nn_parcel_free(&parcel);
    return status;
}
