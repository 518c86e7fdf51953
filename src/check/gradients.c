#include "check/gradients.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/philox.h"
#include "nn/network.h"

/* How much initial weights are disturbed: those that are all 0 or all 1 hide mistakes. */
#define GRADIENTS_DISTURBED 0.1

/* What the derivatives of a tensor may take together, unless these are fewer. */
#define GRADIENTS_OPERATIONS 4e9
#define GRADIENTS_LEAST 3

/* The numbers of one layer: streams of this many. */
#define GRADIENTS_STREAMS 64

/* A layer under trial, in a microbatch that has passed the layers below. */
typedef struct gradients_work {
    nn_model *model;
    nn_network *network;
    nn_microbatch *microbatch;
    uint64_t seed;
    double *weights, *scratch;
    double *coefficients, *kept; /* c; and y where nothing is changed */
    double *claimed;             /* the gradient of the parameters, or of an input */
    int layer;
    nn_gradients_row *row;
} gradients_work;

/* All values are of float64. */
static double *gradients_doubles(nn_real *values)
{
    return (double *)(void *)values;
}

static nn_real *gradients_reals(double *values)
{
    return (nn_real *)(void *)values;
}

static int64_t gradients_count(const gradients_work *work, int l)
{
    return NN_GRADIENTS_SAMPLES * nn_shape_count(work->network->layers[l].output_shape);
}

static nn_random gradients_stream(const gradients_work *work, int l, uint32_t purpose)
{
    return (nn_random){work->seed, NN_RANDOM_GRADIENTS, (uint32_t)l * GRADIENTS_STREAMS + purpose};
}

/* ---- weights and inputs ---- */

static nn_status gradients_fill_weights(const gradients_work *work)
{
    for (int l = 0; l < work->network->layer_count; l++) {
        const nn_layer *layer = &work->network->layers[l];
        for (int p = 0; p < layer->parameter_count && !layer->shares; p++) {
            const nn_parameter *parameter = &layer->parameters[p];
            nn_random stream = gradients_stream(work, l, (uint32_t)p);
            double *values = work->weights + layer->offset + parameter->offset;
            NN_TRY(nn_network_initialize(work->network, work->seed, l, p, gradients_reals(work->weights)));
            for (int64_t i = 0; !parameter->statistic && i < parameter->count; i++)
                values[i] += GRADIENTS_DISTURBED * nn_random_normal(stream, (uint64_t)i);
        }
    }
    return NN_OK;
}

/* Standard normal numbers, as standardised data has; indices where the field consists of them. */
static void gradients_fill_field(const gradients_work *work, const nn_field *field, int64_t width,
                                 int64_t begin)
{
    int64_t count = nn_shape_count(field->shape);
    nn_random stream = gradients_stream(work, 0, 0);
    for (int64_t s = 0; s < NN_GRADIENTS_SAMPLES; s++)
        for (int64_t i = 0; i < count; i++) {
            int64_t at = s * width + begin + i;
            double *value = gradients_doubles(work->microbatch->outputs[0]) + at;
            *value = field->is_class ? floor((double)field->classes * nn_random_uniform(stream, (uint64_t)at))
                                     : nn_random_normal(stream, (uint64_t)at);
        }
}

/* Where places along the last extent are numbers of categories. */
static void gradients_fill_categories(const gradients_work *work, const nn_field *field, int64_t width,
                                      int64_t begin)
{
    const nn_encoding *encoding = &field->encoding;
    int64_t count = nn_shape_count(field->shape);
    nn_random stream = gradients_stream(work, 0, 1);
    for (int64_t s = 0; encoding->categories && s < NN_GRADIENTS_SAMPLES; s++)
        for (int64_t i = 0; i < count; i++) {
            int64_t at = s * width + begin + i, most = encoding->categories[i % encoding->places];
            double *value = gradients_doubles(work->microbatch->outputs[0]) + at;
            if (most > 0) *value = floor((double)most * nn_random_uniform(stream, (uint64_t)at));
        }
}

