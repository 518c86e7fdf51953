/* Every optimizer of the list: results of PyTorch or of its paper, the same bits for any partition, no NaN
 * lost, padding stays zero. */
#include "plugin.h"

#include <math.h>
#include <string.h>

#include "../fixtures/fixture.h"
#include "base/philox.h"
#include "base/tree.h"

#define WEIGHTS 12
#define STEPS 10
#define BLOCK 256 /* for measure */

/* The arrays of optimizers.txt and updates.txt; their weights are a matrix unless the name says vector.
 */
static const struct {
    const char *fixture, *yaml;
} cases[] =
    {
        {"sgd_plain", "sgd: {learning_rate: 0.1, momentum: 0}"},
        {"sgd_momentum", "sgd: {learning_rate: 0.1}"},
        {"sgd_nesterov", "sgd: {learning_rate: 0.1, momentum: 0.8, nesterov: true}"},
        {"sgd_decay", "sgd: {learning_rate: 0.1, momentum: 0.9, weight_decay: 0.05}"},
        {"sgd_plain_decay", "sgd: {learning_rate: 0.1, momentum: 0, weight_decay: 0.05}"},
        {"adam", "adam"},
        {"adam_other", "adam: {learning_rate: 0.01, beta1: 0.8, beta2: 0.95, epsilon: 1e-3}"},
        {"adamw", "adamw: {learning_rate: 0.01, weight_decay: 0.1}"},
},
  more_cases[] = {
      {"rmsprop", "rmsprop"},
      {"rmsprop_momentum", "rmsprop: {learning_rate: 0.01, alpha: 0.9, epsilon: 1e-6, momentum: 0.8}"},
      {"rmsprop_centered", "rmsprop: {learning_rate: 0.01, centered: true, weight_decay: 0.1}"},
      {"rmsprop_both", "rmsprop: {learning_rate: 0.01, centered: true, momentum: 0.9}"},
      {"adagrad", "adagrad"},
      {"adagrad_decays", "adagrad: {learning_rate: 0.1, rate_decay: 0.1, weight_decay: 0.05}"},
      {"nadam", "nadam"},
      {"nadam_other", "nadam: {learning_rate: 0.01, beta1: 0.8, beta2: 0.95, momentum_decay: 0.5}"},
      {"nadam_decay", "nadam: {learning_rate: 0.01, weight_decay: 0.1}"},
      {"lion", "lion"},
      {"lion_decay", "lion: {learning_rate: 0.01, beta1: 0.8, beta2: 0.95, weight_decay: 0.1}"},
      {"lars", "lars"},
      {"lars_decay", "lars: {learning_rate: 0.5, trust: 0.02, momentum: 0.8, weight_decay: 0.05}"},
      {"lars_vector", "lars: {learning_rate: 0.1, weight_decay: 0.3}"},
      {"lars_vector_decays", "lars: {learning_rate: 0.1, weight_decay: 0.3, decay_all: true}"},
      {"lars_vector_adapts", "lars: {learning_rate: 0.5, trust: 0.02, weight_decay: 0.3, adapt_all: true}"},
      {"lars_nesterov", "lars: {trust: 0.02, nesterov: true, weight_decay: 0.05}"},
      {"lars_limit", "lars: {learning_rate: 0.1, trust: 1, weight_decay: 0.05, trust_limit: 0.25}"},
      {"lamb", "lamb"},
      {"lamb_other",
       "lamb: {learning_rate: 0.05, beta1: 0.8, beta2: 0.95, epsilon: 1e-3, weight_decay: 0.1}"},
      {"lamb_vector", "lamb: {learning_rate: 0.01}"},
      {"lamb_vector_decays", "lamb: {learning_rate: 0.01, weight_decay: 0.1, decay_all: true}"},
      {"lamb_vector_adapts", "lamb: {learning_rate: 0.01, weight_decay: 0.1, adapt_all: true}"},
      {"lamb_limit", "lamb: {learning_rate: 0.01, weight_decay: 0.1, trust_limit: 1}"},
};

