/* Functions of a file of their own: a compiler would move arithmetic across the change of the mode. */
#include "host/surroundings.h"

#ifdef __SSE2__
#include <xmmintrin.h>

/* MXCSR: all exceptions masked and none raised, rounding to nearest, denormals kept. */
#define FLOAT_MODE_DEFAULT 0x1f80

void nn_float_mode_enter(nn_float_mode *before)
{
    before->control = _mm_getcsr();
    _mm_setcsr(FLOAT_MODE_DEFAULT);
}

void nn_float_mode_leave(const nn_float_mode *before)
{
    _mm_setcsr(before->control);
}

#else

void nn_float_mode_enter(nn_float_mode *before)
{
    fegetenv(&before->floats);
    fesetenv(FE_DFL_ENV);
}

void nn_float_mode_leave(const nn_float_mode *before)
{
    fesetenv(&before->floats);
}

#endif

void nn_surroundings_plain_texts(void)
{
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0); /* allocates nothing in the C library of GNU */
    if (plain) uselocale(plain);
}

void nn_surroundings_enter(nn_surroundings *before)
{
    fegetenv(&before->floats);
    fesetenv(FE_DFL_ENV);
#ifdef __SSE2__
    _mm_setcsr(FLOAT_MODE_DEFAULT); /* FE_DFL_ENV leaves denormals flushed in older C libraries */
#endif
    before->locale = uselocale((locale_t)0);
    nn_surroundings_plain_texts();
}

void nn_surroundings_leave(const nn_surroundings *before)
{
    uselocale(before->locale);
    fesetenv(&before->floats);
}
