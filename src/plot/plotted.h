/* The runs of a drawing: their results, names, and which of them are averaged. */
#ifndef NN_PLOT_PLOTTED_H
#define NN_PLOT_PLOTTED_H

#include <stdbool.h>

#include "boards/histories.h"

typedef struct nn_plotted_run {
    const char *directory; /* borrowed */
    nn_histories histories;
    size_t group; /* its place in the legend */
} nn_plotted_run;

typedef struct nn_plotted {
    nn_plotted_run *runs; /* owned */
    size_t count;
    char **names;  /* of the groups, owned */
    size_t *sizes; /* runs of each */
    size_t groups;
} nn_plotted;

/* Reads the runs. names: of each, for the legend; NULL: the part of its path in which they differ. mean: runs
 * that differ in nothing but the seed and the fold form a group, named by the settings in which groups
 * differ; otherwise each run is one. Runs without results are left out with a warning; NN_ERROR_USAGE where
 * none is left. Release in any case. */
nn_status nn_plotted_read(const char *const *runs, size_t count, const char *const *names, bool mean,
                          nn_plotted *plotted);
void nn_plotted_release(nn_plotted *plotted);

#endif
