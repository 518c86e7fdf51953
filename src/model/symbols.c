/* Resolves "classes" in a configuration. */
#include "model/symbols.h"

#include <string.h>

const nn_symbol nn_unknown_symbols[] = {{"classes", NN_SYMBOL_UNKNOWN}, {"same", NN_SYMBOL_SAME}, {NULL, 0}};

/* The target that a layer's "classes" refers to. */
static nn_status symbols_find(const nn_layer_spec *layer, const char *option, const nn_head *heads,
                              int head_count, const nn_field **target)
{
    const char *name = layer->name ? layer->name : layer->type->name;
    int with_classes = 0;
    *target = &heads[0].target;
    for (int h = 0; h < head_count; h++) {
        if (head_count > 1 && layer->name && strcmp(layer->name, heads[h].name) == 0) {
            *target = &heads[h].target;
            with_classes = 1;
            break;
        }
        if (nn_field_classes(&heads[h].target) == 0) continue;
        *target = &heads[h].target;
        with_classes++;
    }
    if (with_classes > 1)
        NN_FAIL(NN_ERROR_USAGE,
                "layer %s: `%s: classes` is ambiguous, as several targets have classes; give a number, or "
                "name the layer after its target",
                name, option);
    if (nn_field_classes(*target) == 0)
        NN_FAIL(NN_ERROR_USAGE,
                "layer %s: `%s: classes` needs class labels, but the target '%s' is read as values; give a "
                "number, or use `loss: cross_entropy`",
                name, option, (*target)->name);
    return NN_OK;
}

static nn_status symbols_resolve_layer(nn_layer_spec *layer, const nn_head *heads, int head_count)
{
    for (const nn_option *option = layer->type->options; option && option->name; option++) {
        if (option->kind != NN_OPTION_INTEGER) continue;
        int64_t *value = (int64_t *)(void *)((char *)layer->options + option->offset);
        if (*value != NN_SYMBOL_UNKNOWN) continue;
        const nn_field *target;
        NN_TRY(symbols_find(layer, option->name, heads, head_count, &target));
        *value = nn_field_classes(target);
    }
    return NN_OK;
}

nn_status nn_symbols_resolve(nn_network_spec *spec, const nn_head *heads, int head_count)
{
    for (size_t i = 0; i < spec->count; i++)
        NN_TRY(symbols_resolve_layer(&spec->layers[i], heads, head_count));
    return NN_OK;
}
