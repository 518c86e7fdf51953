/* nn_gradients_compare: every layer of the list is right, one whose derivatives are a little wrong is not;
 * and one derivative by nn_gradients_try, at kinks and elsewhere. */
#include "../nn/examples.h"
#include "check/gradients.h"

#include <math.h>

/* ---- a layer ---- */

static int tensors; /* trained ones of the layer that was compared last */

/* The row of the layer `yaml`, as another type if there is one, on an input of the shape of its example. */
static nn_gradients_row compare(const char *yaml, const nn_layer_type *as)
{
    const nn_layer_type *type;
    nn_gradients gradients;
    nn_model model = {.scalar = NN_SCALAR_F64};
    void *options = read_options(yaml, &type);
    nn_network_spec spec = make_spec(shape_of(type), NN_GRADIENTS_SAMPLES);
    char names[64] = "input";
    for (int i = 1; i < type->example_inputs; i++) strcat(names, " input");
    spec.input.is_class = type->example_indices > 0;
    spec.input.classes = type->example_indices;
    spec.unfused = spec.input_gradient = true;
    model.input = spec.input;
    add_type(&spec, as ? as : type, options, "tested", names);
    add_layer(&spec, "dense: {units: 3}", "above", NULL);
    expect_ok(nn_network_create(&spec, &model.network));
    expect_ok(nn_gradients_compare(&model, 3, &gradients));
    assert_int_equal(gradients.count, 2);
    nn_gradients_row row = gradients.rows[0];
    tensors = 0;
    for (int t = 0; t < model.network->layers[1].parameter_count; t++)
        tensors += !model.network->layers[1].parameters[t].statistic;
    assert_string_equal(row.type, as ? as->name : type->name);
    gradients.model = NULL; /* it is ours */
    gradients.count = 0;    /* as is the text of the row */
    nn_gradients_release(&gradients);
    nn_network_destroy(model.network);
    return row;
}

static void expect_right(const char *yaml)
{
    nn_gradients_row row = compare(yaml, NULL);
    const nn_layer_type *type = type_of(yaml);
    if (row.wrong > 0) fail_msg("%s: %s", yaml, row.failed.bytes);
    if (row.error > NN_GRADIENTS_TOLERANCE / 10) fail_msg("%s: an error of %g", yaml, row.error);
    assert_int_equal(row.parameters > 0, tensors > 0);
    if (type->example_indices == 0 && !type->takes_missing) assert_true(row.inputs > 0);
}

static void test_every_layer(void **state)
{
    (void)state;
    for_all_layers(expect_right);
}

/* ---- wrong ones ---- */

#define OFF 1.0001

static const nn_layer_type *original;

static void off_backward(const nn_layer *layer, const nn_layer_call *call)
{
    original->backward(layer, call);
    for (int64_t i = 0;
         call->input_gradients[0] && i < call->samples * nn_shape_count(layer->input_shapes[0]); i++)
        call->input_gradients[0][i] *= OFF;
}

static void off_gradient(const nn_layer *layer, const nn_layer_call *call, int part, bool accumulate,
                         nn_real *values)
{
    original->gradient(layer, call, part, accumulate, values);
    for (int64_t i = 0; i < layer->part_begin[part + 1] - layer->part_begin[part]; i++) values[i] *= OFF;
}

static void test_wrong_layers(void **state)
{
    (void)state;
    static const char *const yamls[] = {"prelu", "dense: {units: 4, activation: tanh}", "lstm: {units: 3}"};
    for (size_t i = 0; i < sizeof yamls / sizeof *yamls; i++) {
        nn_layer_type off = *(original = type_of(yamls[i]));
        off.backward = off_backward;
        nn_gradients_row row = compare(yamls[i], &off);
        assert_true(row.wrong > 0 && row.wrong <= row.inputs);
        assert_non_null(strstr(row.failed.bytes, "input input, value "));
        nn_text_free(&row.failed);
        off = *original;
        off.gradient = off_gradient;
        row = compare(yamls[i], &off);
        assert_true(row.wrong > 0 && row.wrong <= row.parameters);
        assert_null(strstr(row.failed.bytes, "input input"));
        nn_text_free(&row.failed);
    }
}

