/* The section `network`: common keys, repeats, composites, and messages about mistakes in them. */
#include "check.h"

/* ---- layers and their common keys ---- */

/* Fails when layers are not named by type and number, or `previous` and names are lost. */
static void test_layers(void **state)
{
    (void)state;
    check_layers("network: [dense: 4, flatten, dense: {units: 2, name: out}]", NULL, "dense1, flatten1, out");
    check_layers("network:\n"
                 "  - dense: {units: 4, name: stem}\n"
                 "  - dense: {units: 4, inputs: input}\n"
                 "  - add: {inputs: [previous, stem]}\n",
                 NULL, "stem, dense2 <- input, add1 <- dense2 stem");
    check_layers("network:\n  - dense: {units: 4, inputs: previous}\n", NULL, "dense1 <- input");
    check_layers("network:\n  - dense: {units: 4, name: price_$$}\n", NULL, "price_$");
}

/* Fails when a common key does not reach the layer. */
static void test_common_keys(void **state)
{
    (void)state;
    nn_config *config;
    nn_network_spec network;
    assert_int_equal(check_read("network:\n"
                                "  - dense: {units: 4, name: a, freeze: true}\n"
                                "  - dense: {units: 4, share: a, learning_rate_factor: 0.1}\n",
                                NULL, &config, &network),
                     NN_OK);
    assert_true(network.layers[0].freeze && !network.layers[1].freeze);
    assert_null(network.layers[0].share);
    assert_string_equal(network.layers[1].share, "a");
    assert_true(network.layers[0].rate_factor == 1 && network.layers[1].rate_factor == 0.1);
    assert_string_equal(check_value(config, "network.0.dense.freeze"), "true");
    assert_string_equal(check_value(config, "network.1.dense.learning_rate_factor"), "0.1");
    nn_network_spec_release(&network);
    nn_config_destroy(config);
}

/* Fails when a list is not accepted as the short form of a list option. */
static void test_short_lists(void **state)
{
    (void)state;
    nn_network *network = check_build(
        "network: [reshape: [2, -1], permute: [1, 0], slice: {axis: 0, places: [1, 0]}]", (nn_shape){1, {6}});
    assert_true(nn_shape_equal(network->layers[2].output_shape, (nn_shape){2, {3, 2}}));
    assert_true(nn_shape_equal(network->layers[3].output_shape, (nn_shape){2, {2, 2}}));
    nn_network_destroy(network);
}

/* ---- repeat ---- */

/* Fails when a block is not repeated, its names are not unique, or they mean another repetition. */
static void test_repeat_times(void **state)
{
    (void)state;
    check_layers(
        "network:\n"
        "  - dense: 4\n"
        "  - repeat:\n"
        "      times: 2\n"
        "      layers:\n"
        "        - dense: {units: 4, name: a}\n"
        "        - dense: 4\n"
        "        - add: {inputs: [previous, block_input, a]}\n"
        "  - dense: {units: 2, inputs: a-2}\n",
        NULL,
        "dense1, a-1, dense3, add1 <- dense3 dense1 a-1, a-2, dense5, add2 <- dense5 add1 a-2, dense6 "
        "<- a-2");
    check_layers("network: [repeat: {times: 0, layers: [flatten]}, dense: 2]", NULL, "dense1");
    check_layers("network: [repeat: {times: 2, layers: [add: {inputs: [block_input, previous]}]}]", NULL,
                 "add1 <- input input, add2 <- add1 add1");
}

