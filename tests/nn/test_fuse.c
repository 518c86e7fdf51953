/* Fusion: the same bits with less work, and layers that must not be fused. */
#include "build.h"

#define SAMPLES 5
#define LAYERS 16

/* A network as lines of "yaml | name | inputs"; the last two are optional. */
typedef struct design {
    const char *what;
    nn_shape shape;
    int aliases; /* number of layers that become aliases */
    const char *layers[LAYERS];
} design;

static const design designs[] = {
    {"activation behind dense", {1, {8}}, 1, {"dense: {units: 6}", "activation: tanh", "dense: {units: 2}"}},
    {"one that needs its input", {1, {8}}, 1, {"dense: {units: 6}", "activation: gelu", "dense: {units: 2}"}},
    {"behind convolution",
     {3, {6, 5, 2}},
     2,
     {"conv2d: {filters: 3, kernel: 3}", "activation: relu", "flatten", "dense: {units: 2}"}},
    {"behind transposed convolution",
     {3, {4, 3, 2}},
     1,
     {"conv2d_transpose: {filters: 3, kernel: 2}", "activation: relu", "dense: {units: 2}"}},
    {"normalisation between",
     {3, {6, 5, 2}},
     1,
     {"conv2d: {filters: 3, kernel: 3}", "batch_norm", "activation: relu", "dense: {units: 2}"}},
    {"shortcut first",
     {3, {6, 5, 3}},
     4,
     {"conv2d: {filters: 3, kernel: 3, padding: same} | start", "activation: relu | below",
      "conv2d: {filters: 3, kernel: 3, padding: same}", "batch_norm", "activation: relu",
      "conv2d: {filters: 3, kernel: 3, padding: same}", "batch_norm | last", "add | sum | below last",
      "activation: relu", "dense: {units: 2}"}},
    {"shortcut last, with a convolution in it",
     {3, {6, 5, 3}},
     2,
     {"conv2d: {filters: 3, kernel: 3, padding: same} | below",
      "conv2d: {filters: 4, kernel: 3, padding: same} | | below", "batch_norm | last",
      "conv2d: {filters: 4, kernel: 1} | | below", "batch_norm | shortcut", "add | sum | last shortcut",
      "activation: leaky_relu", "dense: {units: 2}"}},
    {"a sum without activation",
     {2, {5, 4}},
     1,
     {"dense: {units: same, per_step: true} | below", "batch_norm | last", "add | | last below",
      "dense: {units: 2}"}},
    {"views on the way",
     {2, {4, 6}},
     3,
     {"dense: {units: 24, activation: relu}", "reshape: {shape: [2, 12]}", "flatten",
      "reshape: {shape: [4, 6]}", "dropout: 0.5", "activation: sigmoid", "dense: {units: 2}"}},
    {"an activation that others read",
     {1, {8}},
     1,
     {"dense: {units: 6} | below", "activation: relu | top", "dense: {units: 6} | | top",
      "add | | top dense2", "dense: {units: 2}"}},
    {"a result that others read",
     {1, {8}},
     0,
     {"dense: {units: 6} | below", "activation: relu", "add | | below activation1", "dense: {units: 2}"}},
    {"softmax", {1, {8}}, 0, {"dense: {units: 6}", "activation: softmax", "dense: {units: 2}"}},
    {"a slope of its own",
     {1, {8}},
     0,
     {"dense: {units: 6}", "activation: {function: leaky_relu, slope: 0.3}", "dense: {units: 2}"}},
    {"a second activation",
     {1, {8}},
     0,
     {"dense: {units: 6, activation: relu}", "activation: tanh", "dense: {units: 2}"}},
    {"the output", {1, {8}}, 0, {"dense: {units: 6}", "activation: sigmoid"}},
    {"a sum of three",
     {2, {5, 4}},
     0,
     {"dense: {units: same, per_step: true} | below", "batch_norm | last", "add | | last below below",
      "dense: {units: 2}"}},
    {"a normalisation twice",
     {2, {5, 4}},
     0,
     {"batch_norm | last", "add | | last last", "dense: {units: 2}"}},
    {"an activation before the sum",
     {2, {5, 4}},
     0,
     {"dense: {units: same, per_step: true} | below", "batch_norm: {activation: relu} | last",
      "add | | last below", "dense: {units: 2}"}},
    {"the shortcut read on the way",
     {2, {5, 4}},
     1,
     {"dense: {units: same, per_step: true} | below", "batch_norm | last",
      "dense: {units: same, per_step: true} | | below", "activation: tanh | side", "add | sum | last below",
      "add | | sum side", "dense: {units: 2}"}},
    {"a frozen layer",
     {2, {5, 4}},
     1,
     {"dense: {units: 4} | below", "batch_norm | frozen", "activation: relu", "dense: {units: 2}"}},
};

