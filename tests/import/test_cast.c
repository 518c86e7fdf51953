/* Types of values: what fits is kept, and what does not is detected. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "import/cast.h"

/* Would be wrong: a value silently cut off at a limit. */
static void test_limits(void **state)
{
    (void)state;
    static const double values[] = {0,          255,   256,   -1,     0.5,    32767,  -32768, 32768,
                                    2147483648, 65504, 65520, 3.4e38, 3.5e38, 0x1p63, NAN,    INFINITY};
    /* One letter per value: y means that it fits. */
    static const struct {
        nn_store_type to;
        bool half;
        const char *fits;
    } rows[] = {{NN_STORE_U8, false, "yynnnnnnnnnnnnnn"},  {NN_STORE_I16, false, "yyyynyynnnnnnnnn"},
                {NN_STORE_I32, false, "yyyynyyynyynnnnn"}, {NN_STORE_I64, false, "yyyynyyyyyynnnnn"},
                {NN_STORE_F32, true, "yyyyyyyynynnnnyy"},  {NN_STORE_F32, false, "yyyyyyyyyyyynyyy"},
                {NN_STORE_F64, false, "yyyyyyyyyyyyyyyy"}};
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
        for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
            double to;
            nn_import_cast cast = {.from = NN_STORE_F64, .to = rows[r].to, .half = rows[r].half};
            int64_t wrong = nn_import_cast_values(cast, 1, &values[i], &to);
            if ((wrong < 0) != (rows[r].fits[i] == 'y'))
                fail_msg("%g to %s", values[i], nn_import_type_name(cast.to, cast.half));
        }
}

static void test_integers(void **state)
{
    (void)state;
    static const uint64_t wide[] = {0, 255, INT64_MAX, (uint64_t)INT64_MAX + 1};
    static const int8_t narrow[] = {0, 127, -128, -1};
    int64_t to[4];
    float reals[4];
    char text[NN_IMPORT_VALUE_TEXT];
    assert_int_equal(nn_import_cast_values((nn_import_cast){NN_STORE_U64, NN_STORE_I64, false}, 4, wide, to),
                     3);
    assert_true(to[2] == INT64_MAX);
    assert_int_equal(
        nn_import_cast_values((nn_import_cast){NN_STORE_I8, NN_STORE_F32, false}, 4, narrow, reals), -1);
    assert_true(reals[2] == -128.0f && reals[1] == 127.0f);
    assert_int_equal(nn_import_cast_values((nn_import_cast){NN_STORE_I8, NN_STORE_U8, false}, 4, narrow, to),
                     2);
    assert_string_equal(nn_import_value_text(text, NN_STORE_I8, narrow, 2), "-128");
    assert_int_equal(nn_import_value_label(NN_STORE_I8, narrow, 1), 127);
    assert_int_equal(nn_import_value_label(NN_STORE_I8, narrow, 2), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_limits), cmocka_unit_test(test_integers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
