/* What a job will need, reported before it is started. */
#ifndef NN_CHECK_FORECAST_H
#define NN_CHECK_FORECAST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "settings/job.h"

/* A job that is to be started; everything is borrowed. */
typedef struct nn_forecast_request {
    const nn_job *job;
    int ranks, nodes;               /* in all; the ranks are spread evenly */
    double time_limit;              /* seconds; 0: none */
    double node_memory;             /* bytes; 0: as much as this machine has */
    double network_rate;            /* bytes per second of a node's link, in each direction; 0: unknown */
    double network_latency;         /* seconds; 0: unknown */
    struct nn_gradients *gradients; /* only these, of a job in float64 (check/gradients.h); NULL: no */
    bool brief;                     /* only its problems, without those that take reading all of the data */
    const char *data_problem;       /* the data, or a file of weights, cannot even be opened; NULL: it can */
} nn_forecast_request;

/* Another microbatch size. */
typedef struct nn_forecast_microbatch {
    int64_t size;
    double change; /* of the time of a step: 0.1 is 10 % more */
} nn_forecast_microbatch;
#define NN_FORECAST_SIZES 4

typedef struct nn_forecast {
    nn_text problems; /* one per line; a line that begins with a space continues the one before */
    int64_t problem_count;
    nn_text warnings; /* likewise: what training would warn of before its first step */

    /* The plan: with the configuration and the data. */
    bool has_plan;
    int64_t training, validation, test; /* samples */
    nn_text folds;                      /* of the data, in words; nothing where there are none */
    int64_t batch_size, microbatch_size, steps_per_epoch, steps, epochs;
    int64_t steps_done; /* of the checkpoint that the job would continue from */
    bool has_ended;     /* by early stopping */
    double data_unseen; /* bytes of data that were not read through; 0: all were */
    int threads, ranks_per_node;
    const char *threads_from;                  /* what says how many threads a rank has */
    int64_t leaves, least_leaves, most_leaves; /* microbatches of a batch, and of a rank */
    double rounds;            /* microbatches of a batch that the busiest thread computes, or their parts */
    bool shares_microbatches; /* threads share them */

    /* The network, and what it takes. Bytes. */
    bool has_model;
    int64_t parameters;
    double rank_memory;     /* of the busiest rank, without data */
    double together_memory; /* of it, for microbatches that layers look at all together; 0: none do */
    double saving_memory;   /* that rank 0, or one rank per node, needs in addition while it saves */
    double data_memory;     /* on a node, for all of its ranks */
    double stream_memory;   /* at most, per rank that streams */
    int domains;            /* NUMA domains that the ranks of a node are assumed to be in */
    double node_memory;     /* all of it together, on the node of rank 0 */
    double memory_limit;
    const char *memory_limit_of;
    double exchanged,
        between_nodes; /* what a rank receives from others per step, and the part of it from other nodes */
    double checkpoint_size;
    int shards; /* files of which each node writes one, next to the one that lists them; 0: one file has all
                 */

    /* The disk. */
    char disk_place[4096]; /* where it was measured */
    bool disk_measured;
    double disk_rate, disk_latency; /* bytes per second, and seconds of the smallest write */
    double disk_free, disk_needed;  /* what is needed in addition to the existing checkpoints */

    /* Communication between nodes in a step, in seconds, with a network as given or assumed. */
    bool has_communication;
    double network_rate, network_latency;
    double communication_seconds; /* in which some bucket is on its way */
    double wire_seconds;          /* that the link of a node takes for its bytes */
    double exposed_seconds;       /* that communication adds to a step */
    double hidden;                /* fraction of communication in which the rank does not wait for it */

    /* Time, in seconds; without communication within a node. */
    bool has_time;
    double leaf_seconds, update_seconds;  /* measured here, on one thread */
    double compute_seconds, step_seconds; /* without and with communication */
    double evaluation_seconds, epoch_seconds, run_seconds, save_seconds;
    int size_count; /* 0: none was timed */
    nn_forecast_microbatch sizes[NN_FORECAST_SIZES];
    double save_interval; /* between checkpoints */
    double stop_seconds;  /* that a job keeps for its end */
    int64_t jobs;         /* that the run takes under the time limit; 0: no limit, or too short a one */
} nn_forecast;

static inline void nn_forecast_release(nn_forecast *forecast)
{
    nn_text_free(&forecast->problems);
    nn_text_free(&forecast->folds);
    nn_text_free(&forecast->warnings);
}

/* What is wrong with a job that is to be started, and what it will need. Fails only where nothing
 * can be reported (out of memory). Release the forecast in any case. Calls no MPI. */
nn_status nn_check_job(const nn_forecast_request *request, nn_forecast *forecast);

#endif
