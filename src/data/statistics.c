/* Derives normalisations from statistics. */
#include <math.h>

#include "base/memory.h"
#include "data/scan.h"

nn_status nn_statistics_create(int64_t columns, nn_statistics *statistics)
{
    *statistics = (nn_statistics){.columns = columns};
    NN_TRY(NN_ALLOCATE(&statistics->mean, columns, "statistics of the data"));
    NN_TRY(NN_ALLOCATE(&statistics->variance, columns, "statistics of the data"));
    NN_TRY(NN_ALLOCATE(&statistics->least, columns, "statistics of the data"));
    return NN_ALLOCATE(&statistics->most, columns, "statistics of the data");
}

void nn_statistics_release(nn_statistics *statistics)
{
    nn_free(statistics->mean);
    nn_free(statistics->variance);
    nn_free(statistics->least);
    nn_free(statistics->most);
    *statistics = (nn_statistics){0};
}

static nn_status statistics_check(const nn_array *array, const nn_scaling *scaling)
{
    for (int64_t c = 0; c < scaling->columns; c++)
        if (!isfinite(scaling->scale[c]) || !isfinite(scaling->offset[c]) || scaling->scale[c] == 0)
            return nn_array_context(
                array, nn_fail(NN_ERROR_DATA,
                               "the values of column %lld are too large or too close together to be "
                               "normalised: store them in other units, or set data.fields.%s.normalize: none",
                               (long long)c, array->key));
    return NN_OK;
}

nn_status nn_statistics_scaling(const nn_statistics *statistics, nn_normalize normalize,
                                const nn_array *array, nn_scaling *scaling)
{
    for (int64_t c = 0; c < scaling->columns; c++) {
        bool range = normalize == NN_NORMALIZE_UNIT_RANGE;
        double zero = range ? statistics->least[c] : statistics->mean[c];
        double unit = range ? statistics->most[c] - statistics->least[c] : sqrt(statistics->variance[c]);
        scaling->scale[c] = unit == 0 ? 1 : 1 / unit;
        scaling->offset[c] = -zero * scaling->scale[c];
    }
    return statistics_check(array, scaling);
}
