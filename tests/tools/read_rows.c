/* read_rows FILE DATASET BYTES: reads a dataset once, in blocks of about BYTES bytes, as a stream does;
 * prints bytes per second. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "store/store.h"

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static nn_status read_all(nn_store_array *array, size_t block_bytes, double *bytes)
{
    const nn_store_info *info = nn_store_array_info(array);
    size_t row = nn_store_type_size(info->type);
    void *values;
    for (int d = 1; d < info->dimensions; d++) row *= (size_t)info->extents[d];
    int64_t rows = block_bytes > row ? (int64_t)(block_bytes / row) : 1;
    NN_TRY(nn_allocate(&values, (size_t)rows, row, "a block"));
    nn_status status = NN_OK;
    for (int64_t first = 0; first < info->extents[0] && status == NN_OK; first += rows) {
        int64_t count = info->extents[0] - first < rows ? info->extents[0] - first : rows;
        status = nn_store_read_slab(array, 0, first, count, info->type, values);
        *bytes += (double)count * (double)row;
    }
    nn_free(values);
    return status;
}

static nn_status read_dataset(const char *path, const char *dataset, size_t block_bytes)
{
    nn_store_file *file;
    nn_store_array *array = NULL;
    double bytes = 0, begin = seconds();
    NN_TRY(nn_store_open(path, &file));
    nn_status status = nn_store_array_open(file, dataset, &array);
    if (status == NN_OK) status = read_all(array, block_bytes, &bytes);
    nn_store_array_close(array);
    nn_store_close(file);
    if (status == NN_OK) printf("%.0f\n", bytes / (seconds() - begin));
    return status;
}

int main(int argc, char **argv)
{
    size_t block = argc == 4 ? strtoull(argv[3], NULL, 10) : 0;
    if (block == 0) {
        fprintf(stderr, "read_rows FILE DATASET BYTES\n");
        return 2;
    }
    nn_status status = read_dataset(argv[1], argv[2], block);
    if (status != NN_OK) fprintf(stderr, "%s\n", nn_error_text());
    return (int)status;
}
