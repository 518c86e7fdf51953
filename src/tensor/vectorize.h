/*
 * How the kernels become vector code: plain loops, compiled once per instruction set and selected when the
 * program is loaded. Every copy performs the same IEEE operations on an element (+ - * /, comparisons and
 * integer operations; no fused multiply-add, no library calls), so all give the same bits, and so does the
 * scalar remainder of a loop: an element's result does not depend on where an array starts or ends.
 */
#ifndef NN_TENSOR_VECTORIZE_H
#define NN_TENSOR_VECTORIZE_H

#include <stdint.h> /* defines __GLIBC__ where it applies */

/* NN_VECTORIZED: before the definition of a kernel. It needs the loader's ifunc, which does not work with
 * sanitizers. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__GLIBC__) &&                 \
    !defined(NN_SANITIZED)
#define NN_VECTORIZED __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define NN_VECTORIZED
#endif

/* NN_INLINE: a helper that is inlined into each copy of the kernel that calls it. */
#if defined(__GNUC__)
#define NN_INLINE static inline __attribute__((always_inline))
#else
#define NN_INLINE static inline
#endif

/* NN_INDEPENDENT: before a loop whose arrays are either the same or do not overlap. Without it the compiler
 * tests for overlap and takes the scalar loop if a kernel works in place. Sanitizers check each access, so
 * that nothing can be vectorised. */
#if defined(NN_SANITIZED)
#define NN_INDEPENDENT
#elif defined(__clang__)
#define NN_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define NN_INDEPENDENT _Pragma("GCC ivdep")
#else
#define NN_INDEPENDENT
#endif

#endif
