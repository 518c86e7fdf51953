/* Problems with the data, collected so that one message reports them all. Private to data. */
#ifndef NN_DATA_PROBLEMS_H
#define NN_DATA_PROBLEMS_H

#include "base/real.h"
#include "base/text.h"
#include "comm/comm.h"

/* Zero-initialise. */
typedef struct nn_problems {
    nn_text text;
    nn_status status; /* NN_ERROR_DATA; NN_ERROR_IO if reading failed, NN_ERROR_MEMORY if memory ran out */
    char reader[NN_HOST_SIZE + 32]; /* "rank 0 on HOST", while it reads for all: named where a file cannot be
                                     * opened or read; empty: not named */
} nn_problems;

/* From now on rank 0 reads for all ranks: its problems name it; all ranks have those of rank 0. Collective.
 */
void nn_problems_of_reader(const nn_comm *comm, nn_problems *problems);
nn_status nn_problems_share(nn_comm *comm, nn_problems *problems);

/* Adds the recorded text of a failed status. Returns whether the status is NN_OK. */
bool nn_problems_collect(nn_problems *problems, nn_status status);

/* Whether a problem starts with `start` and contains `word` after it. */
bool nn_problems_mention(const nn_problems *problems, const char *start, const char *word);

/* Fails on all ranks if one has problems, as nn_comm_agree does. Collective. */
nn_status nn_problems_report(nn_comm *comm, const nn_problems *problems);

void nn_problems_release(nn_problems *problems);

#endif
