/* Networks from YAML, run by hand. Shared by the tests of nn. */
#ifndef NN_TESTS_NN_BUILD_H
#define NN_TESTS_NN_BUILD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "config/config.h"
#include "nn/network.h"

/* Gradients are compared with finite differences in double only: float is too coarse. */
#define IS_DOUBLE (sizeof(nn_real) == sizeof(double))

static inline void expect_ok(nn_status status)
{
    if (status != NN_OK) fail_msg("%s", nn_error_text());
}

/* The options of the layer in `yaml`, read like a user's file, with `classes` = 3. */
static inline void *read_options(const char *yaml, const nn_layer_type **type)
{
    static const nn_symbol symbols[] = {{"classes", 3}, {"same", NN_SYMBOL_SAME}, {NULL, 0}};
    char text[256];
    snprintf(text, sizeof text, "network:\n  - %s\n", yaml);
    nn_config *config;
    expect_ok(nn_config_parse(text, "test.yaml", NULL, 0, &config));
    nn_config_node *network = nn_config_get(nn_config_root(config), "network"), *node = NULL;
    const char *name = nn_config_read_choice(config, nn_config_item(network, 0), &node);
    assert_non_null(name);
    *type = nn_layer_find(NN_SCALAR_REAL, name);
    assert_non_null(*type);
    void *options = NULL;
    if ((*type)->options_size) expect_ok(nn_allocate(&options, (*type)->options_size, 1, "options"));
    nn_config_read(config, node, "network.0", (*type)->options, symbols, NULL, options);
    expect_ok(nn_config_finish(config));
    nn_config_destroy(config);
    return options;
}

static inline char *copy_text(const char *text)
{
    char *copy = NULL;
    if (text) expect_ok(nn_copy_text(text, &copy));
    return copy;
}

/* Adds a layer of the given type; name and inputs ("a b") may be NULL. */
static inline void add_type(nn_network_spec *spec, const nn_layer_type *type, void *options, const char *name,
                            const char *inputs)
{
    nn_text_list list = {0};
    if (inputs) {
        expect_ok(NN_ALLOCATE(&list.items, 8, "inputs"));
        char words[128], *rest;
        snprintf(words, sizeof words, "%s", inputs);
        for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
            list.items[list.count++] = copy_text(word);
    }
    nn_layer_spec layer = {.type = type, .name = copy_text(name), .options = options, .inputs = list};
    expect_ok(nn_network_spec_add(spec, layer));
}

static inline void add_layer(nn_network_spec *spec, const char *yaml, const char *name, const char *inputs)
{
    const nn_layer_type *type;
    void *options = read_options(yaml, &type);
    add_type(spec, type, options, name, inputs);
}

/* A layer that uses the parameters of layer `share`. */
static inline void add_sharing(nn_network_spec *spec, const char *yaml, const char *share)
{
    add_layer(spec, yaml, NULL, NULL);
    spec->layers[spec->count - 1].share = copy_text(share);
}

/* By the variable NN_TEST_ENGINE: `blas`, `portable` or `mixed-1`; CTest runs the tests with each. */
static inline nn_engine test_engine(void)
{
    const char *name = getenv("NN_TEST_ENGINE");
    nn_engine found = nn_engine_named(name ? name : "blas");
    assert_true(found != NN_ENGINES);
    return found;
}

static inline nn_network_spec make_spec(nn_shape shape, int64_t microbatch_size)
{
    return (nn_network_spec){.scalar = NN_SCALAR_REAL,
                             .engine = test_engine(),
                             .input = {.name = "x", .shape = shape},
                             .microbatch_size = microbatch_size};
}

/* Reproducible values in [-1, 1). */
static inline void fill_random(uint32_t purpose, int64_t count, nn_real *values)
{
    nn_random stream = {7, purpose, 0};
    for (int64_t i = 0; i < count; i++)
        values[i] = (nn_real)2 * (nn_real)nn_random_uniform24(stream, (uint64_t)i) - 1;
}

/* A network with weights, one microbatch, and coefficients c: its loss is the sum of c x output. */
typedef struct run {
    nn_network *network;
    nn_microbatch *microbatch;
    nn_real *weights, *gradient, *scratch, *coefficients;
} run;

