/* Checks whether an output can be compared with a target. */
#include "loss/fit.h"

/* Whether the output has the extents of the target, followed by the classes. */
static bool fit_is_per_step(nn_shape output, const nn_field *target)
{
    if (output.dimensions != target->shape.dimensions + 1) return false;
    for (int d = 0; d < target->shape.dimensions; d++)
        if (output.extents[d] != target->shape.extents[d]) return false;
    return output.extents[target->shape.dimensions] == target->classes;
}

/* Number of leading extents (steps, or height and width) that an output shares with a target: all but the
 * channels. 0: the output has none, or not as many. */
static int fit_spread(nn_shape output, nn_shape target)
{
    if (output.dimensions < 2) return 0;
    if (output.dimensions == target.dimensions + 1) return target.dimensions;
    return output.dimensions == target.dimensions ? target.dimensions - 1 : 0;
}

/* Fails if the output's map or sequence does not have the target's size: the remedy is in the layers that
 * changed it. */
static nn_status fit_extents(nn_shape output, const nn_field *target)
{
    bool smaller = false, larger = false;
    char text[NN_SHAPE_TEXT], wanted[NN_SHAPE_TEXT];
    int spread = fit_spread(output, target->shape);
    for (int d = 0; d < spread; d++) {
        smaller = smaller || output.extents[d] < target->shape.extents[d];
        larger = larger || output.extents[d] > target->shape.extents[d];
    }
    if (!smaller && !larger) return NN_OK;
    nn_shape_text(text, output);
    nn_shape_text(wanted, target->shape);
    if (smaller)
        NN_FAIL(NN_ERROR_USAGE,
                "the output has shape %s, smaller than the target '%s' (%s); set `padding: same` in the "
                "convolutions, and undo strides and pools with upsample%s",
                text, target->name, wanted, spread == 2 ? " or conv2d_transpose" : "");
    NN_FAIL(NN_ERROR_USAGE,
            "the output has shape %s, larger than the target '%s' (%s); upsample less, or reduce it with "
            "strides or pools",
            text, target->name, wanted);
}

/* Whether the target holds 0 and 1 and its last dimension is the output's, the classes. */
static bool fit_looks_one_hot(nn_shape output, const nn_field *target)
{
    int last = target->shape.dimensions - 1;
    return last > 0 && target->classes <= 2 && output.dimensions > 0 && target->shape.extents[last] > 2 &&
           output.extents[output.dimensions - 1] == target->shape.extents[last];
}

/* The output needs one value per share. */
static nn_status fit_shares(nn_shape output, const nn_field *target)
{
    char text[NN_SHAPE_TEXT], shares[NN_SHAPE_TEXT];
    if (nn_shape_equal(output, target->shape)) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE,
            "the output has %s values per sample, but the target '%s' has class probabilities, %s; end the "
            "network with `dense: {units: classes%s}`",
            nn_shape_text(text, output), target->name, nn_shape_text(shares, target->shape),
            target->shape.dimensions > 1 ? ", per_step: true" : "");
}

nn_status nn_fit_classes(nn_shape output, const nn_field *target)
{
    if (target->shares) return fit_shares(output, target);
    if (!target->is_class)
        NN_FAIL(NN_ERROR_USAGE,
                "class labels are needed, but the target '%s' is read as values; use a loss or metric for "
                "values, such as mse, or give the target as integers",
                target->name);
    if (fit_is_per_step(output, target)) return NN_OK;
    char text[NN_SHAPE_TEXT], labels[NN_SHAPE_TEXT];
    nn_shape_text(text, output);
    if (fit_looks_one_hot(output, target))
        NN_FAIL(NN_ERROR_USAGE,
                "the target '%s' (%s) holds 0 and 1, and its last dimension is that of the output (%s): if "
                "it is one-hot along that dimension, set data.fields.%s.kind: one_hot; if each value is a "
                "separate yes or no, use binary_cross_entropy",
                target->name, nn_shape_text(labels, target->shape), text, target->name);
    if (target->shape.dimensions > 0) NN_TRY(fit_extents(output, target));
    if (fit_spread(output, target->shape) > 1)
        NN_FAIL(NN_ERROR_USAGE,
                "the target '%s' has a class at every pixel (%s), but the output has shape %s and should "
                "have %s x %lld; end the network with `conv%dd: {filters: %lld, kernel: 1}`",
                target->name, nn_shape_text(labels, target->shape), text, labels, (long long)target->classes,
                target->shape.dimensions, (long long)target->classes);
    if (target->shape.dimensions > 0)
        NN_FAIL(NN_ERROR_USAGE,
                "the target '%s' has a class at every step (%s), but the output has shape %s and should have "
                "%s x %lld; keep the steps up to the end of the network, with `dense: {units: classes, "
                "per_step: true}` as its last layer, or use data.window.target: last",
                target->name, nn_shape_text(labels, target->shape), text, labels, (long long)target->classes);
    NN_FAIL(NN_ERROR_USAGE,
            "the output has %s values per sample, but the target '%s' has %lld classes; end the network with "
            "`dense: {units: classes}`",
            text, target->name, (long long)target->classes);
}

/* Fails unless the output has as many values as the target; the message recommends a last layer. */
static nn_status fit_count(nn_shape output, const nn_field *target)
{
    long long needed = (long long)nn_shape_count(target->shape);
    char text[NN_SHAPE_TEXT], steps[NN_SHAPE_TEXT];
    if (nn_shape_count(output) == needed) return NN_OK;
    if (target->shape.dimensions > 1) NN_TRY(fit_extents(output, target));
    int spread = fit_spread(output, target->shape);
    if (spread > 1)
        NN_FAIL(NN_ERROR_USAGE,
                "the output has %s values per sample, but the target '%s' has %s; end the network with "
                "`conv%dd: {filters: %lld, kernel: 1}`",
                nn_shape_text(text, output), target->name, nn_shape_text(steps, target->shape), spread,
                spread < target->shape.dimensions ? (long long)target->shape.extents[spread] : 1);
    if (output.dimensions > 1 && target->shape.dimensions > 0 &&
        output.extents[0] == target->shape.extents[0])
        NN_FAIL(NN_ERROR_USAGE,
                "the output has %s values per sample, but the target '%s' has %s; end the network with "
                "`dense: {units: %lld, per_step: true}`",
                nn_shape_text(text, output), target->name, nn_shape_text(steps, target->shape),
                needed / (long long)target->shape.extents[0]);
    NN_FAIL(NN_ERROR_USAGE,
            "the output has %s values per sample, but the target '%s' has %lld; end the network with `dense: "
            "{units: %lld}`",
            nn_shape_text(text, output), target->name, needed, needed);
}

nn_status nn_fit_values(nn_shape output, const nn_field *target)
{
    if (target->is_class)
        NN_FAIL(NN_ERROR_USAGE,
                "values are needed, but the target '%s' holds class labels; use a loss or metric for "
                "classes, such as cross_entropy or accuracy",
                target->name);
    return fit_count(output, target);
}

nn_status nn_fit_yes_no(nn_shape output, const nn_field *target)
{
    if (target->is_class && target->classes > 2)
        NN_FAIL(NN_ERROR_USAGE,
                "yes or no is needed, but the target '%s' has %lld classes; use cross_entropy or, if only "
                "two labels occur, list them: data.fields.%s.labels: [0, 255]",
                target->name, (long long)target->classes, target->name);
    return fit_count(output, target);
}
