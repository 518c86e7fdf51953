/* Growing text, JSON strings, suggestions, and numbers for people to read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/format.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/shape.h"
#include "base/text.h"

/* Fails when text is lost while the buffer grows. */
static void test_append(void **state)
{
    (void)state;
    nn_text text = {0};
    for (int i = 0; i < 1000; i++) nn_text_append(&text, "%03d,", i);
    assert_false(text.failed);
    assert_int_equal(text.length, 4000);
    assert_int_equal(strlen(text.bytes), 4000);
    assert_memory_equal(&text.bytes[4 * 789], "789,", 4);
    nn_text_free(&text);
    assert_null(text.bytes);
}

/* Fails when an allocation failure goes unnoticed, or the previous text is corrupted. */
static void test_append_without_memory(void **state)
{
    (void)state;
    nn_text text = {0};
    nn_text_append(&text, "kept");
    nn_memory_fail_at(1);
    nn_text_append(&text, "%500s", "lost");
    nn_text_append(&text, "lost too");
    assert_true(text.failed);
    assert_string_equal(text.bytes, "kept");
    nn_text_free(&text);
}

/* Fails when a name in the data could make an invalid line of JSON. */
static void test_json(void **state)
{
    (void)state;
    static const struct {
        const char *string, *json;
    } cases[] = {
        {"", "\"\""},
        {"a\"b\\c", "\"a\\\"b\\\\c\""},
        {"line\nend\t\x01", "\"line\\u000aend\\u0009\\u0001\""},
        {"gr\xC3\xB6\xC3\x9F"
         "e \xE2\x82\xAC \xF0\x9F\x98\x80",
         "\"gr\xC3\xB6\xC3\x9F"
         "e \xE2\x82\xAC \xF0\x9F\x98\x80\""},
        {"\xFF", "\"\\ufffd\""},
        {"cut \xE2\x82", "\"cut \\ufffd\\ufffd\""},
        {"\xC0\xAF", "\"\\ufffd\\ufffd\""},
        {"\xED\xA0\x80", "\"\\ufffd\\ufffd\\ufffd\""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        nn_text text = {0};
        nn_text_append_json(&text, cases[i].string);
        assert_string_equal(text.bytes, cases[i].json);
        nn_text_free(&text);
    }
}

static const char *const words[] = {"learning_rate", "momentum", "adam",   "adamw", "sgd",
                                    "dense",         "lstm",     "conv2d", "tanh",  "relu"};

/* Fails when a typo is not recognised, or when a very different word is suggested. */
/* Fails when a terminal could obey a text, or when what can be shown is changed. */
static void test_printable(void **state)
{
    (void)state;
    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"\x1b[2J\x1b[31mred", "\\x1b[2J\\x1b[31mred"},
        {"a\rb\bc\x7f", "a\\x0db\\x08c\\x7f"},
        {"tab\tline\n", "tab\tline\n"},
        {"\xe2\x80\xaegnp.exe", "\\u202egnp.exe"},
        {"\xe2\x81\xa6x\xe2\x81\xa9", "\\u2066x\\u2069"},
        {"\xc2\x9b"
         "31m",
         "\\x9b31m"},
        {"\xff\xc3(", "\\xff\\xc3("},
        {"caf\xc3\xa9 \xe2\x80\xa6 \xe2\xa3\xbf \xf0\x9f\x90\xb1",
         "caf\xc3\xa9 \xe2\x80\xa6 \xe2\xa3\xbf \xf0\x9f\x90\xb1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        nn_text text = {0};
        nn_text_append_printable(&text, cases[i].text);
        assert_string_equal(text.bytes, cases[i].shown);
        assert_int_equal(nn_text_is_printable(cases[i].text), strcmp(cases[i].text, cases[i].shown) == 0);
        nn_text_free(&text);
    }
}

