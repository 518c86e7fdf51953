/* nntrain help: it leaves out nothing of the tables, and its example is a valid configuration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/terminal.h"
#include "cli/command.h"
#include "cli/help.h"
#include "model/symbols.h"
#include "settings/settings.h"

static nn_text help_on(const char *topic)
{
    nn_text text = {0};
    if (nn_help_append(&text, topic) != NN_OK) fail_msg("help %s: %s", topic ? topic : "", nn_error_text());
    return text;
}

static void expect_text(const nn_text *text, const char *topic, const char *part)
{
    if (!strstr(text->bytes, part)) fail_msg("help %s lacks \"%s\":\n%s", topic, part, text->bytes);
}

static size_t count_text(const nn_text *text, const char *part)
{
    size_t count = 0;
    for (const char *at = text->bytes; (at = strstr(at, part)) != NULL; at += strlen(part)) count++;
    return count;
}

/* Each option with its help line, its default, its choices and the mark of what a resumed run may change.
 * flags: on a command line. */
static void expect_options(const nn_text *text, const char *topic, const nn_option *table, bool flags)
{
    static const char *const marks[] = {[NN_EFFECT_RESULT] = "",
                                        [NN_EFFECT_EXTENT] = "; may change on resume",
                                        [NN_EFFECT_SPEED] = "; speed only",
                                        [NN_EFFECT_OUTPUT] = "; output only"};
    char line[512];
    for (const nn_option *option = table; option && option->name; option++) {
        snprintf(line, sizeof line, "\n  %s%s: ", flags ? "--" : "", option->name);
        expect_text(text, topic, line);
        expect_text(text, topic, option->help);
        if (option->kind == NN_OPTION_SECTION) continue;
        if (option->default_value && option->default_value[0]) {
            snprintf(line, sizeof line, "; default %s%s\n      %s\n", option->default_value,
                     flags ? "" : marks[option->effect], option->help);
            expect_text(text, topic, line);
        }
        for (size_t i = 0; option->choices && option->choices[i]; i++)
            expect_text(text, topic, option->choices[i]);
    }
}

static void expect_page(const char *topic, const nn_option *table)
{
    nn_text text = help_on(topic);
    expect_options(&text, topic, table, false);
    assert_int_equal(count_text(&text, "A resumed run"), 1);
    nn_text_free(&text);
}

/* Would be wrong: a topic that is listed but has no text. */
static void test_topics(void **state)
{
    (void)state;
    size_t count = 0;
    for (; nn_help_topic(count); count++) {
        nn_text text = help_on(nn_help_topic(count));
        assert_true(strlen(text.bytes) > 40);
        assert_int_equal(text.bytes[text.length - 1], '\n');
        nn_text_free(&text);
    }
    assert_true(count > 25);
}

static void expect_narrow(const char *topic, int columns)
{
    nn_text text = {0};
    assert_int_equal(nn_help_append_folded(&text, topic, columns), NN_OK);
    for (char *line = strtok(text.bytes, "\n"); line; line = strtok(NULL, "\n")) {
        const char *first = line + strspn(line, " "), *word = strrchr(line, ' ');
        /* A word that is wider than the room it has is not broken. */
        if (nn_display_width(line) > columns && word && word > first && strlen(word) <= 16)
            fail_msg("help %s: wider than %d: %s", topic ? topic : "", columns, line);
        if (word && !word[1] && word > first) fail_msg("help %s: ends with a space: %s|", topic, line);
    }
    nn_text_free(&text);
}

/* Would be wrong: a line of any topic that does not fit a page, or a narrow window. */
static void test_width(void **state)
{
    (void)state;
    for (int columns = 40; columns <= NN_HELP_COLUMNS; columns += 40) {
        expect_narrow(NULL, columns);
        for (size_t i = 0; nn_help_topic(i); i++) expect_narrow(nn_help_topic(i), columns);
    }
}

/* Whether `owner` (a plug-in) has the option `key`, or `key` is that of a section, or a plug-in itself. */
static bool is_key(const char *owner, const char *key)
{
    char line[128];
    nn_text text = {0};
    snprintf(line, sizeof line, "\n  %s: ", key);
    bool found = nn_help_page_of_key(key) || nn_help_append(&text, key) == NN_OK ||
                 (nn_help_append(&text, owner) == NN_OK && strstr(text.bytes, line));
    nn_text_free(&text);
    return found;
}

