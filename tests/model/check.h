/* Shared by the tests of model: reads the section `network` of a configuration and describes it. */
#ifndef NN_TESTS_MODEL_CHECK_H
#define NN_TESTS_MODEL_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "model/spec.h"
#include "model/symbols.h"

/* Reads the list of layers in the text; the configuration stays open in *config. */
static inline nn_status check_read(const char *text, const char *set, nn_config **config,
                                   nn_network_spec *network)
{
    *network = (nn_network_spec){.scalar = NN_SCALAR_REAL};
    if (nn_config_parse(text, "t.yaml", &set, set ? 1 : 0, config) != NN_OK) fail_msg("%s", nn_error_text());
    nn_spec_read_network(*config, nn_config_root(*config), network);
    return nn_config_finish(*config);
}

/* "name <- input input, name <- ...": layers that read the one before say no inputs. */
static inline void check_describe(const nn_network_spec *network, nn_text *text)
{
    nn_text_append(text, "%s", "");
    for (size_t l = 0; l < network->count; l++) {
        const nn_layer_spec *layer = &network->layers[l];
        nn_text_append(text, "%s%s", l > 0 ? ", " : "", layer->name);
        for (size_t i = 0; i < layer->inputs.count; i++)
            nn_text_append(text, "%s%s", i > 0 ? " " : " <- ", layer->inputs.items[i]);
    }
}

/* The value of a resolved option, which must be there once; NULL: it is not. */
static inline const char *check_value(const nn_config *config, const char *path)
{
    const nn_config_value *values;
    const char *found = NULL;
    size_t count = nn_config_values(config, &values);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(values[i].path, path) != 0) continue;
        if (found) fail_msg("%s is there twice", path);
        found = values[i].value;
    }
    return found;
}

/* Fails unless the text gives these layers and everything that was read has a unique path. */
static inline void check_layers(const char *text, const char *set, const char *expected)
{
    nn_config *config;
    nn_network_spec network;
    nn_text described = {0};
    if (check_read(text, set, &config, &network) != NN_OK) fail_msg("%s", nn_error_text());
    check_describe(&network, &described);
    assert_string_equal(described.bytes, expected);
    const nn_config_value *values;
    size_t count = nn_config_values(config, &values);
    for (size_t i = 0; i < count; i++) (void)check_value(config, values[i].path);
    nn_text_free(&described);
    nn_network_spec_release(&network);
    nn_config_destroy(config);
}

/* Fails unless the text is refused with exactly these problems. */
static inline void check_refused(const char *text, const char *expected)
{
    nn_config *config;
    nn_network_spec network;
    assert_int_equal(check_read(text, NULL, &config, &network), NN_ERROR_USAGE);
    assert_string_equal(nn_error_text(), expected);
    nn_network_spec_release(&network);
    nn_config_destroy(config);
}

/* Builds the network for an input of that shape. */
static inline nn_network *check_build(const char *text, nn_shape shape)
{
    nn_config *config;
    nn_network_spec spec;
    nn_network *network = NULL;
    const nn_head head = {.name = (char *)(uintptr_t) "y",
                          .target = {.name = "y", .is_class = true, .classes = 10}};
    if (check_read(text, NULL, &config, &spec) != NN_OK) fail_msg("%s", nn_error_text());
    spec.input = (nn_field){.name = "x", .shape = shape};
    spec.microbatch_size = 4;
    if (nn_symbols_resolve(&spec, &head, 1) != NN_OK || nn_network_create(&spec, &network) != NN_OK)
        fail_msg("%s", nn_error_text());
    nn_config_destroy(config);
    return network;
}

#endif