/* Fails when $name is not replaced by the repetition's value: alone, within a text, as a list, nested. */
static void test_repeat_with(void **state)
{
    (void)state;
    check_layers("network:\n"
                 "  - repeat:\n"
                 "      with: {f: [16, 32], a: [relu, tanh]}\n"
                 "      layers:\n"
                 "        - dense: {units: $f, activation: $a, name: fc_$f}\n"
                 "        - dense: {units: $f, name: second, inputs: fc_$f}\n"
                 "        - dense: {units: 3, name: number$i-x}\n",
                 NULL, "fc_16, second-1 <- fc_16, number1-x, fc_32, second-2 <- fc_32, number2-x");
    nn_config *config;
    nn_network_spec network;
    assert_int_equal(
        check_read("network:\n"
                   "  - repeat:\n"
                   "      with: {n: [1, 2], f: [8, 9], l: [flatten, dropout], s: [[2, 4], [8]]}\n"
                   "      layers:\n"
                   "        - $l\n"
                   "        - reshape: $s\n"
                   "        - repeat:\n"
                   "            times: $n\n"
                   "            layers: [dense: {units: 1$f, name: d}]\n",
                   NULL, &config, &network),
        NN_OK);
    nn_text described = {0};
    check_describe(&network, &described);
    assert_string_equal(described.bytes, "flatten1, reshape1, d-1-1, dropout1, reshape2, d-2-1, d-2-2");
    assert_string_equal(check_value(config, "network.0.repeat.1.layers.2.repeat.1.layers.0.dense.units"),
                        "18");
    assert_string_equal(check_value(config, "network.0.repeat.2.layers.2.repeat.2.layers.0.dense.units"),
                        "19");
    assert_string_equal(check_value(config, "network.0.repeat.1.layers.1.reshape.shape"), "[2, 4]");
    nn_text_free(&described);
    nn_network_spec_release(&network);
    nn_config_destroy(config);
}

/* Fails when a name in a block refers to a layer outside although the block has its own, or the other way
 * round.
 */
static void test_names_of_blocks(void **state)
{
    (void)state;
    check_layers("network:\n"
                 "  - dense: {units: 4, name: a}\n"
                 "  - dense: {units: 4, name: b}\n"
                 "  - repeat:\n"
                 "      times: 2\n"
                 "      layers:\n"
                 "        - dense: {units: 4, name: a}\n"
                 "        - repeat: {times: 1, layers: [add: {inputs: [a, b]}]}\n"
                 "  - add: {inputs: [a, b]}\n",
                 NULL, "a, b, a-1, add1 <- a-1 b, a-2, add2 <- a-2 b, add3 <- a b");
    nn_config *config;
    nn_network_spec network;
    assert_int_equal(check_read("network:\n"
                                "  - repeat:\n"
                                "      times: 2\n"
                                "      layers: [dense: {units: 4, name: a}, dense: {units: 4, share: a}]\n",
                                NULL, &config, &network),
                     NN_OK);
    assert_string_equal(network.layers[3].share, "a-2");
    nn_network_spec_release(&network);
    nn_config_destroy(config);
}

/* Fails when --set does not reach a layer within repeats by its written name, its type or its full path. */
static void test_overrides(void **state)
{
    (void)state;
    static const char text[] = "network:\n"
                               "  - flatten\n"
                               "  - repeat:\n"
                               "      times: 2\n"
                               "      layers:\n"
                               "        - dense: {units: 4, name: a}\n"
                               "        - repeat: {times: 1, layers: [dropout: 0.1]}\n";
    static const char *const sets[][3] = {
        {"network.a.units=7", "network.1.repeat.2.layers.0.dense.units", "7"},
        {"network.dropout.rate=0.3", "network.1.repeat.1.layers.1.repeat.1.layers.0.dropout.rate", "0.3"},
        {"network.1.layers.0.units=9", "network.1.repeat.1.layers.0.dense.units", "9"},
        {"network.1.repeat.times=3", "network.1.repeat.3.layers.0.dense.units", "4"},
    };
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        nn_config *config;
        nn_network_spec network;
        if (check_read(text, sets[i][0], &config, &network) != NN_OK) fail_msg("%s", nn_error_text());
        const char *value = check_value(config, sets[i][1]);
        if (!value || strcmp(value, sets[i][2]) != 0) fail_msg("%s: %s", sets[i][0], value ? value : "none");
        nn_network_spec_release(&network);
        nn_config_destroy(config);
    }
}

/* ---- composites ---- */

