/* Predictors with an array per input and output, of float and of double, that share weights; and what they
 * refuse. */
#include <math.h>

#include "nntrain/nntrain.h"
#include "saved.h"

#define ROWS (2 * SAMPLES + 1) /* the last microbatch is not full */
#define VALUES (SAVED_TABLE + SAVED_WORDS)
#define OUTPUTS (CLASSES + 1)

static nn_predictor *opened(const saved_kind *kind, size_t microbatch)
{
    trial t;
    nn_predictor *predictor;
    saved_write(kind, &t);
    trial_destroy(&t);
    if (nn_predictor_open_sized(saved_path, microbatch, &predictor) != NN_OK) fail_msg("%s", nn_error_text());
    return predictor;
}

static void expect_refused(nn_status status, const char *text)
{
    assert_int_equal(status, NN_ERROR_USAGE);
    if (!strstr(nn_error_text(), text)) fail_msg("\"%s\" does not say \"%s\"", nn_error_text(), text);
}

/* ---- a network with two inputs and two outputs ---- */

typedef struct pairs {
    double joined[ROWS][VALUES], a[ROWS][SAVED_TABLE], b[ROWS][SAVED_WORDS];
    float floats[ROWS][VALUES];
} pairs;

static void pairs_fill(pairs *p)
{
    for (int r = 0; r < ROWS; r++)
        for (int v = 0; v < VALUES; v++) {
            double value = v < SAVED_TABLE ? (r * 7 + v * 5) % 11 / 8.0 - 0.5 : (r * 3 + v) % SAVED_SYMBOLS;
            p->joined[r][v] = value;
            p->floats[r][v] = (float)value;
            if (v < SAVED_TABLE)
                p->a[r][v] = value;
            else
                p->b[r][v - SAVED_TABLE] = value;
        }
}

static nn_predictor_arrays pairs_arrays(pairs *p, const void *inputs[2], void *outputs[2])
{
    inputs[0] = p->a;
    inputs[1] = p->b;
    return (nn_predictor_arrays){
        .samples = ROWS, .type = NN_PREDICTOR_DOUBLE, .inputs = inputs, .outputs = outputs};
}

/* Wrong: an input or output is described as another, or not found by its name. */
static void test_fields(void **state)
{
    (void)state;
    saved_kind kind = saved_pairs();
    nn_predictor *predictor = opened(&kind, 0);
    nn_predictor_field field;
    size_t index = 9;
    assert_int_equal(nn_predictor_input_number(predictor), 2);
    assert_int_equal(nn_predictor_output_number(predictor), 2);
    assert_int_equal(nn_predictor_steps(predictor), 0);
    expect_ok(nn_predictor_find_input(predictor, "b", &index));
    expect_ok(nn_predictor_input(predictor, index, &field));
    assert_string_equal(field.name, "b");
    assert_int_equal(field.kind, NN_PREDICTOR_INDICES);
    assert_int_equal(field.classes, SAVED_SYMBOLS);
    assert_true(field.begin == SAVED_TABLE && field.dimensions == 1 && field.extents[0] == SAVED_WORDS);
    expect_ok(nn_predictor_find_output(predictor, "size", &index));
    expect_ok(nn_predictor_output(predictor, index, &field));
    assert_true(field.kind == NN_PREDICTOR_VALUES && field.count == 1 && field.begin == CLASSES);
    expect_ok(nn_predictor_output(predictor, 0, &field));
    assert_true(field.kind == NN_PREDICTOR_PROBABILITIES && field.classes == CLASSES && field.begin == 0);
    expect_refused(nn_predictor_input(predictor, 2, &field), "no input 2: the network has 2");
    expect_refused(nn_predictor_find_output(predictor, "b", &index),
                   "no output 'b'; the network has label, size");
    nn_predictor_close(predictor);
}

