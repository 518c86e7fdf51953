/* Gathering samples: what they hold, and the call of the precision that the data set was opened for. */
#include "data/arithmetic.h"
#include "data/dataset_internal.h"

void nn_dataset_gather(const nn_dataset *dataset, nn_part part, nn_data_span span, bool training,
                       const nn_gathered *gathered)
{
    dataset->arithmetic->gather(dataset, part, span, training, gathered);
}

const nn_augment *nn_dataset_augment(const nn_dataset *dataset, const nn_view *view)
{
    return &nn_source_field_options(dataset->options, dataset->first, view->array)->augment;
}

int64_t nn_dataset_mixed_classes(const nn_dataset *dataset)
{
    const nn_field *target = &dataset->targets[0].field;
    return target->is_class ? target->classes : 0;
}

bool nn_dataset_is_single(const nn_dataset *dataset, nn_part part, int target)
{
    const nn_data_target *self = &dataset->targets[target];
    bool single = true;
    for (int v = self->first_view; v < self->first_view + self->view_count; v++) {
        const nn_array *array = &dataset->parts[part].source->arrays[dataset->views[v].array];
        single &= array->type == NN_STORE_F32 && !nn_store_packing_scales(&array->packing);
    }
    return single;
}

bool nn_dataset_is_padding(const nn_dataset *dataset, nn_part part, int64_t sample, int64_t at)
{
    int64_t length = nn_dataset_length(dataset, part, sample);
    for (int v = 0; v < dataset->view_count; v++) {
        const nn_view *view = &dataset->views[v];
        int64_t in_view = at - view->begin;
        if (view->input && in_view >= 0 && in_view < view->values)
            return in_view >= nn_view_end(view, length);
    }
    return false;
}

bool nn_dataset_mixes(const nn_dataset *dataset)
{
    return nn_augment_mixes(nn_dataset_augment(dataset, &dataset->views[0]));
}

int64_t nn_dataset_scratch(const nn_dataset *dataset)
{
    bool augments = false;
    for (int v = 0; v < dataset->view_count; v++)
        augments |= dataset->views[v].input && nn_dataset_augment(dataset, &dataset->views[v])->count > 0;
    int64_t targets = nn_dataset_mixed_classes(dataset) + dataset->target_values;
    return augments ? dataset->input_values + targets : 0;
}
