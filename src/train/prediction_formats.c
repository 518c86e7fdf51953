/* The formats of predictions, and the names that they all show. */
#include <string.h>
#include <strings.h>

#include "train/prediction_format.h"

extern const nn_prediction_format nn_prediction_csv, nn_prediction_h5, nn_prediction_npy;

static const nn_prediction_format *const formats[] = {&nn_prediction_csv, &nn_prediction_h5,
                                                      &nn_prediction_npy};

nn_status nn_prediction_format_find(const char *path, const nn_prediction_format **format)
{
    const char *name = strrchr(path, '/');
    const char *ending = strrchr(name ? name + 1 : path, '.');
    *format = NULL;
    for (size_t i = 0; ending && i < sizeof formats / sizeof *formats; i++)
        if (strcasecmp(ending, formats[i]->ending) == 0) *format = formats[i];
    if (*format) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE,
            "predict: -o %s: the name must end in .csv, .h5 or .npy, the formats that are "
            "written",
            path);
}

void nn_prediction_append_class(const nn_field *target, int64_t class, nn_text *text)
{
    const char *name = target->class_names;
    for (int64_t i = 0; name && i < class; i++) {
        name = strchr(name, '\n');
        if (name) name++;
    }
    if (name && *name)
        nn_text_append(text, "%.*s", (int)strcspn(name, "\n"), name);
    else
        nn_text_append(text, "%lld", (long long)class);
}

void nn_prediction_append_value(const nn_model *model, int head, int64_t value, nn_text *text)
{
    const nn_head *self = &model->heads[head];
    int64_t values = self->rows * (self->target.is_class ? 1 : self->columns);
    const nn_names *names = nn_names_set_find(&model->names, self->given ? self->given : self->name);
    int inputs = model->input.part_count > 0 ? model->input.part_count : 1;
    const char *found = NULL;
    if (values == 1) return;
    if (names && (int64_t)names->columns.count == values && !self->target.is_class)
        found = names->columns.items[value];
    else if (!self->given && model->names.count - inputs == values)
        found = model->names.items[inputs + value].key;
    if (found)
        nn_text_append(text, "_%s", found);
    else
        nn_text_append(text, "_%lld", (long long)value);
}

const char *nn_prediction_origin(const nn_predicted *predicted, nn_predicted_kind kind)
{
    const char *id = predicted->id.dataset, *slash = id ? strrchr(id, '/') : NULL;
    if (kind == NN_PREDICTED_ID) return slash ? slash + 1 : id;
    static const char *const names[] = {[NN_PREDICTED_PART] = "part",
                                        [NN_PREDICTED_FILE] = "file",
                                        [NN_PREDICTED_ROW] = "row",
                                        [NN_PREDICTED_TARGET] = "target_row"};
    return names[kind];
}

nn_status nn_prediction_name_taken(const nn_predicted *predicted, const char *name)
{
    NN_FAIL(NN_ERROR_USAGE, "predict: two columns of the table would be named \"%s\"; %s", name,
            predicted->id.dataset ? "give --id a dataset with another name"
                                  : "give the output another name in data and losses, and train again");
}

const char *nn_prediction_part(int64_t part)
{
    static const char *const names[NN_PARTS] = {"train", "validation", "test"};
    return names[part];
}
