/* Prediction from a checkpoint file, of the precision that this test is compiled for. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/model_values.h"
#include "nntrain/nntrain.h"
#include "trial.h"

#define INPUTS 4
#define OUTPUTS 2
#define ROWS (2 * SAMPLES + 1) /* the last microbatch is not full */

static const char yaml[] = "network:\n  - dense: {units: 5, activation: tanh}\n  - dense: {units: 2}\n"
                           "loss: mse\ntraining: {epochs: 3}\n";

static char folder[] = "/tmp/nntrain_predict_XXXXXX";
static char path[sizeof folder + 16];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder)) return -1;
    snprintf(path, sizeof path, "%s/saved.h5", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static void write_file(trial *t)
{
    nn_text config = {0};
    void *bytes;
    size_t size;
    expect_ok(trial_build(yaml, (nn_shape){1, {INPUTS}}, &problems[1], &config, t));
    trial_allocate(t, 0);
    trial_fill_weights(t);
    image_write(t, &config, &bytes, &size);
    expect_ok(nn_store_commit(path, bytes, size));
    nn_free(bytes);
    nn_text_free(&config);
}

/* What the network itself predicts for one row. */
static void expect_row(trial *t, const float *inputs, const float *outputs)
{
    t->microbatch->samples = 1;
    for (int i = 0; i < INPUTS; i++) t->microbatch->outputs[0][i] = (nn_real)inputs[i];
    trial_forward(t, false);
    const nn_real *expected = t->microbatch->outputs[t->model->heads[0].layer];
    for (int o = 0; o < OUTPUTS; o++) {
        double units = nn_model_undo_value(&t->model->heads[0], o, (double)expected[o]);
        if (fabs((double)outputs[o] - units) > 1e-5 * fabs(units))
            fail_msg("output %d is %.9g, not %.9g", o, (double)outputs[o], units);
    }
}

/* Wrong: the predictor takes the weights for those of the other precision, or loses a row between
 * microbatches. */
static void test_rows(void **state)
{
    (void)state;
    trial t;
    nn_predictor *predictor;
    float inputs[ROWS][INPUTS], outputs[ROWS][OUTPUTS];
    write_file(&t);
    if (nn_predictor_open(path, &predictor) != NN_OK) fail_msg("%s", nn_error_text());
    assert_int_equal(nn_predictor_input_count(predictor), INPUTS);
    assert_int_equal(nn_predictor_output_count(predictor), OUTPUTS);
    assert_int_equal(nn_predictor_class_count(predictor), 0);
    assert_true(nn_predictor_fingerprint(predictor) == nn_network_fingerprint(t.model->network, t.weights));
    assert_non_null(strstr(nn_predictor_graph(predictor), "\"activation\":\"tanh\""));
    for (int i = 0; i < ROWS * INPUTS; i++) inputs[i / INPUTS][i % INPUTS] = (float)(i * 7 % 11) / 8 - 0.5f;
    expect_ok(nn_predictor_run(predictor, ROWS, inputs[0], outputs[0]));
    for (int r = 0; r < ROWS; r++) expect_row(&t, inputs[r], outputs[r]);
    nn_predictor_close(predictor);
    trial_destroy(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