/* Wrong: an array of one input is read as that of another, or an output that is not needed is written. */
static void test_arrays(void **state)
{
    (void)state;
    saved_kind kind = saved_pairs();
    nn_predictor *predictor = opened(&kind, 0);
    pairs p;
    double joined[ROWS][OUTPUTS], label[ROWS][CLASSES], size[ROWS];
    float floats[ROWS][OUTPUTS];
    const void *inputs[2];
    void *outputs[2] = {label, size};
    pairs_fill(&p);
    nn_predictor_arrays arrays = pairs_arrays(&p, inputs, outputs);
    expect_ok(nn_predictor_run_f64(predictor, ROWS, p.joined[0], joined[0]));
    expect_ok(nn_predictor_run(predictor, ROWS, p.floats[0], floats[0]));
    expect_ok(nn_predictor_run_arrays(predictor, &arrays));
    for (int r = 0; r < ROWS; r++) {
        assert_memory_equal(label[r], joined[r], sizeof label[r]);
        assert_true(size[r] == joined[r][CLASSES] &&
                    fabs(joined[r][0] + joined[r][1] + joined[r][2] - 1) < 1e-6);
        /* The inputs are exact in float: so are the values before they are rounded. */
        for (int o = 0; o < OUTPUTS; o++) assert_true(floats[r][o] == (float)joined[r][o]);
    }
    memset(label, 0, sizeof label);
    outputs[1] = NULL;
    expect_ok(nn_predictor_run_arrays(predictor, &arrays));
    for (int r = 0; r < ROWS; r++) assert_memory_equal(label[r], joined[r], sizeof label[r]);
    nn_predictor_close(predictor);
}

/* Wrong: a sample that cannot be computed becomes a number, or changes another sample. */
static void test_bad_values(void **state)
{
    (void)state;
    saved_kind kind = saved_pairs();
    nn_predictor *predictor = opened(&kind, 0);
    const struct {
        int row, value;
        double bad;
    } cases[] = {{1, 0, NAN}, {SAMPLES, 2, INFINITY},      {2, 1, -INFINITY}, {4, 3, NAN}, {7, 4, -1},
                 {8, 3, 0.5}, {ROWS - 1, 4, SAVED_SYMBOLS}};
    pairs p;
    double good[ROWS][OUTPUTS], found[ROWS][OUTPUTS];
    bool bad[ROWS] = {false};
    pairs_fill(&p);
    expect_ok(nn_predictor_run_f64(predictor, ROWS, p.joined[0], good[0]));
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        p.joined[cases[c].row][cases[c].value] = cases[c].bad;
        bad[cases[c].row] = true;
    }
    expect_ok(nn_predictor_run_f64(predictor, ROWS, p.joined[0], found[0]));
    for (int r = 0; r < ROWS; r++)
        for (int o = 0; o < OUTPUTS; o++)
            assert_true(bad[r] ? isnan(found[r][o]) : found[r][o] == good[r][o]);
    if (sizeof(nn_real) == sizeof(float)) {
        p.joined[0][0] = 1e300; /* beyond the precision of the network */
        expect_ok(nn_predictor_run_f64(predictor, 1, p.joined[0], found[0]));
        assert_true(isnan(found[0][0]) && isnan(found[0][CLASSES]));
    }
    nn_predictor_close(predictor);
}