static void for_all_optimizers(void (*check)(const char *yaml))
{
    for (const nn_optimizer_type *const *type = nn_optimizer_types(NN_SCALAR_REAL); *type; type++)
        check((*type)->example);
    for (size_t i = 0; i < COUNT(cases); i++) check(cases[i].yaml);
    for (size_t i = 0; i < COUNT(more_cases); i++) check(more_cases[i].yaml);
}

/* An optimizer with `count` weights and their state. */
typedef struct trial {
    const nn_optimizer_type *type;
    void *options;
    int slot_count;
    int64_t count, step;
    bool is_vector;
    nn_real *weights, *gradient, *slots[NN_OPTIMIZER_SLOTS];
} trial;

static nn_real *trial_values(int64_t count)
{
    nn_real *values = NULL;
    assert_int_equal(NN_ALLOCATE(&values, count, "values"), NN_OK);
    return values;
}

/* Slots that the optimizer does not have are NULL, so that accessing them crashes. */
static trial trial_create(const char *yaml, int64_t count)
{
    trial t = {.count = count};
    const char *names[NN_OPTIMIZER_SLOTS] = {0};
    t.options = plugin_optimizer(yaml, &t.type);
    t.slot_count = t.type->slots(t.options, names);
    assert_in_range(t.slot_count, 0, NN_OPTIMIZER_SLOTS);
    t.weights = trial_values(count);
    t.gradient = trial_values(count);
    for (int s = 0; s < t.slot_count; s++) {
        assert_true(names[s] && names[s][0]);
        t.slots[s] = trial_values(count);
    }
    return t;
}

static void trial_destroy(trial *t)
{
    nn_free(t->options);
    nn_free(t->weights);
    nn_free(t->gradient);
    for (int s = 0; s < t->slot_count; s++) nn_free(t->slots[s]);
}

static void trial_fill(int64_t count, uint32_t purpose, uint32_t step, nn_real *values)
{
    nn_random stream = {5, purpose, step};
    for (int64_t i = 0; i < count; i++) values[i] = (nn_real)nn_random_normal(stream, (uint64_t)i);
}

/* The sums of a tensor, computed as in training: block by block, along the canonical tree. The step may be
 * skipped afterwards, so they must not change the state. */
static void trial_measure(trial *t, nn_optimizer_step *step)
{
    double of_blocks[16 * NN_OPTIMIZER_SUMS];
    int64_t blocks = 0;
    nn_optimizer_step early = {.step = step->step, .is_matrix = step->is_matrix};
    size_t bytes = (size_t)t->count * sizeof(nn_real);
    nn_real *before[NN_OPTIMIZER_SLOTS] = {0};
    for (int s = 0; s < t->slot_count; s++) {
        assert_int_equal(NN_ALLOCATE(&before[s], t->count, "slots"), NN_OK);
        memcpy(before[s], t->slots[s], bytes);
    }
    for (int64_t begin = 0; begin < t->count; begin += BLOCK, blocks++) {
        int64_t length = t->count - begin < BLOCK ? t->count - begin : BLOCK;
        nn_real *slots[NN_OPTIMIZER_SLOTS] = {0};
        for (int s = 0; s < t->slot_count; s++) slots[s] = t->slots[s] + begin;
        t->type->measure(t->options, &early, length, t->gradient + begin, slots, t->weights + begin,
                         of_blocks + blocks * t->type->sums);
    }
    for (int s = 0; s < t->slot_count; s++) {
        assert_memory_equal(t->slots[s], before[s], bytes);
        nn_free(before[s]);
    }
    nn_tree_sum(blocks, (size_t)t->type->sums, of_blocks, step->sums);
}

static nn_optimizer_step trial_prepare(trial *t, double scale)
{
    nn_optimizer_step step = {.step = ++t->step,
                              .learning_rate = *(const double *)t->options,
                              .gradient_scale = scale,
                              .is_matrix = !t->is_vector};
    if (t->type->sums > 0) trial_measure(t, &step);
    t->type->prepare(t->options, &step);
    return step;
}

