/* The results of a run by step: RUN_DIR/metrics.jsonl as one series of numbers per name. */
#ifndef NN_BOARDS_HISTORIES_H
#define NN_BOARDS_HISTORIES_H

#include <stdbool.h>

#include "boards/scalars.h"

#define NN_HISTORY_NAME (NN_SCALAR_NAME + 8)

/* Names are those of nn_scalars_item; of lines by step with "step/" before them. */
typedef struct nn_history {
    char name[NN_HISTORY_NAME];
    double *steps, *values; /* owned; steps ascend */
    size_t count, capacity;
} nn_history;

typedef struct nn_histories {
    nn_history *items; /* owned, in the order of the file */
    size_t count, capacity;
    double steps_per_epoch; /* 0: unknown, as no epoch has ended */
    size_t lines, damaged;  /* complete lines, and those of them that could not be read */
    bool there;             /* the file exists */
    char *profile;          /* the last line that has lists of a profile (train --profile), owned; NULL: none */
} nn_histories;

/* What follows the last line feed is left out: it is being written. An absent file is not a failure. Release
 * in any case. */
nn_status nn_histories_read(const char *run_directory, nn_histories *histories);
const nn_history *nn_histories_find(const nn_histories *histories, const char *name); /* NULL: none */
void nn_histories_release(nn_histories *histories);

#endif