/* Would be wrong: a page for those who know another program that names a key which does not exist. */
static void test_other_programs(void **state)
{
    (void)state;
    static const char *const first[] = {"data.",      "training.",    "checkpoint.",
                                        "optimizer.", "lr_schedule.", "init_from.",
                                        "lstm.",      "dense.",       "batch_norm."};
    const char *const pages[] = {nn_help_pytorch, nn_help_keras};
    size_t count = 0;
    for (size_t p = 0; p < 2; p++) {
        for (const char *at = pages[p]; (at = strstr(at, "help ")) != NULL; at += 5) {
            char topic[64];
            snprintf(topic, sizeof topic, "%.*s", (int)strcspn(at + 5, ",)\n"), at + 5);
            nn_text text = help_on(topic);
            nn_text_free(&text);
        }
        for (const char *at = pages[p]; *at; at += strcspn(at, " \n,;:()"), at += *at ? 1 : 0) {
            bool is_path = false;
            for (size_t i = 0; i < sizeof first / sizeof *first; i++)
                is_path |= strncmp(at, first[i], strlen(first[i])) == 0;
            if (!is_path) continue;
            char path[128], *key;
            snprintf(path, sizeof path, "%.*s", (int)strspn(at, "abcdefghijklmnopqrstuvwxyz_."), at);
            key = strrchr(path, '.');
            *key++ = '\0';
            const char *owner = strrchr(path, '.') ? strrchr(path, '.') + 1 : path;
            if (!is_key(owner, key)) fail_msg("%s has no key '%s'", path, key);
            count++;
        }
    }
    assert_true(count > 40);
}

/* Would be wrong: an option that configurations accept and help does not list, or marks on a page without
 * their explanation. */
static void test_sections(void **state)
{
    (void)state;
    expect_page("data", nn_data_options_table);
    expect_page("data", nn_part_options_table);
    expect_page("data", nn_split_options_table);
    expect_page("data", nn_data_field_options_table);
    expect_page("training", nn_training_options_table);
    expect_page("checkpoint", nn_checkpoint_options_table);
    expect_page("layers", nn_model_layer_options());
    expect_page("network", nn_model_layer_options());
    expect_page("network", nn_model_repeat_options());
}

/* The common options of a configuration are not repeated, but referred to; those of a command line are
 * listed. */
static void expect_common(const nn_text *text, const nn_help_family *family, const nn_help_item *item)
{
    char line[256];
    if (!family->common) return;
    if (!family->place) {
        expect_options(text, item->name, family->common(), true);
        return;
    }
    snprintf(line, sizeof line, "Options common to all %s: nntrain help %s\n", family->plural, family->topic);
    for (size_t i = 0; family->common()[i].name; i++)
        if (strstr(text->bytes, family->common()[i].help))
            fail_msg("help %s repeats %s", item->name, family->common()[i].name);
    if (!strstr(text->bytes, line)) fail_msg("help %s lacks \"%s\"", item->name, line);
}

/* Would be wrong: a plug-in that is registered but not in help, or a part of its table; or pages that repeat
 * what is common to all. */
static void test_plugins(void **state)
{
    (void)state;
    size_t families = 0;
    for (const nn_help_family *family = nn_help_families; family->topic; family++, families++) {
        nn_help_item item;
        nn_text list = help_on(family->topic);
        size_t items = 0;
        for (; family->item(items, &item); items++) {
            expect_text(&list, family->topic, item.name);
            expect_text(&list, family->topic, item.summary);
            nn_text text = help_on(item.name);
            expect_text(&text, item.name, item.summary);
            if (item.example) expect_text(&text, item.name, item.example);
            expect_options(&text, item.name, item.options, !family->place);
            expect_common(&text, family, &item);
            nn_text_free(&text);
        }
        assert_true(items > 0);
        if (family->common) expect_options(&list, family->topic, family->common(), !family->place);
        assert_true(count_text(&list, "A resumed run") <= 1);
        nn_text_free(&list);
    }
    assert_int_equal(families, 10);
}

/* Would be wrong: a command or one of its options that the overview does not show. */
static void test_overview(void **state)
{
    (void)state;
    nn_text text = help_on(NULL);
    for (const nn_command *const *command = nn_commands(); *command; command++) {
        expect_text(&text, "", (*command)->name);
        expect_text(&text, "", (*command)->summary);
        for (const nn_command_option *option = (*command)->options; option->name; option++) {
            expect_text(&text, "", option->name);
            expect_text(&text, "", option->help);
        }
    }
    for (const nn_help_family *family = nn_help_families; family->topic; family++)
        expect_text(&text, "", family->topic);
    nn_text_free(&text);
}

/* Would be wrong: a command with more options than its arguments have room for, or one that a slip of the
 * keys does not lead to. */
static void test_commands(void **state)
{
    (void)state;
    for (const nn_command *const *command = nn_commands(); *command; command++) {
        size_t options = 0;
        char slip[32];
        while ((*command)->options[options].name) options++;
        assert_in_range(options, 0, NN_COMMAND_OPTIONS);
        snprintf(slip, sizeof slip, "%sx", (*command)->name);
        assert_string_equal(nn_command_nearest(slip), (*command)->name);
    }
    assert_null(nn_command_nearest("photographs"));
}

