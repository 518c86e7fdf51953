/* Every listed transform is documented, depends on (seed, epoch, sample) only, and does what its paper says.
 */
#include "transforms.h"

#define SIDE 8
#define CHANNELS 3
#define VALUES (SIDE * SIDE * CHANNELS)

static const nn_shape image = {3, {SIDE, SIDE, CHANNELS}};

/* ---- the list ---- */

/* Fails when a transform is undocumented, or its example in help is refused. */
static void test_documented(void **state)
{
    (void)state;
    for (const nn_transform_type *const *type = nn_transform_types(); *type; type++) {
        assert_ptr_equal(nn_transform_types()[nn_transform_find((*type)->name)], *type);
        assert_true((*type)->summary[0]);
        assert_int_equal(strncmp((*type)->example, (*type)->name, strlen((*type)->name)), 0);
        assert_true(!(*type)->apply != !(*type)->mix);
        for (const nn_option *option = (*type)->options; option->name; option++)
            assert_true(option->help && option->help[0]);
        nn_augment augment = read_example(*type);
        assert_int_equal(augment.count, 1);
        assert_ptr_equal(nn_transform_types()[augment.transforms[0].type], *type);
        expect_ok(nn_augment_check(&augment, image, true));
        nn_augment_release(&augment);
    }
    assert_int_equal(nn_transform_find("no such transform"), -1);
}

/* Fails when a sample depends on earlier samples, or on the address of its values. */
static void check_pure(const nn_augment *augment, int64_t epoch, int64_t sample)
{
    nn_real first[VALUES], again[VALUES + 1], other[VALUES], scratch[VALUES];
    run_list(augment, image, epoch, sample, first);
    run_list(augment, image, epoch + 1, sample + 5, other);
    fill_numbers(VALUES, again + 1);
    for (int i = 0; i < VALUES; i++) scratch[i] = (nn_real)NAN;
    nn_augment_sample(augment, SEED, epoch, sample, image, again + 1, scratch);
    assert_memory_equal(first, again + 1, sizeof first);
    for (int i = 0; i < VALUES; i++) assert_true(isfinite(first[i]));
}

/* How many of 32 samples differ from the one before. */
static int count_changes(const nn_augment *augment, bool by_epoch, bool by_seed)
{
    nn_real last[VALUES] = {0}, values[VALUES], scratch[VALUES];
    int changes = 0;
    for (int i = 0; i < 32; i++) {
        fill_numbers(VALUES, values);
        nn_augment_sample(augment, by_seed ? (uint64_t)i : SEED, by_epoch ? i : 0,
                          by_epoch || by_seed ? 7 : i, image, values, scratch);
        changes += memcmp(values, last, sizeof values) != 0;
        memcpy(last, values, sizeof last);
    }
    return changes;
}

/* Fails when a transform depends on anything but seed, epoch and sample, or not on each of them. */
static void test_function_of_sample(void **state)
{
    (void)state;
    for (const nn_transform_type *const *type = nn_transform_types(); *type; type++) {
        if (!(*type)->apply) continue;
        nn_augment augment = read_example(*type);
        for (int64_t i = 0; i < 20; i++) check_pure(&augment, i % 3, i * i);
        assert_true(count_changes(&augment, false, false) > 8);
        assert_true(count_changes(&augment, true, false) > 8);
        assert_true(count_changes(&augment, false, true) > 8);
        nn_augment_release(&augment);
    }
}

/* ---- images ---- */

/* The value that run_list puts at a place, 0 outside. */
static nn_real number_at(int64_t y, int64_t x, int64_t c)
{
    if (y < 0 || x < 0 || y >= SIDE || x >= SIDE) return 0;
    return (nn_real)((y * SIDE + x) * CHANNELS + c + 1);
}

static void run_image(const char *yaml, int64_t sample, nn_real *values)
{
    nn_augment augment = read_list(yaml);
    expect_ok(nn_augment_check(&augment, image, true));
    run_list(&augment, image, 0, sample, values);
    nn_augment_release(&augment);
}

