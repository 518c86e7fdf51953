/* rnn, lstm and gru: against PyTorch, samples of different length, and state carried from window to
 * window. */
#include "build.h"

#include "../fixtures/fixture.h"

enum { SAMPLES = 3, STEPS = 5, FEATURES = 4, UNITS = 3, VALUES_MOST = 128 };

/* Relative to the largest value of an array. In mixed precision each operand of a product has a relative
 * error of up to 2^-8, and errors grow from step to step. */
#define TOLERANCE (engine == NN_ENGINE_MIXED ? 0x1p-4 : IS_DOUBLE ? 1e-12 : 1e-5)

/* Of the next layer. */
static nn_engine engine;

static const char *const cells[][2] = {{"tanh", "rnn: {units: 3"},
                                       {"relu", "rnn: {units: 3, activation: relu"},
                                       {"lstm", "lstm: {units: 3"},
                                       {"gru", "gru: {units: 3"}};

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- a layer with a visible input gradient ---- */

/* The identity; its parameter, which does nothing, makes the network compute a gradient here. */
static nn_status probe_build(nn_layer *layer)
{
    layer->output_shape = layer->input_shapes[0];
    layer->time.kept = true;
    NN_TRY(nn_layer_add_parameter(layer, "nothing", (nn_shape){1, {1}}, 1, 1, NULL, 1, NULL));
    return nn_layer_add_part(layer, layer->value_count);
}

static size_t probe_bytes(const nn_layer *layer, const nn_layer_call *call)
{
    return (size_t)(call->samples * nn_shape_count(layer->output_shape)) * sizeof(nn_real);
}

static void probe_forward(const nn_layer *layer, const nn_layer_call *call)
{
    memcpy(call->output, call->inputs[0], probe_bytes(layer, call));
}

static void probe_backward(const nn_layer *layer, const nn_layer_call *call)
{
    (void)layer;
    (void)call;
}

static void probe_gradient(const nn_layer *layer, const nn_layer_call *call, int part, bool accumulate,
                           nn_real *values)
{
    (void)layer;
    (void)call;
    (void)part;
    if (!accumulate) values[0] = 0;
}

static const nn_layer_type probe_type = {.name = "probe",
                                         .build = probe_build,
                                         .forward = probe_forward,
                                         .backward = probe_backward,
                                         .gradient = probe_gradient};

/* A recurrent layer on the probe. */
static run run_recurrent(const char *options, bool bidirectional, bool sequence, bool carry, int64_t steps,
                         int64_t samples, bool has_lengths)
{
    char yaml[160];
    snprintf(yaml, sizeof yaml, "%s%s%s%s}", options, bidirectional ? ", bidirectional: true" : "",
             sequence ? ", output: sequence" : "", carry ? ", carry: true" : "");
    nn_network_spec spec = make_spec((nn_shape){2, {steps, FEATURES}}, samples);
    spec.has_lengths = has_lengths;
    spec.engine = engine;
    add_type(&spec, &probe_type, NULL, "probe", NULL);
    add_layer(&spec, yaml, "tested", NULL);
    return run_create(&spec, samples);
}

/* ---- PyTorch ---- */

static const struct {
    const char *name;
    int64_t samples, steps;
    bool has_lengths, sequence;
} cases[] = {
    {"whole.sequence", SAMPLES, STEPS, false, true}, {"lengths.sequence", SAMPLES, STEPS, true, true},
    {"lengths.last", SAMPLES, STEPS, true, false},   {"one_sample.sequence", 1, STEPS, false, true},
    {"one_step.last", SAMPLES, 1, false, false},
};

static void compare_array(const char *prefix, const char *name, int64_t count, const nn_real *values)
{
    nn_real expected[VALUES_MOST];
    char array[96];
    assert_in_range(count, 1, VALUES_MOST);
    snprintf(array, sizeof array, "%s.%s", prefix, name);
    fixture_read("recurrent.txt", array, count, expected);
    fixture_compare(array, count, values, expected, TOLERANCE);
}

/* The first steps of the first samples. */
static void read_inputs(run *r, int64_t samples, int64_t steps)
{
    nn_real all[SAMPLES * STEPS * FEATURES];
    fixture_read("recurrent.txt", "inputs", SAMPLES * STEPS * FEATURES, all);
    for (int64_t i = 0; i < samples; i++)
        memcpy(r->microbatch->outputs[0] + i * steps * FEATURES, all + i * STEPS * FEATURES,
               (size_t)(steps * FEATURES) * sizeof *all);
}

