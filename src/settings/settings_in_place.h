/* The section data.in_place, and what a configuration with it cannot have. */
#ifndef NN_SETTINGS_SETTINGS_IN_PLACE_H
#define NN_SETTINGS_SETTINGS_IN_PLACE_H

#include "settings/settings.h"

/* Reads data.in_place of the section `data`, and refuses the other keys of that section, but `fields`.
 * Problems are collected. */
void nn_settings_read_in_place(nn_config *config, nn_config_node *data, nn_data_options *options);

/* The learning-rate schedule where none is configured. */
const char *nn_settings_default_schedule(const nn_data_options *data);

/* Collects what the other sections ask for and training in place has not, such as epochs; and what it needs.
 * Does nothing without data.in_place. */
void nn_settings_check_in_place(nn_config *config, nn_config_node *root, const nn_settings *settings);

#endif
