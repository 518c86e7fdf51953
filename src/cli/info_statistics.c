/* Smallest and largest values of a dataset, what is not finite in it, and how often each class comes. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "cli/info.h"

/* Values read at a time: 16 MiB. A single row may need more, but not this much more. */
#define STATISTICS_PIECE ((int64_t)2 << 20)
#define STATISTICS_LONGEST_ROW ((int64_t)32 << 20)
#define STATISTICS_MOST_VALUES ((int64_t)100000000)

/* Index of the first class whose label is not below `label`. */
static size_t statistics_find(const nn_info_statistics *statistics, double label)
{
    size_t begin = 0, end = statistics->class_count;
    while (begin < end) {
        size_t middle = begin + (end - begin) / 2;
        if (statistics->classes[middle].label < label)
            begin = middle + 1;
        else
            end = middle;
    }
    return begin;
}

/* False when there are too many classes for them to be such. */
static bool statistics_count_label(nn_info_statistics *statistics, double label)
{
    size_t at = statistics_find(statistics, label), after = statistics->class_count - at;
    if (after == 0 || statistics->classes[at].label != label) {
        if (statistics->class_count == NN_INFO_CLASSES) return false;
        memmove(statistics->classes + at + 1, statistics->classes + at, after * sizeof *statistics->classes);
        statistics->classes[at].label = label;
        statistics->classes[at].count = 0;
        statistics->class_count++;
    }
    statistics->classes[at].count++;
    return true;
}

static void statistics_take(nn_info_statistics *statistics, int64_t count, const double *values)
{
    for (int64_t i = 0; i < count; i++) {
        double value = values[i];
        if (isnan(value)) {
            statistics->nans++;
        } else if (isinf(value)) {
            statistics->infinities++;
        } else {
            /* Written so that the first finite value replaces the NaN. */
            if (!(statistics->minimum <= value)) statistics->minimum = value;
            if (!(statistics->maximum >= value)) statistics->maximum = value;
        }
    }
}

static void statistics_take_labels(nn_info_statistics *statistics, int64_t count, const double *values,
                                   bool *labels)
{
    for (int64_t i = 0; i < count && *labels; i++) *labels = statistics_count_label(statistics, values[i]);
}

static nn_status statistics_read(nn_store_array *array, int64_t row, nn_info_statistics *statistics)
{
    const nn_store_info *info = nn_store_array_info(array);
    int64_t rows = info->dimensions > 0 ? info->extents[0] : 1;
    int64_t at_once = row < STATISTICS_PIECE ? STATISTICS_PIECE / row : 1;
    bool labels = info->dimensions == 1 && nn_store_type_is_integer(info->type);
    double *values = NULL;
    nn_status status = NN_ALLOCATE(&values, (rows < at_once ? rows : at_once) * row, "values of a dataset");
    for (int64_t first = 0; first < rows && status == NN_OK; first += at_once) {
        int64_t taken = rows - first < at_once ? rows - first : at_once;
        status = nn_store_read_rows(array, first, taken, NN_STORE_F64, values);
        if (status != NN_OK) break;
        statistics_take(statistics, taken * row, values);
        statistics_take_labels(statistics, taken * row, values, &labels);
    }
    nn_free(values);
    /* Where each value comes once they are no classes but numbers of something. */
    if (!labels || (int64_t)statistics->class_count == statistics->count) statistics->class_count = 0;
    statistics->measured = status == NN_OK;
    return status;
}

/* The store has made sure that the product does not overflow. */
static int64_t statistics_product(const nn_store_info *info, int first)
{
    int64_t product = 1;
    for (int d = first; d < info->dimensions; d++) product *= info->extents[d];
    return product;
}

nn_status nn_info_measure(nn_store_file *file, const char *dataset, nn_info_statistics *statistics)
{
    nn_store_array *array;
    memset(statistics, 0, sizeof *statistics);
    statistics->minimum = statistics->maximum = NAN;
    NN_TRY(nn_store_array_open(file, dataset, &array));
    const nn_store_info *info = nn_store_array_info(array);
    nn_status status = NN_OK;
    statistics->count = statistics_product(info, 0);
    int64_t row = statistics->count > 0 ? statistics_product(info, 1) : 0;
    if (nn_store_type_size(info->type) > 0 && statistics->count > 0 &&
        statistics->count <= STATISTICS_MOST_VALUES && row <= STATISTICS_LONGEST_ROW)
        status = statistics_read(array, row, statistics);
    nn_store_array_close(array);
    return status;
}
