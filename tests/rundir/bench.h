/* A small run, set up in the scratch directory and not trained. Include after cmocka.h. */
#ifndef NN_TESTS_RUNDIR_BENCH_H
#define NN_TESTS_RUNDIR_BENCH_H

#include "../store/scratch.h"
#include "base/log.h"
#include "base/memory.h"
#include "store/store.h"
#include "train/setup.h"

static const char *const bench_precisions[] = {"training.precision=float32", "training.precision=float64"};

typedef struct bench {
    nn_comm *comm;
    const char *overrides[2];
    nn_job job;
    nn_run run;
    nn_checkpoint_parts parts;
} bench;

static inline void bench_write_data(void)
{
    enum { SAMPLES = 24, COLUMNS = 3 };
    float x[SAMPLES * COLUMNS], y[SAMPLES];
    int64_t extents[2] = {SAMPLES, COLUMNS};
    nn_store_image *image;
    void *bytes;
    size_t size;
    for (int i = 0; i < SAMPLES * COLUMNS; i++) x[i] = (float)(i * 37 % 11);
    for (int i = 0; i < SAMPLES; i++) y[i] = (float)(i % 5);
    expect_ok(nn_store_image_create(&image));
    expect_ok(nn_store_image_put(image, "x", NN_STORE_F32, 2, extents, x));
    expect_ok(nn_store_image_put(image, "y", NN_STORE_F32, 1, extents, y));
    expect_ok(nn_store_image_seal(image, &bytes, &size));
    nn_store_image_destroy(image);
    scratch_write(scratch_path("data.h5"), bytes, size);
    nn_free(bytes);
}

/* Begins, or resumes. Each override may be NULL. */
static inline nn_status bench_try(bench *b, const char *precision, const char *setting)
{
    static const char config[] = "data: {file: data.h5, train: {x: x, y: y}, split: {validation: 0.25},\n"
                                 "       fields: {y: {kind: value}}}\n"
                                 "network: [dense: {units: 4, activation: relu}, dense: {units: 1}]\n"
                                 "loss: mse\n"
                                 "optimizer: {adam: {learning_rate: 0.01}}\n"
                                 "checkpoint: {keep_last: 3}\n"
                                 "training: {epochs: 3, batch_size: 6, microbatch_size: 3, threads: 1,\n"
                                 "           average: 0.9, peak_seconds: 0, hang_timeout: 0}\n";
    static char config_path[512], directory[512];
    *b = (bench){.overrides = {precision, setting}};
    bench_write_data();
    snprintf(config_path, sizeof config_path, "%s", scratch_path("config.yaml"));
    snprintf(directory, sizeof directory, "%s", scratch_path("run"));
    scratch_write(config_path, config, strlen(config));
    b->job = (nn_job){.config_path = config_path,
                      .overrides = b->overrides,
                      .override_count = setting ? 2 : 1,
                      .run_directory = directory};
    nn_log_enable(false);
    expect_ok(nn_comm_create_alone(&b->comm));
    nn_log_enable(false);
    nn_status status = nn_setup_open(b->comm, &b->job, &b->run);
    if (status == NN_OK) b->parts = nn_run_parts(&b->run);
    return status;
}

static inline void bench_open(bench *b, const char *precision)
{
    expect_ok(bench_try(b, precision, NULL));
}

static inline void bench_close(bench *b)
{
    nn_setup_close(&b->run);
    nn_comm_destroy(b->comm);
}

/* A path in the run directory. */
static inline const char *bench_path(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "run/%s", name);
    return scratch_path(path);
}

static inline bool bench_has(const char *name)
{
    return access(bench_path(name), F_OK) == 0;
}

static inline nn_real *bench_weights(const bench *b)
{
    return nn_reduction_weights(b->run.stepper->reduction);
}

static inline size_t bench_weights_size(const bench *b)
{
    return (size_t)b->run.model->network->value_count * nn_scalar_size(b->run.model->scalar);
}

/* Value i of an array in the run's precision. */
static inline void bench_set(const bench *b, nn_real *values, int64_t i, double value)
{
    if (b->run.model->scalar == NN_SCALAR_F64)
        ((double *)(void *)values)[i] = value;
    else
        ((float *)(void *)values)[i] = (float)value;
}

/* Removes the scratch directory with all in it. */
static inline int bench_remove(void **state)
{
    char command[600];
    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", scratch_directory);
    return system(command);
}

/* Removes what an earlier test has left. */
static inline int bench_fresh(void **state)
{
    char command[600];
    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'/*", scratch_directory);
    return system(command);
}

#endif
