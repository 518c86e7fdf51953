/* Computes the geometry of windows from the user's options. */
#include "nn/window.h"

#include "base/text.h"

/* Far below where sums of extents overflow. */
#define WINDOW_EXTENT_MAX ((int64_t)1 << 40)

const char *const nn_padding_names[] = {"same", "valid", NULL};

/* ---- checks ---- */

nn_status nn_window_check_input(nn_shape input, int dimensions, nn_window *window)
{
    static const char *const expected[] = {"1 to 3 spatial dimensions and channels", "steps x channels",
                                           "height x width x channels", "depth x height x width x channels"};
    int found = input.dimensions - 1;
    bool fits = dimensions ? found == dimensions : found >= 1 && found <= NN_WINDOW_AXES;
    if (!fits) {
        char text[NN_SHAPE_TEXT];
        NN_FAIL(NN_ERROR_USAGE,
                "it takes inputs of %s, but its input has shape %s; set the `layout` of the data, or reshape "
                "the input",
                expected[dimensions], nn_shape_text(text, input));
    }
    *window = (nn_window){.dimensions = found, .channels = input.extents[found]};
    for (int axis = 0; axis < NN_WINDOW_AXES; axis++)
        window->axes[axis] = (nn_window_axis){1, 1, 1, 1, 1, 0, 0};
    for (int axis = 0; axis < found; axis++)
        window->axes[NN_WINDOW_AXES - found + axis].input = input.extents[axis];
    return NN_OK;
}

nn_status nn_window_list(const char *name, const nn_integer_list *list, int dimensions)
{
    if (list->count <= 1 || list->count == dimensions) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE, "its %s has %d numbers, but its input has %d spatial dimensions; give one or %d",
            name, list->count, dimensions, dimensions);
}

static int64_t window_number(const nn_integer_list *list, int axis, int64_t standard)
{
    if (list->count == 0) return standard;
    return list->items[list->count == 1 ? 0 : axis];
}

/* "5 x 5": the span of the window along each spatial axis. */
static char *window_text(char *buffer, const nn_window *window)
{
    nn_shape shape = {.dimensions = window->dimensions};
    for (int i = 0; i < window->dimensions; i++) {
        const nn_window_axis *axis = &window->axes[NN_WINDOW_AXES - window->dimensions + i];
        shape.extents[i] = nn_window_span(axis->kernel, axis->dilation);
    }
    return nn_shape_text(buffer, shape);
}

static nn_status window_too_large(const nn_window *window, nn_shape input)
{
    char kernel[NN_SHAPE_TEXT], found[NN_SHAPE_TEXT];
    bool dilated = false, padded = false;
    for (int i = 0; i < NN_WINDOW_AXES; i++) {
        dilated |= window->axes[i].dilation > 1;
        padded |= window->axes[i].before > 0;
    }
    NN_FAIL(NN_ERROR_USAGE,
            "its kernel of %s%s does not fit into its input of %s%s; use `padding: same`, a smaller kernel "
            "or fewer pooling layers before it",
            window_text(kernel, window), dilated ? " (with dilation)" : "", nn_shape_text(found, input),
            padded ? " and its padding" : "");
}

/* ---- geometry ---- */

static void window_pad(nn_window_axis *axis, const nn_integer_list *padding, int number)
{
    if (padding->count > 0) {
        axis->before = axis->after = window_number(padding, number, 0);
    } else if (padding->choice == NN_PADDING_SAME) {
        int64_t outputs = (axis->input - 1) / axis->stride + 1;
        int64_t total =
            (outputs - 1) * axis->stride + nn_window_span(axis->kernel, axis->dilation) - axis->input;
        axis->before = total > 0 ? total / 2 : 0;
        axis->after = total > 0 ? total - axis->before : 0;
    }
}

static nn_status window_place(const nn_window_options *options, nn_window *window)
{
    for (int i = 0; i < window->dimensions; i++) {
        nn_window_axis *axis = &window->axes[NN_WINDOW_AXES - window->dimensions + i];
        if (axis->input < 1 || axis->input > WINDOW_EXTENT_MAX)
            NN_FAIL(NN_ERROR_USAGE,
                    "its input has an extent of %lld, which windows cannot slide over; check the shape of "
                    "the data",
                    (long long)axis->input);
        axis->kernel = window_number(&options->kernel, i, 1);
        axis->stride = window_number(&options->stride, i, axis->kernel);
        axis->dilation = window_number(&options->dilation, i, 1);
        window_pad(axis, &options->padding, i);
    }
    return NN_OK;
}

