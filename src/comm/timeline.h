/*
 * How long a step takes with its communication: a forecast for a job of any size, computed by one process.
 *
 * The buckets of a rank take the ways that they would take in the job (comm/route.h), between stretches of
 * compute of given length. It is assumed that all ranks do the same at the same time: what a rank sends takes
 * as long as what it receives, and nobody is late. A message of TIMELINE_RENDEZVOUS bytes or more starts when
 * its receiver makes progress after it has been announced; a smaller one starts at once. A node sends one
 * large message after another, at the rate of its link, which its ranks share; both directions are separate.
 * Sums and copies take the time of their reads and writes.
 */
#ifndef NN_COMM_TIMELINE_H
#define NN_COMM_TIMELINE_H

#include "comm/comm.h"
#include "comm/reduction_layout.h"

/* What a node has. */
typedef struct nn_timeline_node {
    double rate;    /* bytes per second of its link, in each direction */
    double latency; /* seconds that a message takes in addition */
    double memory;  /* bytes per second that all its ranks together read and write */
} nn_timeline_node;

/* A stretch of compute, after which the rank makes progress. */
typedef struct nn_timeline_stop {
    double seconds;
    int layer;      /* the first, for the caller */
    int64_t bucket; /* forward: awaited, with all before, before it; backward: started after it; -1: none */
    size_t merged;  /* bytes that all ranks merge along the tree before it (step/exchange.h) */
} nn_timeline_stop;

/* All borrowed. */
typedef struct nn_timeline_call {
    nn_ranks ranks; /* the forecast is for ranks.rank */
    const nn_reduction_layout *layout;
    nn_reduction_mode mode;
    nn_timeline_node node;
    const nn_timeline_stop *forward, *backward; /* in the order of the step */
    int forward_count, backward_count;
} nn_timeline_call;

/* Seconds, of a step. */
typedef struct nn_timeline {
    double step;    /* from one step to the next, without the optimizer */
    double compute; /* of all stops */
    double passing; /* during which some bucket is on its way */
    double waiting; /* for buckets, and in the agreement of the step */
    double merging; /* of what all ranks merge */
    double wire;    /* that the link of a node takes for its bytes, in one direction */
} nn_timeline;

nn_status nn_timeline_forecast(const nn_timeline_call *call, nn_timeline *timeline);

#endif
