/* What a checkpoint keeps of a configuration for comparison, and the number by which the checkpoints of one
 * run are told from those of others. */
#ifndef NN_CONFIG_IDENTITY_H
#define NN_CONFIG_IDENTITY_H

#include "config/config.h"

/* Appends the resolved values, one a line: effect, path, value, with tabs between them. */
void nn_config_append_values(const nn_config *config, nn_text *lines);

/* Of such lines and of the data: a run's checkpoints have the same one, also when it was resumed with other
 * options of speed and output, or with more epochs; another seed, network or data set gives another. The
 * order of the lines does not matter. */
uint64_t nn_config_identity(const char *lines, uint64_t data_identity);

#endif
