/* read_values FILE ARRAY: writes the values of an array to the standard output as doubles, decoded as the
 * attributes say and NaN for no value; texts are numbered in the order of their bytes. */
#include <stdio.h>

#include "base/memory.h"
#include "store/gaps.h"
#include "store/packing.h"
#include "store/store.h"

static nn_status read_array(nn_store_array *array, int64_t count, double *values)
{
    const nn_store_info *info = nn_store_array_info(array);
    nn_store_packing packing;
    nn_store_gaps *gaps;
    NN_TRY(nn_store_packing_read(array, false, &packing));
    NN_TRY(nn_store_gaps_find(array, &gaps));
    bool gap = gaps != NULL;
    nn_store_gaps_destroy(gaps);
    if (gap) NN_FAIL(NN_ERROR_DATA, "values were never written");
    NN_TRY(nn_store_read_rows(array, 0, info->dimensions > 0 ? info->extents[0] : 1, NN_STORE_F64, values));
    for (int64_t i = 0; i < count; i++) values[i] = nn_store_turn_sign(&packing, values[i]);
    nn_store_unpack(&packing, count, values);
    return NN_OK;
}

static nn_status read_values(const char *path, const char *name)
{
    nn_store_file *file;
    nn_store_array *array = NULL;
    double *values = NULL;
    int64_t count = 1;
    NN_TRY(nn_store_open(path, &file));
    nn_status status = nn_store_array_open_as(file, &(nn_store_spec){.dataset = name, .codes = true}, &array);
    if (status == NN_OK) {
        const nn_store_info *info = nn_store_array_info(array);
        for (int d = 0; d < info->dimensions; d++) count *= info->extents[d];
        status = NN_ALLOCATE(&values, count, "values");
    }
    if (status == NN_OK) status = read_array(array, count, values);
    if (status == NN_OK && fwrite(values, sizeof *values, (size_t)count, stdout) != (size_t)count)
        status = nn_fail(NN_ERROR_IO, "cannot write");
    nn_free(values);
    nn_store_array_close(array);
    nn_store_close(file);
    return status;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "read_values FILE ARRAY\n");
        return 2;
    }
    nn_status status = read_values(argv[1], argv[2]);
    if (status != NN_OK) fprintf(stderr, "%s\n", nn_error_text());
    return (int)status;
}
