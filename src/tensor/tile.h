/*
 * Sums of products on tiles held in registers: the kernels of convolutions. Weights are packed in panels of a
 * few vectors of columns.
 *
 * Each element of a result is one chain of fused multiply-adds in the order of its terms: it has the same
 * bits for every kernel set, number of rows and position of the tiles. On a CPU without fused multiply-add
 * instructions, the C library computes them: the same bits, slowly.
 */
#ifndef NN_TENSOR_TILE_H
#define NN_TENSOR_TILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/real.h"

/* A panel has at most this many vectors of columns. */
#define NN_TILE_VECTORS 2

/* A run of contiguous values. */
typedef struct nn_tile_run {
    int64_t offset, length;
} nn_tile_run;

/* C = first + A B, row by row. Row r of A consists of the runs, relative to a + r x lda. B is a panel: a row
 * of initial values of the sums, then one row per value of the runs; its rows are full vectors. With `add`, C
 * += A B: the sums start from 0 and are then added to C; initial values are not read. */
typedef struct nn_tile_product {
    int64_t rows, lda, ldc;
    int64_t columns; /* of C: at most a panel's */
    int run_count;
    bool add;
    const nn_tile_run *runs;
    const nn_real *a, *panel;
    nn_real *c;
} nn_tile_product;

/* C += A^T B, or with `replace` C = A^T B, over `lines` x `length` positions. Position (i, p) of A is at a +
 * i x line_a + p x lda, and likewise for B. Row r of C belongs to the value of A at offsets[r] from there, or
 * at r if offsets is NULL. Each call sums from 0; the sum is then added to C, or replaces it. */
typedef struct nn_tile_gradient {
    int64_t lines, length;
    int64_t line_a, lda, line_b, ldb, ldc;
    int64_t rows, columns; /* of C; columns at most a panel's */
    bool replace;
    const int64_t *offsets;
    const nn_real *a, *b;
    nn_real *c;
} nn_tile_gradient;

/* Both have a channelwise form, for weights that apply to one channel each; `columns` is then any number of
 * channels.
 *
 * product: C[r][c] = panel[0][c] + sum over runs t of a[r x lda + runs[t].offset + c] x panel[1 + t][c]; rows
 * of the panel have `columns` values; the lengths of the runs and `add` are ignored.
 *
 * gradient: C[t][c] += sum over positions of a[position + offsets[t] + c] x b[position + c];
 * `replace` is ignored. */
typedef struct nn_tile_kernels {
    const char *name;
    int64_t lanes; /* values per vector */
    int64_t rows;  /* maximum height of a tile */
    void (*product)(const nn_tile_product *call);
    void (*gradient)(const nn_tile_gradient *call);
    void (*channel_product)(const nn_tile_product *call);
    void (*channel_gradient)(const nn_tile_gradient *call);
} nn_tile_kernels;

/* Kernel set `index` of those that this CPU can run, fastest first; NULL after the last. */
const nn_tile_kernels *nn_tile_kernels_at(int index);

/* The kernel sets. */
extern const nn_tile_kernels nn_tile_portable;
#if defined(__GNUC__) && defined(__x86_64__)
#define NN_TILE_X86
extern const nn_tile_kernels nn_tile_avx2, nn_tile_avx512;
#endif

#endif
