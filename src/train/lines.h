/* The lines of metrics.jsonl, each a JSON object: those of epochs begin with "epoch"; the others begin with
 * "line", which says what they are of: "step" or "validation". What may differ between two equal runs is
 * under "time", the last member. */
#ifndef NN_TRAIN_LINES_H
#define NN_TRAIN_LINES_H

#include "train/run.h"

/* Appends a complete line to the history and to the file, and frees it. Not collective. */
nn_status nn_run_append_line(nn_run *run, nn_text *line);

#endif
