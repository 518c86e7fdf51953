/* The part of data that is compiled once per precision. */
#ifndef NN_DATA_ARITHMETIC_H
#define NN_DATA_ARITHMETIC_H

#include "data/dataset.h"

typedef struct nn_data_arithmetic {
    const nn_transform_type *const *transforms; /* NULL-terminated, from transform_list.h */

    /* nn_dataset_gather, for data sets opened with this precision. */
    void (*gather)(const nn_dataset *dataset, nn_part part, nn_data_span span, bool training,
                   const nn_gathered *gathered);
} nn_data_arithmetic;

/* The table of a precision. */
extern const nn_data_arithmetic nn_data_arithmetic_f32, nn_data_arithmetic_f64;

static inline const nn_data_arithmetic *nn_data_arithmetic_of(nn_scalar scalar)
{
    return scalar == NN_SCALAR_F64 ? &nn_data_arithmetic_f64 : &nn_data_arithmetic_f32;
}

#endif
