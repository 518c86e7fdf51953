/* Derivatives with respect to the input: every layer of the list against finite differences of what
 * prediction computes, and J^T against J. */
#include "examples.h"

#include <math.h>

#define STEP 1e-6

/* ---- networks ---- */

/* Replaces the microbatch of training by one for derivatives; variances become positive. */
static void derive(run *r)
{
    const nn_network *network = r->network;
    int64_t samples = r->microbatch->samples, inputs = nn_shape_count(network->layers[0].output_shape);
    nn_microbatch_destroy(r->microbatch);
    nn_free(r->scratch);
    expect_ok(nn_microbatch_create_derivatives(network, samples, &r->microbatch));
    r->microbatch->samples = samples;
    int64_t scratch = network->scratch_values + network->tangent_scratch_values;
    expect_ok(NN_ALLOCATE(&r->scratch, scratch, "scratch"));
    for (int l = 0; l < network->layer_count; l++)
        for (int p = 0; p < network->layers[l].parameter_count; p++) {
            const nn_parameter *parameter = &network->layers[l].parameters[p];
            nn_real *values = r->weights + network->layers[l].offset + parameter->offset;
            for (int64_t i = 0; parameter->statistic && i < parameter->count; i++)
                values[i] = values[i] * values[i] + (nn_real)0.2;
        }
    fill_random(1, samples * inputs, r->microbatch->outputs[0]);
}

/* The layer on the input, its further inputs on functions of the input, and an activation and a dense layer.
 */
static run run_derived(const char *yaml, nn_shape shape, bool has_lengths, bool unfused)
{
    const nn_layer_type *type = type_of(yaml);
    nn_network_spec spec = make_spec(shape, SAMPLES);
    spec.input_gradient = true;
    spec.has_lengths = has_lengths;
    spec.unfused = unfused;
    char names[64] = "input", name[16];
    for (int i = 1; i < type->example_inputs; i++) {
        snprintf(name, sizeof name, "below%d", i);
        add_layer(&spec, i == 1 ? "activation: silu" : "activation: sigmoid", name, "input");
        snprintf(names + strlen(names), sizeof names - strlen(names), " %s", name);
    }
    add_layer(&spec, yaml, "tested", names);
    add_layer(&spec, "activation: tanh", NULL, NULL);
    add_layer(&spec, "dropout: 0.5", NULL, NULL);
    if (has_lengths && strstr(yaml, "pool: {}") == NULL && strstr(yaml, "last") == NULL)
        add_layer(&spec, "global_average_pool", NULL, NULL);
    add_layer(&spec, "dense: {units: 3}", NULL, NULL);
    run r = run_create(&spec, SAMPLES);
    derive(&r);
    return r;
}

/* ---- checks ---- */

typedef struct derived {
    int64_t inputs, outputs;
    nn_real *point, *direction, *cotangent, *below; /* below: outputs at point - STEP x direction */
} derived;

static derived derived_create(const run *r)
{
    derived d = {SAMPLES * nn_shape_count(r->network->layers[0].output_shape),
                 SAMPLES * run_outputs(r),
                 NULL,
                 NULL,
                 NULL,
                 NULL};
    expect_ok(NN_ALLOCATE(&d.point, d.inputs, "values"));
    expect_ok(NN_ALLOCATE(&d.direction, d.inputs, "values"));
    expect_ok(NN_ALLOCATE(&d.cotangent, d.outputs, "values"));
    expect_ok(NN_ALLOCATE(&d.below, d.outputs, "values"));
    fill_random(21, d.inputs, d.direction);
    fill_random(22, d.outputs, d.cotangent);
    memcpy(d.point, r->microbatch->outputs[0], (size_t)d.inputs * sizeof *d.point);
    return d;
}

static void derived_destroy(derived *d)
{
    nn_free(d->point);
    nn_free(d->direction);
    nn_free(d->cotangent);
    nn_free(d->below);
}

/* The outputs at point + step x direction; what follows the last step of a sample is 0. */
static const nn_real *derived_outputs(run *r, const derived *d, double step)
{
    const int64_t *lengths = r->microbatch->lengths[0];
    int64_t steps = r->network->layers[0].output_shape.extents[0], width = d->inputs / SAMPLES;
    for (int64_t i = 0; i < d->inputs; i++) {
        bool real = !lengths || i % width < lengths[i / width] * (width / steps);
        r->microbatch->outputs[0][i] =
            real ? (nn_real)((double)d->point[i] + step * (double)d->direction[i]) : 0;
    }
    return run_forward(r);
}

