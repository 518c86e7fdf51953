/* Names that break the page, numbers that cannot be shown, sections that lack their source. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report/html.h"

#define BAD "</script><b a='\"'>&\x01\xFF\xE2\x80\xAE"
#define GOOD "&lt;/script&gt;&lt;b a=&#39;&quot;&#39;&gt;&amp;\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"

/* What is on the page, and nothing after it. */
static void expect(nn_html *page, const char *text)
{
    assert_false(page->text.failed);
    assert_string_equal(page->text.bytes, text);
    nn_html_release(page);
}

static void test_texts(void **state)
{
    nn_html page = {0};
    (void)state;
    nn_html_append_text(&page, "%s", BAD);
    expect(&page, GOOD);
    nn_html_append_name(&page, BAD);
    expect(&page, "<bdi>" GOOD "</bdi>");
    nn_html_append_name(&page, "");
    expect(&page, "<bdi><i>(no name)</i></bdi>");
    nn_html_heading(&page, "%s of %d", BAD, 7);
    expect(&page, "<h3>" GOOD " of 7</h3>\n");
    nn_html_paragraph(&page, "%s", BAD);
    expect(&page, "<p>" GOOD "</p>\n");
    nn_html_fact(&page, BAD, "%s", BAD);
    expect(&page, "<div><dt>" GOOD "</dt><dd>" GOOD "</dd></div>\n");
    nn_html_append(&page, "<hr>%d%s", 1, "&amp;");
    expect(&page, "<hr>1&amp;");
}

static void test_table(void **state)
{
    static const nn_html_column columns[] = {{BAD, false}, {"n", true}};
    nn_html page = {0};
    (void)state;
    nn_html_table_begin(&page, BAD, true, 2, columns);
    assert_non_null(strstr(page.text.bytes, "aria-label=\"" GOOD "\""));
    assert_non_null(strstr(page.text.bytes, "<table class=\"sortable\">\n<caption>" GOOD "</caption>"));
    assert_non_null(
        strstr(page.text.bytes, "<th scope=\"col\">" GOOD "</th><th scope=\"col\" class=\"number\">n</th>"));
    nn_html_release(&page);
    nn_html_row_begin(&page, true);
    nn_html_row_name(&page, BAD);
    nn_html_cell(&page, "%s", BAD);
    nn_html_cell_integer(&page, (int64_t)1 << 40);
    nn_html_row_end(&page);
    expect(&page, "<tr class=\"marked\"><th scope=\"row\"><bdi>" GOOD "</bdi></th><td>" GOOD
                  "</td><td class=\"number\">1099511627776</td></tr>\n");
}

static void test_numbers(void **state)
{
    static const struct {
        double value;
        const char *text;
    } rows[] = {{0.1234567, "0.123457"},
                {1e-20, "1e-20"},
                {0, "0"},
                {(double)NAN, "undefined"},
                {(double)INFINITY, "infinite"},
                {-(double)INFINITY, "-infinite"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        nn_html page = {0};
        nn_html_append_number(&page, rows[i].value);
        expect(&page, rows[i].text);
    }
}

/* Each figure has an id of its own, which its caption labels. */
static void test_figures(void **state)
{
    nn_html page = {0};
    (void)state;
    for (int i = 0; i < 2; i++) {
        nn_html_figure_begin(&page, BAD);
        nn_html_figure_details(&page, "Values");
        nn_html_figure_end(&page, true);
    }
    assert_non_null(strstr(page.text.bytes,
                           "<figure id=\"figure-1\" role=\"group\" aria-labelledby=\"figure-1-title\">"));
    assert_non_null(strstr(page.text.bytes, "<figcaption id=\"figure-2-title\">" GOOD "</figcaption>"));
    nn_html_release(&page);
}

/* A section is listed once, however much of it is missing. */
static void test_missing(void **state)
{
    nn_html page = {0};
    (void)state;
    nn_html_section_begin(&page, "one", "One & all");
    assert_string_equal(
        page.text.bytes,
        "<section id=\"one\" aria-labelledby=\"one-title\">\n<h2 id=\"one-title\">One &amp; all</h2>\n");
    nn_html_missing(&page, "no %s", BAD);
    nn_html_missing(&page, "nor that");
    nn_html_section_end(&page);
    nn_html_section_begin(&page, "two", "Two");
    nn_html_section_end(&page);
    nn_html_section_begin(&page, "three", "Three");
    nn_html_missing(&page, "no");
    nn_html_section_end(&page);
    assert_non_null(strstr(page.text.bytes, "<p class=\"missing\">no " GOOD "</p>"));
    assert_string_equal(page.absent.bytes, "One & all, Three");
    nn_html_release(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_texts), cmocka_unit_test(test_table),
                                       cmocka_unit_test(test_numbers), cmocka_unit_test(test_figures),
                                       cmocka_unit_test(test_missing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
