/* Charts that hide an event, draw what is in the background over the rest, or let a name run out of the
 * picture. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "draw/chart.h"

static const double xs[] = {0, 1, 2, 3, 4}, ys[] = {1, 3, 2, 5, 4};

static size_t count_of(const char *text, const char *word)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, word)) != NULL; at++) count++;
    return count;
}

/* A mark is where the plan has its x; one outside the axis is left out. */
static void test_marks(void **state)
{
    const nn_curve curve = {.name = "a", .points = {xs, ys, 5}};
    const nn_chart_mark marks[] = {{2, "best"}, {3, NULL}, {9, "outside"}};
    const nn_chart chart = {.x_name = "epoch", .curves = &curve, .count = 1, .marks = marks, .mark_count = 3};
    nn_chart_plan plan;
    nn_text svg = {0};
    char begin[64];
    (void)state;
    assert_true(nn_chart_fit(&chart, 0, 0, 400, 300, &plan));
    assert_int_equal(nn_chart_append(&svg, &chart, 0, 0, 400, 300), NN_OK);
    assert_int_equal(count_of(svg.bytes, "class=\"chart-mark\""), 2);
    assert_non_null(strstr(svg.bytes, ">best</text>"));
    assert_null(strstr(svg.bytes, "outside"));
    snprintf(begin, sizeof begin, "class=\"chart-mark\" d=\"M%.6g,", plan.left + plan.width / 2);
    assert_non_null(strstr(svg.bytes, begin));
    nn_text_free(&svg);
}

/* The curve in the background comes first, whatever its number, and has no colour of its own. */
static void test_faint(void **state)
{
    const nn_curve curves[] = {{.name = "a", .points = {xs, ys, 5}}, {.faint = true, .points = {xs, ys, 5}}};
    const nn_chart chart = {.curves = curves, .count = 2};
    nn_text svg = {0};
    (void)state;
    assert_int_equal(nn_chart_append(&svg, &chart, 0, 0, 400, 300), NN_OK);
    assert_int_equal(count_of(svg.bytes, "class=\"chart-faint\""), 1);
    const char *faint = strstr(svg.bytes, "class=\"chart-faint\"");
    assert_non_null(strstr(faint, "class=\"chart-curve chart-colour-0\""));
    nn_text_free(&svg);
}

/* A long name is cut between characters, and so are many short ones broken into rows. */
static void test_long_names(void **state)
{
    char name[601] = "";
    for (int i = 0; i < 300; i++) strcat(name, "\xC3\xA4");
    const nn_curve curve = {.name = name, .points = {xs, ys, 5}};
    const nn_chart chart = {.curves = &curve, .count = 1};
    nn_text svg = {0};
    (void)state;
    assert_int_equal(nn_chart_append(&svg, &chart, 0, 0, 400, 300), NN_OK);
    size_t letters = count_of(svg.bytes, "\xC3\xA4");
    assert_true(letters > 20 && letters < 60);
    assert_non_null(strstr(svg.bytes, "\xC3\xA4\xE2\x80\xA6</text>"));
    nn_text_free(&svg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_marks), cmocka_unit_test(test_faint),
                                       cmocka_unit_test(test_long_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
