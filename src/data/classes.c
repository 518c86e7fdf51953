/* The number of classes and their names. */
#include "base/text.h"
#include "data/request.h"

/* More classes than this are taken for a mistake in the labels unless the user gives their number. */
#define CLASSES_MOST (INT64_C(1) << 24)

void nn_classes_know(nn_data_request *request)
{
    const nn_known_target *known = request->known ? request->known->targets : NULL;
    for (int t = 0; t < request->target_count; t++) {
        const char *key = nn_data_request_key(request, t);
        bool given = known && known[t].classes > 0;
        request->labels[t] = nn_source_is_label(request->options, key, request->wanted[t].classes);
        const nn_data_field_options *field = nn_source_field_of(request->options, key, false);
        int64_t listed = (int64_t)field->labels.count;
        request->classes[t] = given ? known[t].classes : listed > 0 ? listed : field->classes;
    }
}

/* ---- names ---- */

/* The names of a view's classes or indices; for a single column, its categories. */
static const nn_text_list *classes_names(const nn_dataset *dataset, int v)
{
    const nn_names *names = &dataset->names.items[v];
    const nn_view *view = &dataset->views[v];
    bool alone = view->index && view->picked == 1 && names->classes.count == 0;
    return alone ? nn_names_categories(names, view->columns ? view->columns[0] : 0) : &names->classes;
}

nn_status nn_classes_name(nn_dataset *dataset, nn_data_request *request, int v)
{
    nn_source *source = dataset->first;
    nn_view *view = &dataset->views[v];
    nn_text lines = {0};
    int64_t *known = view->input ? &request->indices[v] : &request->classes[view->target];
    char **names = view->input ? &dataset->index_names[v] : &dataset->targets[view->target].field.class_names;
    if ((!view->index && !source->arrays[v].label) || !source->arrays[v].sound || *names) return NN_OK;
    const nn_text_list *list = classes_names(dataset, v);
    nn_list_append_lines(list, &lines);
    *names = lines.bytes;
    if (view->index) *known = view->indices;
    if (view->index && request->known && request->known->indices) *known = request->known->indices[v];
    if (list->count > 0 && *known == 0) *known = (int64_t)list->count;
    if (view->index) view->indices = *known;
    if (lines.failed) NN_FAIL(NN_ERROR_MEMORY, "out of memory for the names of classes");
    return NN_OK;
}

/* ---- counting ---- */

nn_status nn_classes_check(const nn_dataset *dataset, const nn_data_request *request, int part, int view,
                           int64_t largest)
{
    int64_t classes = request->classes[dataset->views[view].target];
    const nn_array *array = &dataset->parts[part].source->arrays[view];
    if (classes == 0 || largest < classes) return NN_OK;
    return nn_array_context(array,
                            nn_fail(NN_ERROR_DATA,
                                    "contains the label %lld, but there are only %lld classes, 0 to %lld: "
                                    "use data with these classes%s%s%s",
                                    (long long)largest, (long long)classes, (long long)classes - 1,
                                    request->known ? "" : ", or set data.fields.",
                                    request->known ? "" : array->key, request->known ? "" : ".classes"));
}

nn_status nn_classes_count(const nn_dataset *dataset, int view, int64_t largest, int64_t *classes)
{
    const nn_array *array = &dataset->first->arrays[view];
    if (*classes > 0) return NN_OK;
    if (largest >= CLASSES_MOST)
        NN_FAIL(NN_ERROR_DATA,
                "data.%s.%s: the label %lld would mean %lld classes: number the classes from 0 without gaps, "
                "or set data.fields.%s.classes",
                array->part, array->key, (long long)largest, (long long)largest + 1, array->key);
    *classes = largest < 0 ? 1 : largest + 1;
    for (int p = 0; p < NN_PARTS; p++) {
        const nn_source *source = &dataset->sources[p];
        if (source->given && view < source->fields && source->arrays[view].one_hot > *classes)
            *classes = source->arrays[view].one_hot;
    }
    return NN_OK;
}
