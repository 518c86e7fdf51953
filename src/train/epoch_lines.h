/*
 * Which epochs, and validations within them, have a line in the log. All, as long as they take a second or
 * more. Where they are faster, after the first few: the latest at most once a second, preceded by the best
 * that was left out, and the last; metrics.jsonl has all.
 */
#ifndef NN_TRAIN_EPOCH_LINES_H
#define NN_TRAIN_EPOCH_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/* A line that waits: it is shown unless a later one takes its place. */
typedef struct nn_waiting_line {
    nn_text text;
    int64_t step; /* 0: none */
} nn_waiting_line;

/* Zero-initialise. */
typedef struct nn_epoch_lines {
    int64_t seen, shown;
    double shown_at; /* in seconds, of the clock of the calls */
    nn_waiting_line latest, best;
} nn_epoch_lines;

/* The line of an epoch that ended, or of a validation, after `step` at `now`; best: it is the best so far. */
void nn_epoch_lines_take(nn_epoch_lines *lines, int64_t step, const char *line, bool best, double now);

/* After the last epoch, or before a message about an epoch: shows those that wait. */
void nn_epoch_lines_flush(nn_epoch_lines *lines);

/* After the last epoch: shows those that wait, says how many were left out, and where they are, and frees
 * the lines. validations: there are lines of validations too. */
void nn_epoch_lines_end(nn_epoch_lines *lines, bool validations, const char *metrics_file);

#endif
