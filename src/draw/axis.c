#include "draw/axis.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* The round number near a step: 1, 2 or 5 times a power of ten. */
static double axis_round(double step)
{
    double power = pow(10, floor(log10(step))), share = step / power;
    return power * (share < 1.5 ? 1 : share < 3.5 ? 2 : share < 7.5 ? 5 : 10);
}

static void axis_fit_linear(nn_axis *axis, bool widened, int wanted)
{
    double extent = axis->high - axis->low;
    axis->step = axis_round(extent / wanted);
    while (extent / axis->step > NN_AXIS_TICKS - 3) axis->step = axis_round(2.1 * axis->step);
    double first = ceil(axis->low / axis->step - 1e-9), last = floor(axis->high / axis->step + 1e-9);
    while (last - first < 1 && !widened) { /* at least two */
        axis->step = axis_round(axis->step / 2.1);
        first = ceil(axis->low / axis->step - 1e-9);
        last = floor(axis->high / axis->step + 1e-9);
    }
    double slack = 1e-9 * axis->step;
    if (widened) {
        if (first * axis->step > axis->low + slack) first--;
        if (last * axis->step < axis->high - slack) last++;
        axis->low = fmin(axis->low, first * axis->step);
        axis->high = fmax(axis->high, last * axis->step);
    }
    for (double tick = first; tick <= last && axis->count < NN_AXIS_TICKS; tick++)
        axis->ticks[axis->count++] = tick == 0 ? 0 : tick * axis->step;
}

/* Adds the ticks digit x 10^power within the range, for these digits and every `each`-th power. */
static int axis_add_powers(nn_axis *axis, const int *digits, int each)
{
    int from = (int)floor(log10(axis->low) + 1e-12), to = (int)ceil(log10(axis->high) - 1e-12);
    axis->count = 0;
    for (int power = from; power <= to; power++) {
        if (power % each != 0) continue;
        for (const int *digit = digits; *digit; digit++) {
            double tick = *digit * pow(10, power);
            if (tick < axis->low * (1 - 1e-9) || tick > axis->high * (1 + 1e-9)) continue;
            if (axis->count == NN_AXIS_TICKS) return NN_AXIS_TICKS + 1;
            axis->ticks[axis->count++] = tick;
        }
    }
    return axis->count;
}

/* The largest of 1, 2 and 5 times a power of ten that is at most `value`; or the smallest that is at least
 * it.
 */
static double axis_bound(double value, bool above)
{
    static const double digits[] = {1, 2, 5, 10};
    double power = pow(10, floor(log10(value) + 1e-12)), share = value / power, slack = 1e-9;
    int d = above ? 0 : 3;
    while (above && d < 3 && digits[d] < share - slack) d++;
    while (!above && d > 0 && digits[d] > share + slack) d--;
    return power * digits[d];
}

/* Ticks at powers of ten, every few of them over a wide range, with 2 and 5 times them over a narrow one. */
static void axis_fit_logarithmic(nn_axis *axis, bool widened, int wanted)
{
    static const int ones[] = {1, 0}, some[] = {1, 2, 5, 0};
    if (widened) {
        axis->low = axis_bound(axis->low, false);
        axis->high = axis_bound(axis->high, true);
    }
    int each = 1;
    while (axis_add_powers(axis, ones, each) > 2 * wanted) each++;
    if (axis->count >= 3) return;
    int finer = axis_add_powers(axis, some, 1);
    if (finer >= 2 && finer <= NN_AXIS_TICKS) return;
    /* Less than a factor of two or so: as on a linear axis. */
    axis->count = 0;
    axis_fit_linear(axis, false, wanted);
}

void nn_axis_fit(nn_axis *axis, double low, double high, bool logarithmic, bool widened, int wanted)
{
    double spread = high - low, size = fmax(fabs(low), fabs(high));
    *axis = (nn_axis){.low = low, .high = high, .logarithmic = logarithmic};
    if (!(spread > 1e-12 * size)) { /* one value: as if it were measured to a tenth */
        double margin = size > 0 ? 0.1 * size : 1;
        axis->low = logarithmic ? low / 1.1 : low - margin;
        axis->high = logarithmic ? high * 1.1 : high + margin;
    }
    if (logarithmic)
        axis_fit_logarithmic(axis, widened, wanted);
    else
        axis_fit_linear(axis, widened, wanted);
}

double nn_axis_place(const nn_axis *axis, double value)
{
    if (!axis->logarithmic) return (value - axis->low) / (axis->high - axis->low);
    return value > 0 ? log(value / axis->low) / log(axis->high / axis->low) : (double)NAN;
}

const char *nn_axis_label(const nn_axis *axis, int tick, char label[NN_AXIS_LABEL])
{
    double value = axis->ticks[tick], most = fmax(fabs(axis->low), fabs(axis->high));
    int decimals = axis->step > 0 ? (int)fmax(0, -floor(log10(axis->step) + 1e-9)) : 0;
    bool plain = axis->step > 0 && most < 1e6 && decimals <= 5;
    if (plain)
        snprintf(label, NN_AXIS_LABEL, "%.*f", decimals, value);
    else if (axis->step > 0 && value != 0) /* as many digits as the largest value needs at this step */
        snprintf(label, NN_AXIS_LABEL, "%.*g",
                 (int)fmin(15, fmax(1, floor(log10(fabs(value))) - floor(log10(axis->step) + 1e-9) + 1)),
                 value);
    else
        snprintf(label, NN_AXIS_LABEL, "%.3g", value);
    return label;
}
