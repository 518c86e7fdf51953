/* The progress line: what is known of a run, in as many columns as there are. */
#ifndef NN_TRAIN_PROGRESS_LINE_H
#define NN_TRAIN_PROGRESS_LINE_H

#include <stdint.h>

#include "base/text.h"

typedef struct nn_progress_line {
    int64_t epoch, epochs; /* from 1 */
    double share;          /* of the epoch that is done */
    const char *loss;      /* "loss 0.123" */
    const char *metric;    /* "accuracy 97.20 %"; "": none */
    double rate;           /* samples/s */
    double left;           /* seconds of the run */
} nn_progress_line;

/* Appends the line, at most `columns` wide. In order of importance: the epoch, the loss, the time left, the
 * metric, samples/s, a bar: from the first that has no room, the rest is left out. */
void nn_progress_line_compose(const nn_progress_line *of, int columns, nn_text *line);

#endif
