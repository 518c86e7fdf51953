/* A training run as requested, before its configuration is read. */
#ifndef NN_SETTINGS_JOB_H
#define NN_SETTINGS_JOB_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/options.h"
#include "base/status.h"

/* Everything is borrowed. */
typedef struct nn_job {
    const char *config_path; /* relative names of data files start from its folder */
    const char *const *overrides;
    size_t override_count;
    struct nn_config_files
        *files;                /* files of the configuration that were read before (config/loaded_files.h) */
    const char *run_directory; /* NULL: nothing is kept, and nothing resumed (with fresh) */
    bool fresh;                /* first remove what an earlier run left in the run directory */
    bool in_place;             /* the samples come from the program that trains: data.in_place */
    bool progress;             /* show a progress line, where there is a terminal */
    bool profile;              /* where the time goes, at the end and in the metrics */
    const char *trace; /* file for a timeline of all ranks and threads; NULL: none. Rank 0 writes it */
    double
        end_time; /* when the job will be ended from outside, as time(); 0: unknown. Rank 0's value counts */
    const volatile sig_atomic_t *stop; /* non-zero: end the run at the next step; may be NULL */
} nn_job;

/* The folder of a configuration file, absolute, into NN_PATH_SIZE bytes (store/kept.h): where relative names
 * of data files start. */
void nn_job_folder(const char *config_path, char *folder);

/* The HDF5 files that the job names, as far as its configuration can be read; nothing is opened. The caller
 * releases the list with nn_list_release. *weights: the one of them with the weights of another program, or
 * NULL. Not collective. */
nn_status nn_job_files(const nn_job *job, nn_text_list *files, const char **weights);

/* The data files that a run, or a checkpoint, was trained on. Likewise. */
nn_status nn_job_files_of(const char *run_or_checkpoint, nn_text_list *files);

/* The files that names and patterns match; a pattern without a match is left out. Likewise. */
nn_status nn_job_files_listed(const nn_text_list *names, nn_text_list *files);

#endif
