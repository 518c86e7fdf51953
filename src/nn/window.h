/*
 * Windows that slide over the spatial extents of an input, channels last: what convolutions and pools share.
 * An input of 1, 2 or 3 spatial extents is seen as depth x height x width, with extents of 1 in front.
 */
#ifndef NN_NN_WINDOW_H
#define NN_NN_WINDOW_H

#include "nn/layer.h"

enum { NN_DEPTH, NN_HEIGHT, NN_WIDTH, NN_WINDOW_AXES };

/* Window o covers the input positions o x stride - before + k x dilation, k < kernel. */
typedef struct nn_window_axis {
    int64_t input, output; /* extents */
    int64_t kernel, stride, dilation;
    int64_t before, after; /* positions of padding in front of the input, and behind it */
} nn_window_axis;

typedef struct nn_window {
    int dimensions; /* spatial extents of the input: the last ones of `axes` */
    nn_window_axis axes[NN_WINDOW_AXES];
    int64_t channels; /* of the input */
} nn_window;

/* The user's numbers: one for all extents, or one for each. */
typedef struct nn_window_options {
    nn_integer_list kernel, stride, padding, dilation;
} nn_window_options;

/* The words that may stand for `padding`. same: the output has input / stride positions, rounded up, with as
 * much padding at both ends as that needs; an odd number puts one more at the end. valid: none. A number is
 * that much at both ends. */
enum { NN_PADDING_SAME, NN_PADDING_VALID };
extern const char *const nn_padding_names[];

/* Rows of an option table; `at` is the offset of the nn_window_options in the struct. */
#define NN_WINDOW_LIST(name, at, field, standard, minimum, words, help)                                      \
    {                                                                                                        \
        name, NN_OPTION_INTEGER_LIST, (at) + offsetof(nn_window_options, field), standard, minimum, 1e6,     \
            words, NN_EFFECT_RESULT, help                                                                    \
    }
#define NN_WINDOW_KERNEL(at, standard)                                                                       \
    NN_WINDOW_LIST("kernel", at, kernel, standard, 1, NULL, "extents of a window: one number, or a list")
#define NN_WINDOW_STRIDE(at, standard, help) NN_WINDOW_LIST("stride", at, stride, standard, 1, NULL, help)
#define NN_WINDOW_PADDING(at, standard)                                                                      \
    NN_WINDOW_LIST("padding", at, padding, standard, 0, nn_padding_names,                                    \
                   "same (as many outputs as inputs / stride), valid (none), or zeros at both ends")
#define NN_WINDOW_DILATION(at)                                                                               \
    NN_WINDOW_LIST("dilation", at, dilation, "1", 1, NULL, "distance of the inputs that a kernel sees")

/* Fails unless the input has `dimensions` spatial extents (0: any, 1 to 3) and channels; fills the input's
 * side of *window. */
nn_status nn_window_check_input(nn_shape input, int dimensions, nn_window *window);

/* Fails unless a list holds one number, or one for each extent, or nothing. */
nn_status nn_window_list(const char *name, const nn_integer_list *list, int dimensions);

/* The whole window of an input. A stride that is not given is the kernel; a dilation that is not is 1. Fails
 * where no window fits, saying which extents and what to do. */
nn_status nn_window_create(const nn_window_options *options, nn_shape input, int dimensions,
                           nn_window *window);

/* The window of which `input` is the output side: the larger side has (input - 1) x stride + kernel - padding
 * positions, and `more` at the end; with `same`, input x stride. */
nn_status nn_window_create_transposed(const nn_window_options *options, const nn_integer_list *more,
                                      nn_shape input, int dimensions, nn_window *window);

/* The output's extents, and `channels` behind them. */
nn_shape nn_window_shape(const nn_window *window, int64_t channels);

/* How steps follow from steps, where the first spatial extent is time. */
nn_time nn_window_time(const nn_window *window);

#endif
