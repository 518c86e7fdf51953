/*
 * Sums of products on tiles held in registers. Right operands are packed in panels of a few vectors of
 * columns.
 *
 * Each element of a result is one chain of fused multiply-adds in the order of its terms: it has the same
 * bits for every kernel set, number of rows and position of the tiles. On a CPU without fused multiply-add
 * instructions, the C library computes them: the same bits, slowly.
 *
 * In mixed precision operands are rounded to bfloat16 and sums are float32. The terms of a run, or of a line
 * of positions, are taken in pairs (0, 1), (2, 3), ..., the odd one first:
 *
 *     c = fma(a[2i], b[2i], fma(a[2i + 1], b[2i + 1], c))
 *
 * A last single term is a pair whose odd operands are 0. Denormal operands and results, those of `add` too,
 * count as 0 of their sign; a result is denormal if it is when rounded to 24 bits with any exponent. This is
 * what the instruction vdpbf16ps does (Intel 64 and IA-32 Architectures Software Developer's Manual, volume
 * 2), and the order of sums that is named mixed-1 (tensor/engine.h).
 */
#ifndef NN_TENSOR_TILE_H
#define NN_TENSOR_TILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/real.h"
#include "tensor/engine.h"

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

/* c = first + a B for one row: B is inner x columns, as it is stored, ldb values from row to row. The terms
 * are cut into chains of `chain`, which are added from left to right. first: NULL counts as zeros. */
typedef struct nn_tile_row {
    int64_t inner, columns, ldb, chain;
    const nn_real *a, *b, *first;
    nn_real *c;
} nn_tile_row;

/* How a kernel set reads A and B (tensor/tile_pack.h converts them). */
typedef enum nn_tile_operands {
    NN_TILE_PLAIN,
    NN_TILE_ROUNDED, /* mixed precision: rounded, but stored as nn_real */
    /* Mixed precision: in bfloat16. Product: `a` points to 16-bit values, which lda and the offsets of runs
     * count; a panel has one row of 32-bit pairs for two values of a run, the even one in the lower half.
     * Gradient: the element of A at position p is the pair of the values at p and p + 1, for every p; B has
     * one row of pairs for two positions of a line, and line_b and ldb count these pairs. */
    NN_TILE_PAIRS
} nn_tile_operands;

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
    nn_tile_operands operands;
    void (*product)(const nn_tile_product *call);
    void (*gradient)(const nn_tile_gradient *call);
    void (*row)(const nn_tile_row *call); /* NULL in mixed precision, like the next two */
    void (*channel_product)(const nn_tile_product *call);
    void (*channel_gradient)(const nn_tile_gradient *call);
} nn_tile_kernels;

/* Kernel set `index` of those that this CPU can run, fastest first; NULL after the last. The first call for
 * mixed precision, which has no sets in double, takes about a millisecond: it measures which is the fastest.
 */
const nn_tile_kernels *nn_tile_kernels_at(int index);
const nn_tile_kernels *nn_tile_mixed_at(int index);

/* The fastest set for an engine. */
const nn_tile_kernels *nn_tile_kernels_of(nn_engine engine);

/* For tests: makes `kernels` the set of mixed precision from now on; NULL: the fastest. */
void nn_tile_mixed_prefer(const nn_tile_kernels *kernels);

/* The kernel sets. */
extern const nn_tile_kernels nn_tile_portable, nn_tile_mixed_portable;
#if defined(__GNUC__) && defined(__aarch64__)
#define NN_TILE_NEON
extern const nn_tile_kernels nn_tile_neon;
#endif
#if defined(__GNUC__) && defined(__x86_64__)
#define NN_TILE_X86
extern const nn_tile_kernels nn_tile_avx2, nn_tile_avx512, nn_tile_mixed_avx2, nn_tile_mixed_avx512;
#if defined(__has_include)
#if __has_include(<avx512bf16intrin.h>)
#define NN_TILE_BF16 /* the compiler knows AVX512_BF16 */
extern const nn_tile_kernels nn_tile_mixed_bf16;
#endif
#endif
#endif

#endif
