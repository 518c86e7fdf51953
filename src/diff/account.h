/* What a run directory says about its run, for a comparison with another one. Nothing is written there. */
#ifndef NN_DIFF_ACCOUNT_H
#define NN_DIFF_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "store/kept.h"

/* All texts are owned; NULL where they are not known. */
typedef struct nn_account {
    const char *directory;   /* borrowed */
    char path[NN_PATH_SIZE]; /* of the checkpoint that was read: the newest one; empty: there is none */
    char *settings;          /* resolved values: lines "effect, path, value" separated by tabs */
    char *data;              /* the identity of the data, one line per dataset */
    char *machine;           /* what the machine computes: lines "hash name" */
    char *about;             /* its libraries, build and CPU, separated by ", " */
    char *changes;           /* of the machine during the run, one per line */
    char *version, *precision, *kernels;
    char *lines;    /* of metrics.jsonl */
    int64_t *steps; /* of the checkpoints, newest first; owned */
    size_t step_count;
    nn_text missing; /* what the run directory lacks, one per line */
} nn_account;

/* Reads what there is. NN_ERROR_USAGE where it is not a run directory, or has neither a checkpoint nor
 * metrics.jsonl; NN_ERROR_IO where the system cannot read it. Release in any case. */
nn_status nn_account_read(const char *directory, nn_account *account);
void nn_account_release(nn_account *account);

#endif
