#include "data/ranges.h"

#include <math.h>
#include <string.h>

#include "base/log.h"

/* Ranges that differ by a larger factor are hardly in the same unit. */
#define RANGES_FACTOR 50

/* Maps the bits of doubles to integers of the same order, and back. */
static int64_t range_map_bits(int64_t bits)
{
    return bits ^ ((bits >> 63) & INT64_MAX);
}

static int64_t range_order(double value)
{
    int64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return range_map_bits(bits);
}

static double range_value(int64_t order)
{
    double value;
    int64_t bits = range_map_bits(order);
    memcpy(&value, &bits, sizeof value);
    return value;
}

nn_status nn_range_join(nn_comm *comm, nn_range *range)
{
    int64_t both[2] = {range_order(-range->least), range_order(range->most)};
    NN_TRY(nn_comm_maximum(comm, both, 2));
    *range = (nn_range){.least = -range_value(both[0]), .most = range_value(both[1])};
    return NN_OK;
}

static bool range_is_known(const nn_range *range)
{
    return range->most > range->least && isfinite(range->most - range->least);
}

void nn_range_warn(const nn_array *array, const nn_range *train, const nn_range *own)
{
    if (!range_is_known(train) || !range_is_known(own)) return;
    double factor = (own->most - own->least) / (train->most - train->least);
    if (factor < RANGES_FACTOR && factor > 1.0 / RANGES_FACTOR) return;
    nn_log_warning("data.%s.%s: dataset \"%s\" of %s has values from %.9g to %.9g, the train part from %.9g "
                   "to %.9g: all parts are normalised like the train part; are they in the same unit?",
                   array->part, array->key, array->dataset, array->path, own->least, own->most, train->least,
                   train->most);
}
