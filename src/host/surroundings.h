/*
 * What a program around the library may have set in a thread, and what results would depend on: how
 * floating-point numbers are rounded, which of their exceptions trap, whether denormals count as zero, and
 * the decimal point of texts. Each function that computes for such a program works in the default state, and
 * leaves the program's, flags of exceptions included.
 */
#ifndef NN_HOST_SURROUNDINGS_H
#define NN_HOST_SURROUNDINGS_H

#include <fenv.h>
#include <locale.h>

/* For calls that take long. */
typedef struct nn_surroundings {
    fenv_t floats;
    locale_t locale;
} nn_surroundings;

void nn_surroundings_enter(nn_surroundings *before);
void nn_surroundings_leave(const nn_surroundings *before);

/* For calls that take microseconds: the arithmetic of float and double alone. */
typedef struct nn_float_mode {
#ifdef __SSE2__
    unsigned control;
#else
    fenv_t floats;
#endif
} nn_float_mode;

void nn_float_mode_enter(nn_float_mode *before);
void nn_float_mode_leave(const nn_float_mode *before);

/* For a thread of the library's own: the decimal point of texts is that of C. */
void nn_surroundings_plain_texts(void);

#endif
