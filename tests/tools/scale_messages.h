/*
 * The messages of a simulated job (scale_step.c). The functions of MPI that send, receive, test and broadcast
 * are replaced at link time, since a simulator makes progress where an MPI library would not, and is slow
 * with messages by the million. Here a message of SCALE_RENDEZVOUS bytes or more starts when its receiver
 * makes a call of MPI after it has been announced, as where the receiver fetches it; a smaller one starts at
 * once. Either is seen by a call of MPI only: between layers, or in a wait, which blocks until there is
 * something to be seen.
 *
 * A host sends one large message after another, at the rate of its link, and receives them at no more than
 * that; both at the same time. Small messages share the link with a large one and with one another. What
 * arrives has taken the latency of the links in between. The switches of the tree are not a limit, and a
 * message takes no time of a processor.
 *
 * Messages of more than SCALE_PAYLOAD bytes take their time without their values. All ranks are in one
 * process, so what is known of a message is common to its two ends.
 */
#ifndef SCALE_MESSAGES_H
#define SCALE_MESSAGES_H

#include <stddef.h>

#define SCALE_RENDEZVOUS 65536
#define SCALE_PAYLOAD 4096

/* How fast the hosts' links are, and a host's memory: bytes per second. */
typedef struct scale_hosts {
    double link, memory;
} scale_hosts;

/* Before the first message. Every rank calls it, with the same values. */
void scale_messages_start(int rank, int size, scale_hosts hosts);

/* This rank has moved this many bytes through its memory: charged before its next message leaves, or by
 * scale_pay. */
void scale_move(size_t bytes);
void scale_pay(void);

/* From then on, this rank blocks in the functions here only: nobody else has to be asked whose turn it is. */
void scale_run_as(int rank);
void scale_sleep(double seconds);

#endif