static void trial_apply(trial *t, const nn_optimizer_step *step, int64_t begin, int64_t end)
{
    nn_real *slots[NN_OPTIMIZER_SLOTS] = {0};
    for (int s = 0; s < t->slot_count; s++) slots[s] = t->slots[s] + begin;
    t->type->apply(t->options, step, end - begin, t->gradient + begin, slots, t->weights + begin);
}

static void expect_same_bits(const trial *a, const trial *b)
{
    size_t bytes = (size_t)a->count * sizeof(nn_real);
    assert_memory_equal(a->weights, b->weights, bytes);
    for (int s = 0; s < a->slot_count; s++) assert_memory_equal(a->slots[s], b->slots[s], bytes);
}

/* Fails when a plug-in or an option is undocumented, its example does not pass its own check, or the learning
 * rate is not where the step takes it from. */
static void test_documented(void **state)
{
    (void)state;
    for (const nn_optimizer_type *const *entry = nn_optimizer_types(NN_SCALAR_REAL); *entry; entry++) {
        const nn_optimizer_type *type = *entry, *found;
        assert_ptr_equal(nn_optimizer_find(NN_SCALAR_REAL, type->name), type);
        assert_true(type->summary && type->summary[0]);
        plugin_check_table(type->options, type->options_size);
        assert_in_range(type->sums, 0, NN_OPTIMIZER_SUMS);
        assert_true((type->sums > 0) == (type->measure != NULL));
        assert_string_equal(type->options[0].name, "learning_rate");
        assert_int_equal(type->options[0].offset, 0);
        void *options = plugin_optimizer(type->example, &found);
        assert_ptr_equal(found, type);
        if (type->check) assert_int_equal(type->check(options), NN_OK);
        nn_free(options);
    }
    assert_null(nn_optimizer_find(NN_SCALAR_REAL, "no such optimizer"));
}

/* Ten steps with the fixture's gradients; after[w][s] is weight w after step s. */
static void run_fixture(const char *file, const char *yaml, bool is_vector, nn_real after[WEIGHTS][STEPS])
{
    nn_real gradients[STEPS * WEIGHTS];
    trial t = trial_create(yaml, WEIGHTS);
    t.is_vector = is_vector;
    fixture_read(file, "gradients", STEPS * WEIGHTS, gradients);
    fixture_read(file, "initial", WEIGHTS, t.weights);
    for (int s = 0; s < STEPS; s++) {
        memcpy(t.gradient, gradients + s * WEIGHTS, sizeof(nn_real) * WEIGHTS);
        nn_optimizer_step step = trial_prepare(&t, 1);
        trial_apply(&t, &step, 0, WEIGHTS);
        for (int w = 0; w < WEIGHTS; w++) after[w][s] = t.weights[w];
    }
    trial_destroy(&t);
}

/* Each weight is compared separately, as their sizes differ widely. */
static void check_fixture(const char *file, const char *fixture, const char *yaml, double tolerance)
{
    nn_real after[WEIGHTS][STEPS], expected[STEPS * WEIGHTS], weight[STEPS];
    char name[64];
    snprintf(name, sizeof name, "%s.%s", fixture, nn_scalar_name(NN_SCALAR_REAL));
    fixture_read(file, name, STEPS * WEIGHTS, expected);
    run_fixture(file, yaml, strstr(fixture, "vector") != NULL, after);
    for (int w = 0; w < WEIGHTS; w++) {
        for (int s = 0; s < STEPS; s++) weight[s] = expected[s * WEIGHTS + w];
        fixture_compare(name, STEPS, after[w], weight, tolerance);
    }
}

/* Fails when the definition is not PyTorch's, or not the paper's: place of epsilon, bias correction, decay,
 * momentum, norms. */