/* Fails when a flip exchanges columns or colours wrongly. */
static void test_flip(void **state)
{
    (void)state;
    nn_real values[VALUES], numbers[VALUES];
    fill_numbers(VALUES, numbers);
    run_image("[flip: 1]", 0, values);
    for (int i = 0; i < VALUES; i++)
        assert_true(values[i] ==
                    number_at(i / CHANNELS / SIDE, SIDE - 1 - i / CHANNELS % SIDE, i % CHANNELS));
    run_image("[flip: {probability: 0, vertical: 1}]", 0, values);
    for (int i = 0; i < VALUES; i++)
        assert_true(values[i] ==
                    number_at(SIDE - 1 - i / CHANNELS / SIDE, i / CHANNELS % SIDE, i % CHANNELS));
    run_image("[flip: {probability: 1, vertical: 1}, flip: {probability: 1, vertical: 1}]", 0, values);
    assert_memory_equal(values, numbers, sizeof values);
    run_image("[flip: 0]", 0, values);
    assert_memory_equal(values, numbers, sizeof values);
}

/* Fails when images of an odd width, or without channels, lose a column. */
static void test_flip_without_channels(void **state)
{
    (void)state;
    nn_augment augment = read_list("[flip: {probability: 1, vertical: 1}]");
    nn_real values[15];
    run_list(&augment, (nn_shape){2, {3, 5}}, 0, 0, values);
    for (int i = 0; i < 15; i++) assert_true(values[i] == (nn_real)(15 - i));
    nn_augment_release(&augment);
}

/* Fails when flips are too frequent or too rare. */
static void test_flip_probability(void **state)
{
    (void)state;
    nn_augment augment = read_list("[flip: 0.3]");
    int flipped = 0;
    for (int i = 0; i < 10000; i++) {
        nn_real values[2];
        run_list(&augment, (nn_shape){2, {1, 2}}, 0, i, values);
        flipped += values[0] == 2;
    }
    assert_in_range(flipped, 2860, 3140); /* 3 deviations */
    nn_augment_release(&augment);
}

/* Finds how far the image was shifted, and checks that all of it was, with zeros in the gap. */
static void find_shift(const nn_real *values, int64_t most, int64_t found[2])
{
    for (int64_t down = -most; down <= most; down++)
        for (int64_t right = -most; right <= most; right++) {
            bool fits = true;
            for (int i = 0; i < VALUES && fits; i++)
                fits = values[i] ==
                       number_at(i / CHANNELS / SIDE - down, i / CHANNELS % SIDE - right, i % CHANNELS);
            found[0] = down;
            found[1] = right;
            if (fits) return;
        }
    fail_msg("this image is not a shift by up to %lld pixels", (long long)most);
}

/* Fails when a shift is too large, some shift never occurs, or anything but zeros moves in. */
static void check_shift(const char *yaml, int64_t most)
{
    int seen[2 * SIDE + 1][2 * SIDE + 1] = {0};
    int64_t found[2], width = 2 * most + 1;
    for (int i = 0; i < 100 * width * width; i++) {
        nn_real values[VALUES];
        run_image(yaml, i, values);
        find_shift(values, most, found);
        seen[found[0] + most][found[1] + most]++;
    }
    for (int64_t y = 0; y < width; y++)
        for (int64_t x = 0; x < width; x++) assert_in_range(seen[y][x], 60, 140); /* 4 deviations */
}

static void test_shift(void **state)
{
    (void)state;
    nn_real values[VALUES], numbers[VALUES];
    check_shift("[shift: 2]", 2);
    check_shift("[crop: {padding: 1}]", 1);
    fill_numbers(VALUES, numbers);
    run_image("[shift: 0, crop: 0]", 3, values);
    assert_memory_equal(values, numbers, sizeof values);
}

/* Fails when rotation by 0 changes an image, corners keep values, or the centre moves. */
static void test_rotation(void **state)
{
    (void)state;
    nn_real values[VALUES], numbers[VALUES];
    fill_numbers(VALUES, numbers);
    run_image("[rotation: 0]", 3, values);
    assert_memory_equal(values, numbers, sizeof values);
    for (int sample = 0; sample < 20; sample++) {
        nn_augment augment = read_list("[rotation: 20]");
        nn_real odd[81];
        run_list(&augment, (nn_shape){2, {9, 9}}, 0, sample, odd);
        assert_true(fabs((double)odd[40] - 41) < TOLERANCE);
        nn_augment_release(&augment);
    }
}

