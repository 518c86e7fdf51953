/*
 * exp, log, tanh, erf and functions built on them: the promised accuracy over all numbers, special values,
 * and the same bits on every instruction set and for every partition of an array.
 */
#include "check.h"

#include "base/hash.h"
#include "tensor/kernels.h"

enum { BLOCK = 4096, ROUNDS = 400 };

/* References with more digits than nn_real: libm's double for float, its long double for double. */
#ifdef NN_REAL_DOUBLE
typedef long double wide;
typedef uint64_t bits;
#define WIDE(function) function##l
#define PRECISION 53
#define LEAST_EXPONENT (-1022)
#define PROMISED_ULPS 4
#else
typedef double wide;
typedef uint32_t bits;
#define WIDE(function) function
#define PRECISION 24
#define LEAST_EXPONENT (-126)
#define PROMISED_ULPS 2
#endif

typedef void (*function_of_array)(int64_t count, const nn_real *x, nn_real *y);

static wide wide_exp(wide x)
{
    return WIDE(exp)(x);
}

static wide wide_log(wide x)
{
    return WIDE(log)(x);
}

static wide wide_tanh(wide x)
{
    return WIDE(tanh)(x);
}

static wide wide_erf(wide x)
{
    return WIDE(erf)(x);
}

static wide wide_sigmoid(wide x)
{
    return 1 / (1 + WIDE(exp)(-x));
}

static wide wide_gelu(wide x)
{
    return x / 2 * WIDE(erfc)(-x / WIDE(sqrt)(2));
}

static wide wide_gelu_slope(wide x)
{
    const wide pi = WIDE(acos)(-1);
    return WIDE(erfc)(-x / WIDE(sqrt)(2)) / 2 + x * WIDE(exp)(-x * x / 2) / WIDE(sqrt)(2 * pi);
}

static wide wide_elu(wide x)
{
    return x > 0 ? x : WIDE(expm1)(x);
}

static wide wide_selu(wide x)
{
    const wide scale = (wide)(nn_real)1.0507009873554805, alpha = (wide)(nn_real)1.6732632423543772;
    return scale * (x > 0 ? x : alpha * WIDE(expm1)(x));
}

static wide wide_silu(wide x)
{
    return isinf(x) && x < 0 ? 0 : x / (1 + WIDE(exp)(-x));
}

static wide wide_softplus(wide x)
{
    return (x > 0 ? x : 0) + WIDE(log1p)(WIDE(exp)(-WIDE(fabs)(x)));
}

static wide wide_hard_tanh(wide x)
{
    return x < -1 ? -1 : x > 1 ? 1 : x;
}

/* Error in units in the last place of the exact result; those of the smallest normal number below it. */
static double error_in_ulps(nn_real value, wide exact)
{
    if (isnan(exact)) return isnan(value) ? 0 : INFINITY;
    if ((nn_real)exact == value) return 0;
    int exponent;
    WIDE(frexp)(exact, &exponent);
    exponent = exponent < LEAST_EXPONENT + 1 ? LEAST_EXPONENT + 1 : exponent;
    double error = (double)WIDE(fabs)(WIDE(ldexp)((wide)value - exact, PRECISION - exponent));
    return isnan(error) ? INFINITY : error;
}

/* Numbers of every kind: all patterns of bits, then numbers of medium size. */
static void fill_patterns(uint64_t block, nn_real *x)
{
    nn_random numbers = {.seed = 3, .purpose = 1, .step = 0};
    for (uint64_t i = 0; i < BLOCK; i++) {
        uint32_t words[4];
        nn_random_words(numbers, block * BLOCK + i, words);
        uint64_t pattern = ((uint64_t)words[0] << 32) | words[1];
        bits narrow = (bits)pattern;
        memcpy(&x[i], &narrow, sizeof(narrow));
    }
}

static void fill_numbers(uint64_t block, nn_real *x)
{
    if (block % 4 == 0) {
        fill_patterns(block, x);
    } else {
        check_fill(100 + (uint32_t)block, ldexp(1, (int)(block % 17) - 8), BLOCK, x);
    }
}

typedef struct accuracy_case {
    const char *name;
    function_of_array function;
    wide (*exact)(wide);
    double ulps;
    int may_flush; /* results below this many of the smallest normal number to 0 */
} accuracy_case;

