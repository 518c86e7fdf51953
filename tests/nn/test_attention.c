/* Multi-head attention against PyTorch (tests/fixtures/make_attention.py), and which steps see which. */
#include "build.h"

#include <math.h>
#include <stdlib.h>

#include "../fixtures/fixture.h"

#define FILE_NAME "attention.txt"
#define TOLERANCE (IS_DOUBLE ? 1e-12 : 1e-5)

/* ---- one layer, called by hand ---- */

/* With one input x, or two, x and y. */
typedef struct attention_case {
    const char *name, *yaml;
    int64_t samples;
    nn_shape x, y;
    int64_t x_lengths[4], y_lengths[4]; /* all 0: full length */
} attention_case;

typedef struct probe {
    nn_network *network;
    const nn_layer *layer;
    nn_layer_call call;
    const nn_real *inputs[2];
    nn_real *input_gradients[2];
    nn_real *x, *y, *d_x, *d_y, *parameters, *gradient;
    int64_t inputs_of[2], outputs; /* values of all samples */
} probe;

static nn_shape other_shape; /* of the next layer */

static nn_status other_build(nn_layer *layer)
{
    layer->output_shape = other_shape;
    return NN_OK;
}

static const nn_layer_type other_type = {.name = "other", .build = other_build};

static nn_real *take(int64_t count, uint32_t purpose)
{
    nn_real *values;
    expect_ok(NN_ALLOCATE(&values, count + 1, "values"));
    fill_random(purpose, count, values);
    return values;
}

static void probe_build(probe *p, const attention_case *given)
{
    nn_network_spec spec = make_spec(given->x, given->samples);
    bool second = given->y.dimensions > 0;
    other_shape = given->y;
    if (second) add_type(&spec, &other_type, NULL, "y", "input");
    add_layer(&spec, given->yaml, "tested", second ? "input y" : "input");
    expect_ok(nn_network_create(&spec, &p->network));
    p->layer = &p->network->layers[p->network->layer_count - 1];
    p->inputs_of[0] = given->samples * nn_shape_count(given->x);
    p->inputs_of[1] = second ? given->samples * nn_shape_count(given->y) : 0;
    p->outputs = given->samples * nn_shape_count(p->layer->output_shape);
}

static probe probe_create(const attention_case *given)
{
    probe p = {0};
    probe_build(&p, given);
    const nn_layer *layer = p.layer;
    p.inputs[0] = p.x = take(p.inputs_of[0], 1);
    p.inputs[1] = p.y = take(p.inputs_of[1], 2);
    p.input_gradients[0] = p.d_x = take(p.inputs_of[0], 3);
    p.input_gradients[1] = p.d_y = take(p.inputs_of[1], 4);
    p.parameters = take(layer->value_count, 5);
    p.gradient = take(layer->value_count, 6);
    p.call = (nn_layer_call){.count = 1,
                             .samples = given->samples,
                             .microbatch_samples = given->samples,
                             .training = true,
                             .parameters = p.parameters,
                             .output = take(p.outputs, 7),
                             .output_gradient = take(p.outputs, 8),
                             .saved = take(given->samples * layer->saved_per_sample, 9),
                             .scratch =
                                 take(given->samples * layer->scratch_per_sample + layer->scratch_fixed, 10),
                             .batch_samples = given->samples,
                             .lengths = given->x_lengths[0] ? given->x_lengths : NULL,
                             .second_lengths = given->y_lengths[0] ? given->y_lengths : NULL};
    return p;
}

static void probe_destroy(probe *p)
{
    nn_real *all[] = {p->x,          p->y,           p->d_x,         p->d_y,
                      p->parameters, p->gradient,    p->call.output, p->call.output_gradient,
                      p->call.saved, p->call.scratch};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) nn_free(all[i]);
    nn_network_destroy(p->network);
}

static void clear_behind(const int64_t *lengths, int64_t samples, nn_shape shape, nn_real *values)
{
    int64_t count = nn_shape_count(shape), width = count / shape.extents[0];
    for (int64_t i = 0; lengths && i < samples; i++)
        memset(values + i * count + lengths[i] * width, 0,
               (size_t)(count - lengths[i] * width) * sizeof *values);
}

/* Does what the network does around a layer with lengths. */
static const nn_real *probe_forward(probe *p)
{
    p->call.inputs = p->inputs;
    p->call.input_gradients = p->input_gradients;
    p->layer->type->forward(p->layer, &p->call);
    clear_behind(p->call.lengths, p->call.samples, p->layer->output_shape, p->call.output);
    return p->call.output;
}

