/* Copies operands to the form that a kernel set reads (nn_tile_operands in tensor/tile.h). */
#ifndef NN_TENSOR_TILE_PACK_H
#define NN_TENSOR_TILE_PACK_H

#include "tensor/tile.h"

/* The address of value `offset` of a product's A. */
const nn_real *nn_tile_operand_at(nn_tile_operands operands, const nn_real *a, int64_t offset);

/* Number of rows of a panel, or of B in a gradient, that `terms` terms of one run or line take. */
int64_t nn_tile_pack_height(nn_tile_operands operands, int64_t terms);

/* A of a product: rows x columns values; the rows are ld apart, and ld_to values of the result. */
void nn_tile_pack_rows(nn_tile_operands operands, int64_t rows, int64_t columns, const nn_real *from,
                       int64_t ld, nn_real *to, int64_t ld_to);

/* A of a gradient: `count` values, where value i + step is at the position after that of value i; values
 * from `count` on count as 0. The result has `count` values too; it must not overlap `from`. */
void nn_tile_pack_positions(nn_tile_operands operands, int64_t count, int64_t step, const nn_real *from,
                            nn_real *to);

/* The rows of a panel that belong to one run of a product, or B of a gradient for one line: terms x columns
 * values, of which neighbours are step_term and step_column apart. A row of the result has `width` values,
 * zeros after the last column. */
void nn_tile_pack_panel(nn_tile_operands operands, int64_t terms, int64_t columns, int64_t width,
                        const nn_real *from, int64_t step_term, int64_t step_column, nn_real *to);

#endif
