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
    nn_best best = {0};
    const nn_best_rule rule = {
        .metric = by_loss ? -1 : 0, .head = -1, .higher_is_better = higher && !by_loss};
    for (int e = 0; e < EPOCHS; e++) {
        nn_results figures = {.loss = of->losses[e]};
        figures.choices[0] = of->values[e];
        nn_epoch_best_take(&rule, &best, e + 1, &figures);
    }
    return best.step;
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

/* The rule for one name; NULL: for none. */
static nn_best_rule rule_of(const nn_model *model, const char *name)
{
    char *items[1] = {(char *)(uintptr_t)name};
    const nn_text_list wanted = {items, name != NULL};
    nn_best_rules rules = nn_best_rules_of(model, &wanted);
    assert_int_equal(rules.count, 1);
    assert_string_equal(rules.items[0].file, "best.h5");
    return rules.items[0];
}

static void test_names(void **state)
{
    (void)state;
    char names[3][16];
    nn_model model;
    make_model(&model, 1, names);
    assert_int_equal(rule_of(&model, NULL).metric, -1);
    assert_int_equal(rule_of(&model, "loss").metric, -1);
    assert_int_equal(rule_of(&model, "a.loss").metric, -1);
    assert_int_equal(rule_of(&model, "a.loss").head, -1);
    assert_int_equal(rule_of(&model, "accuracy").metric, 0);
    assert_int_equal(rule_of(&model, "a.accuracy").metric, 0);
    assert_true(rule_of(&model, "a.accuracy").higher_is_better);
    make_model(&model, 2, names);
    assert_int_equal(rule_of(&model, "b.accuracy").metric, 1);
    assert_int_equal(rule_of(&model, "b.loss").head, 1);
    assert_int_equal(rule_of(&model, "loss").head, -1);
}

/* Wrong: two results share a file of best weights, or a file is named in a way that is not allowed. */
static void test_files(void **state)
{
    (void)state;
    char names[3][16], *items[3] = {"loss", "b.accuracy", "b.loss"};
    nn_model model;
    make_model(&model, 2, names);
    nn_best_rules rules = nn_best_rules_of(&model, &(nn_text_list){items, 3});
    assert_int_equal(rules.count, 3);
    assert_string_equal(rules.items[0].file, "best.h5");
    assert_string_equal(rules.items[1].file, "best-b.accuracy.h5");
    assert_string_equal(rules.items[2].file, "best-b.loss.h5");
    assert_true(rules.items[1].higher_is_better && !rules.items[2].higher_is_better);
    char name[NN_KEPT_NAME];
    nn_kept_name_best("rmse (relative to the spread of each output)", name);
    assert_string_equal(name, "best-rmse.h5");
    nn_kept_name_best("a/b\xc3\xa4 c", name);
    assert_string_equal(name, "best-a-b--.h5");
    assert_true(nn_kept_is_best(name) && nn_kept_is_best("best.h5"));
    assert_false(nn_kept_is_best("best-.h5") || nn_kept_is_best("best-x.h5.tmp") ||
                 nn_kept_is_best("best.h5.tmp"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_order), cmocka_unit_test(test_names),
                                       cmocka_unit_test(test_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
