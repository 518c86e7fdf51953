#include "predict/predicted_ids.h"

#include <math.h>
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

/* *type: NN_STORE_UNSUPPORTED, or *rows: -1, where the dataset is of another kind. */
static nn_status ids_look(nn_store_file *file, const char *dataset, nn_store_type *type, int64_t *rows,
                          size_t *longest)
{
    nn_store_array *array;
    NN_TRY(nn_store_array_open(file, dataset, &array));
    const nn_store_info *info = nn_store_array_info(array);
    *type = ids_type(info->type);
    *rows = info->dimensions == 1 ? info->extents[0] : -1;
    nn_store_array_close(array);
    if (*type != NN_STORE_TEXT || *rows < 0) return NN_OK;
    return nn_store_measure_texts(file, dataset, rows, longest);
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
    if (type == NN_STORE_UNSUPPORTED || rows < 0)
        NN_FAIL(NN_ERROR_DATA,
                "%s: dataset \"%s\" of %s must have one dimension, and hold numbers or strings", id->option,
                id->dataset, path);
    if (rows != expected)
        NN_FAIL(NN_ERROR_DATA, "%s: dataset \"%s\" of %s has %lld values for %lld rows of the data",
                id->option, id->dataset, path, (long long)rows, (long long)expected);
    if (!first && type != id->type)
        NN_FAIL(NN_ERROR_DATA, "%s: dataset \"%s\" of %s has another type than in the first file", id->option,
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

static nn_status ids_offered_by(const char *path, const char *dataset, int64_t expected, nn_store_type *all,
                                bool *offered)
{
    nn_store_file *file;
    nn_store_type type = NN_STORE_UNSUPPORTED;
    int64_t rows = -1;
    size_t longest = 0;
    NN_TRY(nn_store_open(path, &file));
    nn_status status = nn_store_has(file, dataset) ? ids_look(file, dataset, &type, &rows, &longest) : NN_OK;
    nn_store_close(file);
    if (*all == NN_STORE_UNSUPPORTED) *all = type;
    *offered = type != NN_STORE_UNSUPPORTED && type == *all && rows == expected;
    return status;
}

nn_status nn_predicted_id_offered(const nn_trained *trained, const bool *parts, const char *dataset,
                                  bool *offered)
{
    nn_store_type type = NN_STORE_UNSUPPORTED;
    *offered = true;
    for (int p = 0; p < NN_PARTS; p++)
        for (int f = 0; *offered && parts[p] && f < nn_dataset_file_count(trained->data, (nn_part)p); f++)
            NN_TRY(ids_offered_by(nn_dataset_file(trained->data, (nn_part)p, f), dataset,
                                  nn_dataset_file_rows(trained->data, (nn_part)p, f), &type, offered));
    return NN_OK;
}

/* ---- rows that are not there ---- */

void nn_predicted_id_clear(const nn_predicted_id *id, void *cell)
{
    const double none = (double)NAN;
    const int64_t least = INT64_MIN;
    memset(cell, 0, id->cell);
    if (id->type == NN_STORE_F64) memcpy(cell, &none, sizeof none);
    if (id->type == NN_STORE_I64 || id->type == NN_STORE_U64) memcpy(cell, &least, sizeof least);
}

bool nn_predicted_id_is_clear(const nn_predicted_id *id, const void *cell)
{
    int64_t whole;
    double number;
    memcpy(&whole, cell, sizeof whole);
    memcpy(&number, cell, sizeof number);
    if (id->type == NN_STORE_TEXT) return *(const char *)cell == '\0';
    return id->type == NN_STORE_F64 ? isnan(number) : whole == INT64_MIN;
}