/* Fails when a composite's layers read another layer than it does, or cannot be referred to by its name. */
static void test_composites(void **state)
{
    (void)state;
    check_layers("network: [dense: 4, glu: 8, dense: 2]", NULL,
                 "dense1, glu1-gate, glu1-value <- dense1, glu1 <- glu1-gate glu1-value, dense4");
    check_layers("network:\n"
                 "  - dense: {units: 4, name: stem}\n"
                 "  - dense: 4\n"
                 "  - repeat:\n"
                 "      times: 2\n"
                 "      layers:\n"
                 "        - glu: {units: 8, name: gated, inputs: stem}\n"
                 "        - add: {inputs: [gated, previous]}\n"
                 "  - add: {inputs: [gated-1, previous]}\n",
                 NULL,
                 "stem, dense2, gated-1-gate <- stem, gated-1-value <- stem, gated-1 <- gated-1-gate "
                 "gated-1-value, add1 <- gated-1 gated-1, gated-2-gate <- stem, gated-2-value <- stem, "
                 "gated-2 <- gated-2-gate gated-2-value, add2 <- gated-2 gated-2, add3 <- gated-1 add2");
}

/* Fails when an option does not reach the layers: given, by default, as a short form, a symbol, or by --set.
 */
static void test_options_of_composites(void **state)
{
    (void)state;
    nn_config *config;
    nn_network_spec network;
    assert_int_equal(check_read("network:\n"
                                "  - glu: {units: 6, freeze: true, learning_rate_factor: 3}\n"
                                "  - glu: 7\n"
                                "  - glu: classes\n",
                                "network.1.activation=tanh", &config, &network),
                     NN_OK);
    assert_string_equal(check_value(config, "network.0.glu.units"), "6");
    assert_string_equal(check_value(config, "network.0.glu.layers.0.dense.units"), "6");
    assert_string_equal(check_value(config, "network.0.glu.layers.0.dense.activation"), "sigmoid");
    assert_string_equal(check_value(config, "network.1.glu.layers.1.dense.units"), "7");
    assert_string_equal(check_value(config, "network.1.glu.layers.0.dense.activation"), "tanh");
    assert_string_equal(check_value(config, "network.2.glu.layers.0.dense.units"), "(from the data)");
    assert_true(network.layers[0].freeze && network.layers[1].rate_factor == 3);
    assert_false(network.layers[3].freeze);
    nn_network_spec_release(&network);
    nn_config_destroy(config);
}

/* The example of every composite, twice in a row. */
static void test_examples(void **state)
{
    (void)state;
    for (const nn_composite_type *const *type = nn_composite_types(); *type; type++) {
        nn_config *config;
        nn_network_spec network;
        char text[512];
        assert_ptr_equal(nn_composite_find((*type)->name), *type);
        assert_null(nn_layer_find(NN_SCALAR_REAL, (*type)->name));
        assert_true((*type)->summary && (*type)->summary[0]);
        snprintf(text, sizeof text, "network:\n  - %s\n  - %s\n", (*type)->example, (*type)->example);
        if (check_read(text, NULL, &config, &network) != NN_OK) fail_msg("%s", nn_error_text());
        assert_true(network.count > 2);
        for (size_t l = 0; l < network.count; l++)
            assert_int_equal(strncmp(network.layers[l].name, (*type)->name, strlen((*type)->name)), 0);
        nn_network_spec_release(&network);
        nn_config_destroy(config);
    }
}

/* Fails when a transformer block normalises or adds in the wrong place, drops values without dropout, or two
 * in a row are not connected. */
static void test_transformer_blocks(void **state)
{
    (void)state;
    check_layers("network: [transformer_block: {heads: 2, name: a}, transformer_block: {heads: 2, name: b}]",
                 NULL,
                 "a-attention_norm, a-attention, a-attended <- a-attention input, a-feed_forward_norm, "
                 "a-feed_forward, a <- a-feed_forward a-attended, "
                 "b-attention_norm, b-attention, b-attended <- b-attention a, b-feed_forward_norm, "
                 "b-feed_forward, b <- b-feed_forward b-attended");
    check_layers(
        "network: [transformer_block: {heads: 2, norm: after, dropout: 0.1, name: a}]", NULL,
        "a-attention, a-attention_dropout, a-attention_sum <- a-attention_dropout input, a-attended, "
        "a-feed_forward, a-feed_forward_dropout, a-feed_forward_sum <- a-feed_forward_dropout a-attended, a");
    nn_network *network = check_build(
        "network: [transformer_block: {heads: 3}, transformer_block: {heads: 2, hidden: 7, causal: "
        "true, key_size: 5, activation: relu}]",
        (nn_shape){2, {5, 6}});
    assert_true(
        nn_shape_equal(network->layers[network->layer_count - 1].output_shape, (nn_shape){2, {5, 6}}));
    nn_network_destroy(network);
}