static void compare_tangents(run *r, const derived *d, const char *yaml)
{
    int last = r->network->layer_count - 1;
    memcpy(d->below, derived_outputs(r, d, -STEP), (size_t)d->outputs * sizeof *d->below);
    nn_real *above;
    expect_ok(NN_ALLOCATE(&above, d->outputs, "values"));
    memcpy(above, derived_outputs(r, d, STEP), (size_t)d->outputs * sizeof *above);
    derived_outputs(r, d, 0);
    memcpy(r->microbatch->tangents[0], d->direction, (size_t)d->inputs * sizeof *d->direction);
    nn_network_jvp(r->network, r->weights, r->microbatch, r->scratch);
    for (int64_t i = 0; i < d->outputs; i++) {
        double difference = ((double)above[i] - (double)d->below[i]) / (2 * STEP);
        double tangent = (double)r->microbatch->tangents[last][i];
        if (!(fabs(difference - tangent) <= 1e-8 * (1 + fabs(tangent))))
            fail_msg("%s: value %lld of the tangent is %.12g, by differences %.12g", yaml, (long long)i,
                     tangent, difference);
    }
    nn_free(above);
}

static void expect_zero(run *r, const derived *d, const char *yaml)
{
    int last = r->network->layer_count - 1;
    memcpy(r->microbatch->tangents[0], d->direction, (size_t)d->inputs * sizeof *d->direction);
    nn_network_jvp(r->network, r->weights, r->microbatch, r->scratch);
    for (int64_t i = 0; i < d->outputs; i++)
        if (r->microbatch->tangents[last][i] != 0) fail_msg("%s: the tangent of indices is not 0", yaml);
}

/* u (J v) = (J^T u) v. */
static void compare_products(run *r, const derived *d, const char *yaml)
{
    int last = r->network->layer_count - 1;
    double forward = 0, backward = 0, size = 0;
    derived_outputs(r, d, 0);
    memcpy(r->microbatch->tangents[0], d->direction, (size_t)d->inputs * sizeof *d->direction);
    nn_network_jvp(r->network, r->weights, r->microbatch, r->scratch);
    for (int64_t i = 0; i < d->outputs; i++) {
        double term = (double)d->cotangent[i] * (double)r->microbatch->tangents[last][i];
        forward += term;
        size += fabs(term);
    }
    run_forward(r);
    memcpy(r->microbatch->gradients[last], d->cotangent, (size_t)d->outputs * sizeof *d->cotangent);
    nn_network_vjp(r->network, r->weights, r->microbatch, r->scratch);
    for (int64_t i = 0; i < d->inputs; i++)
        backward += (double)d->direction[i] * (double)r->microbatch->gradients[0][i];
    if (!(fabs(forward - backward) <= (IS_DOUBLE ? 1e-13 : 2e-5) * (1 + size)))
        fail_msg("%s: u (J v) is %.15g, and (J^T u) v is %.15g", yaml, forward, backward);
}

/* indices: the derivative must be 0, and there are no differences. */
static void check_run(run *r, const char *yaml, bool indices)
{
    derived d = derived_create(r);
    if (indices) expect_zero(r, &d, yaml);
    if (IS_DOUBLE && !indices) compare_tangents(r, &d, yaml);
    compare_products(r, &d, yaml);
    derived_destroy(&d);
}

/* ---- every layer ---- */

static void check_layer(const char *yaml)
{
    const nn_layer_type *type = type_of(yaml);
    for (int unfused = 0; unfused < 2; unfused++) {
        run r = run_derived(yaml, shape_of(type), false, unfused);
        for (int64_t i = 0; type->example_indices > 0 && i < SAMPLES * nn_shape_count(shape_of(type)); i++)
            r.microbatch->outputs[0][i] = (nn_real)(i * 7 % type->example_indices);
        check_run(&r, yaml, type->example_indices > 0);
        run_destroy(&r);
    }
}

/* Fails when the tangent of a layer is not the derivative of its output in prediction, or the gradient of its
 * input not the transposed product. */
static void test_layers(void **state)
{
    (void)state;
    for_all_layers(check_layer);
}

static const char *const of_sequences[] = {
    "dense: {units: 3, per_step: true, activation: gelu}",
    "activation: softplus",
    "prelu",
    "add",
    "multiply",
    "concat",
    "slice: {begin: 1}",
    "batch_norm: {activation: relu}",
    "layer_norm",
    "group_norm: {groups: 2}",
    "rnn: {units: 3, output: sequence, bidirectional: true}",
    "rnn: {units: 3, output: last, activation: relu}",
    "lstm: {units: 3, output: sequence, bidirectional: true}",
    "lstm: {units: 3, output: last}",
    "gru: {units: 3, output: sequence, bidirectional: true}",
    "gru: {units: 3, output: last, bidirectional: true}",
    "conv1d: {filters: 3, kernel: 3, padding: same, activation: tanh}",
    "conv1d: {filters: 2, kernel: 2, stride: 2, activation: gelu}",
    "max_pool: {kernel: 3, stride: 1, padding: same}",
    "average_pool: 2",
    "global_max_pool: {}",
    "global_average_pool: {}",
    "multi_head_attention: {heads: 2}",
    "multi_head_attention: {heads: 2, causal: true}",
    "feed_forward: {hidden: 3}",
    "positional_encoding: learned",
};

