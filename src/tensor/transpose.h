/* Copies a matrix transposed. */
#ifndef NN_TENSOR_TRANSPOSE_H
#define NN_TENSOR_TRANSPOSE_H

#include <stdint.h>

#include "base/real.h"

/* to[c x ldt + r] = from[r x ld + c] for r < rows, c < columns; the arrays must not overlap. */
void nn_transpose_copy(int64_t rows, int64_t columns, const nn_real *from, int64_t ld, nn_real *to,
                       int64_t ldt);

#endif
