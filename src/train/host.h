/*
 * What a run changes in the program that it is a part of, and puts back: the threads of BLAS, whether OpenMP
 * starts fewer threads under load, the floating-point environment of its threads, the decimal point, how HDF5
 * prints errors, and who speaks.
 */
#ifndef NN_TRAIN_HOST_H
#define NN_TRAIN_HOST_H

#include "comm/comm.h"
#include "host/surroundings.h"
#include "store/store.h"

typedef struct nn_host {
    int blas_threads, dynamic;
    bool speaks;
    nn_store_printing printing;
    nn_surroundings surroundings;
} nn_host;

/* Keeps what is there, and lets the ranks speak that nn_set_log_ranks has chosen. */
void nn_host_enter(nn_comm *comm, nn_host *host);
/* For a call that continues what an earlier one has set up: BLAS and OpenMP as they were then. */
void nn_host_resume(nn_comm *comm, nn_host *host);
void nn_host_leave(const nn_host *host);

#endif
