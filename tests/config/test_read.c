/* Option tables fill structs, and every mistake is reported with its position, all at once and in file
 * order. */
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const paddings[] = {"same", "valid", NULL};

typedef struct settings {
    int64_t units;
    double rate;
    bool bias;
    int padding;
    char *file;
    nn_text_list names;
    nn_duration every;
    int64_t optional;
} settings;

static const nn_option table[] = {
    {"units", NN_OPTION_INTEGER, offsetof(settings, units), NULL, 1, 1e6, NULL, NN_EFFECT_RESULT, "neurons"},
    {"rate", NN_OPTION_REAL, offsetof(settings, rate), "0.1", 0, 1, NULL, NN_EFFECT_RESULT, "share of units"},
    {"bias", NN_OPTION_BOOLEAN, offsetof(settings, bias), "yes", 0, 0, NULL, NN_EFFECT_RESULT, "add a bias"},
    {"padding", NN_OPTION_CHOICE, offsetof(settings, padding), "valid", 0, 0, paddings, NN_EFFECT_RESULT,
     "edges"},
    {"file", NN_OPTION_TEXT, offsetof(settings, file), "", 0, 0, NULL, NN_EFFECT_OUTPUT, "where to write"},
    {"names", NN_OPTION_TEXT_LIST, offsetof(settings, names), "[a, 'b c']", 0, 0, NULL, NN_EFFECT_SPEED,
     "names"},
    {"every", NN_OPTION_DURATION, offsetof(settings, every), "1 epoch", 0, 0, NULL, NN_EFFECT_EXTENT,
     "how often"},
    {"optional", NN_OPTION_INTEGER, offsetof(settings, optional), "", 0, 0, NULL, NN_EFFECT_SPEED,
     "if given"},
    {"nested", NN_OPTION_SECTION, 0, NULL, 0, 0, NULL, NN_EFFECT_RESULT, "read elsewhere"},
    {.name = NULL},
};

static const nn_symbol symbols[] = {{"classes", 10}, {"inputs", 784}, {NULL, 0}};

/* Reads `s` of the root; the fields hold garbage beforehand, so that one left unset shows. */
static settings read_settings(nn_config *config)
{
    settings filled;
    memset(&filled, 0x5a, sizeof filled);
    nn_config_read(config, nn_config_get(nn_config_root(config), "s"), "s", table, symbols, NULL, &filled);
    return filled;
}

/* The problems of `s: {text}`. */
static void check_section(const char *section, const char *expected)
{
    nn_text text = {0};
    nn_text_append(&text, "s: %s\n", section);
    nn_config *config = check_parse(text.bytes);
    settings filled = read_settings(config);
    nn_options_release(table, &filled);
    check_finish(config, expected);
    nn_text_free(&text);
}

static void every_kind_is_read(void **state)
{
    (void)state;
    nn_config *config =
        check_parse("s: {units: classes, rate: 1e-3, bias: Off, padding: same, file: x.h5, names: [p, q],"
                    " every: 10 minutes, optional: 2e3, nested: {a: 1}}");
    settings filled = read_settings(config);
    assert_int_equal(filled.units, 10);
    assert_true(filled.rate == 1e-3);
    assert_false(filled.bias);
    assert_int_equal(filled.padding, 0);
    assert_string_equal(filled.file, "x.h5");
    assert_int_equal(filled.names.count, 2);
    assert_string_equal(filled.names.items[1], "q");
    assert_true(filled.every.amount == 600);
    assert_int_equal(filled.every.unit, NN_DURATION_SECONDS);
    assert_int_equal(filled.optional, 2000);
    nn_options_release(table, &filled);
    check_finish(config, NULL);
}

