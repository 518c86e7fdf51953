/*
 * Sums of products on tiles that are held in registers: the kernels of convolutions. Weights come packed in
 * panels of a few vectors of columns.
 *
 * Each element of a result is one chain of fused multiply-adds in the order of its terms: it has the same
 * bits for every kernel set, for every number of rows, and wherever a tile begins. A CPU without fused
 * multiply-add instructions takes them from the C library: the same bits, slowly.
 */
#ifndef NN_TENSOR_TILE_H
#define NN_TENSOR_TILE_H

#include <stdint.h>

#include "base/real.h"

/* A panel has at most this many vectors of columns. */
#define NN_TILE_VECTORS 2

/* A stretch of values beside each other. */
typedef struct nn_tile_run {
    int64_t offset, length;
} nn_tile_run;

/* C = first + A B, row by row. Row r of A: the runs, one behind the other, of a + r x lda. B is a panel: a
 * row of what the sums begin with, then one row for each value of the runs; its rows are whole vectors. */
typedef struct nn_tile_product {
    int64_t rows, lda, ldc;
    int64_t columns; /* of C: at most a panel's */
    int run_count;
    const nn_tile_run *runs;
    const nn_real *a, *panel;
    nn_real *c;
} nn_tile_product;

/* C += A^T B over `lines` x `length` positions. Position (i, p) of A: a + i x line_a + p x lda, and of B in
 * the same way. Row r of C is of the value at offsets[r] from there in A, or of the value at r where offsets
 * is NULL. Each call sums from 0 and adds that to C. */
typedef struct nn_tile_gradient {
    int64_t lines, length;
    int64_t line_a, lda, line_b, ldb, ldc;
    int64_t rows, columns; /* of C; columns at most a panel's */
    const int64_t *offsets;
    const nn_real *a, *b;
    nn_real *c;
} nn_tile_gradient;

/* Both have a channelwise form, for weights that see one channel each; `columns` is then any number of
 * channels.
 *
 * product: C[r][c] = panel[0][c] + sum over runs t of a[r x lda + runs[t].offset + c] x panel[1 + t][c]; rows
 * of the panel are `columns` values; the lengths of runs do not matter.
 *
 * gradient: C[t][c] += sum over positions of a[position + offsets[t] + c] x b[position + c]. */
typedef struct nn_tile_kernels {
    const char *name;
    int64_t lanes; /* values in a vector */
    int64_t rows;  /* of the tallest tile */
    void (*product)(const nn_tile_product *call);
    void (*gradient)(const nn_tile_gradient *call);
    void (*channel_product)(const nn_tile_product *call);
    void (*channel_gradient)(const nn_tile_gradient *call);
} nn_tile_kernels;

/* Kernel set `index` of those that this CPU can run, the fastest first; NULL behind the last. */
const nn_tile_kernels *nn_tile_kernels_at(int index);

/* One set each; NULL where the compiler cannot make it. */
extern const nn_tile_kernels nn_tile_portable;
#if defined(__GNUC__) && defined(__x86_64__)
#define NN_TILE_X86
extern const nn_tile_kernels nn_tile_avx2, nn_tile_avx512;
#endif

#endif
