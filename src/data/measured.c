/* What is measured before the first step when data.check is none and data is streamed: what training needs,
 * and what costs little. */
#include "base/log.h"
#include "data/request.h"

bool nn_data_measures(const nn_dataset *dataset, int view)
{
    const nn_view *self = &dataset->views[view];
    const nn_array *array = &dataset->sources[NN_TRAIN].arrays[self->array];
    if (dataset->looks || dataset->lenient) return dataset->looks;
    return !self->input && (nn_array_is_small(array) || dataset->targets[self->target].counts);
}

/* Why a view is read although values are not checked; NULL: it is not read. */
static const char *measured_reason(const nn_dataset *dataset, const nn_data_request *request, int v)
{
    const nn_view *view = &dataset->views[v];
    bool label = !view->input && request->labels[view->target];
    if (dataset->lenient) return NULL;
    if (request->statistics[v].columns > 0)
        return view->input ? "normalization" : "normalization and the baseline";
    if (view->index && request->indices[v] == 0) return "the number of indices";
    if (label && request->classes[view->target] == 0) return "the number of classes";
    return nn_data_measures(dataset, v) ? "the class proportions" : NULL;
}

void nn_data_leave_out(nn_dataset *dataset, const nn_data_request *request)
{
    for (int v = 0; v < dataset->view_count && !dataset->looks; v++) {
        const nn_array *array = &dataset->first->arrays[dataset->views[v].array];
        const char *reason = measured_reason(dataset, request, v);
        dataset->views[v].left_out = !reason;
        if (reason && !dataset->describes && !nn_array_is_small(array))
            nn_log_line("data.check: none: data.%s.%s is still read once before the first step, for %s",
                        array->part, array->key, reason);
    }
}
