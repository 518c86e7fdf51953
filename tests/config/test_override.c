/* --set a.b.c=VALUE reaches any key, layers by name, number or type, and is refused when it cannot. */
#include "check.h"

static const char network[] = "network:\n"
                              "  - conv2d: {filters: 16, name: first}\n"
                              "  - relu\n"
                              "  - dropout: 0.2\n"
                              "  - dense: {units: 8}\n"
                              "  - dense: {units: 9}\n"
                              "optimizer: adam\n"
                              "schedule: {cosine: }\n";

static nn_config * override(const char *text, const char *set)
{
    nn_config *config;
    assert_int_equal(nn_config_parse(text, "t.yaml", &set, 1, &config), NN_OK);
    check_know_all(config);
    return config;
}

/* The emitted configuration after one override. */
static void check_result(const char *text, const char *set, const char *expected)
{
    nn_config *config = override(text, set);
    nn_text emitted = {0};
    nn_config_emit(config, &emitted);
    assert_string_equal(emitted.bytes, expected);
    nn_text_free(&emitted);
    check_finish(config, NULL);
}

static void keys_are_set_and_made(void **state)
{
    (void)state;
    check_result("a: {b: 1}", "a.b=2", "a:\n  b: 2\n");
    check_result("a: {b: 1}", "a.c=2", "a:\n  b: 1\n  c: 2\n");
    check_result("a: 1", "b.c.d=x=y", "a: 1\nb:\n  c:\n    d: \"x=y\"\n");
    check_result("a: 1", "a={b: [1, 2]}", "a:\n  b:\n    - 1\n    - 2\n");
    check_result("a: 1", "a=", "a: null\n");
    check_result("a: ", "a.b=1", "a:\n  b: 1\n");
}

static void words_become_mappings(void **state)
{
    (void)state;
    nn_config *config = override(network, "optimizer.adam.learning_rate=0.1");
    CHECK_TEXT(config, "0.1", "optimizer", "adam", "learning_rate");
    check_finish(config, NULL);
    config = override(network, "schedule.cosine.warmup=5%");
    CHECK_TEXT(config, "5%", "schedule", "cosine", "warmup");
    check_finish(config, NULL);
}

static void layers_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *set, *number, *type, *option, *expected;
    } cases[] = {
        {"network.first.filters=32", "0", "conv2d", "filters", "32"},
        {"network.0.filters=32", "0", "conv2d", "filters", "32"},
        {"network.conv2d.filters=32", "0", "conv2d", "filters", "32"},
        {"network.0.conv2d.filters=32", "0", "conv2d", "filters", "32"},
        {"network.1.slope=1", "1", "relu", "slope", "1"},
        {"network.relu.slope=1", "1", "relu", "slope", "1"},
        {"network.4.units=3", "4", "dense", "units", "3"},
        {"network.dropout.seed=3", "2", "dropout", "seed", "3"},
        {"network.dropout.seed=3", "2", "dropout", "", "0.2"}, /* the short form stays */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        nn_config *config = override(network, cases[i].set);
        CHECK_TEXT(config, cases[i].expected, "network", cases[i].number, cases[i].type, cases[i].option);
        check_finish(config, NULL);
    }
}

static void layers_are_replaced(void **state)
{
    (void)state;
    check_result("n: [a, b: {c: 1}]", "n.1=d", "n:\n  - a\n  - d\n");
    check_result("n: [a, b: {c: 1}]", "n.1.b={e: 2}", "n:\n  - a\n  - b:\n      e: 2\n");
}

/* The short form of a layer still counts as its first option, and is not an unknown key. */
static void short_forms_survive(void **state)
{
    (void)state;
    typedef struct dropout {
        double rate;
        int64_t seed;
    } dropout;
    static const nn_option table[] = {
        {"rate", NN_OPTION_REAL, offsetof(dropout, rate), "0.5", 0, 1, NULL, NN_EFFECT_RESULT, "share"},
        {"seed", NN_OPTION_INTEGER, offsetof(dropout, seed), "1", 0, 0, NULL, NN_EFFECT_RESULT, "seed"},
        {.name = NULL},
    };
    /* The options that all layers share are read through a table of their own, which the short form must not
     * set. */
    static const nn_option common[] = {
        {"name", NN_OPTION_TEXT, 0, "", 0, 0, NULL, NN_EFFECT_RESULT, "name"},
        {.name = NULL},
    };
    static const char *const own_keys[] = {"rate", "seed", NULL}, *const common_keys[] = {"name", NULL};
    static const struct {
        const char *set;
        double rate;
        int64_t seed;
    } cases[] = {{"network.dropout.seed=3", 0.2, 3}, {"network.2.rate=0.4", 0.4, 1}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        nn_config *config = override(network, cases[i].set);
        nn_config_node *options;
        nn_config_node *layer = nn_config_item(nn_config_get(nn_config_root(config), "network"), 2);
        dropout filled;
        assert_string_equal(nn_config_read_choice(config, layer, &options), "dropout");
        nn_config_read(config, options, "network.2", table, NULL, common_keys, &filled);
        char *name;
        nn_config_read(config, options, "network.2", common, NULL, own_keys, &name);
        assert_null(name);
        assert_true(filled.rate == cases[i].rate);
        assert_int_equal(filled.seed, cases[i].seed);
        check_finish(config, NULL);
    }
}

