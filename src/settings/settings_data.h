/* The section data of a configuration. */
#ifndef NN_SETTINGS_SETTINGS_DATA_H
#define NN_SETTINGS_SETTINGS_DATA_H

#include "config/config.h"
#include "data/dataset.h"

/* Problems are collected in `config`. Release the options in any case. */
void nn_settings_read_data(nn_config *config, nn_config_node *root, nn_data_options *data);

#endif
