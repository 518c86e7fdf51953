/* Sums about a center, and their merging. */
#include "data/column_moments.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "tensor/vectorize.h"

nn_status nn_places_create(int64_t values, nn_places *places)
{
    *places = (nn_places){.values = values};
    NN_TRY(NN_ALLOCATE(&places->count, values, "statistics of the data"));
    NN_TRY(NN_ALLOCATE(&places->center, values, "statistics of the data"));
    NN_TRY(NN_ALLOCATE(&places->sum, values, "statistics of the data"));
    NN_TRY(NN_ALLOCATE(&places->square, values, "statistics of the data"));
    NN_TRY(NN_ALLOCATE(&places->least, values, "statistics of the data"));
    return NN_ALLOCATE(&places->most, values, "statistics of the data");
}

void nn_places_release(nn_places *places)
{
    nn_free(places->count);
    nn_free(places->center);
    nn_free(places->sum);
    nn_free(places->square);
    nn_free(places->least);
    nn_free(places->most);
    *places = (nn_places){0};
}

void nn_places_begin(nn_places *places)
{
    memset(places->count, 0, (size_t)places->values * sizeof *places->count);
}

static void places_start(nn_places *places, int64_t i, double value)
{
    places->center[i] = places->least[i] = places->most[i] = value;
    places->sum[i] = places->square[i] = 0;
}

NN_VECTORIZED
static void places_add(int64_t count, const double *values, const double *center, double *counts, double *sum,
                       double *square, double *least, double *most)
{
    for (int64_t i = 0; i < count; i++) {
        double difference = values[i] - center[i];
        counts[i]++;
        sum[i] += difference;
        square[i] += difference * difference;
        least[i] = values[i] < least[i] ? values[i] : least[i];
        most[i] = values[i] > most[i] ? values[i] : most[i];
    }
}

void nn_places_add(nn_places *places, int64_t at, int64_t count, const double *values)
{
    if (count > 0 && places->count[at] == 0)
        for (int64_t i = 0; i < count; i++) places_start(places, at + i, values[i]);
    places_add(count, values, places->center + at, places->count + at, places->sum + at, places->square + at,
               places->least + at, places->most + at);
}

void nn_places_add_known(nn_places *places, int64_t at, int64_t count, const double *values)
{
    for (int64_t i = 0; i < count; i++) {
        int64_t place = at + i;
        if (isnan(values[i])) continue;
        if (places->count[place] == 0) places_start(places, place, values[i]);
        double difference = values[i] - places->center[place];
        places->count[place]++;
        places->sum[place] += difference;
        places->square[place] += difference * difference;
        if (values[i] < places->least[place]) places->least[place] = values[i];
        if (values[i] > places->most[place]) places->most[place] = values[i];
    }
}

void nn_places_fold(const nn_places *places, int64_t columns, double *figures)
{
    for (int64_t c = 0; c < columns; c++) figures[c * NN_COLUMN_MOMENTS + NN_COLUMN_COUNT] = 0;
    for (int64_t i = 0; i < places->values; i++) {
        double count = places->count[i];
        if (count == 0) continue;
        double squares = places->square[i] - places->sum[i] * places->sum[i] / count;
        const double place[NN_COLUMN_MOMENTS] = {count,
                                                 places->center[i],
                                                 places->sum[i] / count,
                                                 squares < 0 ? 0 : squares,
                                                 places->least[i],
                                                 places->most[i]};
        nn_column_moments_merge(figures + i % columns * NN_COLUMN_MOMENTS, place);
    }
}

void nn_column_moments_merge(double *figures, const double *other)
{
    double count = figures[NN_COLUMN_COUNT], other_count = other[NN_COLUMN_COUNT], all = count + other_count;
    if (other_count == 0) return;
    if (count == 0) {
        memcpy(figures, other, NN_COLUMN_MOMENTS * sizeof *figures);
        return;
    }
    double difference = other[NN_COLUMN_CENTER] - figures[NN_COLUMN_CENTER] +
                        (other[NN_COLUMN_MEAN] - figures[NN_COLUMN_MEAN]);
    figures[NN_COLUMN_COUNT] = all;
    figures[NN_COLUMN_MEAN] += difference * (other_count / all);
    figures[NN_COLUMN_SQUARES] +=
        other[NN_COLUMN_SQUARES] + difference * difference * (count / all * other_count);
    if (other[NN_COLUMN_LEAST] < figures[NN_COLUMN_LEAST]) figures[NN_COLUMN_LEAST] = other[NN_COLUMN_LEAST];
    if (other[NN_COLUMN_MOST] > figures[NN_COLUMN_MOST]) figures[NN_COLUMN_MOST] = other[NN_COLUMN_MOST];
}
