/* Parts that are written once and read several times: `$name` is replaced in a copy, and only there. */
#include "check.h"

static const char text[] = "with: {f: 16, s: [1, 2], n: }\n"
                           "part:\n"
                           "  units: $f\n"
                           "  name: conv_$f-$f$$f\n"
                           "  strides: [$s, $]\n"
                           "  nothing: $n\n"
                           "  inner: {units: $g}\n";

/* The copy of `part` that the values of `with` give; what stands under `inner` is left. */
static nn_config_node *fill(nn_config *config, const char *except)
{
    nn_config_node *root = nn_config_root(config), *with = nn_config_get(root, "with");
    nn_config_variable variables[3];
    for (size_t i = 0; i < COUNT(variables); i++)
        variables[i] = (nn_config_variable){nn_config_key(with, i), nn_config_item(with, i)};
    return nn_config_fill(config, nn_config_get(root, "part"), variables, COUNT(variables), except);
}

/* Fails when a value lands elsewhere than its name stands, or in the original. */
static void names_are_replaced(void **state)
{
    (void)state;
    nn_config *config = check_parse(text);
    nn_config_node *part = fill(config, "inner");
    assert_string_equal(nn_config_text(nn_config_get(part, "units")), "16");
    assert_string_equal(nn_config_text(nn_config_get(part, "name")), "conv_16-16$f");
    nn_config_node *strides = nn_config_get(part, "strides");
    assert_int_equal(nn_config_count(nn_config_item(strides, 0)), 2);
    assert_string_equal(nn_config_text(nn_config_item(strides, 1)), "$");
    assert_string_equal(nn_config_text(nn_config_get(part, "nothing")), "");
    assert_string_equal(nn_config_text(nn_config_get(nn_config_get(part, "inner"), "units")), "$g");
    assert_string_equal(nn_config_place(nn_config_get(part, "name")), "t.yaml:4:9");
    CHECK_TEXT(config, "$f", "part", "units");
    assert_int_equal(nn_config_problem_count(config), 0);
    check_finish(config, NULL);
}

static void unknown_names_are_told(void **state)
{
    (void)state;
    nn_config *config = check_parse(text);
    assert_non_null(fill(config, NULL));
    assert_int_equal(nn_config_problem_count(config), 1);
    check_finish(config, "t.yaml:7:18: unknown name after $ 'g' (known: f, s, n)");
    config = check_parse("with: {f: [1], s: 2, n: 3}\npart: a$f");
    assert_non_null(fill(config, NULL));
    check_finish(config, "t.yaml:2:7: '$f' is a list or a mapping, which cannot stand within a longer text");
}

/* Fails when a text of the program's own has a place of its own, or becomes a part of the configuration. */
static void texts_are_inserted(void **state)
{
    (void)state;
    nn_config *config = check_parse("a:\n  b: 1\n");
    nn_config_node *place = nn_config_get(nn_config_get(nn_config_root(config), "a"), "b");
    nn_config_node *inserted = nn_config_insert(config, place, "- x: {y: 2}\n- z\n");
    assert_int_equal(nn_config_count(inserted), 2);
    nn_config_node *y = nn_config_get(nn_config_get(nn_config_item(inserted, 0), "x"), "y");
    assert_string_equal(nn_config_text(y), "2");
    assert_string_equal(nn_config_place(y), "t.yaml:2:6");
    nn_text emitted = {0};
    nn_config_emit(config, &emitted);
    assert_string_equal(emitted.bytes, "a:\n  b: 1\n");
    nn_text_free(&emitted);
    check_finish(config, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_replaced),
        cmocka_unit_test(unknown_names_are_told),
        cmocka_unit_test(texts_are_inserted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
