/* Every schedule of the list: a valid factor at every step, linear warm-up; and the closed forms. */
#include "plugin.h"

#include <math.h>
#include <string.h>

#include "../fixtures/fixture.h"

#define FACTORS 40 /* of an array of schedules.txt */

static const nn_schedule_length lengths[] = {{1, 1}, {7, 3}, {100, 10}, {1000, 7}, {977, 2000}};

static const nn_duration warmups[] = {
    {0, NN_DURATION_FRACTION}, {0.05, NN_DURATION_FRACTION}, {1, NN_DURATION_FRACTION},
    {1.5, NN_DURATION_EPOCHS}, {5, NN_DURATION_STEPS},       {1e12, NN_DURATION_STEPS},
};

/* The options of every schedule start with the warm-up. */
static void *schedule_create(const char *yaml, const nn_schedule_type **type, nn_duration warmup)
{
    void *options = plugin_schedule(yaml, type);
    *(nn_duration *)options = warmup;
    return options;
}

static void expect_near(double value, double expected)
{
    if (!(fabs(value - expected) <= 1e-12)) fail_msg("%.17g instead of %.17g", value, expected);
}

/* Fails when a plug-in or an option is undocumented, its example does not pass its own check, or the warm-up
 * is not where the common code takes it from. */
static void test_documented(void **state)
{
    (void)state;
    for (const nn_schedule_type *const *entry = nn_schedule_types(); *entry; entry++) {
        const nn_schedule_type *type = *entry, *found;
        assert_ptr_equal(nn_schedule_find(type->name), type);
        assert_true(type->summary && type->summary[0]);
        plugin_check_table(type->options, type->options_size);
        assert_string_equal(type->options[0].name, "warmup");
        assert_int_equal(type->options[0].kind, NN_OPTION_DURATION);
        assert_int_equal(type->options[0].offset, 0);
        void *options = plugin_schedule(type->example, &found);
        assert_ptr_equal(found, type);
        if (type->check) assert_int_equal(type->check(options), NN_OK);
        nn_free(options);
    }
    assert_null(nn_schedule_find("no such schedule"));
}

static void check_run(const nn_schedule_type *type, const void *options, nn_schedule_length length)
{
    const nn_schedule_memory nothing = {0};
    int64_t warmup = nn_schedule_warmup_steps(options, length);
    double highest = 0;
    for (int64_t step = 0; step < length.steps + 2; step++) {
        double factor = nn_schedule_factor(type, options, &nothing, step, length);
        assert_true(isfinite(factor) && factor >= 0 && factor <= 1);
        if (step < warmup) expect_near(factor, (double)(step + 1) / (double)warmup);
        if (step >= warmup && step < length.steps) highest = fmax(highest, factor);
    }
    if (warmup < length.steps) expect_near(highest, 1);
}

/* Fails when a factor is not in [0, 1], the warm-up is not linear, or the schedule does not start at 1 right
 * after it; a resume with more epochs may ask for steps beyond the end. */
static void test_all(void **state)
{
    (void)state;
    for (const nn_schedule_type *const *type = nn_schedule_types(); *type; type++) {
        for (size_t w = 0; w < COUNT(warmups); w++) {
            const nn_schedule_type *found;
            void *options = schedule_create((*type)->example, &found, warmups[w]);
            for (size_t l = 0; l < COUNT(lengths); l++) check_run(found, options, lengths[l]);
            nn_free(options);
        }
    }
}

static int64_t warmup_of(nn_duration warmup, nn_schedule_length length)
{
    return nn_schedule_warmup_steps(&warmup, length);
}

/* Fails when a duration becomes the wrong number of steps. */
static void test_durations(void **state)
{
    (void)state;
    nn_schedule_length length = {.steps = 100, .steps_per_epoch = 10};
    assert_int_equal(warmup_of((nn_duration){0, NN_DURATION_NONE}, length), 0);
    assert_int_equal(warmup_of((nn_duration){2, NN_DURATION_EPOCHS}, length), 20);
    assert_int_equal(warmup_of((nn_duration){0.5, NN_DURATION_EPOCHS}, length), 5);
    assert_int_equal(warmup_of((nn_duration){17, NN_DURATION_STEPS}, length), 17);
    assert_int_equal(warmup_of((nn_duration){0.07, NN_DURATION_FRACTION}, length), 7);
    assert_int_equal(warmup_of((nn_duration){0.29, NN_DURATION_FRACTION}, length), 29);
    assert_int_equal(warmup_of((nn_duration){11, NN_DURATION_EPOCHS}, length), 110);
    assert_int_equal(warmup_of((nn_duration){101, NN_DURATION_STEPS}, length), 101);
    assert_true(warmup_of((nn_duration){1e300, NN_DURATION_EPOCHS}, length) > INT64_C(1000000000000000));
}

