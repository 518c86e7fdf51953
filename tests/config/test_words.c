/* Options of a command line are read through tables, as those of a file are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "config/config.h"

typedef struct words_options {
    int64_t count;
    bool fast;
    char *name;
    nn_text_list list;
} words_options;

static const nn_option words_table[] = {
    {"count", NN_OPTION_INTEGER, offsetof(words_options, count), "1", 0, 9, NULL, NN_EFFECT_RESULT,
     "a count"},
    {"fast", NN_OPTION_BOOLEAN, offsetof(words_options, fast), "false", 0, 0, NULL, NN_EFFECT_RESULT, "fast"},
    {"name", NN_OPTION_TEXT, offsetof(words_options, name), "", 0, 0, NULL, NN_EFFECT_RESULT, "a name"},
    {"list", NN_OPTION_TEXT_LIST, offsetof(words_options, list), "[p, q]", 0, 0, NULL, NN_EFFECT_RESULT,
     "a list"},
    {.name = NULL}};

static nn_status read_words(const nn_config_word *words, size_t count, words_options *options)
{
    nn_config *config;
    *options = (words_options){0};
    nn_status status = nn_config_from_words("tool", words, count, &config);
    if (status != NN_OK) return status;
    nn_config_read(config, nn_config_root(config), "", words_table, NULL, NULL, options);
    status = nn_config_finish(config);
    nn_config_destroy(config);
    return status;
}

/* Would be wrong: a value that is taken as YAML (null, [a], x: y), or a list split at the wrong comma. */
static void test_values(void **state)
{
    (void)state;
    size_t before = nn_memory_in_use();
    words_options options;
    const nn_config_word words[] = {{"count", "7", false, "--count 7"},
                                    {"fast", "yes", false, "--fast=yes"},
                                    {"list", "a b,c\\,d,~", true, "--list"},
                                    {"name", "null: [x", false, "--name"}};
    assert_int_equal(read_words(words, 4, &options), NN_OK);
    assert_int_equal(options.count, 7);
    assert_true(options.fast);
    assert_string_equal(options.name, "null: [x");
    assert_int_equal(options.list.count, 3);
    assert_string_equal(options.list.items[0], "a b");
    assert_string_equal(options.list.items[1], "c,d");
    assert_string_equal(options.list.items[2], "~");
    nn_options_release(words_table, &options);
    assert_int_equal(read_words(NULL, 0, &options), NN_OK);
    assert_int_equal(options.count, 1);
    assert_int_equal(options.list.count, 2);
    nn_options_release(words_table, &options);
    assert_int_equal(nn_memory_in_use(), before);
}

static void test_problems(void **state)
{
    (void)state;
    words_options options;
    const nn_config_word words[] = {{"count", "12", false, "--count 12"}, {"fats", "1", false, "--fats 1"}};
    const nn_config_word binary[] = {{"name", "\xff", false, "--name ?"}};
    assert_int_equal(read_words(words, 2, &options), NN_ERROR_USAGE);
    assert_string_equal(nn_error_text(),
                        "--count 12: count: must be from 0 to 9, not '12'\n"
                        "--fats 1: unknown option 'fats'; did you mean 'fast'? (known: count, "
                        "fast, name, list)");
    nn_options_release(words_table, &options);
    assert_int_equal(read_words(binary, 1, &options), NN_ERROR_USAGE);
    const nn_config_word twice[] = {{"name", "a", false, "--name a"}, {"name", "b", false, "--name b"}};
    assert_int_equal(read_words(twice, 2, &options), NN_ERROR_USAGE);
    assert_string_equal(nn_error_text(), "--name b: this option is given twice: remove one of them");
    nn_memory_fail_at(2);
    assert_int_equal(read_words(words, 2, &options), NN_ERROR_MEMORY);
    nn_memory_fail_at(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_values), cmocka_unit_test(test_problems)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
