/* Every layer, composite, loss and metric of the lists: a model with it is written to an image, made again
 * from the image alone, and takes a step of training. */
#include "check.h"

#include <math.h>

#include "base/philox.h"
#include "model/model.h"

#define SAMPLES 6
#define CLASSES 3

static const double scale[] = {0.5, 3}, offset[] = {-1, 0.25};
static const double shares[CLASSES] = {0.5, 0.375, 0.125};

/* A target with the layer and the loss that fit it. */
typedef struct problem {
    const char *units, *loss;
    nn_field target;
    bool scaled;
} problem;

static const problem problems[] = {
    {"classes", "cross_entropy", {.name = "y", .is_class = true, .classes = CLASSES}, false},
    {"2", "mse", {.name = "y", .shape = {1, {2}}}, true},
    {"1", "binary_cross_entropy", {.name = "y", .is_class = true, .classes = 2}, false},
};

#define PROBLEMS (sizeof problems / sizeof *problems)

static void expect_ok(nn_status status)
{
    if (status != NN_OK) fail_msg("%s", nn_error_text());
}

/* ---- a model and what a step makes of it ---- */

typedef struct trial {
    nn_model *model;
    nn_microbatch *microbatch;
    nn_real *weights, *gradient, *scratch;
    double loss;
    double state[NN_MODEL_METRICS];
} trial;

/* Reads the configuration and builds the model as a run does; *emitted is what a checkpoint keeps of it. */
static nn_status trial_build(const char *yaml, nn_shape shape, const problem *of, nn_text *emitted,
                             trial *made)
{
    nn_config *config;
    nn_model_spec spec = {0};
    double scales[2], offsets[2];
    memcpy(scales, scale, sizeof scales);
    memcpy(offsets, offset, sizeof offsets);
    nn_scaling scaling = {of->scaled ? 2 : 0, scales, offsets};
    nn_field input = {.name = "x", .shape = shape};
    nn_target_facts facts = {&of->target, &scaling, shares, NULL};
    *made = (trial){0};
    expect_ok(nn_config_parse(yaml, "t.yaml", NULL, 0, &config));
    (void)nn_config_get(nn_config_root(config), "training"); /* no concern of the model's */
    nn_model_spec_read(config, &spec);
    expect_ok(nn_config_finish(config));
    nn_config_emit(config, emitted);
    nn_config_destroy(config);
    return nn_model_create(&spec, &input, NULL, &facts, false, SAMPLES, &made->model);
}

static void fill(uint32_t purpose, int64_t count, nn_real *values)
{
    nn_random stream = {7, purpose, 0};
    for (int64_t i = 0; i < count; i++) values[i] = 2 * (nn_real)nn_random_uniform24(stream, (uint64_t)i) - 1;
}

/* Statistics are above 0, as a variance must be. */
static void trial_fill_weights(trial *t)
{
    for (int l = 0; l < t->model->network->layer_count; l++) {
        const nn_layer *layer = &t->model->network->layers[l];
        for (int p = 0; p < layer->parameter_count; p++) {
            const nn_parameter *parameter = &layer->parameters[p];
            nn_real *values = t->weights + layer->offset + parameter->offset;
            fill((uint32_t)(100 + 10 * l + p), parameter->count, values);
            for (int64_t i = 0; parameter->statistic && i < parameter->count; i++) values[i] += 2;
        }
    }
}

/* indices > 0: the inputs are whole numbers below it. */
static void trial_allocate(trial *t, int64_t indices)
{
    const nn_network *network = t->model->network;
    int64_t inputs = SAMPLES * nn_shape_count(t->model->input.shape);
    expect_ok(nn_microbatch_create(network, SAMPLES, true, &t->microbatch));
    t->microbatch->samples = t->microbatch->batch_samples = SAMPLES;
    t->microbatch->seed = 5;
    expect_ok(NN_ALLOCATE(&t->weights, network->value_count, "weights"));
    expect_ok(NN_ALLOCATE(&t->gradient, network->value_count, "a gradient"));
    expect_ok(NN_ALLOCATE(&t->scratch, network->scratch_values, "scratch"));
    fill(1, inputs, t->microbatch->outputs[0]);
    for (int64_t i = 0; indices > 0 && i < inputs; i++)
        t->microbatch->outputs[0][i] = (nn_real)(i * 7 % indices);
}

static void trial_destroy(trial *t)
{
    nn_microbatch_destroy(t->microbatch);
    nn_free(t->weights);
    nn_free(t->gradient);
    nn_free(t->scratch);
    nn_model_destroy(t->model);
}

static void trial_forward(trial *t, bool training)
{
    t->microbatch->training = training;
    for (int l = 1; l < t->model->network->layer_count; l++)
        nn_network_forward(t->model->network, l, t->weights, t->microbatch, t->scratch);
}

