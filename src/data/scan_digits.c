/* 64-bit integers that double cannot hold are rounded, with one warning per dataset. */
#include <math.h>
#include <string.h>

#include "base/log.h"
#include "data/scan_internal.h"

#define DIGITS_MOST (UINT64_C(1) << 53)

static bool digits_are_64(nn_store_type type)
{
    return type == NN_STORE_I64 || type == NN_STORE_U64;
}

bool nn_scan_may_round(const nn_source *source, int which)
{
    bool may = false;
    for (int i = 0; i < source->piece_count; i++) may |= digits_are_64(source->pieces[i].types[which]);
    return may && !source->arrays[which].label;
}

/* Whether more than 53 bits separate the first and the last bit set. */
static bool digits_are_lost(uint64_t number)
{
    while (number > DIGITS_MOST && number % 2 == 0) number /= 2;
    return number > DIGITS_MOST;
}

/* Whether value `i` of raw rows was rounded. If the files differ in type it is a double already, and large
 * values may have been. */
static bool digits_were_lost(const nn_array *array, const unsigned char *raw, int64_t i)
{
    uint64_t number;
    double value;
    bool lost;
    memcpy(&number, raw + (size_t)i * sizeof number, sizeof number);
    memcpy(&value, &number, sizeof value);
    if (array->type == NN_STORE_I64 && number > INT64_MAX) number = 0 - number;
    lost = array->type == NN_STORE_F64 ? fabs(value) > (double)DIGITS_MOST : digits_are_lost(number);
    if (lost) nn_array_convert(array, raw, i, 1, &value);
    return lost && !isnan(value);
}

void nn_scan_find_rounded(nn_scan_view *view, const unsigned char *raw, int64_t row, int64_t end)
{
    const nn_view *of = view->view;
    if (nn_store_type_size(view->array->type) != sizeof(uint64_t)) return;
    for (int64_t i = 0; i < end; i++) {
        int64_t column = i % of->picked, place = i / of->picked + of->seen;
        int64_t sample = row + of->first_row + place;
        if (sample >= view->rounded_row) return;
        if (of->columns) column = of->columns[column];
        if (digits_were_lost(view->array, raw, place * view->array->values + column))
            view->rounded_row = sample;
    }
}

void nn_scan_warn_of_rounded(nn_dataset *dataset, const nn_scan_view *view, int64_t row)
{
    const nn_array *array = view->array;
    unsigned bit = 1u << view->view->array;
    if (row == INT64_MAX || (dataset->reported_rounded & bit)) return;
    dataset->reported_rounded |= bit;
    nn_log_warning("data.%s.%s: dataset \"%s\" of %s: sample %lld contains an integer beyond 2^53 (the first "
                   "such value), which is rounded to double precision: renumber codes from 0, subtract an "
                   "offset from times, or remove the dataset",
                   array->part, array->key, array->dataset, array->path, (long long)row);
}
