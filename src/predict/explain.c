/* Explains what a trained network does: opens it, and what both methods share. */
#include "predict/explain.h"

#include <string.h>

int nn_explain_inputs(const nn_model *model)
{
    return model->input.part_count > 0 ? model->input.part_count : 1;
}

const nn_field *nn_explain_input(const nn_model *model, int index)
{
    return model->input.part_count > 0 ? &model->input.parts[index] : &model->input;
}

int64_t nn_explain_columns(const nn_field *field)
{
    return field->shape.dimensions > 0 ? field->shape.extents[field->shape.dimensions - 1] : 1;
}

void nn_explain_append_column(const nn_model *model, int input, int64_t column, nn_text *text)
{
    const nn_field *field = nn_explain_input(model, input);
    const nn_names *names = input < model->names.count ? &model->names.items[input] : NULL;
    int64_t columns = nn_explain_columns(field);
    if (names && (int64_t)names->columns.count == columns)
        nn_text_append(text, "%s", names->columns.items[column]);
    else if (columns > 1)
        nn_text_append(text, "%s_%lld", field->name, (long long)column);
    else
        nn_text_append(text, "%s", field->name);
}

const char *nn_explain_units(const nn_model *model, int input, int64_t column)
{
    const nn_names *names = input < model->names.count ? &model->names.items[input] : NULL;
    if (!names || nn_explain_input(model, input)->is_class) return NULL;
    if (names->units.count == 1) return names->units.items[0];
    bool each = (int64_t)names->units.count == nn_explain_columns(nn_explain_input(model, input));
    return each ? names->units.items[column] : NULL;
}

static nn_status explain_find_part(const char *name, nn_part *part)
{
    static const char *const names[NN_PARTS] = {"train", "validation", "test"};
    for (int p = 0; name && p < NN_PARTS; p++)
        if (strcmp(name, names[p]) == 0) *part = (nn_part)p;
    if (name && *part == NN_PARTS)
        NN_FAIL(NN_ERROR_USAGE, "explain: --part must be train, validation or test, not '%s'", name);
    return NN_OK;
}

static nn_status explain_open(nn_explain *explain)
{
    const nn_explanation *request = explain->request;
    nn_trained_request wanted = {.files = request->files,
                                 .part = NN_PARTS,
                                 .sets = request->sets,
                                 .predicts = request->method == NN_EXPLAIN_GRADIENT};
    NN_TRY(explain_find_part(request->part, &wanted.part));
    return nn_trained_open(explain->comm, request->run_or_checkpoint, &wanted, &explain->trained);
}

nn_status nn_explain_network(nn_comm *comm, const nn_explanation *explanation)
{
    nn_explain explain = {.comm = comm, .request = explanation};
    nn_status status = explain_open(&explain);
    bool first = nn_comm_rank(comm) == 0;
    if (status == NN_OK && explanation->method == NN_EXPLAIN_PERMUTATION)
        status = nn_explain_permutation(&explain);
    else if (status == NN_OK)
        status = nn_comm_agree(comm, first ? nn_explain_gradient(&explain) : NN_OK);
    nn_trained_close(&explain.trained);
    return status;
}