/* Values past the end of a sample are 0. */
static void gradients_fill_padding(const gradients_work *work, const nn_field *field, int64_t width,
                                   int64_t begin)
{
    const int64_t *lengths = work->microbatch->lengths[0];
    int64_t steps = nn_model_steps(work->model), each = nn_shape_count(field->shape) / steps;
    for (int64_t s = 0; lengths && !field->features && s < NN_GRADIENTS_SAMPLES; s++) {
        double *sample = gradients_doubles(work->microbatch->outputs[0]) + s * width + begin;
        memset(sample + lengths[s] * each, 0, (size_t)((steps - lengths[s]) * each) * sizeof *sample);
    }
}

static void gradients_fill_input(const gradients_work *work)
{
    const nn_field *input = &work->model->input;
    int64_t width = nn_shape_count(work->network->layers[0].output_shape);
    int64_t *lengths = work->microbatch->lengths[0], steps = nn_model_steps(work->model);
    int parts = input->part_count;
    /* The first is complete, the others are shorter. */
    for (int64_t s = 0; lengths && s < NN_GRADIENTS_SAMPLES; s++)
        lengths[s] = steps - s * steps / (2 * NN_GRADIENTS_SAMPLES);
    for (int p = 0; p < (parts > 0 ? parts : 1); p++) {
        const nn_field *field = parts > 0 ? &input->parts[p] : input;
        int64_t begin = parts > 0 ? field->begin : 0;
        gradients_fill_field(work, field, width, begin);
        gradients_fill_categories(work, field, width, begin);
        gradients_fill_padding(work, field, width, begin);
    }
}

/* ---- one layer ---- */

static void gradients_forward(const gradients_work *work)
{
    nn_network_forward(work->network, work->layer, gradients_reals(work->weights), work->microbatch,
                       gradients_reals(work->scratch));
}

/* Only outputs that change count, so that the others add no rounding. */
static double gradients_change(void *context, double *noise)
{
    const gradients_work *work = context;
    const double *outputs = gradients_doubles(work->microbatch->outputs[work->layer]);
    int64_t count = gradients_count(work, work->layer);
    double sum = 0;
    gradients_forward(work);
    for (int64_t i = 0; i < count; i++) {
        if (outputs[i] == work->kept[i]) continue;
        sum += work->coefficients[i] * (outputs[i] - work->kept[i]);
        *noise += 4 * DBL_EPSILON * fabs(work->coefficients[i]) * (fabs(outputs[i]) + fabs(work->kept[i]));
    }
    return sum;
}

/* Whether value `at` of the output of layer l is past the end of its sample. */
static bool gradients_is_padding(const gradients_work *work, int l, int64_t at)
{
    const int64_t *lengths = work->microbatch->lengths[l];
    const nn_shape *shape = &work->network->layers[l].output_shape;
    int64_t each = nn_shape_count(*shape);
    return lengths && at % each / (each / shape->extents[0]) >= lengths[at / each];
}

/* Whether it is a number of a symbol or category: nothing is computed between two of them. */
static bool gradients_is_index(const gradients_work *work, int from, int64_t at)
{
    const nn_field *input = &work->model->input;
    if (from > input->part_count) return false;
    const nn_field *field = from == 0 ? input : &input->parts[from - 1];
    const nn_encoding *encoding = &field->encoding;
    return field->is_class || (encoding->categories && encoding->categories[at % encoding->places] > 0);
}

/* How many derivatives of a tensor: fewer where each takes long. */
static int gradients_most(const gradients_work *work)
{
    double each = 4 * NN_GRADIENTS_SAMPLES * work->network->layers[work->layer].flops_forward;
    double most = GRADIENTS_OPERATIONS / fmax(each, 1);
    return (int)fmin(fmax(most, GRADIENTS_LEAST), NN_GRADIENTS_ENTRIES);
}

/* Compares some derivatives with respect to `count` values; those in work->claimed are of them. from: the
 * layer whose outputs they are; -1: they are parameters. */
