/* Carried state starts afresh where an epoch does, and continues elsewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "precision.h"
#include "step/carried.h"
#include "step/heads.h"

#define BATCH 12
#define MICROBATCH 6

static const char *const text = "data:\n"
                                "  file: " NN_SOURCE_DIR "/scripts/examples/digits/digits.h5\n"
                                "  train: {x: x_train, y: y_train}\n"
                                "  shuffle: stateful\n"
                                "network:\n"
                                "  - lstm: {units: 5, carry: true, output: sequence}\n"
                                "  - gru: {units: 3, carry: true}\n"
                                "  - dense: {units: classes}\n"
                                "loss: cross_entropy\n";

static void expect_ok(nn_status status)
{
    if (status != NN_OK) fail_msg("%s", nn_error_text());
}

/* All of the state is `expected` after a restart at that batch, where all of it was 1. */
static void expect_state(const nn_model *model, const nn_dataset *data, int64_t batch, nn_real expected)
{
    nn_microbatch *microbatch;
    int64_t count = MICROBATCH * model->network->carried_values;
    nn_loaded_place place = {.range = {MICROBATCH, BATCH}, .batch_first = batch * BATCH, .epoch = 1};
    expect_ok(nn_microbatch_create(model->network, MICROBATCH, true, &microbatch));
    nn_carried_restart(model->network, data, &place, microbatch); /* there is none yet */
    expect_ok(NN_ALLOCATE(&microbatch->carried, count, "carried state"));
    for (int64_t i = 0; i < count; i++) microbatch->carried[i] = 1;
    nn_carried_restart(model->network, data, &place, microbatch);
    for (int64_t i = 0; i < count; i++) assert_true(microbatch->carried[i] == expected);
    nn_free(microbatch->carried);
    nn_microbatch_destroy(microbatch);
}

/* Fails when state goes over from the end of an epoch to the beginning of the next, or is lost within one. */
static void test_restart(void **state)
{
    (void)state;
    nn_comm *comm;
    nn_config *config;
    nn_settings settings;
    nn_dataset *data;
    nn_model *model;
    expect_ok(nn_comm_start(NULL, NULL, &comm));
    expect_ok(nn_config_parse(text, "test", own_precision, 1, &config));
    expect_ok(nn_settings_read(config, &settings));
    expect_ok(nn_dataset_open(comm, &settings.data,
                              &(nn_dataset_setup){.scalar = NN_SCALAR_REAL,
                                                  .directory = ".",
                                                  .seed = 1,
                                                  .wanted = &(nn_target_wanted){.classes = true},
                                                  .wanted_count = 1},
                              &data));
    expect_ok(nn_dataset_arrange(data, BATCH, BATCH / MICROBATCH));
    expect_ok(nn_heads_model(&settings.model, data, MICROBATCH, &model));
    assert_int_equal(model->network->carried_values, 2 * 5 + 3);
    expect_state(model, data, 0, 0);
    expect_state(model, data, 1, 1);
    expect_state(model, data, 7, 1);
    nn_model_destroy(model);
    nn_dataset_close(data);
    nn_settings_release(&settings);
    nn_config_destroy(config);
    nn_comm_destroy(comm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_restart)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
