/*
 * How much more memory a process may use: what the machine has left, what the control group of the job allows
 * (cgroup 2, or the memory controller of cgroup 1), and the limit of its address space. Linux only; elsewhere
 * there are no limits.
 */
#ifndef NN_BASE_MEMORY_LIMITS_H
#define NN_BASE_MEMORY_LIMITS_H

#include <stddef.h>

/* In bytes; HUGE_VAL means no limit. */
typedef struct nn_memory_limits {
    double available;   /* on the machine, without swapping */
    double group_limit; /* of the control group, or of the group above it that leaves the least */
    double group_used;  /* in that group, without reclaimable file pages */
    double address;     /* RLIMIT_AS of this process */
    double group_least; /* lowest limit of the control group and those above it, regardless of usage */
} nn_memory_limits;

/* root: prefix of /proc and /sys; "" except in tests. */
nn_memory_limits nn_memory_limits_read(const char *root);

/* What all processes of this group together may still use. */
double nn_memory_limits_spare(const nn_memory_limits *limits);

/* What they may use in total: the machine's memory, or less if a control group says so. *of says which:
 * "memory of this machine", "limit of this control group". */
double nn_memory_limits_whole(const nn_memory_limits *limits, const char **of);

/* "the node has 3.0 GiB left, ...": a clause for messages, written to a buffer of NN_LIMITS_TEXT bytes, which
 * is returned. */
#define NN_LIMITS_TEXT 256
char *nn_memory_limits_text(char *buffer, const nn_memory_limits *limits);

#endif
