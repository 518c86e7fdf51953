/* Comparison with PyTorch on the same numbers: layers with their gradients, losses, and training
 * trajectories. The reference values come from tests/fixtures/make_fixtures.py. */
#include "build.h"

#include "../fixtures/fixture.h"
#include "../optim/plugin.h"
#include "loss/loss.h"
#include "nn/activation.h"

/* Relative to the largest value of an array. */
#define TOLERANCE (IS_DOUBLE ? 1e-12 : 1e-5)

/* ---- layers ------------------------------------------------------------ */

enum { LAYER_SAMPLES = 3, LAYER_INPUTS = 5, LAYER_OUTPUTS = 7 };

/* Reads or compares each tensor of the network: PREFIXweight1, PREFIXbias1, PREFIXweight2, ... */
static void read_weights(const char *file, const char *prefix, run *r)
{
    for (int l = 1; l < r->network->layer_count; l++) {
        const nn_layer *layer = &r->network->layers[l];
        assert_int_equal(layer->parameter_count, 2);
        for (int p = 0; p < layer->parameter_count; p++) {
            char name[96];
            snprintf(name, sizeof name, "%s%s%d", prefix, layer->parameters[p].name, l);
            fixture_read(file, name, layer->parameters[p].count,
                         r->weights + layer->offset + layer->parameters[p].offset);
        }
    }
}

static void compare_gradients(const char *file, const char *prefix, const run *r)
{
    nn_real expected[64];
    for (int l = 1; l < r->network->layer_count; l++) {
        const nn_layer *layer = &r->network->layers[l];
        for (int p = 0; p < layer->parameter_count; p++) {
            const nn_parameter *parameter = &layer->parameters[p];
            char name[96];
            snprintf(name, sizeof name, "%s%s%d", prefix, parameter->name, l);
            assert_in_range(parameter->count, 1, 64);
            fixture_read(file, name, parameter->count, expected);
            fixture_compare(name, parameter->count, r->gradient + layer->offset + parameter->offset, expected,
                            TOLERANCE);
        }
    }
}

static void check_layers(const char *activation, int64_t samples)
{
    nn_network_spec spec = make_spec((nn_shape){1, {LAYER_INPUTS}}, LAYER_SAMPLES);
    char text[64], prefix[64], name[80];
    snprintf(text, sizeof text, "dense: {units: %d, activation: %s}", LAYER_OUTPUTS, activation);
    add_layer(&spec, "dense: {units: 6}", NULL, NULL);
    add_layer(&spec, text, NULL, NULL);
    run r = run_create(&spec, samples);
    read_weights("layers.txt", "", &r);
    fixture_read("layers.txt", "inputs", LAYER_SAMPLES * LAYER_INPUTS, r.microbatch->outputs[0]);
    fixture_read("layers.txt", "output_gradient", LAYER_SAMPLES * LAYER_OUTPUTS, r.coefficients);

    nn_real expected[LAYER_SAMPLES * LAYER_OUTPUTS];
    snprintf(prefix, sizeof prefix, "%s.%d.", activation, (int)samples);
    snprintf(name, sizeof name, "%soutput", prefix);
    fixture_read("layers.txt", name, samples * LAYER_OUTPUTS, expected);
    fixture_compare(name, samples * LAYER_OUTPUTS, run_forward(&r), expected, TOLERANCE);
    run_backward(&r);
    compare_gradients("layers.txt", prefix, &r);
    run_destroy(&r);
}

/* Fails when dense or an activation is not the function that PyTorch has by that name, or a gradient is not
 * its derivative; a short microbatch too. */
static void test_layers(void **state)
{
    (void)state;
    for (const char *const *name = nn_activation_names; *name; name++) {
        check_layers(*name, 1);
        check_layers(*name, LAYER_SAMPLES);
    }
}

/* ---- losses ------------------------------------------------------------ */

/* The targets of a loss, as values or as labels. */
typedef struct targets {
    nn_real *values;
    int64_t *labels; /* NULL: the targets are values */
} targets;

