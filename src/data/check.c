#include "data/check.h"

#include <float.h>
#include <math.h>

#include "base/memory.h"

/* Labels above are surely no classes: as many outputs would fit into no memory. */
#define CHECK_LABEL_MAX 2147483646.0

/* Looks at values [first, first + count) of a sample: the index of the first bad one, or -1. Raises *largest.
 */
typedef int64_t check_block(int64_t count, const double *values, double *largest);

static int64_t check_finite(int64_t count, const double *values, double *largest)
{
    (void)largest;
    int bad = 0;
    for (int64_t i = 0; i < count; i++) bad |= !(fabs(values[i]) <= DBL_MAX);
    for (int64_t i = 0; bad && i < count; i++)
        if (!(fabs(values[i]) <= DBL_MAX)) return i;
    return -1;
}

static int64_t check_label(int64_t count, const double *values, double *largest)
{
    for (int64_t i = 0; i < count; i++) {
        double value = values[i];
        if (!(value >= 0 && value <= CHECK_LABEL_MAX && value == floor(value))) return i;
        if (value > *largest) *largest = value;
    }
    return -1;
}

/* Position of the first bad value in rows [begin, end), or INT64_MAX. */
static int64_t check_rows(const nn_array *array, check_block *check, int64_t begin, int64_t end,
                          double *largest)
{
    _Alignas(NN_ALIGNMENT) double values[NN_ARRAY_BLOCK];
    for (int64_t row = begin; row < end; row++)
        for (int64_t at = 0; at < array->values; at += NN_ARRAY_BLOCK) {
            int64_t count = nn_array_smaller(NN_ARRAY_BLOCK, array->values - at);
            nn_array_convert(array, row, at, count, values);
            int64_t bad = check(count, values, largest);
            if (bad >= 0) return row * array->values + at + bad;
        }
    return INT64_MAX;
}

/* The first bad value of the whole array and the largest label, over all ranks. Collective. */
static nn_status check_array(nn_comm *comm, const nn_array *array, check_block *check, int64_t *bad,
                             int64_t *largest)
{
    int64_t rank = nn_comm_rank(comm), size = nn_comm_size(comm);
    int64_t each = array->rows / size, longer = array->rows % size;
    int64_t begin = rank * each + nn_array_smaller(rank, longer);
    double most = -1;
    int64_t found = check_rows(array, check, begin, begin + each + (rank < longer), &most);
    int64_t maxima[2] = {-found, (int64_t)most};
    NN_TRY(nn_comm_maximum(comm, maxima, 2));
    *bad = -maxima[0];
    *largest = maxima[1];
    return NN_OK;
}

static nn_status check_fail_value(const nn_array *array, int64_t sample, int64_t column, double value)
{
    (void)array;
    NN_FAIL(NN_ERROR_DATA,
            "sample %lld, column %lld is %s (the first such value): repair the data, or leave such samples "
            "out",
            (long long)sample, (long long)column,
            isnan(value) ? "NaN"
            : value > 0  ? "Inf"
                         : "-Inf");
}

static nn_status check_fail_label(const nn_array *array, int64_t sample, int64_t column, double value)
{
    (void)column;
    NN_FAIL(NN_ERROR_DATA,
            "the label of sample %lld is %.17g (the first such label): labels are whole numbers from 0 to "
            "classes - 1; number the classes of \"%s\" so, or use a loss for values, such as mse",
            (long long)sample, value, array->dataset);
}

typedef nn_status check_fail(const nn_array *array, int64_t sample, int64_t column, double value);

static nn_status check_explain(const nn_array *array, int64_t bad, check_fail *fail)
{
    if (bad == INT64_MAX) return NN_OK;
    double value;
    int64_t sample = bad / array->values, column = bad % array->values;
    nn_array_convert(array, sample, column, 1, &value);
    return nn_array_context(array, fail(array, sample, column, value));
}

static nn_status check_known_classes(const nn_array *array, int64_t classes, int64_t largest)
{
    if (classes == 0 || largest < classes) return NN_OK;
    return nn_array_context(
        array, nn_fail(NN_ERROR_DATA,
                       "holds the label %lld, but the network was made for %lld classes, 0 to %lld: use data "
                       "with the same classes",
                       (long long)largest, (long long)classes, (long long)classes - 1));
}

nn_status nn_check_content(nn_comm *comm, const nn_source *sources, bool labels, int64_t *classes,
                           nn_problems *problems)
{
    int64_t largest = -1;
    for (int p = 0; p < NN_PARTS; p++)
        for (int a = 0; a < NN_ARRAYS; a++) {
            const nn_array *array = &sources[p].arrays[a];
            bool is_label = labels && a == NN_Y;
            if (!array->sound || (nn_store_type_is_integer(array->type) && !is_label)) continue;
            int64_t bad, most;
            NN_TRY(check_array(comm, array, is_label ? check_label : check_finite, &bad, &most));
            nn_problems_collect(problems,
                                check_explain(array, bad, is_label ? check_fail_label : check_fail_value));
            nn_problems_collect(problems, check_known_classes(array, *classes, most));
            if (most > largest) largest = most;
        }
    if (*classes == 0) *classes = largest + 1;
    return NN_OK;
}
