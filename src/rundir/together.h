/* Proof that all nodes see one run directory. */
#ifndef NN_RUNDIR_TOGETHER_H
#define NN_RUNDIR_TOGETHER_H

#include "comm/comm.h"

/* Rank 0 writes a file in the run directory, and the lowest rank of each node reads it, with patience for
 * slow network file systems. NN_ERROR_IO names the first rank and host that does not see it. Collective. */
nn_status nn_together_prove(nn_comm *comm, const char *run_directory);

#endif
