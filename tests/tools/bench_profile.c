/*
 * bench_profile CONFIG.yaml [SECONDS]: what --profile and --trace cost. Steps of the configuration's network
 * on one thread, in turn without, with the first, and with both; prints the median processor time of each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "host/clock.h"
#include "settings/job.h"
#include "step/heads.h"
#include "step/profile.h"
#include "step/workers_parts.h"
#include "tensor/matrix.h"

enum { OFF, PROFILE, TRACE, MODES };
#define ROUNDS 100000
#define EVENTS 100000 /* of a thread, as in a short run */

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
    int64_t step;
    nn_profile *profile[MODES];
    double *seconds[MODES];
} bench;

static double processor_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static nn_status bench_open(const char *path, bench *b)
{
    char folder[4096];
    nn_job_folder(path, folder);
    NN_TRY(nn_matrix_setup());
    NN_TRY(nn_comm_create_alone(&b->comm));
    NN_TRY(nn_config_load(path, NULL, 0, &b->config));
    NN_TRY(nn_settings_read(b->config, &b->settings));
    const nn_training_options *training = &b->settings.training;
    nn_target_wanted wanted[NN_MODEL_HEADS];
    nn_heads_wanted(&b->settings.model, wanted);
    NN_TRY(nn_dataset_open(b->comm, &b->settings.data,
                           &(nn_dataset_setup){.scalar = b->settings.model.network.scalar,
                                               .directory = folder,
                                               .seed = 1,
                                               .wanted = wanted,
                                               .wanted_count = b->settings.model.head_count},
                           &b->data));
    b->plan = nn_plan_make(nn_dataset_count(b->data, NN_TRAIN), training->batch_size,
                           training->microbatch_size, MODES * ROUNDS, true, 0);
    NN_TRY(nn_heads_model(&b->settings.model, b->data, b->plan.microbatch_size, &b->model));
    nn_workers_request request = {.threads = 1,
                                  .share_max = b->plan.microbatches,
                                  .microbatch_size = b->plan.microbatch_size,
                                  .memory = 1e9,
                                  .seed = 1};
    return nn_workers_create(b->model, b->data, &request, &b->workers);
}

static nn_status bench_make_stepper(bench *b)
{
    nn_stepper_request request = {&b->settings, &b->memory, b->model, b->plan, b->workers, b->data, 1};
    NN_TRY(nn_stepper_create(b->comm, &request, &b->stepper));
    NN_TRY(nn_workers_initialize(b->workers, nn_reduction_weights(b->stepper->reduction)));
    nn_update_begin(b->stepper->update, nn_reduction_weights(b->stepper->reduction));
    for (int mode = 0; mode < MODES; mode++) {
        NN_TRY(NN_ALLOCATE(&b->seconds[mode], ROUNDS, "times"));
        if (mode != OFF)
            NN_TRY(nn_profile_create(1, b->model->network->layer_count, mode == TRACE ? EVENTS : 0,
                                     &b->profile[mode]));
    }
    return nn_stepper_begin(b->stepper, 0);
}

/* The next step, of the same run whatever the mode. */
static nn_status bench_step(bench *b, int mode, int64_t round)
{
    nn_step_result result;
    nn_profile *profile = b->profile[mode];
    int observers = b->stepper->observer_count;
    if (profile) nn_profile_attach(profile, b->stepper, false);
    if (profile) nn_profile_attach(profile, b->stepper, true);
    b->workers->profile = profile;
    for (int64_t i = 0; i < b->workers->slots; i++) b->workers->loaded[i].profile = profile;
    double began = processor_seconds();
    NN_TRY(nn_stepper_run(b->stepper, b->step++, 0, &result));
    b->seconds[mode][round] = processor_seconds() - began;
    b->stepper->observer_count = observers;
    return NN_OK;
}

static int bench_ascending(const void *a, const void *b)
{
    double one = *(const double *)a, other = *(const double *)b;
    return (one > other) - (one < other);
}

static nn_status bench_run(bench *b, double seconds)
{
    static const char *const names[] = {"without", "with --profile", "with --profile and --trace"};
    int64_t round = 0;
    double began = nn_seconds(), medians[MODES];
    NN_TRY(bench_make_stepper(b));
    for (; round < ROUNDS && nn_seconds() - began < seconds; round++)
        for (int i = 0; i < MODES; i++) NN_TRY(bench_step(b, (int)((round + i) % MODES), round));
    for (int mode = 0; mode < MODES; mode++) {
        qsort(b->seconds[mode], (size_t)round, sizeof(double), bench_ascending);
        medians[mode] = b->seconds[mode][round / 2];
        printf("%-26s %9.4f ms per step, %+.2f %%\n", names[mode], 1e3 * medians[mode],
               100 * (medians[mode] / medians[OFF] - 1));
    }
    return NN_OK;
}

int main(int argc, char **argv)
{
    bench b = {0};
    if (argc < 2) {
        fprintf(stderr, "bench_profile CONFIG.yaml [SECONDS]\n");
        return 2;
    }
    nn_status status = bench_open(argv[1], &b);
    if (status == NN_OK) status = bench_run(&b, argc > 2 ? atof(argv[2]) : 10);
    if (status != NN_OK) fprintf(stderr, "%s\n", nn_error_text());
    for (int mode = 0; mode < MODES; mode++) {
        nn_profile_destroy(b.profile[mode]);
        nn_free(b.seconds[mode]);
    }
    nn_stepper_destroy(b.stepper);
    nn_workers_destroy(b.workers);
    nn_model_destroy(b.model);
    nn_dataset_close(b.data);
    nn_settings_release(&b.settings);
    nn_config_destroy(b.config);
    nn_comm_destroy(b.comm);
    return (int)status;
}
