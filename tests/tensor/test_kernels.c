/* The kernels that are exact or are sums, against plain implementations of their definitions. */
#include "check.h"

#include "tensor/kernels.h"
#include "tensor/kernels_dropout.h"

enum { MANY = 700 };

/* Lengths around the widths of vectors and of the groups used in the kernels. */
static const int64_t lengths[] = {0,  1,  2,  7,   8,   10,  15,  16,  17,  31, 32,
                                  33, 63, 64, 100, 255, 256, 257, 512, 513, 700};

#define LENGTHS (sizeof(lengths) / sizeof(lengths[0]))

static void test_add_and_scale(void **state)
{
    (void)state;
    nn_real a[MANY], sum[MANY], expected[MANY];
    for (size_t l = 0; l < LENGTHS; l++) {
        check_fill(1, 3, MANY, a);
        check_fill(2, 3, MANY, sum);
        memcpy(expected, sum, sizeof(sum));
        for (int64_t i = 0; i < lengths[l]; i++) expected[i] = expected[i] + a[i];
        nn_add(lengths[l], a, sum);
        check_same_bits(MANY, sum, expected);
        for (int64_t i = 0; i < lengths[l]; i++) expected[i] = expected[i] * (nn_real)0.7;
        nn_scale(lengths[l], (nn_real)0.7, sum);
        check_same_bits(MANY, sum, expected);
        for (int64_t i = 0; i < lengths[l]; i++) expected[i] = expected[i] * a[i];
        nn_multiply(lengths[l], a, sum);
        check_same_bits(MANY, sum, expected);
    }
}

static void test_clip_and_blend(void **state)
{
    (void)state;
    nn_real values[MANY], average[MANY], expected[MANY];
    const nn_real kept = (nn_real)0.7, taken = (nn_real)(1.0 - 0.7);
    for (size_t l = 0; l < LENGTHS; l++) {
        check_fill(1, 3, MANY, values);
        check_fill(2, 3, MANY, average);
        memcpy(expected, average, sizeof(average));
        for (int64_t i = 0; i < lengths[l]; i++) expected[i] = kept * expected[i] + taken * values[i];
        nn_blend(lengths[l], 0.7, values, average);
        check_same_bits(MANY, average, expected);
        memcpy(expected, values, sizeof(values));
        for (int64_t i = 0; i < lengths[l]; i++)
            if (expected[i] > 1 || expected[i] < -1) expected[i] = expected[i] > 0 ? 1 : -1;
        nn_clip(lengths[l], 1, values);
        check_same_bits(MANY, values, expected);
    }
    values[0] = (nn_real)NAN;
    values[1] = -(nn_real)INFINITY;
    nn_clip(2, (nn_real)0.5, values);
    assert_true(isnan(values[0]) && values[1] == (nn_real)-0.5);
}

static void test_add_bias(void **state)
{
    (void)state;
    enum { ROWS = 3 };
    static nn_real matrix[ROWS * MANY], expected[ROWS * MANY], bias[MANY];
    for (size_t l = 0; l < LENGTHS; l++) {
        int64_t columns = lengths[l];
        check_fill(3, 3, (int64_t)ROWS * MANY, matrix);
        check_fill(4, 3, MANY, bias);
        memcpy(expected, matrix, sizeof(matrix));
        for (int64_t i = 0; i < ROWS * columns; i++) expected[i] = expected[i] + bias[i % columns];
        nn_add_bias(ROWS, columns, bias, matrix);
        check_same_bits((int64_t)ROWS * MANY, matrix, expected);
    }
}

/* The order of the additions is part of the contract: other bits would be another order. */
static void test_sum_rows(void **state)
{
    (void)state;
    enum { ROWS = 37, PADDING = 3 };
    static nn_real matrix[ROWS * (MANY + PADDING)], sums[MANY], expected[MANY];
    check_fill(5, 3, (int64_t)ROWS * (MANY + PADDING), matrix);
    for (size_t l = 0; l < 2 * LENGTHS; l++) {
        int64_t columns = lengths[l / 2];
        bool accumulate = l % 2 != 0;
        check_fill(6, 3, MANY, sums);
        memcpy(expected, sums, sizeof(sums));
        for (int64_t column = 0; column < columns; column++) {
            nn_real total = 0;
            for (int64_t row = 0; row < ROWS; row++)
                total = total + matrix[row * (columns + PADDING) + column];
            expected[column] = accumulate ? expected[column] + total : total;
        }
        nn_sum_rows(ROWS, columns, matrix, columns + PADDING, accumulate, sums);
        check_same_bits(MANY, sums, expected);
    }
    nn_sum_rows(0, MANY, matrix, MANY, false, sums);
    for (int i = 0; i < MANY; i++) assert_true(sums[i] == 0);
}

