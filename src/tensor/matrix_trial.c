/* A property of the BLAS library that can only be measured: whether it accumulates exactly. */
#include <string.h>

#include "base/memory.h"
#include "base/philox.h"
#include "tensor/matrix.h"

#define TRIAL_SEED UINT64_C(0x6e6e747261696e) /* any */
#define TRIAL_REMEMBERED 64

typedef struct trial_shape {
    nn_transpose transpose_a, transpose_b;
    int64_t rows, columns, inner;
} trial_shape;

typedef struct trial_answer {
    trial_shape shape;
    bool exact;
} trial_answer;

/* Operands of one product and both results, in one block. */
typedef struct trial_matrices {
    nn_real *a, *b, *sum, *accumulated;
} trial_matrices;

static bool trial_same_shape(trial_shape one, trial_shape other)
{
    return one.transpose_a == other.transpose_a && one.transpose_b == other.transpose_b &&
           one.rows == other.rows && one.columns == other.columns && one.inner == other.inner;
}

/* Uniform in [-1, 1), using all bits of a number. */
static void trial_fill(uint32_t purpose, int64_t count, nn_real *values)
{
    nn_random stream = {.seed = TRIAL_SEED, .purpose = purpose, .step = 0};
    for (int64_t i = 0; i < count; i++) values[i] = (nn_real)(2 * nn_random_uniform(stream, (uint64_t)i) - 1);
}

static void trial_product(trial_shape shape, const trial_matrices *matrices, bool accumulate, nn_real *c)
{
    int64_t lda = shape.transpose_a == NN_TRANSPOSED ? shape.rows : shape.inner;
    int64_t ldb = shape.transpose_b == NN_TRANSPOSED ? shape.inner : shape.columns;
    nn_matrix_product(shape.transpose_a, shape.transpose_b, shape.rows, shape.columns, shape.inner,
                      matrices->a, lda, matrices->b, ldb, accumulate, c, shape.columns);
}

/* Starting from the same C, computes C + (A B) in `sum` and lets BLAS accumulate in `accumulated`; compares
 * the bits. */
static bool trial_compare(trial_shape shape, const trial_matrices *matrices)
{
    int64_t count = shape.rows * shape.columns;
    trial_fill(1, shape.rows * shape.inner, matrices->a);
    trial_fill(2, shape.inner * shape.columns, matrices->b);
    trial_fill(3, count, matrices->accumulated);
    trial_product(shape, matrices, false, matrices->sum);
    for (int64_t i = 0; i < count; i++) matrices->sum[i] += matrices->accumulated[i];
    trial_product(shape, matrices, true, matrices->accumulated);
    return memcmp(matrices->sum, matrices->accumulated, (size_t)count * sizeof(nn_real)) == 0;
}

static bool trial_accumulates_exactly(trial_shape shape)
{
    int64_t count_a = shape.rows * shape.inner;
    int64_t count_b = shape.inner * shape.columns;
    int64_t count_c = shape.rows * shape.columns;
    nn_real *block;
    if (NN_ALLOCATE(&block, count_a + count_b + 2 * count_c, "a trial of the BLAS library") != NN_OK) {
        nn_error_clear();
        return false;
    }
    trial_matrices matrices = {.a = block,
                               .b = block + count_a,
                               .sum = block + count_a + count_b,
                               .accumulated = block + count_a + count_b + count_c};
    bool exact = trial_compare(shape, &matrices);
    nn_free(block);
    return exact;
}

bool nn_matrix_accumulates_exactly(nn_transpose transpose_a, nn_transpose transpose_b, int64_t rows,
                                   int64_t columns, int64_t inner)
{
    static trial_answer answers[TRIAL_REMEMBERED];
    static int64_t asked;
    trial_shape shape = {transpose_a, transpose_b, rows, columns, inner};
    int64_t remembered = asked < TRIAL_REMEMBERED ? asked : TRIAL_REMEMBERED;
    for (int64_t i = 0; i < remembered; i++) {
        if (trial_same_shape(answers[i].shape, shape)) return answers[i].exact;
    }
    trial_answer *answer = &answers[asked++ % TRIAL_REMEMBERED];
    answer->shape = shape;
    answer->exact = trial_accumulates_exactly(shape);
    return answer->exact;
}
