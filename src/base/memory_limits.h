/*
 * How much memory a process may still take: what the machine has, what the control group of the job allows
 * (cgroup 2, or the memory controller of cgroup 1), and the limit of its address space. Linux; elsewhere
 * nothing is limited.
 */
#ifndef NN_BASE_MEMORY_LIMITS_H
#define NN_BASE_MEMORY_LIMITS_H

#include <stddef.h>

/* In bytes; a limit that there is not is HUGE_VAL. */
typedef struct nn_memory_limits {
    double available;   /* on the machine, without swapping */
    double group_limit; /* of the control group, or the one above it that leaves least */
    double group_used;  /* in that group, without file pages that give way */
    double address;     /* RLIMIT_AS of this process */
    double group_least; /* the least limit of the control group and those above it, whatever they use */
} nn_memory_limits;

/* root: in front of /proc and /sys: "" except in tests. */
nn_memory_limits nn_memory_limits_read(const char *root);

/* What all processes of this group together may still take. */
double nn_memory_limits_spare(const nn_memory_limits *limits);

/* What they may take in all: of the machine, or less where a control group says so. *of tells which:
 * "memory of this machine", "limit of this control group". */
double nn_memory_limits_whole(const nn_memory_limits *limits, const char **of);

/* "the machine has 3.0 GiB left; ...": a clause for messages, into a buffer of NN_LIMITS_TEXT bytes, which is
 * returned. */
#define NN_LIMITS_TEXT 256
char *nn_memory_limits_text(char *buffer, const nn_memory_limits *limits);

#endif
