/* Statistics over a batch of several microbatches: their values, their gradient, and training with them. */
#include "over_batch.h"

#include <math.h>

#include "../fixtures/fixture.h"
#include "../optim/plugin.h"
#include "loss/loss.h"
#include "nn/moments.h"

#define TOLERANCE (IS_DOUBLE ? 1e-11 : 2e-5)

/* ---- sequences, a shortcut, shared layers ---- */

enum { SAMPLES = 11, STEPS = 4, FEATURES = 3, CHANNELS = 5, OUTPUTS = 2, MOST = 16 };

/* Batch normalisation after another, next to a shortcut, with shared parameters, with and without an
 * activation. */
static nn_network *make_network(int64_t microbatch_size, const char *over)
{
    nn_network_spec spec = make_spec((nn_shape){2, {STEPS, FEATURES}}, microbatch_size);
    nn_network *network = NULL;
    char plain[64], curved[64];
    snprintf(plain, sizeof plain, "batch_norm: {over: %s}", over);
    snprintf(curved, sizeof curved, "batch_norm: {over: %s, activation: gelu}", over);
    spec.has_lengths = true;
    add_layer(&spec, "dense: {units: 5, per_step: true}", "below", NULL);
    add_layer(&spec, curved, "first", NULL);
    add_layer(&spec, "dense: {units: 5, per_step: true, activation: tanh}", NULL, NULL);
    add_layer(&spec, plain, "last", NULL);
    add_layer(&spec, "add", "sum", "last below");
    add_sharing(&spec, curved, "first");
    add_layer(&spec, "global_average_pool", NULL, NULL);
    add_layer(&spec, plain, "pooled", NULL);
    add_layer(&spec, "dense: {units: 2}", NULL, NULL);
    expect_ok(nn_network_create(&spec, &network));
    return network;
}

/* The same samples, however they are spread; one has no steps. */
static void fill(batch *b)
{
    const nn_network *network = b->network;
    nn_real inputs[SAMPLES * STEPS * FEATURES];
    fill_random(1, SAMPLES * STEPS * FEATURES, inputs);
    for (int l = 0; l < network->layer_count; l++)
        for (int p = 0; p < network->layers[l].parameter_count; p++) {
            const nn_parameter *parameter = &network->layers[l].parameters[p];
            nn_real *values = b->weights + network->layers[l].offset + parameter->offset;
            fill_random((uint32_t)(100 + 10 * l + p), parameter->count, values);
            for (int64_t i = 0; parameter->statistic && i < parameter->count; i++) values[i] += 2;
        }
    for (int64_t i = 0; i < b->leaves; i++) {
        nn_microbatch *microbatch = b->microbatches[i];
        for (int64_t s = 0; s < microbatch->samples; s++) {
            int64_t sample = microbatch->first_sample + s;
            microbatch->lengths[0][s] = sample == 3 ? 0 : 1 + (sample * 7) % STEPS;
            memcpy(microbatch->outputs[0] + s * STEPS * FEATURES, inputs + sample * STEPS * FEATURES,
                   STEPS * FEATURES * sizeof(nn_real));
        }
    }
}

static void batch_make(batch *b, int64_t leaves, const char *over)
{
    int64_t size = (SAMPLES + leaves - 1) / leaves;
    batch_create(b, make_network(size, over), SAMPLES, leaves, size);
    fill(b);
}

static double batch_loss(batch *b, const nn_real *coefficients)
{
    double loss = 0;
    int last = b->network->layer_count - 1;
    batch_forward(b);
    for (int64_t i = 0; i < b->leaves; i++)
        for (int64_t v = 0; v < b->microbatches[i]->samples * OUTPUTS; v++)
            loss += (double)coefficients[b->microbatches[i]->first_sample * OUTPUTS + v] *
                    (double)b->microbatches[i]->outputs[last][v];
    return loss;
}

static void batch_run(batch *b, const nn_real *coefficients)
{
    int last = b->network->layer_count - 1;
    batch_loss(b, coefficients);
    for (int64_t i = 0; i < b->leaves; i++)
        memcpy(b->microbatches[i]->gradients[last], coefficients + b->microbatches[i]->first_sample * OUTPUTS,
               (size_t)(b->microbatches[i]->samples * OUTPUTS) * sizeof *coefficients);
    batch_backward(b);
}

/* Fails when the gradient is not the derivative of the loss over all microbatches: each weight moves the mean
 * and the variance that every sample of every microbatch is normalised with. */
