/* The library that reads YAML and JSON. */
#ifndef NN_CONFIG_YAML_LIBRARY_H
#define NN_CONFIG_YAML_LIBRARY_H

#include "base/status.h"

/* Fails if the functions of libyaml come from another library, or in part: a program that calls nntrain may
 * have functions of the same names, which would be taken for these. */
nn_status nn_config_expect_library(void);

#endif
