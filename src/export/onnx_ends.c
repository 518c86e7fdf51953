/* The ends of a network: inputs in their own units with their normalisation, outputs with what undoes it. */
#include <string.h>

#include "base/memory.h"
#include "export/onnx_model.h"

#define BATCH "batch"
#define STEPS "steps"

/* ---- scaling ---- */

/* Whether column c of `columns` is that of value begin + c for the last extent of the shape throughout. */
static bool ends_repeats(nn_shape shape, int64_t begin, int64_t columns, const double *values)
{
    int64_t count = nn_shape_count(shape),
            last = shape.dimensions > 0 ? shape.extents[shape.dimensions - 1] : 1;
    for (int64_t i = last; i < count; i++)
        if (values[(begin + i) % columns] != values[(begin + i % last) % columns]) return false;
    return true;
}

/* Scale or offset of values of a shape, the first of which is number `begin` of a sample: a tensor to be
 * broadcast. */
static const char *ends_scaling(nn_onnx *onnx, nn_shape shape, int64_t begin, int64_t columns,
                                const double *values)
{
    int64_t last = shape.dimensions > 0 ? shape.extents[shape.dimensions - 1] : 1;
    nn_shape whole = {1, {last}};
    if (columns == 1) return nn_onnx_reals(onnx, NN_ONNX_DOUBLE, (nn_shape){0}, values);
    if (!ends_repeats(shape, begin, columns, values)) whole = shape;
    int64_t count = nn_shape_count(whole);
    double *all = nn_onnx_memory(onnx, (size_t)count, sizeof *all);
    for (int64_t i = 0; all && i < count; i++) all[i] = values[(begin + i) % columns];
    return all ? nn_onnx_tensor(onnx, nn_onnx_name(onnx, "scaling"), NN_ONNX_DOUBLE, whole, all) : "";
}

/* ---- inputs ---- */

int nn_onnx_model_fields(const nn_description *description)
{
    return description->part_count > 0 ? description->part_count : 1;
}

const nn_described_field *nn_onnx_model_field(const nn_description *description, int field)
{
    return description->part_count > 0 ? &description->parts[field] : &description->input;
}

static int ends_extents(nn_shape shape, const char *steps, nn_onnx_extent *extents)
{
    extents[0] = (nn_onnx_extent){0, BATCH};
    for (int d = 0; d < shape.dimensions; d++) extents[d + 1] = (nn_onnx_extent){shape.extents[d], NULL};
    if (steps) extents[1].name = steps;
    return shape.dimensions + 1;
}

static void ends_report(nn_onnx_model *model, const char *what, const char *name, nn_onnx_type type,
                        int dimensions, const nn_onnx_extent *extents)
{
    nn_text_append(model->report, "  %-7s %s: %s [", what, name,
                   type == NN_ONNX_FLOAT    ? "float32"
                   : type == NN_ONNX_DOUBLE ? "float64"
                                            : "int64");
    for (int d = 0; d < dimensions; d++) {
        if (d > 0) nn_text_append(model->report, ", ");
        if (extents[d].name)
            nn_text_append(model->report, "%s", extents[d].name);
        else
            nn_text_append(model->report, "%lld", (long long)extents[d].value);
    }
    nn_text_append(model->report, "]\n");
}

static const char *ends_add_input(nn_onnx_model *model, const char *name, nn_onnx_type type, nn_shape shape)
{
    nn_onnx_extent extents[NN_MAX_DIMENSIONS + 1];
    int dimensions = ends_extents(shape, model->is_free && shape.dimensions > 0 ? STEPS : NULL, extents);
    name = nn_onnx_input(model->onnx, name, type, dimensions, extents);
    ends_report(model, "input", name, type, dimensions, extents);
    return name;
}

/* Lengths beyond the number of steps, which only a caller's mistake can give, count as that number. */
static const char *ends_add_lengths(nn_onnx_model *model)
{
    nn_onnx *onnx = model->onnx;
    const char *lengths = ends_add_input(model, "lengths", NN_ONNX_INT64, (nn_shape){0});
    lengths = NN_ONNX_NODE(onnx, "Max", lengths, nn_onnx_integer(onnx, 0));
    return NN_ONNX_NODE(onnx, "Min", lengths, nn_onnx_extent_of(onnx, model->raw[0], 1));
}

