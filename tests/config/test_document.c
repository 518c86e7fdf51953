/* YAML, includes and ${VAR} become a tree whose values know their positions; what cannot be read is refused
 * with its position. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/nn_test_config_XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(in_folder(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

/* The problems of a load that fails, without the folder before the names. */
static const char *load_problems(const char *name, nn_status expected)
{
    static char text[16384];
    nn_config *config;
    assert_int_equal(nn_config_load(in_folder(name), NULL, 0, &config), expected);
    assert_null(config);
    size_t skip = strlen(folder) + 1, length = 0;
    for (const char *at = nn_error_text(); *at != '\0';) {
        if (strncmp(at, folder, skip - 1) == 0)
            at += skip;
        else
            text[length++] = *at++;
    }
    text[length] = '\0';
    return text;
}

/* A position that is off by one sends people to the wrong line. */
static void values_know_their_positions(void **state)
{
    (void)state;
    nn_config *config = check_parse("a: 1\nb:\n  - x\n  - {y: 2}\n\xc3\xa4: 3\n");
    nn_config_node *root = nn_config_root(config);
    assert_string_equal(nn_config_place(root), "t.yaml:1:1");
    assert_string_equal(nn_config_place(nn_config_get(root, "a")), "t.yaml:1:4");
    nn_config_node *list = nn_config_get(root, "b");
    assert_string_equal(nn_config_place(nn_config_item(list, 0)), "t.yaml:3:5");
    assert_string_equal(nn_config_place(nn_config_get(nn_config_item(list, 1), "y")), "t.yaml:4:9");
    assert_string_equal(nn_config_place(nn_config_get(root, "\xc3\xa4")), "t.yaml:5:4");
    check_finish(config, NULL);
}

static void walking_takes_what_is_not_there(void **state)
{
    (void)state;
    nn_config *config = check_parse("a: 1\n");
    assert_null(nn_config_get(NULL, "a"));
    assert_null(nn_config_get(nn_config_get(nn_config_root(config), "a"), "b"));
    assert_null(nn_config_item(nn_config_root(config), 1));
    assert_int_equal(nn_config_count(NULL), 0);
    assert_null(nn_config_text(nn_config_root(config)));
    check_finish(config, NULL);
}

static void null_is_an_empty_text(void **state)
{
    (void)state;
    nn_config *config = check_parse("{a: null, b: ~, c: , d: 'null', e: \"\"}");
    static const char *const expected[] = {"", "", "", "null", ""};
    for (size_t i = 0; i < COUNT(expected); i++)
        assert_string_equal(nn_config_text(nn_config_item(nn_config_root(config), i)), expected[i]);
    check_finish(config, NULL);
}

/* An override of one use of an alias must not change the other. */
static void aliases_are_copies(void **state)
{
    (void)state;
    nn_config *config;
    const char *override = "b.x=2";
    assert_int_equal(nn_config_parse("a: &n {x: 1}\nb: *n\n", "t.yaml", &override, 1, &config), NN_OK);
    CHECK_TEXT(config, "1", "a", "x");
    CHECK_TEXT(config, "2", "b", "x");
    check_finish(config, NULL);
}

static void keys_are_checked(void **state)
{
    (void)state;
    nn_config *config = check_parse("a: {x: 1, y: 2, x: 3}\n? [k]\n: 1\n~: 2\n");
    CHECK_TEXT(config, "1", "a", "x");
    check_finish(config, "t.yaml:1:17: key 'x' is listed twice, first at t.yaml:1:5; remove one of them\n"
                         "t.yaml:2:3: a key must be a word, not a list\n"
                         "t.yaml:4:1: a value without a key; write 'key: value'");
}

