#include "import/split.h"

#include <math.h>
#include <stdbool.h>

#include "base/memory.h"
#include "base/philox.h"

/* Rows per group. The number of rows of a class is not known in advance, so its last group may be incomplete:
 * with short groups its fraction is still close to the exact one. */
#define SPLIT_GROUP 1024
#define SPLIT_CLASS_GROUP 16

#define SPLIT_CLASSES_MAX ((int64_t)1 << 24)

const char *const nn_import_part_names[NN_IMPORT_PARTS] = {"train", "validation", "test"};

void nn_import_split_release(nn_import_split *split)
{
    nn_free(split->seen);
    split->seen = NULL;
}

static int64_t split_round(double share, int64_t rows)
{
    return (int64_t)floor(share * (double)rows + 0.5);
}

/* How many of the rows [begin, end) are set apart; makes up for earlier rounding. */
static void split_counts(const nn_import_split *split, int64_t begin, int64_t end, int64_t *validation,
                         int64_t *test)
{
    *validation = split_round(split->validation, end) - split_round(split->validation, begin);
    *test = split_round(split->test, end) - split_round(split->test, begin);
    if (*test > end - begin - *validation) *test = end - begin - *validation;
}

/* The part of row `row` of `rows`, in groups of `size`. */
static int split_choose(const nn_import_split *split, int64_t row, int64_t rows, int64_t size, uint64_t seed)
{
    int64_t group = row / size, begin = group * size, validation, test;
    int64_t end = rows - begin < size ? rows : begin + size;
    nn_random stream = {.seed = seed, .purpose = NN_RANDOM_SPLIT, .step = (uint32_t)group};
    split_counts(split, begin, end, &validation, &test);
    int64_t place = (int64_t)nn_random_permute(stream, (uint64_t)(end - begin), (uint64_t)(row - begin));
    if (place < validation) return NN_IMPORT_VALIDATION;
    return place < validation + test ? NN_IMPORT_TEST : NN_IMPORT_TRAIN;
}

static int split_by_time(const nn_import_split *split, int64_t row)
{
    int64_t validation, test;
    split_counts(split, 0, split->rows, &validation, &test);
    if (row >= split->rows - test) return NN_IMPORT_TEST;
    return row >= split->rows - test - validation ? NN_IMPORT_VALIDATION : NN_IMPORT_TRAIN;
}

/* Makes room for the counter of a class. */
static nn_status split_meet(nn_import_split *split, int64_t row, int64_t label)
{
    if (label >= 0 && label < split->classes) return NN_OK;
    if (label < 0 || label >= SPLIT_CLASSES_MAX)
        NN_FAIL(NN_ERROR_DATA, "row %lld (from 0) has a class label below 0: remove --stratified",
                (long long)row);
    int64_t classes = split->classes ? split->classes : 16;
    while (classes <= label) classes *= 2;
    NN_TRY(nn_reallocate((void **)&split->seen, (size_t)split->classes, (size_t)classes, sizeof *split->seen,
                         "counters of the classes"));
    split->classes = classes;
    return NN_OK;
}

nn_status nn_import_split_part(nn_import_split *split, int64_t row, int64_t label, int *part)
{
    *part = NN_IMPORT_TRAIN;
    if (split->way == NN_IMPORT_RANDOM)
        *part = split_choose(split, row, split->rows, SPLIT_GROUP, split->seed);
    else if (split->way == NN_IMPORT_CHRONOLOGICAL)
        *part = split_by_time(split, row);
    if (split->way != NN_IMPORT_STRATIFIED) return NN_OK;
    NN_TRY(split_meet(split, row, label));
    /* Each class has its own random stream: the k-th rows of two classes are chosen independently. */
    uint64_t seed = split->seed + (uint64_t)(label + 1) * 0x9E3779B97F4A7C15u;
    *part = split_choose(split, split->seen[label]++, INT64_MAX, SPLIT_CLASS_GROUP, seed);
    return NN_OK;
}

int64_t nn_import_split_rows(const nn_import_split *split, int part)
{
    int64_t counts[NN_IMPORT_PARTS] = {split->rows};
    if (split->way == NN_IMPORT_STRATIFIED) return -1;
    if (split->way == NN_IMPORT_WHOLE) return counts[part];
    int64_t size = split->way == NN_IMPORT_RANDOM ? SPLIT_GROUP : split->rows;
    for (int64_t begin = 0, end; begin < split->rows; begin = end) {
        int64_t validation, test;
        end = split->rows - begin < size ? split->rows : begin + size;
        split_counts(split, begin, end, &validation, &test);
        counts[NN_IMPORT_VALIDATION] += validation;
        counts[NN_IMPORT_TEST] += test;
    }
    counts[NN_IMPORT_TRAIN] -= counts[NN_IMPORT_VALIDATION] + counts[NN_IMPORT_TEST];
    return counts[part];
}
