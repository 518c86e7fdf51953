/*
 * Collectives of a simulated job that are part of its start only: they take no time. All ranks are in one
 * process, so each puts what it has where all can see it, and waits for the last one.
 */
#include <mpi.h>
#include <simgrid/cond.h>
#include <simgrid/mutex.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Larger ones are SimGrid's own. */
#define MEET_BYTES 4096

typedef struct scale_meeting {
    int arrived;
    unsigned long held;   /* meetings so far */
    char sum[MEET_BYTES]; /* of those that have arrived; parts: of all ranks */
    char result[MEET_BYTES];
    char *parts, *all;
    size_t room;
    sg_mutex_t mutex;
    sg_cond_t over;
} scale_meeting;

static scale_meeting scale_meet_all;

static void scale_enter(scale_meeting *meeting)
{
    if (!meeting->mutex) {
        meeting->mutex = sg_mutex_init();
        meeting->over = sg_cond_init();
    }
    sg_mutex_lock(meeting->mutex);
}

/* Returns once all have arrived. */
static void scale_leave(scale_meeting *meeting, int size)
{
    unsigned long held = meeting->held;
    if (++meeting->arrived == size) {
        meeting->arrived = 0;
        meeting->held++;
        memcpy(meeting->result, meeting->sum, sizeof meeting->sum);
        if (meeting->parts) memcpy(meeting->all, meeting->parts, meeting->room);
        sg_cond_notify_all(meeting->over);
    }
    while (meeting->held == held) sg_cond_wait(meeting->over, meeting->mutex);
    sg_mutex_unlock(meeting->mutex);
}

/* Whether all ranks of the job take part. */
static bool scale_is_whole(MPI_Comm group, int *size)
{
    int all;
    PMPI_Comm_size(group, size);
    PMPI_Comm_size(MPI_COMM_WORLD, &all);
    return *size == all && all > 1;
}

int __wrap_MPI_Allreduce(const void *own, void *sum, int count, MPI_Datatype type, MPI_Op op, MPI_Comm group);
int __wrap_MPI_Allreduce(const void *own, void *sum, int count, MPI_Datatype type, MPI_Op op, MPI_Comm group)
{
    scale_meeting *meeting = &scale_meet_all;
    int size, width;
    PMPI_Type_size(type, &width);
    if (!scale_is_whole(group, &size) || (size_t)count * (size_t)width > MEET_BYTES)
        return PMPI_Allreduce(own, sum, count, type, op, group);
    scale_enter(meeting);
    const void *values = own == MPI_IN_PLACE ? sum : own;
    if (meeting->arrived == 0)
        memcpy(meeting->sum, values, (size_t)(count * width));
    else
        PMPI_Reduce_local(values, meeting->sum, count, type, op);
    scale_leave(meeting, size);
    memcpy(sum, meeting->result, (size_t)(count * width));
    return MPI_SUCCESS;
}

int __wrap_MPI_Allgather(const void *own, int count, MPI_Datatype type, void *all, int all_count,
                         MPI_Datatype all_type, MPI_Comm group);
int __wrap_MPI_Allgather(const void *own, int count, MPI_Datatype type, void *all, int all_count,
                         MPI_Datatype all_type, MPI_Comm group)
{
    scale_meeting *meeting = &scale_meet_all;
    int size, width, rank;
    PMPI_Type_size(type, &width);
    PMPI_Comm_rank(group, &rank);
    if (!scale_is_whole(group, &size) || count * width > 64)
        return PMPI_Allgather(own, count, type, all, all_count, all_type, group);
    size_t part = (size_t)(count * width);
    scale_enter(meeting);
    if (!meeting->parts) {
        meeting->room = 64 * (size_t)size;
        meeting->parts = malloc(meeting->room);
        meeting->all = malloc(meeting->room);
    }
    memcpy(meeting->parts + part * (size_t)rank, own, part);
    scale_leave(meeting, size);
    memcpy(all, meeting->all, part * (size_t)size);
    return MPI_SUCCESS;
}

int __wrap_MPI_Barrier(MPI_Comm group);
int __wrap_MPI_Barrier(MPI_Comm group)
{
    int size;
    if (!scale_is_whole(group, &size)) return PMPI_Barrier(group);
    scale_enter(&scale_meet_all);
    scale_leave(&scale_meet_all, size);
    return MPI_SUCCESS;
}
