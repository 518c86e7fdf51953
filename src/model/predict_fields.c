/* What a predictor reads and predicts. */
#include <stdio.h>
#include <string.h>

#include "model/predictor.h"

int nn_predictor_model_inputs(const nn_model *model)
{
    return model->input.part_count > 0 ? model->input.part_count : 1;
}

const nn_field *nn_predictor_model_input(const nn_model *model, int index)
{
    return model->input.part_count > 0 ? &model->input.parts[index] : &model->input;
}

/* ---- properties ---- */

static void fields_set_shape(nn_shape shape, nn_predictor_field *field)
{
    field->dimensions = (size_t)shape.dimensions;
    field->count = (size_t)nn_shape_count(shape);
    for (int d = 0; d < shape.dimensions; d++) field->extents[d] = (size_t)shape.extents[d];
}

static void fields_describe_input(const nn_model *model, int index, nn_predictor_field *field)
{
    const nn_field *input = nn_predictor_model_input(model, index);
    *field = (nn_predictor_field){.name = input->name};
    fields_set_shape(input->shape, field);
    if (model->input.part_count > 0) field->begin = (size_t)input->begin;
    if (!input->is_class) return;
    field->kind = NN_PREDICTOR_INDICES;
    field->classes = (size_t)input->classes;
    field->class_names = input->class_names;
}

static void fields_describe_output(const nn_model *model, int index, nn_predictor_field *field)
{
    const nn_head *head = &model->heads[index];
    *field = (nn_predictor_field){.name = head->name};
    fields_set_shape(model->network->layers[head->layer].output_shape, field);
    for (int h = 0; h < index; h++) field->begin += (size_t)nn_head_output(model, h);
    if (head->loss->predict) field->kind = NN_PREDICTOR_PROBABILITIES;
    field->classes = (size_t)nn_field_classes(&head->target);
    field->class_names = head->target.class_names;
}

typedef void fields_describe(const nn_model *model, int index, nn_predictor_field *field);

static nn_status fields_get(const nn_predictor *predictor, const char *what, size_t number, size_t index,
                            fields_describe *describe, nn_predictor_field *field)
{
    if (!predictor || !field) NN_FAIL(NN_ERROR_USAGE, "the predictor or the %s's properties are NULL", what);
    if (index >= number)
        NN_FAIL(NN_ERROR_USAGE, "there is no %s %zu: the network has %zu, counted from 0", what, index,
                number);
    describe(predictor->core->model, (int)index, field);
    return NN_OK;
}

nn_status nn_predictor_input(const nn_predictor *predictor, size_t index, nn_predictor_field *field)
{
    return fields_get(predictor, "input", nn_predictor_input_number(predictor), index, fields_describe_input,
                      field);
}

nn_status nn_predictor_output(const nn_predictor *predictor, size_t index, nn_predictor_field *field)
{
    return fields_get(predictor, "output", nn_predictor_output_number(predictor), index,
                      fields_describe_output, field);
}

/* ---- names ---- */

static nn_status fields_find(const nn_predictor *predictor, const char *what, size_t number,
                             fields_describe *describe, const char *name, size_t *index)
{
    char names[512] = "";
    if (!predictor || !name || !index)
        NN_FAIL(NN_ERROR_USAGE, "the predictor, the name or the index is NULL");
    for (size_t i = 0; i < number; i++) {
        nn_predictor_field field;
        describe(predictor->core->model, (int)i, &field);
        *index = i;
        if (strcmp(field.name, name) == 0) return NN_OK;
        size_t length = strlen(names);
        snprintf(names + length, sizeof names - length, "%s%s", i > 0 ? ", " : "", field.name);
    }
    NN_FAIL(NN_ERROR_USAGE, "there is no %s '%s'; the network has %s", what, name, names);
}

nn_status nn_predictor_find_input(const nn_predictor *predictor, const char *name, size_t *index)
{
    return fields_find(predictor, "input", nn_predictor_input_number(predictor), fields_describe_input, name,
                       index);
}

nn_status nn_predictor_find_output(const nn_predictor *predictor, const char *name, size_t *index)
{
    return fields_find(predictor, "output", nn_predictor_output_number(predictor), fields_describe_output,
                       name, index);
}

/* ---- numbers ---- */

size_t nn_predictor_input_number(const nn_predictor *predictor)
{
    return predictor ? (size_t)nn_predictor_model_inputs(predictor->core->model) : 0;
}

size_t nn_predictor_output_number(const nn_predictor *predictor)
{
    return predictor ? (size_t)predictor->core->model->head_count : 0;
}

size_t nn_predictor_input_count(const nn_predictor *predictor)
{
    return predictor ? predictor->core->input_count : 0;
}

size_t nn_predictor_output_count(const nn_predictor *predictor)
{
    return predictor ? predictor->core->output_count : 0;
}

size_t nn_predictor_steps(const nn_predictor *predictor)
{
    if (!predictor || !predictor->core->model->has_lengths) return 0;
    return (size_t)nn_model_steps(predictor->core->model);
}

size_t nn_predictor_class_count(const nn_predictor *predictor)
{
    return predictor ? (size_t)nn_field_classes(&predictor->core->model->heads[0].target) : 0;
}

const char *nn_predictor_class_names(const nn_predictor *predictor)
{
    return predictor ? predictor->core->model->heads[0].target.class_names : NULL;
}

uint64_t nn_predictor_fingerprint(const nn_predictor *predictor)
{
    return predictor ? predictor->core->fingerprint : 0;
}

const char *nn_predictor_graph(const nn_predictor *predictor)
{
    return predictor ? predictor->core->graph.bytes : NULL;
}

size_t nn_predictor_microbatch(const nn_predictor *predictor)
{
    return predictor ? (size_t)predictor->core->capacity : 0;
}
