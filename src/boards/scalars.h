/* The numbers of one line of metrics.jsonl, by their place in it. */
#ifndef NN_BOARDS_SCALARS_H
#define NN_BOARDS_SCALARS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define NN_SCALAR_NAME 160 /* longer ones are cut */

/* "train/loss", "validation/label.accuracy", "norms/dense_1/gradient", "time/seconds", "learning_rate". A
 * number that was not finite is NaN. */
typedef struct nn_scalars_item {
    char name[NN_SCALAR_NAME];
    double value;
    char text[32]; /* as the line has it; "" for null */
} nn_scalars_item;

/* Zero-initialise; may be read into again; release with nn_scalars_release. */
typedef struct nn_scalars {
    char line[16]; /* what the line is of: "epoch", "step" or "validation" */
    int64_t epoch; /* 0 where the line says none */
    int64_t step;
    nn_scalars_item *items; /* owned; without the epoch and the step */
    size_t count, capacity;
} nn_scalars;

/* NN_ERROR_DATA where the text is not such a line. Lists, such as a confusion matrix, are passed over. */
nn_status nn_scalars_read(const char *text, size_t length, nn_scalars *scalars);
void nn_scalars_release(nn_scalars *scalars);

#endif