static void probe_backward(probe *p)
{
    clear_behind(p->call.lengths, p->call.samples, p->layer->output_shape, p->call.output_gradient);
    p->layer->type->backward(p->layer, &p->call);
    for (int part = 0; part < p->layer->part_count; part++)
        p->layer->type->gradient(p->layer, &p->call, part, false, p->gradient + p->layer->part_begin[part]);
}

/* ---- PyTorch ---- */

#define ONE "multi_head_attention: {heads: 1}"
#define TWO "multi_head_attention: {heads: 2}"
#define THREE "multi_head_attention: {heads: 3}"
#define CAUSAL "multi_head_attention: {heads: 2, causal: true}"

static const attention_case cases[] = {
    {"plain", TWO, 3, {2, {5, 6}}, {0}, {0}, {0}},
    {"causal", CAUSAL, 3, {2, {5, 6}}, {0}, {0}, {0}},
    {"padded", TWO, 3, {2, {5, 6}}, {0}, {5, 2, 4}, {0}},
    {"causal_padded", CAUSAL, 3, {2, {5, 6}}, {0}, {1, 5, 3}, {0}},
    {"one_step", TWO, 3, {2, {1, 4}}, {0}, {0}, {0}},
    {"one_sample", THREE, 1, {2, {9, 15}}, {0}, {0}, {0}},
    {"no_bias", "multi_head_attention: {heads: 1, bias: false}", 2, {2, {3, 5}}, {0}, {0}, {0}},
    {"blocks", ONE, 1, {2, {131, 2}}, {0}, {0}, {0}},
    {"causal_blocks", "multi_head_attention: {heads: 1, causal: true}", 1, {2, {131, 2}}, {0}, {0}, {0}},
    {"blocks_padded", CAUSAL, 2, {2, {67, 2}}, {0}, {67, 33}, {0}},
    {"cross", TWO, 2, {2, {3, 6}}, {2, {7, 5}}, {0}, {0}},
    {"cross_padded", THREE, 3, {2, {3, 6}}, {2, {4, 2}}, {2, 3, 3}, {4, 1, 2}},
};

static void read_array(const char *name, const char *array, int64_t count, nn_real *values)
{
    char text[96];
    snprintf(text, sizeof text, "%s.%s", name, array);
    if (count > 0) fixture_read(FILE_NAME, text, count, values);
}

static void compare_array(const char *name, const char *array, int64_t count, const nn_real *values)
{
    char text[96];
    nn_real *expected = take(count, 0);
    snprintf(text, sizeof text, "%s.%s", name, array);
    if (count > 0) fixture_read(FILE_NAME, text, count, expected);
    if (count > 0) fixture_compare(text, count, values, expected, TOLERANCE);
    nn_free(expected);
}

static void check_case(const attention_case *given)
{
    probe p = probe_create(given);
    read_array(given->name, "x", p.inputs_of[0], p.x);
    read_array(given->name, "y", p.inputs_of[1], p.y);
    read_array(given->name, "dy", p.outputs, p.call.output_gradient);
    for (int i = 0; i < p.layer->parameter_count; i++) {
        const nn_parameter *parameter = &p.layer->parameters[i];
        read_array(given->name, parameter->name, parameter->count, p.parameters + parameter->offset);
    }
    compare_array(given->name, "output", p.outputs, probe_forward(&p));
    probe_backward(&p);
    compare_array(given->name, "d_x", p.inputs_of[0], p.d_x);
    compare_array(given->name, "d_y", p.inputs_of[1], p.d_y);
    for (int i = 0; i < p.layer->parameter_count; i++) {
        const nn_parameter *parameter = &p.layer->parameters[i];
        char name[64];
        snprintf(name, sizeof name, "d_%s", parameter->name);
        compare_array(given->name, name, parameter->count, p.gradient + parameter->offset);
    }
    probe_destroy(&p);
}

/* Fails when attention, or one of its gradients, is not PyTorch's: causal, with padding, of two inputs, in
 * one block of queries or several. */
static void test_pytorch(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) check_case(&cases[i]);
}

/* Fails when an embedding, or its gradient, is not PyTorch's. */
static void test_embedding(void **state)
{
    (void)state;
    const attention_case given = {"embedding", "embedding: {symbols: 7, units: 3}", 2, {1, {4}}, {0}, {0},
                                  {0}};
    probe p = probe_create(&given);
    read_array(given.name, "x", p.inputs_of[0], p.x);
    read_array(given.name, "dy", p.outputs, p.call.output_gradient);
    read_array(given.name, "weight", 21, p.parameters);
    compare_array(given.name, "output", p.outputs, probe_forward(&p));
    probe_backward(&p);
    compare_array(given.name, "d_weight", 21, p.gradient);
    probe_destroy(&p);
}