static const accuracy_case accuracy_cases[] = {
    {"exp", nn_exp, wide_exp, PROMISED_ULPS, 1},
    {"log", nn_log, wide_log, PROMISED_ULPS, 0},
    {"tanh", nn_tanh, wide_tanh, PROMISED_ULPS, 0},
    {"erf", nn_erf, wide_erf, PROMISED_ULPS, 0},
    {"sigmoid", nn_sigmoid, wide_sigmoid, 4, 1},
    {"elu", nn_elu, wide_elu, 4, 1},
    {"selu", nn_selu, wide_selu, 6, 1},
    {"silu", nn_silu, wide_silu, 8, 1024},
    {"softplus", nn_softplus, wide_softplus, 6, 1},
    {"hard tanh", nn_hard_tanh, wide_hard_tanh, 0, 0},
};

#define ACCURACY_CASES (sizeof(accuracy_cases) / sizeof(accuracy_cases[0]))

/* If it fails, the accuracy promised in kernels.h does not hold. */
static void test_accuracy(void **state)
{
    (void)state;
    static nn_real x[BLOCK], y[BLOCK];
    for (size_t c = 0; c < ACCURACY_CASES; c++) {
        const accuracy_case *one = &accuracy_cases[c];
        for (uint64_t block = 0; block < ROUNDS; block++) {
            fill_numbers(block, x);
            one->function(BLOCK, x, y);
            for (int i = 0; i < BLOCK; i++) {
                wide exact = one->exact((wide)x[i]);
                bool tiny = WIDE(fabs)(exact) < WIDE(ldexp)(one->may_flush, LEAST_EXPONENT);
                if (tiny && y[i] == 0) continue;
                double ulps = error_in_ulps(y[i], exact);
                if (!(ulps <= one->ulps)) {
                    fail_msg("%s(%.17g) = %.17g is off by %.3g units", one->name, (double)x[i], (double)y[i],
                             ulps);
                }
            }
        }
    }
}

/* The tail of gelu must not cancel: an error relative to the result, growing as x^2 does in exp(-x^2 / 2). */
static void test_gelu(void **state)
{
    (void)state;
    static nn_real x[BLOCK], y[BLOCK], slope[BLOCK], one[BLOCK];
    for (int i = 0; i < BLOCK; i++) one[i] = 1;
    for (uint32_t round = 0; round < 50; round++) {
        check_fill(round, round % 2 == 0 ? 12 : 1, BLOCK, x);
        nn_gelu(BLOCK, x, y);
        nn_gelu_gradient(BLOCK, x, one, slope);
        for (int i = 0; i < BLOCK; i++) {
            double growth = (4 + (double)x[i] * (double)x[i]) * CHECK_EPSILON;
            double exact = (double)wide_gelu((wide)x[i]);
            check_near((double)y[i], exact, growth * fabs(exact) + 1e-36);
            check_near((double)slope[i], (double)wide_gelu_slope((wide)x[i]), growth);
        }
    }
}

static nn_real value_of(function_of_array function, nn_real x)
{
    nn_real y;
    function(1, &x, &y);
    return y;
}

/* NaN must not be lost; Inf and both zeros must give the mathematical limits. */
static void test_special_values(void **state)
{
    (void)state;
    const nn_real infinity = (nn_real)INFINITY, zero = 0;
    for (size_t c = 0; c < ACCURACY_CASES; c++)
        assert_true(isnan(value_of(accuracy_cases[c].function, (nn_real)NAN)));
    assert_true(isnan(value_of(nn_gelu, (nn_real)NAN)));
    assert_true(isnan(value_of(nn_relu, (nn_real)NAN)));
    assert_true(value_of(nn_exp, infinity) == infinity && value_of(nn_exp, CHECK_LARGEST) == infinity);
    assert_true(value_of(nn_exp, -infinity) == 0 && value_of(nn_exp, -CHECK_LARGEST) == 0);
    assert_true(value_of(nn_exp, 0) == 1 && value_of(nn_exp, -zero) == 1);
    assert_true(value_of(nn_log, 0) == -infinity && value_of(nn_log, -zero) == -infinity);
    assert_true(value_of(nn_log, infinity) == infinity && value_of(nn_log, 1) == 0);
    assert_true(isnan(value_of(nn_log, -1)) && isnan(value_of(nn_log, -infinity)));
    assert_true(value_of(nn_tanh, infinity) == 1 && value_of(nn_tanh, -infinity) == -1);
    assert_true(value_of(nn_erf, infinity) == 1 && value_of(nn_erf, -infinity) == -1);
    assert_true(signbit(value_of(nn_tanh, -zero)) && !signbit(value_of(nn_tanh, 0)));
    assert_true(signbit(value_of(nn_erf, -zero)) && !signbit(value_of(nn_erf, 0)));
    assert_true(value_of(nn_sigmoid, infinity) == 1 && value_of(nn_sigmoid, -infinity) == 0);
    assert_true(value_of(nn_gelu, infinity) == infinity && value_of(nn_gelu, -infinity) == 0);
    assert_true(value_of(nn_gelu, -CHECK_LARGEST) == 0);
}

