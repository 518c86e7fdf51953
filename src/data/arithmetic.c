/* The table of data for one precision. */
#include "data/arithmetic.h"

#include "data/dataset_internal.h"

#define NN_TRANSFORM(name) extern const nn_transform_type nn_transform_##name;
#include "data/transform_list.h"
#undef NN_TRANSFORM

#define NN_TRANSFORM(name) &nn_transform_##name,
static const nn_transform_type *const transforms[] = {
#include "data/transform_list.h"
    NULL};

const nn_data_arithmetic NN_REAL_SYMBOL(nn_data_arithmetic) = {
    .transforms = transforms,
    .gather = nn_gather_values,
};