static void gradients_compare_tensor(gradients_work *work, const char *name, double *values,
                                     const double *claimed, int64_t count, int from, uint32_t purpose)
{
    int64_t chosen[NN_GRADIENTS_ENTRIES];
    const nn_gradients_function function = {gradients_change, work};
    double largest = 0;
    for (int64_t i = 0; i < count; i++) largest = fmax(largest, fabs(claimed[i]));
    uint32_t step = gradients_stream(work, work->layer, purpose).step;
    int many = nn_gradients_choose(work->seed, step, count, gradients_most(work), chosen);
    for (int i = 0; i < many; i++) {
        if (from >= 0 &&
            (gradients_is_padding(work, from, chosen[i]) || gradients_is_index(work, from, chosen[i])))
            continue;
        const nn_gradients_entry entry = {values + chosen[i],
                                          claimed[chosen[i]],
                                          largest,
                                          name,
                                          chosen[i],
                                          from >= 0 ? &work->row->inputs : &work->row->parameters};
        nn_gradients_try(&function, &entry, work->row);
    }
}

/* Of the parameters that the layer reads. Its gradient is its own part of theirs. */
static const nn_layer *gradients_owner(const nn_layer *layer)
{
    return layer->shares ? layer->shares : layer;
}

/* What the layer's backward pass says: afterwards gradients of inputs are in the microbatch. */
static void gradients_backward(const gradients_work *work)
{
    const nn_layer *layer = &work->network->layers[work->layer], *owner = gradients_owner(layer);
    nn_microbatch *microbatch = work->microbatch;
    size_t bytes = (size_t)gradients_count(work, work->layer) * sizeof(double);
    nn_real *weights = gradients_reals(work->weights), *scratch = gradients_reals(work->scratch);
    gradients_forward(work);
    memcpy(work->kept, microbatch->outputs[work->layer], bytes);
    memcpy(microbatch->gradients[work->layer], work->coefficients, bytes);
    /* A layer that is not the first to write them adds to them. */
    for (int i = 0; i < layer->input_count; i++)
        if (microbatch->gradients[layer->inputs[i]])
            memset(microbatch->gradients[layer->inputs[i]], 0,
                   (size_t)gradients_count(work, layer->inputs[i]) * sizeof(double));
    nn_network_backward(work->network, work->layer, weights, microbatch, scratch);
    for (int p = 0; layer->type->gradient && p < owner->part_count; p++)
        nn_network_gradient_piece(work->network, work->layer, p, (nn_network_piece){0, 1}, weights,
                                  microbatch, scratch, gradients_reals(work->claimed + owner->part_begin[p]));
}

static bool gradients_takes_indices(const nn_layer *layer)
{
    return layer->type->indices_of && layer->type->indices_of(layer) > 0;
}

/* An input that is read twice is one. */
static bool gradients_was_read(const nn_layer *layer, int i)
{
    for (int before = 0; before < i; before++)
        if (layer->inputs[before] == layer->inputs[i]) return true;
    return false;
}

static void gradients_compare_inputs(gradients_work *work)
{
    const nn_layer *layer = &work->network->layers[work->layer];
    char name[64];
    for (int i = 0; i < layer->input_count; i++) {
        int from = layer->inputs[i];
        double *gradient = gradients_doubles(work->microbatch->gradients[from]);
        if (!gradient || gradients_was_read(layer, i) || gradients_takes_indices(layer)) continue;
        snprintf(name, sizeof name, "input %s", work->network->layers[from].name);
        gradients_compare_tensor(work, name, gradients_doubles(work->microbatch->outputs[from]), gradient,
                                 gradients_count(work, from), from, GRADIENTS_STREAMS / 2 + (uint32_t)i);
    }
}