/* ---- visible steps ---- */

enum { LONG = 150, FEATURES = 8 };

/* Fails when a later step changes an earlier output by a single bit. */
static void test_causal(void **state)
{
    (void)state;
    static const int64_t changed[] = {1, 17, 63, 64, 74, 75, 149};
    const attention_case given = {"", CAUSAL, 2, {2, {LONG, FEATURES}}, {0}, {0}, {0}};
    for (size_t i = 0; i < sizeof changed / sizeof *changed; i++) {
        probe before = probe_create(&given), after = probe_create(&given);
        for (int64_t v = changed[i] * FEATURES; v < LONG * FEATURES; v++) after.x[v] += 3;
        const nn_real *one = probe_forward(&before), *other = probe_forward(&after);
        int64_t first = changed[i] * FEATURES, second_sample = (int64_t)LONG * FEATURES;
        assert_memory_equal(one, other, (size_t)first * sizeof *one);
        assert_memory_not_equal(one + first, other + first, FEATURES * sizeof *one);
        assert_memory_equal(one + second_sample, other + second_sample, (size_t)second_sample * sizeof *one);
        probe_destroy(&before);
        probe_destroy(&after);
    }
}

/* Fails when steps of the second input that no query sees get their gradient from uninitialised scratch.
 */
static void test_unseen_steps(void **state)
{
    (void)state;
    const attention_case given = {"", CAUSAL, 2, {2, {6, FEATURES}}, {2, {6, FEATURES}}, {2, 6}, {6, 5}};
    probe p = probe_create(&given);
    int64_t scratch = given.samples * p.layer->scratch_per_sample + p.layer->scratch_fixed;
    probe_forward(&p);
    for (int64_t i = 0; i < scratch; i++) p.call.scratch[i] = (nn_real)NAN;
    probe_backward(&p);
    for (int64_t step = 2; step < 6; step++)
        for (int64_t f = 0; f < FEATURES; f++) assert_true(p.d_y[step * FEATURES + f] == 0);
    for (int64_t i = 0; i < p.layer->value_count; i++) assert_true(p.gradient[i] == p.gradient[i]);
    probe_destroy(&p);
}

/* The first sample of `padded`, and its gradients, against those without padding. */
static void compare_alone(const char *yaml, int64_t length)
{
    const attention_case long_case = {"", yaml, 1, {2, {LONG, FEATURES}}, {0}, {length}, {0}};
    const attention_case short_case = {"", yaml, 1, {2, {length, FEATURES}}, {0}, {0}, {0}};
    probe padded = probe_create(&long_case), alone = probe_create(&short_case);
    assert_int_equal(padded.layer->value_count, alone.layer->value_count);
    for (int64_t v = length * FEATURES; v < LONG * FEATURES; v++) padded.x[v] = 0;
    fixture_compare("output", alone.outputs, probe_forward(&padded), probe_forward(&alone), TOLERANCE);
    probe_backward(&padded);
    probe_backward(&alone);
    fixture_compare("input gradient", alone.outputs, padded.d_x, alone.d_x, TOLERANCE);
    for (int64_t v = length * FEATURES; v < LONG * FEATURES; v++) assert_true(padded.d_x[v] == 0);
    for (int i = 0; i < alone.layer->parameter_count; i++) {
        const nn_parameter *parameter = &alone.layer->parameters[i];
        fixture_compare(parameter->name, parameter->count, padded.gradient + parameter->offset,
                        alone.gradient + parameter->offset, TOLERANCE);
    }
    probe_destroy(&padded);
    probe_destroy(&alone);
}

/* Fails when padding changes the result. */
static void test_padding(void **state)
{
    (void)state;
    static const int64_t lengths[] = {1, 2, 63, 75, 76, 149};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        compare_alone(TWO, lengths[i]);
        compare_alone(CAUSAL, lengths[i]);
    }
}

/* Fails when the output of a sample without steps is not 0, or it changes the others. */
static void test_no_steps(void **state)
{
    (void)state;
    const attention_case given = {"", TWO, 2, {2, {5, FEATURES}}, {0}, {5, 0}, {0}};
    probe p = probe_create(&given);
    memset(p.x + 5 * FEATURES, 0, 5 * FEATURES * sizeof(nn_real));
    probe_forward(&p);
    probe_backward(&p);
    for (int64_t v = 0; v < p.outputs; v++) {
        assert_true(isfinite(p.call.output[v]) && isfinite(p.d_x[v]));
        if (v >= 5 * FEATURES) assert_true(p.d_x[v] == 0);
    }
    probe_destroy(&p);
}