static void slope_gelu(int64_t count, const nn_real *x, nn_real *y)
{
    nn_gelu_gradient(count, x, x, y);
}

static void slope_tanh(int64_t count, const nn_real *x, nn_real *y)
{
    nn_tanh_gradient(count, x, x, y);
}

static void slope_sigmoid(int64_t count, const nn_real *x, nn_real *y)
{
    nn_sigmoid_gradient(count, x, x, y);
}

static void leaky(int64_t count, const nn_real *x, nn_real *y)
{
    nn_leaky_relu(count, (nn_real)0.1, x, y);
}

static void slope_leaky(int64_t count, const nn_real *x, nn_real *y)
{
    nn_leaky_relu_gradient(count, (nn_real)0.1, x, x, y);
}

static void slope_elu(int64_t count, const nn_real *x, nn_real *y)
{
    nn_elu_gradient(count, x, x, y);
}

static void slope_selu(int64_t count, const nn_real *x, nn_real *y)
{
    nn_selu_gradient(count, x, x, y);
}

static void slope_silu(int64_t count, const nn_real *x, nn_real *y)
{
    nn_silu_gradient(count, x, x, y);
}

static void slope_softplus(int64_t count, const nn_real *x, nn_real *y)
{
    nn_softplus_gradient(count, x, x, y);
}

static void slope_hard_sigmoid(int64_t count, const nn_real *x, nn_real *y)
{
    nn_hard_sigmoid_gradient(count, x, x, y);
}

static void slope_hard_swish(int64_t count, const nn_real *x, nn_real *y)
{
    nn_hard_swish_gradient(count, x, x, y);
}

static void slope_hard_tanh(int64_t count, const nn_real *x, nn_real *y)
{
    nn_hard_tanh_gradient(count, x, x, y);
}

static void slope_relu(int64_t count, const nn_real *x, nn_real *y)
{
    nn_relu_gradient(count, x, x, y);
}

static void doubled(int64_t count, const nn_real *x, nn_real *y)
{
    memcpy(y, x, (size_t)count * sizeof(nn_real));
    nn_add(count, x, y);
}

/* The rows of a square matrix. */
enum { SIDE = 64 };

static void softmax(int64_t count, const nn_real *x, nn_real *y)
{
    nn_softmax_rows(count / SIDE, SIDE, x, y);
}

static void softmax_of_ten(int64_t count, const nn_real *x, nn_real *y)
{
    memset(y, 0, (size_t)count * sizeof(nn_real));
    nn_softmax_rows(count / 10, 10, x, y);
}

static void slope_softmax(int64_t count, const nn_real *x, nn_real *y)
{
    nn_softmax_gradient_rows(count / SIDE, SIDE, x, x, y);
}

static void sum_of_rows(int64_t count, const nn_real *x, nn_real *y)
{
    memset(y, 0, (size_t)count * sizeof(nn_real));
    nn_sum_rows(count / SIDE, SIDE, x, SIDE, false, y);
}

static void plus_bias(int64_t count, const nn_real *x, nn_real *y)
{
    memcpy(y, x, (size_t)count * sizeof(nn_real));
    nn_add_bias(count / SIDE, SIDE, x, y);
}

static void sum_of_squares(int64_t count, const nn_real *x, nn_real *y)
{
    memset(y, 0, (size_t)count * sizeof(nn_real));
    double sum = nn_sum_squares(count - 3, x);
    y[0] = (nn_real)sum;
    y[1] = (nn_real)(sum - (double)y[0]);
}

