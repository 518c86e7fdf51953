#include "plot/averaged.h"

#include <math.h>
#include <stdlib.h>

static int averaged_by_value(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* The value at a step; NULL: the series does not have it. */
static const double *averaged_value(const nn_history *history, double step)
{
    const double *found =
        bsearch(&step, history->steps, history->count, sizeof *history->steps, averaged_by_value);
    return found ? history->values + (found - history->steps) : NULL;
}

size_t nn_averaged(const nn_history *const *histories, size_t count, double *steps, double *mean, double *low,
                   double *high)
{
    size_t points = 0;
    for (size_t i = 0; i < histories[0]->count; i++) {
        double sum = 0, squares = 0, step = histories[0]->steps[i];
        size_t having = 0;
        for (size_t r = 0; r < count; r++) {
            const double *value = averaged_value(histories[r], step);
            if (!value) break;
            sum += *value;
            having++;
        }
        if (having < count) continue;
        steps[points] = step;
        mean[points] = sum / (double)count;
        for (size_t r = 0; r < count; r++) {
            double off = *averaged_value(histories[r], step) - mean[points];
            squares += off * off;
        }
        double deviation = count > 1 ? sqrt(squares / (double)(count - 1)) : 0;
        low[points] = mean[points] - deviation;
        high[points] = mean[points] + deviation;
        points++;
    }
    return points;
}
