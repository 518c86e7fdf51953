#include "data/taken.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

/* Tolerance on a sum of proportions, as stated in the help of cross_entropy: more than rounding to float16
 * causes. */
#define TAKEN_TOLERANCE 1e-3

static double taken_largest(nn_scalar scalar)
{
    return scalar == NN_SCALAR_F64 ? DBL_MAX : (double)FLT_MAX;
}

nn_taken nn_taken_make(nn_scalar scalar, const nn_domain *domain, const char *loss, double scale,
                       double offset, int64_t classes)
{
    nn_taken taken = {.scalar = scalar, .scale = scale, .offset = offset, .loss = loss};
    if (!domain) return taken;
    taken.checked = true;
    taken.domain = *domain;
    if (!domain->bounded) {
        taken.domain.least = -taken_largest(scalar);
        taken.domain.most = taken_largest(scalar);
    }
    taken.classes = domain->shares ? classes : 0;
    return taken;
}

int64_t nn_taken_find(const nn_taken *taken, int64_t at, int64_t count, const double *values, double *sum)
{
    for (int64_t i = 0; i < count; i++) {
        double value = values[i] * taken->scale + taken->offset;
        if (value < taken->domain.least || value > taken->domain.most) return i;
        if (taken->classes == 0) continue;
        if ((at + i) % taken->classes == 0) *sum = 0;
        *sum += value;
        if ((at + i + 1) % taken->classes == 0 && fabs(*sum - 1) > TAKEN_TOLERANCE) return i;
    }
    return -1;
}

static nn_status taken_fail_sum(const nn_taken *taken, int64_t sample, double sum)
{
    NN_FAIL(NN_ERROR_DATA,
            "the values of sample %lld sum to %.9g, not 1 (the first such sample): the loss %s takes class "
            "probabilities: divide each row by its sum; if several classes may apply at once, use "
            "binary_cross_entropy; for other values, use mse",
            (long long)sample, sum, taken->loss);
}

nn_status nn_taken_fail(const nn_taken *taken, const char *key, int64_t sample, int64_t column, double value,
                        double sum)
{
    bool scaled = taken->scale != 1 || taken->offset != 0;
    double used = value * taken->scale + taken->offset;
    char becomes[64] = "";
    if (scaled) snprintf(becomes, sizeof becomes, ", scaled %.9g", used);
    if (used >= taken->domain.least && used <= taken->domain.most) return taken_fail_sum(taken, sample, sum);
    if (!taken->domain.bounded)
        return nn_fail(NN_ERROR_DATA,
                       "sample %lld, column %lld is %.9g%s (the first such value): beyond the range of %s; "
                       "store the target in other units, or set data.fields.%s.normalize: standardize",
                       (long long)sample, (long long)column, value, becomes, nn_scalar_name(taken->scalar),
                       key);
    NN_FAIL(NN_ERROR_DATA,
            "sample %lld, column %lld is %.9g%s (the first such value): the loss %s takes numbers from %g to "
            "%g%s; rescale with data.fields.%s.scale and offset (value x scale + offset: 0.5 and 0.5 for -1 "
            "and 1), or use a loss for other values, such as mse",
            (long long)sample, (long long)column, value, becomes, taken->loss, taken->domain.least,
            taken->domain.most, taken->domain.shares ? ", which sum to 1 over the classes" : "", key);
}
