/* nntrain explain --method gradient: what one prediction depends on. */
#include "predict/explain_gradient.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "model/arithmetic.h"
#include "predict/prediction_names.h"
#include "step/loaded.h"

typedef struct gradient {
    nn_explain *explain;
    nn_loaded leaf;
    nn_microbatch *derived; /* of one sample */
    nn_real *scratch;
    double *cotangents, *gradients; /* of all outputs, of all inputs */
    double *predicted;
    nn_explained explained;
} gradient;

/* ---- the sample ---- */

static nn_status gradient_create(gradient *of)
{
    const nn_model *model = of->explain->trained.model;
    const nn_network *network = model->network;
    nn_loaded_needs needs = nn_loaded_needs_of(model, of->explain->trained.data);
    int64_t inputs = nn_shape_count(model->input.shape), outputs = nn_model_output_count(model);
    needs.bases = true;
    of->explained.count = inputs;
    NN_TRY(nn_loaded_create(model, &needs, 1, &of->leaf));
    NN_TRY(nn_microbatch_create_derivatives(network, 1, &of->derived));
    NN_TRY(NN_ALLOCATE_VALUES(network->scalar, &of->scratch, network->scratch_values, "scratch"));
    NN_TRY(NN_ALLOCATE(&of->cotangents, outputs, "an explanation"));
    NN_TRY(NN_ALLOCATE(&of->predicted, outputs, "an explanation"));
    NN_TRY(NN_ALLOCATE(&of->gradients, inputs, "an explanation"));
    NN_TRY(NN_ALLOCATE(&of->explained.values, inputs, "an explanation"));
    NN_TRY(NN_ALLOCATE(&of->explained.effects, inputs, "an explanation"));
    NN_TRY(NN_ALLOCATE(&of->explained.padding, inputs, "an explanation"));
    of->explained.derivatives = of->gradients;
    return NN_OK;
}

static void gradient_release(gradient *of)
{
    nn_loaded_destroy(&of->leaf);
    nn_microbatch_destroy(of->derived);
    nn_free(of->scratch);
    nn_free(of->cotangents);
    nn_free(of->predicted);
    nn_free(of->gradients);
    nn_free(of->explained.values);
    nn_free(of->explained.effects);
    nn_free(of->explained.padding);
}

static bool gradient_schedule(const void *context, int64_t index, nn_data_span *span)
{
    const gradient *of = context;
    *span = (nn_data_span){.epoch = NN_DATA_IN_ORDER, .first = of->explain->request->sample, .count = 1};
    return index == 0;
}

/* Reads the sample to the microbatch, normalised as in training, and its values as they are in the file. */
static nn_status gradient_read(gradient *of)
{
    nn_trained *trained = &of->explain->trained;
    int64_t sample = of->explain->request->sample, samples = nn_dataset_count(trained->data, trained->part);
    if (sample < 0 || sample >= samples)
        NN_FAIL(NN_ERROR_USAGE, "explain: there is no sample %lld; the %s part has %lld, counted from 0",
                (long long)sample, nn_trained_part_name(trained->part), (long long)samples);
    nn_data_span span = {.epoch = NN_DATA_IN_ORDER, .first = sample, .count = 1};
    nn_loaded_place place = {.part = trained->part, .epoch = NN_DATA_IN_ORDER, .range = {sample, sample + 1}};
    NN_TRY(nn_dataset_follow(trained->data, trained->part, gradient_schedule, of, 0, 1, true));
    nn_loaded_fill(&of->leaf, trained->model, trained->data, &place, true);
    nn_dataset_gather(trained->data, trained->part, span, false,
                      &(nn_gathered){.given = of->explained.values});
    for (int64_t i = 0; i < of->explained.count; i++)
        of->explained.padding[i] = nn_dataset_is_padding(trained->data, trained->part, sample, i);
    nn_status status = nn_dataset_status(trained->data, trained->part);
    nn_dataset_unfollow(trained->data, trained->part);
    of->derived->samples = 1;
    memcpy(of->derived->outputs[0], of->leaf.microbatch->outputs[0],
           (size_t)of->explained.count * nn_scalar_size(trained->model->scalar));
    if (of->derived->lengths[0]) of->derived->lengths[0][0] = of->leaf.microbatch->lengths[0][0];
    return status;
}

/* What can be done about a value that is not a number. */
static nn_status gradient_fail_value(const gradient *of, int64_t i)
{
    const nn_model *model = of->explain->trained.model;
    int input = nn_explained_input(model, i);
    int64_t sample = of->explain->request->sample;
    bool missing = isnan(of->explained.values[i]);
    nn_text name = {0}, remedy = {0};
    nn_explained_append_input(model, i, &name);
    if (missing)
        nn_text_append(
            &remedy,
            ", or replace missing values by the mean of training with --set data.fields.%s.missing=mask",
            nn_explain_input(model, input)->name);
    nn_status status = nn_fail(
        NN_ERROR_DATA, "explain: %s of sample %lld is %s: choose another sample%s correct the file%s",
        name.bytes ? name.bytes : "a value", (long long)sample, missing ? "missing (NaN)" : "infinite",
        missing ? "," : ", or", remedy.bytes ? remedy.bytes : "");
    nn_text_free(&name);
    nn_text_free(&remedy);
    return status;
}