static void set_lengths(run *r, int64_t steps)
{
    static const int64_t lengths[SAMPLES] = {2, 5, 1};
    for (int64_t i = 0; i < r->microbatch->samples; i++) {
        int64_t length = lengths[i] < steps ? lengths[i] : steps;
        r->microbatch->lengths[0][i] = length;
        memset(r->microbatch->outputs[0] + (i * steps + length) * FEATURES, 0,
               (size_t)((steps - length) * FEATURES) * sizeof(nn_real));
    }
}

static void check_case(const char *cell, const char *options, int directions, size_t c)
{
    run r = run_recurrent(options, directions == 2, cases[c].sequence, false, cases[c].steps,
                          cases[c].samples, cases[c].has_lengths);
    const nn_layer *layer = &r.network->layers[2];
    char prefix[64], array[96];
    for (int p = 0; p < layer->parameter_count; p++) {
        snprintf(array, sizeof array, "%s.%d.%s", cell, directions, layer->parameters[p].name);
        fixture_read("recurrent.txt", array, layer->parameters[p].count,
                     r.weights + layer->offset + layer->parameters[p].offset);
    }
    snprintf(prefix, sizeof prefix, "%s.%d.%s", cell, directions, cases[c].name);
    snprintf(array, sizeof array, "%s.coefficients", prefix);
    fixture_read("recurrent.txt", array, cases[c].samples * run_outputs(&r), r.coefficients);
    read_inputs(&r, cases[c].samples, cases[c].steps);
    if (cases[c].has_lengths) set_lengths(&r, cases[c].steps);
    run_backward(&r);
    compare_array(prefix, "output", cases[c].samples * run_outputs(&r), r.microbatch->outputs[2]);
    compare_array(prefix, "inputs", cases[c].samples * cases[c].steps * FEATURES, r.microbatch->gradients[1]);
    for (int p = 0; p < layer->parameter_count; p++)
        compare_array(prefix, layer->parameters[p].name, layer->parameters[p].count,
                      r.gradient + layer->offset + layer->parameters[p].offset);
    run_destroy(&r);
}

/* Fails when a cell is not PyTorch's, in either direction, or a gradient is not its derivative; for samples
 * of different length, for one sample and for one step. */
static void test_pytorch(void **state)
{
    (void)state;
    for (engine = NN_ENGINE_BLAS; engine < (IS_DOUBLE ? NN_ENGINE_MIXED : NN_ENGINES); engine++)
        for (size_t cell = 0; cell < COUNT(cells); cell++)
            for (int directions = 1; directions <= 2; directions++)
                for (size_t c = 0; c < COUNT(cases); c++)
                    check_case(cells[cell][0], cells[cell][1], directions, c);
    engine = NN_ENGINE_BLAS;
}

/* ---- lengths ---- */

static void expect_near(const char *what, int64_t count, const nn_real *values, const nn_real *expected)
{
    fixture_compare(what, count, values, expected, TOLERANCE);
}

/* A sample of a padded microbatch against the same sample without padding in a separate microbatch, whose
 * gradient is added to `sum`. */
static void compare_sample(const char *options, bool bidirectional, bool sequence, const run *padded,
                           int64_t sample, nn_real *sum)
{
    int64_t length = padded->microbatch->lengths[0][sample];
    run r = run_recurrent(options, bidirectional, sequence, false, length, 1, false);
    int64_t width = run_outputs(padded), own = run_outputs(&r), values = length * FEATURES;
    memcpy(r.microbatch->outputs[0], padded->microbatch->outputs[0] + sample * STEPS * FEATURES,
           (size_t)values * sizeof(nn_real));
    memcpy(r.coefficients, padded->coefficients + sample * width, (size_t)own * sizeof(nn_real));
    run_backward(&r);
    expect_near("output", own, padded->microbatch->outputs[2] + sample * width, r.microbatch->outputs[2]);
    expect_near("inputs", values, padded->microbatch->gradients[1] + sample * STEPS * FEATURES,
                r.microbatch->gradients[1]);
    for (int64_t i = 0; i < r.network->value_count; i++) sum[i] += r.gradient[i];
    run_destroy(&r);
}

/* There are coefficients past the ends too: they must have no effect. */
static void check_lengths(const char *options, bool bidirectional, bool sequence)
{
    run padded = run_recurrent(options, bidirectional, sequence, false, STEPS, SAMPLES, true);
    nn_real *sum;
    expect_ok(NN_ALLOCATE(&sum, padded.network->value_count, "a sum"));
    for (int64_t i = 0; i < SAMPLES * padded.network->layers[2].saved_per_sample; i++)
        padded.microbatch->saved[2][i] = (nn_real)NAN;
    set_lengths(&padded, STEPS);
    run_backward(&padded);
    for (int64_t sample = 0; sample < SAMPLES; sample++)
        compare_sample(options, bidirectional, sequence, &padded, sample, sum);
    expect_near("gradient", padded.network->value_count, padded.gradient, sum);
    nn_free(sum);
    run_destroy(&padded);
}