static void test_gradient(void **state)
{
    (void)state;
    if (!IS_DOUBLE) return;
    nn_real coefficients[SAMPLES * OUTPUTS];
    batch b;
    fill_random(2, SAMPLES * OUTPUTS, coefficients);
    batch_make(&b, 5, "batch");
    batch_run(&b, coefficients);
    for (int l = 1; l < b.network->layer_count; l++)
        for (int p = 0; p < b.network->layers[l].parameter_count; p++) {
            const nn_layer *layer = &b.network->layers[l];
            for (int64_t i = 0; !layer->parameters[p].statistic && i < layer->parameters[p].count; i++) {
                int64_t at = layer->offset + layer->parameters[p].offset + i;
                nn_real kept = b.weights[at];
                b.weights[at] = kept + (nn_real)1e-6;
                double above = batch_loss(&b, coefficients);
                b.weights[at] = kept - (nn_real)1e-6;
                double below = batch_loss(&b, coefficients);
                b.weights[at] = kept;
                double expected = (above - below) / 2e-6;
                if (fabs(expected - (double)b.gradient[at]) > 1e-6 * (1 + fabs(expected)))
                    fail_msg("layer %s, %s %lld: %g, but the loss changes by %g", layer->name,
                             layer->parameters[p].name, (long long)i, (double)b.gradient[at], expected);
            }
        }
    batch_destroy(&b);
}

static void compare(const char *what, int64_t count, const nn_real *values, const nn_real *expected)
{
    fixture_compare(what, count, values, expected, TOLERANCE);
}

/* Fails when outputs, gradients or running statistics depend on how a batch is split into microbatches; the
 * reference is the batch as one microbatch. */
static void test_any_cut(void **state)
{
    (void)state;
    nn_real coefficients[SAMPLES * OUTPUTS];
    fill_random(2, SAMPLES * OUTPUTS, coefficients);
    batch whole;
    batch_make(&whole, 1, "microbatch");
    assert_int_equal(whole.network->statistics_values, 0);
    batch_run(&whole, coefficients);
    int last = whole.network->layer_count - 1;
    for (int64_t leaves = 1; leaves <= SAMPLES; leaves++) {
        batch b;
        batch_make(&b, leaves, leaves % 2 ? "batch" : "auto");
        batch_run(&b, coefficients);
        for (int64_t i = 0; i < leaves; i++)
            for (int l = 1; l <= last; l += last - 1) {
                const nn_microbatch *m = b.microbatches[i];
                int64_t count = nn_shape_count(b.network->layers[l].output_shape);
                compare("outputs", m->samples * count, m->outputs[l],
                        whole.microbatches[0]->outputs[l] + m->first_sample * count);
            }
        compare("gradients", b.network->value_count, b.gradient, whole.gradient);
        batch_destroy(&b);
    }
    batch_destroy(&whole);
}

/* Fails when statistics are taken over the batch where they should not be: in prediction, by a frozen layer,
 * or with `over: auto` if a microbatch has enough samples. */
static void test_who_asks(void **state)
{
    (void)state;
    nn_network *small = make_network(NN_LAYER_SAMPLES_ENOUGH - 1, "auto"), *network;
    network = make_network(NN_LAYER_SAMPLES_ENOUGH, "auto");
    assert_true(small->statistics_values > 0);
    assert_int_equal(network->statistics_values, 0);
    nn_network_destroy(small);
    nn_network_destroy(network);
    nn_network_spec spec = make_spec((nn_shape){1, {CHANNELS}}, 2);
    add_layer(&spec, "batch_norm: {over: batch}", "frozen", NULL);
    add_layer(&spec, "dense: {units: 2}", NULL, NULL);
    spec.layers[0].freeze = true;
    expect_ok(nn_network_create(&spec, &network));
    assert_int_equal(network->statistics_values, 0);
    nn_network_destroy(network);

    batch b;
    nn_real coefficients[SAMPLES * OUTPUTS] = {0};
    batch_make(&b, 4, "batch");
    b.microbatches[0]->training = false;
    nn_real *alone = b.microbatches[0]->outputs[b.network->layer_count - 1], before;
    batch_loss(&b, coefficients);
    before = alone[0];
    for (int64_t i = 0; i < b.network->statistics_values; i++) b.statistics[i] = 5;
    for (int l = 1; l < b.network->layer_count; l++)
        nn_network_forward(b.network, l, b.weights, b.microbatches[0], b.scratch);
    assert_true(alone[0] == before);
    batch_destroy(&b);
}

/* ---- merging ---- */