/* Would be wrong: a beginner who copies the example from help gets errors. */
static void test_example(void **state)
{
    (void)state;
    nn_config *config = NULL;
    nn_settings settings;
    nn_text text = help_on("config");
    expect_text(&text, "config", nn_help_example);
    nn_text_free(&text);
    assert_int_equal(nn_config_parse(nn_help_example, "example", NULL, 0, &config), NN_OK);
    if (nn_settings_read(config, &settings) != NN_OK) fail_msg("%s", nn_error_text());
    nn_settings_release(&settings);
    nn_config_destroy(config);
}

/* An example in its place, below the sections that every configuration has. */
static nn_text write_configuration(const nn_help_family *family, const char *example)
{
    nn_text text = {0};
    if (strcmp(family->topic, "losses") != 0) nn_text_append(&text, "loss: mse\n");
    if (strcmp(family->topic, "initializers") == 0)
        nn_text_append(&text, "network:\n  - dense:\n      units: 4\n      ");
    else if (strncmp(family->place, "network", strlen("network")) != 0)
        nn_text_append(&text, "network: [dense: {units: 1}]\n");
    nn_text_append(&text, "%s%s\n", family->place, example);
    return text;
}

static void read_configuration(const char *name, const char *text)
{
    static const char *const data[] = {"data.file=d.h5", "data.train.x=x", "data.train.y=y"};
    nn_config *config = NULL;
    nn_settings settings;
    if (nn_config_parse(text, name, data, sizeof data / sizeof *data, &config) != NN_OK)
        fail_msg("%s\n%s", nn_error_text(), text);
    if (nn_settings_read(config, &settings) != NN_OK) fail_msg("%s\n%s", nn_error_text(), text);
    nn_settings_release(&settings);
    nn_config_destroy(config);
}

/* Would be wrong: a plug-in without an example, or one that the reader of configurations refuses where help
 * says that it stands. */
static void test_examples(void **state)
{
    (void)state;
    for (const nn_help_family *family = nn_help_families; family->topic; family++) {
        nn_help_item item;
        for (size_t i = 0; family->place && family->item(i, &item); i++) {
            if (!item.example) {
                assert_string_equal(item.name, "input");
                continue;
            }
            assert_int_equal(strncmp(item.example, item.name, strlen(item.name)), 0);
            nn_text text = write_configuration(family, item.example);
            read_configuration(item.name, text.bytes);
            nn_text_free(&text);
        }
    }
}

/* Would be wrong: a page of reference that the overview does not list, or that names an option that is no
 * more. */
static void test_reference(void **state)
{
    static const char *const keys[] = {"hang_timeout", "on_nonfinite", "verify_every"};
    (void)state;
    nn_text overview = help_on(NULL), faults = help_on("faults"), performance = help_on("performance");
    for (const nn_help_page *page = nn_help_pages; page->topic; page++)
        expect_text(&overview, "", page->summary);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char key[64];
        snprintf(key, sizeof key, "training.%s", keys[i]);
        expect_text(&faults, "faults", key);
        assert_string_equal(nn_help_page_of_key(keys[i]), "training");
    }
    expect_text(&performance, "performance", "scripts/bench.sh");
    nn_text_free(&overview);
    nn_text_free(&faults);
    nn_text_free(&performance);
}

static void test_unknown(void **state)
{
    (void)state;
    nn_text text = {0};
    assert_int_equal(nn_help_append(&text, "dens"), NN_ERROR_USAGE);
    assert_non_null(strstr(nn_error_text(), "nntrain help dense"));
    assert_int_equal(nn_help_append(&text, "qqqqqqqqqq"), NN_ERROR_USAGE);
    assert_int_equal(nn_help_append(&text, "repeat"), NN_ERROR_USAGE);
    assert_non_null(strstr(nn_error_text(), "nntrain help network"));
    assert_int_equal(nn_help_append(&text, "early_stopping"), NN_ERROR_USAGE);
    assert_non_null(strstr(nn_error_text(), "nntrain help training"));
    assert_int_equal(nn_help_append(&text, "symbols"), NN_ERROR_USAGE);
    assert_non_null(strstr(nn_error_text(), "nntrain help embedding"));
    assert_int_equal(text.length, 0);
    nn_text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_topics),         cmocka_unit_test(test_width),
        cmocka_unit_test(test_other_programs), cmocka_unit_test(test_sections),
        cmocka_unit_test(test_plugins),        cmocka_unit_test(test_overview),
        cmocka_unit_test(test_commands),       cmocka_unit_test(test_example),
        cmocka_unit_test(test_examples),       cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