static void scaled(int64_t count, const nn_real *x, nn_real *y)
{
    memcpy(y, x, (size_t)count * sizeof(nn_real));
    nn_scale(count, (nn_real)0.3, y);
}

/* With the hashes of their results, which are the same on every (little-endian) CPU and with every compiler.
 * After an intended change of the bits, the test reports the new hash: check that all instruction sets agree
 * on it. */
typedef struct bits_case {
    const char *name;
    function_of_array function;
    bool by_element; /* each element of the result depends only on the same element of the input */
    uint64_t hash_float, hash_double;
} bits_case;

static const bits_case bits_cases[] = {
    {"exp", nn_exp, true, UINT64_C(0x7be16b71c73bb603), UINT64_C(0x493690359fb27a48)},
    {"log", nn_log, true, UINT64_C(0x57c790097fd23ab0), UINT64_C(0xe679632b3b528e1c)},
    {"tanh", nn_tanh, true, UINT64_C(0x0ceddb582b012def), UINT64_C(0x69fc6e8aee6b1d22)},
    {"erf", nn_erf, true, UINT64_C(0xf1e7d4a888db72d9), UINT64_C(0xc11caad77cf1e833)},
    {"sigmoid", nn_sigmoid, true, UINT64_C(0x5be786e2010b0fc0), UINT64_C(0x5097884c6ae72b9f)},
    {"gelu", nn_gelu, true, UINT64_C(0x8fc6634321de94de), UINT64_C(0x9ec851ada9cb8ddd)},
    {"relu", nn_relu, true, UINT64_C(0xbdab37c762da8668), UINT64_C(0x8f91c251cdc2fb73)},
    {"leaky relu", leaky, true, UINT64_C(0x01114789dbb76902), UINT64_C(0xc9c405c34d30dd9a)},
    {"gelu gradient", slope_gelu, true, UINT64_C(0xece6e66e2c60602c), UINT64_C(0xbc67c0460228cb00)},
    {"tanh gradient", slope_tanh, true, UINT64_C(0x5143a0c6abafb88e), UINT64_C(0x937100aa66330a7b)},
    {"sigmoid gradient", slope_sigmoid, true, UINT64_C(0x7ae3c4a292e6d854), UINT64_C(0x557d569551af46ee)},
    {"relu gradient", slope_relu, true, UINT64_C(0xbdab37c762da8668), UINT64_C(0x8f91c251cdc2fb73)},
    {"leaky relu gradient", slope_leaky, true, UINT64_C(0x01114789dbb76902), UINT64_C(0xc9c405c34d30dd9a)},
    {"elu", nn_elu, true, UINT64_C(0x1071d5e29ad3a395), UINT64_C(0xced46cad4a8220ae)},
    {"elu gradient", slope_elu, true, UINT64_C(0xb59d7ee4a8bebe32), UINT64_C(0xaa7e59884c9286a9)},
    {"selu", nn_selu, true, UINT64_C(0xc5a43ccca213186e), UINT64_C(0xf6958242860c0bae)},
    {"selu gradient", slope_selu, true, UINT64_C(0x11ba5da601bf304d), UINT64_C(0x695a638d9478fd3b)},
    {"silu", nn_silu, true, UINT64_C(0xd802c0cf14cf8a30), UINT64_C(0xe13b06b0c4609ecf)},
    {"silu gradient", slope_silu, true, UINT64_C(0xe415c880403f0ce2), UINT64_C(0x806a3da94df06c5c)},
    {"softplus", nn_softplus, true, UINT64_C(0xe88b34ba60b056b0), UINT64_C(0xe0417bcd3acebe7e)},
    {"softplus gradient", slope_softplus, true, UINT64_C(0xd802c0cf14cf8a30), UINT64_C(0xe13b06b0c4609ecf)},
    {"hard_sigmoid", nn_hard_sigmoid, true, UINT64_C(0x3e1dece921c1ed22), UINT64_C(0xc04d582a17d7ed8c)},
    {"hard_sigmoid gradient", slope_hard_sigmoid, true, UINT64_C(0x18c777aa196f7b6a),
     UINT64_C(0x8ebf6e7975d72e77)},
    {"hard_swish", nn_hard_swish, true, UINT64_C(0xf2007e45da52312f), UINT64_C(0xcb475a41363fa35e)},
    {"hard_swish gradient", slope_hard_swish, true, UINT64_C(0x3a75befb5150ad76),
     UINT64_C(0xdb0b679648f77765)},
    {"hard_tanh", nn_hard_tanh, true, UINT64_C(0x9bfcae221aca8d6e), UINT64_C(0xa1687037899b794b)},
    {"hard_tanh gradient", slope_hard_tanh, true, UINT64_C(0x4b93c7833ecc0b4d), UINT64_C(0x87012a6045140caa)},
    {"add", doubled, true, UINT64_C(0x647b0745ea0e078a), UINT64_C(0xf7a62645f2fc8d2c)},
    {"scale", scaled, true, UINT64_C(0xe6af709f9c3986db), UINT64_C(0x71efab4bfe3fab58)},
    {"add bias", plus_bias, false, UINT64_C(0xc97039dd2238dbbe), UINT64_C(0x560c17c946d6b155)},
    {"softmax", softmax, false, UINT64_C(0xe8e2f725f3e72e33), UINT64_C(0x6c860821741ccca4)},
    {"softmax of ten", softmax_of_ten, false, UINT64_C(0xc1b161006ea8645b), UINT64_C(0x72950623f9efe79f)},
    {"softmax gradient", slope_softmax, false, UINT64_C(0x7c47005114a9ef39), UINT64_C(0x34669898870b6120)},
    {"sum of rows", sum_of_rows, false, UINT64_C(0xa24092b267198085), UINT64_C(0xd6674adbf2f235b4)},
    {"sum of squares", sum_of_squares, false, UINT64_C(0x25c16ab762848836), UINT64_C(0x057fe418778d9125)},
};

