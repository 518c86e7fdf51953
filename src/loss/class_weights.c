/* The class weights of a loss, from its options. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "loss/loss.h"

static nn_status class_weights_parse(const nn_text_list *given, int64_t classes, double *weights)
{
    if ((int64_t)given->count != classes)
        NN_FAIL(NN_ERROR_USAGE,
                "class_weights: %zu numbers for %lld classes; give one per class, or `balanced`",
                given->count, (long long)classes);
    double largest = 0;
    for (size_t c = 0; c < given->count; c++) {
        char *end;
        weights[c] = strtod(given->items[c], &end);
        if (end == given->items[c] || *end || !isfinite(weights[c]) || weights[c] < 0)
            NN_FAIL(NN_ERROR_USAGE,
                    "class_weights: '%s' is not a number >= 0; give a list such as [1, 2.5], or `balanced`",
                    given->items[c]);
        if (weights[c] > largest) largest = weights[c];
    }
    if (largest == 0)
        NN_FAIL(NN_ERROR_USAGE,
                "class_weights: all are 0, so no sample counts; give at least one class a weight above 0");
    return NN_OK;
}

bool nn_class_weights_balance(const nn_text_list *given)
{
    return given && given->count == 1 && strcmp(given->items[0], "balanced") == 0;
}

nn_status nn_class_weights_make(const nn_text_list *given, int64_t classes, const double *shares,
                                double *weights, bool *made)
{
    *made = given && given->count > 0;
    if (!*made) return NN_OK;
    if (!nn_class_weights_balance(given)) return class_weights_parse(given, classes, weights);
    if (!shares)
        NN_FAIL(
            NN_ERROR_USAGE,
            "class_weights: balanced needs class labels, but the target is values; give a list of numbers");
    for (int64_t c = 0; c < classes; c++) weights[c] = shares[c] > 0 ? 1 / ((double)classes * shares[c]) : 0;
    return NN_OK;
}
