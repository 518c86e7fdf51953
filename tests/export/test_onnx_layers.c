/* Every type of layer either has a form in ONNX, or is refused with what could replace it. */
#include "build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "nn/layer.h"

#if NN_HAVE_PROTOBUF

#include "export/onnx_layer.h"

static void test_every_type(void **state)
{
    (void)state;
    int types = 0;
    for (const nn_layer_type *const *type = nn_layer_types(NN_SCALAR_F32); *type; type++, types++) {
        const nn_onnx_layer *layer = nn_onnx_layer_find((*type)->name);
        if (!layer) fail_msg("layer %s: src/export/onnx_*.c does not say what it is in ONNX", (*type)->name);
        if (!layer->convert && !(layer->refused && strchr(layer->refused, ';')))
            fail_msg("layer %s: has neither convert nor a text 'why; what could replace it'", (*type)->name);
        if (layer->convert && layer->refused)
            fail_msg("layer %s: has both convert and refused", (*type)->name);
    }
    assert_true(types > 30);
}

static void test_unknown(void **state)
{
    (void)state;
    assert_null(nn_onnx_layer_find("capsule"));
    assert_null(nn_onnx_layer_find(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_type), cmocka_unit_test(test_unknown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
    return 77;
}

#endif
