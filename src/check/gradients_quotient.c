/* One derivative against finite differences. */
#include <math.h>

#include "base/least.h"
#include "base/philox.h"
#include "check/gradients.h"

/* A power of two: value + step is then exact for values up to about 1. */
#define QUOTIENT_STEP 0x1p-13
/* Of a derivative among others of its tensor, at least this fraction of them counts as its size. */
#define QUOTIENT_SMALL 1e-3
#define QUOTIENT_LEAST 1e-10
/* What the differences of a smooth function may still have between them, relative to the derivative. */
#define QUOTIENT_ROUGH 1e-4
/* The jump of the slope shrinks with the step if there is no kink: to a half. */
#define QUOTIENT_SHRINKS 0.75

typedef struct quotient {
    double central; /* (f(x + h) - f(x - h)) / 2h */
    double jump;    /* the slope to the right minus that to the left */
} quotient;

static quotient quotient_of(const nn_gradients_function *function, double *value, double step, double *noise)
{
    double before = *value;
    *value = before + step;
    double right = function->change(function->context, noise);
    *value = before - step;
    double left = function->change(function->context, noise);
    *value = before;
    return (quotient){(right - left) / (2 * step), (right + left) / step};
}

static bool quotient_has_kink(quotient wide, quotient narrow, double size, double blur)
{
    double rough = QUOTIENT_ROUGH * size + blur;
    return fabs(wide.central - narrow.central) > rough ||
           (fabs(narrow.jump) > rough && fabs(narrow.jump) > QUOTIENT_SHRINKS * fabs(wide.jump));
}

/* Keeps the largest error, and what is to be said of it where it is not from rounding. */
static void quotient_note(const nn_gradients_entry *entry, double found, double error, bool wrong,
                          nn_gradients_row *row)
{
    row->wrong += wrong;
    if (error <= row->error && !(wrong && row->wrong == 1)) return;
    row->error = error;
    if (!wrong) return;
    nn_text_free(&row->failed);
    nn_text_append(&row->failed, "%s, value %lld: the derivative is %.6g, finite differences give %.6g",
                   entry->tensor, (long long)entry->at, entry->claimed, found);
}

void nn_gradients_try(const nn_gradients_function *function, const nn_gradients_entry *entry,
                      nn_gradients_row *row)
{
    double noise = 0;
    quotient wide = quotient_of(function, entry->value, QUOTIENT_STEP, &noise);
    quotient narrow = quotient_of(function, entry->value, QUOTIENT_STEP / 2, &noise);
    double found = (4 * narrow.central - wide.central) / 3;
    double size = fmax(fabs(entry->claimed), fmax(fabs(found), fabs(wide.central)));
    double least = fmax(size, fmax(QUOTIENT_SMALL * entry->scale, QUOTIENT_LEAST));
    double blur = noise / QUOTIENT_STEP;
    bool finite = isfinite(entry->claimed) && isfinite(found);
    if (finite && quotient_has_kink(wide, narrow, least, blur)) {
        row->skipped++;
        return;
    }
    double away = fabs(entry->claimed - found);
    bool wrong = !finite || away > NN_GRADIENTS_TOLERANCE * least + blur;
    (*entry->compared)++;
    row->size = fmax(row->size, size);
    quotient_note(entry, found, finite ? away / least : INFINITY, wrong, row);
}

int nn_gradients_choose(uint64_t seed, uint32_t step, int64_t count, int most, int64_t *chosen)
{
    nn_random stream = {seed, NN_RANDOM_GRADIENTS, step};
    int many = (int)nn_smaller(count, most);
    for (int i = 0; i < many; i++)
        chosen[i] = (int64_t)nn_random_permute(stream, (uint64_t)count, (uint64_t)i);
    return many;
}
