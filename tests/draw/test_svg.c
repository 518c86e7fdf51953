/* Curves that lose an extreme or grow with their points; texts that break the document. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "draw/svg.h"

static void test_text(void **state)
{
    nn_text svg = {0};
    (void)state;
    nn_svg_append_text(&svg, "a<b>&\"'</script>\x01\xFFgr\xC3\xB6\xC3\x9F\xED\xA0\x80.");
    assert_string_equal(svg.bytes,
                        "a&lt;b&gt;&amp;&quot;&#39;&lt;/script&gt;\xEF\xBF\xBD\xEF\xBF\xBDgr\xC3\xB6"
                        "\xC3\x9F\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD.");
    nn_text_free(&svg);
    /* An override of the direction would reach into what follows; Hebrew alone does not. */
    nn_svg_append_text(&svg, "a\xE2\x80\xAE"
                             "b\xE2\x81\xA7\xD7\x90\xE2\x80\xA9");
    assert_string_equal(svg.bytes, "a\xEF\xBF\xBD"
                                   "b\xEF\xBF\xBD\xD7\x90\xE2\x80\xA9");
    nn_text_free(&svg);
}

/* A curve of 100,000 points with one that is far above and one far below, and its frame of 100 x 100. */
static void test_long_curve(void **state)
{
    enum { COUNT = 100000 };
    double *x, *y;
    size_t *kept;
    nn_axis x_axis, y_axis;
    (void)state;
    assert_int_equal(NN_ALLOCATE(&x, COUNT, "x"), NN_OK);
    assert_int_equal(NN_ALLOCATE(&y, COUNT, "y"), NN_OK);
    assert_int_equal(NN_ALLOCATE(&kept, COUNT, "kept"), NN_OK);
    for (int i = 0; i < COUNT; i++) {
        x[i] = i;
        y[i] = i % 7;
    }
    y[54321] = 1000;
    y[54322] = -1000;
    nn_axis_fit(&x_axis, 0, COUNT - 1, false, false, 5);
    nn_axis_fit(&y_axis, -1000, 1000, false, true, 5);
    nn_points points = {x, y, COUNT};
    size_t count = nn_points_thin(&points, &x_axis, &y_axis, 100, kept);
    bool high = false, low = false;
    assert_true(count >= 100 && count <= 4 * 101);
    for (size_t k = 0; k < count; k++) {
        if (k > 0) assert_true(kept[k] > kept[k - 1]);
        high |= kept[k] == 54321;
        low |= kept[k] == 54322;
    }
    assert_true(high && low && kept[0] == 0 && kept[count - 1] == COUNT - 1);
    nn_free(x);
    nn_free(y);
    nn_free(kept);
}

static void test_gaps(void **state)
{
    const double x[] = {0, 1, 2, 3, 4, 5, 6}, y[] = {0, 10, (double)NAN, 5, (double)INFINITY, 5, 10};
    nn_axis x_axis, y_axis;
    nn_text path = {0};
    (void)state;
    nn_axis_fit(&x_axis, 0, 10, false, false, 5);
    nn_axis_fit(&y_axis, 0, 10, false, false, 5);
    nn_svg_frame frame = {0, 0, 100, 100, &x_axis, &y_axis, 0};
    assert_int_equal(nn_svg_append_curve(&path, &frame, &(nn_points){x, y, 7}), NN_OK);
    assert_string_equal(path.bytes, "M0,100L10,0M30,50h0M50,50L60,0");
    nn_text_free(&path);
    assert_int_equal(nn_svg_append_band(&path, &frame, &(nn_points){x, y, 7}, &(nn_points){x, y, 7}), NN_OK);
    assert_string_equal(path.bytes, "M0,100L10,0L10,0L0,100ZM30,50L30,50ZM50,50L60,0L60,0L50,50Z");
    nn_text_free(&path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_text), cmocka_unit_test(test_long_curve),
                                       cmocka_unit_test(test_gaps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
