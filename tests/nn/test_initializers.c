/* Every initialiser of the list: values with the stated deviation, each a function of seed and index. */
#include "build.h"

#include <math.h>

#include "nn/initializer.h"

static const nn_random stream = {5, NN_RANDOM_INITIAL, 0};

static nn_parameter make_parameter(const nn_initializer_type *type, int64_t rows, int64_t columns)
{
    return (nn_parameter){.name = "weight",
                          .shape = {2, {rows, columns}},
                          .count = rows * columns,
                          .fan_in = rows,
                          .fan_out = columns,
                          .initializer = type,
                          .gain = 1.25};
}

static nn_real *fill(const nn_parameter *parameter, nn_random from)
{
    nn_real *values;
    expect_ok(NN_ALLOCATE(&values, parameter->count, "values"));
    if (parameter->initializer->fill_whole)
        expect_ok(parameter->initializer->fill_whole(parameter, from, values));
    else
        parameter->initializer->fill(parameter, from, 0, parameter->count, values);
    return values;
}

static void check_moments(const nn_initializer_type *type, int64_t rows, int64_t columns)
{
    nn_parameter parameter = make_parameter(type, rows, columns);
    nn_real *values = fill(&parameter, stream);
    double count = (double)parameter.count, sum = 0, squares = 0, deviation = type->deviation(&parameter);
    for (int64_t i = 0; i < parameter.count; i++) {
        double centred = (double)values[i] - type->mean * parameter.gain;
        sum += centred;
        squares += centred * centred;
    }
    if (fabs(sum / count) > 4 * deviation / sqrt(count)) fail_msg("%s: mean %g", type->name, sum / count);
    if (fabs(sqrt(squares / count) - deviation) > 0.02 * deviation)
        fail_msg("%s: deviation %g, not %g", type->name, sqrt(squares / count), deviation);
    nn_free(values);
}

/* Fails when the values do not have the mean and the deviation that the plug-in states. */
static void test_moments(void **state)
{
    (void)state;
    for (const nn_initializer_type *const *type = nn_initializer_types(NN_SCALAR_REAL); *type; type++) {
        assert_ptr_equal(nn_initializer_find(NN_SCALAR_REAL, (*type)->name), *type);
        assert_true((*type)->summary && (*type)->summary[0]);
        check_moments(*type, 300, 150);
        check_moments(*type, 90, 250);
        check_moments(*type, 120, 120);
    }
    assert_null(nn_initializer_find(NN_SCALAR_REAL, "no such initializer"));
}

/* Fails when a value depends on how the tensor is split or on an earlier call, or not on the stream. */
static void test_function_of_stream_and_index(void **state)
{
    (void)state;
    for (const nn_initializer_type *const *type = nn_initializer_types(NN_SCALAR_REAL); *type; type++) {
        nn_parameter parameter = make_parameter(*type, 40, 30);
        size_t bytes = (size_t)parameter.count * sizeof(nn_real);
        nn_random other = stream;
        other.seed++;
        nn_real *values = fill(&parameter, stream), *again = fill(&parameter, stream),
                *changed = fill(&parameter, other);
        assert_memory_equal(values, again, bytes);
        if ((*type)->deviation(&parameter) > 0) assert_memory_not_equal(values, changed, bytes);
        for (int64_t begin = 0; (*type)->fill && begin < parameter.count; begin += 7) {
            int64_t end = begin + 7 < parameter.count ? begin + 7 : parameter.count;
            (*type)->fill(&parameter, stream, begin, end, changed + begin);
        }
        if ((*type)->fill) assert_memory_equal(values, changed, bytes);
        nn_free(values);
        nn_free(again);
        nn_free(changed);
    }
}

/* The inner product of two rows or two columns. */
static double inner(const nn_real *values, int64_t columns, bool by_column, int64_t a, int64_t b,
                    int64_t length)
{
    double sum = 0;
    for (int64_t i = 0; i < length; i++)
        sum += by_column ? (double)values[i * columns + a] * (double)values[i * columns + b]
                         : (double)values[a * columns + i] * (double)values[b * columns + i];
    return sum;
}

/* Fails when rows or columns, whichever are fewer, are not orthogonal or not of length `gain`. */
static void test_orthogonal(void **state)
{
    (void)state;
    static const int64_t sizes[][2] = {{70, 33}, {33, 70}, {48, 48}, {1, 9}, {9, 1}};
    const double tolerance = IS_DOUBLE ? 1e-14 : 2e-6;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int64_t rows = sizes[i][0], columns = sizes[i][1];
        nn_parameter parameter =
            make_parameter(nn_initializer_find(NN_SCALAR_REAL, "orthogonal"), rows, columns);
        nn_real *values = fill(&parameter, stream);
        int64_t fewer = rows < columns ? rows : columns, more = rows + columns - fewer;
        for (int64_t a = 0; a < fewer; a++)
            for (int64_t b = 0; b <= a; b++) {
                double expected = a == b ? parameter.gain * parameter.gain : 0;
                assert_true(fabs(inner(values, columns, rows > columns, a, b, more) - expected) < tolerance);
            }
        nn_free(values);
    }
}

/* Fails when the deviation is not that of the paper. */
static void test_deviations(void **state)
{
    (void)state;
    nn_parameter parameter = {.count = 300, .fan_in = 50, .fan_out = 22, .gain = sqrt(2.0)};
    assert_true(fabs(nn_initializer_find(NN_SCALAR_REAL, "he")->deviation(&parameter) - 0.2) < 1e-15);
    parameter.gain = 3;
    assert_true(fabs(nn_initializer_find(NN_SCALAR_REAL, "xavier")->deviation(&parameter) - 0.5) < 1e-15);
}

/* Fails when a choice of the option gives another initialiser than its name. */
static void test_choices(void **state)
{
    (void)state;
    assert_string_equal(nn_initializer_choices[0], "auto");
    assert_ptr_equal(nn_initializer_choose(NN_SCALAR_REAL, 0, "xavier"),
                     nn_initializer_find(NN_SCALAR_REAL, "xavier"));
    size_t count = 0;
    for (; nn_initializer_types(NN_SCALAR_REAL)[count]; count++)
        assert_ptr_equal(nn_initializer_choose(NN_SCALAR_REAL, (int)count + 1, "he"),
                         nn_initializer_types(NN_SCALAR_REAL)[count]);
    assert_null(nn_initializer_choices[count + 1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moments),    cmocka_unit_test(test_function_of_stream_and_index),
        cmocka_unit_test(test_orthogonal), cmocka_unit_test(test_deviations),
        cmocka_unit_test(test_choices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
