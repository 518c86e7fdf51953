/* Whatever a filled struct owns is released through its table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/options.h"

typedef struct sample_options {
    int64_t units;
    char *file, *absent;
    nn_text_list names;
    double rate;
} sample_options;

static const nn_option sample_table[] = {
    {"units", NN_OPTION_INTEGER, offsetof(sample_options, units), "1", 1, 10, NULL, NN_EFFECT_RESULT,
     "units"},
    {"file", NN_OPTION_TEXT, offsetof(sample_options, file), "", 0, 0, NULL, NN_EFFECT_RESULT, "file"},
    {"absent", NN_OPTION_TEXT, offsetof(sample_options, absent), "", 0, 0, NULL, NN_EFFECT_OUTPUT, "file"},
    {"names", NN_OPTION_TEXT_LIST, offsetof(sample_options, names), "", 0, 0, NULL, NN_EFFECT_OUTPUT,
     "names"},
    {"rate", NN_OPTION_REAL, offsetof(sample_options, rate), "0.5", 0, 1, NULL, NN_EFFECT_SPEED, "rate"},
    {"nested", NN_OPTION_SECTION, 0, "", 0, 0, NULL, NN_EFFECT_RESULT, "a mapping"},
    {.name = NULL},
};

/* Fails when a text leaks, is freed twice, or a field that owns nothing is touched. */
static void test_release(void **state)
{
    (void)state;
    size_t before = nn_memory_in_use();
    sample_options options = {.units = 7, .rate = 0.25};
    assert_int_equal(nn_copy_text("data.h5", &options.file), NN_OK);
    assert_int_equal(NN_ALLOCATE(&options.names.items, 3, "names"), NN_OK);
    options.names.count = 3;
    for (size_t i = 0; i < 2; i++) assert_int_equal(nn_copy_text("name", &options.names.items[i]), NN_OK);

    for (int times = 0; times < 2; times++) {
        nn_options_release(sample_table, &options);
        assert_int_equal(nn_memory_in_use(), before);
        assert_null(options.file);
        assert_null(options.names.items);
        assert_int_equal(options.names.count, 0);
        assert_int_equal(options.units, 7);
        assert_true(options.rate == 0.25);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
