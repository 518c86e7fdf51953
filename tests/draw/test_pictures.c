/* Bars of the wrong height, dots that are lost or drawn twice, heat maps that break on names, images that are
 * not what was given, diagrams whose boxes overlap or whose edges point upwards. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "draw/chart.h"
#include "draw/diagram.h"
#include "draw/heat_map.h"
#include "draw/png.h"

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = strstr(text, part); at; at = strstr(at + 1, part)) count++;
    return count;
}

/* Bars from 0 to 3 and to -1 on an axis from -1 to 3, 80 pixels high: 60 up and 20 down. */
static void test_bars(void **state)
{
    static const double x[] = {1, 2, 3}, y[] = {3, 0, -1};
    nn_axis x_axis, y_axis;
    nn_text svg = {0};
    (void)state;
    nn_axis_fit(&x_axis, 0, 4, false, false, 4);
    nn_axis_fit(&y_axis, -1, 3, false, false, 4);
    const nn_svg_frame frame = {0, 0, 80, 80, &x_axis, &y_axis, 0};
    const nn_points points = {x, y, 3};
    nn_svg_append_bars(&svg, &frame, &points, 1);
    assert_string_equal(svg.bytes, "M10,60V0H29V60ZM50,60V80H69V60Z");
    nn_text_free(&svg);
}

/* Two dots on one pixel are one; NaN and what is outside are none. */
static void test_dots(void **state)
{
    static const double x[] = {5, 5.001, 1, NAN, 20}, y[] = {5, 5.001, 9, 5, 5};
    nn_axis axis;
    nn_text svg = {0};
    (void)state;
    nn_axis_fit(&axis, 0, 10, false, false, 5);
    const nn_svg_frame frame = {0, 0, 100, 100, &axis, &axis, 0};
    const nn_points points = {x, y, 5};
    assert_int_equal(nn_svg_append_dots(&svg, &frame, &points), NN_OK);
    assert_string_equal(svg.bytes, "M50,50h0M10,10h0");
    nn_text_free(&svg);
}

/* A chart of bars has 0 on its axis, and room for the outer halves of its bars. */
static void test_chart(void **state)
{
    static const double x[] = {10, 11}, y[] = {5, 6}, range[] = {0, 1};
    nn_text svg = {0};
    nn_curve curve = {.name = "rows", .kind = NN_CURVE_BARS, .width = 1, .points = {x, y, 2}};
    nn_chart chart = {.curves = &curve, .count = 1};
    (void)state;
    assert_int_equal(nn_chart_append(&svg, &chart, 0, 0, 300, 200), NN_OK);
    assert_non_null(strstr(svg.bytes, ">0</text>"));
    assert_non_null(strstr(svg.bytes, "class=\"chart-bars chart-colour-0\""));
    assert_null(strstr(svg.bytes, "chart-curve"));
    nn_text_free(&svg);
    curve.kind = NN_CURVE_DOTS;
    chart.x_range = chart.y_range = range; /* no dot is within */
    assert_int_equal(nn_chart_append(&svg, &chart, 0, 0, 300, 200), NN_OK);
    assert_int_equal(count_of(svg.bytes, "h0\""), 1); /* the legend's */
    nn_text_free(&svg);
}

static void test_heat_map(void **state)
{
    static const double values[] = {0, 12, 3, 1};
    static const char *const names[] = {"</script>",
                                        "a name of far more than eighteen letters \xC3\xA4\xC3\xB6"};
    const nn_heat_map map = {2, 2, values, names, names, "class", "predicted as"};
    double width, height;
    nn_text svg = {0};
    (void)state;
    nn_heat_map_size(&map, &width, &height);
    assert_true(width > 100 && width < 500 && height > 60 && height < 300);
    nn_heat_map_append(&svg, &map);
    assert_int_equal(count_of(svg.bytes, "<rect"), 4);
    assert_null(strstr(svg.bytes, "</script>"));
    assert_int_equal(count_of(svg.bytes, "&lt;/script&gt;"), 2);
    assert_int_equal(count_of(svg.bytes, "<title>a name of far more than eighteen letters"), 2);
    assert_int_equal(count_of(svg.bytes, ">12</text>"), 1);
    /* All of the first row is predicted as the second class, a quarter of the second row is. */
    assert_non_null(strstr(svg.bytes, "fill-opacity=\"0.55\""));
    assert_non_null(strstr(svg.bytes, "fill-opacity=\"0.182\""));
    nn_text_free(&svg);
}