static double factor_of(const char *yaml, int64_t step, nn_schedule_length length)
{
    const nn_schedule_type *type;
    const nn_schedule_memory nothing = {0};
    void *options = plugin_schedule(yaml, &type);
    double factor = nn_schedule_factor(type, options, &nothing, step, length);
    nn_free(options);
    return factor;
}

static double after_falls(double factor, int64_t falls)
{
    return pow(factor, (double)falls);
}

/* Fails when a schedule is not the function that its name promises, or a default has changed. */
static void test_closed_forms(void **state)
{
    (void)state;
    const double pi = 3.14159265358979323846;
    nn_schedule_length length = {.steps = 200, .steps_per_epoch = 20};
    for (int64_t step = 0; step < 200; step++) {
        double done = (double)step / 200, done_warm = (double)(step - 10) / 190;
        expect_near(factor_of("constant", step, length), 1);
        expect_near(factor_of("step: {every: 3 epochs}", step, length), after_falls(0.1, step / 60));
        expect_near(factor_of("step: {every: 25%, factor: 0.5}", step, length), after_falls(0.5, step / 50));
        expect_near(factor_of("step: {warmup: 20 steps, every: 60 steps}", step, length),
                    step < 20 ? (double)(step + 1) / 20 : after_falls(0.1, (step - 20) / 60));
        expect_near(factor_of("cosine", step, length),
                    step < 10 ? (double)(step + 1) / 10 : (1 + cos(pi * done_warm)) / 2);
        expect_near(factor_of("cosine: {warmup: 0%, final_factor: 0.2}", step, length),
                    0.2 + 0.8 * (1 + cos(pi * done)) / 2);
        expect_near(factor_of("exponential", step, length), pow(0.95, (double)step / 20));
        expect_near(factor_of("exponential: {factor: 0.5, every: 25%}", step, length),
                    pow(0.5, (double)step / 50));
        expect_near(factor_of("polynomial", step, length),
                    step < 10 ? (double)(step + 1) / 10 : 1 - done_warm);
        expect_near(factor_of("polynomial: {warmup: 0%, power: 3, final_factor: 0.1}", step, length),
                    0.1 + 0.9 * pow(1 - done, 3));
    }
}

/* Fails when the learning rate at a step depends on the length of the run although the schedule does not
 * cover it to its end: a duration in epochs or steps that is longer than the run would be cut. */
static void test_durations_longer_than_the_run(void **state)
{
    (void)state;
    static const int64_t epochs[] = {1, 3, 5, 9, 20, 100};
    for (size_t e = 0; e < COUNT(epochs); e++) {
        nn_schedule_length length = {.steps = 20 * epochs[e], .steps_per_epoch = 20};
        for (int64_t step = 0; step < length.steps; step++) {
            expect_near(factor_of("exponential: {factor: 0.1, every: 10 epochs}", step, length),
                        pow(0.1, (double)step / 200));
            expect_near(factor_of("exponential: {factor: 0.1, every: 137 steps}", step, length),
                        pow(0.1, (double)step / 137));
            expect_near(factor_of("step: {every: 4 epochs}", step, length), after_falls(0.1, step / 80));
            expect_near(factor_of("step: {every: 131 steps}", step, length), after_falls(0.1, step / 131));
            expect_near(factor_of("constant: {warmup: 8 epochs}", step, length),
                        step < 160 ? (double)(step + 1) / 160 : 1);
            expect_near(factor_of("reduce_on_plateau: {warmup: 90 steps}", step, length),
                        step < 90 ? (double)(step + 1) / 90 : 1);
            expect_near(
                factor_of("exponential: {warmup: 4 epochs, factor: 0.5, every: 6 epochs}", step, length),
                step < 80 ? (double)(step + 1) / 80 : pow(0.5, (double)(step - 80) / 120));
            if (step < 80) { /* of those that cover the run to its end, the warm-up */
                expect_near(factor_of("cosine: {warmup: 4 epochs}", step, length), (double)(step + 1) / 80);
                expect_near(factor_of("polynomial: {warmup: 80 steps}", step, length),
                            (double)(step + 1) / 80);
                double rising = (1 - cos(3.14159265358979323846 * (double)step / 79)) / 2;
                expect_near(factor_of("one_cycle: {rise: 4 epochs, initial_factor: 0}", step, length),
                            rising);
            }
        }
    }
}

