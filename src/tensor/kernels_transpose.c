/* The transpose of a matrix. */
#include "tensor/kernels.h"
#include "tensor/vectorize.h"

/* Rows and columns of a block: what it reads and writes stays in the nearest cache. */
#define TRANSPOSE_BLOCK 16

NN_VECTORIZED
void nn_transpose_matrix(int64_t rows, int64_t columns, const nn_real *from, nn_real *to)
{
    for (int64_t row = 0; row < rows; row += TRANSPOSE_BLOCK) {
        int64_t high = rows - row < TRANSPOSE_BLOCK ? rows - row : TRANSPOSE_BLOCK;
        for (int64_t column = 0; column < columns; column++) {
            NN_INDEPENDENT
            for (int64_t r = 0; r < high; r++)
                to[column * rows + row + r] = from[(row + r) * columns + column];
        }
    }
}