static void defaults_replace_what_is_not_given(void **state)
{
    (void)state;
    nn_config *config = check_parse("s: {units: 3, file: , optional: ~}");
    settings filled = read_settings(config);
    assert_true(filled.rate == 0.1);
    assert_true(filled.bias);
    assert_int_equal(filled.padding, 1);
    assert_null(filled.file);
    assert_int_equal(filled.names.count, 2);
    assert_string_equal(filled.names.items[1], "b c");
    assert_int_equal(filled.every.unit, NN_DURATION_EPOCHS);
    assert_int_equal(filled.optional, 0);
    nn_options_release(table, &filled);
    check_finish(config, NULL);
}

/* Fails when null, another text or nothing is taken for 0. */
static void numbers_are_numbers(void **state)
{
    (void)state;
    nn_config *config = check_parse("{a: 2.5, b: null, c: 3x, d: [1], e: \"\", f: -1e-3, g: ~}");
    nn_config_node *root = nn_config_root(config);
    assert_true(nn_config_number(nn_config_get(root, "a")) == 2.5);
    assert_true(nn_config_number(nn_config_get(root, "f")) == -1e-3);
    for (const char *key = "bcdegz"; *key; key++) {
        const char name[] = {*key, '\0'};
        assert_true(isnan(nn_config_number(nn_config_get(root, name))));
    }
    nn_config_destroy(config);
}

static void a_scalar_sets_the_first_option(void **state)
{
    (void)state;
    nn_config *config = check_parse("s: inputs\n");
    settings filled = read_settings(config);
    assert_int_equal(filled.units, 784);
    nn_options_release(table, &filled);
    check_finish(config, NULL);
}

static void durations_have_units(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double amount;
        nn_duration_unit unit;
    } cases[] = {
        {"1 epoch", 1, NN_DURATION_EPOCHS},     {"3 epochs", 3, NN_DURATION_EPOCHS},
        {"1epoch", 1, NN_DURATION_EPOCHS},      {"0.5 epochs", 0.5, NN_DURATION_EPOCHS},
        {"100 steps", 100, NN_DURATION_STEPS},  {"1e3 steps", 1000, NN_DURATION_STEPS},
        {"30 s", 30, NN_DURATION_SECONDS},      {"10 minutes", 600, NN_DURATION_SECONDS},
        {"2 hours", 7200, NN_DURATION_SECONDS}, {"1 day", 86400, NN_DURATION_SECONDS},
        {"5%", 0.05, NN_DURATION_FRACTION},     {"7 %", 0.07, NN_DURATION_FRACTION},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        nn_text text = {0};
        nn_text_append(&text, "s: {units: 1, every: %s}", cases[i].text);
        nn_config *config = check_parse(text.bytes);
        settings filled = read_settings(config);
        assert_true(filled.every.amount == cases[i].amount);
        assert_int_equal(filled.every.unit, cases[i].unit);
        nn_options_release(table, &filled);
        check_finish(config, NULL);
        nn_text_free(&text);
    }
}

