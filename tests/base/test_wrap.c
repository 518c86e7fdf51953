/* Folding text: rows, bullets, prose, comments, wide characters, words that cannot be broken. */
#include "base/terminal.h"
#include "base/wrap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "nntrain/nntrain.h"

static void expect(const char *text, int columns, int hanging, const char *folded)
{
    nn_text found = {0};
    nn_wrap(&found, text, columns, hanging);
    assert_false(found.failed);
    assert_string_equal(found.bytes, folded);
    nn_text_free(&found);
}

static void narrow_lines_stay(void **state)
{
    (void)state;
    const char *text = "\na  b \n\n    {c:   d}\nlast";
    expect(text, 40, 2, text);
    expect("ends\n", 40, 2, "ends\n");
}

static void rows_and_bullets(void **state)
{
    (void)state;
    expect("  name     what it is, in a few words\n  next     is short\n", 32, 0,
           "  name     what it is, in a few\n           words\n  next     is short\n");
    expect("  - a list entry that is long", 24, 0, "  - a list entry that is\n    long");
    expect("key: one two three four five six", 24, 2, "key: one two three four\n  five six");
}

static void a_word_stays_whole(void **state)
{
    (void)state;
    expect("see /a/very/long/path/that/cannot/be/broken here", 24, 2,
           "see\n  /a/very/long/path/that/cannot/be/broken\n  here");
}

/* Fails if the rest of a line is left on a line of its own within a paragraph, or if separate lines are
 * joined. */
static void paragraphs(void **state)
{
    (void)state;
    expect("This is a paragraph of prose that somebody broke at a width of ninety columns, which is\n"
           "more than this page has.\nAnd this is another one.\n",
           80, 0,
           "This is a paragraph of prose that somebody broke at a width of ninety columns,\n"
           "which is more than this page has.\nAnd this is another one.\n");
    expect(
        "mixed      factors of products are rounded to bfloat16 (2 to 3 digits, the range of float32) and\n"
        "           summed.\nfloat64    is not.\n",
        80, 0,
        "mixed      factors of products are rounded to bfloat16 (2 to 3 digits, the range\n"
        "           of float32) and summed.\nfloat64    is not.\n");
}

static void a_comment_moves(void **state)
{
    (void)state;
    expect("  train: {x: x}   # the training part of it\n  test: x\n", 24, 0,
           "  # the training part of\n  # it\n  train: {x: x}\n  test: x\n");
}

static void columns_are_not_bytes(void **state)
{
    (void)state;
    assert_int_equal(nn_display_width("\xc3\xa4\xe2\xa3\xbf"), 2);     /* a umlaut, braille */
    assert_int_equal(nn_display_width("e\xcc\x81"), 1);                /* e, combining acute */
    assert_int_equal(nn_display_width("\xe6\xbc\xa2\xe5\xad\x97"), 4); /* two Chinese characters */
    assert_int_equal(nn_display_width("\xff\xe2"), 2);                 /* not UTF-8 */
    expect("\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xa4\xc3\xa4\xc3\xa4", 8, 0,
           "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xa4\xc3\xa4\xc3\xa4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(narrow_lines_stay),  cmocka_unit_test(rows_and_bullets),
        cmocka_unit_test(a_word_stays_whole), cmocka_unit_test(paragraphs),
        cmocka_unit_test(a_comment_moves),    cmocka_unit_test(columns_are_not_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
