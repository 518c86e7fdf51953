/* Shared by the two kinds of reduction. */
#ifndef NN_COMM_REDUCTION_INTERNAL_H
#define NN_COMM_REDUCTION_INTERNAL_H

#include <mpi.h>

#include "comm/messages.h"
#include "comm/reduction.h"
#include "comm/reduction_plan.h"

/* How a kind of reduction does each part of a step. */
typedef struct nn_reduction_kind {
    /* Sets `state`, `weights`, `partials`. Collective. */
    nn_status (*create)(nn_reduction *reduction, const nn_reduction_layout *layout);
    void (*destroy)(nn_reduction *reduction);    /* collective; also after a failed create */
    nn_status (*begin)(nn_reduction *reduction); /* `leaves` is set */
    nn_status (*start)(nn_reduction *reduction, int64_t bucket);
    nn_status (*progress)(nn_reduction *reduction); /* of the sum, and of the way back */
    bool (*is_summed)(const nn_reduction *reduction);
    bool (*is_passing)(const nn_reduction *reduction);       /* whether a bucket is on its way, up or down */
    int (*copy_of)(const nn_reduction *reduction, int rank); /* NULL: every rank has its own weights */
    nn_status (*claim)(nn_reduction *reduction);
    nn_status (*share_begin)(nn_reduction *reduction);
    /* The number of buckets, from the first, whose weights this rank can read. */
    int64_t (*shared)(const nn_reduction *reduction);
    bool (*has_shared)(const nn_reduction *reduction); /* has received all, and sent on what others need */
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
    nn_reduction_clock clock;
    bool passing; /* a bucket has been on its way since `passing_since` */
    double passing_since;
};

/* What is summed in a piece of a bucket. Addresses are those of the piece's first value. */
typedef struct nn_sum {
    const nn_fold *fold; /* of all sources; NULL: of one, or of none */
    const char *const *sources;
    char *to;
    bool halves;                         /* the one source has 2 bytes per value */
    bool copies;                         /* to = source, not += */
    bool rounds;                         /* to bfloat16, at last */
    const nn_reduction_slice *completes; /* the hook is called for the blocks of this slice; NULL: for none */
} nn_sum;

/* Sums a piece, block by block on the caller's threads. */
void nn_reduction_sum(nn_reduction *reduction, const nn_stretch *piece, const nn_sum *sum);

extern const nn_reduction_kind nn_reduction_exact, nn_reduction_mpi;

#endif
