#include "draw/points.h"

#include <math.h>

void nn_points_range(const double *values, size_t count, bool logarithmic, double *low, double *high)
{
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i]) || (logarithmic && values[i] <= 0)) continue;
        *low = fmin(*low, values[i]);
        *high = fmax(*high, values[i]);
    }
}

static bool points_shows(const nn_axis *axis, double y)
{
    return isfinite(y) && (!axis->logarithmic || y > 0);
}

static long points_column(const nn_points *points, size_t i, const nn_axis *axis, size_t columns)
{
    double place = nn_axis_place(axis, points->x[i]);
    return isfinite(place) ? (long)floor(place * (double)columns) : -1;
}

size_t nn_points_thin(const nn_points *points, const nn_axis *x_axis, const nn_axis *y_axis, size_t columns,
                      size_t *kept)
{
    size_t count = 0;
    for (size_t begin = 0, end; begin < points->count; begin = end) {
        long column = points_column(points, begin, x_axis, columns);
        bool shown = points_shows(y_axis, points->y[begin]);
        size_t lowest = begin, highest = begin;
        for (end = begin + 1; end < points->count; end++) {
            if (points_column(points, end, x_axis, columns) != column) break;
            if (points_shows(y_axis, points->y[end]) != shown) break;
            if (points->y[end] < points->y[lowest]) lowest = end;
            if (points->y[end] > points->y[highest]) highest = end;
        }
        size_t candidates[] = {begin, lowest < highest ? lowest : highest,
                               lowest < highest ? highest : lowest, end - 1};
        for (size_t c = 0; c < (shown ? 4 : 1); c++)
            if (c == 0 || candidates[c] != candidates[c - 1]) kept[count++] = candidates[c];
    }
    return count;
}
