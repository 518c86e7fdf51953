/* Curves in a terminal. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "draw/terminal_plot.h"

/* Columns of a line, of which each character of UTF-8 has one. */
static int columns(const char *line, size_t length)
{
    int count = 0;
    for (size_t i = 0; i < length; i++) count += ((unsigned char)line[i] & 0xc0) != 0x80;
    return count;
}

static int count_lines(const char *text, int widest)
{
    int lines = 0;
    for (; *text; lines++) {
        size_t length = strcspn(text, "\n");
        if (columns(text, length) > widest) fail_msg("wider than %d: %.*s", widest, (int)length, text);
        text += length + 1;
    }
    return lines;
}

/* If it fails: a diagonal is not drawn as one, or axes and ticks are not where the values are. */
static void ascii_shows_points_and_ticks(void **state)
{
    (void)state;
    const double x[] = {0, 10, 20}, y[] = {0, 5, 10};
    nn_plot_series series = {"a", 3, x, y};
    nn_plot plot = {.width = 31, .height = 13, .ascii = true, .y_top = NAN, .mark = NAN};
    nn_text text = {0};
    nn_plot_append(&plot, &series, 1, &text);
    assert_string_equal(text.bytes, "      10 +                   **\n"
                                    "         |                 **\n"
                                    "         |               **\n"
                                    "         |             **\n"
                                    "         |           **\n"
                                    "       5 +         **\n"
                                    "         |       **\n"
                                    "         |     **\n"
                                    "         |   **\n"
                                    "         | **\n"
                                    "       0 +*\n"
                                    "         ++-------------------+\n"
                                    "          0                  20\n");
    nn_text_free(&text);
}

/* If it fails: a plot is wider or higher than asked for, at any size, or reads beyond its memory. */
static void plots_fit_their_window(void **state)
{
    (void)state;
    double x[100], up[100], down[100];
    for (int i = 0; i < 100; i++) {
        x[i] = pow(10, i / 10.0 - 6);
        up[i] = i % 7 == 0 ? (double)NAN : i;
        down[i] = i == 50 ? 1e300 : 100 - 2 * i;
    }
    const nn_plot_series series[] = {{"up", 100, x, up}, {"down", 100, x, down}};
    for (int ascii = 0; ascii < 2; ascii++)
        for (int width = 20; width < 130; width += 7)
            for (int height = 6; height < 40; height += 5)
                for (int kind = 0; kind < 4; kind++) {
                    nn_plot plot = {.width = width,
                                    .height = height + 4,
                                    .ascii = ascii,
                                    .log_x = kind & 1,
                                    .log_y = kind & 2,
                                    .x_name = "x",
                                    .y_name = "y",
                                    .y_top = kind == 1 ? 60.0 : (double)NAN,
                                    .mark = 0.01};
                    nn_text text = {0};
                    nn_plot_append(&plot, series, 2, &text);
                    assert_false(text.failed);
                    assert_true(count_lines(text.bytes, width) <= height + 4);
                    if (ascii) assert_int_equal(columns(text.bytes, text.length), text.length);
                    nn_text_free(&text);
                }
}

/* If it fails: values of one size, or none, end the program. */
static void flat_and_empty_curves_are_shown(void **state)
{
    (void)state;
    const double x[] = {1, 2, 3}, flat[] = {5, 5, 5}, none[] = {NAN, NAN, INFINITY};
    nn_plot plot = {.width = 40, .height = 10, .y_top = NAN, .mark = NAN};
    nn_plot_series series = {"a", 3, x, flat};
    nn_text text = {0};
    nn_plot_append(&plot, &series, 1, &text);
    assert_non_null(strstr(text.bytes, "5 \xe2\x94\xa4\xe2"));
    nn_text_free(&text);
    series.y = none;
    nn_plot_append(&plot, &series, 1, &text);
    assert_string_equal(text.bytes, "(nothing to plot)\n");
    nn_text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ascii_shows_points_and_ticks),
        cmocka_unit_test(plots_fit_their_window),
        cmocka_unit_test(flat_and_empty_curves_are_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