static void unreadable_texts_are_refused(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", "t.yaml:1:1: there is nothing here; a configuration is a mapping of 'key: value'"},
        {"# only this\n", "t.yaml:1:1: there is nothing here; a configuration is a mapping of 'key: value'"},
        {"- a\n", "t.yaml:1:1: a configuration is a mapping of 'key: value', not a list"},
        {"word", "t.yaml:1:1: a configuration is a mapping of 'key: value', not 'word'"},
        {"a: 1\n---\nb: 2\n",
         "t.yaml:2:1: a second document begins here ('---'); keep one document per file"},
        {"\xef\xbb\xbf"
         "a: 1\n",
         "t.yaml:1:1: the text begins with a byte order mark (BOM); save it as UTF-8 without one"},
        {"a:\n\tb: 1\n", "t.yaml:2:1: this line is indented with a tab; use spaces"},
        {"a: 1\nb: \x89HDF\r\n",
         "t.yaml:2:4: this is not UTF-8 text (invalid leading UTF-8 octet: 0x89); is it a YAML file?"},
        {"a: 1\nb: \x01\n", "t.yaml:2:4: this is not UTF-8 text (control characters are not allowed: "
                            "0x01); is it a YAML file?"},
        {"a: *.h5\n",
         "t.yaml:1:5: not valid YAML: did not find expected alphabetic or numeric character (while "
         "scanning an alias from line 1); a text that begins with * must be quoted"},
        {"a: *h5\n",
         "t.yaml:1:4: not valid YAML: found undefined alias; a text that begins with * must be quoted"},
        {"a: {b: 1\nc: 2\n",
         "t.yaml:2:2: not valid YAML: did not find expected ',' or '}' (while parsing a flow "
         "mapping from line 1)"},
        {"a: {f: ${X}/f.h5}\n",
         "t.yaml:1:9: not valid YAML: did not find expected ',' or '}' (while parsing a flow "
         "mapping from line 1); a text with ${...} inside [ ] or { } must be quoted"},
        {"a: b: c\n", "t.yaml:1:5: not valid YAML: mapping values are not allowed in this context; check the "
                      "indentation, and quote a text that contains ': '"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) check_refused(cases[i][0], cases[i][1]);
}

static const char nested_open[] = "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[";
static const char nested_close[] = "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]";

/* This many nested lists, under a key of the root. */
static char *nested(char *text, int lists)
{
    (void)snprintf(text, 256, "a: %.*s%.*s", lists, nested_open, lists, nested_close);
    return text;
}

static void nesting_is_limited(void **state)
{
    (void)state;
    char text[256];
    nn_config *config = check_parse(nested(text, 63));
    check_know_all(config);
    check_finish(config, NULL);
    check_refused(nested(text, 64), "t.yaml:1:67: too many levels of nesting: at most 64");
    char open[2000];
    memset(open, '[', sizeof open - 1);
    open[sizeof open - 1] = '\0';
    check_refused(open, "t.yaml:1:1: too many open brackets: at most 64");
    check_refused("a: &a [*a, *a]\n", "t.yaml:1:4: too many levels of nesting: at most 64");
}

/* Ten levels of ten aliases are ten billion values. */
static void alias_bombs_are_refused(void **state)
{
    (void)state;
    nn_text text = {0};
    nn_text_append(&text, "l0: &l0 x\n");
    for (int level = 1; level < 10; level++) {
        nn_text_append(&text, "l%d: &l%d [", level, level);
        for (int i = 0; i < 10; i++) nn_text_append(&text, "*l%d,", level - 1);
        nn_text_append(&text, "]\n");
    }
    check_refused(text.bytes, "t.yaml:1:5: too many values: at most 20000");
    nn_text_free(&text);
}

static void variables_are_replaced(void **state)
{
    (void)state;
    assert_int_equal(setenv("NN_TEST_A", "data", 1), 0);
    assert_int_equal(setenv("NN_TEST_BYTES", "\xff", 1), 0);
    assert_int_equal(unsetenv("NN_TEST_NONE"), 0);
    nn_config *config = check_parse("a: /${NN_TEST_A}/${NN_TEST_A}.h5\nb: $${NN_TEST_A} $ $$\n");
    CHECK_TEXT(config, "/data/data.h5", "a");
    CHECK_TEXT(config, "${NN_TEST_A} $ $$", "b");
    check_finish(config, NULL);
    config = check_parse("a: ['x/${NN_TEST_NONE}', '${']\nb: ${1 x}\nc: ${NN_TEST_BYTES}\n");
    check_know_all(config);
    check_finish(
        config,
        "t.yaml:1:5: ${NN_TEST_NONE} is not set in the environment; write $${ for a literal ${\n"
        "t.yaml:1:26: '${' without '}'; write $${ for a literal ${\n"
        "t.yaml:2:4: ${1 x} is not a valid name of an environment variable; write $${ for a literal ${\n"
        "t.yaml:3:4: ${NN_TEST_BYTES} has a value that is not UTF-8; write $${ for a literal ${");
}