/* Fails when padding affects anything: an output, a gradient, the start of the reverse direction. */
static void test_lengths(void **state)
{
    (void)state;
    for (size_t cell = 0; cell < COUNT(cells); cell++)
        for (int bidirectional = 0; bidirectional <= 1; bidirectional++)
            for (int sequence = 0; sequence <= 1; sequence++)
                check_lengths(cells[cell][1], bidirectional, sequence);
}

/* Fails when the output of a sample without steps is not 0, or it stops the others. */
static void test_no_step(void **state)
{
    (void)state;
    for (size_t cell = 0; cell < COUNT(cells); cell++) {
        run r = run_recurrent(cells[cell][1], true, false, false, STEPS, SAMPLES, true);
        for (int64_t i = 0; i < SAMPLES * run_outputs(&r); i++) r.microbatch->outputs[2][i] = 9;
        set_lengths(&r, STEPS);
        r.microbatch->lengths[0][1] = 0;
        memset(r.microbatch->outputs[0] + STEPS * FEATURES, 0, STEPS * FEATURES * sizeof(nn_real));
        run_backward(&r);
        for (int64_t i = 0; i < run_outputs(&r); i++)
            assert_true(r.microbatch->outputs[2][run_outputs(&r) + i] == 0);
        for (int64_t i = 0; i < STEPS * FEATURES; i++)
            assert_true(r.microbatch->gradients[1][STEPS * FEATURES + i] == 0);
        run_destroy(&r);
    }
}

/* ---- carried state ---- */

/* One of two consecutive windows: its inputs, and its part of the coefficients. */
static void set_window(run *window, const run *whole, int64_t begin)
{
    int64_t steps = window->network->layers[0].output_shape.extents[0];
    for (int64_t i = 0; i < SAMPLES; i++) {
        memcpy(window->microbatch->outputs[0] + i * steps * FEATURES,
               whole->microbatch->outputs[0] + (i * STEPS + begin) * FEATURES,
               (size_t)(steps * FEATURES) * sizeof(nn_real));
        memcpy(window->coefficients + i * steps * UNITS, whole->coefficients + (i * STEPS + begin) * UNITS,
               (size_t)(steps * UNITS) * sizeof(nn_real));
    }
}

static void compare_window(const run *window, const run *whole, int64_t begin)
{
    int64_t steps = window->network->layers[0].output_shape.extents[0];
    for (int64_t i = 0; i < SAMPLES; i++)
        expect_near("window", steps * UNITS, window->microbatch->outputs[2] + i * steps * UNITS,
                    whole->microbatch->outputs[2] + (i * STEPS + begin) * UNITS);
}

static void check_carry(const char *options)
{
    enum { FIRST = 2, SECOND = STEPS - FIRST };
    run whole = run_recurrent(options, false, true, true, STEPS, SAMPLES, false);
    run first = run_recurrent(options, false, true, true, FIRST, SAMPLES, false);
    run second = run_recurrent(options, false, true, true, SECOND, SAMPLES, false);
    nn_real carried[SAMPLES * 2 * UNITS] = {0};
    assert_in_range(whole.network->carried_values, UNITS, 2 * UNITS);
    run_forward(&whole);
    first.microbatch->carried = second.microbatch->carried = carried;
    set_window(&first, &whole, 0);
    set_window(&second, &whole, FIRST);
    run_forward(&first);
    compare_window(&first, &whole, 0);
    run_forward(&second);
    compare_window(&second, &whole, FIRST);
    run_destroy(&whole);
    run_destroy(&first);
    run_destroy(&second);
}

/* Fails when two windows with a carried state differ from one long window. */
static void test_carry(void **state)
{
    (void)state;
    for (size_t cell = 0; cell < COUNT(cells); cell++) check_carry(cells[cell][1]);
}

/* The gradient against differences; the carried state is restored before each run. */
static void compare_with_differences(run *r, const char *what, const nn_real *given)
{
    size_t bytes = (size_t)(SAMPLES * r->network->carried_values) * sizeof(nn_real);
    run_backward(r);
    for (int64_t w = 0; w < r->network->value_count; w++) {
        double losses[2];
        nn_real kept = r->weights[w];
        for (int side = 0; side < 2; side++) {
            if (given) memcpy(r->microbatch->carried, given, bytes);
            r->weights[w] = kept + (side == 0 ? (nn_real)1e-5 : (nn_real)-1e-5);
            losses[side] = run_loss(r);
        }
        r->weights[w] = kept;
        double difference = (losses[0] - losses[1]) / 2e-5, gradient = (double)r->gradient[w];
        if (fabs(difference - gradient) > 1e-7 * (1 + fabs(gradient)))
            fail_msg("%s: value %lld of the gradient is %.12g, by differences %.12g", what, (long long)w,
                     gradient, difference);
    }
}

