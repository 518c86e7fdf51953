#include "data/ranges.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"

/* Ranges that differ by a larger factor are hardly in the same unit. */
#define RANGES_FACTOR 50

/* Files are smaller than parts, and vary more. */
#define RANGES_FILES_FACTOR 100

nn_range nn_range_empty(void)
{
    return (nn_range){.least = DBL_MAX, .most = -DBL_MAX};
}

void nn_range_extend(nn_range *range, const nn_range *other)
{
    if (other->least < range->least) range->least = other->least;
    if (other->most > range->most) range->most = other->most;
}

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

nn_status nn_ranges_join(nn_comm *comm, int64_t count, nn_range *ranges)
{
    int64_t *both = NULL;
    nn_status status = NN_ALLOCATE(&both, 2 * count, "the ranges of the data");
    NN_TRY_TO(done, status, nn_comm_agree(comm, status));
    for (int64_t i = 0; i < count; i++) {
        both[2 * i] = range_order(-ranges[i].least);
        both[2 * i + 1] = range_order(ranges[i].most);
    }
    NN_TRY_TO(done, status, nn_comm_maximum(comm, both, (size_t)(2 * count)));
    for (int64_t i = 0; i < count; i++)
        ranges[i] = (nn_range){.least = -range_value(both[2 * i]), .most = range_value(both[2 * i + 1])};
done:
    nn_free(both);
    return status;
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

void nn_range_warn_files(const nn_source *source, int which, const nn_range *ranges)
{
    int narrow = -1, wide = -1;
    const nn_array *array = &source->arrays[which];
    for (int i = 0; i < source->piece_count; i++) {
        if (!range_is_known(&ranges[i])) continue;
        double extent = ranges[i].most - ranges[i].least;
        if (narrow < 0 || extent < ranges[narrow].most - ranges[narrow].least) narrow = i;
        if (wide < 0 || extent > ranges[wide].most - ranges[wide].least) wide = i;
    }
    if (narrow < 0) return;
    const nn_range *most = &ranges[wide], *least = &ranges[narrow];
    if (most->most - most->least < RANGES_FILES_FACTOR * (least->most - least->least)) return;
    nn_log_warning(
        "data.%s.%s: dataset \"%s\" has values from %.9g to %.9g in %s, but from %.9g to %.9g in %s: all "
        "files are normalised alike; are they in the same unit?",
        array->part, array->key, array->dataset, most->least, most->most,
        nn_source_path(&source->pieces[wide], which), least->least, least->most,
        nn_source_path(&source->pieces[narrow], which));
}
