/* The table of layers: output shapes, initialisers and shared weights. */
#include "check.h"

#include "model/model.h"

/* Fails when a column is missing, cut off, or does not match the network. */
static void test_summary(void **state)
{
    (void)state;
    nn_model model = {.network =
                          check_build("network:\n"
                                      "  - dense: {units: 4, activation: relu}\n"
                                      "  - dense: {units: 4, freeze: true, name: a-long-name-of-a-layer}\n"
                                      "  - dense: {units: 4, share: dense1}\n"
                                      "  - dense: {units: 4, initializer: normal}\n"
                                      "  - reshape: [2, 2]\n"
                                      "  - lstm: {units: 4}\n",
                                      (nn_shape){1, {4}})};
    nn_text text = {0};
    nn_model_summary(&model, &text);
    const char *lines[] = {
        "layer                   type     output  parameters     MFLOP  weights\n",
        "input                   input    4                0     0.000\n",
        "dense1                  dense    4               20     0.000  he\n",
        "a-long-name-of-a-layer  dense    4               20     0.000  xavier, frozen\n",
        "dense3                  dense    4                0     0.000  of dense1\n",
        "dense4                  dense    4               20     0.000  normal\n",
        "reshape1                reshape  2 x 2            0     0.000\n",
        "lstm1                   lstm     4              112     0.000  xavier, orthogonal\n",
        "152 parameters, ",
    };
    const char *at = text.bytes;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (strncmp(at, lines[i], strlen(lines[i])) != 0) fail_msg("no \"%s\" in\n%s", lines[i], text.bytes);
        at += strlen(lines[i]);
    }
    nn_text_free(&text);
    nn_network_destroy(model.network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_summary)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
