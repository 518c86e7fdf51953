/* What the commands that start a job, or look at one, have in common. */
#ifndef NN_CLI_NAMED_JOB_H
#define NN_CLI_NAMED_JOB_H

#include "cli/command.h"
#include "settings/job.h"

#define NN_JOB_PATH 4200

/* The configuration, and where its run goes unless --run-dir says otherwise. */
typedef struct nn_named_job {
    const char *config;
    char example[NN_JOB_PATH]; /* what `config` may point to */
    char directory[512];
} nn_named_job;

/* The configuration on the command line; otherwise ./nntrain.yaml; otherwise the built-in example. The run
 * directory is runs/NAME, from its name. */
nn_status nn_named_job_find(const nn_arguments *arguments, const char *command, nn_named_job *names);

/* A data file that HDF5 itself does not survive is found before anything opens it. What is wrong with the
 * configuration is reported later, all of it. */
nn_status nn_named_job_probe(const nn_job *job);

/* When the job will be ended, as time(): the earlier of a --time-limit (NULL: none) and what the batch system
 * reports. 0: unknown. */
nn_status nn_named_job_end_time(const char *limit, double *end);

#endif
