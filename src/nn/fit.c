/* Whether an output can be compared with a target. */
#include "nn/fit.h"

nn_status nn_fit_classes(nn_shape output, const nn_field *target)
{
    if (!target->is_class)
        NN_FAIL(NN_ERROR_USAGE,
                "class labels are needed, but the target '%s' is read as values; use one for values, such as "
                "mse, or give the target as integers",
                target->name);
    char text[NN_SHAPE_TEXT];
    if (target->shape.dimensions > 0)
        NN_FAIL(NN_ERROR_USAGE,
                "one class a sample is needed, but the target '%s' has %s; use data.window.target: last",
                target->name, nn_shape_text(text, target->shape));
    if (output.dimensions != 1 || output.extents[0] != target->classes)
        NN_FAIL(NN_ERROR_USAGE,
                "the output has %s values a sample, but the target '%s' has %lld classes; end the network "
                "with `dense: {units: classes}`",
                nn_shape_text(text, output), target->name, (long long)target->classes);
    return NN_OK;
}

nn_status nn_fit_values(nn_shape output, const nn_field *target)
{
    if (target->is_class)
        NN_FAIL(NN_ERROR_USAGE,
                "values are needed, but the target '%s' holds class labels; use one for classes, such as "
                "cross_entropy or accuracy",
                target->name);
    long long needed = (long long)nn_shape_count(target->shape);
    char text[NN_SHAPE_TEXT];
    if (nn_shape_count(output) != needed)
        NN_FAIL(NN_ERROR_USAGE,
                "the output has %s values a sample, but the target '%s' has %lld; end the network with "
                "`dense: {units: %lld}`",
                nn_shape_text(text, output), target->name, needed, needed);
    return NN_OK;
}