/* Wrong: a null pointer or a wrong number ends in a crash, or without a text. */
static void test_refused(void **state)
{
    (void)state;
    saved_kind kind = saved_pairs();
    nn_predictor *predictor = opened(&kind, 0), *other;
    nn_predictor_field field;
    size_t index;
    pairs p;
    double label[ROWS][CLASSES], size[ROWS], joined[ROWS][OUTPUTS];
    const void *inputs[2];
    void *outputs[2] = {label, size};
    int64_t lengths[ROWS] = {0};
    pairs_fill(&p);
    nn_predictor_arrays arrays = pairs_arrays(&p, inputs, outputs);
    expect_refused(nn_predictor_open(NULL, &other), "no path was given");
    assert_null(other);
    expect_refused(nn_predictor_open(saved_path, NULL), "pass the address");
    expect_refused(nn_predictor_open_sized(saved_path, SIZE_MAX, &other), "is too large");
    expect_refused(nn_predictor_share(NULL, &other), "the predictor is NULL");
    expect_refused(nn_predictor_share(predictor, NULL), "pass the address");
    expect_refused(nn_predictor_run(NULL, 1, p.floats[0], NULL), "the predictor is NULL");
    expect_refused(nn_predictor_run_f64(predictor, ROWS, NULL, joined[0]), "the array of inputs is NULL");
    expect_refused(nn_predictor_run_f64(predictor, ROWS, p.joined[0], NULL), "13 samples x 4 values");
    expect_refused(nn_predictor_run_f64(predictor, SIZE_MAX / 2, p.joined[0], joined[0]), "pass fewer");
    expect_ok(nn_predictor_run(predictor, 0, NULL, NULL));
    expect_refused(nn_predictor_run_arrays(predictor, NULL), "the arrays are NULL");
    expect_refused(nn_predictor_input(predictor, 0, NULL), "NULL");
    expect_refused(nn_predictor_find_input(predictor, NULL, &index), "NULL");
    expect_refused(nn_predictor_output(NULL, 0, &field), "NULL");
    arrays.lengths = lengths;
    expect_refused(nn_predictor_run_arrays(predictor, &arrays), "samples of one length");
    arrays.lengths = NULL;
    inputs[1] = NULL;
    expect_refused(nn_predictor_run_arrays(predictor, &arrays), "input 1, b, is NULL");
    arrays.type = (nn_predictor_type)7;
    expect_refused(nn_predictor_run_arrays(predictor, &arrays), "7 is not a type");
    arrays.type = NN_PREDICTOR_DOUBLE;
    arrays.outputs = NULL;
    expect_refused(nn_predictor_run_arrays(predictor, &arrays), "the list of outputs is NULL");
    assert_int_equal(nn_predictor_input_count(NULL), 0);
    assert_int_equal(nn_predictor_microbatch(NULL), 0);
    assert_null(nn_predictor_graph(NULL));
    nn_predictor_close(predictor);
    nn_predictor_close(NULL);
}

/* Wrong: the weights go with the predictor that was opened, or are there twice. */
static void test_share(void **state)
{
    (void)state;
    saved_kind kind = saved_pairs();
    size_t before = nn_memory_in_use();
    nn_predictor *predictor = opened(&kind, 0), *other;
    pairs p;
    double first[ROWS][OUTPUTS], second[ROWS][OUTPUTS];
    pairs_fill(&p);
    expect_ok(nn_predictor_run_f64(predictor, ROWS, p.joined[0], first[0]));
    expect_ok(nn_predictor_share(predictor, &other));
    nn_predictor_close(predictor);
    expect_ok(nn_predictor_run_f64(other, ROWS, p.joined[0], second[0]));
    assert_memory_equal(first, second, sizeof first);
    nn_predictor_close(other);
    assert_int_equal(nn_memory_in_use(), before);
}

/* Wrong: a predictor for larger calls computes something else. */
static void test_sized(void **state)
{
    (void)state;
    saved_kind kind = saved_pairs();
    nn_predictor *predictor = opened(&kind, 0), *sized;
    pairs p;
    double first[ROWS][OUTPUTS], second[ROWS][OUTPUTS];
    pairs_fill(&p);
    expect_ok(nn_predictor_open_sized(saved_path, 10, &sized));
    assert_int_equal(nn_predictor_microbatch(predictor), SAMPLES);
    assert_int_equal(nn_predictor_microbatch(sized), 10);
    expect_ok(nn_predictor_run_f64(predictor, ROWS, p.joined[0], first[0]));
    expect_ok(nn_predictor_run_f64(sized, ROWS, p.joined[0], second[0]));
    for (int r = 0; r < ROWS; r++)
        for (int o = 0; o < OUTPUTS; o++) assert_true(fabs(first[r][o] - second[r][o]) < 1e-5);
    nn_predictor_close(predictor);
    nn_predictor_close(sized);
}

