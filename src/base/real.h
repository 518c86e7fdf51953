/*
 * The scalar type of weights and arithmetic.
 *
 * Code that computes on values is compiled twice, with NN_REAL_FLOAT and with NN_REAL_DOUBLE, under the same
 * names. The linker then joins each half into one object and hides all its names except those of its tables
 * of functions, which include the precision (NN_REAL_SYMBOL). Everything else is compiled once. There nn_real
 * is an incomplete type: such code passes values on and reaches the arithmetic through the tables; a line
 * that computes on values does not compile.
 *
 * In code that is compiled twice NN_SCALAR_REAL is its own precision: for functions that take one, such as
 * nn_initializer_find.
 */
#ifndef NN_BASE_REAL_H
#define NN_BASE_REAL_H

#include <stddef.h>
#include <string.h>

typedef enum nn_scalar { NN_SCALAR_F32, NN_SCALAR_F64, NN_SCALARS } nn_scalar;

#if defined(NN_REAL_DOUBLE)
typedef double nn_real;
#define NN_REAL_SYMBOL(name) name##_f64
#define NN_SCALAR_REAL NN_SCALAR_F64
#elif defined(NN_REAL_FLOAT)
typedef float nn_real;
#define NN_REAL_SYMBOL(name) name##_f32
#define NN_SCALAR_REAL NN_SCALAR_F32
#else
typedef struct nn_real nn_real;
#endif

/* "float32" and "float64". */
static inline const char *nn_scalar_name(nn_scalar scalar)
{
    return scalar == NN_SCALAR_F64 ? "float64" : "float32";
}

/* From such a name; float32 where it is another. */
static inline nn_scalar nn_scalar_named(const char *name)
{
    return strcmp(name, "float64") == 0 ? NN_SCALAR_F64 : NN_SCALAR_F32;
}

/* Bytes per value. */
static inline unsigned nn_scalar_size(nn_scalar scalar)
{
    return scalar == NN_SCALAR_F64 ? 8u : 4u;
}

/* The address of value `index` of an array, for code that is compiled once. */
static inline nn_real *nn_scalar_at(nn_scalar scalar, const nn_real *values, size_t index)
{
    return (nn_real *)((char *)(size_t)values + index * nn_scalar_size(scalar));
}

/* Value `index` of an array read, or rounded and stored, by code that is compiled once: for a few values, not
 * for arithmetic. */
static inline double nn_scalar_get(nn_scalar scalar, const nn_real *values, size_t index)
{
    const void *all = values;
    return scalar == NN_SCALAR_F64 ? ((const double *)all)[index] : (double)((const float *)all)[index];
}

static inline void nn_scalar_put(nn_scalar scalar, nn_real *values, size_t index, double value)
{
    void *all = values;
    if (scalar == NN_SCALAR_F64)
        ((double *)all)[index] = value;
    else
        ((float *)all)[index] = (float)value;
}

#endif