/* Fails when a number whose unit can only be one is refused, or one that may be several is accepted. */
static void obvious_units_may_be_omitted(void **state)
{
    (void)state;
    static const nn_option durations[] = {{"patience", NN_OPTION_DURATION, 0, "10 validations", 0, 0,
                                           nn_units_of_validations, NN_EFFECT_EXTENT, "how long"},
                                          {"warmup", NN_OPTION_DURATION, sizeof(nn_duration), "5%", 0, 0,
                                           nn_units_of_steps, NN_EFFECT_RESULT, "at first"},
                                          {.name = NULL}};
    static const char *const cases[][2] = {
        {"s: {patience: 5, warmup: 0}", NULL},
        {"s: {warmup: 5}",
         "t.yaml:1:13: s.warmup: a number alone is not a duration; write '5 epochs', '5 steps' or '5%'"},
        {"s: {patience: soon}",
         "t.yaml:1:15: s.patience: expected a duration such as '10 validations' or '3 epochs', not 'soon'"},
        {"s: {warmup: 5 validations}", "t.yaml:1:13: s.warmup: unknown unit 'validations' (known: epochs, "
                                       "steps, s, minutes, hours, days, %)"},
        {"s: {warmup: 500}",
         "t.yaml:1:13: s.warmup: a number alone is not a duration; write '500 epochs' or '500 steps'"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        nn_duration filled[2];
        nn_config *config = check_parse(cases[i][0]);
        nn_config_read(config, nn_config_get(nn_config_root(config), "s"), "s", durations, NULL, NULL,
                       filled);
        check_finish(config, cases[i][1]);
        if (cases[i][1]) continue;
        assert_true(filled[0].amount == 5 && filled[0].unit == NN_DURATION_VALIDATIONS);
        assert_true(filled[1].amount == 0 && filled[1].unit == NN_DURATION_FRACTION);
    }
}

static void wrong_values_are_reported(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{units: ten}", "t.yaml:1:12: s.units: unknown number 'ten' (known: classes, inputs)"},
        {"{units: clases}",
         "t.yaml:1:12: s.units: unknown number 'clases'; did you mean 'classes'? (known: classes, inputs)"},
        {"{units: 1.5}", "t.yaml:1:12: s.units: expected an integer, not '1.5'"},
        {"{units: 99999999999999999999}",
         "t.yaml:1:12: s.units: expected an integer, not '99999999999999999999'"},
        {"{units: [1]}", "t.yaml:1:12: s.units: expected an integer, not a list"},
        {"{units: 0}", "t.yaml:1:12: s.units: must be from 1 to 1000000, not '0'"},
        {"{units: }", "t.yaml:1:12: s.units has no value: neurons"},
        {"{units: 1, rate: nan}", "t.yaml:1:21: s.rate: expected a number, not 'nan'"},
        {"{units: 1, rate: 0x1}", "t.yaml:1:21: s.rate: expected a number, not '0x1'"},
        {"{units: 1, rate: 1.5}", "t.yaml:1:21: s.rate: must be from 0 to 1, not '1.5'"},
        {"{units: 1, rate: }", "t.yaml:1:21: s.rate has no value; remove the key to get 0.1"},
        {"{units: 1, bias: maybe}", "t.yaml:1:21: s.bias: expected true or false, not 'maybe'"},
        {"{units: 1, padding: sam}",
         "t.yaml:1:24: s.padding: unknown word 'sam'; did you mean 'same'? (known: same, valid)"},
        {"{units: 1, file: {a: 1}}", "t.yaml:1:21: s.file: expected a text, not a mapping"},
        {"{units: 1, names: [a, [b]]}", "t.yaml:1:26: s.names: expected a text, not a list"},
        {"{units: 1, every: 5}",
         "t.yaml:1:22: s.every: a number alone is not a duration; write '5 epochs', '5 steps', '5 s', '5 "
         "minutes', '5 hours', '5 days' or '5%'"},
        {"{units: 1, every: -1 epochs}", "t.yaml:1:22: s.every: expected a duration such as '3 epochs', '100 "
                                         "steps', '30 s', '10 minutes', '2 "
                                         "hours', '1 day' or '5%', not '-1 epochs'"},
        {"{units: 1, every: 3 epocs}",
         "t.yaml:1:22: s.every: unknown unit 'epocs'; did you mean 'epochs'? (known: "
         "epochs, steps, s, minutes, hours, days, %)"},
        {"{units: 1, every: 1.5 steps}",
         "t.yaml:1:22: s.every: must be a whole number of steps, not '1.5 steps'"},
        {"{units: 1, every: 101%}", "t.yaml:1:22: s.every: must be at most 100%, not '101%'"},
        {"[1]", "t.yaml:1:4: s: expected options (key: value), not a list"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) check_section(cases[i][0], cases[i][1]);
}

static void unknown_options_are_reported(void **state)
{
    (void)state;
    check_section("{units: 1, unit: 2}",
                  "t.yaml:1:15: s: unknown option 'unit'; did you mean 'units'? (known: units, "
                  "rate, bias, padding, file, names, every, optional, nested)");
}

/* A section that is absent, or a bare word, is still located: as much of its path as exists. */
static void missing_options_are_reported_where_the_section_is(void **state)
{
    (void)state;
    check_section("{rate: 0.5}", "t.yaml:1:4: s.units is missing: neurons");
    check_section("", "t.yaml:1:3: s.units is missing: neurons");
    nn_config *config = check_parse("net:\n  - relu\n  - dense\n");
    settings filled;
    check_know_all(config);
    nn_config_read(config, NULL, "net.1.dense", table, symbols, NULL, &filled);
    nn_options_release(table, &filled);
    nn_config_read(config, NULL, "other", table, symbols, NULL, &filled);
    nn_options_release(table, &filled);
    check_finish(config, "t.yaml: other.units is missing: neurons\n"
                         "t.yaml:3:5: net.1.dense.units is missing: neurons");
}

/* A section may be read through two tables: an option unknown to both is reported once. */
static void unknown_options_are_reported_once(void **state)
{
    (void)state;
    static const nn_option one[] = {{"a", NN_OPTION_TEXT, 0, "", 0, 0, NULL, NN_EFFECT_RESULT, "a"},
                                    {.name = NULL}};
    static const nn_option two[] = {{"b", NN_OPTION_TEXT, 0, "", 0, 0, NULL, NN_EFFECT_RESULT, "b"},
                                    {.name = NULL}};
    static const char *const not_one[] = {"b", NULL}, *const not_two[] = {"a", NULL};
    nn_config *config = check_parse("s: {a: 1, b: 2, cc: 3}");
    nn_config_node *section = nn_config_get(nn_config_root(config), "s");
    char *text;
    nn_config_read(config, section, "s", one, NULL, not_one, &text);
    nn_options_release(one, &text);
    nn_config_read(config, section, "s", two, NULL, not_two, &text);
    nn_options_release(two, &text);
    check_finish(config, "t.yaml:1:17: s: unknown option 'cc' (known: a, b)");
}

static void extra_keys_are_the_callers(void **state)
{
    (void)state;
    static const char *const extra[] = {"name", NULL};
    nn_config *config = check_parse("s: {units: 1, name: x, nam: y}");
    settings filled;
    nn_config_read(config, nn_config_get(nn_config_root(config), "s"), "s", table, NULL, extra, &filled);
    nn_options_release(table, &filled);
    check_finish(config,
                 "t.yaml:1:24: s: unknown option 'nam'; did you mean 'name'? (known: units, rate, bias, "
                 "padding, file, names, every, optional, nested, name)");
}

/* Reported once, sorted by position, whatever the order of detection. */
static void problems_come_in_file_order(void **state)
{
    (void)state;
    nn_config *config = check_parse("a: 1\nb: 2\noptimiser: 3\n");
    nn_config_node *root = nn_config_root(config);
    nn_config_node *a = nn_config_get(root, "a"), *b = nn_config_get(root, "b");
    assert_null(nn_config_get(root, "optimizer"));
    nn_config_error(config, b, "second");
    nn_config_error(config, a, "first\nin one line");
    nn_config_error(config, b, "second");
    nn_config_error(config, NULL, "the file");
    assert_int_equal(nn_config_finish(config), NN_ERROR_USAGE);
    check_finish(config,
                 "t.yaml: the file\n"
                 "t.yaml:1:4: first in one line\n"
                 "t.yaml:2:4: second\n"
                 "t.yaml:3:1: unknown key 'optimiser'; did you mean 'optimizer'? (known: a, b, optimizer)");
}

/* The error text holds 16 KiB: problems that do not fit are counted. */
static void many_problems_are_counted(void **state)
{
    (void)state;
    nn_text text = {0};
    for (int i = 0; i < 600; i++) nn_text_append(&text, "a_key_that_nobody_will_ever_ask_for_%03d: 1\n", i);
    nn_config *config = check_parse(text.bytes);
    assert_int_equal(nn_config_finish(config), NN_ERROR_USAGE);
    const char *end = strrchr(nn_error_text(), '\n');
    assert_non_null(end);
    unsigned long reported = 0;
    for (const char *at = nn_error_text(); *at != '\0'; at++) reported += *at == '\n';
    char expected[64];
    (void)snprintf(expected, sizeof expected, "\n(and %lu more)", 600 - reported);
    assert_string_equal(end, expected);
    nn_config_destroy(config);
    nn_text_free(&text);
}

static void keys_can_be_checked(void **state)
{
    (void)state;
    static const char *const known[] = {"train", "test", NULL};
    nn_config *config = check_parse("d: {train: 1, tets: 2}");
    nn_config_node *data = nn_config_get(nn_config_root(config), "d");
    nn_config_check_keys(config, data, known);
    nn_config_unknown(config, nn_config_get(data, "train"), "part", "xyz", known);
    check_finish(config, "t.yaml:1:12: unknown part 'xyz' (known: train, test)\n"
                         "t.yaml:1:15: unknown key 'tets'; did you mean 'test'? (known: train, test)");
}

static void choices_are_a_word_or_one_key(void **state)
{
    (void)state;
    nn_config *config =
        check_parse("a: adam\nb: {sgd: {x: 1}}\nc: {relu: }\nd: {p: 1, q: 2}\ne: [f]\ng: {}\n");
    nn_config_node *root = nn_config_root(config), *options;
    assert_string_equal(nn_config_read_choice(config, nn_config_get(root, "a"), &options), "adam");
    assert_null(options);
    assert_string_equal(nn_config_read_choice(config, nn_config_get(root, "b"), &options), "sgd");
    assert_string_equal(nn_config_text(nn_config_get(options, "x")), "1");
    assert_string_equal(nn_config_read_choice(config, nn_config_get(root, "c"), &options), "relu");
    assert_null(options);
    static const char *const wrong[] = {"d", "e", "g", "h"};
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_null(nn_config_read_choice(config, nn_config_get(root, wrong[i]), &options));
    check_finish(
        config,
        "t.yaml: expected a name, or one name with its options (name: {...}), not nothing\n"
        "t.yaml:4:4: expected one name with its options, not 2: 'p' (t.yaml:4:5), 'q' (t.yaml:4:11)\n"
        "t.yaml:5:4: expected a name, or one name with its options (name: {...}), not a list\n"
        "t.yaml:6:4: expected a name, or one name with its options (name: {...}), not an empty mapping");
}

/* For comparison on resume, the same value has the same text, however it is written. */
static void resolved_values_are_canonical(void **state)
{
    (void)state;
    static const char *const expected[][2] = {
        {"s.units", "1000"},   {"s.rate", "0.25"}, {"s.bias", "true"},
        {"s.padding", "same"}, {"s.file", "x"},    {"s.names", "[\"one\"]"},
        {"s.every", "120 s"},  {"s.optional", ""}, {"by.hand", "7"},
    };
    nn_config *config =
        check_parse("s: {units: 1e3, rate: 2.50e-1, bias: ON, padding: 'same', file: x, names: one, "
                    "every: 2 minutes}");
    settings filled = read_settings(config);
    nn_config_record(config, "by.hand", "7", NN_EFFECT_SPEED);
    const nn_config_value *values;
    assert_int_equal(nn_config_values(config, &values), COUNT(expected));
    for (size_t i = 0; i < COUNT(expected); i++) {
        assert_string_equal(values[i].path, expected[i][0]);
        assert_string_equal(values[i].value, expected[i][1]);
    }
    assert_int_equal(values[6].effect, NN_EFFECT_EXTENT);
    nn_options_release(table, &filled);
    check_finish(config, NULL);
}

/* What is already wrong is not also reported as missing. */
static void broken_values_are_skipped(void **state)
{
    (void)state;
    check_section(
        "\"${}\"",
        "t.yaml:1:4: ${} is not a valid name of an environment variable; write $${ for a literal ${");
    check_section(
        "{units: \"${}\"}",
        "t.yaml:1:12: ${} is not a valid name of an environment variable; write $${ for a literal ${");
}

/* ---- lists of numbers ---- */

typedef struct lists {
    nn_integer_list kernel, padding;
} lists;

static const nn_option lists_table[] = {
    {"kernel", NN_OPTION_INTEGER_LIST, offsetof(lists, kernel), "[3, 3]", 1, 9, NULL, NN_EFFECT_RESULT, "k"},
    {"padding", NN_OPTION_INTEGER_LIST, offsetof(lists, padding), "valid", 0, 9, paddings, NN_EFFECT_RESULT,
     "p"},
    {.name = NULL},
};

static lists check_lists(const char *section, const char *expected)
{
    nn_text text = {0};
    nn_text_append(&text, "s: %s\n", section);
    nn_config *config = check_parse(text.bytes);
    lists filled;
    memset(&filled, 0x5a, sizeof filled);
    nn_config_read(config, nn_config_get(nn_config_root(config), "s"), "s", lists_table, symbols, NULL,
                   &filled);
    check_finish(config, expected);
    nn_text_free(&text);
    return filled;
}

/* Would be wrong: a number that does not become a list of one, or a word that leaves numbers in the list. */
static void lists_of_numbers_are_read(void **state)
{
    (void)state;
    lists filled;
    filled = check_lists("{kernel: [5, 7], padding: 2}", NULL);
    assert_int_equal(filled.kernel.count, 2);
    assert_int_equal(filled.kernel.items[0], 5);
    assert_int_equal(filled.kernel.items[1], 7);
    assert_int_equal(filled.padding.count, 1);
    assert_int_equal(filled.padding.items[0], 2);
    filled = check_lists("{padding: same}", NULL);
    assert_int_equal(filled.kernel.count, 2);
    assert_int_equal(filled.kernel.items[1], 3);
    assert_int_equal(filled.padding.count, 0);
    assert_int_equal(filled.padding.choice, 0);
    check_lists("{kernel: 0}", "t.yaml:1:13: s.kernel: must be from 1 to 9, not '0'");
    check_lists("{kernel: [1, x]}", "t.yaml:1:17: s.kernel: unknown number 'x' (known: classes, inputs)");
    check_lists("{kernel: []}",
                "t.yaml:1:13: s.kernel: expected an integer or a list of integers, not an empty list");
    check_lists("{kernel: {a: 1}}",
                "t.yaml:1:13: s.kernel: expected an integer or a list of integers, not a mapping");
    check_lists("{padding: sam}",
                "t.yaml:1:14: s.padding: unknown word 'sam'; did you mean 'same'? (known: same, valid)");
    check_lists("{padding: [1, 1.5]}", "t.yaml:1:18: s.padding: expected an integer, not '1.5'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_read),
        cmocka_unit_test(defaults_replace_what_is_not_given),
        cmocka_unit_test(numbers_are_numbers),
        cmocka_unit_test(a_scalar_sets_the_first_option),
        cmocka_unit_test(durations_have_units),
        cmocka_unit_test(obvious_units_may_be_omitted),
        cmocka_unit_test(lists_of_numbers_are_read),
        cmocka_unit_test(wrong_values_are_reported),
        cmocka_unit_test(unknown_options_are_reported),
        cmocka_unit_test(missing_options_are_reported_where_the_section_is),
        cmocka_unit_test(unknown_options_are_reported_once),
        cmocka_unit_test(extra_keys_are_the_callers),
        cmocka_unit_test(problems_come_in_file_order),
        cmocka_unit_test(many_problems_are_counted),
        cmocka_unit_test(keys_can_be_checked),
        cmocka_unit_test(choices_are_a_word_or_one_key),
        cmocka_unit_test(resolved_values_are_canonical),
        cmocka_unit_test(broken_values_are_skipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
