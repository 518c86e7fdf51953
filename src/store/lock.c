/* The single lock around HDF5, and the end of the library. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "store/store_internal.h"

static pthread_once_t lock_once = PTHREAD_ONCE_INIT;
static pthread_mutex_t lock_mutex;
static atomic_bool lock_left_open;
static _Thread_local int lock_depth;

void nn_store_note_close(herr_t outcome)
{
    if (outcome < 0) atomic_store(&lock_left_open, true);
}

/* HDF5's own exit handler would close everything still open, including malformed files, and might crash after
 * the program has printed its error. This one leaves such objects to the system: we have no unwritten data in
 * them. */
static void lock_close_library(void)
{
    if (!atomic_load(&lock_left_open)) H5close();
}

/* Recursive: public functions call one another, and so do visitors. */
static void lock_make(void)
{
    pthread_mutexattr_t kind;
    pthread_mutexattr_init(&kind);
    pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&lock_mutex, &kind);
    pthread_mutexattr_destroy(&kind);
    H5dont_atexit();
    atexit(lock_close_library);
}

void nn_store_lock_only(void)
{
    pthread_once(&lock_once, lock_make);
    pthread_mutex_lock(&lock_mutex);
    if (lock_depth++ == 0) nn_store_driver_forget();
}

void nn_store_lock(void)
{
    nn_store_lock_only();
    nn_store_silence_hdf5();
}

void nn_store_unlock(void)
{
    lock_depth--;
    pthread_mutex_unlock(&lock_mutex);
}

nn_status nn_store_unlocked(nn_status status)
{
    nn_store_unlock();
    return status;
}