void nn_onnx_model_add_inputs(nn_onnx_model *model)
{
    nn_onnx *onnx = model->onnx;
    int count = nn_onnx_model_fields(model->description);
    model->raw = nn_onnx_memory(onnx, (size_t)count, sizeof *model->raw);
    for (int f = 0; model->raw && f < count; f++) {
        const nn_described_field *field = nn_onnx_model_field(model->description, f);
        model->raw[f] =
            ends_add_input(model, field->name, field->is_index ? NN_ONNX_INT64 : onnx->real, field->shape);
    }
    if (model->raw && model->description->has_lengths) model->lengths = ends_add_lengths(model);
}

/* v x scale + offset in double precision, then rounded, as in training. */
const char *nn_onnx_model_normalised(nn_onnx_model *model, int field)
{
    nn_onnx *onnx = model->onnx;
    const nn_described_field *given = nn_onnx_model_field(model->description, field);
    const nn_scaling *scaling = &model->description->input.scaling;
    const char *x = model->raw[field];
    if (scaling->columns == 0) return given->is_index ? nn_onnx_cast(onnx, x, onnx->real) : x;
    if (given->is_index || onnx->real != NN_ONNX_DOUBLE) x = nn_onnx_cast(onnx, x, NN_ONNX_DOUBLE);
    x = NN_ONNX_NODE(onnx, "Mul", x,
                     ends_scaling(onnx, given->shape, given->begin, scaling->columns, scaling->scale));
    x = NN_ONNX_NODE(onnx, "Add", x,
                     ends_scaling(onnx, given->shape, given->begin, scaling->columns, scaling->offset));
    return onnx->real == NN_ONNX_DOUBLE ? x : nn_onnx_cast(onnx, x, onnx->real);
}

/* Samples x values: all inputs one after another; as given, in double, or normalised. */
static const char *ends_rows(nn_onnx_model *model, bool normalised)
{
    nn_onnx *onnx = model->onnx;
    int count = nn_onnx_model_fields(model->description);
    const char **rows = nn_onnx_memory(onnx, (size_t)count + 1, sizeof *rows);
    for (int f = 0; rows && f < count; f++) {
        nn_onnx_source source = {.shape = nn_onnx_model_field(model->description, f)->shape};
        source.value = normalised ? nn_onnx_model_normalised(model, f)
                                  : nn_onnx_cast(onnx, model->raw[f], NN_ONNX_DOUBLE);
        rows[f] = nn_onnx_rows(onnx, &source);
    }
    if (!rows || count == 1) return rows ? rows[0] : "";
    const char *joined = nn_onnx_node(onnx, "Concat", rows);
    nn_onnx_set_integer(onnx, "axis", 1);
    return joined;
}

const char *nn_onnx_model_joined(nn_onnx_model *model)
{
    nn_shape shape = model->description->layers[0].shape;
    if (model->description->part_count == 0 && nn_shape_equal(shape, model->description->input.shape))
        return nn_onnx_model_normalised(model, 0);
    return nn_onnx_reshape(model->onnx, ends_rows(model, true), shape.dimensions, shape.extents);
}

/* ---- outputs ---- */

/* Softmax over each `classes` values. */
static const char *ends_softmax(nn_onnx *onnx, const nn_onnx_source *y, int64_t classes)
{
    nn_shape shape = y->shape;
    bool is_last = shape.dimensions > 0 && shape.extents[shape.dimensions - 1] == classes;
    const int64_t split[] = {nn_shape_count(shape) / (classes > 0 ? classes : 1), classes};
    const char *value = is_last ? y->value : nn_onnx_reshape(onnx, y->value, 2, split);
    value = NN_ONNX_NODE(onnx, "Softmax", value);
    nn_onnx_set_integer(onnx, "axis", -1);
    return is_last ? value : nn_onnx_reshape(onnx, value, shape.dimensions, shape.extents);
}

