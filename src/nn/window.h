/*
 * Windows that slide over the spatial dimensions of an input, channels last: what convolutions and pooling
 * share. An input with 1, 2 or 3 spatial dimensions is treated as depth x height x width, with leading
 * extents of 1.
 */
#ifndef NN_NN_WINDOW_H
#define NN_NN_WINDOW_H

#include "nn/layer.h"

enum { NN_DEPTH, NN_HEIGHT, NN_WIDTH, NN_WINDOW_AXES };

/* Window o covers the input positions o x stride - before + k x dilation, k < kernel. */
typedef struct nn_window_axis {
    int64_t input, output; /* extents */
    int64_t kernel, stride, dilation;
    int64_t before, after; /* positions of padding before and after the input */
} nn_window_axis;

/* Positions from the first to the last of a kernel, gaps included. */
static inline int64_t nn_window_span(int64_t kernel, int64_t dilation)
{
    return (kernel - 1) * dilation + 1;
}

typedef struct nn_window {
    int dimensions; /* spatial dimensions of the input: the last ones of `axes` */
    nn_window_axis axes[NN_WINDOW_AXES];
    int64_t channels; /* of the input */
} nn_window;

/* The user's options: one number for all dimensions, or one per dimension. */
typedef struct nn_window_options {
    nn_integer_list kernel, stride, padding, dilation;
} nn_window_options;

/* The words for `padding`. same: the output has input / stride positions, rounded up, with the padding that
 * this needs split between both ends; if it is odd, the end gets one more. valid: no padding. A number: that
 * much at each end. */
enum { NN_PADDING_SAME, NN_PADDING_VALID };
extern const char *const nn_padding_names[];

/* Rows of an option table; `at` is the offset of the nn_window_options in the struct. */
#define NN_WINDOW_LIST(name, at, field, standard, minimum, words, help)                                      \
    {                                                                                                        \
        name, NN_OPTION_INTEGER_LIST, (at) + offsetof(nn_window_options, field), standard, minimum, 1e6,     \
            words, NN_EFFECT_RESULT, help                                                                    \
    }
#define NN_WINDOW_KERNEL(at, standard)                                                                       \
    NN_WINDOW_LIST("kernel", at, kernel, standard, 1, NULL, "size of the window: one number, or a list")
#define NN_WINDOW_STRIDE(at, standard, help) NN_WINDOW_LIST("stride", at, stride, standard, 1, NULL, help)
#define NN_WINDOW_PADDING(at, standard)                                                                      \
    NN_WINDOW_LIST("padding", at, padding, standard, 0, nn_padding_names,                                    \
                   "same (inputs / stride outputs), valid (no padding), or the number of zeros at each end")
#define NN_WINDOW_DILATION(at)                                                                               \
    NN_WINDOW_LIST("dilation", at, dilation, "1", 1, NULL, "distance between the inputs of a kernel")

/* Fails unless the input has `dimensions` spatial dimensions (0: 1 to 3) and channels; fills in the input
 * side of *window. */
nn_status nn_window_check_input(nn_shape input, int dimensions, nn_window *window);

/* Fails unless the list of option `name` is empty or has one number, or one per dimension. */
nn_status nn_window_list(const char *name, const nn_integer_list *list, int dimensions);

/* Computes the window of an input. The stride defaults to the kernel, the dilation to 1. Fails if no window
 * fits, with the extents and the remedy. */
nn_status nn_window_create(const nn_window_options *options, nn_shape input, int dimensions,
                           nn_window *window);

/* Computes the window whose output side is `input`: the larger side has (input - 1) x stride + kernel -
 * padding positions, plus `more` at the end; with `same`, input x stride. */
nn_status nn_window_create_transposed(const nn_window_options *options, const nn_integer_list *more,
                                      nn_shape input, int dimensions, nn_window *window);

/* The output's extents, followed by `channels`. */
nn_shape nn_window_shape(const nn_window *window, int64_t channels);

/* The same windows, for nn_layer.windows. */
nn_layer_windows nn_window_list_axes(const nn_window *window);

/* How output steps follow from input steps if the first spatial dimension is time. */
nn_layer_time nn_window_time(const nn_window *window);

#endif