static targets targets_read(const char *file, const char *name, int64_t samples, int64_t columns,
                            bool are_labels)
{
    targets t = {0};
    int64_t count = are_labels ? samples : samples * columns;
    expect_ok(NN_ALLOCATE(&t.values, count, "targets"));
    fixture_read(file, name, count, t.values);
    if (!are_labels) return t;
    expect_ok(NN_ALLOCATE(&t.labels, count, "labels"));
    for (int64_t i = 0; i < count; i++) t.labels[i] = (int64_t)t.values[i];
    return t;
}

static void targets_release(targets *t)
{
    nn_free(t->values);
    nn_free(t->labels);
}

/* Options that are all 0 are the defaults of these losses. */
static const double no_options[8];

static const nn_loss_type *find_loss(const char *name)
{
    const nn_loss_type *type = nn_loss_find(NN_SCALAR_REAL, name);
    assert_non_null(type);
    assert_true(type->options_size <= sizeof no_options);
    return type;
}

/* The mean loss of a batch; the gradient goes to call->gradient. */
static double mean_loss(const nn_loss_type *type, nn_loss_call call)
{
    nn_loss_call known = call;
    known.output = NULL;
    known.gradient = NULL;
    call.denominator = type->denominator(no_options, &known);
    return type->evaluate(no_options, &call) / call.denominator;
}

static void check_loss(const char *loss, bool takes_labels, int64_t samples)
{
    enum { COLUMNS = LAYER_OUTPUTS, VALUES = LAYER_SAMPLES * LAYER_OUTPUTS };
    nn_real output[VALUES], gradient[VALUES], expected[VALUES], expected_value, value;
    char name[64];
    snprintf(name, sizeof name, "%s.targets", loss);
    targets t = targets_read("layers.txt", name, LAYER_SAMPLES, COLUMNS, takes_labels);
    fixture_read("layers.txt", "predictions", VALUES, output);
    value = (nn_real)mean_loss(find_loss(loss), (nn_loss_call){.rows = samples,
                                                               .columns = COLUMNS,
                                                               .output = output,
                                                               .labels = t.labels,
                                                               .targets = t.labels ? NULL : t.values,
                                                               .gradient = gradient});
    snprintf(name, sizeof name, "%s.%d.value", loss, (int)samples);
    fixture_read("layers.txt", name, 1, &expected_value);
    fixture_compare(name, 1, &value, &expected_value, TOLERANCE);
    snprintf(name, sizeof name, "%s.%d.gradient", loss, (int)samples);
    fixture_read("layers.txt", name, samples * COLUMNS, expected);
    fixture_compare(name, samples * COLUMNS, gradient, expected, TOLERANCE);
    targets_release(&t);
}

/* Fails when a loss or its gradient is not PyTorch's mean over the batch, with large logits too. */
static void test_losses(void **state)
{
    (void)state;
    for (int64_t samples = 1; samples <= LAYER_SAMPLES; samples += LAYER_SAMPLES - 1) {
        check_loss("cross_entropy", true, samples);
        check_loss("mse", false, samples);
    }
}

/* ---- trajectories ------------------------------------------------------------ */

enum { DATA = 64, BATCH = 32, STEPS = 50, INPUTS = 8 };

typedef struct problem {
    const char *name, *hidden, *output, *loss;
    int64_t columns;
    bool has_labels;
} problem;

static const problem problems[] = {
    {"classification", "dense: {units: 16, activation: tanh}", "dense: {units: 4}", "cross_entropy", 4, true},
    {"regression", "dense: {units: 16, activation: relu}", "dense: {units: 2}", "mse", 2, false},
};

static const struct {
    const char *name, *yaml;
} optimizers[] = {
    {"adam", "adam: {learning_rate: 0.01}"},
    {"sgd", "sgd: {learning_rate: 0.05, momentum: 0.9}"},
};

/* A network trained by hand: one microbatch per batch. */
typedef struct training {
    const problem *problem;
    const nn_loss_type *loss;
    run run;
    const nn_optimizer_type *optimizer;
    void *options;
    nn_real *slots[NN_OPTIMIZER_SLOTS];
    nn_real inputs[DATA * INPUTS], order[STEPS * BATCH];
    targets all, batch;
} training;