static void gradients_compare_layer(gradients_work *work)
{
    const nn_layer *layer = &work->network->layers[work->layer], *owner = gradients_owner(layer);
    nn_random stream = gradients_stream(work, work->layer, GRADIENTS_STREAMS - 1);
    *work->row = (nn_gradients_row){.name = layer->name, .type = layer->type->name};
    gradients_forward(work); /* it finds the lengths */
    for (int64_t i = 0; i < gradients_count(work, work->layer); i++)
        work->coefficients[i] =
            gradients_is_padding(work, work->layer, i) ? 0 : nn_random_normal(stream, (uint64_t)i);
    gradients_backward(work);
    for (int p = 0; p < owner->parameter_count; p++) {
        const nn_parameter *parameter = &owner->parameters[p];
        if (parameter->statistic) continue;
        gradients_compare_tensor(work, parameter->name, work->weights + layer->offset + parameter->offset,
                                 work->claimed + parameter->offset, parameter->count, -1,
                                 GRADIENTS_STREAMS / 4 + (uint32_t)p);
    }
    gradients_compare_inputs(work);
    gradients_forward(work); /* as the layers above read it */
}

/* ---- all of it ---- */

static nn_status gradients_allocate(gradients_work *work)
{
    nn_network *network = work->network;
    int64_t most = 0, values = 0;
    for (int l = 0; l < network->layer_count; l++) {
        most = gradients_count(work, l) > most ? gradients_count(work, l) : most;
        values = network->layers[l].value_count > values ? network->layers[l].value_count : values;
        /* What a layer reads must stay: it is run again and again. */
        network->layers[l].in_place = network->layers[l].gradient_in_place = false;
    }
    NN_TRY(nn_microbatch_create(network, NN_GRADIENTS_SAMPLES, true, &work->microbatch));
    work->microbatch->samples = work->microbatch->batch_samples = NN_GRADIENTS_SAMPLES;
    work->microbatch->seed = work->seed;
    NN_TRY(NN_ALLOCATE(&work->weights, network->value_count, "the weights"));
    NN_TRY(NN_ALLOCATE(&work->scratch, network->scratch_values, "scratch"));
    NN_TRY(NN_ALLOCATE(&work->coefficients, most, "the outputs of a layer"));
    NN_TRY(NN_ALLOCATE(&work->kept, most, "the outputs of a layer"));
    return NN_ALLOCATE(&work->claimed, values, "the gradient of a layer");
}

static nn_status gradients_run(gradients_work *work, nn_gradients *gradients)
{
    nn_model *model = work->model;
    int first = 1 + model->input.part_count, last = work->network->layer_count;
    NN_TRY(NN_ALLOCATE(&gradients->rows, last + model->head_count, "the gradients of a network"));
    NN_TRY(gradients_allocate(work));
    NN_TRY(gradients_fill_weights(work));
    gradients_fill_input(work);
    for (work->layer = 1; work->layer < last; work->layer++) {
        work->row = &gradients->rows[gradients->count];
        /* What only copies a part of the input, and what no loss depends on. */
        if (work->layer < first || !work->microbatch->gradients[work->layer]) {
            gradients_forward(work);
            continue;
        }
        gradients_compare_layer(work);
        gradients->count++;
    }
    for (int h = 0; h < model->head_count; h++)
        NN_TRY(nn_gradients_compare_loss(model, h, work->seed,
                                         gradients_doubles(work->microbatch->outputs[model->heads[h].layer]),
                                         &gradients->rows[gradients->count++]));
    return NN_OK;
}

nn_status nn_gradients_compare(nn_model *model, uint64_t seed, nn_gradients *gradients)
{
    gradients_work work = {.model = model, .network = model->network, .seed = seed};
    *gradients = (nn_gradients){.model = model};
    nn_status status = gradients_run(&work, gradients);
    nn_microbatch_destroy(work.microbatch);
    nn_free(work.weights);
    nn_free(work.scratch);
    nn_free(work.coefficients);
    nn_free(work.kept);
    nn_free(work.claimed);
    return status;
}

void nn_gradients_release(nn_gradients *gradients)
{
    for (int i = 0; i < gradients->count; i++) nn_text_free(&gradients->rows[i].failed);
    nn_free(gradients->rows);
    nn_model_destroy(gradients->model);
    *gradients = (nn_gradients){0};
}
