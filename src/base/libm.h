/*
 * The functions of the C library whose last bit no standard fixes: another version of the library, or the
 * same one on another CPU, may round differently. Whatever depends on them must declare it (`libm` of
 * plug-ins), and their results are compared before ranks, or an earlier job and a later one, take part in the
 * same run.
 */
#ifndef NN_BASE_LIBM_H
#define NN_BASE_LIBM_H

#include <stdint.h>

enum { NN_LIBM_EXP = 1, NN_LIBM_LOG = 2, NN_LIBM_POW = 4, NN_LIBM_COS = 8, NN_LIBM_SIN = 16 };
#define NN_LIBM_FUNCTIONS 5

/* Function `index` of these: its name, and a hash of its results for enough arguments that two
 * implementations differ in some. */
const char *nn_libm_name(int index);
uint64_t nn_libm_hash(int index);

#endif
