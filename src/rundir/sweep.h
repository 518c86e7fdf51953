/* Compares several runs: the settings that differ, and the results over seeds and folds. */
#ifndef NN_RUNDIR_SWEEP_H
#define NN_RUNDIR_SWEEP_H

#include "rundir/checkpoint_progress.h"

/* Shown for a value that a run does not have. */
#define NN_SWEEP_ABSENT "-"

typedef struct nn_sweep_setting {
    const char *path, *value;
    int effect; /* nn_option_effect */
} nn_sweep_setting;

typedef struct nn_sweep_run {
    const char *directory;                /* borrowed */
    char *values;                         /* what the settings point to */
    nn_sweep_setting *settings, *by_path; /* in the order of the checkpoint, and sorted */
    size_t setting_count;
    char *metric, *order; /* that chooses its best weights; "higher" or "lower" is better */
    nn_checkpoint_progress progress;
    double test; /* set by the caller of nn_sweep_compare: the result of the test part; NaN: there is none */
} nn_sweep_run;

/* Runs that differ in nothing but the seed and the fold. */
typedef struct nn_sweep_group {
    size_t first; /* a run of it */
    int runs;
    double mean, deviation, best; /* of the best validation results; NaN: there are none, or too few */
    size_t best_run;
    int tested; /* runs with a result of the test part; and its mean and deviation, as above */
    double test_mean, test_deviation;
} nn_sweep_group;

typedef struct nn_sweep {
    nn_sweep_run *runs;
    size_t run_count;
    char **columns; /* paths of the settings that differ */
    size_t column_count;
    size_t *group_of; /* of each run */
    nn_sweep_group *groups;
    size_t group_count; /* best first */
    bool higher;        /* a higher result is better */
} nn_sweep;

/* Reads the newest intact checkpoint of each run directory and compares them. Runs without one are left out
 * with a warning. NN_ERROR_USAGE where none is left, or where they are judged by different metrics. Release
 * in any case. */
nn_status nn_sweep_compare(size_t count, const char *const *directories, nn_sweep *runs);
void nn_sweep_release(nn_sweep *runs);

/* The same for runs of any kind: one of *sweeps for each set of runs that can be compared, in the order of
 * their first runs. Those are judged by the same metric; where it is the loss, they have the same loss. */
nn_status nn_sweep_compare_kinds(size_t count, const char *const *directories, nn_sweep **sweeps,
                                 size_t *sweep_count);
void nn_sweep_release_kinds(nn_sweep *sweeps, size_t sweep_count);

/* Sets what the groups have of the test part, from that of the runs. */
void nn_sweep_measure_test(nn_sweep *runs);

/* The value of a setting, or NN_SWEEP_ABSENT. Borrowed. */
const char *nn_sweep_value(const nn_sweep_run *run, const char *path);

/* The end of a setting's path, where no other column has it: "learning_rate". Borrowed. */
const char *nn_sweep_heading(const nn_sweep *all, const char *path);

#endif