/* ---- messages ---- */

static void test_messages_of_layers(void **state)
{
    (void)state;
    check_refused("a: 1", "t.yaml: network must be a list of layers, such as [dense: {units: 64, activation: "
                          "relu}, dense: {units: classes}]\nt.yaml:1:1: unknown key 'a' (known: network)");
    check_refused("network: []", "t.yaml:1:10: network must be a list of layers, such as [dense: {units: 64, "
                                 "activation: relu}, dense: {units: classes}]");
    check_refused("network: [dense: {units: $f}]",
                  "t.yaml:1:26: '$f' is not defined here: names come from the `with` of an enclosing repeat; "
                  "write $$ for a literal $");
    check_refused("network: [dense: {units: 1, inputs: block_input}]",
                  "t.yaml:1:11: block_input is the layer that a repeat reads, but this is not inside a "
                  "repeat; name the layer");
    check_refused(
        "network: [dense: {units: 1, learning_rate_factor: 0}]",
        "t.yaml:1:51: network.0.dense.learning_rate_factor: must be from 1e-06 to 1000000, not '0'");
}

static void test_messages_of_repeats(void **state)
{
    (void)state;
    check_refused("network:\n- repeat: {with: {f: [1, 2], s: [1]}, layers: [dense: $f]}",
                  "t.yaml:2:33: with: the list of s has length 1, but that of f has length 2; all lists need "
                  "the same length");
    check_refused("network:\n- repeat: {with: {f: 3}, layers: [dense: $f]}",
                  "t.yaml:2:22: with: f needs a list of values, one per repetition");
    check_refused("network:\n- repeat: {with: {i: [3]}, layers: [dense: $i]}",
                  "t.yaml:2:22: with: $i is the number of the repetition; choose another name");
    check_refused(
        "network:\n- repeat: {with: {f-1: [3]}, layers: [dense: 1]}",
        "t.yaml:2:24: with: 'f-1' cannot follow a $; use letters, digits and _, not starting with a digit");
    check_refused("network:\n- repeat: {with: 4, layers: [dense: 1]}",
                  "t.yaml:2:18: with must map names to lists of values, such as {f: [16, 32]}");
    const char *how =
        "t.yaml:2:3: repeat: give either `times: 3` or `with: {f: [16, 32]}`, not both or neither";
    check_refused("network:\n- repeat: {layers: [dense: 1]}", how);
    check_refused("network:\n- repeat: {times: 2, with: {f: [1]}, layers: [dense: 1]}", how);
    check_refused("network:\n- repeat", how);
    check_refused("network:\n- repeat: {times: 2}", "t.yaml:2:3: repeat: `layers` needs a list of layers");
    check_refused("network:\n- repeat: {times: 2, layers: []}",
                  "t.yaml:2:3: repeat: `layers` needs a list of layers");
    check_refused(
        "network:\n- repeat: {time: 2, layers: [flatten]}",
        "t.yaml:2:12: network.0.repeat: unknown option 'time'; did you mean 'times'? (known: times, "
        "with, layers)");
}

