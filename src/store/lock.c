/* The one lock around HDF5. */
#include <pthread.h>

#include "store/internal.h"

static pthread_once_t lock_once = PTHREAD_ONCE_INIT;
static pthread_mutex_t lock_mutex;

/* Recursive: public functions call one another, and so do visitors. */
static void lock_make(void)
{
    pthread_mutexattr_t kind;
    pthread_mutexattr_init(&kind);
    pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&lock_mutex, &kind);
    pthread_mutexattr_destroy(&kind);
}

void nn_store_lock_only(void)
{
    pthread_once(&lock_once, lock_make);
    pthread_mutex_lock(&lock_mutex);
}

void nn_store_lock(void)
{
    nn_store_lock_only();
    nn_store_silence_hdf5();
}

void nn_store_unlock(void)
{
    pthread_mutex_unlock(&lock_mutex);
}

nn_status nn_store_unlocked(nn_status status)
{
    nn_store_unlock();
    return status;
}
