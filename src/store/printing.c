/* HDF5's printing of errors, and its stack of them: switched off in this library, and restored for the
 * program around it. */
#include "store/store_internal.h"

/* HDF5 has one error stack per thread if it was built to be thread-safe, otherwise a single one. */
static _Thread_local bool printing_is_off;

void nn_store_silence_hdf5(void)
{
    if (!printing_is_off) H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    printing_is_off = true;
}

/* A program may have set a function of version 1 of HDF5's error interface. */
static bool printing_is_new(void)
{
    unsigned is_new = 1;
    H5Eauto_is_v2(H5E_DEFAULT, &is_new);
    return is_new != 0;
}

void nn_store_printing_keep(nn_store_printing *printing)
{
    nn_store_lock_only();
    *printing = (nn_store_printing){.errors = H5Eget_current_stack()}; /* first: other calls clear it */
    printing->is_new = printing_is_new();
    if (printing->is_new) {
        H5E_auto2_t print = NULL;
        printing->known = H5Eget_auto2(H5E_DEFAULT, &print, &printing->data) >= 0;
        printing->print = (void (*)(void))print;
    }
#ifndef H5_NO_DEPRECATED_SYMBOLS
    else {
        H5E_auto1_t print = NULL;
        printing->known = H5Eget_auto1(&print, &printing->data) >= 0;
        printing->print = (void (*)(void))print;
    }
#endif
    nn_store_unlock();
}

void nn_store_printing_restore(const nn_store_printing *printing)
{
    nn_store_lock_only();
    printing_is_off = false;
    if (printing->known && printing->is_new)
        H5Eset_auto2(H5E_DEFAULT, (H5E_auto2_t)printing->print, printing->data);
#ifndef H5_NO_DEPRECATED_SYMBOLS
    else if (printing->known)
        H5Eset_auto1((H5E_auto1_t)printing->print, printing->data);
#endif
    if (printing->errors >= 0) H5Eset_current_stack(printing->errors); /* last: other calls clear it */
    nn_store_unlock();
}
