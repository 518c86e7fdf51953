/*
 * Augmentation: a list of transforms, applied to training samples in the order in which they are listed.
 * All functions are re-entrant, and what they do is a function of (seed, epoch, numbers of the samples).
 */
#ifndef NN_DATA_AUGMENT_H
#define NN_DATA_AUGMENT_H

#include <stdbool.h>

#include "data/transform.h"

/* Filled by nn_settings_read_augment. Zero-initialised: nothing is done to samples. */
typedef struct nn_augment {
    int count;
    nn_transform transforms[NN_TRANSFORMS];
    int field; /* number of the input that the list is for: each draws numbers of its own */
} nn_augment;

void nn_augment_release(nn_augment *augment); /* the options, and empties the list */

/* Whether all transforms fit samples of the shape, and targets that can be mixed: values, or classes under a
 * loss that takes soft targets. The failure's text has every problem, one a line. */
nn_status nn_augment_check(const nn_augment *augment, nn_shape shape, bool targets_mix);

/* Applies what works on single samples. values: of one sample, in place; scratch: as many values. sample: its
 * number in its part. */
void nn_augment_sample(const nn_augment *augment, uint64_t seed, int64_t epoch, int64_t sample,
                       nn_shape shape, nn_real *values, nn_real *scratch);

/* Whether something works on microbatches: targets that are classes must then be softened first. */
bool nn_augment_mixes(const nn_augment *augment);

/* Applies what works on microbatches, after nn_augment_sample on each of its samples. batch->stream is not
 * read. */
void nn_augment_mix(const nn_augment *augment, uint64_t seed, int64_t epoch, const nn_transform_batch *batch);

/* Rows of soft targets with 1 at the sample's class. */
void nn_augment_soften(int64_t samples, int64_t classes, const int64_t *labels, nn_real *targets);

/* The largest of each row, the first one on ties: the class that metrics compare with. */
void nn_augment_dominant(int64_t samples, int64_t classes, const nn_real *targets, int64_t *labels);

#endif