static void training_create(training *t, const problem *given, const char *optimizer)
{
    char name[64];
    const char *slot_names[NN_OPTIMIZER_SLOTS];
    *t = (training){.problem = given, .loss = find_loss(given->loss)};
    nn_network_spec spec = make_spec((nn_shape){1, {INPUTS}}, BATCH);
    add_layer(&spec, given->hidden, NULL, NULL);
    add_layer(&spec, given->output, NULL, NULL);
    t->run = run_create(&spec, BATCH);
    snprintf(name, sizeof name, "%s.", given->name);
    read_weights("trajectories.txt", name, &t->run);
    fixture_read("trajectories.txt", "inputs", DATA * INPUTS, t->inputs);
    fixture_read("trajectories.txt", "order", STEPS * BATCH, t->order);
    snprintf(name, sizeof name, "%s.targets", given->name);
    t->all = targets_read("trajectories.txt", name, DATA, given->columns, given->has_labels);
    expect_ok(NN_ALLOCATE(&t->batch.values, BATCH * given->columns, "targets"));
    expect_ok(NN_ALLOCATE(&t->batch.labels, BATCH, "labels"));
    t->options = plugin_optimizer(optimizer, &t->optimizer);
    int slots = t->optimizer->slots(t->options, slot_names);
    for (int s = 0; s < slots; s++)
        expect_ok(NN_ALLOCATE(&t->slots[s], t->run.network->value_count, "state"));
}

static void training_destroy(training *t)
{
    run_destroy(&t->run);
    nn_free(t->options);
    for (int s = 0; s < NN_OPTIMIZER_SLOTS; s++) nn_free(t->slots[s]);
    targets_release(&t->all);
    targets_release(&t->batch);
}

static void training_gather(training *t, int step)
{
    int64_t columns = t->problem->columns;
    for (int64_t i = 0; i < BATCH; i++) {
        int64_t sample = (int64_t)t->order[step * BATCH + i];
        memcpy(t->run.microbatch->outputs[0] + i * INPUTS, t->inputs + sample * INPUTS,
               INPUTS * sizeof(nn_real));
        if (t->problem->has_labels)
            t->batch.labels[i] = t->all.labels[sample];
        else
            memcpy(t->batch.values + i * columns, t->all.values + sample * columns,
                   (size_t)columns * sizeof(nn_real));
    }
}

static double training_loss(training *t)
{
    int last = t->run.network->layer_count - 1;
    return mean_loss(t->loss, (nn_loss_call){.rows = BATCH,
                                             .columns = t->problem->columns,
                                             .output = run_forward(&t->run),
                                             .labels = t->batch.labels,
                                             .targets = t->batch.values,
                                             .gradient = t->run.microbatch->gradients[last]});
}

/* Takes one step; returns the loss before it. */
static double training_step(training *t, int step)
{
    run *r = &t->run;
    training_gather(t, step);
    double loss = training_loss(t);
    for (int l = r->network->layer_count - 1; l > 0; l--) {
        nn_network_backward(r->network, l, r->weights, r->microbatch, r->scratch);
        run_parts(r, l, false, r->gradient);
    }
    nn_optimizer_step at = {
        .step = step + 1, .learning_rate = *(const double *)t->options, .gradient_scale = 1};
    t->optimizer->prepare(t->options, &at);
    t->optimizer->apply(t->options, &at, r->network->value_count, r->gradient, t->slots, r->weights);
    return loss;
}

static void check_trajectory(const problem *given, const char *optimizer, const char *yaml)
{
    training t;
    nn_real losses[STEPS], expected[STEPS];
    char name[64];
    training_create(&t, given, yaml);
    for (int step = 0; step < STEPS; step++) losses[step] = (nn_real)training_step(&t, step);
    training_destroy(&t);
    snprintf(name, sizeof name, "%s.%s.%s", given->name, optimizer, nn_scalar_name(NN_SCALAR_REAL));
    fixture_read("trajectories.txt", name, STEPS, expected);
    fixture_compare(name, STEPS, losses, expected, TOLERANCE);
}

/* Fails when fifty steps of training are not PyTorch's: network, loss and optimizer together. */
static void test_trajectories(void **state)
{
    (void)state;
    for (size_t p = 0; p < COUNT(problems); p++)
        for (size_t o = 0; o < COUNT(optimizers); o++)
            check_trajectory(&problems[p], optimizers[o].name, optimizers[o].yaml);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layers),
        cmocka_unit_test(test_losses),
        cmocka_unit_test(test_trajectories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