static void trial_judge(trial *t, const nn_loss_call *call)
{
    for (int m = 0; m < t->model->metric_count; m++) {
        const nn_metric *metric = &t->model->metrics[m];
        double state[64] = {0};
        nn_real collected[64] = {0};
        assert_true(metric->type->width(metric->options, call->columns) * SAMPLES <= 64);
        if (metric->type->state == NN_METRIC_COLLECTED)
            metric->type->collect(metric->options, call, collected);
        else
            metric->type->accumulate(metric->options, call, state);
        for (int i = 0; i < 64; i++) t->state[m] += (i + 1) * (state[i] + (double)collected[i]);
    }
}

/* Forward, loss, metrics, backward and gradient, as a step of training takes them. */
static void trial_step(trial *t)
{
    const nn_network *network = t->model->network;
    const nn_head *head = &t->model->heads[0];
    int64_t labels[SAMPLES];
    nn_real targets[SAMPLES * CLASSES];
    trial_forward(t, true);
    for (int s = 0; s < SAMPLES; s++) labels[s] = s % (head->target.is_class ? head->target.classes : 1);
    fill(2, SAMPLES * head->columns, targets);
    nn_loss_call call = {.rows = SAMPLES,
                         .columns = head->columns,
                         .output = t->microbatch->outputs[head->layer],
                         .labels = head->target.is_class ? labels : NULL,
                         .targets = head->target.is_class ? NULL : targets,
                         .class_weights = head->class_weights,
                         .denominator = SAMPLES,
                         .gradient = t->microbatch->gradients[head->layer]};
    t->loss = head->weight * head->loss->evaluate(head->loss_options, &call);
    trial_judge(t, &call);
    for (int l = network->layer_count - 1; l > 0; l--) {
        const nn_layer *layer = &network->layers[l];
        nn_network_backward(network, l, t->weights, t->microbatch, t->scratch);
        for (int p = 0; p < layer->part_count; p++)
            nn_network_gradient(network, l, p, t->weights, t->microbatch, t->scratch, false,
                                t->gradient + layer->offset + layer->part_begin[p]);
    }
}

/* ---- written and made again ---- */

static void image_write(const trial *t, const nn_text *config, void **bytes, size_t *size)
{
    const int64_t one = 1, samples = SAMPLES;
    nn_store_image *image;
    expect_ok(nn_store_image_create(&image));
    expect_ok(nn_store_image_put_text(image, "config", config->bytes));
    expect_ok(nn_store_image_put(image, "microbatch_size", NN_STORE_I64, 1, &one, &samples));
    expect_ok(nn_model_put(t->model, image));
    expect_ok(nn_model_put_values(t->model, image, "weights", t->weights));
    expect_ok(nn_store_image_seal(image, bytes, size));
    nn_store_image_destroy(image);
}

static trial image_read(const void *bytes, size_t size, int64_t indices)
{
    trial t = {0};
    nn_store_file *file;
    expect_ok(nn_store_open_image(bytes, size, "image", &file));
    expect_ok(nn_model_get(file, &t.model));
    trial_allocate(&t, indices);
    expect_ok(nn_model_get_weights(t.model, file, t.weights));
    nn_store_close(file);
    return t;
}

static void compare_values(const char *yaml, const char *what, int64_t count, const nn_real *written,
                           const nn_real *read)
{
    if (memcmp(written, read, (size_t)count * sizeof *read) != 0)
        fail_msg("other %s after reading:\n%s", what, yaml);
}

static void compare_models(const nn_model *written, const nn_model *read)
{
    assert_int_equal(read->network->layer_count, written->network->layer_count);
    for (int l = 0; l < written->network->layer_count; l++) {
        assert_string_equal(read->network->layers[l].name, written->network->layers[l].name);
        assert_ptr_equal(read->network->layers[l].type, written->network->layers[l].type);
    }
    assert_int_equal(read->network->value_count, written->network->value_count);
    assert_ptr_equal(read->heads[0].loss, written->heads[0].loss);
    assert_true(read->heads[0].target.classes == written->heads[0].target.classes);
    assert_int_equal(read->metric_count, written->metric_count);
    for (int m = 0; m < written->metric_count; m++) {
        assert_ptr_equal(read->metrics[m].type, written->metrics[m].type);
        assert_string_equal(read->metrics[m].name, written->metrics[m].name);
    }
}

static void compare_steps(const char *yaml, trial *written, trial *read)
{
    trial_step(written);
    trial_step(read);
    assert_true(!isnan(written->loss) && written->loss == read->loss);
    assert_memory_equal(written->state, read->state, sizeof read->state);
    compare_values(yaml, "gradient", written->model->network->value_count, written->gradient, read->gradient);
    double sum = 0;
    for (int64_t i = 0; i < written->model->network->value_count; i++)
        sum += (double)written->gradient[i] * (double)written->gradient[i];
    if (!(sum > 0 && sum < 1e20)) fail_msg("a gradient of norm %g:\n%s", sum, yaml);
}

/* The same, of predictions in the target's own units. */
static void compare_predictions(const char *yaml, trial *written, trial *read)
{
    int layer = written->model->heads[0].layer;
    const float nothing[1] = {0};
    trial_forward(written, false);
    trial_forward(read, false);
    nn_model_predict(written->model, written->microbatch, nothing);
    nn_model_predict(read->model, read->microbatch, nothing);
    compare_values(yaml, "predictions", SAMPLES * nn_model_output_count(written->model),
                   written->microbatch->outputs[layer], read->microbatch->outputs[layer]);
}

