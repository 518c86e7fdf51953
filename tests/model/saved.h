/* Saved models of several kinds, for the tests of predictors: a checkpoint file in a scratch folder. */
#ifndef NN_TESTS_MODEL_SAVED_H
#define NN_TESTS_MODEL_SAVED_H

#include <stdlib.h>
#include <unistd.h>

#include "trial.h"

/* A network and its data. */
typedef struct saved_kind {
    const char *yaml;
    nn_field input;
    nn_scaling scaling;
    int target_count;
    nn_field targets[2];
    bool has_lengths;
    nn_engine engine;
} saved_kind;

static char saved_folder[] = "/tmp/nntrain_predict_XXXXXX";
static char saved_path[sizeof saved_folder + 16];

static inline int saved_make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(saved_folder)) return -1;
    snprintf(saved_path, sizeof saved_path, "%s/saved.h5", saved_folder);
    return 0;
}

static inline int saved_remove_folder(void **state)
{
    (void)state;
    unlink(saved_path);
    return rmdir(saved_folder);
}

/* Builds the model with weights that look random, and writes its checkpoint. */
static inline void saved_write(const saved_kind *kind, trial *t)
{
    static nn_scaling units = {1, scale, offset};
    nn_model_spec spec;
    nn_text config = {0};
    nn_model_target facts[2];
    void *bytes;
    size_t size;
    *t = (trial){0};
    read_spec(kind->yaml, &config, &spec);
    spec.network.engine = kind->engine;
    for (int i = 0; i < kind->target_count; i++)
        facts[i] = (nn_model_target){.field = &kind->targets[i],
                                     .scaling = kind->targets[i].is_class ? NULL : &units};
    expect_ok(
        nn_model_create(&spec, &kind->input, &kind->scaling, facts, kind->has_lengths, SAMPLES, &t->model));
    trial_allocate(t, 0);
    trial_fill_weights(t);
    image_write(t, &config, &bytes, &size);
    expect_ok(nn_store_commit(saved_path, bytes, size));
    nn_free(bytes);
    nn_text_free(&config);
}

/* ---- kinds ---- */

#define SAVED_TABLE 3   /* values of the input a */
#define SAVED_WORDS 2   /* numbers of the input b, */
#define SAVED_SYMBOLS 5 /* below this */

/* Two inputs, one of them of indices, and two outputs. */
static inline saved_kind saved_pairs(void)
{
    static nn_field parts[] = {{.name = "a", .shape = {1, {SAVED_TABLE}}, .features = true},
                               {.name = "b",
                                .shape = {1, {SAVED_WORDS}},
                                .features = true,
                                .begin = SAVED_TABLE,
                                .is_class = true,
                                .classes = SAVED_SYMBOLS}};
    static double factors[] = {0.5, 2, 1.5, 1, 1}, terms[] = {1, -1, 0.25, 0, 0};
    return (saved_kind){
        .yaml = "network:\n"
                "  - dense: {units: 4, activation: relu, name: d, inputs: a}\n"
                "  - embedding: {symbols: 5, units: 2, name: e, inputs: b}\n"
                "  - flatten: {name: f}\n"
                "  - concat: {inputs: [d, f]}\n"
                "  - dense: {units: classes, name: label}\n"
                "  - dense: {units: 1, name: size, inputs: d}\n"
                "losses: {label: cross_entropy, size: mse}\n",
        .input = {.name = "x", .shape = {1, {SAVED_TABLE + SAVED_WORDS}}, .parts = parts, .part_count = 2},
        .scaling = {5, factors, terms},
        .target_count = 2,
        .targets = {{.name = "label", .is_class = true, .classes = CLASSES},
                    {.name = "size", .shape = {1, {1}}}}};
}

#define SAVED_STEPS 4
#define SAVED_WIDTH 2

/* Sequences of different length, with an output for each step. */
static inline saved_kind saved_sequences(void)
{
    return (saved_kind){.yaml = "network:\n"
                                "  - gru: {units: 3, output: sequence}\n"
                                "  - dense: {units: 1, per_step: true}\n"
                                "loss: mse\n",
                        .input = {.name = "x", .shape = {2, {SAVED_STEPS, SAVED_WIDTH}}},
                        .target_count = 1,
                        .targets = {{.name = "y", .shape = {2, {SAVED_STEPS, 1}}}},
                        .has_lengths = true};
}

#endif
