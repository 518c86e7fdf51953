/* Compares the weights in checkpoints of two runs. */
#ifndef NN_DIFF_TENSORS_H
#define NN_DIFF_TENSORS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

/* Of the checkpoints of a step, which both have: whether the weights have the same bits; if not, appends the
 * names of the layers that differ, or that only one has, unless they are in shards. NN_ERROR_CHECKPOINT where
 * one is damaged. */
nn_status nn_tensors_compare(const char *run_a, const char *run_b, int64_t step, bool *same,
                             nn_text_list *layers);

#endif
