/* Which epoch has the best weights: ties, undefined results, and the names that a user may give. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "train/epoch_best.h"

#define EPOCHS 5

typedef struct history {
    double values[EPOCHS], losses[EPOCHS];
} history;

/* The epoch whose weights are kept after all epochs. */
static int64_t best_of(const history *of, bool higher, bool by_loss)
{
    nn_run_state run = {0};
    const nn_best_rule rule = {
        .metric = by_loss ? -1 : 0, .head = -1, .higher_is_better = higher && !by_loss};
    for (int e = 0; e < EPOCHS; e++) {
        nn_results figures = {.loss = of->losses[e]};
        figures.choices[0] = of->values[e];
        nn_epoch_best_take(&rule, &run, e + 1, &figures);
    }
    return run.best_epoch;
}

static void test_order(void **state)
{
    (void)state;
    const double none = (double)NAN;
    const history plain = {{.1, .5, .3, .2, .4}, {5, 4, 3, 1, 2}};
    assert_int_equal(best_of(&plain, true, false), 2);
    assert_int_equal(best_of(&plain, false, false), 1);
    assert_int_equal(best_of(&plain, true, true), 4);
    /* A metric that stays the same leaves the choice to the loss, not to the first epoch. */
    const history flat = {{.5, .5, .5, .5, .5}, {5, 4, 1, 3, 2}};
    assert_int_equal(best_of(&flat, true, false), 3);
    /* And a loss that does, too, to the last. */
    const history same = {{.5, .5, .5, .5, .4}, {1, 1, 1, 1, 1}};
    assert_int_equal(best_of(&same, true, false), 4);
    assert_int_equal(best_of(&same, true, true), 5);
    /* What is undefined is worse than any number, whichever way is better. */
    const history gaps = {{none, .1, none, .3, none}, {1, 1, 1, 1, 1}};
    assert_int_equal(best_of(&gaps, true, false), 4);
    assert_int_equal(best_of(&gaps, false, false), 2);
    const history undefined = {{none, none, none, none, none}, {3, 1, 2, none, 5}};
    assert_int_equal(best_of(&undefined, true, false), 2);
    const history nothing = {{none, none, none, none, none}, {none, none, none, none, none}};
    assert_int_equal(best_of(&nothing, true, false), 0);
    assert_int_equal(best_of(&nothing, true, true), 0);
}

/* "accuracy" of one head, or "a.accuracy" and "b.accuracy" of two. */
static void make_model(nn_model *model, int heads, char names[3][16])
{
    const char *metrics[2] = {heads > 1 ? "a.accuracy" : "accuracy", "b.accuracy"};
    *model = (nn_model){.head_count = heads, .metric_count = heads};
    for (int h = 0; h < heads; h++) {
        snprintf(names[h], 16, "%c", 'a' + h);
        model->heads[h].name = names[h];
        model->heads[h].outputs = 1;
        model->metrics[h] = (nn_model_metric){.type = nn_metric_find(NN_SCALAR_REAL, "accuracy"),
                                              .head = h,
                                              .name = (char *)(uintptr_t)metrics[h]};
    }
}

static void test_names(void **state)
{
    (void)state;
    char names[3][16];
    nn_model model;
    make_model(&model, 1, names);
    assert_int_equal(nn_best_rule_of(&model, NULL).metric, -1);
    assert_int_equal(nn_best_rule_of(&model, "loss").metric, -1);
    assert_int_equal(nn_best_rule_of(&model, "a.loss").metric, -1);
    assert_int_equal(nn_best_rule_of(&model, "a.loss").head, -1);
    assert_int_equal(nn_best_rule_of(&model, "accuracy").metric, 0);
    assert_int_equal(nn_best_rule_of(&model, "a.accuracy").metric, 0);
    assert_true(nn_best_rule_of(&model, "a.accuracy").higher_is_better);
    make_model(&model, 2, names);
    assert_int_equal(nn_best_rule_of(&model, "b.accuracy").metric, 1);
    assert_int_equal(nn_best_rule_of(&model, "b.loss").head, 1);
    assert_int_equal(nn_best_rule_of(&model, "loss").head, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_order), cmocka_unit_test(test_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
