/* Emitted YAML reads back as the same configuration. */
#include "check.h"

#include <stdlib.h>

static void check_equal(nn_config_node *a, nn_config_node *b)
{
    assert_int_equal(nn_config_kind_of(a), nn_config_kind_of(b));
    assert_int_equal(nn_config_count(a), nn_config_count(b));
    if (nn_config_kind_of(a) == NN_CONFIG_SCALAR) assert_string_equal(nn_config_text(a), nn_config_text(b));
    for (size_t i = 0; i < nn_config_count(a); i++) {
        if (nn_config_kind_of(a) == NN_CONFIG_MAPPING)
            assert_string_equal(nn_config_key(a, i), nn_config_key(b, i));
        check_equal(nn_config_item(a, i), nn_config_item(b, i));
    }
}

/* Parses, emits and parses again; expected NULL: any text that reads back as the same. */
static void check_round_trip(const char *text, const char *expected)
{
    nn_config *config = check_parse(text);
    nn_text emitted = {0}, again = {0};
    nn_config_emit(config, &emitted);
    if (expected != NULL) assert_string_equal(emitted.bytes, expected);
    nn_config *second = check_parse(emitted.bytes);
    check_equal(nn_config_root(config), nn_config_root(second));
    nn_config_emit(second, &again);
    assert_string_equal(again.bytes, emitted.bytes);
    nn_text_free(&emitted);
    nn_text_free(&again);
    check_finish(config, NULL);
    check_finish(second, NULL);
}

static void blocks_are_written(void **state)
{
    (void)state;
    check_round_trip("{}", "{}\n");
    check_round_trip("a: {b: {c: 1}, d: [], e: {}}\n", "a:\n  b:\n    c: 1\n  d: []\n  e: {}\n");
    check_round_trip("network: [conv2d: {filters: 16, name: x}, relu, [1, [2, 3]], dropout: 0.2]\n",
                     "network:\n"
                     "  - conv2d:\n"
                     "      filters: 16\n"
                     "      name: x\n"
                     "  - relu\n"
                     "  - - 1\n"
                     "    - - 2\n"
                     "      - 3\n"
                     "  - dropout: 0.2\n");
}

/* Texts that YAML takes for something else unless they are quoted. */
static void scalars_are_quoted_where_needed(void **state)
{
    (void)state;
    check_round_trip("a: 1 epoch\nb: 5%\nc: -1e-3\nd: /x/y.h5\n",
                     "a: 1 epoch\nb: 5%\nc: -1e-3\nd: /x/y.h5\n");
    check_round_trip("a: \"1\"\nb: ''\nc: 'null'\nd: ~\n", "a: \"1\"\nb: \"\"\nc: \"null\"\nd: null\n");
    check_round_trip("'a: b': '- c'\n'~': '# d'\n'': '*e'\n",
                     "\"a: b\": \"- c\"\n\"~\": \"# d\"\n\"\": \"*e\"\n");
    check_round_trip("a: \"q\\\"b\\\\s\\nn\\tt\\x01\\x7f\"\n",
                     "a: \"q\\\"b\\\\s\\u000an\\u0009t\\u0001\\u007f\"\n");
    check_round_trip("a: \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80 \"x\"\n", NULL);
    check_round_trip("a: \"\\u2028\\u0085\\ufeff\\uFFFE\\U0010FFFF\"\n", NULL);
    check_round_trip("a: |\n  text\n   more\n\n  end\nb: >-\n  folded\n  text\nc: ' x '\nd: '--- x'\n", NULL);
    check_round_trip("'---': '...'\n'-': '- '\n'?': ':'\n'a\tb': \"\\t\"\n", NULL);
}

static void long_keys_and_texts_survive(void **state)
{
    (void)state;
    nn_text text = {0};
    nn_text_append(&text, "\"");
    for (int i = 0; i < 60; i++) nn_text_append(&text, "\\x07k");
    nn_text_append(&text, "\": \"");
    for (int i = 0; i < 4000; i++) nn_text_append(&text, "x");
    nn_text_append(&text, " y\"\n");
    check_round_trip(text.bytes, NULL);
    nn_text_free(&text);
}

/* ${ would be read as a variable again unless doubled, and the value of a variable must not change. */
static void variables_are_worked_in(void **state)
{
    (void)state;
    assert_int_equal(setenv("NN_TEST_V", "x: ${y} \"\xc3\xa4\"\n", 1), 0);
    check_round_trip("'k${k': 1\n", "\"k${k\": 1\n");
    check_round_trip("a: $${b}\nc: '$$${d'\ne: ${NN_TEST_V}\n",
                     "a: \"$${b}\"\nc: \"$$${d\"\ne: \"x: $${y} \\\"\xc3\xa4\\\"\\u000a\"\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_written),
        cmocka_unit_test(scalars_are_quoted_where_needed),
        cmocka_unit_test(long_keys_and_texts_survive),
        cmocka_unit_test(variables_are_worked_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
