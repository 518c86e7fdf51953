/* Eight threads with a predictor each, on one set of weights: for the thread sanitizer, and for the bits. */
#include <math.h>
#include <pthread.h>

#include "nntrain/nntrain.h"
#include "saved.h"

enum { THREADS = 8, RUNS = 20, ROWS = 2 * SAMPLES + 1, VALUES = 8, OUTPUTS = 4 };

typedef struct worker {
    pthread_t thread;
    const nn_predictor *opened;
    const float *inputs, *expected;
    int right;
} worker;

/* Shares, predicts and closes while the others do. */
static void *work(void *context)
{
    worker *self = context;
    for (int i = 0; i < RUNS; i++) {
        nn_predictor *own;
        float found[ROWS * OUTPUTS];
        if (nn_predictor_share(self->opened, &own) != NN_OK) return NULL;
        size_t rows = i % 2 == 0 ? ROWS : SAMPLES, values = rows * nn_predictor_output_count(own);
        bool ran = nn_predictor_run(own, rows, self->inputs, found) == NN_OK;
        if (ran && memcmp(found, self->expected, values * sizeof *found) == 0) self->right++;
        nn_predictor_close(own);
    }
    return NULL;
}

static void expect_same_bits(const saved_kind *kind)
{
    static worker workers[THREADS];
    float inputs[ROWS * VALUES], expected[ROWS * OUTPUTS];
    trial t;
    nn_predictor *opened;
    saved_write(kind, &t);
    trial_destroy(&t);
    if (nn_predictor_open(saved_path, &opened) != NN_OK) fail_msg("%s", nn_error_text());
    assert_true(nn_predictor_input_count(opened) <= VALUES && nn_predictor_output_count(opened) <= OUTPUTS);
    for (int i = 0; i < ROWS * VALUES; i++) inputs[i] = (float)(i * 7 % 5);
    expect_ok(nn_predictor_run(opened, ROWS, inputs, expected));
    assert_true(isfinite(expected[0]));
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (worker){.opened = opened, .inputs = inputs, .expected = expected};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
        assert_int_equal(workers[i].right, RUNS);
    }
    nn_predictor_close(opened);
}

/* Wrong: predictors of the same weights write to something that they share. */
static void test_threads(void **state)
{
    (void)state;
    for (nn_engine engine = 0; engine < NN_ENGINES; engine++) {
        saved_kind kinds[] = {saved_pairs(), saved_sequences()};
        if (engine == NN_ENGINE_MIXED && sizeof(nn_real) == sizeof(double)) continue;
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            kinds[k].engine = engine;
            expect_same_bits(&kinds[k]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_threads)};
    return cmocka_run_group_tests(tests, saved_make_folder, saved_remove_folder);
}
