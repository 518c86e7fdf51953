/* Shared by the tests of config: a configuration from text, and the exact text of its problems. */
#ifndef NN_TESTS_CONFIG_CHECK_H
#define NN_TESTS_CONFIG_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four headers above. */
#include <cmocka.h>

#include "config/config.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Parses a text that must load. */
static inline nn_config *check_parse(const char *text)
{
    nn_config *config;
    assert_int_equal(nn_config_parse(text, "t.yaml", NULL, 0, &config), NN_OK);
    return config;
}

/* A text that must not load, and the expected error. */
static inline void check_refused(const char *text, const char *expected)
{
    nn_config *config;
    assert_int_equal(nn_config_parse(text, "t.yaml", NULL, 0, &config), NN_ERROR_USAGE);
    assert_null(config);
    assert_string_equal(nn_error_text(), expected);
}

/* Ends a configuration; expected NULL: no problems. */
static inline void check_finish(nn_config *config, const char *expected)
{
    nn_status status = nn_config_finish(config);
    assert_string_equal(status == NN_OK ? "" : nn_error_text(), expected == NULL ? "" : expected);
    assert_int_equal(status, expected == NULL ? NN_OK : NN_ERROR_USAGE);
    nn_config_destroy(config);
}

/* Marks all keys of the root as known. */
static inline void check_know_all(nn_config *config)
{
    nn_config_node *root = nn_config_root(config);
    for (size_t i = 0; i < nn_config_count(root); i++) (void)nn_config_item(root, i);
}

/* The scalar that a list of keys or entry numbers, ended by NULL, leads to. */
static inline const char *check_text(nn_config *config, const char *const *path)
{
    nn_config_node *at = nn_config_root(config);
    for (; *path != NULL; path++) {
        bool is_list = at != NULL && nn_config_kind_of(at) == NN_CONFIG_LIST;
        at = is_list ? nn_config_item(at, (size_t)((*path)[0] - '0')) : nn_config_get(at, *path);
    }
    return nn_config_text(at);
}

#define CHECK_TEXT(config, expected, ...)                                                                    \
    assert_string_equal(check_text((config), (const char *const[]){__VA_ARGS__, NULL}), (expected))

#endif
