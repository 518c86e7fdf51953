/* Models from YAML, a training step, and images for saving and restoring them. Shared by the tests of saved
 * models. */
#ifndef NN_TESTS_MODEL_TRIAL_H
#define NN_TESTS_MODEL_TRIAL_H

#include "check.h"

#include "../store/scratch.h"
#include "base/philox.h"
#include "model/model.h"

#define SAMPLES 6
#define CLASSES 3

static double scale[] = {0.5, 3, 7, 1}, offset[] = {-1, 0.25, 0, 3};
static const double shares[CLASSES] = {0.5, 0.375, 0.125};

/* A target with a layer and a loss that fit it. */
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

/* ---- a model and a training step ---- */

typedef struct trial {
    nn_model *model;
    nn_microbatch *microbatch;
    nn_real *weights, *gradient, *scratch;
    double loss;
    double state[NN_MODEL_METRICS];
} trial;

/* Reads the configuration as a run does; *emitted: the text stored in a checkpoint. */
static inline void read_spec(const char *yaml, nn_text *emitted, nn_model_spec *spec)
{
    nn_config *config;
    *spec = (nn_model_spec){0};
    expect_ok(nn_config_parse(yaml, "t.yaml", NULL, 0, &config));
    (void)nn_config_get(nn_config_root(config), "training"); /* not part of the model */
    nn_model_spec_read(config, NN_SCALAR_REAL, spec);
    expect_ok(nn_config_finish(config));
    nn_config_emit(config, emitted);
    nn_config_destroy(config);
}

static inline nn_status trial_build(const char *yaml, nn_shape shape, const problem *of, nn_text *emitted,
                                    trial *made)
{
    nn_model_spec spec;
    nn_scaling scaling = {of->scaled ? 2 : 0, scale, offset};
    nn_field input = {.name = "x", .shape = shape};
    nn_model_target facts = {&of->target, &scaling, shares, NULL};
    *made = (trial){0};
    read_spec(yaml, emitted, &spec);
    return nn_model_create(&spec, &input, NULL, &facts, false, SAMPLES, &made->model);
}

static inline void fill(uint32_t purpose, int64_t count, nn_real *values)
{
    nn_random stream = {7, purpose, 0};
    for (int64_t i = 0; i < count; i++) values[i] = 2 * (nn_real)nn_random_uniform24(stream, (uint64_t)i) - 1;
}

/* Statistics must be above 0, like a variance. */
static inline void trial_fill_weights(trial *t)
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

/* indices > 0: the inputs are integers below it. */
static inline void trial_allocate(trial *t, int64_t indices)
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

static inline void trial_destroy(trial *t)
{
    nn_microbatch_destroy(t->microbatch);
    nn_free(t->weights);
    nn_free(t->gradient);
    nn_free(t->scratch);
    nn_model_destroy(t->model);
}

static inline void trial_forward(trial *t, bool training)
{
    t->microbatch->training = training;
    for (int l = 1; l < t->model->network->layer_count; l++)
        nn_network_forward(t->model->network, l, t->weights, t->microbatch, t->scratch);
}

static inline void trial_judge(trial *t, const nn_loss_call *call)
{
    for (int m = 0; m < t->model->metric_count; m++) {
        const nn_model_metric *metric = &t->model->metrics[m];
        enum { MOST = 512 };
        double state[MOST] = {0};
        nn_real collected[MOST] = {0};
        int64_t width = nn_metric_state_width(metric->type, metric->options, call->columns, call->outputs);
        assert_true(width * SAMPLES <= MOST);
        if (metric->type->state == NN_METRIC_COLLECTED)
            metric->type->collect(metric->options, call, collected);
        else
            metric->type->accumulate(metric->options, call, state);
        for (int i = 0; i < MOST; i++) t->state[m] += (i + 1) * (state[i] + (double)collected[i]);
    }
}

/* Forward, loss, metrics, backward and gradient, as in a training step. */
static inline void trial_step(trial *t)
{
    const nn_network *network = t->model->network;
    const nn_head *head = &t->model->heads[0];
    bool of_shares = head->target.shares;
    int64_t labels[SAMPLES];
    nn_real targets[SAMPLES * CLASSES];
    double predicted[SAMPLES * CLASSES], observed[SAMPLES * CLASSES];
    trial_forward(t, true);
    for (int s = 0; s < SAMPLES; s++) labels[s] = s % (head->target.is_class ? head->target.classes : 1);
    fill(2, SAMPLES * head->columns, targets);
    for (int64_t i = 0; i < SAMPLES * head->columns && nn_head_is_values(head); i++) {
        predicted[i] = (double)t->microbatch->outputs[head->layer][i];
        observed[i] = (double)targets[i];
    }
    nn_loss_call call = {.rows = SAMPLES,
                         .columns = head->columns,
                         .output = t->microbatch->outputs[head->layer],
                         .labels = head->target.is_class || of_shares ? labels : NULL,
                         .targets = head->target.is_class || of_shares ? NULL : targets,
                         .soft = of_shares ? targets : NULL,
                         .predicted = predicted,
                         .observed = observed,
                         .outputs = head->outputs,
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

/* ---- saving and restoring ---- */

static inline void image_write(const trial *t, const nn_text *config, void **bytes, size_t *size)
{
    const int64_t one = 1, samples = SAMPLES;
    nn_store_image *image;
    expect_ok(nn_store_image_create(&image));
    expect_ok(nn_store_image_put_text(image, "config", config->bytes));
    expect_ok(nn_store_image_put_attribute(image, "precision", nn_scalar_name(NN_SCALAR_REAL)));
    const char *engine = nn_engine_name(t->model->network->engine);
    expect_ok(nn_store_image_put_attribute(image, NN_MODEL_ENGINE, engine));
    expect_ok(nn_store_image_put(image, "microbatch_size", NN_STORE_I64, 1, &one, &samples));
    expect_ok(nn_model_put(t->model, image));
    expect_ok(nn_model_put_values(t->model, image, "weights", t->weights));
    expect_ok(nn_store_image_seal(image, bytes, size));
    nn_store_image_destroy(image);
}

static inline trial image_read(const void *bytes, size_t size, int64_t indices)
{
    trial t = {0};
    nn_store_file *file;
    expect_ok(nn_store_open_image(bytes, size, "image", &file));
    expect_ok(nn_model_get(file, NN_SCALAR_REAL, &t.model));
    trial_allocate(&t, indices);
    expect_ok(nn_model_get_weights(t.model, file, t.weights));
    nn_store_close(file);
    return t;
}

#endif
