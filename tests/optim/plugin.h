/* Options of optimizers and schedules from YAML, read like a user's file. */
#ifndef NN_TESTS_OPTIM_PLUGIN_H
#define NN_TESTS_OPTIM_PLUGIN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above first. */
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "config/config.h"
#include "optim/optimizer.h"
#include "optim/schedule.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* "adam: {beta1: 0.8}", or a bare name. */
typedef struct plugin_choice {
    nn_config *config;
    nn_config_node *options;
    const char *name;
} plugin_choice;

static inline plugin_choice plugin_choose(const char *yaml)
{
    char text[256];
    snprintf(text, sizeof text, "choice:\n  %s\n", yaml);
    plugin_choice choice = {0};
    if (nn_config_parse(text, "test.yaml", NULL, 0, &choice.config) != NN_OK) fail_msg("%s", nn_error_text());
    nn_config_node *node = nn_config_get(nn_config_root(choice.config), "choice");
    choice.name = nn_config_read_choice(choice.config, node, &choice.options);
    assert_non_null(choice.name);
    return choice;
}

/* Ends the reading; release the block with nn_free. */
static inline void *plugin_options(plugin_choice choice, const nn_option *table, size_t size)
{
    void *options = NULL;
    assert_int_equal(nn_allocate(&options, 1, size, "options"), NN_OK);
    nn_config_read(choice.config, choice.options, choice.name, table, NULL, NULL, options);
    if (nn_config_finish(choice.config) != NN_OK) fail_msg("%s", nn_error_text());
    nn_config_destroy(choice.config);
    return options;
}

static inline void *plugin_optimizer(const char *yaml, const nn_optimizer_type **type)
{
    plugin_choice choice = plugin_choose(yaml);
    *type = nn_optimizer_find(NN_SCALAR_REAL, choice.name);
    assert_non_null(*type);
    return plugin_options(choice, (*type)->options, (*type)->options_size);
}

static inline void *plugin_schedule(const char *yaml, const nn_schedule_type **type)
{
    plugin_choice choice = plugin_choose(yaml);
    *type = nn_schedule_find(choice.name);
    assert_non_null(*type);
    return plugin_options(choice, (*type)->options, (*type)->options_size);
}

/* Checks of every table: documented options inside the struct. */
static inline void plugin_check_table(const nn_option *table, size_t size)
{
    for (const nn_option *option = table; option->name; option++) {
        assert_true(option->help && option->help[0]);
        assert_true(option->offset < size);
        bool extent = strcmp(option->name, "extend") == 0;
        assert_int_equal(option->effect, extent ? NN_EFFECT_EXTENT : NN_EFFECT_RESULT);
    }
}

#endif