/* False: the network, loss or metric does not fit the problem. */
static bool check_saved(const char *yaml, nn_shape shape, const problem *of, int64_t indices)
{
    trial written;
    nn_text config = {0};
    void *bytes;
    size_t size;
    bool fits = trial_build(yaml, shape, of, &config, &written) == NN_OK;
    if (fits) {
        trial_allocate(&written, indices);
        trial_fill_weights(&written);
        image_write(&written, &config, &bytes, &size);
        trial read = image_read(bytes, size, indices);
        compare_models(written.model, read.model);
        compare_values(yaml, "weights", written.model->network->value_count, written.weights, read.weights);
        compare_predictions(yaml, &written, &read);
        compare_steps(yaml, &written, &read);
        trial_destroy(&read);
        trial_destroy(&written);
        nn_free(bytes);
    }
    nn_text_free(&config);
    return fits;
}

/* ---- the lists ---- */

static void write_network(const char *entry, const problem *of, const char *loss, const char *metrics,
                          size_t size, char *yaml)
{
    snprintf(yaml, size,
             "network:\n  - %s\n  - flatten\n  - dense: {units: %s}\nloss:\n  %s\nmetrics: [%s]\n"
             "training: {epochs: 3}\n",
             entry, of->units, loss, metrics);
}

/* Fails when a layer by its own example is not what it was when it comes from a checkpoint: an option, a
 * parameter or a shape is lost, and with it the output, or a step of training. */
static void test_layers(void **state)
{
    (void)state;
    for (const nn_layer_type *const *entry = nn_layer_types(); *entry; entry++) {
        const nn_layer_type *type = *entry;
        char yaml[512], example[256];
        if (!type->forward) continue;
        snprintf(example, sizeof example, "%s", type->example);
        if (type->example_inputs > 0) snprintf(example, sizeof example, "%s: {inputs: [input", type->example);
        for (int i = 1; i < type->example_inputs; i++) strcat(example, ", input");
        if (type->example_inputs > 0) strcat(example, "]}");
        nn_shape shape = type->example_shape.dimensions > 0 ? type->example_shape : (nn_shape){2, {2, 4}};
        write_network(example, &problems[0], problems[0].loss, "accuracy", sizeof yaml, yaml);
        if (!check_saved(yaml, shape, &problems[0], type->example_indices)) fail_msg("%s", nn_error_text());
    }
}

/* Fails when a composite by its own example cannot be built or trained, or when it becomes other layers when
 * it comes from a checkpoint. */
static void test_composites(void **state)
{
    (void)state;
    static const nn_shape shapes[] = {{2, {3, 4}}, {3, {4, 4, 16}}};
    for (const nn_composite_type *const *type = nn_composite_types(); *type; type++) {
        char yaml[512];
        write_network((*type)->example, &problems[0], problems[0].loss, "accuracy", sizeof yaml, yaml);
        if (!check_saved(yaml, shapes[0], &problems[0], 0) && !check_saved(yaml, shapes[1], &problems[0], 0))
            fail_msg("%s", nn_error_text());
    }
}

static void check_loss(const char *loss)
{
    size_t fits = 0;
    for (size_t p = 0; p < PROBLEMS; p++) {
        char yaml[512];
        write_network("flatten", &problems[p], loss, "", sizeof yaml, yaml);
        fits += check_saved(yaml, (nn_shape){2, {2, 4}}, &problems[p], 0);
    }
    if (fits == 0) fail_msg("%s fits no problem: %s", loss, nn_error_text());
}

/* Fails when a loss, its options, its weight or the weights of its classes are lost on the way. */
static void test_losses(void **state)
{
    (void)state;
    static const char *const variants[] = {
        "cross_entropy: {label_smoothing: 0.2, weight: 3}",
        "cross_entropy: {class_weights: [1, 2, 0.5]}",
        "cross_entropy: {class_weights: balanced}",
        "binary_cross_entropy: {class_weights: [1, 4]}",
        "huber: {delta: 0.1}",
        "quantile: {q: 0.2, weight: 0.3}",
    };
    for (const nn_loss_type *const *type = nn_loss_types(); *type; type++) check_loss((*type)->example);
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) check_loss(variants[i]);
}

/* Fails when a metric or its options are lost on the way. */
static void test_metrics(void **state)
{
    (void)state;
    for (const nn_metric_type *const *type = nn_metric_types(); *type; type++) {
        size_t fits = 0;
        for (size_t p = 0; p < PROBLEMS; p++) {
            char yaml[512];
            write_network("flatten", &problems[p], problems[p].loss, (*type)->example, sizeof yaml, yaml);
            fits += check_saved(yaml, (nn_shape){2, {2, 4}}, &problems[p], 0);
        }
        if (fits == 0) fail_msg("%s fits no problem: %s", (*type)->name, nn_error_text());
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layers),
        cmocka_unit_test(test_composites),
        cmocka_unit_test(test_losses),
        cmocka_unit_test(test_metrics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
