/*
 * A transform changes training samples on the fly, on their way to the network. Its plug-in is one file
 * src/data/transform_NAME.c with one exported object nn_transform_NAME, and one line in transform_list.h. It
 * sees normalised values, one sample at a time or one microbatch at a time, and its random numbers depend on
 * (seed, epoch, sample): never on ranks, threads or time.
 */
#ifndef NN_DATA_TRANSFORM_H
#define NN_DATA_TRANSFORM_H

#include <stdbool.h>

#include "base/options.h"
#include "base/philox.h"
#include "base/real.h"
#include "base/shape.h"
#include "base/status.h"

/* One sample being transformed. Values are row-major with channels last: height x width x channels for
 * images, time x features for sequences. */
typedef struct nn_transform_sample {
    nn_shape shape;
    nn_real *values;  /* changed in place */
    nn_real *scratch; /* room for as many values */
    nn_random stream; /* of this transform in this epoch */
    uint64_t sample;  /* number of the sample in its part */
} nn_transform_sample;

/* Random number `draw` of the sample, uniform in (0, 1) or standard normal. Draws 0 .. 2^20 - 1 belong to the
 * sample alone. */
static inline double nn_transform_uniform(const nn_transform_sample *sample, uint32_t draw)
{
    return nn_random_uniform(sample->stream, (sample->sample << 20) + draw);
}
static inline double nn_transform_normal(const nn_transform_sample *sample, uint32_t draw)
{
    return nn_random_normal(sample->stream, (sample->sample << 20) + draw);
}

/* A microbatch being transformed: samples x input_values, and samples x target_values (soft targets for
 * classes: samples x classes, rows that sum to 1). */
typedef struct nn_transform_batch {
    int64_t samples, input_values, target_values;
    nn_real *inputs, *targets;
    nn_real *scratch; /* room for samples x (input_values + target_values) */
    nn_random stream;
    const int64_t *numbers; /* sample numbers in their part */
} nn_transform_batch;

typedef struct nn_transform_type {
    const char *name;
    const char *summary; /* one line for help */
    const char *example; /* YAML list entry that is valid for 8 x 8 x 3 values */
    const nn_option *options;
    size_t options_size;
    bool moves; /* values change places, so targets per step or pixel would no longer fit */
    /* Fails, saying why, unless the transform can be applied to samples of the shape. */
    nn_status (*check)(const void *options, nn_shape shape);
    /* Re-entrant; cannot fail; exactly one of the two is set. Values that move in from outside are 0, the
     * mean of standardised data. */
    void (*apply)(const void *options, const nn_transform_sample *sample);
    void (*mix)(const void *options, const nn_transform_batch *batch);
} nn_transform_type;

/* All transforms, NULL-terminated, for their names, options and checks. The functions that compute are taken
 * from the list of the precision in use, by the same index. */
const nn_transform_type *const *nn_transform_types(void);
const nn_transform_type *const *nn_transform_types_of(nn_scalar scalar);
int nn_transform_find(const char *name); /* an index; -1: no such transform */

/* Adds a transform of a plug-in, whose name is not taken, to those of its precision, and then the same to the
 * other; borrowed for the life of the process. */
nn_status nn_transform_register(nn_scalar scalar, const nn_transform_type *type);

/* A transform with the user's options. */
typedef struct nn_transform {
    int type;      /* an index into nn_transform_types */
    void *options; /* owned */
} nn_transform;

/* The most transforms per input. */
#define NN_TRANSFORMS 16

#endif