static void test_base64(void **state)
{
    static const char *const pairs[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"}};
    (void)state;
    for (size_t p = 0; p < sizeof pairs / sizeof *pairs; p++) {
        nn_text text = {0};
        nn_text_append(&text, "=");
        nn_base64_append(&text, (const unsigned char *)pairs[p][0], strlen(pairs[p][0]));
        assert_string_equal(text.bytes + 1, pairs[p][1]);
        nn_text_free(&text);
    }
}

/* 3 x 2 pixels of red, green and blue: magic, and a header that says so. */
static void test_png(void **state)
{
    static const unsigned char pixels[18] = {255};
    nn_text text = {0};
    (void)state;
    assert_int_equal(nn_png_append(&text, 2, 3, 3, pixels), NN_OK);
    assert_non_null(strstr(text.bytes, "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAAS"));
    nn_text_free(&text);
}

/* A residual block with a projection, and a box that nothing reads. */
static void test_diagram(void **state)
{
    static const int after_0[] = {0}, after_1[] = {1}, sum[] = {2, 0}, both[] = {3, 0};
    const nn_diagram_node nodes[] = {{"input", "8", 0, 0, NULL}, {"a", "8", 0, 1, after_0},
                                     {"b", "8", 0, 1, after_1},  {"add", "8", 1, 2, sum},
                                     {"c", "8", 0, 1, after_0},  {"d<", "8", 0, 2, both}};
    static const nn_diagram_group group = {1, 2, "3 times"};
    nn_diagram diagram;
    nn_text svg = {0};
    double y[6], x[6], width, height;
    (void)state;
    assert_int_equal(nn_diagram_lay_out(6, nodes, 1, &group, &diagram), NN_OK);
    nn_diagram_append(&svg, &diagram);
    const char *at = svg.bytes;
    for (int n = 0; n < 6; n++) {
        at = strstr(at, "class=\"chart-box\"");
        assert_non_null(at);
        assert_int_equal(sscanf(at, "class=\"chart-box\" x=\"%lf\" y=\"%lf\" width=\"%lf\" height=\"%lf\"",
                                &x[n], &y[n], &width, &height),
                         4);
        at++;
        assert_true(x[n] > 0 && x[n] + width < diagram.width && y[n] > 0 && y[n] + height < diagram.height);
        for (int i = 0; i < nodes[n].input_count; i++) assert_true(y[nodes[n].inputs[i]] + height < y[n]);
        for (int m = 0; m < n; m++)
            assert_true(x[m] + width < x[n] || x[n] + width < x[m] || y[m] + height < y[n] ||
                        y[n] + height < y[m]);
    }
    assert_true(x[1] == x[0] && x[3] == x[0] && x[4] > x[1]);
    assert_int_equal(count_of(svg.bytes, "m5,-4l-5,4l5,4"), 2); /* input to the sum, and to d: curves */
    assert_int_equal(count_of(svg.bytes, "m-4,-5l4,5l4,-5"), 5);
    assert_non_null(strstr(svg.bytes, ">d&lt;</text>"));
    assert_non_null(strstr(svg.bytes, ">3 times</text>"));
    nn_text_free(&svg);
    nn_diagram_release(&diagram);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bars),   cmocka_unit_test(test_dots),
                                       cmocka_unit_test(test_chart),  cmocka_unit_test(test_heat_map),
                                       cmocka_unit_test(test_base64), cmocka_unit_test(test_png),
                                       cmocka_unit_test(test_diagram)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