/* The factors of a run of 4 epochs of 10 steps that is replanned for `epochs` at `step`. */
static void *extended(const char *yaml, int64_t step, int64_t epochs, const nn_schedule_type **type,
                      nn_schedule_memory *memory)
{
    void *options = plugin_schedule(yaml, type);
    *memory = (nn_schedule_memory){0};
    assert_false(nn_schedule_plan(options, memory, 0, (nn_schedule_length){40, 10}));
    assert_false(nn_schedule_plan(options, memory, step, (nn_schedule_length){40, 10}));
    assert_int_equal(nn_schedule_plan(options, memory, step, (nn_schedule_length){10 * epochs, 10}),
                     epochs != 4);
    assert_false(nn_schedule_plan(options, memory, step, (nn_schedule_length){10 * epochs, 10}));
    return options;
}

/* Fails when an extended or shortened run does not get the schedule that `extend` says: that of the new
 * length, the last factor, or a new cycle. */
static void test_extended_runs(void **state)
{
    (void)state;
    const nn_schedule_type *type;
    nn_schedule_memory memory;
    const nn_schedule_length longer = {100, 10}, shorter = {30, 10}, added = {60, 10}, first = {40, 10};
    for (const nn_schedule_type *const *entry = nn_schedule_types(); *entry; entry++) {
        char yaml[64];
        const char *name = (*entry)->name, *more = strcmp(name, "step") == 0 ? "every: 15 steps, " : "";
        snprintf(yaml, sizeof yaml, "%s: {%sextend: stretch}", name, more);
        void *options = extended(yaml, 40, 10, &type, &memory);
        for (int64_t s = 0; s < 100; s++)
            expect_near(nn_schedule_factor(type, options, &memory, s, longer), factor_of(yaml, s, longer));
        nn_free(options);
        options = extended(yaml, 20, 3, &type, &memory);
        for (int64_t s = 20; s < 30; s++)
            expect_near(nn_schedule_factor(type, options, &memory, s, shorter), factor_of(yaml, s, shorter));
        nn_free(options);
        snprintf(yaml, sizeof yaml, "%s: {%sextend: hold}", name, more);
        options = extended(yaml, 20, 10, &type, &memory);
        for (int64_t s = 20; s < 100; s++)
            expect_near(nn_schedule_factor(type, options, &memory, s, longer),
                        factor_of(yaml, s < 39 ? s : 39, first));
        nn_free(options);
        snprintf(yaml, sizeof yaml, "%s: {%sextend: restart}", name, more);
        options = extended(yaml, 40, 10, &type, &memory);
        for (int64_t s = 40; s < 100; s++)
            expect_near(nn_schedule_factor(type, options, &memory, s, longer),
                        factor_of(yaml, s - 40, added));
        nn_free(options);
    }
}

/* Fails when a second extension forgets the first, a later choice has no effect, or a finished run is
 * replanned. */
static void test_extended_again(void **state)
{
    (void)state;
    const nn_schedule_type *type;
    nn_schedule_memory memory;
    const nn_schedule_length longest = {200, 10}, first = {40, 10};
    void *options = extended("cosine: {extend: hold}", 40, 10, &type, &memory);
    assert_true(nn_schedule_plan(options, &memory, 100, longest));
    expect_near(nn_schedule_factor(type, options, &memory, 150, longest), factor_of("cosine", 39, first));
    nn_schedule_common *common = options;
    common->extend = NN_EXTEND_STRETCH;
    assert_true(nn_schedule_plan(options, &memory, 100, longest));
    expect_near(nn_schedule_factor(type, options, &memory, 150, longest), factor_of("cosine", 150, longest));
    common->extend = NN_EXTEND_RESTART;
    assert_true(nn_schedule_plan(options, &memory, 120, longest));
    expect_near(nn_schedule_factor(type, options, &memory, 130, longest),
                factor_of("cosine", 10, (nn_schedule_length){80, 10}));
    assert_false(nn_schedule_plan(options, &memory, 120, (nn_schedule_length){110, 10}));
    expect_near(nn_schedule_factor(type, options, &memory, 130, longest),
                factor_of("cosine", 10, (nn_schedule_length){80, 10}));
    nn_free(options);
}