static void test_definitions(void **state)
{
    (void)state;
    bool is_double = sizeof(nn_real) == sizeof(double);
    for (size_t i = 0; i < COUNT(cases); i++)
        check_fixture("optimizers.txt", cases[i].fixture, cases[i].yaml, is_double ? 1e-14 : 1e-6);
    for (size_t i = 0; i < COUNT(more_cases); i++)
        check_fixture("updates.txt", more_cases[i].fixture, more_cases[i].yaml, is_double ? 1e-13 : 2e-6);
}

/* Fails when an element's result depends on where a slice starts or ends. */
static void check_cuts(const char *yaml)
{
    static const int64_t lengths[] = {1, 3, 16, 7, 64, 5, 100, 2, 33};
    enum { VALUES = 1003 };
    trial whole = trial_create(yaml, VALUES), cut = trial_create(yaml, VALUES);
    trial_fill(VALUES, 1, 0, whole.weights);
    trial_fill(VALUES, 1, 0, cut.weights);
    for (uint32_t s = 0; s < 4; s++) {
        trial_fill(VALUES, 2, s, whole.gradient);
        trial_fill(VALUES, 2, s, cut.gradient);
        nn_optimizer_step step = trial_prepare(&whole, 0.7);
        trial_apply(&whole, &step, 0, VALUES);
        step = trial_prepare(&cut, 0.7);
        size_t length = s;
        for (int64_t begin = 0; begin < VALUES; length++) {
            int64_t end = begin + lengths[length % COUNT(lengths)];
            if (end > VALUES) end = VALUES;
            trial_apply(&cut, &step, begin, end);
            begin = end;
        }
        expect_same_bits(&whole, &cut);
    }
    trial_destroy(&whole);
    trial_destroy(&cut);
}

static void test_cuts(void **state)
{
    (void)state;
    for_all_optimizers(check_cuts);
}

/* Fails when a NaN or infinite gradient leaves a finite weight, or reaches its neighbours. */
static void check_nonfinite(const char *yaml)
{
    trial t = trial_create(yaml, WEIGHTS);
    trial_fill(WEIGHTS, 1, 0, t.weights);
    trial_fill(WEIGHTS, 2, 0, t.gradient);
    t.gradient[1] = (nn_real)NAN;
    t.gradient[8] = (nn_real)INFINITY;
    nn_optimizer_step step = trial_prepare(&t, 1);
    trial_apply(&t, &step, 0, WEIGHTS);
    for (int i = 0; i < WEIGHTS; i++) assert_int_equal(isfinite(t.weights[i]) != 0, i != 1 && i != 8);
    assert_true(isnan(t.weights[1]));
    trial_destroy(&t);
}

static void test_nonfinite(void **state)
{
    (void)state;
    for_all_optimizers(check_nonfinite);
}

/* Fails when a step changes the padding between tensors, which is zero. */
static void check_zeros(const char *yaml)
{
    trial t = trial_create(yaml, WEIGHTS);
    for (int s = 0; s < 3; s++) {
        nn_optimizer_step step = trial_prepare(&t, 1);
        trial_apply(&t, &step, 0, WEIGHTS);
    }
    for (int i = 0; i < WEIGHTS; i++) {
        assert_true(t.weights[i] == 0);
        for (int s = 0; s < t.slot_count; s++) assert_true(t.slots[s][i] == 0);
    }
    trial_destroy(&t);
}

static void test_zeros(void **state)
{
    (void)state;
    for_all_optimizers(check_zeros);
}

/* Fails when the clipping factor is ignored, or applied to anything but the gradient. */
static void check_scale(const char *yaml)
{
    trial plain = trial_create(yaml, WEIGHTS), scaled = trial_create(yaml, WEIGHTS);
    trial_fill(WEIGHTS, 1, 0, plain.weights);
    trial_fill(WEIGHTS, 1, 0, scaled.weights);
    for (uint32_t s = 0; s < 3; s++) {
        trial_fill(WEIGHTS, 2, s, plain.gradient);
        trial_fill(WEIGHTS, 2, s, scaled.gradient);
        for (int i = 0; i < WEIGHTS; i++) scaled.gradient[i] *= 4;
        nn_optimizer_step step = trial_prepare(&plain, 1);
        trial_apply(&plain, &step, 0, WEIGHTS);
        step = trial_prepare(&scaled, 0.25);
        trial_apply(&scaled, &step, 0, WEIGHTS);
    }
    expect_same_bits(&plain, &scaled);
    trial_destroy(&plain);
    trial_destroy(&scaled);
}

