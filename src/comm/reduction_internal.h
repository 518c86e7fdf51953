/* Shared by the two kinds of reduction. */
#ifndef NN_COMM_REDUCTION_INTERNAL_H
#define NN_COMM_REDUCTION_INTERNAL_H

#include <mpi.h>

#include "comm/messages.h"
#include "comm/reduction.h"
#include "comm/reduction_plan.h"

/* How a kind of reduction does each part of a step. */
typedef struct nn_reduction_kind {
    nn_status (*create)(nn_reduction *reduction); /* collective; sets `state`, `weights`, `partials` */
    void (*destroy)(nn_reduction *reduction);     /* collective; also after a failed create */
    nn_status (*begin)(nn_reduction *reduction);  /* `leaves` is set */
    nn_status (*start)(nn_reduction *reduction, int64_t bucket);
    nn_status (*progress)(nn_reduction *reduction, bool *summed);
    int (*copy_of)(const nn_reduction *reduction, int rank); /* NULL: every rank has its own weights */
    nn_status (*claim)(nn_reduction *reduction);
    nn_status (*share_begin)(nn_reduction *reduction);
    nn_status (*share_finish)(nn_reduction *reduction);
} nn_reduction_kind;

struct nn_reduction {
    const nn_reduction_kind *kind;
    nn_comm *comm;  /* borrowed */
    MPI_Comm group; /* the job's ranks, for messages of this reduction only */
    nn_reduction_arithmetic arithmetic;
    nn_reduction_hooks hooks;
    char *scratch; /* of the sums in progress, by thread */
    nn_reduction_plan plan;
    void *state;
    char *weights;                        /* `count` values, */
    char *partials;                       /* and the partials, `stride` bytes apart */
    const nn_reduction_leaf_plan *leaves; /* for this step */
    int64_t unstarted;                    /* buckets [0, unstarted) have not been started in this step */
    bool summing;                         /* between begin and finish */
    bool writing;                         /* between claim and share_begin */
};

/* Sums the values of a slice, block by block on the caller's threads, to `sum`; the addresses are those of
 * the slice's first value; sources NULL: nothing is left to add. Where that completes the sum, `completes`,
 * the hook is called for each block. */
void nn_reduction_sum(nn_reduction *reduction, const nn_reduction_slice *slice, const char *const *sources,
                      char *sum, bool completes);

extern const nn_reduction_kind nn_reduction_exact, nn_reduction_mpi;

#endif