static void test_nearest(void **state)
{
    (void)state;
    static const struct {
        const char *word, *nearest;
    } cases[] = {
        {"learning_rat", "learning_rate"},
        {"lerning_rate", "learning_rate"},
        {"learning-rate", "learning_rate"},
        {"Adam", "adam"},
        {"adma", "adam"},
        {"sdg", "sgd"},
        {"denes", "dense"},
        {"conv2", "conv2d"},
        {"rleu", "relu"},
        {"momemtun", "momentum"},
        {"transformer", NULL},
        {"x", NULL},
        {"rule", NULL},
        {"", NULL},
        {"batch_size", NULL},
        {"mom", "momentum"},
        {"Learn", "learning_rate"},
        {"ada", "adam"}, /* the shortest */
        {"rel", "relu"},
        {"mo", NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *found = nn_nearest(cases[i].word, words, sizeof(words) / sizeof(words[0]));
        if (cases[i].nearest) {
            assert_non_null(found);
            assert_string_equal(found, cases[i].nearest);
        } else {
            assert_null(found);
        }
    }
    assert_null(nn_nearest("adam", words, 0));
    static const char *const metrics[] = {"auc", "accuracy", "mae"};
    assert_string_equal(nn_nearest("acc", metrics, 3), "accuracy"); /* not auc, one letter away */
    assert_string_equal(nn_nearest("acu", metrics, 3), "auc");
}

/* Fails when a long word from outside overflows the table of distances. */
static void test_nearest_of_long_words(void **state)
{
    (void)state;
    char word[1000] = {0};
    memset(word, 'a', sizeof(word) - 1);
    const char *long_candidate = word;
    assert_null(nn_nearest(word, words, sizeof(words) / sizeof(words[0])));
    assert_null(nn_nearest("aaaa", &long_candidate, 1));
    word[63] = '\0';
    assert_ptr_equal(nn_nearest(word, &long_candidate, 1), long_candidate);
}

/* Fails when a size or a time has the wrong unit, especially next to a change of unit. */
static void test_format(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *bytes, *seconds;
    } cases[] = {
        {0.0, "0 B", "0 ms"},
        {0.25, "0 B", "250 ms"},
        {59.94, "60 B", "59.9 s"},
        {59.96, "60 B", "1 min 0 s"},
        {200.0, "200 B", "3 min 20 s"},
        {3599.6, "3.5 KiB", "1 h 0 min"},
        {7500.0, "7.3 KiB", "2 h 5 min"},
        {90000.0, "87.9 KiB", "1 d 1 h"},
        {1048570.0, "1.0 MiB", "12 d 3 h"},
        {1610612736.0, "1.5 GiB", "18641 d 8 h"},
    };
    char buffer[NN_FORMAT_SIZE];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(nn_format_bytes(buffer, cases[i].value), cases[i].bytes);
        assert_string_equal(nn_format_seconds(buffer, cases[i].value), cases[i].seconds);
    }
}

/* Fails when shapes are compared beyond their dimensions, or a count overflows. */
static void test_shape(void **state)
{
    (void)state;
    char buffer[NN_SHAPE_TEXT];
    nn_shape image = {3, {28, 28, 3}}, scalar = {0, {5}}, row = {1, {28}};
    assert_int_equal(nn_shape_count(image), 2352);
    assert_int_equal(nn_shape_count(scalar), 1);
    assert_string_equal(nn_shape_text(buffer, image), "28 x 28 x 3");
    assert_string_equal(nn_shape_text(buffer, scalar), "scalar");
    assert_true(nn_shape_equal(scalar, (nn_shape){0, {7}}));
    assert_false(nn_shape_equal(image, row));
    assert_false(nn_shape_equal(row, (nn_shape){1, {29}}));
    nn_shape huge = {NN_MAX_DIMENSIONS, {0}};
    for (int i = 0; i < NN_MAX_DIMENSIONS; i++) huge.extents[i] = INT64_MAX;
    assert_int_equal(nn_shape_count(huge), INT64_MAX);
    assert_int_equal(strlen(nn_shape_text(buffer, huge)), 8 * 19 + 7 * 3);
}

/* Fails when fingerprints are no longer XXH64; this is its published value for the empty string. */
static void test_hash(void **state)
{
    (void)state;
    assert_true(nn_hash("", 0, 0) == UINT64_C(0xEF46DB3751D8E999));
    assert_true(nn_hash("abc", 3, 0) == UINT64_C(0x44BC2CF5AD770999));
    assert_true(nn_hash("abc", 3, 1) != nn_hash("abc", 3, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append),  cmocka_unit_test(test_append_without_memory),
        cmocka_unit_test(test_json),    cmocka_unit_test(test_printable),
        cmocka_unit_test(test_nearest), cmocka_unit_test(test_nearest_of_long_words),
        cmocka_unit_test(test_format),  cmocka_unit_test(test_shape),
        cmocka_unit_test(test_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
