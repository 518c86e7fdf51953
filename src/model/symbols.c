/* "classes" in a configuration. */
#include "model/symbols.h"

const nn_symbol nn_unknown_symbols[] = {{"classes", NN_SYMBOL_UNKNOWN}, {"same", NN_SYMBOL_SAME}, {NULL, 0}};

static nn_status symbols_resolve_layer(nn_layer_spec *layer, const nn_field *target)
{
    for (const nn_option *option = layer->type->options; option && option->name; option++) {
        if (option->kind != NN_OPTION_INTEGER) continue;
        int64_t *value = (int64_t *)(void *)((char *)layer->options + option->offset);
        if (*value != NN_SYMBOL_UNKNOWN) continue;
        if (!target->is_class)
            NN_FAIL(
                NN_ERROR_USAGE,
                "layer %s: `%s: classes` needs class labels, but the target '%s' is read as values; write a "
                "number, or use `loss: cross_entropy`",
                layer->name ? layer->name : layer->type->name, option->name, target->name);
        *value = target->classes;
    }
    return NN_OK;
}

nn_status nn_symbols_resolve(nn_network_spec *spec, const nn_field *target)
{
    for (size_t i = 0; i < spec->count; i++) NN_TRY(symbols_resolve_layer(&spec->layers[i], target));
    return NN_OK;
}
