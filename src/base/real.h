/*
 * The scalar type. tensor, nn, optim, data, model and train are compiled twice, for float and for double;
 * their external names carry a suffix, so that both live in one program: a header that declares nn_foo says
 * `#define nn_foo NN_REAL_SYMBOL(nn_foo)` first, and all code then says nn_foo.
 */
#ifndef NN_BASE_REAL_H
#define NN_BASE_REAL_H

#ifdef NN_REAL_DOUBLE
typedef double nn_real;
#define NN_REAL_SYMBOL(name) name##_f64
#define NN_REAL_NAME "float64"
#else
typedef float nn_real;
#define NN_REAL_SYMBOL(name) name##_f32
#define NN_REAL_NAME "float32"
#endif

/* What the folders that know bytes but not arithmetic need to hear about nn_real. */
typedef enum nn_scalar { NN_SCALAR_F32, NN_SCALAR_F64 } nn_scalar;

#ifdef NN_REAL_DOUBLE
#define NN_SCALAR_REAL NN_SCALAR_F64
#else
#define NN_SCALAR_REAL NN_SCALAR_F32
#endif

static inline unsigned nn_scalar_size(nn_scalar scalar)
{
    return scalar == NN_SCALAR_F64 ? 8u : 4u;
}

#endif
