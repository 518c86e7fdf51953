/* Rounding to bfloat16, and its two bytes, against the definition in double precision: for every bfloat16 and
 * what lies around it. */
#include "check.h"

#include "tensor/kernels_bfloat.h"

enum { HALVES = 1 << 16 };

/* What follows the 16 bits of a bfloat16: it is next to a value, or next to the middle between two. */
static const uint32_t tails[] = {0, 1, 0x7fff, 0x8000, 0x8001, 0xffff};

#define TAILS ((uint32_t)(sizeof(tails) / sizeof(tails[0])))

static float from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint32_t to_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* 8 bits, but no unit below 2^-133. */
static float define_rounding(float value)
{
    int exponent;
    (void)frexp((double)value, &exponent);
    double unit = ldexp(1, (exponent < -125 ? -125 : exponent) - 8);
    double rounded = nearbyint((double)value / unit) * unit;
    return fabs(rounded) >= 0x1p128 ? copysignf(INFINITY, value) : copysignf((float)rounded, value);
}

static void test_every_value(void **state)
{
    (void)state;
    static float values[HALVES * TAILS];
    for (uint32_t i = 0; i < HALVES * TAILS; i++) values[i] = from_bits(i / TAILS << 16 | tails[i % TAILS]);
    nn_bfloat_round_all(HALVES * TAILS, values);
    for (uint32_t i = 0; i < HALVES * TAILS; i++) {
        float before = from_bits(i / TAILS << 16 | tails[i % TAILS]);
        if (isnan(before)) {
            assert_true(isnan(values[i]) && (to_bits(values[i]) & 0xffff) == 0);
        } else {
            float expected = isinf(before) ? before : define_rounding(before);
            if (to_bits(values[i]) != to_bits(expected))
                fail_msg("%a becomes %a, not %a", (double)before, (double)values[i], (double)expected);
        }
    }
}

/* Denormals are kept, and so are the signs of zeros. */
static void test_denormals(void **state)
{
    (void)state;
    float values[] = {0x1p-149f, 0x1p-134f, 0x1.8p-133f, -0x1p-133f, -0x1p-140f, -0.0f, 0x1.fffffep+127f};
    const float expected[] = {0, 0, 0x1p-132f, -0x1p-133f, -0.0f, -0.0f, INFINITY};
    nn_bfloat_round_all(7, values);
    assert_memory_equal(values, expected, sizeof values);
}

static void test_bytes(void **state)
{
    (void)state;
    static float values[HALVES];
    static uint16_t halves[HALVES], again[HALVES];
    for (uint32_t i = 0; i < HALVES; i++) halves[i] = (uint16_t)i;
    nn_bfloat_widen(HALVES, halves, values);
    for (uint32_t i = 0; i < HALVES; i++) assert_int_equal(to_bits(values[i]), i << 16);
    nn_bfloat_narrow(HALVES, values, again);
    assert_memory_equal(again, halves, sizeof halves);
}

/* An element does not depend on where an array starts or ends, and nothing else is written. */
static void test_parts(void **state)
{
    (void)state;
    enum { MANY = 200 };
    float values[MANY], whole[MANY], part[MANY];
    uint16_t halves[MANY], bytes[MANY];
    for (int i = 0; i < MANY; i++)
        values[i] = whole[i] = from_bits((uint32_t)check_number(1, (uint64_t)i, INT64_C(1) << 32));
    nn_bfloat_round_all(MANY, whole);
    nn_bfloat_narrow(MANY, whole, halves);
    for (int begin = 0; begin < 20; begin++)
        for (int end = begin; end < MANY; end += 7) {
            memcpy(part, values, sizeof values);
            nn_bfloat_round_all(end - begin, part + begin);
            assert_memory_equal(part, values, (size_t)begin * 4);
            if (end > begin) assert_memory_equal(part + begin, whole + begin, (size_t)(end - begin) * 4);
            assert_memory_equal(part + end, values + end, (size_t)(MANY - end) * 4);
            memset(bytes, 0x55, sizeof bytes);
            nn_bfloat_narrow(end - begin, whole + begin, bytes + begin);
            if (end > begin) assert_memory_equal(bytes + begin, halves + begin, (size_t)(end - begin) * 2);
            assert_true(bytes[end] == 0x5555 && (begin == 0 || bytes[begin - 1] == 0x5555));
            memset(part, 0x55, sizeof part);
            nn_bfloat_widen(end - begin, halves + begin, part + begin);
            if (end > begin) assert_memory_equal(part + begin, whole + begin, (size_t)(end - begin) * 4);
            assert_true(to_bits(part[end]) == 0x55555555);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_value),
        cmocka_unit_test(test_denormals),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