static void test_sum_squares(void **state)
{
    (void)state;
    enum { SHIFTS = 9 };
    nn_real values[MANY + SHIFTS];
    for (size_t l = 0; l < LENGTHS; l++) {
        check_fill(7, 3, MANY, values);
        long double exact = 0;
        for (int64_t i = 0; i < lengths[l]; i++) exact += (long double)values[i] * (long double)values[i];
        double sum = nn_sum_squares(lengths[l], values);
        check_near(sum, (double)exact, 1e-13 * (double)exact);
        for (int64_t shift = 1; shift < SHIFTS; shift++) {
            check_fill(7, 3, MANY, values + shift);
            assert_true(nn_sum_squares(lengths[l], values + shift) == sum);
        }
    }
}

/* A single bad value anywhere must be detected: it would spoil the weights. */
static void test_not_finite(void **state)
{
    (void)state;
    enum { LONG = 9000 };
    static nn_real values[LONG];
    static const int64_t places[] = {0, 1, 15, 16, 40, 4094, 4095, 4096, 4097, 8191, 8192, 8998, 8999};
    check_fill(8, 3, LONG, values);
    values[17] = CHECK_LARGEST;
    values[18] = -CHECK_LARGEST;
    assert_true(nn_all_finite(LONG, values));
    assert_true(nn_all_finite(0, values));
    values[17] = values[18] = 0;
    for (size_t p = 0; p < sizeof(places) / sizeof(places[0]); p++) {
        nn_real good = values[places[p]];
        values[places[p]] = (nn_real)NAN;
        assert_false(nn_all_finite(LONG, values));
        assert_true(isnan(nn_sum_squares(LONG, values)));
        values[places[p]] = (nn_real)-INFINITY;
        assert_false(nn_all_finite(LONG, values));
        assert_true(isinf(nn_sum_squares(LONG, values)));
        assert_true(nn_all_finite(places[p], values));
        values[places[p]] = good;
    }
}

/* max(x, 0) and its leaky form, and dy passed on where the output is positive. */
static void test_relu(void **state)
{
    (void)state;
    nn_real x[MANY], y[MANY], dy[MANY], dx[MANY];
    const nn_real slope = (nn_real)0.25;
    check_fill(9, 3, MANY, x);
    check_fill(10, 3, MANY, dy);
    x[3] = 0;
    nn_relu(MANY, x, y);
    nn_relu_gradient(MANY, y, dy, dx);
    for (int i = 0; i < MANY; i++) {
        assert_true(y[i] == (x[i] > 0 ? x[i] : 0));
        assert_true(dx[i] == (x[i] > 0 ? dy[i] : 0));
    }
    nn_leaky_relu(MANY, slope, x, y);
    nn_leaky_relu_gradient(MANY, slope, y, dy, dx);
    for (int i = 0; i < MANY; i++) {
        assert_true(y[i] == (x[i] > 0 ? x[i] : slope * x[i]));
        assert_true(dx[i] == (x[i] > 0 ? dy[i] : slope * dy[i]));
    }
}

static void test_gradients_from_output(void **state)
{
    (void)state;
    nn_real y[MANY], dy[MANY], dx[MANY];
    check_fill(11, 1, MANY, y);
    check_fill(12, 3, MANY, dy);
    nn_tanh_gradient(MANY, y, dy, dx);
    for (int i = 0; i < MANY; i++) {
        double exact = (double)dy[i] * (1 - (double)y[i] * (double)y[i]);
        check_near((double)dx[i], exact, 4 * CHECK_EPSILON * fabs((double)dy[i]));
    }
    nn_sigmoid_gradient(MANY, y, dy, dx);
    for (int i = 0; i < MANY; i++) {
        double exact = (double)dy[i] * (double)y[i] * (1 - (double)y[i]);
        check_near((double)dx[i], exact, 4 * CHECK_EPSILON * fabs(exact));
    }
}

static void plain_softmax(int64_t columns, const nn_real *x, double *y)
{
    double maximum = (double)x[0], sum = 0;
    for (int64_t i = 1; i < columns; i++) maximum = (double)x[i] > maximum ? (double)x[i] : maximum;
    for (int64_t i = 0; i < columns; i++) sum += exp((double)x[i] - maximum);
    for (int64_t i = 0; i < columns; i++) y[i] = exp((double)x[i] - maximum) / sum;
}

