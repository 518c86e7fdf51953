/* The list of transforms under data.fields.x.augment. */
#ifndef NN_SETTINGS_SETTINGS_AUGMENT_H
#define NN_SETTINGS_SETTINGS_AUGMENT_H

#include "config/config.h"
#include "data/transform.h"

/* Reads [flip, {shift: 2}, {mixup: {alpha: 0.2}}], or one of these without a list, into `transforms`, which
 * has room for NN_TRANSFORMS (the transforms of an nn_augment, which the caller releases in any case). list:
 * NULL for none. path: "data.fields.x.augment". Problems are collected in `config`. */
void nn_settings_read_augment(nn_config *config, nn_config_node *list, const char *path,
                              nn_transform *transforms, int *count);

#endif
