/* Whether an output can be compared with a target. */
#include "nn/fit.h"

/* The output has the extents of the target, and then the classes. */
static bool fit_is_per_step(nn_shape output, const nn_field *target)
{
    if (output.dimensions != target->shape.dimensions + 1) return false;
    for (int d = 0; d < target->shape.dimensions; d++)
        if (output.extents[d] != target->shape.extents[d]) return false;
    return output.extents[target->shape.dimensions] == target->classes;
}

nn_status nn_fit_classes(nn_shape output, const nn_field *target)
{
    if (!target->is_class)
        NN_FAIL(NN_ERROR_USAGE,
                "class labels are needed, but the target '%s' is read as values; use one for values, such as "
                "mse, or give the target as integers",
                target->name);
    if (fit_is_per_step(output, target)) return NN_OK;
    char text[NN_SHAPE_TEXT], labels[NN_SHAPE_TEXT];
    nn_shape_text(text, output);
    if (target->shape.dimensions > 0)
        NN_FAIL(
            NN_ERROR_USAGE,
            "the target '%s' has a class at every step (%s), but the output is %s and should be %s x %lld; "
            "keep the steps up to the end of the network, with `dense: {units: classes, per_step: true}` "
            "as its last layer, or use data.window.target: last",
            target->name, nn_shape_text(labels, target->shape), text, labels, (long long)target->classes);
    NN_FAIL(NN_ERROR_USAGE,
            "the output has %s values a sample, but the target '%s' has %lld classes; end the network "
            "with `dense: {units: classes}`",
            text, target->name, (long long)target->classes);
}

/* As many values as the target has; else the failure recommends a last layer. */
static nn_status fit_count(nn_shape output, const nn_field *target)
{
    long long needed = (long long)nn_shape_count(target->shape);
    char text[NN_SHAPE_TEXT], steps[NN_SHAPE_TEXT];
    if (nn_shape_count(output) == needed) return NN_OK;
    if (output.dimensions > 1 && target->shape.dimensions > 0 &&
        output.extents[0] == target->shape.extents[0])
        NN_FAIL(NN_ERROR_USAGE,
                "the output has %s values a sample, but the target '%s' has %s; end the network with `dense: "
                "{units: %lld, per_step: true}`",
                nn_shape_text(text, output), target->name, nn_shape_text(steps, target->shape),
                needed / (long long)target->shape.extents[0]);
    NN_FAIL(NN_ERROR_USAGE,
            "the output has %s values a sample, but the target '%s' has %lld; end the network with "
            "`dense: {units: %lld}`",
            nn_shape_text(text, output), target->name, needed, needed);
}

nn_status nn_fit_values(nn_shape output, const nn_field *target)
{
    if (target->is_class)
        NN_FAIL(NN_ERROR_USAGE,
                "values are needed, but the target '%s' holds class labels; use one for classes, such as "
                "cross_entropy or accuracy",
                target->name);
    return fit_count(output, target);
}

nn_status nn_fit_yes_no(nn_shape output, const nn_field *target)
{
    if (target->is_class && target->classes > 2)
        NN_FAIL(NN_ERROR_USAGE,
                "answers of yes or no are needed, but the target '%s' has %lld classes; use cross_entropy",
                target->name, (long long)target->classes);
    return fit_count(output, target);
}