/* Fails when the angle is not the one drawn. A linear image stays linear inside when rotated: the numbers 1,
 * 2, ... rise by 9 per row and 1 per column, and their rotated slopes give the angle. */
static void test_rotation_angle(void **state)
{
    (void)state;
    nn_augment augment = read_list("[rotation: 30]");
    double least = 0, largest = 0;
    for (int sample = 0; sample < 200; sample++) {
        nn_real odd[81];
        run_list(&augment, (nn_shape){2, {9, 9}}, 0, sample, odd);
        double by_row = (double)odd[49] - (double)odd[40], by_column = (double)odd[41] - (double)odd[40];
        double angle = (atan2(by_column, by_row) - atan2(1, 9)) * 180 / 3.14159265358979323846;
        assert_true(fabs(hypot(by_row, by_column) - hypot(9, 1)) < 10 * TOLERANCE);
        assert_true(fabs((double)odd[39] + (double)odd[41] - 82) < 10 * TOLERANCE);
        least = fmin(least, angle);
        largest = fmax(largest, angle);
    }
    assert_true(least > -30.001 && least < -28 && largest < 30.001 && largest > 28);
    nn_augment_release(&augment);
}

/* Fails when the hole is not a square of the given size, clipped to the image, or other values change. */
static void test_cutout(void **state)
{
    (void)state;
    int whole = 0, corners = 0;
    for (int sample = 0; sample < 400; sample++) {
        nn_real values[VALUES];
        run_image("[cutout: 4]", sample, values);
        int64_t top = SIDE, left = SIDE, bottom = -1, right = -1, zeros = 0;
        for (int i = 0; i < VALUES; i++) {
            int64_t y = i / CHANNELS / SIDE, x = i / CHANNELS % SIDE;
            if (values[i] != 0) {
                assert_true(values[i] == number_at(y, x, i % CHANNELS));
                continue;
            }
            zeros++;
            top = y < top ? y : top, bottom = y > bottom ? y : bottom;
            left = x < left ? x : left, right = x > right ? x : right;
        }
        int64_t rows = bottom - top + 1, columns = right - left + 1;
        assert_int_equal(zeros, rows * columns * CHANNELS);
        assert_true(rows == 4 || (rows >= 2 && rows < 4 && (top == 0 || bottom == SIDE - 1)));
        assert_true(columns == 4 || (columns >= 2 && columns < 4 && (left == 0 || right == SIDE - 1)));
        whole += zeros == 16 * CHANNELS;
        corners += values[0] == 0;
    }
    assert_in_range(whole, 110, 202); /* 25 of 64, 5 deviations */
    assert_in_range(corners, 25, 90); /* 9 of 64 */
}

/* ---- values ---- */

static double mean_of(int64_t count, const nn_real *values)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++) sum += (double)values[i];
    return sum / (double)count;
}

/* Fails when contrast changes the mean, brightness changes distances, or either exceeds its limits. */
static void test_brightness_contrast(void **state)
{
    (void)state;
    const double mean = (1 + VALUES) / 2.0;
    double most = 0, factors[2] = {1, 1};
    for (int sample = 0; sample < 300; sample++) {
        nn_real values[VALUES];
        run_image("[brightness_contrast: {brightness: 3, contrast: 0}]", sample, values);
        double added = mean_of(VALUES, values) - mean;
        for (int i = 0; i < VALUES; i++)
            assert_true(fabs((double)values[i] - (i + 1) - added) < 100 * TOLERANCE);
        assert_true(fabs(added) < 3.001);
        most = fmax(most, fabs(added));
        run_image("[brightness_contrast: {brightness: 0, contrast: 0.5}]", sample, values);
        assert_true(fabs(mean_of(VALUES, values) - mean) < 100 * TOLERANCE);
        double factor = ((double)values[VALUES - 1] - (double)values[0]) / (VALUES - 1);
        factors[0] = fmin(factors[0], factor);
        factors[1] = fmax(factors[1], factor);
    }
    assert_true(most > 2.9);
    assert_true(factors[0] > 0.499 && factors[0] < 0.52 && factors[1] > 1.48 && factors[1] < 1.501);
}

