/* What a checkpoint keeps of a configuration for comparison, and the number that distinguishes the
 * checkpoints of one run from those of others. */
#ifndef NN_CONFIG_IDENTITY_H
#define NN_CONFIG_IDENTITY_H

#include "config/config.h"

/* Appends the resolved values, one per line: effect, path and value, separated by tabs. */
void nn_config_append_values(const nn_config *config, nn_text *lines);

/* A hash of such lines and of the data. All checkpoints of a run have the same one, even if it was resumed
 * with other options of speed and output or with more epochs; another seed, network or data set gives another
 * hash. The order of the lines does not matter. */
uint64_t nn_config_identity(const char *lines, uint64_t data_identity);

#endif
