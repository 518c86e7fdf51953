/* A normalisation, called by hand. Shared by the tests of normalisations. */
#ifndef NN_TESTS_NN_NORM_H
#define NN_TESTS_NN_NORM_H

#include "build.h"

#include <math.h>

#include "../fixtures/fixture.h"

#define TOLERANCE (IS_DOUBLE ? 1e-12 : 1e-5) /* of the largest value of an array */

typedef struct norm {
    nn_network *network;
    const nn_layer *layer;
    nn_layer_call call;
    const nn_real *inputs[2];
    nn_real *input_gradients[2];
    nn_real *x, *added, *y, *dy, *dx, *dadded, *saved, *scratch, *parameters, *gradient;
    int64_t values; /* of the microbatch */
} norm;

static inline nn_real *make_values(int64_t count)
{
    nn_real *values;
    expect_ok(NN_ALLOCATE(&values, count + 1, "values"));
    return values;
}

static inline void norm_allocate(norm *n, int64_t samples)
{
    const nn_layer *layer = n->layer;
    nn_real **arrays[] = {&n->x, &n->added, &n->y, &n->dy, &n->dx, &n->dadded};
    n->values = samples * nn_shape_count(layer->output_shape);
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) *arrays[i] = make_values(n->values);
    n->saved = make_values(samples * layer->saved_per_sample + layer->saved_fixed);
    n->scratch = make_values(n->network->scratch_values);
    n->parameters = make_values(layer->value_count);
    n->gradient = make_values(layer->value_count);
    fill_random(1, n->values, n->x);
    fill_random(2, n->values, n->added);
    fill_random(3, n->values, n->dy);
    for (int p = 0; p < layer->parameter_count; p++) {
        nn_real *values = n->parameters + layer->parameters[p].offset;
        fill_random((uint32_t)(10 + p), layer->parameters[p].count, values);
        for (int64_t i = 0; i < layer->parameters[p].count; i++) values[i] += (nn_real)1.5;
    }
}

/* `inputs` 1 or 2; the values are random. */
static inline void norm_create(norm *n, const char *yaml, nn_shape shape, int64_t samples, int inputs,
                               bool frozen)
{
    *n = (norm){0};
    nn_network_spec spec = make_spec(shape, samples);
    add_layer(&spec, yaml, "tested", inputs > 1 ? "input input" : "input");
    spec.layers[0].freeze = frozen;
    expect_ok(nn_network_create(&spec, &n->network));
    n->layer = &n->network->layers[1];
    norm_allocate(n, samples);
    n->inputs[0] = n->x;
    n->inputs[1] = n->added;
    n->input_gradients[0] = n->dx;
    n->input_gradients[1] = n->dadded;
    n->call = (nn_layer_call){.count = 1,
                              .samples = samples,
                              .microbatch_samples = samples,
                              .training = true,
                              .parameters = n->parameters,
                              .inputs = n->inputs,
                              .output = n->y,
                              .output_gradient = n->dy,
                              .input_gradients = n->input_gradients,
                              .saved = n->saved,
                              .scratch = n->scratch,
                              .batch_samples = samples};
}

static inline void norm_destroy(norm *n)
{
    nn_real *arrays[] = {n->x,      n->added, n->y,       n->dy,         n->dx,
                         n->dadded, n->saved, n->scratch, n->parameters, n->gradient};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) nn_free(arrays[i]);
    nn_network_destroy(n->network);
}

static inline void norm_pass(norm *n, nn_pass pass)
{
    const nn_layer_type *type = n->layer->type;
    for (n->call.phase = 0; n->call.phase == 0 || n->call.phase < n->layer->phases[pass]; n->call.phase++)
        (pass == NN_FORWARD ? type->forward : type->backward)(n->layer, &n->call);
}

static inline void norm_forward(norm *n)
{
    norm_pass(n, NN_FORWARD);
}

static inline void norm_run(norm *n)
{
    norm_forward(n);
    norm_pass(n, NN_BACKWARD);
    for (int part = 0; part < n->layer->part_count; part++)
        n->layer->type->gradient(n->layer, &n->call, part, false, n->gradient + n->layer->part_begin[part]);
}

/* The values of a tensor within the parameters, or NULL. */
static inline const nn_parameter *find_parameter(const norm *n, const char *name)
{
    for (int p = 0; p < n->layer->parameter_count; p++)
        if (strcmp(n->layer->parameters[p].name, name) == 0) return &n->layer->parameters[p];
    return NULL;
}

#endif
