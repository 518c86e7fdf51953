/* The geometry of a convolution and of its reverse. */
#include "nn/convolution_plan.h"

#include "base/memory.h"
#include "base/narrow.h"

static nn_correlation_axis plan_straight_axis(const nn_window_axis *axis)
{
    return (nn_correlation_axis){.input = axis->input,
                                 .kernel = axis->kernel,
                                 .stride = axis->stride,
                                 .dilation = axis->dilation,
                                 .before = axis->before,
                                 .count = axis->output,
                                 .step = 1,
                                 .output = axis->output,
                                 .tap_step = 1,
                                 .taps = axis->kernel};
}

static int64_t plan_common_divisor(int64_t a, int64_t b)
{
    while (b) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/*
 * The gradient of positions i = first, first + stride, first + 2 stride, ... Tap k of window o lies at i = o
 * stride - before + k dilation, so only taps with k dilation = first + before modulo the stride contribute:
 * every (stride / divisor)-th, and from one to the next o decreases by dilation / divisor. Taken from the
 * last to the first, o increases.
 */
static nn_correlation_axis plan_turned_axis(const nn_window_axis *axis, int64_t first)
{
    int64_t divisor = plan_common_divisor(axis->dilation, axis->stride);
    int64_t tap_step = axis->stride / divisor, tap = 0;
    int64_t end = tap_step < axis->kernel ? tap_step : axis->kernel;
    while (tap < end && (first + axis->before - tap * axis->dilation) % axis->stride) tap++;
    nn_correlation_axis turned = {.input = axis->output,
                                  .stride = 1,
                                  .dilation = 1,
                                  .count = (axis->input - first - 1) / axis->stride + 1,
                                  .first = first,
                                  .step = axis->stride,
                                  .output = axis->input,
                                  .taps = axis->kernel};
    if (tap == end) return turned;
    int64_t window = (first + axis->before - tap * axis->dilation) / axis->stride;
    turned.kernel = (axis->kernel - 1 - tap) / tap_step + 1;
    turned.dilation = axis->dilation / divisor;
    turned.before = (turned.kernel - 1) * turned.dilation - window;
    turned.tap = tap + (turned.kernel - 1) * tap_step;
    turned.tap_step = -tap_step;
    return turned;
}

static int64_t plan_phases(const nn_window_axis *axis)
{
    return axis->stride < axis->input ? axis->stride : axis->input;
}

/* The reverse correlation of number `phase`. */
static nn_correlation plan_turned(const nn_window *window, int64_t outputs, int64_t groups, nn_engine engine,
                                  int64_t phase)
{
    nn_correlation turned = {
        .groups = groups, .inputs = outputs, .outputs = window->channels, .turned = true, .engine = engine};
    for (int i = NN_WINDOW_AXES - 1; i >= 0; i--) {
        int64_t phases = plan_phases(&window->axes[i]);
        turned.axes[i] = plan_turned_axis(&window->axes[i], phase % phases);
        phase /= phases;
    }
    nn_correlation_plan(&turned);
    return turned;
}

static nn_correlation plan_straight(const nn_window *window, int64_t outputs, int64_t groups,
                                    nn_engine engine)
{
    nn_correlation straight = {
        .groups = groups, .inputs = window->channels, .outputs = outputs, .engine = engine};
    for (int i = 0; i < NN_WINDOW_AXES; i++) straight.axes[i] = plan_straight_axis(&window->axes[i]);
    nn_correlation_plan(&straight);
    return straight;
}

nn_status nn_convolution_plan_create(const nn_window *window, int64_t outputs, int64_t groups,
                                     nn_engine engine, bool turned, nn_convolution_plan **plan)
{
    nn_correlation straight = plan_straight(window, outputs, groups, engine);
    int64_t count = turned ? 1 : 0;
    int64_t taps = 1;
    int turned_count, unused;
    for (int i = 0; i < NN_WINDOW_AXES; i++) {
        count *= plan_phases(&window->axes[i]);
        taps *= window->axes[i].kernel;
    }
    NN_TRY(nn_narrow(count, "steps of the stride", "choose a smaller stride", &turned_count));
    NN_TRY(nn_narrow(taps, "values of the kernel of a channel", "choose a smaller kernel", &unused));
    size_t bytes = sizeof **plan + (size_t)count * sizeof(nn_correlation) + straight.list_bytes;
    for (int64_t i = 0; i < count; i++) bytes += plan_turned(window, outputs, groups, engine, i).list_bytes;
    void *block;
    NN_TRY(nn_allocate(&block, bytes, 1, "the plan of a convolution"));
    *plan = block;
    (*plan)->straight = straight;
    (*plan)->turned_count = turned_count;
    (*plan)->turned = (nn_correlation *)(*plan + 1);
    char *lists = (char *)((*plan)->turned + count);
    nn_correlation_place(&(*plan)->straight, lists);
    lists += straight.list_bytes;
    for (int64_t i = 0; i < count; i++) {
        (*plan)->turned[i] = plan_turned(window, outputs, groups, engine, i);
        nn_correlation_place(&(*plan)->turned[i], lists);
        lists += (*plan)->turned[i].list_bytes;
    }
    return NN_OK;
}