/* ---- one derivative ---- */

typedef struct curve {
    double x, from;
    double (*of)(double x);
} curve;

static double curve_change(void *context, double *noise)
{
    const curve *at = context;
    *noise += 1e-15;
    return at->of(at->x) - at->of(at->from);
}

static nn_gradients_row try_at(double (*of)(double), double x, double claimed)
{
    nn_gradients_row row = {0};
    curve at = {x, x, of};
    const nn_gradients_function function = {curve_change, &at};
    const nn_gradients_entry entry = {&at.x, claimed, 1, "curve", 7, &row.inputs};
    nn_gradients_try(&function, &entry, &row);
    assert_true(at.x == x); /* restored */
    return row;
}

static double cube(double x)
{
    return x * x * x;
}

static double bent(double x)
{
    return fabs(x) + x;
}

static double stepped(double x)
{
    return floor(x);
}

static double broken(double x)
{
    return x == 1 ? 0 : (double)NAN;
}

static void expect_row(nn_gradients_row row, int64_t compared, int64_t skipped, int64_t wrong)
{
    assert_int_equal(row.inputs, compared);
    assert_int_equal(row.skipped, skipped);
    assert_int_equal(row.wrong, wrong);
    assert_int_equal(row.failed.length > 0, wrong > 0);
    nn_text_free(&row.failed);
}

static void test_one_derivative(void **state)
{
    (void)state;
    expect_row(try_at(cube, 0.7, 3 * 0.49), 1, 0, 0);
    expect_row(try_at(cube, 0, 0), 1, 0, 0);
    expect_row(try_at(cube, 0.7, 3 * 0.49 * (1 + 1e-4)), 1, 0, 1);
    expect_row(try_at(cube, 0.7, 0), 1, 0, 1);
    expect_row(try_at(cube, 0.7, (double)NAN), 1, 0, 1);
    expect_row(try_at(broken, 1, 0), 1, 0, 1);
    /* At a kink, exactly or nearly, any claim is possible; next to it none. */
    expect_row(try_at(bent, 0, 0), 0, 1, 0);
    expect_row(try_at(bent, 0, 2), 0, 1, 0);
    expect_row(try_at(bent, 1e-5, 2), 0, 1, 0);
    expect_row(try_at(bent, -9e-5, 0), 0, 1, 0);
    expect_row(try_at(bent, 0.01, 2), 1, 0, 0);
    expect_row(try_at(bent, 0.01, 0), 1, 0, 1);
    expect_row(try_at(bent, -0.01, 0), 1, 0, 0);
    expect_row(try_at(stepped, 3, 0), 0, 1, 0);
    expect_row(try_at(stepped, 3.5, 0), 1, 0, 0);
}

/* Different numbers, the same each time, and all of a few. */
static void test_choice(void **state)
{
    (void)state;
    int64_t chosen[NN_GRADIENTS_ENTRIES], again[NN_GRADIENTS_ENTRIES];
    bool seen[5] = {false};
    assert_int_equal(nn_gradients_choose(1, 2, 5, NN_GRADIENTS_ENTRIES, chosen), 5);
    for (int i = 0; i < 5; i++) seen[chosen[i]] = true;
    for (int i = 0; i < 5; i++) assert_true(seen[i]);
    assert_int_equal(nn_gradients_choose(1, 2, 1000, 3, chosen), 3);
    assert_int_equal(nn_gradients_choose(1, 2, 1000, 3, again), 3);
    assert_memory_equal(chosen, again, 3 * sizeof *chosen);
    assert_true(chosen[0] != chosen[1] && chosen[1] != chosen[2] && chosen[0] != chosen[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_layer),
                                       cmocka_unit_test(test_wrong_layers),
                                       cmocka_unit_test(test_one_derivative), cmocka_unit_test(test_choice)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
