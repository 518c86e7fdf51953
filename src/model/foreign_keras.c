/* The weights of Keras 3, model.save_weights('NAME.weights.h5'): HDF5 with layers/dense_1/vars/0, 1, ... in
 * the order in which a layer has made its variables. The file numbers the layers of each class; their own
 * names are attributes of the groups `vars`. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "model/foreign_internal.h"
#include "store/store.h"

static const char keras_layers[] = "layers/";

/* The name under which a tensor is found: LAYER/vars/0 for layers/dense_1/vars/0. Owned by the caller. */
static nn_status keras_name(nn_store_file *file, const char *path, char **name)
{
    size_t length = sizeof keras_layers - 1;
    char group[512], *layer = NULL;
    if (strncmp(path, keras_layers, length) != 0) return nn_copy_text(path, name);
    const char *rest = strchr(path + length, '/');
    if (!rest) return nn_copy_text(path, name);
    snprintf(group, sizeof group, "%.*s/vars", (int)(rest - path), path);
    NN_TRY(nn_store_read_text_of(file, group, "name", &layer));
    nn_text text = {0};
    if (layer && *layer)
        nn_text_append(&text, "%s%s", layer, rest);
    else
        nn_text_append(&text, "%s", path + length);
    nn_free(layer);
    nn_status status = text.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the names of tensors")
                                   : nn_copy_text(text.bytes, name);
    nn_text_free(&text);
    return status;
}

static nn_status keras_add(void *context, const char *path, const nn_store_info *info)
{
    nn_foreign *foreign = context;
    nn_foreign_tensor *tensor;
    char *name = NULL;
    const char *last = strrchr(path, '/');
    if (!last || last - path < 4 || strncmp(last - 4, "vars", 4) != 0) return NN_OK;
    NN_TRY(keras_name(foreign->stored, path, &name));
    nn_status status = nn_foreign_add(foreign, name, &tensor);
    nn_free(name);
    NN_TRY(status);
    NN_TRY(nn_copy_text(path, &tensor->path));
    snprintf(tensor->type, sizeof tensor->type, "%.31s", info->type_name);
    if (info->dimensions > NN_MAX_DIMENSIONS) return NN_OK;
    tensor->readable = info->type == NN_STORE_F32 || info->type == NN_STORE_F64;
    tensor->shape.dimensions = info->dimensions;
    for (int d = 0; d < info->dimensions; d++) tensor->shape.extents[d] = info->extents[d];
    return NN_OK;
}

nn_status nn_foreign_open_keras(nn_foreign *foreign)
{
    NN_TRY(nn_store_open(foreign->path, &foreign->stored));
    NN_TRY(nn_store_visit(foreign->stored, keras_add, foreign));
    if (foreign->count == 0)
        NN_FAIL(NN_ERROR_DATA,
                "%s is HDF5 without weights of Keras 3 (datasets such as layers/dense/vars/0): save them "
                "with model.save_weights('NAME.weights.h5') of Keras 3; a run or checkpoint of nntrain is "
                "named by init_from.run",
                foreign->path);
    return nn_foreign_sort(foreign);
}

nn_status nn_foreign_read_keras(const nn_foreign *foreign, const nn_foreign_tensor *tensor, double *values)
{
    return nn_store_read(foreign->stored, tensor->path, NN_STORE_F64, (size_t)nn_shape_count(tensor->shape),
                         values);
}