static void check_problem(const char *text, const char *set, const char *expected)
{
    check_finish(override(text, set), expected);
}

static void wrong_overrides_are_reported(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"a", "--set a: expected keys separated by dots, and a value: a.b.c=VALUE"},
        {"=1", "--set =1: expected keys separated by dots, and a value: a.b.c=VALUE"},
        {"a..b=1", "--set a..b=1: expected keys separated by dots, and a value: a.b.c=VALUE"},
        {"include=x", "--set include=x: include is allowed only in a file"},
        {"a=[1",
         "--set a=[1: not valid YAML: did not find expected ',' or ']' (while parsing a flow sequence from "
         "line 1)"},
        {"network.last.units=1",
         "--set network.last.units=1: network has no unique entry 'last'; use a name, a "
         "number from 0, or a type that occurs once (5 entries)"},
        {"network.dense.units=1",
         "--set network.dense.units=1: network has no unique entry 'dense'; use a name, a "
         "number from 0, or a type that occurs once (5 entries)"},
        {"network.5=relu",
         "--set network.5=relu: network has no unique entry '5'; use a name, a number from 0, or "
         "a type that occurs once (5 entries)"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) check_problem(network, cases[i][0], cases[i][1]);
}

/* Two optimizers at once: the reader of the choice reports where each comes from. */
static void a_second_choice_is_an_error(void **state)
{
    (void)state;
    static const char *const texts[][2] = {
        {"optimizer: {adam: {x: 1}}\n", "t.yaml:1:12: expected one name with its options, not 2: 'adam' "
                                        "(t.yaml:1:13), 'sgd' (--set optimizer.sgd.x=1)"},
        {"optimizer: adam\n",
         "t.yaml:1:12: expected one name with its options, not 2: 'adam' (t.yaml:1:12), 'sgd' "
         "(--set optimizer.sgd.x=1)"},
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        nn_config *config = override(texts[i][0], "optimizer.sgd.x=1");
        nn_config_node *options;
        assert_null(
            nn_config_read_choice(config, nn_config_get(nn_config_root(config), "optimizer"), &options));
        check_finish(config, texts[i][1]);
    }
}

/* Messages about what an override brings name the override, as with this unknown key. */
static void overrides_are_places(void **state)
{
    (void)state;
    nn_config *config;
    const char *set = "optimiser.adam.x=1";
    assert_int_equal(nn_config_parse("{}", "t.yaml", &set, 1, &config), NN_OK);
    assert_null(nn_config_get(nn_config_root(config), "optimizer"));
    check_finish(config,
                 "--set optimiser.adam.x=1: unknown key 'optimiser'; did you mean 'optimizer'? (known: "
                 "optimizer)");
}

static void later_overrides_win(void **state)
{
    (void)state;
    nn_config *config;
    static const char *const sets[] = {"a.b=1", "a.b=2", "a.c=3"};
    assert_int_equal(nn_config_parse("{}", "t.yaml", sets, COUNT(sets), &config), NN_OK);
    CHECK_TEXT(config, "2", "a", "b");
    CHECK_TEXT(config, "3", "a", "c");
    check_finish(config, NULL);
}

/* Nothing may be created that could not be parsed again. */
static void nesting_is_limited(void **state)
{
    (void)state;
    nn_text set = {0};
    nn_text_append(&set, "a");
    for (int i = 0; i < 70; i++) nn_text_append(&set, ".a");
    nn_text_append(&set, "=1");
    nn_text expected = {0};
    nn_text_append(&expected, "--set %s: too many levels of nesting: at most 64", set.bytes);
    check_problem("b: 1", set.bytes, expected.bytes);
    nn_text_free(&expected);
    nn_text_free(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_set_and_made),
        cmocka_unit_test(words_become_mappings),
        cmocka_unit_test(layers_are_found),
        cmocka_unit_test(layers_are_replaced),
        cmocka_unit_test(short_forms_survive),
        cmocka_unit_test(wrong_overrides_are_reported),
        cmocka_unit_test(a_second_choice_is_an_error),
        cmocka_unit_test(overrides_are_places),
        cmocka_unit_test(later_overrides_win),
        cmocka_unit_test(nesting_is_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
