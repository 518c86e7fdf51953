/* A stepper on a small network, for programs that run under mpirun: batches of 64 in microbatches of 4, and a
 * short last batch. */
#ifndef NN_TESTS_STEP_STEPPER_H
#define NN_TESTS_STEP_STEPPER_H

#include <math.h>
#include <string.h>

#include "../comm/check.h"
#include "base/memory.h"
#include "step/heads.h"
#include "step/stepper.h"

#define BENCH_SAMPLES 150 /* of an epoch: batches of 64, 64 and 22, the last in 6 microbatches */
#define BENCH_STEPS 3

typedef struct bench {
    nn_comm *comm;
    nn_config *config;
    nn_settings settings;
    nn_schedule_memory memory;
    nn_dataset *data;
    nn_model *model;
    nn_plan plan;
    nn_workers *workers;
    nn_stepper *stepper;
} bench;

/* `training` is what the section of the configuration has, as "clip_norm: 1". */
static void bench_open(nn_comm *comm, const char *optimizer, const char *training, bench *b)
{
    char text[2048];
    *b = (bench){.comm = comm};
    snprintf(text, sizeof text,
             "data:\n"
             "  file: " NN_SOURCE_DIR "/scripts/examples/digits/digits.h5\n"
             "  train: {x: x_train, y: y_train}\n"
             "network:\n"
             "  - flatten\n"
             "  - dense: {units: 33, activation: relu}\n"
             "  - dense: {units: classes}\n"
             "loss: cross_entropy\n"
             "metrics: [accuracy]\n"
             "optimizer: %s\n"
             "lr_schedule: constant\n"
             "training: {precision: %s, %s}\n",
             optimizer, nn_scalar_name(NN_SCALAR_REAL), training);
    CHECK_OK(nn_config_parse(text, "test", NULL, 0, &b->config));
    CHECK_OK(nn_settings_read(b->config, &b->settings));
    CHECK_OK(nn_dataset_open(b->comm, &b->settings.data,
                             &(nn_dataset_setup){.scalar = NN_SCALAR_REAL,
                                                 .directory = ".",
                                                 .seed = 1,
                                                 .wanted = &(nn_target_wanted){.classes = true},
                                                 .wanted_count = 1},
                             &b->data));
    CHECK_OK(nn_heads_model(&b->settings.model, b->data, 4, &b->model));
    b->plan = nn_plan_make(BENCH_SAMPLES, 64, 4, 1, false, 0);
    nn_workers_request request = {
        .threads = 1, .share_max = 16, .microbatch_size = 4, .memory = 1e9, .seed = 7};
    CHECK_OK(nn_workers_create(b->model, b->data, &request, &b->workers));
    nn_stepper_request stepper = {&b->settings, &b->memory, b->model, b->plan, b->workers, b->data, 1};
    CHECK_OK(nn_stepper_create(b->comm, &stepper, &b->stepper));
    nn_real *weights = nn_reduction_weights(b->stepper->reduction);
    int rank = nn_comm_rank(b->comm);
    if (nn_reduction_copy_of(b->stepper->reduction, rank) == rank)
        CHECK_OK(nn_workers_initialize(b->workers, weights));
    CHECK_OK(nn_comm_barrier(b->comm));
    nn_update_begin(b->stepper->update, weights);
}

static void bench_close(bench *b)
{
    nn_stepper_destroy(b->stepper);
    nn_workers_destroy(b->workers);
    nn_model_destroy(b->model);
    nn_dataset_close(b->data);
    nn_settings_release(&b->settings);
    nn_config_destroy(b->config);
}

#endif