/* A mistake in a repetition is reported once, with the number of the repetition. */
static void test_messages_within_repeats(void **state)
{
    (void)state;
    check_refused(
        "network:\n- repeat: {times: 3, layers: [glu: {unit: 4}]}",
        "t.yaml:2:36: network.0.repeat.1.layers.0.glu.units is missing: number of outputs, as for dense\n"
        "t.yaml:2:37: network.0.repeat.1.layers.0.glu: unknown option 'unit'; did you mean 'units'? (known: "
        "units, activation, per_step, name, inputs, freeze, learning_rate_factor)");
    check_refused("network:\n- repeat: {with: {f: [1, x]}, layers: [dense: $f]}",
                  "t.yaml:2:47: network.0.repeat.2.layers.0.dense.units: unknown number 'x' (known: classes, "
                  "same)");
    check_refused("network:\n- repeat: {with: {f: [[1], 2]}, layers: [dense: {units: 1, name: a$f}]}",
                  "t.yaml:2:66: '$f' is a list or a mapping, which cannot be part of a longer text");
    check_refused("network:\n- repeat: {times: 2, layers: [dense: $f]}",
                  "t.yaml:2:38: unknown name after $ 'f' (known: i)");
    check_refused(
        "network:\n- repeat: {times: 2, layers: [glu]}",
        "t.yaml:2:31: network.0.repeat.1.layers.0.glu.units is missing: number of outputs, as for dense");
    check_refused("network:\n- repeat: {times: 100, layers: [repeat: {times: 51, layers: [flatten]}]}",
                  "t.yaml:2:62: network: more than 5000 layers; use fewer repetitions");
}

/* Nested repeats, one level too many. */
static void test_too_deep(void **state)
{
    (void)state;
    nn_text text = {0}, end = {0};
    nn_text_append(&text, "network: [");
    for (int level = 0; level <= NN_SPEC_DEPTH; level++) {
        nn_text_append(&text, "repeat: {times: 1, layers: [");
        nn_text_append(&end, "]}");
    }
    nn_text_append(&text, "flatten%s]", end.bytes);
    check_refused(text.bytes,
                  "t.yaml:1:459: repeat: repeats and composites are nested too deeply (at most 16 levels)");
    nn_text_free(&text);
    nn_text_free(&end);
}

static void test_messages_of_composites(void **state)
{
    (void)state;
    check_refused("network: [glu: {units: 4, name: a}, glu: {units: 4, share: a}]",
                  "t.yaml:1:53: network.1.glu: unknown option 'share' (known: units, "
                  "activation, per_step, name, inputs, freeze, learning_rate_factor)");
    check_refused("network: [dense: 4, dense: 4, glu: {units: 4, inputs: [dense1, dense2]}]",
                  "t.yaml:1:31: inputs: glu takes one input, not 2");
    check_refused("network: [glu]",
                  "t.yaml:1:11: network.0.glu.units is missing: number of outputs, as for dense");
    check_refused(
        "network: [glu: {units: 4, activatio: relu}]",
        "t.yaml:1:27: network.0.glu: unknown option 'activatio'; did you mean 'activation'? (known: "
        "units, activation, per_step, name, inputs, freeze, learning_rate_factor)");
}

static void test_unknown_layer(void **state)
{
    (void)state;
    nn_config *config;
    nn_network_spec network;
    assert_int_equal(check_read("network: [repeats: {times: 3}]", NULL, &config, &network), NN_ERROR_USAGE);
    assert_non_null(strstr(nn_error_text(), "t.yaml:1:11: unknown layer 'repeats'; did you mean 'repeat'?"));
    assert_non_null(strstr(nn_error_text(), ", glu"));
    nn_network_spec_release(&network);
    nn_config_destroy(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layers),
        cmocka_unit_test(test_common_keys),
        cmocka_unit_test(test_short_lists),
        cmocka_unit_test(test_repeat_times),
        cmocka_unit_test(test_repeat_with),
        cmocka_unit_test(test_names_of_blocks),
        cmocka_unit_test(test_overrides),
        cmocka_unit_test(test_composites),
        cmocka_unit_test(test_options_of_composites),
        cmocka_unit_test(test_transformer_blocks),
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_messages_of_layers),
        cmocka_unit_test(test_messages_of_repeats),
        cmocka_unit_test(test_messages_within_repeats),
        cmocka_unit_test(test_too_deep),
        cmocka_unit_test(test_messages_of_composites),
        cmocka_unit_test(test_unknown_layer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