/* Whether the network replaces a missing value, and by what. */
static bool gradient_fills(const nn_model *model, int64_t i, double *fill)
{
    const nn_field *field = nn_explain_input(model, nn_explained_input(model, i));
    const nn_encoding *encoding = &field->encoding;
    int64_t begin = model->input.part_count > 0 ? field->begin : 0;
    if (!encoding->fills) return false;
    *fill = encoding->fills[(i - begin) % encoding->places];
    return true;
}

/* Missing values are what training replaces them by; all others stay as the file has them. */
static nn_status gradient_find_values(gradient *of)
{
    const nn_model *model = of->explain->trained.model;
    const nn_scaling *scaling = &model->input_scaling;
    for (int64_t i = 0; i < of->explained.count; i++) {
        double normalised = nn_scalar_get(model->scalar, of->derived->outputs[0], (size_t)i);
        double *value = &of->explained.values[i];
        int64_t c = scaling->columns > 0 ? i % scaling->columns : 0;
        if (isnan(normalised) && gradient_fills(model, i, &normalised)) *value = (double)NAN;
        if (!isfinite(normalised)) return gradient_fail_value(of, i);
        if (isfinite(*value) && !of->explained.padding[i]) continue;
        *value = scaling->columns > 0 ? (normalised - scaling->offset[c]) / scaling->scale[c] : normalised;
    }
    return NN_OK;
}

/* ---- the output ---- */

static void gradient_places(const gradient *of, double *values, nn_model_array *arrays)
{
    const nn_model *model = of->explain->trained.model;
    int64_t at = 0;
    for (int h = 0; h < model->head_count; at += nn_head_output(model, h++))
        arrays[h] = (nn_model_array){true, values + at, nn_model_output_count(model)};
}

/* Whether `word` is value `output` of a head: the name of its class or column, or its number. */
static bool gradient_is(const nn_model *model, int h, int64_t output, const char *word)
{
    nn_text name = {0};
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)output);
    const nn_explained explained = {.head = h, .output = output};
    const nn_head *head = &model->heads[h];
    if (head->target.is_class && head->rows == 1)
        nn_prediction_append_class(&head->target, output, &name);
    else
        nn_explained_append_output(model, &explained, &name);
    bool same = strcmp(word, number) == 0 || (name.bytes && strcmp(word, name.bytes) == 0);
    name.length = 0;
    if (!head->target.is_class) nn_prediction_append_value(model, h, output, &name);
    same |= name.length > 0 && strcmp(word, name.bytes + 1) == 0; /* the column alone, without "_" */
    nn_text_free(&name);
    return same;
}

static nn_status gradient_unknown(const nn_model *model, int h, const char *word)
{
    nn_text known = {0};
    const nn_head *head = &model->heads[h];
    int64_t count = nn_head_output(model, h);
    for (int64_t o = 0; o < count && o < 20; o++) {
        const nn_explained explained = {.head = h, .output = o};
        nn_text_append(&known, o > 0 ? ", " : "");
        if (head->target.is_class && head->rows == 1)
            nn_prediction_append_class(&head->target, o, &known);
        else
            nn_explained_append_output(model, &explained, &known);
    }
    nn_status status =
        nn_fail(NN_ERROR_USAGE,
                word ? "explain: --output '%s' is not one of the %lld values of %s: %s%s"
                     : "explain: %s%lld values are predicted for %s; choose one with --output: %s%s",
                word ? word : "", (long long)count, head->name, known.bytes ? known.bytes : "",
                count > 20 ? ", ..." : "");
    nn_text_free(&known);
    return status;
}

/* HEAD, HEAD:VALUE, HEAD.VALUE or VALUE; *word becomes the value, NULL if none is given. */
static nn_status gradient_find_head(const nn_model *model, const char **word, int *head)
{
    *head = 0;
    for (int h = 0; *word && h < model->head_count; h++) {
        size_t length = strlen(model->heads[h].name);
        if (strncmp(*word, model->heads[h].name, length) != 0) continue;
        char after = (*word)[length];
        if (after != '\0' && after != ':' && after != '.') continue;
        *head = h;
        *word = after ? *word + length + 1 : NULL;
        return NN_OK;
    }
    if (!*word || model->head_count == 1) return NN_OK;
    nn_text names = {0};
    for (int h = 0; h < model->head_count; h++)
        nn_text_append(&names, "%s%s", h > 0 ? ", " : "", model->heads[h].name);
    nn_status status =
        nn_fail(NN_ERROR_USAGE,
                "explain: --output '%s' does not begin with an output's name; give NAME or NAME:VALUE, where "
                "NAME is one of: %s",
                *word, names.bytes ? names.bytes : "");
    nn_text_free(&names);
    return status;
}