#define BITS_CASES (sizeof(bits_cases) / sizeof(bits_cases[0]))

/* If it fails, a sample's result depends on its place in a batch, or on how work is distributed. */
static void test_cuts(void **state)
{
    (void)state;
    enum { LONGEST = 200, SHIFTS = 16 };
    static nn_real x[LONGEST + SHIFTS], whole[LONGEST], cut[LONGEST + SHIFTS];
    for (size_t c = 0; c < BITS_CASES; c++) {
        if (!bits_cases[c].by_element) continue;
        for (uint64_t round = 0; round < 200; round++) {
            nn_real *from = x + check_number(1, round, SHIFTS);
            nn_real *to = cut + check_number(2, round, SHIFTS);
            int64_t count = 1 + check_number(3, round, LONGEST);
            int64_t at = check_number(4, round, count);
            check_fill(1000 + (uint32_t)round, 6, count, from);
            bits_cases[c].function(count, from, whole);
            bits_cases[c].function(at, from, to);
            bits_cases[c].function(count - at, from + at, to + at);
            check_same_bits(count, whole, to);
            if (bits_cases[c].function == doubled || bits_cases[c].function == scaled) continue;
            bits_cases[c].function(count, from, from);
            check_same_bits(count, whole, from);
        }
    }
}

/* NaN is excluded: its bits are not defined. */
static uint64_t hash_of(function_of_array function)
{
    static nn_real x[BLOCK], y[BLOCK];
    uint64_t hash = 0;
    for (uint64_t block = 0; block < 100; block++) {
        fill_numbers(block, x);
        function(BLOCK, x, y);
        for (int i = 0; i < BLOCK; i++) y[i] = isnan(y[i]) ? 0 : y[i];
        hash = nn_hash(y, sizeof(y), hash);
    }
    return hash;
}

/* If it fails, two nodes with different CPUs, or two builds, train different weights. */
static void test_instruction_sets(void **state)
{
    (void)state;
    for (size_t c = 0; c < BITS_CASES; c++) {
        uint64_t hash = hash_of(bits_cases[c].function);
        uint64_t expected = sizeof(nn_real) == 8 ? bits_cases[c].hash_double : bits_cases[c].hash_float;
        if (hash != expected) {
            fail_msg("%s gives other bits: hash 0x%016llx", bits_cases[c].name, (unsigned long long)hash);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accuracy),         cmocka_unit_test(test_gelu),
        cmocka_unit_test(test_special_values),   cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_instruction_sets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