static inline int64_t run_outputs(const run *r)
{
    return nn_shape_count(r->network->layers[r->network->layer_count - 1].output_shape);
}

static inline void run_allocate(run *r, int64_t samples, int64_t capacity)
{
    const nn_network *network = r->network;
    expect_ok(nn_microbatch_create(network, capacity, true, &r->microbatch));
    r->microbatch->samples = samples;
    r->microbatch->seed = 11;
    r->microbatch->step = 3;
    r->microbatch->batch_samples = samples;
    expect_ok(NN_ALLOCATE(&r->weights, network->value_count, "weights"));
    expect_ok(NN_ALLOCATE(&r->gradient, network->value_count, "gradient"));
    expect_ok(NN_ALLOCATE(&r->scratch, network->scratch_values, "scratch"));
    expect_ok(NN_ALLOCATE(&r->coefficients, capacity * run_outputs(r), "coefficients"));
    for (int l = 0; l < network->layer_count; l++) {
        const nn_layer *layer = &network->layers[l];
        for (int p = 0; p < layer->parameter_count; p++)
            fill_random((uint32_t)(100 + 10 * l + p), layer->parameters[p].count,
                        r->weights + layer->offset + layer->parameters[p].offset);
    }
    fill_random(1, capacity * nn_shape_count(network->layers[0].output_shape), r->microbatch->outputs[0]);
    fill_random(2, capacity * run_outputs(r), r->coefficients);
}

static inline run run_create(nn_network_spec *spec, int64_t samples)
{
    run r = {0};
    int64_t capacity = spec->microbatch_size;
    expect_ok(nn_network_create(spec, &r.network));
    assert_int_equal(spec->count, 0);
    run_allocate(&r, samples, capacity);
    return r;
}

static inline void run_release_values(run *r)
{
    nn_microbatch_destroy(r->microbatch);
    nn_free(r->weights);
    nn_free(r->gradient);
    nn_free(r->scratch);
    nn_free(r->coefficients);
}

static inline void run_destroy(run *r)
{
    run_release_values(r);
    nn_network_destroy(r->network);
}

static inline const nn_real *run_forward(run *r)
{
    for (int l = 1; l < r->network->layer_count; l++)
        nn_network_forward(r->network, l, r->weights, r->microbatch, r->scratch);
    return r->microbatch->outputs[r->network->layer_count - 1];
}

static inline double run_loss(run *r)
{
    const nn_real *output = run_forward(r);
    double loss = 0;
    for (int64_t i = 0; i < r->microbatch->samples * run_outputs(r); i++)
        loss += (double)r->coefficients[i] * (double)output[i];
    return loss;
}

static inline void run_parts(run *r, int l, bool accumulate, nn_real *gradient)
{
    const nn_layer *layer = &r->network->layers[l];
    for (int p = 0; p < layer->part_count; p++)
        nn_network_gradient(r->network, l, p, r->weights, r->microbatch, r->scratch, accumulate,
                            gradient + layer->offset + layer->part_begin[p]);
}

/* Forward, backward, and the complete gradient to r->gradient. */
static inline void run_backward(run *r)
{
    run_forward(r);
    int last = r->network->layer_count - 1;
    memcpy(r->microbatch->gradients[last], r->coefficients,
           (size_t)(r->microbatch->samples * run_outputs(r)) * sizeof(nn_real));
    for (int l = last; l > 0; l--) {
        nn_network_backward(r->network, l, r->weights, r->microbatch, r->scratch);
        run_parts(r, l, false, r->gradient);
    }
}

/* The derivative of the loss with respect to a weight, from the values at +step and -step. */
static inline double run_difference(run *r, int64_t weight, double step)
{
    nn_real kept = r->weights[weight];
    r->weights[weight] = (nn_real)((double)kept + step);
    double above = run_loss(r);
    r->weights[weight] = (nn_real)((double)kept - step);
    double below = run_loss(r);
    r->weights[weight] = kept;
    return (above - below) / (2 * step);
}

#endif