/* Of all outputs of the head: the one that is named, the class that is predicted, or the only one. */
static nn_status gradient_choose(gradient *of)
{
    const nn_model *model = of->explain->trained.model;
    const char *word = of->explain->request->output;
    nn_explained *explained = &of->explained;
    int64_t at = 0, best = 0;
    NN_TRY(gradient_find_head(model, &word, &explained->head));
    for (int h = 0; h < explained->head; h++) at += nn_head_output(model, h);
    int64_t count = nn_head_output(model, explained->head);
    for (int64_t o = 0; o < count; o++)
        if (of->predicted[at + o] > of->predicted[at + best]) best = o;
    const nn_head *head = &model->heads[explained->head];
    bool chosen = !word && (count == 1 || (head->target.is_class && head->rows == 1));
    for (int64_t o = 0; word && !chosen && o < count; o++) {
        chosen = gradient_is(model, explained->head, o, word);
        if (chosen) best = o;
    }
    if (!chosen) return gradient_unknown(model, explained->head, word);
    explained->output = best;
    explained->predicted = of->predicted[at + best];
    of->cotangents[at + best] = 1;
    return NN_OK;
}

/* ---- running ---- */

/* The outputs with the bits that the next pass computes again; they are turned into predictions in place. */
static void gradient_forward(gradient *of)
{
    const nn_trained *trained = &of->explain->trained;
    for (int l = 1; l < trained->model->network->layer_count; l++)
        nn_network_forward(trained->model->network, l, trained->weights, of->derived, of->scratch);
}

static void gradient_predict(gradient *of, const nn_model_array *inputs)
{
    const nn_model *model = of->explain->trained.model;
    const bool bad = false;
    nn_model_array outputs[NN_MODEL_HEADS];
    gradient_places(of, of->predicted, outputs);
    gradient_forward(of);
    const nn_model_call call = {.inputs = inputs, .outputs = outputs};
    nn_model_arithmetic_of(model->scalar)->store(model, &call, 0, of->derived, &bad);
}

static void gradient_derive(gradient *of, const nn_model_array *inputs)
{
    const nn_trained *trained = &of->explain->trained;
    const nn_model *model = trained->model;
    const bool bad = false;
    nn_model_array outputs[NN_MODEL_HEADS], gradients[NN_NAMES_MOST];
    gradient_places(of, of->cotangents, outputs);
    for (int i = 0; i < nn_explain_inputs(model); i++) {
        gradients[i] = inputs[i];
        gradients[i].values = of->gradients + ((const double *)inputs[i].values - of->explained.values);
    }
    gradient_forward(of);
    nn_model_arithmetic_of(model->scalar)->load_cotangents(model, outputs, 0, of->derived);
    nn_network_vjp(model->network, trained->weights, of->derived, of->scratch);
    nn_model_arithmetic_of(model->scalar)->store_gradients(model, outputs, gradients, 0, of->derived, &bad);
}

static void gradient_find_effects(gradient *of)
{
    const nn_scaling *scaling = &of->explain->trained.model->input_scaling;
    for (int64_t i = 0; i < of->explained.count; i++) {
        int64_t c = scaling->columns > 0 ? i % scaling->columns : 0;
        double origin = scaling->columns > 0 ? -scaling->offset[c] / scaling->scale[c] : 0;
        of->explained.effects[i] = of->gradients[i] * (of->explained.values[i] - origin);
        if (of->explained.padding[i])
            of->explained.effects[i] = of->gradients[i] = of->explained.values[i] = (double)NAN;
    }
}

static nn_status gradient_run(gradient *of)
{
    const nn_model *model = of->explain->trained.model;
    nn_model_array inputs[NN_NAMES_MOST];
    NN_TRY(gradient_create(of));
    NN_TRY(gradient_read(of));
    NN_TRY(gradient_find_values(of));
    for (int i = 0; i < nn_explain_inputs(model); i++) {
        int64_t begin = model->input.part_count > 0 ? model->input.parts[i].begin : 0;
        inputs[i] = (nn_model_array){true, of->explained.values + begin, of->explained.count};
    }
    gradient_predict(of, inputs);
    NN_TRY(gradient_choose(of));
    gradient_derive(of, inputs);
    gradient_find_effects(of);
    NN_TRY(nn_explained_show(of->explain, &of->explained));
    return nn_explained_write(of->explain, &of->explained);
}

nn_status nn_explain_gradient(nn_explain *explain)
{
    gradient of = {.explain = explain};
    const char *path = explain->request->path;
    NN_TRY(nn_explained_check_path(path));
    NN_TRY(nn_explain_check_output(explain));
    nn_status status = gradient_run(&of);
    gradient_release(&of);
    return status;
}
