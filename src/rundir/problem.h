/* What a message says about a file that could not be written. */
#ifndef NN_RUNDIR_PROBLEM_H
#define NN_RUNDIR_PROBLEM_H

#include <stddef.h>

#define NN_PROBLEM_SIZE 1536

/* The recorded error and the free space of the run directory; if `problem` already describes another file,
 * appends that this one could not be written either. */
void nn_problem_note(const char *run_directory, const char *path, char problem[NN_PROBLEM_SIZE]);

#endif