/* Also: a row's result must not depend on neighbouring rows, nor on working in place. */
static void test_softmax(void **state)
{
    (void)state;
    enum { ROWS = 5 };
    static nn_real x[ROWS * MANY], y[ROWS * MANY], alone[MANY];
    double expected[MANY];
    for (size_t l = 1; l < LENGTHS; l++) {
        int64_t columns = lengths[l];
        check_fill(13, 20, ROWS * columns, x);
        nn_softmax_rows(ROWS, columns, x, y);
        for (int64_t row = 0; row < ROWS; row++) {
            plain_softmax(columns, x + row * columns, expected);
            for (int64_t i = 0; i < columns; i++) {
                double tolerance = 50 * CHECK_EPSILON * expected[i] + 1e-37;
                check_near((double)y[row * columns + i], expected[i], tolerance);
            }
            nn_softmax_rows(1, columns, x + row * columns, alone);
            check_same_bits(columns, alone, y + row * columns);
        }
        nn_softmax_rows(ROWS, columns, x, x);
        check_same_bits(ROWS * columns, x, y);
    }
}

static void test_softmax_limits(void **state)
{
    (void)state;
    enum { COLUMNS = 3 };
    nn_real x[4 * COLUMNS] = {
        CHECK_LARGEST, 0, -CHECK_LARGEST, (nn_real)-INFINITY, 1, 1, 0, 0, (nn_real)NAN, 5, 5, 5};
    nn_real y[4 * COLUMNS];
    nn_softmax_rows(4, COLUMNS, x, y);
    assert_true(y[0] == 1 && y[1] == 0 && y[2] == 0);
    assert_true(y[3] == 0 && y[4] == (nn_real)0.5 && y[5] == (nn_real)0.5);
    assert_true(isnan(y[6]) && isnan(y[7]) && isnan(y[8]));
    check_near((double)y[9], 1.0 / 3, CHECK_EPSILON);
}

static void test_softmax_gradient(void **state)
{
    (void)state;
    enum { ROWS = 3 };
    static nn_real y[ROWS * MANY], dy[ROWS * MANY], dx[ROWS * MANY];
    for (size_t l = 1; l < LENGTHS; l++) {
        int64_t columns = lengths[l];
        check_fill(14, 2, ROWS * columns, y);
        check_fill(15, 3, ROWS * columns, dy);
        nn_softmax_rows(ROWS, columns, y, y);
        nn_softmax_gradient_rows(ROWS, columns, y, dy, dx);
        for (int64_t row = 0; row < ROWS; row++) {
            const nn_real *y_row = y + row * columns, *dy_row = dy + row * columns;
            double mean = 0;
            for (int64_t i = 0; i < columns; i++) mean += (double)y_row[i] * (double)dy_row[i];
            for (int64_t i = 0; i < columns; i++) {
                double exact = (double)y_row[i] * ((double)dy_row[i] - mean);
                check_near((double)dx[row * columns + i], exact, 8 * CHECK_EPSILON * (double)y_row[i]);
            }
        }
    }
}

/* Fails when the dropped values differ from those of the scalar generator, or depend on where a call
 * starts. */
static void test_dropout_factors(void **state)
{
    (void)state;
    static const uint64_t begins[] = {0, 1, 4, 127, 1000, (UINT64_C(1) << 34) - 6};
    const nn_random stream = {UINT64_C(0x123456789abcdef0), 77, 5};
    nn_real factors[MANY];
    for (size_t b = 0; b < sizeof begins / sizeof *begins; b++)
        for (size_t l = 0; l < LENGTHS; l++) {
            nn_dropout_factors(stream, 0.3, begins[b], lengths[l], factors);
            for (int64_t i = 0; i < lengths[l]; i++) {
                uint32_t words[4];
                uint64_t number = begins[b] + (uint64_t)i;
                nn_random_words(stream, number / 4, words);
                bool dropped = words[number % 4] < (uint32_t)(0.3 * 0x1p32);
                assert_true(factors[i] == (dropped ? 0 : (nn_real)(1 / 0.7)));
            }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add_and_scale),
        cmocka_unit_test(test_clip_and_blend),
        cmocka_unit_test(test_add_bias),
        cmocka_unit_test(test_sum_rows),
        cmocka_unit_test(test_sum_squares),
        cmocka_unit_test(test_not_finite),
        cmocka_unit_test(test_relu),
        cmocka_unit_test(test_gradients_from_output),
        cmocka_unit_test(test_softmax),
        cmocka_unit_test(test_softmax_limits),
        cmocka_unit_test(test_softmax_gradient),
        cmocka_unit_test(test_dropout_factors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