/* Changes the values past the last steps of the input, and compares the attention's output. */
static void check_lengths(const char *inputs)
{
    enum { STEPS = 6 };
    nn_network_spec spec = make_spec((nn_shape){2, {STEPS, FEATURES}}, 3);
    spec.has_lengths = true;
    add_layer(&spec, "feed_forward: {hidden: 3}", "q", "input");
    add_layer(&spec, TWO, NULL, inputs);
    run r = run_create(&spec, 3);
    nn_real before[3 * STEPS * FEATURES];
    const int64_t lengths[] = {6, 1, 4};
    memcpy(r.microbatch->lengths[0], lengths, sizeof lengths);
    memcpy(before, run_forward(&r), sizeof before);
    for (int64_t v = 0; v < 3 * STEPS * FEATURES; v++)
        if (v / FEATURES % STEPS >= lengths[v / FEATURES / STEPS]) r.microbatch->outputs[0][v] += 2;
    assert_memory_equal(run_forward(&r), before, sizeof before);
    for (int64_t v = 0; v < 3 * STEPS * FEATURES; v++)
        if (v / FEATURES % STEPS >= lengths[v / FEATURES / STEPS]) assert_true(before[v] == 0);
    run_destroy(&r);
}

/* Fails when the network does not pass the lengths of either input to attention. */
static void test_lengths_of_network(void **state)
{
    (void)state;
    check_lengths("q");
    check_lengths("q input");
}

/* ---- dropout ---- */

/* Fails when the dropped values depend on how a batch is split into microbatches, when nothing is dropped, or
 * when anything is dropped in prediction. */
static void test_dropout(void **state)
{
    (void)state;
    const attention_case drops = {
        "", "multi_head_attention: {heads: 2, dropout: 0.4}", 3, {2, {70, 4}}, {0}, {0}, {0}};
    const attention_case keeps = {"", TWO, 3, {2, {70, 4}}, {0}, {0}, {0}};
    probe whole = probe_create(&drops), piece = probe_create(&drops), kept = probe_create(&keeps);
    whole.call.first_sample = 5;
    const nn_real *expected = probe_forward(&whole);
    int64_t of_sample = whole.outputs / 3;
    piece.call.first_sample = 6;
    piece.call.samples = piece.call.microbatch_samples = 2;
    memcpy(piece.x, whole.x + of_sample, (size_t)(2 * of_sample) * sizeof(nn_real));
    fixture_compare("a smaller microbatch", 2 * of_sample, probe_forward(&piece), expected + of_sample,
                    TOLERANCE);
    size_t bytes = (size_t)whole.outputs * sizeof(nn_real);
    assert_memory_not_equal(expected, probe_forward(&kept), bytes);
    whole.call.training = false;
    assert_memory_equal(probe_forward(&whole), kept.call.output, bytes);
    probe_destroy(&whole);
    probe_destroy(&piece);
    probe_destroy(&kept);
}

/* ---- invalid layers ---- */

static void expect_refused(const char *yaml, nn_shape x, nn_shape y, const char *words)
{
    nn_network_spec spec = make_spec(x, 2);
    nn_network *network;
    other_shape = y;
    if (y.dimensions > 0) add_type(&spec, &other_type, NULL, "y", "input");
    add_layer(&spec, yaml, "tested", y.dimensions > 0 ? "input y" : "input");
    assert_int_not_equal(nn_network_create(&spec, &network), NN_OK);
    if (!strstr(nn_error_text(), words)) fail_msg("%s: %s", yaml, nn_error_text());
    nn_error_clear();
}

/* Fails when an invalid attention layer is built anyway, or the message does not say why. */
static void test_refused(void **state)
{
    (void)state;
    expect_refused(THREE, (nn_shape){2, {4, 8}}, (nn_shape){0}, "cannot be divided by 3 heads");
    expect_refused(TWO, (nn_shape){1, {8}}, (nn_shape){0}, "steps x features");
    expect_refused(CAUSAL, (nn_shape){2, {4, 8}}, (nn_shape){2, {5, 8}}, "same number of steps");
    expect_refused("multi_head_attention: {heads: 2, dropout: 1}", (nn_shape){2, {4, 8}}, (nn_shape){0},
                   "below 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pytorch),
        cmocka_unit_test(test_embedding),
        cmocka_unit_test(test_unseen_steps),
        cmocka_unit_test(test_causal),
        cmocka_unit_test(test_padding),
        cmocka_unit_test(test_no_steps),
        cmocka_unit_test(test_lengths_of_network),
        cmocka_unit_test(test_dropout),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