/* Fails when the gradient of a window is not that of its outputs for a fixed carried state. */
static void test_carry_gradient(void **state)
{
    (void)state;
    if (!IS_DOUBLE) skip();
    for (size_t cell = 0; cell < COUNT(cells); cell++) {
        run r = run_recurrent(cells[cell][1], false, true, true, STEPS, SAMPLES, false);
        nn_real given[SAMPLES * 2 * UNITS], carried[SAMPLES * 2 * UNITS];
        r.microbatch->carried = carried;
        fill_random(5, SAMPLES * 2 * UNITS, given);
        memcpy(carried, given, sizeof given);
        compare_with_differences(&r, cells[cell][0], given);
        run_destroy(&r);
    }
}

/* Fails when the carried state is not that at the sample's own end: the padding would count. */
static void test_carry_lengths(void **state)
{
    (void)state;
    for (size_t cell = 0; cell < COUNT(cells); cell++) {
        run r = run_recurrent(cells[cell][1], false, false, true, STEPS, SAMPLES, true);
        nn_real carried[SAMPLES * 2 * UNITS] = {0};
        int64_t width = r.network->carried_values;
        r.microbatch->carried = carried;
        set_lengths(&r, STEPS);
        run_forward(&r);
        for (int64_t i = 0; i < SAMPLES; i++)
            assert_memory_equal(carried + i * width, r.microbatch->outputs[2] + i * UNITS,
                                UNITS * sizeof(nn_real));
        run_destroy(&r);
    }
}

/* ---- shared parameters ---- */

/* Fails when the gradients of two layers with the same parameters are not added, part by part. */
static void test_shared(void **state)
{
    (void)state;
    if (!IS_DOUBLE) skip();
    static const char *const layers[] = {"lstm: {units: 4, bidirectional: true, output: sequence}",
                                         "gru: {units: 4, bidirectional: true, output: sequence}"};
    for (size_t i = 0; i < COUNT(layers); i++) {
        nn_network_spec spec = make_spec((nn_shape){2, {STEPS, 8}}, SAMPLES);
        add_layer(&spec, layers[i], "first", NULL);
        add_layer(&spec, layers[i], "second", NULL);
        spec.layers[1].share = copy_text("first");
        run r = run_create(&spec, SAMPLES);
        compare_with_differences(&r, layers[i], NULL);
        run_destroy(&r);
    }
}

/* ---- building ---- */

static void expect_refused(const char *yaml, nn_shape shape, const char *said)
{
    nn_network *network;
    nn_network_spec spec = make_spec(shape, SAMPLES);
    add_layer(&spec, yaml, NULL, NULL);
    assert_int_equal(nn_network_create(&spec, &network), NN_ERROR_USAGE);
    assert_non_null(strstr(nn_error_text(), said));
    nn_error_clear();
}

/* Fails when a layer that cannot work is built, or the message does not say why. */
static void test_refuses(void **state)
{
    (void)state;
    expect_refused("lstm: {units: 3, bidirectional: true, carry: true}", (nn_shape){2, {5, 4}},
                   "remove `carry` or `bidirectional`");
    expect_refused("gru: {units: 3}", (nn_shape){1, {20}}, "steps x features");
}

/* Fails when the forget gates do not start open, or other gates do. */
static void test_forget_bias(void **state)
{
    (void)state;
    nn_network_spec spec = make_spec((nn_shape){2, {STEPS, FEATURES}}, SAMPLES);
    add_layer(&spec, "lstm: {units: 3, forget_bias: 1.5, bidirectional: true}", NULL, NULL);
    run r = run_create(&spec, SAMPLES);
    const nn_layer *layer = &r.network->layers[1];
    for (int p = 2; p < 6; p += 3) {
        expect_ok(nn_network_initialize(r.network, 1, 1, p, r.weights));
        const nn_real *bias = r.weights + layer->offset + layer->parameters[p].offset;
        assert_int_equal(layer->parameters[p].count, 4 * UNITS);
        for (int64_t i = 0; i < 4 * UNITS; i++) assert_true(bias[i] == (i / UNITS == 1 ? (nn_real)1.5 : 0));
    }
    run_destroy(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pytorch),        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_no_step),        cmocka_unit_test(test_carry),
        cmocka_unit_test(test_carry_gradient), cmocka_unit_test(test_carry_lengths),
        cmocka_unit_test(test_shared),         cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_forget_bias),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
