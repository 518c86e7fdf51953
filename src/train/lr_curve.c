#include "train/lr_curve.h"

#include <math.h>
#include <stdio.h>

#include "base/least.h"
#include "base/maths.h"
#include "base/memory.h"

/* Fewer steps show no curve. */
#define CURVE_LEAST 20
/* The width of the smoothing and of a slope, as a part of all steps. */
#define CURVE_SMOOTHED 40
#define CURVE_SLOPE 20
/* A fall below this many standard errors of the smoothed loss may be chance. */
#define CURVE_SIGMAS 5.0

/* ---- while it runs ---- */

bool nn_lr_watch_diverges(nn_lr_watch *watch, int64_t steps, double loss)
{
    int64_t window = nn_larger(3, steps / CURVE_SMOOTHED);
    double weight = 1 / (double)nn_smaller(++watch->count, window);
    watch->mean += weight * (loss - watch->mean);
    if (watch->count <= window) watch->first = watch->least = watch->mean;
    if (watch->mean < watch->least) watch->least = watch->mean;
    double change = watch->count > 1 ? loss - watch->last : 0;
    watch->squares += change * change;
    watch->last = loss;
    double error = sqrt(watch->squares / (2 * (double)watch->count) / (double)window);
    double most = fmax(watch->first - watch->least, fabs(watch->first) / 2);
    return !(watch->mean <= watch->first + fmax(most, CURVE_SIGMAS * error));
}

/* ---- afterwards ---- */

/* A mean over neighbouring steps with the weights of a normal distribution, which does not lag as a trailing
 * mean does. */
static double curve_smooth(const nn_lr_range *range, int64_t at, double width)
{
    double sum = 0, weights = 0;
    int64_t reach = (int64_t)(3 * width) + 1;
    for (int64_t i = nn_larger(0, at - reach); i < nn_smaller(range->count, at + reach + 1); i++) {
        double away = (double)(i - at) / width, weight = nn_maths_exp(-away * away / 2);
        sum += weight * range->losses[i];
        weights += weight;
    }
    return sum / weights;
}

/* The standard error of a smoothed loss, from how losses differ from step to step: a slow curve does not add
 * to that. */
static double curve_noise(const nn_lr_range *range, int64_t end, double width)
{
    double squares = 0;
    for (int64_t i = 1; i < end; i++) {
        double step = range->losses[i] - range->losses[i - 1];
        squares += step * step;
    }
    double deviation = end > 1 ? sqrt(squares / (2 * (double)(end - 1))) : 0;
    return deviation / sqrt(2 * sqrt(3.14159265358979) * width);
}

/* The step up to `end` at which the smoothed loss falls fastest, and how much it falls around it. */
static int64_t curve_steepest(const nn_lr_range *range, int64_t end, int64_t slope)
{
    int64_t best = 0;
    double most = -INFINITY;
    for (int64_t i = 0; i <= end; i++) {
        int64_t before = nn_larger(0, i - slope), after = nn_smaller(end, i + slope);
        if (after == before) continue;
        double fall = (range->smoothed[before] - range->smoothed[after]) / (double)(after - before);
        if (fall > most) {
            most = fall;
            best = i;
        }
    }
    return best;
}

static void curve_refuse(nn_lr_range *range, const char *reason)
{
    range->suggestion = 0;
    snprintf(range->reason, sizeof range->reason, "%s", reason);
}

void nn_lr_range_judge(nn_lr_range *range, int64_t steps)
{
    double width = (double)nn_larger(CURVE_SMOOTHED, steps) / CURVE_SMOOTHED;
    range->lowest = range->steepest = 0;
    for (int64_t i = 0; i < range->count; i++) range->smoothed[i] = curve_smooth(range, i, width);
    for (int64_t i = 1; i < range->count; i++)
        if (range->smoothed[i] < range->smoothed[range->lowest]) range->lowest = i;
    range->steepest = curve_steepest(range, range->lowest, nn_larger(1, steps / CURVE_SLOPE));
    if (range->count < CURVE_LEAST) {
        curve_refuse(range, range->diverges
                                ? "no suggestion: the loss diverges after a few steps; lower --from"
                                : "no suggestion: too few steps; raise --steps");
        return;
    }
    double first = range->smoothed[0], least = range->smoothed[range->lowest];
    if (!(first - least > CURVE_SIGMAS * curve_noise(range, range->lowest + 1, width))) {
        curve_refuse(range,
                     range->diverges
                         ? "no suggestion: the loss does not fall before it diverges; lower --from, or raise "
                           "--steps for a slower rise"
                         : "no suggestion: the loss does not fall by more than it varies from step to step; "
                           "raise --steps or the batch size, or look for a mistake in network and data");
        return;
    }
    range->suggestion = range->rates[range->steepest];
    bool open = !range->diverges && range->lowest >= range->count - 1 - (int64_t)(2 * width);
    if (open)
        snprintf(
            range->reason, sizeof range->reason,
            "the smoothed loss falls fastest there; it still falls at %.3g: raise --to to see where it stops",
            range->rates[range->count - 1]);
    else
        snprintf(range->reason, sizeof range->reason,
                 "the smoothed loss falls fastest there; it is lowest at %.3g%s, which is the most that can "
                 "be of use",
                 range->rates[range->lowest], range->diverges ? " and diverges above" : "");
}

void nn_lr_range_release(nn_lr_range *range)
{
    nn_free(range->rates);
    nn_free(range->losses);
    nn_free(range->smoothed);
    *range = (nn_lr_range){0};
}