static nn_status window_check_lists(const nn_window_options *options, int dimensions)
{
    NN_TRY(nn_window_list("kernel", &options->kernel, dimensions));
    NN_TRY(nn_window_list("stride", &options->stride, dimensions));
    NN_TRY(nn_window_list("padding", &options->padding, dimensions));
    return nn_window_list("dilation", &options->dilation, dimensions);
}

nn_status nn_window_create(const nn_window_options *options, nn_shape input, int dimensions,
                           nn_window *window)
{
    NN_TRY(nn_window_check_input(input, dimensions, window));
    NN_TRY(window_check_lists(options, window->dimensions));
    NN_TRY(window_place(options, window));
    for (int i = 0; i < NN_WINDOW_AXES; i++) {
        nn_window_axis *axis = &window->axes[i];
        int64_t room =
            axis->input + axis->before + axis->after - nn_window_span(axis->kernel, axis->dilation);
        if (room < 0) return window_too_large(window, input);
        axis->output = room / axis->stride + 1;
    }
    return NN_OK;
}

/* Sets the padding of an axis whose output is known; returns the extent of its larger side. */
static int64_t window_pad_transposed(nn_window_axis *axis, const nn_integer_list *padding, int64_t more,
                                     int number)
{
    int64_t whole = (axis->output - 1) * axis->stride + nn_window_span(axis->kernel, axis->dilation);
    if (padding->count > 0) {
        axis->before = axis->after = window_number(padding, number, 0);
    } else if (padding->choice == NN_PADDING_SAME) {
        int64_t total = whole - axis->output * axis->stride;
        axis->before = total > 0 ? total / 2 : 0;
        axis->after = total - axis->before;
    }
    return whole - axis->before - axis->after + more;
}

nn_status nn_window_create_transposed(const nn_window_options *options, const nn_integer_list *more,
                                      nn_shape input, int dimensions, nn_window *window)
{
    NN_TRY(nn_window_check_input(input, dimensions, window));
    NN_TRY(window_check_lists(options, window->dimensions));
    NN_TRY(nn_window_list("output_padding", more, window->dimensions));
    NN_TRY(window_place(options, window));
    for (int i = 0; i < window->dimensions; i++) {
        nn_window_axis *axis = &window->axes[NN_WINDOW_AXES - window->dimensions + i];
        int64_t added = window_number(more, i, 0);
        if (added >= axis->stride && added >= axis->dilation)
            NN_FAIL(NN_ERROR_USAGE,
                    "its output_padding of %lld must be less than its stride of %lld; use a smaller one",
                    (long long)added, (long long)axis->stride);
        axis->output = axis->input;
        axis->before = axis->after = 0;
        axis->input = window_pad_transposed(axis, &options->padding, added, i);
        if (axis->input < 1)
            NN_FAIL(NN_ERROR_USAGE,
                    "its padding of %lld removes all of an output of %lld; use a smaller padding",
                    (long long)axis->before, (long long)(axis->input + axis->before + axis->after));
    }
    return NN_OK;
}

nn_shape nn_window_shape(const nn_window *window, int64_t channels)
{
    nn_shape shape = {.dimensions = window->dimensions + 1};
    for (int i = 0; i < window->dimensions; i++)
        shape.extents[i] = window->axes[NN_WINDOW_AXES - window->dimensions + i].output;
    shape.extents[window->dimensions] = channels;
    return shape;
}

nn_layer_time nn_window_time(const nn_window *window)
{
    const nn_window_axis *axis = &window->axes[NN_WINDOW_AXES - window->dimensions];
    return (nn_layer_time){.kept = true,
                           .kernel = nn_window_span(axis->kernel, axis->dilation),
                           .stride = axis->stride,
                           .padding = axis->before + axis->after};
}

nn_layer_windows nn_window_list_axes(const nn_window *window)
{
    nn_layer_windows windows = {.dimensions = window->dimensions};
    for (int i = 0; i < window->dimensions; i++) {
        const nn_window_axis *axis = &window->axes[NN_WINDOW_AXES - window->dimensions + i];
        windows.kernel[i] = axis->kernel;
        windows.stride[i] = axis->stride;
        windows.dilation[i] = axis->dilation;
        windows.before[i] = axis->before;
        windows.after[i] = axis->after;
    }
    return windows;
}
