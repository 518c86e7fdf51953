#include "predict/prediction_names.h"

#include <string.h>

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
                                        [NN_PREDICTED_TARGET] = "target_row",
                                        [NN_PREDICTED_TIME] = "target_time"};
    return names[kind];
}

const char *nn_prediction_units(const nn_model *model, int head, int64_t value)
{
    const nn_head *self = &model->heads[head];
    const nn_names *names = nn_names_set_find(&model->names, self->given ? self->given : self->name);
    if (!names || self->target.is_class || !nn_head_is_values(self)) return NULL;
    if (names->units.count == 1) return names->units.items[0];
    return (int64_t)names->units.count == self->rows * self->columns ? names->units.items[value] : NULL;
}

static const char *names_ending(const nn_head *head, nn_predicted_kind kind)
{
    if (kind == NN_PREDICTED_LABEL || kind == NN_PREDICTED_TRUTH) return "";
    if (kind == NN_PREDICTED_CLASS || (kind == NN_PREDICTED_VALUE && nn_head_is_values(head)))
        return "_predicted";
    return "_probability";
}

void nn_prediction_append_column(const nn_predicted *predicted, const nn_predicted_column *column,
                                 nn_text *text)
{
    const nn_head *head = &predicted->trained->model->heads[column->head >= 0 ? column->head : 0];
    if (column->head < 0)
        nn_text_append(text, "%s", nn_prediction_origin(predicted, column->kind));
    else
        nn_text_append(text, "%s%s", head->name, names_ending(head, column->kind));
}

nn_status nn_prediction_name_taken(const nn_predicted *predicted, const char *name)
{
    NN_FAIL(NN_ERROR_USAGE, "predict: two columns of the table would be named \"%s\"; %s", name,
            predicted->id.dataset ? "give --id a dataset with another name"
                                  : "choose among them with --columns, or give the output another name in "
                                    "data and losses, and train again");
}

const char *nn_prediction_part(int64_t part)
{
    static const char *const names[NN_PARTS] = {"train", "validation", "test"};
    return names[part];
}