static void read_factors(const char *name, double factors[FACTORS])
{
    nn_real values[FACTORS];
    fixture_read("schedules.txt", name, FACTORS, values);
    for (int i = 0; i < FACTORS; i++) factors[i] = (double)values[i];
}

static void expect_factor(const char *name, double value, double expected)
{
    double tolerance = sizeof(nn_real) == sizeof(double) ? 1e-12 : 1e-7; /* of the fixture */
    if (!(fabs(value - expected) <= tolerance)) fail_msg("%s: %.17g instead of %.17g", name, value, expected);
}

/* Fails when a schedule is not PyTorch's of that name. */
static void test_pytorch(void **state)
{
    (void)state;
    static const struct {
        const char *fixture, *yaml;
    } cases[] = {
        {"exponential", "exponential: {factor: 0.9, every: 1 steps}"},
        {"polynomial", "polynomial: {warmup: 0%, power: 2}"},
        {"one_cycle", "one_cycle"},
        {"one_cycle_other", "one_cycle: {rise: 50%, initial_factor: 0.1, final_factor: 0.001}"},
    };
    double expected[FACTORS];
    for (size_t i = 0; i < COUNT(cases); i++) {
        read_factors(cases[i].fixture, expected);
        for (int64_t step = 0; step < FACTORS; step++)
            expect_factor(cases[i].fixture, factor_of(cases[i].yaml, step, (nn_schedule_length){FACTORS, 10}),
                          expected[step]);
    }
}

static void check_plateau(const char *fixture, bool higher_is_better)
{
    const nn_schedule_type *type;
    nn_schedule_memory memory = {0};
    double figures[FACTORS], expected[FACTORS];
    void *options = plugin_schedule(
        "reduce_on_plateau: {factor: 0.5, patience: 2 epochs, threshold: 0.01, min: 0.01}", &type);
    read_factors("figures", figures);
    read_factors(fixture, expected);
    for (int e = 0; e < FACTORS; e++) {
        double figure = higher_is_better ? 1 / figures[e] : figures[e];
        nn_schedule_observe(type, options, &memory, figure, higher_is_better);
        expect_factor(fixture, nn_schedule_factor(type, options, &memory, 0, (nn_schedule_length){400, 10}),
                      expected[e]);
    }
    nn_free(options);
}

/* Fails when the learning rate does not decrease at the same epochs as with PyTorch's ReduceLROnPlateau. */
static void test_plateau(void **state)
{
    (void)state;
    check_plateau("plateau_low", false);
    check_plateau("plateau_high", true);
}

static void expect_refused(const char *yaml, const char *text)
{
    const nn_schedule_type *type;
    void *options = plugin_schedule(yaml, &type);
    assert_non_null(type->check);
    assert_int_equal(type->check(options), NN_ERROR_USAGE);
    if (!strstr(nn_error_text(), text)) fail_msg("'%s' does not say '%s'", nn_error_text(), text);
    nn_free(options);
}

/* Fails when a schedule takes minutes, which would make the trained bits depend on the machine. */
static void test_seconds_refused(void **state)
{
    (void)state;
    for (const nn_schedule_type *const *type = nn_schedule_types(); *type; type++) {
        const nn_schedule_type *found;
        void *options = schedule_create((*type)->example, &found, (nn_duration){60, NN_DURATION_SECONDS});
        assert_non_null(found->check);
        assert_int_equal(found->check(options), NN_ERROR_USAGE);
        assert_non_null(strstr(nn_error_text(), "warmup"));
        nn_free(options);
    }
    expect_refused("step: {every: 10 minutes}", "every");
    expect_refused("step: {every: 0 epochs}", "above 0");
    expect_refused("exponential: {every: 10 minutes}", "every");
    expect_refused("exponential: {every: 0 steps}", "above 0");
    expect_refused("one_cycle: {rise: 10 minutes}", "rise");
    expect_refused("one_cycle: {warmup: 5%}", "'rise'");
    expect_refused("reduce_on_plateau: {patience: 10 steps}", "whole number of validations");
    expect_refused("reduce_on_plateau: {patience: 1.5 epochs}", "whole number of validations");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documented),      cmocka_unit_test(test_all),
        cmocka_unit_test(test_durations),       cmocka_unit_test(test_closed_forms),
        cmocka_unit_test(test_seconds_refused), cmocka_unit_test(test_pytorch),
        cmocka_unit_test(test_plateau),         cmocka_unit_test(test_durations_longer_than_the_run),
        cmocka_unit_test(test_extended_runs),   cmocka_unit_test(test_extended_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
