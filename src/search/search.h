/*
 * A search: many runs of one configuration that differ in some settings. SWEEP.yaml says which values each
 * setting takes; the runs are every combination of them, or drawn at random, and each is repeated for folds
 * and seeds. The list of runs depends on the file alone.
 */
#ifndef NN_SEARCH_SEARCH_H
#define NN_SEARCH_SEARCH_H

#include "config/config.h"

/* The most runs of a search. */
#define NN_SEARCH_RUNS 10000

/* Bytes of the name of a run directory, its end included. */
#define NN_SEARCH_NAME 161

typedef struct nn_search_run {
    nn_text_list sets;   /* KEY=VALUE, as --set takes them */
    const char **places; /* of each in the file: "sweep.yaml:4:3"; borrowed from the search */
    char *line;          /* all of them, separated by "; ": a line of the list of cluster/array.sbatch */
    char name[NN_SEARCH_NAME];
} nn_search_run;

typedef struct nn_search {
    nn_config *config;     /* the file */
    char *path;            /* of the configuration of all runs */
    char *run_directories; /* the folder of their run directories */
    nn_search_run *runs;
    size_t run_count;
    size_t repeated; /* runs that were left out, since they were drawn twice */
} nn_search;

/* Reads the file. NN_ERROR_USAGE: the text lists all of its problems. Release the search in any case. */
nn_status nn_search_read(const char *path, nn_search *search);
void nn_search_release(nn_search *search);

/* Whether a line is one of such a list: KEY=VALUE, and more of them after "; ". */
bool nn_search_is_line(const char *line);

/* The name of the run directory of a line of settings: readable, bounded, and different for different lines,
 * which cluster/array.sbatch relies on too. */
void nn_search_name(const char *line, char name[NN_SEARCH_NAME]);

/* Looks for the problems of every run, as `nntrain check` does, without a file being written. All of them are
 * in the text of the failure, each once, at its place in the search. */
nn_status nn_search_check(const nn_search *search);

#endif