/* The sum of products of values at distance `lag`. */
static double correlate(int64_t count, int64_t lag, const nn_real *values)
{
    double sum = 0;
    for (int64_t i = lag; i < count; i++) sum += (double)values[i] * (double)values[i - lag];
    return sum;
}

/* Fails when the noise has the wrong mean or deviation, or is correlated between values or samples. */
static void test_noise(void **state)
{
    (void)state;
    enum { COUNT = 64 * 64 * 3, LAGS = 600 };
    static nn_real values[2 * COUNT];
    nn_augment augment = read_list("[noise: 0.5]");
    for (int s = 0; s < 2; s++) {
        nn_real *noise = values + s * COUNT;
        run_list(&augment, (nn_shape){3, {64, 64, 3}}, 0, s, noise);
        for (int i = 0; i < COUNT; i++) noise[i] -= (nn_real)(i + 1);
    }
    const double count = 2.0 * COUNT;
    assert_true(fabs(mean_of(2 * COUNT, values)) < 4 * 0.5 / sqrt(count));
    assert_true(fabs(correlate(2 * COUNT, 0, values) / count - 0.25) < 4 * 0.25 * sqrt(2 / count));
    for (int64_t lag = 1; lag <= LAGS; lag++) {
        assert_true(fabs(correlate(2 * COUNT, lag, values)) < 5 * 0.25 * sqrt(count));
        assert_true(fabs(correlate(2 * COUNT, COUNT + 1 - lag, values)) < 5 * 0.25 * sqrt(count));
    }
    nn_augment_release(&augment);
}

/* Fails when steps are mixed up, the edge is not repeated, or a shift never occurs. */
static void test_jitter(void **state)
{
    (void)state;
    enum { STEPS = 6, FEATURES = 2 };
    const nn_shape sequence = {2, {STEPS, FEATURES}};
    nn_augment augment = read_list("[jitter: 2]");
    int seen[5] = {0};
    for (int sample = 0; sample < 500; sample++) {
        nn_real values[STEPS * FEATURES];
        run_list(&augment, sequence, 0, sample, values);
        int later = 2 - ((int)values[2 * FEATURES] - 1) / FEATURES;
        assert_in_range(later + 2, 0, 4);
        seen[later + 2]++;
        for (int i = 0; i < STEPS * FEATURES; i++) {
            int step = i / FEATURES - later;
            step = step < 0 ? 0 : step < STEPS ? step : STEPS - 1;
            assert_true(values[i] == (nn_real)(step * FEATURES + i % FEATURES + 1));
        }
    }
    for (int i = 0; i < 5; i++) assert_in_range(seen[i], 60, 140);
    nn_augment_release(&augment);
}

/* Fails when the values of a sequence have different factors, or factors have the wrong mean or deviation. */
static void test_jitter_scale(void **state)
{
    (void)state;
    nn_augment augment = read_list("[jitter: {steps: 0, scale: 0.1}]");
    double sum = 0, squares = 0;
    for (int sample = 0; sample < 10000; sample++) {
        nn_real values[6];
        run_list(&augment, (nn_shape){2, {3, 2}}, 0, sample, values);
        double factor = (double)values[0];
        for (int i = 0; i < 6; i++) assert_true(fabs((double)values[i] - (i + 1) * factor) < 10 * TOLERANCE);
        sum += factor - 1;
        squares += (factor - 1) * (factor - 1);
    }
    assert_true(fabs(sum / 10000) < 0.004);
    assert_true(fabs(sqrt(squares / 10000) - 0.1) < 0.003);
    nn_augment_release(&augment);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documented),
        cmocka_unit_test(test_function_of_sample),
        cmocka_unit_test(test_flip),
        cmocka_unit_test(test_flip_without_channels),
        cmocka_unit_test(test_flip_probability),
        cmocka_unit_test(test_shift),
        cmocka_unit_test(test_rotation),
        cmocka_unit_test(test_rotation_angle),
        cmocka_unit_test(test_cutout),
        cmocka_unit_test(test_brightness_contrast),
        cmocka_unit_test(test_noise),
        cmocka_unit_test(test_jitter),
        cmocka_unit_test(test_jitter_scale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
