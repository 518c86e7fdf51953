/*
 * The engines of matrix products: how a layer multiplies. The bits of a result depend on the engine, and for
 * `blas` on the library and the CPU too.
 */
#ifndef NN_TENSOR_ENGINE_H
#define NN_TENSOR_ENGINE_H

#include <string.h>

typedef enum nn_engine {
    NN_ENGINE_BLAS,     /* the BLAS library, one call per microbatch (tensor/matrix.h) */
    NN_ENGINE_PORTABLE, /* ours: the same bits on every CPU and for any number of rows */
    NN_ENGINE_MIXED,    /* ours, with operands in bfloat16 and sums in float32 */
    NN_ENGINES
} nn_engine;

/* "blas", "portable" and "mixed-1": the names in checkpoints. The number of `mixed` identifies the order
 * of its sums. */
static inline const char *nn_engine_name(nn_engine engine)
{
    return engine == NN_ENGINE_MIXED ? "mixed-1" : engine == NN_ENGINE_PORTABLE ? "portable" : "blas";
}

/* From such a name; NN_ENGINES where it is another. */
static inline nn_engine nn_engine_named(const char *name)
{
    nn_engine engine = NN_ENGINE_BLAS;
    while (engine < NN_ENGINES && strcmp(name, nn_engine_name(engine)) != 0) engine++;
    return engine;
}

#endif
