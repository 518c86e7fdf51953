/* Compares several runs: the settings that differ, and the results over seeds. */
#ifndef NN_RUNDIR_SWEEP_H
#define NN_RUNDIR_SWEEP_H

#include "rundir/checkpoint_progress.h"

/* The bytes of a value in a table; a longer one is cut. */
#define NN_SWEEP_CELL 64
/* Shown for a value that a run does not have. */
#define NN_SWEEP_ABSENT "-"

typedef struct nn_sweep_run {
    const char *directory; /* borrowed */
    char *values;          /* "effect\tpath\tvalue\n", as in the checkpoint */
    char *metric, *order;  /* that chooses its best weights; "higher" or "lower" is better */
    nn_checkpoint_progress progress;
} nn_sweep_run;

/* Runs that differ in nothing but the seed. */
typedef struct nn_sweep_group {
    size_t first; /* a run of it */
    int runs;
    double mean, deviation, best; /* of the best validation results; NaN: there are none, or too few */
    size_t best_run;
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

/* The value of a setting into a cell, which is returned. */
const char *nn_sweep_value(const nn_sweep_run *run, const char *path, char cell[NN_SWEEP_CELL]);

#endif
