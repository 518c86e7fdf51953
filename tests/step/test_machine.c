/* Machines are compared by what they compute for this run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "precision.h"
#include "step/heads.h"
#include "step/machine.h"

#define TEXT                                                                                                 \
    "data:\n"                                                                                                \
    "  file: " NN_SOURCE_DIR "/scripts/examples/digits/digits.h5\n"                                          \
    "  train: {x: x_train, y: y_train}\n"
#define CLASSES                                                                                              \
    TEXT "network: [flatten, dense: {units: 30, name: body}, batch_norm, dense: {units: classes}]\n"         \
         "loss: cross_entropy\n"                                                                             \
         "optimizer: adam\n"                                                                                 \
         "lr_schedule: cosine\n"
#define VALUES                                                                                               \
    TEXT "  fields: {y: {kind: value}}\n"                                                                    \
         "network: [flatten, dense: {units: 30, name: body}, dense: {units: 1}]\n"                           \
         "loss: mse\n"                                                                                       \
         "optimizer: sgd\n"                                                                                  \
         "lr_schedule: constant\n"

static void expect_ok(nn_status status)
{
    if (status != NN_OK) fail_msg("%s", nn_error_text());
}

static void try_config(const char *text, nn_machine *machine)
{
    nn_comm *comm;
    nn_config *config;
    nn_settings settings;
    nn_dataset *data;
    nn_model *model;
    nn_target_wanted wanted[NN_MODEL_HEADS];
    int64_t samples[NN_PARTS] = {1257, 101, 0};
    expect_ok(nn_comm_create_alone(&comm));
    expect_ok(nn_config_parse(text, "test", own_precision, 1, &config));
    expect_ok(nn_settings_read(config, &settings));
    nn_heads_wanted(&settings.model, wanted);
    expect_ok(nn_dataset_open(
        comm, &settings.data,
        &(nn_dataset_setup){
            .scalar = NN_SCALAR_REAL, .directory = ".", .seed = 1, .wanted = wanted, .wanted_count = 1},
        &data));
    nn_plan plan = nn_plan_make(samples[0], 64, 8, 2, false, 0);
    expect_ok(nn_heads_model(&settings.model, data, plan.microbatch_size, &model));
    size_t before = nn_memory_in_use();
    expect_ok(nn_machine_try(&settings, model, &plan, samples, machine));
    assert_true(nn_memory_in_use() < before + 4096 * sizeof(nn_real));
    nn_model_destroy(model);
    nn_dataset_close(data);
    nn_settings_release(&settings);
    nn_config_destroy(config);
    nn_comm_destroy(comm);
}

static int part_of(const nn_machine *machine, const char *name)
{
    int p = machine->count - 1;
    while (p >= 0 && strcmp(machine->parts[p].name, name) != 0) p--;
    return p;
}

/* Fails when a machine differs from itself, or a part is missing or counts for nothing. */
static void test_parts(void **state)
{
    (void)state;
    nn_machine one, again, other;
    try_config(CLASSES, &one);
    try_config(CLASSES, &again);
    try_config(VALUES, &other);
    assert_true(one.hash == again.hash && one.hash != other.hash);
    assert_true(one.count <= one.room && other.count <= other.room);
    static const char *const both[] = {"elementary functions", "vector kernels", "layer body, forward",
                                       "layer body, backward"};
    for (size_t i = 0; i < sizeof both / sizeof *both; i++) {
        assert_true(part_of(&one, both[i]) >= 0 && part_of(&other, both[i]) >= 0);
        assert_true(one.parts[part_of(&one, both[i])].hash != 0);
    }
    nn_machine_release(&one);
    nn_machine_release(&again);
    nn_machine_release(&other);
}

/* Fails when another machine's checkpoint is taken for this one's, or the other way round. */
static void test_checkpoint(void **state)
{
    (void)state;
    nn_machine machine;
    nn_store_image *image;
    nn_store_file *file;
    void *bytes;
    size_t size;
    bool differs = true;
    nn_text what = {0};
    try_config(CLASSES, &machine);
    expect_ok(nn_store_image_create(&image));
    expect_ok(nn_machine_put(&machine, image));
    expect_ok(nn_store_image_seal(image, &bytes, &size));
    nn_store_image_destroy(image);
    expect_ok(nn_store_open_image(bytes, size, "test", &file));
    expect_ok(nn_machine_compare(&machine, file, &differs, &what));
    assert_false(differs);
    assert_int_equal(what.length, 0);
    /* Another name of the libraries is not another machine; parts that the checkpoint does not have do not
     * count. */
    strcpy(machine.text, "another BLAS");
    int kernels = part_of(&machine, "vector kernels");
    strcpy(machine.parts[kernels].name, "vector");
    machine.parts[kernels].hash++;
    expect_ok(nn_machine_compare(&machine, file, &differs, &what));
    assert_false(differs);
    machine.parts[part_of(&machine, "layer body, backward")].hash++;
    machine.parts[part_of(&machine, "elementary functions")].hash++;
    expect_ok(nn_machine_compare(&machine, file, &differs, &what));
    assert_true(differs);
    assert_non_null(strstr(what.bytes, "elementary functions and 1 more"));
    assert_non_null(strstr(what.bytes, "another BLAS"));
    nn_text_free(&what);
    nn_store_close(file);
    nn_free(bytes);
    nn_machine_release(&machine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_parts), cmocka_unit_test(test_checkpoint)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
