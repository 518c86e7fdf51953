/* What is sent to a screen: little, and exactly what turns one picture into the next. */
#include "watch/paint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void expect(const char *before, const char *after, const char *sent)
{
    nn_text bytes = {0};
    nn_painter_differ(before, after, 10, 3, &bytes);
    assert_string_equal(bytes.bytes ? bytes.bytes : "", sent);
    nn_text_free(&bytes);
}

static void what_is_equal_is_not_sent(void **state)
{
    (void)state;
    expect("one\ntwo\nthree", "one\ntwo\nthree", "");
    expect("one\ntwo\nthree", "one\ntwa\nthree", "\033[2;3Ha\033[K");
    expect("one\ntwo", "one", "\033[2;1H\033[K");
    expect("", "one\n\ntwo", "\033[1;1Hone\033[K\033[3;1Htwo\033[K");
}

static void what_does_not_fit_is_cut(void **state)
{
    (void)state;
    expect("", "0123456789abc\n", "\033[1;1H0123456789"); /* clearing would take the 9 */
    expect("0123456789abc", "0123456789xyz", "");
    expect("", "1\n2\n3\n4\n", "\033[1;1H1\033[K\033[2;1H2\033[K\033[3;1H3\033[K");
}

/* Fails if a character is sent in part, or columns are counted in bytes. */
static void characters_are_whole(void **state)
{
    (void)state;
    expect("\xe2\xa0\x81\xe2\xa0\x82x", "\xe2\xa0\x81\xe2\xa0\x83x", "\033[1;2H\xe2\xa0\x83x\033[K");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_equal_is_not_sent),
        cmocka_unit_test(what_does_not_fit_is_cut),
        cmocka_unit_test(characters_are_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