/* Fails when merging loses the variance of values far from 0, or an empty side changes the other. */
static void test_merge(void **state)
{
    (void)state;
    double sum[3] = {0}, empty[3] = {0, 77, 5}, kept[3];
    for (int64_t i = 0; i < 1001; i++) {
        double one[3] = {2, 1e9 + (double)(i % 5), 0.5};
        nn_moments_merge(1, one, sum);
        memcpy(kept, sum, sizeof kept);
        nn_moments_merge(1, empty, sum);
        assert_memory_equal(kept, sum, sizeof kept);
    }
    /* 1001 pairs; their means are 0 to 4, with variance 2, except the last one, which is 0 again. */
    double mean = 2 - 2.0 / 1001, squares = 2 * (1001 * 6.0 - 6 - 1001 * mean * mean) + 1001 * 0.5;
    assert_true(sum[0] == 2002);
    assert_true(fabs(sum[1] - (1e9 + mean)) < 1e-5);
    assert_true(fabs(sum[2] - squares) < 1e-3 * squares);
    nn_moments_merge(1, sum, empty);
    assert_memory_equal(sum, empty, sizeof sum);
}

/* ---- PyTorch ---- */

enum { DATA = 64, BATCH = 32, SHORT = 30, SHORT_STEP = 48, TRAINING_STEPS = 50, INPUTS = 8, CLASSES = 4 };

static nn_network *make_classifier(int64_t microbatch_size)
{
    nn_network_spec spec = make_spec((nn_shape){1, {INPUTS}}, microbatch_size);
    nn_network *network = NULL;
    add_layer(&spec, "dense: {units: 16, bias: false}", NULL, NULL);
    add_layer(&spec, "batch_norm: {activation: relu}", NULL, NULL);
    add_layer(&spec, "dense: {units: 12, bias: false}", NULL, NULL);
    add_layer(&spec, "batch_norm", NULL, NULL);
    add_layer(&spec, "activation: tanh", NULL, NULL);
    add_layer(&spec, "dense: {units: 4}", NULL, NULL);
    expect_ok(nn_network_create(&spec, &network));
    return network;
}

typedef struct training {
    const nn_optimizer_type *optimizer;
    void *options;
    nn_real *slots[NN_OPTIMIZER_SLOTS];
    nn_real *weights, inputs[DATA * INPUTS], labels[DATA], order[TRAINING_STEPS * BATCH];
} training;

/* Weights come from the fixture; layer 5 is an activation that layer 4 has taken over. */
static void training_create(training *t, const char *yaml)
{
    const char *names[NN_OPTIMIZER_SLOTS];
    nn_network *network = make_classifier(4);
    *t = (training){0};
    t->options = plugin_optimizer(yaml, &t->optimizer);
    fixture_read("batch_norm.txt", "inputs", DATA * INPUTS, t->inputs);
    fixture_read("batch_norm.txt", "labels", DATA, t->labels);
    fixture_read("batch_norm.txt", "order", TRAINING_STEPS * BATCH, t->order);
    expect_ok(NN_ALLOCATE(&t->weights, network->value_count, "weights"));
    for (int s = 0; s < t->optimizer->slots(t->options, names); s++)
        expect_ok(NN_ALLOCATE(&t->slots[s], network->value_count, "state"));
    for (int l = 1; l < network->layer_count; l++)
        for (int p = 0; p < network->layers[l].parameter_count; p++) {
            const nn_parameter *parameter = &network->layers[l].parameters[p];
            nn_real *values = t->weights + network->layers[l].offset + parameter->offset;
            char name[64];
            snprintf(name, sizeof name, "%s%d", parameter->name, l < 6 ? l : 5);
            if (!parameter->statistic) fixture_read("batch_norm.txt", name, parameter->count, values);
            for (int64_t i = 0; strcmp(parameter->name, "running_variance") == 0 && i < parameter->count; i++)
                values[i] = 1;
        }
    nn_network_destroy(network);
}

static void training_destroy(training *t)
{
    nn_free(t->options);
    nn_free(t->weights);
    for (int s = 0; s < NN_OPTIMIZER_SLOTS; s++) nn_free(t->slots[s]);
}