/* The values of the input to which differences are added: samples x values of the target. */
static const char *ends_seen(nn_onnx_model *model, const nn_described_output *output)
{
    nn_onnx *onnx = model->onnx;
    int64_t count = nn_shape_count(output->field.shape);
    const nn_shape shape = {1, {count}};
    int64_t *places = nn_onnx_memory(onnx, (size_t)count, sizeof *places);
    double *factors = nn_onnx_memory(onnx, (size_t)count, sizeof *factors);
    for (int64_t i = 0; places && factors && i < count; i++) {
        places[i] = output->difference_to[i] < 0 ? 0 : output->difference_to[i];
        factors[i] = output->difference_to[i] < 0 ? 0 : 1;
    }
    if (!places || !factors) return "";
    const char *seen =
        NN_ONNX_NODE(onnx, "Gather", ends_rows(model, false), nn_onnx_integers(onnx, count, places));
    nn_onnx_set_integer(onnx, "axis", 1);
    return NN_ONNX_NODE(onnx, "Mul", seen, nn_onnx_reals(onnx, NN_ONNX_DOUBLE, shape, factors));
}

/* Values in the units of the target: in double precision, then rounded. */
static const char *ends_undo(nn_onnx_model *model, const nn_described_output *output, const nn_onnx_source *y)
{
    nn_onnx *onnx = model->onnx;
    const nn_scaling *scaling = &output->field.scaling;
    const char *value = y->value;
    if (scaling->columns == 0 && output->transform == NN_TRANSFORM_NONE) return value;
    if (onnx->real != NN_ONNX_DOUBLE) value = nn_onnx_cast(onnx, value, NN_ONNX_DOUBLE);
    if (scaling->columns > 0) {
        value = NN_ONNX_NODE(onnx, "Sub", value,
                             ends_scaling(onnx, y->shape, 0, scaling->columns, scaling->offset));
        value = NN_ONNX_NODE(onnx, "Div", value,
                             ends_scaling(onnx, y->shape, 0, scaling->columns, scaling->scale));
    }
    if (output->transform == NN_TRANSFORM_LOG) value = NN_ONNX_NODE(onnx, "Exp", value);
    if (output->difference_to) {
        nn_onnx_source rows = {.value = value, .shape = y->shape};
        value = NN_ONNX_NODE(onnx, "Add", nn_onnx_rows(onnx, &rows), ends_seen(model, output));
        value = nn_onnx_reshape(onnx, value, y->shape.dimensions, y->shape.extents);
    }
    return onnx->real == NN_ONNX_DOUBLE ? value : nn_onnx_cast(onnx, value, onnx->real);
}

static const char *ends_predict(nn_onnx_model *model, const nn_described_output *output,
                                const nn_onnx_source *y)
{
    if (!output->prediction) return ends_undo(model, output, y);
    if (strcmp(output->prediction, "softmax") == 0)
        return ends_softmax(model->onnx, y, output->field.classes);
    if (strcmp(output->prediction, "sigmoid") == 0) return NN_ONNX_NODE(model->onnx, "Sigmoid", y->value);
    nn_onnx_check(
        model->onnx,
        nn_fail(NN_ERROR_USAGE,
                "export: the predictions of output %s of %s are made by '%.40s', which this version cannot "
                "express in ONNX; train it with the loss cross_entropy or binary_cross_entropy",
                output->field.name, model->description->path, output->prediction));
    return "";
}

static void ends_add_output(nn_onnx_model *model, const nn_described_output *output)
{
    nn_onnx *onnx = model->onnx;
    nn_onnx_extent extents[NN_MAX_DIMENSIONS + 1];
    const nn_onnx_source *y = &model->sources[output->layer];
    bool same = y->is_free && y->shape.extents[0] == model->description->input.shape.extents[0];
    onnx->scope = output->field.name;
    const char *steps = !y->is_free ? NULL
                        : same      ? STEPS
                                    : nn_onnx_text(onnx, "%s_steps", output->field.name);
    int dimensions = ends_extents(y->shape, steps, extents);
    const char *value = ends_predict(model, output, y);
    const char *name = nn_onnx_output(onnx, value, output->field.name, onnx->real, dimensions, extents);
    ends_report(model, "output", name, onnx->real, dimensions, extents);
}

void nn_onnx_model_add_outputs(nn_onnx_model *model)
{
    nn_onnx *onnx = model->onnx;
    for (int o = 0; o < model->description->output_count; o++)
        ends_add_output(model, &model->description->outputs[o]);
    for (const nn_onnx_state *state = onnx->states; state; state = state->next) {
        const nn_onnx_extent extents[] = {{0, BATCH}, {state->units, NULL}};
        const char *name = nn_onnx_output(onnx, state->value, state->name, onnx->real, 2, extents);
        ends_report(model, "state", name, onnx->real, 2, extents);
    }
}
