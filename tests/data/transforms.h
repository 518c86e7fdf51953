/* Transforms read from YAML and applied to small samples. Shared by the tests of transforms. */
#ifndef NN_TESTS_DATA_TRANSFORMS_H
#define NN_TESTS_DATA_TRANSFORMS_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "data/augment.h"
#include "settings/settings_augment.h"

#define TOLERANCE (sizeof(nn_real) == sizeof(double) ? 1e-13 : 1e-5)
#define SEED 11

static inline void expect_ok(nn_status status)
{
    if (status != NN_OK) fail_msg("%s", nn_error_text());
}

/* Reads a list as a user would write it. */
static inline nn_augment read_list(const char *yaml)
{
    nn_augment augment = {0};
    nn_config *config;
    char text[512];
    snprintf(text, sizeof text, "augment: %s\n", yaml);
    expect_ok(nn_config_parse(text, "test.yaml", NULL, 0, &config));
    nn_settings_read_augment(config, nn_config_get(nn_config_root(config), "augment"), "augment",
                             augment.transforms, &augment.count);
    expect_ok(nn_config_finish(config));
    nn_config_destroy(config);
    return augment;
}

static inline nn_augment read_example(const nn_transform_type *type)
{
    char list[256];
    snprintf(list, sizeof list, "[%s]", type->example);
    return read_list(list);
}

/* Values 1, 2, 3, ..., so that each identifies its position, and 0 is a value that moved in. */
static inline void fill_numbers(int64_t count, nn_real *values)
{
    for (int64_t i = 0; i < count; i++) values[i] = (nn_real)(i + 1);
}

#define MOST_VALUES (64 * 64 * 3)

/* Applies the list to a sample of the numbers 1, 2, 3, .... */
static inline void run_list(const nn_augment *augment, nn_shape shape, int64_t epoch, int64_t sample,
                            nn_real *values)
{
    static nn_real scratch[MOST_VALUES];
    assert_true(nn_shape_count(shape) <= MOST_VALUES);
    fill_numbers(nn_shape_count(shape), values);
    nn_augment_sample(augment, SEED, epoch, sample, shape, values, scratch);
}

#endif