/* The including file wins, and a later include wins over an earlier one; mappings merge, lists do not. */
static void includes_are_merged(void **state)
{
    (void)state;
    assert_int_equal(mkdir(in_folder("base"), 0700), 0);
    write_file("base/one.yaml", "a: {x: 1, y: 1, z: 1}\nl: [1, 2, 3]\nonly: one\n");
    write_file("base/two.yaml", "include: one.yaml\na: {y: 2, z: 2}\n");
    write_file("base/three.yaml", "only: three\n");
    write_file("main.yaml", "include: [base/two.yaml, base/three.yaml]\na: {z: 3}\nl: [4]\n");
    nn_config *config;
    assert_int_equal(nn_config_load(in_folder("main.yaml"), NULL, 0, &config), NN_OK);
    CHECK_TEXT(config, "1", "a", "x");
    CHECK_TEXT(config, "2", "a", "y");
    CHECK_TEXT(config, "3", "a", "z");
    CHECK_TEXT(config, "4", "l", "0");
    CHECK_TEXT(config, "three", "only");
    assert_int_equal(nn_config_count(nn_config_get(nn_config_root(config), "l")), 1);
    nn_config_node *x = nn_config_get(nn_config_get(nn_config_root(config), "a"), "x");
    assert_string_equal(nn_config_place(x) + strlen(folder), "/base/one.yaml:1:8");
    check_finish(config, NULL);
}

/* A variable in a value that is replaced need not be set. */
static void replaced_values_need_no_variable(void **state)
{
    (void)state;
    nn_config *config;
    const char *override = "a=1";
    assert_int_equal(unsetenv("NN_TEST_NONE"), 0);
    assert_int_equal(nn_config_parse("a: ${NN_TEST_NONE}\n", "t.yaml", &override, 1, &config), NN_OK);
    CHECK_TEXT(config, "1", "a");
    check_finish(config, NULL);
}

static void wrong_includes_are_refused(void **state)
{
    (void)state;
    write_file("loop.yaml", "a: 1\ninclude: loop2.yaml\n");
    write_file("loop2.yaml", "include:\n  - loop.yaml\n");
    write_file("lost.yaml", "include: nowhere.yaml\n");
    write_file("odd.yaml", "include: {a: b}\n");
    write_file("bad.yaml", "include: broken.yaml\n");
    write_file("broken.yaml", "a: [\n");
    assert_string_equal(load_problems("loop.yaml", NN_ERROR_USAGE),
                        "loop2.yaml:2:5: include: 'loop.yaml' includes itself through this line");
    assert_string_equal(load_problems("lost.yaml", NN_ERROR_USAGE),
                        "lost.yaml:1:10: include: 'nowhere.yaml' cannot be read: No such file or directory");
    assert_string_equal(load_problems("odd.yaml", NN_ERROR_USAGE),
                        "odd.yaml:1:10: include: expected a file or a list of files, not a mapping");
    assert_string_equal(
        load_problems("bad.yaml", NN_ERROR_USAGE),
        "broken.yaml:2:1: not valid YAML: did not find expected node content (while parsing a flow "
        "node from line 2)");
}

static void wrong_files_are_refused(void **state)
{
    (void)state;
    assert_string_equal(load_problems("none.yaml", NN_ERROR_USAGE),
                        "none.yaml: cannot be read: No such file or directory");
    assert_int_equal(mkdir(in_folder("a_folder"), 0700), 0);
    assert_string_equal(load_problems("a_folder", NN_ERROR_USAGE),
                        "a_folder: cannot be read: it is a directory");
    FILE *file = fopen(in_folder("large.yaml"), "wb");
    assert_non_null(file);
    for (int i = 0; i < 4097; i++) {
        char line[1024];
        memset(line, '#', sizeof line);
        line[sizeof line - 1] = '\n';
        assert_int_equal(fwrite(line, 1, sizeof line, file), sizeof line);
    }
    assert_int_equal(fclose(file), 0);
    assert_string_equal(load_problems("large.yaml", NN_ERROR_USAGE),
                        "large.yaml: larger than 4 MiB: is it a configuration?");
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    static const char *const names[] = {
        "base/one.yaml", "base/two.yaml", "base/three.yaml", "base",     "main.yaml",
        "loop.yaml",     "loop2.yaml",    "lost.yaml",       "odd.yaml", "bad.yaml",
        "broken.yaml",   "a_folder",      "large.yaml",      ""};
    for (size_t i = 0; i < COUNT(names); i++) (void)remove(in_folder(names[i]));
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_know_their_positions),
        cmocka_unit_test(walking_takes_what_is_not_there),
        cmocka_unit_test(null_is_an_empty_text),
        cmocka_unit_test(aliases_are_copies),
        cmocka_unit_test(keys_are_checked),
        cmocka_unit_test(unreadable_texts_are_refused),
        cmocka_unit_test(nesting_is_limited),
        cmocka_unit_test(alias_bombs_are_refused),
        cmocka_unit_test(variables_are_replaced),
        cmocka_unit_test(includes_are_merged),
        cmocka_unit_test(replaced_values_need_no_variable),
        cmocka_unit_test(wrong_includes_are_refused),
        cmocka_unit_test(wrong_files_are_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
