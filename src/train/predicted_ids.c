#include "train/predicted_ids.h"

#include <string.h>

static nn_status ids_open(nn_predicted_ids *ids, const nn_predicted_id *id, const char *path)
{
    if (ids->path && strcmp(ids->path, path) == 0) return NN_OK;
    nn_predicted_ids_release(ids);
    NN_TRY(nn_store_open(path, &ids->file));
    if (id->type != NN_STORE_TEXT) NN_TRY(nn_store_array_open(ids->file, id->dataset, &ids->array));
    ids->path = path;
    return NN_OK;
}

void nn_predicted_ids_release(nn_predicted_ids *ids)
{
    nn_store_array_close(ids->array);
    nn_store_close(ids->file);
    *ids = (nn_predicted_ids){0};
}

nn_status nn_predicted_ids_read(nn_predicted_ids *ids, const nn_predicted_id *id, const char *path,
                                int64_t first, int64_t rows, void *cells)
{
    NN_TRY(ids_open(ids, id, path));
    if (id->type == NN_STORE_TEXT)
        return nn_store_read_texts(ids->file, id->dataset, first, rows, id->cell, cells);
    return nn_store_read_rows(ids->array, first, rows, id->type, cells);
}

/* ---- looking ---- */

/* The type that ids of a stored type are read as. */
static nn_store_type ids_type(nn_store_type stored)
{
    if (stored == NN_STORE_TEXT || stored == NN_STORE_U64) return stored;
    if (nn_store_type_is_integer(stored)) return NN_STORE_I64;
    return stored == NN_STORE_F32 || stored == NN_STORE_F64 ? NN_STORE_F64 : NN_STORE_UNSUPPORTED;
}

static nn_status ids_look(nn_store_file *file, const char *dataset, nn_store_type *type, int64_t *rows,
                          size_t *longest)
{
    nn_store_array *array;
    NN_TRY(nn_store_array_open(file, dataset, &array));
    const nn_store_info *info = nn_store_array_info(array);
    bool text = info->type == NN_STORE_TEXT;
    *type = text ? NN_STORE_TEXT : ids_type(info->type);
    *rows = info->dimensions == 1 ? info->extents[0] : -1;
    nn_status status = NN_OK;
    if (*type == NN_STORE_UNSUPPORTED || *rows < 0)
        status = nn_fail(NN_ERROR_DATA,
                         "--id: dataset \"%s\" of %s must have one dimension, and hold numbers or strings",
                         dataset, nn_store_path(file));
    nn_store_array_close(array);
    if (status == NN_OK && *type == NN_STORE_TEXT)
        status = nn_store_measure_texts(file, dataset, rows, longest);
    return status;
}

static nn_status ids_add_file(const char *path, int64_t expected, bool first, nn_predicted_id *id)
{
    nn_store_file *file;
    nn_store_type type = NN_STORE_UNSUPPORTED;
    int64_t rows = 0;
    size_t longest = 0;
    NN_TRY(nn_store_open(path, &file));
    nn_status status = ids_look(file, id->dataset, &type, &rows, &longest);
    nn_store_close(file);
    NN_TRY(status);
    if (rows != expected)
        NN_FAIL(NN_ERROR_DATA, "--id: dataset \"%s\" of %s has %lld values for %lld rows of the data",
                id->dataset, path, (long long)rows, (long long)expected);
    if (!first && type != id->type)
        NN_FAIL(NN_ERROR_DATA, "--id: dataset \"%s\" of %s has another type than in the first file",
                id->dataset, path);
    const size_t number = sizeof(int64_t); /* cells are aligned for numbers */
    size_t cell = type == NN_STORE_TEXT ? (longest / number + 1) * number : number;
    if (first || cell > id->cell) id->cell = cell;
    id->type = type;
    return NN_OK;
}

nn_status nn_predicted_id_find(const nn_trained *trained, const bool *parts, nn_predicted_id *id)
{
    bool first = true;
    for (int p = 0; p < NN_PARTS; p++)
        for (int f = 0; parts[p] && f < nn_dataset_file_count(trained->data, (nn_part)p); f++, first = false)
            NN_TRY(ids_add_file(nn_dataset_file(trained->data, (nn_part)p, f),
                                nn_dataset_file_rows(trained->data, (nn_part)p, f), first, id));
    return NN_OK;
}