static void check_scale_unless_refused(const char *yaml)
{
    trial t = trial_create(yaml, 1);
    bool refused = t.type->no_clip_norm;
    trial_destroy(&t);
    if (!refused) check_scale(yaml);
}

static void test_scale(void **state)
{
    (void)state;
    for_all_optimizers(check_scale_unless_refused);
}

static void *option_field(const trial *t, const char *name)
{
    for (const nn_option *option = t->type->options; option->name; option++)
        if (strcmp(option->name, name) == 0) return (char *)t->options + option->offset;
    return NULL;
}

/* Whether a step without a gradient moves the weights. */
static bool decays(const char *yaml, bool is_vector, bool decay_all)
{
    nn_real before[WEIGHTS];
    trial t = trial_create(yaml, WEIGHTS);
    t.is_vector = is_vector;
    *(double *)option_field(&t, "weight_decay") = 0.1;
    *(bool *)option_field(&t, "decay_all") = decay_all;
    trial_fill(WEIGHTS, 1, 0, t.weights);
    memcpy(before, t.weights, sizeof before);
    nn_optimizer_step step = trial_prepare(&t, 1);
    trial_apply(&t, &step, 0, WEIGHTS);
    bool moved = memcmp(before, t.weights, sizeof before) != 0;
    trial_destroy(&t);
    return moved;
}

static void check_decay(const char *yaml)
{
    trial t = trial_create(yaml, 1);
    bool has_decay = option_field(&t, "decay_all") != NULL;
    trial_destroy(&t);
    if (!has_decay) return;
    assert_true(decays(yaml, false, false));
    assert_false(decays(yaml, true, false));
    assert_true(decays(yaml, true, true));
}

/* Fails when biases and the scales of normalisation decay by default, or matrices do not. */
static void test_decay(void **state)
{
    (void)state;
    for_all_optimizers(check_decay);
}

static void expect_slots(const char *yaml, int expected)
{
    trial t = trial_create(yaml, 1);
    assert_int_equal(t.slot_count, expected);
    trial_destroy(&t);
}

/* Fails when memory is used for a momentum of 0, or checkpoints would miss a state vector. */
static void test_slots(void **state)
{
    (void)state;
    expect_slots("sgd: {momentum: 0}", 0);
    expect_slots("sgd", 1);
    expect_slots("adam", 2);
    expect_slots("adamw", 2);
    expect_slots("rmsprop", 1);
    expect_slots("rmsprop: {centered: true, momentum: 0.9}", 3);
    expect_slots("adagrad", 1);
    expect_slots("lion", 1);
    expect_slots("lamb", 2);
}

static void expect_refused(const char *yaml, const char *remedy)
{
    const nn_optimizer_type *type;
    void *options = plugin_optimizer(yaml, &type);
    assert_non_null(type->check);
    assert_int_equal(type->check(options), NN_ERROR_USAGE);
    if (!strstr(nn_error_text(), remedy)) fail_msg("'%s' does not say '%s'", nn_error_text(), remedy);
    nn_free(options);
}

/* Fails when options that would have no effect, or not the one that their name says, are accepted. */
static void test_refused(void **state)
{
    (void)state;
    expect_refused("adam: {weight_decay: 0.01}", "adamw: {weight_decay: 0.01}");
    expect_refused("sgd: {momentum: 0, nesterov: true}", "set momentum");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documented), cmocka_unit_test(test_definitions), cmocka_unit_test(test_decay),
        cmocka_unit_test(test_cuts),       cmocka_unit_test(test_nonfinite),   cmocka_unit_test(test_zeros),
        cmocka_unit_test(test_scale),      cmocka_unit_test(test_slots),       cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