static void add_line(nn_network_spec *spec, const char *line)
{
    char words[200], *field[3] = {NULL, NULL, NULL}, *rest = words;
    snprintf(words, sizeof words, "%s", line);
    for (int f = 0; f < 3 && rest; f++) {
        char *bar = strchr(rest, '|');
        if (bar) *bar = '\0';
        while (*rest == ' ') rest++;
        size_t length = strlen(rest);
        while (length > 0 && rest[length - 1] == ' ') rest[--length] = '\0';
        field[f] = length > 0 ? rest : NULL;
        rest = bar ? bar + 1 : NULL;
    }
    add_layer(spec, field[0], field[1], field[2]);
    spec->layers[spec->count - 1].freeze = field[1] && strcmp(field[1], "frozen") == 0;
}

static run run_design(const design *d, bool unfused, bool has_lengths)
{
    nn_network_spec spec = make_spec(d->shape, SAMPLES);
    spec.unfused = unfused;
    spec.has_lengths = has_lengths;
    for (int l = 0; l < LAYERS && d->layers[l]; l++) add_line(&spec, d->layers[l]);
    run r = run_create(&spec, SAMPLES);
    for (int64_t i = 0; i < SAMPLES && has_lengths; i++)
        r.microbatch->lengths[0][i] = i % d->shape.extents[0];
    return r;
}

static int count_aliases(const run *r)
{
    int count = 0;
    for (int l = 0; l < r->network->layer_count; l++) count += r->network->layers[l].is_alias;
    return count;
}

static void compare_bits(const char *what, const nn_real *a, const nn_real *b, int64_t count)
{
    if (memcmp(a, b, (size_t)count * sizeof *a) != 0) fail_msg("%s: other bits with fusion", what);
}

/* Whether, with fusion, the layer's buffer holds the output of a later layer. */
static bool is_taken_over(const run *fused, int layer)
{
    for (int l = layer + 1; l < fused->network->layer_count; l++) {
        const nn_layer *later = &fused->network->layers[l];
        if (later->is_alias && !later->type->is_view && later->inputs[0] == layer) return true;
    }
    return false;
}

/* Layer by layer, before later ones overwrite it in place. */
static void compare_layers(const design *d, run *fused, run *apart)
{
    assert_int_equal(fused->network->layer_count, apart->network->layer_count);
    for (int l = 1; l < fused->network->layer_count; l++) {
        const nn_layer *a = &fused->network->layers[l], *b = &apart->network->layers[l];
        nn_network_forward(fused->network, l, fused->weights, fused->microbatch, fused->scratch);
        nn_network_forward(apart->network, l, apart->weights, apart->microbatch, apart->scratch);
        assert_string_equal(a->name, b->name);
        assert_true(nn_shape_equal(a->output_shape, b->output_shape));
        if (!is_taken_over(fused, l))
            compare_bits(d->what, fused->microbatch->outputs[l], apart->microbatch->outputs[l],
                         SAMPLES * nn_shape_count(a->output_shape));
    }
}

static void check_design(const design *d, bool has_lengths)
{
    run fused = run_design(d, false, has_lengths), apart = run_design(d, true, has_lengths);
    if (count_aliases(&fused) != d->aliases)
        fail_msg("%s: %d layers are aliases, not %d", d->what, count_aliases(&fused), d->aliases);
    assert_int_equal(count_aliases(&apart), 0);
    assert_int_equal(fused.network->value_count, apart.network->value_count);
    run_backward(&fused);
    run_backward(&apart);
    int last = fused.network->layer_count - 1;
    compare_bits(d->what, fused.microbatch->outputs[last], apart.microbatch->outputs[last],
                 SAMPLES * run_outputs(&fused));
    compare_bits(d->what, fused.gradient, apart.gradient, fused.network->value_count);
    for (int l = 1; l < last; l++)
        for (int p = 0; p < fused.network->layers[l].parameter_count; p++) {
            expect_ok(nn_network_initialize(fused.network, 3, l, p, fused.weights));
            expect_ok(nn_network_initialize(apart.network, 3, l, p, apart.weights));
        }
    compare_bits(d->what, fused.weights, apart.weights, fused.network->value_count);
    fused.microbatch->training = apart.microbatch->training = false;
    compare_layers(d, &fused, &apart);
    run_destroy(&fused);
    run_destroy(&apart);
}

/* Fails when fusion changes a bit of a result, a gradient or the initial weights, or fuses the wrong
 * layer. */
static void test_same_bits(void **state)
{
    (void)state;
    for (size_t d = 0; d < sizeof designs / sizeof *designs; d++) check_design(&designs[d], false);
}

/* The same for sequences of different length. */
static void test_same_bits_with_lengths(void **state)
{
    (void)state;
    static const design steps[] = {
        {"activation and sum",
         {2, {5, 4}},
         3,
         {"dense: {units: same, per_step: true}", "activation: sigmoid | below",
          "dense: {units: same, per_step: true}", "batch_norm | last", "add | | last below",
          "activation: softplus", "dense: {units: 2}"}},
        {"the shortcut named first",
         {2, {5, 4}},
         0,
         {"dense: {units: same, per_step: true} | below", "batch_norm | last", "add | | below last",
          "dense: {units: 2}"}},
    };
    for (size_t d = 0; d < sizeof steps / sizeof *steps; d++) check_design(&steps[d], true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bits),
        cmocka_unit_test(test_same_bits_with_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
