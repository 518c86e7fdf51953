/* A job checked before it is started: every problem, all at once, and what it will need. */
#ifndef NN_CHECK_CHECK_H
#define NN_CHECK_CHECK_H

#include "check/forecast.h"
#include "train/run.h"

/* A check in progress: the parts of a run that exist without running it. */
typedef struct nn_check {
    const nn_forecast_request *request;
    nn_forecast *forecast;
    nn_run run;         /* on a communicator of its own; what could not be made is NULL */
    bool knows_samples; /* run.plan is of the samples that there are */
    bool resumes;       /* the run directory has a checkpoint */
    size_t model_memory;
} nn_check;

/* Adds the recorded text of a failed status to the problems, each line once. Returns whether it is NN_OK. */
bool nn_check_collect(nn_check *check, nn_status status);

/* The same where the lines of the text are one problem together. */
bool nn_check_collect_whole(nn_check *check, nn_status status);

/* ---- the run directory: nothing is written to it ---- */

/* Whether it can be made and written, and nobody has it. */
void nn_check_directory(nn_check *check);
/* Whether its newest checkpoint is of this configuration and this data. */
void nn_check_resume(nn_check *check);
/* Room for checkpoints, and the speed of the disk where they will be. After nn_check_directory and
 * nn_check_needs. */
void nn_check_disk(nn_check *check);

/* ---- what the run takes ---- */

/* The nodes and NUMA domains of the job's ranks, which are spread evenly: for each rank, the lowest one
 * there. Release them in any case. */
typedef struct nn_check_ranks {
    int *leaders, *domains;
} nn_check_ranks;
nn_status nn_check_spread(const nn_check *check, nn_check_ranks *ranks);
void nn_check_spread_release(nn_check_ranks *ranks);
/* Work, memory and traffic per rank. */
void nn_check_needs(nn_check *check);
/* How many microbatches the busiest thread of a job computes where a batch has `leaves`: whole ones, or parts
 * of them where threads share microbatches. */
double nn_check_rounds(const nn_check *check, int64_t leaves);
/* Seconds, from a few steps of one microbatch on made-up samples. It makes the workers and the stepper of the
 * run for this alone, and turns its verification off: what follows is only the next two functions. */
void nn_check_time(nn_check *check);
/* Seconds that communication adds, from those and from the ways of the buckets. */
nn_status nn_check_messages(nn_check *check);
/* What another microbatch size would gain or lose, likewise. */
void nn_check_sizes(nn_check *check);

#endif
