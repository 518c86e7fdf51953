/* Symbols of a text and their numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "model/alphabet.h"

static void expect_symbols(const nn_alphabet *alphabet, const char *text, size_t count,
                           const size_t *expected)
{
    size_t *symbols, found;
    assert_int_equal(nn_alphabet_read(alphabet, text, &symbols, &found), NN_OK);
    assert_int_equal(found, count);
    assert_memory_equal(symbols, expected, count * sizeof *symbols);
    nn_free(symbols);
}

static void expect_text(const nn_alphabet *alphabet, const size_t *symbols, size_t count,
                        const char *expected)
{
    char written[64] = "";
    FILE *file = fmemopen(written, sizeof written, "w");
    assert_non_null(file);
    for (size_t i = 0; i < count; i++) nn_alphabet_write(alphabet, symbols[i], file);
    fclose(file);
    assert_string_equal(written, expected);
}

/* Fails when line breaks, backslashes or symbols of several bytes do not come back as they went in. */
static void test_names(void **state)
{
    (void)state;
    nn_alphabet alphabet;
    const size_t symbols[] = {2, 0, 3, 1, 4};
    assert_int_equal(nn_alphabet_create("\\n\n\\\\\na\n\xc3\xa9\nn", 5, &alphabet), NN_OK);
    expect_symbols(&alphabet, "a\n\xc3\xa9\\n", 5, symbols);
    expect_text(&alphabet, symbols, 5, "a\n\xc3\xa9\\n");
    size_t *none, count;
    assert_int_equal(nn_alphabet_read(&alphabet, "aab", &none, &count), NN_ERROR_USAGE);
    assert_non_null(strstr(nn_error_text(), "at byte 3"));
    nn_alphabet_release(&alphabet);
}

/* Fails when classes without names are not bytes. */
static void test_bytes(void **state)
{
    (void)state;
    nn_alphabet alphabet;
    const size_t symbols[] = {104, 105};
    assert_int_equal(nn_alphabet_create(NULL, 256, &alphabet), NN_OK);
    expect_symbols(&alphabet, "hi", 2, symbols);
    expect_text(&alphabet, symbols, 2, "hi");
    nn_alphabet_release(&alphabet);
    assert_int_equal(nn_alphabet_create(NULL, 257, &alphabet), NN_ERROR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names), cmocka_unit_test(test_bytes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