/* The same for sequences of different length, one of them empty: values past the end have no effect. */
static void test_sequences(void **state)
{
    (void)state;
    static const int64_t lengths[SAMPLES] = {5, 1, 3, 0, 4, 2};
    for (size_t i = 0; i < sizeof of_sequences / sizeof *of_sequences; i++) {
        run r = run_derived(of_sequences[i], (nn_shape){2, {5, 4}}, true, false);
        memcpy(r.microbatch->lengths[0], lengths, sizeof lengths);
        check_run(&r, of_sequences[i], false);
        run_destroy(&r);
    }
}

/* ---- graphs ---- */

/* A sum and an activation that a normalisation takes over, frozen and shared weights, layers that read the
 * input several times, in place, and after dropout. */
static run run_graph(nn_field input, const char *first, const char *second)
{
    nn_network_spec spec = make_spec(input.shape, SAMPLES);
    spec.input = input;
    spec.input_gradient = true;
    add_layer(&spec, "reshape: {shape: [2, 4]}", "left", first);
    add_layer(&spec, "reshape: {shape: [2, 4]}", "right", second);
    add_layer(&spec, "conv1d: {filters: 4, kernel: 2, padding: same, bias: false}", NULL, "left");
    spec.layers[spec.count - 1].freeze = true;
    add_layer(&spec, "batch_norm", "norm", NULL);
    add_layer(&spec, "add", NULL, "norm left");
    add_layer(&spec, "activation: relu", "rectified", NULL);
    add_layer(&spec, "dense: {units: 8, activation: silu}", "owner", "rectified");
    add_layer(&spec, "dense: {units: 8, activation: silu}", NULL, "right");
    spec.layers[spec.count - 1].share = copy_text("owner");
    add_layer(&spec, "multiply", NULL, "owner dense2");
    add_layer(&spec, "dropout: 0.5", NULL, NULL);
    add_layer(&spec, "reshape: {shape: [2, 4]}", NULL, NULL);
    add_layer(&spec, "concat: {axis: 0}", NULL, "reshape3 rectified right");
    add_layer(&spec, "multi_head_attention: {heads: 2, dropout: 0.4}", NULL, NULL);
    add_layer(&spec, "lstm: {units: 3}", NULL, NULL);
    add_layer(&spec, "dense: {units: 2, activation: softmax}", NULL, NULL);
    run r = run_create(&spec, SAMPLES);
    derive(&r);
    return r;
}

/* Fails when gradients of several readers of the input are not added, or layers share memory wrongly. */
static void test_graph(void **state)
{
    (void)state;
    run r = run_graph((nn_field){.name = "x", .shape = {1, {8}}}, "input", "input");
    check_run(&r, "a graph on one input", false);
    run_destroy(&r);
}

/* The same for an input of several parts, one of which is read twice. */
static void test_parts(void **state)
{
    (void)state;
    nn_field parts[] = {{.name = "a", .shape = {1, {8}}}, {.name = "b", .shape = {2, {4, 2}}, .begin = 8}};
    nn_field input = {.name = "x", .shape = {1, {16}}, .parts = parts, .part_count = 2};
    run r = run_graph(input, "a", "b");
    check_run(&r, "a graph on two inputs", false);
    run_destroy(&r);
}

/* Fails when a network for derivatives computes other outputs than that for prediction. */
static void test_outputs(void **state)
{
    (void)state;
    run r = run_graph((nn_field){.name = "x", .shape = {1, {8}}}, "input", "input");
    nn_microbatch *predicting;
    size_t bytes = (size_t)(SAMPLES * run_outputs(&r)) * sizeof(nn_real);
    int last = r.network->layer_count - 1;
    expect_ok(nn_microbatch_create(r.network, SAMPLES, false, &predicting));
    predicting->samples = SAMPLES;
    fill_random(1, SAMPLES * 8, predicting->outputs[0]);
    nn_network_jvp(r.network, r.weights, r.microbatch, r.scratch);
    for (int l = 1; l <= last; l++) nn_network_forward(r.network, l, r.weights, predicting, r.scratch);
    assert_memory_equal(predicting->outputs[last], r.microbatch->outputs[last], bytes);
    nn_microbatch_destroy(predicting);
    run_destroy(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layers), cmocka_unit_test(test_sequences), cmocka_unit_test(test_graph),
        cmocka_unit_test(test_parts),  cmocka_unit_test(test_outputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
