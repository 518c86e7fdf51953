/* From the targets of the data to the heads of a model. */
#include "step/heads.h"

#include "base/memory.h"

void nn_heads_wanted(const nn_model_spec *spec, nn_target_wanted *wanted)
{
    for (int h = 0; h < spec->head_count; h++) {
        const nn_head_spec *head = &spec->heads[h];
        const nn_text_list *weights =
            head->loss->class_weights ? head->loss->class_weights(head->options) : NULL;
        wanted[h] = (nn_target_wanted){.name = head->name,
                                       .classes = head->loss->takes_classes,
                                       .exclusive = head->loss->domain.shares,
                                       .loss = head->loss->name,
                                       .domain = &head->loss->domain,
                                       .counts = nn_class_weights_balance(weights)};
    }
}

/* Class frequencies; for a target of values, the mean of each value. */
static nn_status heads_shares(const nn_dataset *data, int head_count, double **shares)
{
    for (int h = 0; h < head_count; h++) {
        const nn_field *field = nn_dataset_target(data, h);
        if (!nn_dataset_knows_prior(data, h)) continue;
        int64_t count = field->is_class ? field->classes : nn_shape_count(field->shape);
        NN_TRY(NN_ALLOCATE(&shares[h], count, "the class proportions"));
        nn_dataset_prior(data, h, shares[h]);
    }
    return NN_OK;
}

/* A loss in which nothing counts would be NaN, and train nothing. */
static nn_status heads_check_weights(const nn_dataset *data, const nn_model *model)
{
    for (int h = 0; h < model->head_count; h++) {
        const nn_head *head = &model->heads[h];
        if (!head->target.is_class || nn_dataset_counts(data, h, head->class_weights)) continue;
        if (nn_dataset_counts(data, h, NULL))
            NN_FAIL(NN_ERROR_USAGE,
                    "loss %s: class_weights: the classes of all samples to train on have weight 0, so none "
                    "counts: give those that occur a weight above 0, or write `balanced`",
                    head->loss->name);
        NN_FAIL(NN_ERROR_DATA, "data.train.weights: all samples to train on that have a label have weight 0, "
                               "so none counts: give some a weight above 0, or remove the weights");
    }
    return NN_OK;
}

nn_status nn_heads_model(nn_model_spec *spec, const nn_dataset *data, int64_t microbatch_size,
                         nn_model **model)
{
    double *shares[NN_MODEL_HEADS] = {NULL};
    nn_model_target facts[NN_MODEL_HEADS];
    int head_count = spec->head_count;
    nn_status status = heads_shares(data, head_count, shares);
    for (int h = 0; h < head_count; h++)
        facts[h] = (nn_model_target){nn_dataset_target(data, h), nn_dataset_target_scaling(data, h),
                                     shares[h], NULL};
    if (status == NN_OK)
        status = nn_model_create(spec, nn_dataset_input(data), nn_dataset_input_scaling(data), facts,
                                 nn_dataset_has_lengths(data, NN_TRAIN), microbatch_size, model);
    if (status == NN_OK) status = nn_names_set_copy(nn_dataset_names(data), &(*model)->names);
    if (status == NN_OK) status = heads_check_weights(data, *model);
    if (status != NN_OK) {
        nn_model_destroy(*model);
        *model = NULL;
    }
    for (int h = 0; h < head_count; h++) nn_free(shares[h]);
    return status;
}
