/* Derivatives of predictions: those of differences, through every conversion; what is bad or missing. */
#include <math.h>

#include "nntrain/nntrain.h"
#include "saved.h"

enum { COUNT = SAMPLES + 2, MOST = COUNT * 64 };

static nn_predictor *open_kind(const saved_kind *kind)
{
    trial t;
    nn_predictor *predictor;
    saved_write(kind, &t);
    trial_destroy(&t);
    expect_ok(nn_predictor_open(saved_path, &predictor));
    assert_true(COUNT * nn_predictor_input_count(predictor) <= MOST);
    assert_true(COUNT * nn_predictor_output_count(predictor) <= MOST);
    return predictor;
}

/* Outputs at inputs + step x direction. */
static void moved_outputs(nn_predictor *predictor, const double *inputs, const double *direction, double step,
                          double *outputs)
{
    double moved[MOST];
    for (size_t i = 0; i < COUNT * nn_predictor_input_count(predictor); i++)
        moved[i] = inputs[i] + step * direction[i];
    expect_ok(nn_predictor_run_f64(predictor, COUNT, moved, outputs));
}

/* Wrong: the units of inputs or outputs, probabilities or a difference are not derived. */
static void test_differences(void **state)
{
    (void)state;
    if (sizeof(nn_real) == sizeof(float)) skip();
    saved_kind kind = saved_pairs();
    nn_predictor *predictor = open_kind(&kind);
    size_t inputs = COUNT * nn_predictor_input_count(predictor),
           outputs = COUNT * nn_predictor_output_count(predictor);
    double x[MOST], v[MOST], u[MOST], y[MOST], above[MOST], below[MOST], tangents[MOST], gradients[MOST];
    double forward = 0, backward = 0, size = 0;
    for (size_t i = 0; i < MOST; i++) {
        bool word = i % nn_predictor_input_count(predictor) >= SAVED_TABLE;
        x[i] = word ? (double)(i % SAVED_SYMBOLS) : 0.3 + 0.05 * (double)(i * 7 % 11);
        v[i] = word ? 0 : (double)(i * 5 % 13) - 6;
        u[i] = (double)(i * 3 % 7) - 3;
    }
    moved_outputs(predictor, x, v, 1e-6, above);
    moved_outputs(predictor, x, v, -1e-6, below);
    expect_ok(nn_predictor_jvp_f64(predictor, COUNT, x, v, y, tangents));
    expect_ok(nn_predictor_vjp_f64(predictor, COUNT, x, u, gradients));
    for (size_t o = 0; o < outputs; o++) {
        double difference = (above[o] - below[o]) / 2e-6;
        assert_true(fabs(difference - tangents[o]) <= 1e-6 * (1 + fabs(tangents[o])));
        forward += u[o] * tangents[o];
        size += fabs(u[o] * tangents[o]);
    }
    for (size_t i = 0; i < inputs; i++) backward += v[i] * gradients[i];
    assert_true(size > 0 && fabs(forward - backward) <= 1e-11 * size);
    nn_predictor_close(predictor);
}

/* Wrong: a sample with a NaN changes others, or has a derivative. */
static void test_bad_sample(void **state)
{
    (void)state;
    saved_kind kind = saved_pairs();
    nn_predictor *predictor = open_kind(&kind);
    size_t width = nn_predictor_input_count(predictor);
    float x[MOST] = {0}, u[MOST], good[MOST], found[MOST];
    for (size_t i = 0; i < MOST; i++) u[i] = 1;
    expect_ok(nn_predictor_vjp(predictor, COUNT, x, u, good));
    x[width] = (float)NAN;
    expect_ok(nn_predictor_vjp(predictor, COUNT, x, u, found));
    assert_memory_equal(found, good, width * sizeof *found);
    assert_memory_equal(found + 2 * width, good + 2 * width, (COUNT - 2) * width * sizeof *found);
    for (size_t i = width; i < 2 * width; i++) assert_true(isnan(found[i]));
    nn_predictor_close(predictor);
}

/* Wrong: a missing array is a crash, or is not named. */
static void test_refused(void **state)
{
    (void)state;
    saved_kind kind = saved_pairs();
    nn_predictor *predictor = open_kind(&kind);
    float x[MOST] = {0}, y[MOST] = {0};
    assert_int_equal(nn_predictor_vjp(NULL, 1, x, y, x), NN_ERROR_USAGE);
    assert_int_equal(nn_predictor_prepare_derivatives(NULL), NN_ERROR_USAGE);
    assert_int_equal(nn_predictor_vjp(predictor, 1, x, NULL, x), NN_ERROR_USAGE);
    assert_non_null(strstr(nn_error_text(), "output_cotangents is NULL"));
    assert_int_equal(nn_predictor_jvp(predictor, 1, x, x, y, NULL), NN_ERROR_USAGE);
    assert_non_null(strstr(nn_error_text(), "output_tangents is NULL"));
    expect_ok(nn_predictor_jvp(predictor, 0, NULL, NULL, NULL, NULL));
    nn_predictor_close(predictor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_differences),
        cmocka_unit_test(test_bad_sample),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, saved_make_folder, saved_remove_folder);
}
