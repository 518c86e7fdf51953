/* How a list of transforms is read: short forms, order, mistakes with their places, what a resume compares.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "data/augment.h"
#include "settings/settings_augment.h"

#define PATH "data.fields.x.augment"

/* The configuration stays open in *config. */
static nn_status read_text(const char *text, nn_config **config, nn_augment *augment)
{
    *augment = (nn_augment){0};
    if (nn_config_parse(text, "test.yaml", NULL, 0, config) != NN_OK) fail_msg("%s", nn_error_text());
    nn_settings_read_augment(*config, nn_config_get(nn_config_root(*config), "augment"), PATH,
                             augment->transforms, &augment->count);
    return nn_config_finish(*config);
}

static const char *value_of(const nn_config *config, const char *path)
{
    const nn_config_value *values;
    size_t count = nn_config_values(config, &values);
    for (size_t i = 0; i < count; i++)
        if (strcmp(values[i].path, path) == 0) return values[i].value;
    return NULL;
}

/* Fails when one of the forms that the manual shows is refused, or the order is lost. */
static void test_forms(void **state)
{
    (void)state;
    nn_config *config;
    nn_augment augment;
    if (read_text("augment: [flip, {shift: 2}, mixup: {alpha: 0.4}, shift: 1, noise: {deviation: 0.5}]\n",
                  &config, &augment) != NN_OK)
        fail_msg("%s", nn_error_text());
    const char *const names[] = {"flip", "shift", "mixup", "shift", "noise"};
    assert_int_equal(augment.count, 5);
    for (int t = 0; t < 5; t++)
        assert_string_equal(nn_transform_types()[augment.transforms[t].type]->name, names[t]);
    assert_string_equal(value_of(config, PATH), "flip, shift, mixup, shift, noise");
    assert_string_equal(value_of(config, PATH ".0.flip.probability"), "0.5");
    assert_string_equal(value_of(config, PATH ".1.shift.pixels"), "2");
    assert_string_equal(value_of(config, PATH ".2.mixup.alpha"), "0.4");
    assert_string_equal(value_of(config, PATH ".3.shift.pixels"), "1");
    nn_augment_release(&augment);
    assert_int_equal(augment.count, 0);
    nn_config_destroy(config);
}

/* Fails when a single transform needs a list, or none is not the same as an empty list. */
static void test_without_list(void **state)
{
    (void)state;
    const char *const texts[] = {"augment: flip\n", "augment: {shift: 3}\n", "augment: []\n", "other: 1\n"};
    for (int i = 0; i < 4; i++) {
        nn_config *config;
        nn_augment augment;
        (void)read_text(texts[i], &config, &augment);
        assert_int_equal(augment.count, i < 2 ? 1 : 0);
        assert_string_equal(value_of(config, PATH), i == 0 ? "flip" : i == 1 ? "shift" : "");
        nn_augment_release(&augment);
        nn_config_destroy(config);
    }
}

/* Fails when a mistake is not told with its place and its remedy, or hides another one. */
static void test_mistakes(void **state)
{
    (void)state;
    nn_config *config;
    nn_augment augment;
    assert_int_equal(read_text("augment:\n"
                               "  - flop\n"
                               "  - shift: many\n"
                               "  - shift: {pixel: 2}\n"
                               "  - mixup: {alpha: -1}\n"
                               "  - noise\n",
                               &config, &augment),
                     NN_ERROR_USAGE);
    const char *text = nn_error_text();
    const char *const parts[] = {
        "test.yaml:2:5: unknown transform 'flop'; did you mean 'flip'?",
        "test.yaml:3:12: " PATH ".0.shift.pixels",
        "did you mean 'pixels'?",
        "test.yaml:5:20: " PATH ".2.mixup.alpha",
        PATH ".3.noise.deviation is missing: standard deviation of the noise",
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!strstr(text, parts[i])) fail_msg("\"%s\" is not in:\n%s", parts[i], text);
    nn_augment_release(&augment);
    nn_config_destroy(config);
}

/* Fails when a mapping, whose order does not count, or more than there is room for, is taken. */
static void test_refused(void **state)
{
    (void)state;
    nn_config *config;
    nn_augment augment;
    assert_int_equal(read_text("augment: {flip: 0.5, shift: 2}\n", &config, &augment), NN_ERROR_USAGE);
    assert_non_null(
        strstr(nn_error_text(), PATH ": give several transforms as a list, in order: [flip, shift: 2]"));
    nn_augment_release(&augment);
    nn_config_destroy(config);
    nn_text many = {0};
    nn_text_append(&many, "augment: [flip");
    for (int i = 0; i < NN_TRANSFORMS; i++) nn_text_append(&many, ", flip");
    nn_text_append(&many, "]\n");
    assert_int_equal(read_text(many.bytes, &config, &augment), NN_ERROR_USAGE);
    assert_non_null(strstr(nn_error_text(), "at most 16 transforms"));
    assert_int_equal(augment.count, NN_TRANSFORMS);
    nn_text_free(&many);
    nn_augment_release(&augment);
    nn_config_destroy(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_without_list),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
