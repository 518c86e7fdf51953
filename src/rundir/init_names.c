#include "rundir/init_names.h"

#include "base/list.h"
#include "model/checkpoint_names.h"

static nn_status names_refuse(const char *path, const char *what, const char *key, const char *layer,
                              const nn_text_list *was, const nn_text_list *is)
{
    nn_text there = {0}, here = {0};
    nn_list_append(was, &there);
    nn_list_append(is, &here);
    nn_status status =
        nn_fail(NN_ERROR_USAGE,
                "the weights of layer %s in %s are for different %s of '%s': the names there: %s; the names "
                "here: %s; initialise the layer with init_from.exclude: [%s], or use data with these names",
                layer, path, what, key, there.bytes ? there.bytes : "", here.bytes ? here.bytes : "", layer);
    nn_text_free(&there);
    nn_text_free(&here);
    return status;
}

/* The layer whose parameters an output is computed with. */
static int names_find_parameters(const nn_network *network, int l)
{
    while (l > 0 && network->layers[l].parameter_count == 0 && network->layers[l].input_count == 1)
        l = network->layers[l].inputs[0];
    return l;
}

static nn_status names_check_head(const nn_model *model, int h, const nn_names *was, const nn_names *is,
                                  const char *path, const bool *taken)
{
    int l = names_find_parameters(model->network, model->heads[h].layer);
    bool differ =
        was->classes.count > 0 && is->classes.count > 0 && !nn_list_equal(&was->classes, &is->classes);
    if (!differ || !taken[l]) return NN_OK;
    return names_refuse(path, "classes", is->key, model->network->layers[l].name, &was->classes,
                        &is->classes);
}

/* Whether a layer reads input number p, or (p < 0) the only one, past layers without parameters. */
static bool names_reads(const nn_network *network, int l, int p)
{
    for (int i = 0; i < network->layers[l].input_count; i++) {
        int from = network->layers[l].inputs[i];
        while (from > 0 && network->layers[from].type->is_view && network->layers[from].input_count == 1 &&
               !(p >= 0 && from == p + 1))
            from = network->layers[from].inputs[0];
        if (from == 0 || (p >= 0 && from == p + 1)) return true;
    }
    return false;
}

static nn_status names_check_input(const nn_model *model, int p, const nn_names *was, const nn_names *is,
                                   const char *path, const bool *taken)
{
    const nn_network *network = model->network;
    if (was->columns.count == 0 || is->columns.count == 0 || nn_list_equal(&was->columns, &is->columns))
        return NN_OK;
    for (int l = 1; l < network->layer_count; l++)
        if (taken[l] && names_reads(network, l, model->input.part_count > 0 ? p : -1))
            return names_refuse(path, "columns", is->key, network->layers[l].name, &was->columns,
                                &is->columns);
    return NN_OK;
}

nn_status nn_init_names_check(const nn_model *model, nn_store_file *file, const char *path, const bool *taken)
{
    nn_names_set saved = {0};
    int inputs = model->input.part_count > 0 ? model->input.part_count : 1;
    nn_status status = nn_model_get_names(file, &saved);
    for (int i = 0; status == NN_OK && i < model->names.count; i++) {
        const nn_names *is = &model->names.items[i], *was = nn_names_set_find(&saved, is->key);
        if (!was) continue;
        if (i < inputs)
            status = names_check_input(model, i, was, is, path, taken);
        else if (i - inputs < model->head_count)
            status = names_check_head(model, i - inputs, was, is, path, taken);
    }
    nn_names_set_release(&saved);
    return status;
}
