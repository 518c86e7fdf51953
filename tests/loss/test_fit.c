/* Messages about an output that does not fit its target. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "loss/fit.h"

typedef struct fit_case {
    nn_shape output, target;
    int64_t classes; /* 0: values */
    const char *says, *says_not;
} fit_case;

static const fit_case cases[] = {
    /* Maps made smaller by convolutions without padding, strides or pooling, in one direction or both. */
    {{3, {6, 6, 3}}, {2, {8, 8}}, 3, "padding: same", "per_step"},
    {{3, {8, 7, 3}}, {2, {8, 8}}, 3, "padding: same", "per_step"},
    {{4, {8, 8, 4, 2}}, {3, {8, 8, 8}}, 2, "padding: same", "per_step"},
    {{2, {14, 5}}, {1, {16}}, 5, "padding: same", "per_step"},
    {{3, {6, 6, 1}}, {2, {8, 8}}, 0, "padding: same", "dense"},
    {{3, {6, 6, 2}}, {3, {8, 8, 2}}, 0, "padding: same", "dense"},
    {{2, {14, 2}}, {2, {16, 2}}, 0, "padding: same", "dense"},
    {{3, {16, 16, 3}}, {2, {8, 8}}, 3, "upsample less", "per_step"},
    /* The right extents, but a wrong number of channels. */
    {{3, {8, 8, 4}}, {2, {8, 8}}, 3, "conv2d: {filters: 3, kernel: 1}", "padding"},
    {{4, {4, 4, 4, 7}}, {3, {4, 4, 4}}, 2, "conv3d: {filters: 2, kernel: 1}", "padding"},
    {{3, {8, 8, 4}}, {2, {8, 8}}, 0, "conv2d: {filters: 1, kernel: 1}", "padding"},
    {{3, {8, 8, 4}}, {3, {8, 8, 2}}, 0, "conv2d: {filters: 2, kernel: 1}", "padding"},
    /* Sequences, and outputs that are not spread out. */
    {{2, {16, 4}}, {1, {16}}, 5, "dense: {units: classes, per_step: true}", "padding"},
    {{2, {16, 4}}, {2, {16, 2}}, 0, "dense: {units: 2, per_step: true}", "padding"},
    {{1, {4}}, {0, {0}}, 3, "dense: {units: classes}", "padding"},
    {{1, {4}}, {1, {2}}, 0, "dense: {units: 2}", "padding"},
};

/* Would be wrong: advice to change the channels if the extents are wrong, or the other way round. */
static void advice_is_about_what_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const fit_case *of = &cases[i];
        nn_field target = {
            .name = "y", .shape = of->target, .is_class = of->classes > 0, .classes = of->classes};
        nn_status status =
            of->classes > 0 ? nn_fit_classes(of->output, &target) : nn_fit_values(of->output, &target);
        assert_int_equal(status, NN_ERROR_USAGE);
        if (!strstr(nn_error_text(), of->says))
            fail_msg("%zu: '%s' is not in: %s", i, of->says, nn_error_text());
        if (strstr(nn_error_text(), of->says_not))
            fail_msg("%zu: '%s' is in: %s", i, of->says_not, nn_error_text());
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(advice_is_about_what_is_wrong)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