/* The loss of the batch, and its gradients at the outputs. */
static double training_loss(const training *t, batch *b, int64_t samples, const nn_real *order)
{
    const nn_loss_type *loss = nn_loss_find(NN_SCALAR_REAL, "cross_entropy");
    static const double no_options[8];
    int last = b->network->layer_count - 1;
    double sum = 0;
    for (int64_t i = 0; i < b->leaves; i++) {
        nn_microbatch *m = b->microbatches[i];
        for (int64_t s = 0; s < m->samples; s++)
            memcpy(m->outputs[0] + s * INPUTS, t->inputs + (int64_t)order[m->first_sample + s] * INPUTS,
                   INPUTS * sizeof(nn_real));
    }
    batch_forward(b);
    for (int64_t i = 0; i < b->leaves; i++) {
        nn_microbatch *m = b->microbatches[i];
        int64_t labels[BATCH];
        for (int64_t s = 0; s < m->samples; s++)
            labels[s] = (int64_t)t->labels[(int64_t)order[m->first_sample + s]];
        sum += loss->evaluate(no_options, &(nn_loss_call){.rows = m->samples,
                                                          .columns = CLASSES,
                                                          .output = m->outputs[last],
                                                          .labels = labels,
                                                          .denominator = (double)samples,
                                                          .gradient = m->gradients[last]});
    }
    return sum / (double)samples;
}

/* As in a step: the optimizer updates trained values, running statistics follow their decay. */
static void training_update(training *t, const batch *b, int step)
{
    nn_optimizer_step at = {
        .step = step + 1, .learning_rate = *(const double *)t->options, .gradient_scale = 1};
    t->optimizer->prepare(t->options, &at);
    for (int l = 1; l < b->network->layer_count; l++)
        for (int p = 0; p < b->network->layers[l].parameter_count; p++) {
            const nn_parameter *parameter = &b->network->layers[l].parameters[p];
            int64_t offset = b->network->layers[l].offset + parameter->offset;
            nn_real *slots[NN_OPTIMIZER_SLOTS], decay = (nn_real)parameter->decay;
            for (int s = 0; s < NN_OPTIMIZER_SLOTS; s++) slots[s] = t->slots[s] ? t->slots[s] + offset : NULL;
            if (!parameter->statistic)
                t->optimizer->apply(t->options, &at, parameter->count, b->gradient + offset, slots,
                                    t->weights + offset);
            for (int64_t i = 0; parameter->statistic && i < parameter->count; i++)
                t->weights[offset + i] =
                    decay * t->weights[offset + i] + (1 - decay) * b->gradient[offset + i];
        }
}

static void compare_running(const training *t, const nn_network *network, const char *optimizer, int l)
{
    static const char *const names[] = {"mean", "variance"};
    const nn_layer *layer = &network->layers[l];
    for (int i = 0; i < 2; i++) {
        const nn_parameter *parameter = &layer->parameters[2 + i];
        char name[96];
        nn_real expected[16];
        snprintf(name, sizeof name, "%s.%s.running_%s%d", optimizer, nn_scalar_name(NN_SCALAR_REAL), names[i],
                 l);
        fixture_read("batch_norm.txt", name, parameter->count, expected);
        fixture_compare(name, parameter->count, t->weights + layer->offset + parameter->offset, expected,
                        10 * TOLERANCE);
    }
}

static void check_training(const char *optimizer, const char *yaml, int64_t microbatch_size)
{
    training t;
    nn_real losses[TRAINING_STEPS], expected[TRAINING_STEPS];
    char name[64];
    training_create(&t, yaml);
    for (int step = 0; step < TRAINING_STEPS; step++) {
        int64_t samples = step == SHORT_STEP ? SHORT : BATCH;
        batch b;
        batch_create(&b, make_classifier(microbatch_size), samples,
                     (samples + microbatch_size - 1) / microbatch_size, microbatch_size);
        memcpy(b.weights, t.weights, (size_t)b.network->value_count * sizeof *b.weights);
        losses[step] = (nn_real)training_loss(&t, &b, samples, t.order + step * BATCH);
        batch_backward(&b);
        training_update(&t, &b, step);
        if (step == TRAINING_STEPS - 1) {
            compare_running(&t, b.network, optimizer, 2);
            compare_running(&t, b.network, optimizer, 4);
        }
        batch_destroy(&b);
    }
    snprintf(name, sizeof name, "%s.%s", optimizer, nn_scalar_name(NN_SCALAR_REAL));
    fixture_read("batch_norm.txt", name, TRAINING_STEPS, expected);
    fixture_compare(name, TRAINING_STEPS, losses, expected, 10 * TOLERANCE);
    training_destroy(&t);
}

/* Fails when fifty steps in small microbatches differ from PyTorch's on the full batch: losses and final
 * running statistics. */
static void test_training(void **state)
{
    (void)state;
    static const int64_t sizes[] = {2, 4, 7};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        check_training("adam", "adam: {learning_rate: 0.01}", sizes[i]);
        check_training("sgd", "sgd: {learning_rate: 0.05, momentum: 0.9}", sizes[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradient), cmocka_unit_test(test_any_cut),  cmocka_unit_test(test_who_asks),
        cmocka_unit_test(test_merge),    cmocka_unit_test(test_training),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
