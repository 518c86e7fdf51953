/* Augmentation: a list of transforms, applied to training samples in the order of the list. All functions are
 * re-entrant, and their results depend on (seed, epoch, sample numbers) alone. */
#ifndef NN_DATA_AUGMENT_H
#define NN_DATA_AUGMENT_H

#include <stdbool.h>

#include "data/transform.h"

/* Filled by nn_settings_read_augment. Zero-initialised: no augmentation. */
typedef struct nn_augment {
    int count;
    nn_transform transforms[NN_TRANSFORMS];
    int field; /* number of the input that is augmented: each input has its own random numbers */
} nn_augment;

void nn_augment_release(nn_augment *augment); /* frees the options and empties the list */

/* Fails unless all transforms accept samples of this shape. targets_mix: targets can be mixed, being values,
 * or classes under a loss that takes soft targets. The recorded text lists every problem, one per line. */
nn_status nn_augment_check(const nn_augment *augment, nn_shape shape, bool targets_mix);

/* Applies the transforms of single samples. values: those of one sample, changed in place; scratch: room for
 * as many. sample: its number in its part. */
void nn_augment_sample(const nn_augment *augment, uint64_t seed, int64_t epoch, int64_t sample,
                       nn_shape shape, nn_real *values, nn_real *scratch);

/* Whether a transform works on whole microbatches: class targets must then be softened first. */
bool nn_augment_mixes(const nn_augment *augment);

/* Applies the transforms of microbatches, after nn_augment_sample on each sample. Ignores batch->stream. */
void nn_augment_mix(const nn_augment *augment, uint64_t seed, int64_t epoch, const nn_transform_batch *batch);

/* Writes one-hot rows of soft targets, samples x classes, from labels. */
void nn_augment_soften(int64_t samples, int64_t classes, const int64_t *labels, nn_real *targets);

/* The inverse, for metrics: the class with the largest target in each row, the first on ties. */
void nn_augment_dominant(int64_t samples, int64_t classes, const nn_real *targets, int64_t *labels);

#endif