/* Wrong: a sample by itself is another prediction; with our own kernels, already if a bit of it is another.
 */
static void test_alone(void **state)
{
    (void)state;
    for (nn_engine engine = 0; engine < NN_ENGINES; engine++) {
        if (engine == NN_ENGINE_MIXED && sizeof(nn_real) == sizeof(double)) continue;
        saved_kind kind = saved_pairs();
        kind.engine = engine;
        nn_predictor *predictor = opened(&kind, 0);
        pairs p;
        double together[ROWS][OUTPUTS], alone[OUTPUTS];
        pairs_fill(&p);
        expect_ok(nn_predictor_run_f64(predictor, ROWS, p.joined[0], together[0]));
        for (int r = 0; r < ROWS; r++) {
            expect_ok(nn_predictor_run_f64(predictor, 1, p.joined[r], alone));
            for (int o = 0; o < OUTPUTS; o++) assert_true(alone[o] == together[r][o]);
        }
        p.joined[0][0] = NAN;
        expect_ok(nn_predictor_run_f64(predictor, 1, p.joined[0], alone));
        assert_true(isnan(alone[0]) && isnan(alone[CLASSES]));
        nn_predictor_close(predictor);
    }
}

/* ---- sequences ---- */

/* Wrong: what follows the last step of a sample changes its outputs, or they are numbers after it. */
static void test_lengths(void **state)
{
    (void)state;
    enum { SEQUENCES = 5 };
    saved_kind kind = saved_sequences();
    nn_predictor *predictor = opened(&kind, 0);
    float x[SEQUENCES][SAVED_STEPS][SAVED_WIDTH], whole[SEQUENCES][SAVED_STEPS], cut[SEQUENCES][SAVED_STEPS];
    int64_t lengths[SEQUENCES] = {4, 1, 3, 2, 4};
    const void *inputs[1] = {x};
    void *outputs[1] = {cut};
    nn_predictor_arrays arrays = {
        .samples = SEQUENCES, .inputs = inputs, .outputs = outputs, .lengths = lengths};
    assert_int_equal(nn_predictor_steps(predictor), SAVED_STEPS);
    for (int s = 0; s < SEQUENCES; s++)
        for (int t = 0; t < SAVED_STEPS; t++)
            for (int v = 0; v < SAVED_WIDTH; v++)
                x[s][t][v] = (float)((8 * s + 2 * t + v) * 5 % 13) / 8 - 0.5f;
    expect_ok(nn_predictor_run(predictor, SEQUENCES, x[0][0], whole[0]));
    for (int s = 0; s < SEQUENCES; s++)
        for (int64_t t = lengths[s]; t < SAVED_STEPS; t++) x[s][t][0] = x[s][t][1] = NAN;
    expect_ok(nn_predictor_run_arrays(predictor, &arrays));
    for (int s = 0; s < SEQUENCES; s++)
        for (int64_t t = 0; t < SAVED_STEPS; t++)
            assert_true(t < lengths[s] ? cut[s][t] == whole[s][t] : isnan(cut[s][t]));
    lengths[2] = SAVED_STEPS + 1;
    expect_refused(nn_predictor_run_arrays(predictor, &arrays), "sample 2 is 5; lengths are from 1 to 4");
    lengths[2] = 0;
    expect_refused(nn_predictor_run_arrays(predictor, &arrays), "sample 2 is 0");
    nn_predictor_close(predictor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fields),     cmocka_unit_test(test_arrays),
                                       cmocka_unit_test(test_bad_values), cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_share),      cmocka_unit_test(test_sized),
                                       cmocka_unit_test(test_alone),      cmocka_unit_test(test_lengths)};
    return cmocka_run_group_tests(tests, saved_make_folder, saved_remove_folder);
}
